"""What all processes that serve have in common: a socket to listen on, and uvicorn as it is set up here."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from workbench.api.protocol import BoundedWebSocket, timed_protocol
from workbench.errors import ConfigError

SOCKET_BYTES_MAX = 1 << 20
"""The largest message that is taken of a WebSocket."""
_GRACE_SECONDS = 5
_BACKLOG = 2048


def listen_on(host: str, port: int, *, tls: bool = False) -> tuple[socket.socket, str]:
    """A socket that listens, and the address at which it answers; port 0 takes a free one.

    Raises
    ------
    ConfigError
        When the host is no address of this machine or the port is taken.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except (OSError, UnicodeError):
        raise ConfigError(f"{host!r} is no address of this machine", "--host") from None
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        raise ConfigError(
            f"port {port} of {host} cannot be had: {error.strerror or error}",
            "--port",
            "stop what listens there, or choose another port",
        ) from None
    shown = f"[{host}]" if ":" in host else host
    return listening, f"{'https' if tls else 'http'}://{shown}:{listening.getsockname()[1]}"


def uvicorn_config(
    app: ASGIApp,
    *,
    header_seconds_max: float,
    proxies: Sequence[str] = (),
    certificate: Path | None = None,
    key: Path | None = None,
) -> uvicorn.Config:
    """How uvicorn is set up here: bounded connections, no logs of its own, only proxies are believed."""
    return uvicorn.Config(
        app,
        http=timed_protocol(header_seconds_max),
        ws=BoundedWebSocket,
        ws_max_size=SOCKET_BYTES_MAX,
        ws_per_message_deflate=False,
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=list(proxies),
        backlog=_BACKLOG,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=_GRACE_SECONDS,
        ssl_certfile=certificate,
        ssl_keyfile=key,
    )


class Uvicorn(uvicorn.Server):
    """uvicorn without signal handlers of its own, which says when it answers and when it stops."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready
        self.stopping: Callable[[], None] = lambda: None

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to whoever runs the loop."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop answering."""
        # Streams end first: uvicorn waits for connections, and those would never end by themselves.
        self.stopping()
        await super().shutdown(sockets)
