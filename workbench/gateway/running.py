"""A gateway in this process, from its first step to its last."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workbench.api.listening import Uvicorn, listen_on, uvicorn_config
from workbench.gateway.app import Gateway
from workbench.gateway.upstream import Upstream

_HEADER_SECONDS_MAX = 10.0


@dataclass(frozen=True, slots=True)
class GatewayStart:
    """What a gateway is told when it starts.

    Attributes
    ----------
    upstream
        Address of the exchange.
    host, port
        Where it listens; port 0 takes a free one.
    certificate, key
        Files for TLS.
    proxies
        Addresses of proxies whose X-Forwarded headers are believed; none unless given.
    """

    upstream: str
    host: str = "127.0.0.1"
    port: int = 8100
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()


class RunningGateway:
    """One gateway.

    Attributes
    ----------
    url
        Where it answers, once it listens.
    gateway
        Its parts.
    """

    def __init__(self, start: GatewayStart) -> None:
        self.start = start
        self.url = ""
        self.gateway = Gateway(Upstream(start.upstream))
        self._uvicorn: Uvicorn | None = None
        self._signals = 0

    async def run(self, *, ready: Callable[[RunningGateway], None], signals: bool = True) -> None:
        """Serve until told to stop.

        Parameters
        ----------
        ready
            Called once it answers.
        signals
            Whether the process is its own: SIGINT and SIGTERM end it, the interpreter is tuned for it.

        Raises
        ------
        ConfigError
            When the port cannot be had.
        """
        start = self.start
        listening, self.url = listen_on(start.host, start.port, tls=start.certificate is not None)
        try:
            config = uvicorn_config(
                self.gateway,
                header_seconds_max=_HEADER_SECONDS_MAX,
                proxies=start.proxies,
                certificate=start.certificate,
                key=start.key,
            )
            config.load()
            self._uvicorn = Uvicorn(config, lambda: ready(self))
            self._uvicorn.stopping = self.gateway.streams.stop
            if signals:
                # What is imported stays: a collection need not walk through it while desks wait.
                gc.collect()
                gc.freeze()
                for number in (signal.SIGINT, signal.SIGTERM):
                    asyncio.get_running_loop().add_signal_handler(number, self.stop)
            await self._uvicorn.serve(sockets=[listening])
        finally:
            listening.close()
            await self.gateway.forwarding.close()

    def stop(self) -> None:
        """Send the desks away and return from `run`; a second call ends the process at once."""
        self._signals += 1
        if self._signals > 1:
            os._exit(130)
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True
