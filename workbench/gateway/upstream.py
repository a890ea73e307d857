"""The way from a gateway to its exchange: whose requests they are stays the person's own affair."""

from __future__ import annotations

import asyncio
import re
import secrets
import ssl
from typing import Any
from urllib.parse import urlsplit

from starlette.types import Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI
from websockets.typing import Subprotocol

from workbench.api.errors import native_shape
from workbench.domain.frames import CloseCode
from workbench.errors import ApiError, ConfigError

OPEN_S = 15.0
"""How long the exchange may take to answer a handshake."""
ALIVE_S = 20.0
"""How often the exchange is asked for a life-sign on each connection, and how long it may take to give it."""
QUEUE = 4
"""Messages of one connection that are read ahead."""
_GOODBYE_S = 2.0
_HOST = re.compile(r"[A-Za-z0-9.\-_\[\]:]+")
_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
"""Headers that belong to one connection and are not passed on (RFC 9110, 7.6.1)."""
_OURS = frozenset({b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"forwarded"})

VIA = b"via"
"""Every gateway adds itself to this header (RFC 9110, 7.6.3), so one that is asked by itself knows."""

Headers = list[tuple[bytes, bytes]]


class Upstream:
    """Where the exchange is.

    Parameters
    ----------
    url
        Such as `http://127.0.0.1:8000`; `https` is checked against the authorities that this process trusts.

    Raises
    ------
    ConfigError
        For what is no such address.
    """

    def __init__(self, url: str) -> None:
        found = urlsplit(url)
        try:
            port = found.port
        except ValueError:
            port = -1
        if (
            found.scheme not in ("http", "https")
            or not found.hostname
            or port == -1
            or found.path.strip("/")
            or found.query
            or found.username
        ):
            raise ConfigError(f"is {url!r}, expected such as http://127.0.0.1:8000", "--upstream")
        self.url = f"{found.scheme}://{found.netloc}"
        self.host: str = found.hostname
        self.secure = found.scheme == "https"
        self.port: int = port or (443 if self.secure else 80)
        self.via = f"1.1 workbench-{secrets.token_hex(8)}".encode()
        self._trust = ssl.create_default_context() if self.secure else None

    async def open(self, scope: Scope) -> ClientConnection:
        """A WebSocket to the address that somebody asked for, with what says who they are.

        Raises
        ------
        InvalidStatus
            When the exchange answers with something else.
        ApiError
            503 when it does not answer, 508 when this gateway asks itself.
        """
        self.refuse_circle(scope)
        host = _host_of(scope)
        query = scope["query_string"].decode("latin-1")
        path = raw_path(scope) + (f"?{query}" if query else "")
        more: dict[str, Any] = {}
        if self._trust is not None:
            more = {"ssl": self._trust, "server_hostname": self.host}
        headers = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in self.passed_on(scope)
            if not name.startswith(b"sec-websocket-") and name != b"host"
        ]
        try:
            # The name that the person called is the one that origins of pages are held against.
            return await connect(
                f"{'wss' if self.secure else 'ws'}://{host}{path}",
                additional_headers=headers,
                subprotocols=[Subprotocol(each) for each in scope.get("subprotocols", [])] or None,
                compression=None,
                proxy=None,
                user_agent_header=None,
                open_timeout=OPEN_S,
                ping_interval=ALIVE_S,
                ping_timeout=ALIVE_S,
                close_timeout=_GOODBYE_S,
                max_size=None,
                max_queue=QUEUE,
                host=self.host,
                port=self.port,
                **more,
            )
        except InvalidStatus:
            raise
        except (InvalidURI, ValueError):
            raise ApiError(400, "invalid", "the request's address makes no sense") from None
        except (OSError, TimeoutError, EOFError, InvalidHandshake, asyncio.IncompleteReadError):
            raise no_answer() from None

    def passed_on(self, scope: Scope) -> Headers:
        """The headers of a request as the exchange is to see them, and that it came by this gateway."""
        return [*passed_on(scope), (VIA, self.via)]

    def refuse_circle(self, scope: Scope) -> None:
        """Refuse what came by this gateway before.

        Raises
        ------
        ApiError
            508, with what to look at.
        """
        for name, value in scope["headers"]:
            if name == VIA and self.via in [each.strip() for each in value.split(b",")]:
                raise ApiError(
                    508,
                    "gateway_loop",
                    f"the exchange of this gateway, {self.url}, is the gateway itself or leads back to it; "
                    "start it with --upstream and the address of an exchange",
                )


def no_answer() -> ApiError:
    """The failure of what needs an exchange that does not answer."""
    return ApiError(
        503,
        "no_exchange",
        "the exchange behind this gateway does not answer; try again in a moment",
        headers={"Retry-After": "2"},
    )


def passed_on(scope: Scope) -> Headers:
    """The headers of a request as the exchange is to see them: the person's, and where they come from."""
    found: Headers = []
    bound: set[bytes] = set(_HOP | _OURS)
    for name, value in scope["headers"]:
        if name == b"connection":
            bound |= {each.strip().lower() for each in value.split(b",")}
    found = [(name, value) for name, value in scope["headers"] if name not in bound]
    client = scope.get("client")
    if client:
        found.append((b"x-forwarded-for", str(client[0]).encode("latin-1")))
    secure = scope["scheme"] in ("https", "wss")
    found.append((b"x-forwarded-proto", b"https" if secure else b"http"))
    return found


def answered(headers: Headers) -> Headers:
    """The headers of an answer that are passed on."""
    return [(name, value) for name, value in headers if name.lower() not in _HOP]


def raw_path(scope: Scope) -> str:
    """An address's path as it was sent."""
    raw = scope.get("raw_path")
    return raw.decode("latin-1") if raw else str(scope["path"])


def ended(error: ConnectionClosed | None) -> tuple[int, str]:
    """With what a person's WebSocket ends when the exchange has ended its own; None: it said nothing."""
    said = None if error is None else error.rcvd
    if said is None or not sayable(said.code):
        # One that was killed says nothing. What was told can be gone on with all the same.
        return CloseCode.RESTART, "the exchange is gone; connect again in a moment"
    return said.code, said.reason


def sayable(code: int) -> bool:
    """Whether a peer may end a WebSocket with a code (RFC 6455, 7.4).

    >>> sayable(4401), sayable(1012), sayable(1006)
    (True, True, False)
    """
    return 1000 <= code < 5000 and code not in (1004, 1005, 1006, 1015)  # noqa: PLR2004 - the RFC's


def _host_of(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"host":
            host: str = value.decode("latin-1")
            if _HOST.fullmatch(host) is None:
                break
            return host
    raise ApiError(400, "invalid", "the request names no host")


async def refuse(scope: Scope, send: Send, error: InvalidStatus | ApiError) -> None:
    """Answer a WebSocket's handshake as the exchange did, or with a sentence where it did not."""
    if isinstance(error, InvalidStatus):
        response = error.response
        status, body = response.status_code, bytes(response.body or b"")
        pairs = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.raw_items()
        ]
        # The body was read whole, however it came.
        headers = [(name, value) for name, value in answered(pairs) if name.lower() != b"content-length"]
        headers.append((b"content-length", str(len(body)).encode()))
    else:
        shaped = native_shape(error, "")
        status, headers, body = shaped.status_code, shaped.raw_headers, bytes(shaped.body)
    if "websocket.http.response" in scope.get("extensions", {}):
        await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
        await send({"type": "websocket.http.response.body", "body": body})
        return
    await send({"type": "websocket.close", "code": 1013, "reason": f"the exchange said {status}"})
