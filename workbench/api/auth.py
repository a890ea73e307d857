"""Who asks, and whether they may: every route says by `permit` or `public` who it is for."""

from __future__ import annotations

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import parse_qs, urlsplit

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send

from workbench.api.errors import failure_of
from workbench.api.slashes import with_slashes
from workbench.domain.frames import CloseCode
from workbench.errors import ApiError, WorkbenchError
from workbench.identity.principal import Principal
from workbench.identity.roles import ONE_TIME_PERMISSIONS, PERMISSIONS, Permission

if TYPE_CHECKING:
    from workbench.api.hub import Hub
    from workbench.api.server import Server

ACCESS_COOKIE = "workbench_access"
REFRESH_COOKIE = "workbench_refresh"
SESSION = "name"
"""What routes call the session in their addresses."""
_SAFE = ("GET", "HEAD", "OPTIONS")
_SOCKET_CODES = {
    401: CloseCode.REVOKED,
    403: CloseCode.NOT_YOURS,
    404: CloseCode.UNKNOWN,
    409: 4409,
    429: CloseCode.TOO_MANY,
}

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Trader(NamedTuple):
    """Somebody with a seat.

    Attributes
    ----------
    principal
        Who.
    hub
        The session's views and gateway.
    account
        The account of the seat.
    """

    principal: Principal
    hub: Hub
    account: int


def permit(*permissions: Permission) -> Callable[[Endpoint], Endpoint]:
    """Say that a route is for those who are logged in and hold all of these permissions."""

    def mark(endpoint: Endpoint) -> Endpoint:
        endpoint.permissions = frozenset(permissions)  # type: ignore[attr-defined]
        return endpoint

    return mark


def public(endpoint: Endpoint) -> Endpoint:
    """Say that a route is for everybody; it may still ask who somebody is in its own protocol."""
    endpoint.permissions = None  # type: ignore[attr-defined]
    return endpoint


def hot(endpoint: Endpoint) -> Endpoint:
    """Say that a route reads its request and writes its answer itself, without FastAPI around it."""
    endpoint.hot = True  # type: ignore[attr-defined]
    return endpoint


def principal_of(connection: HTTPConnection) -> Principal:
    """Who asks, on a route with `permit`."""
    principal: Principal = connection.scope["workbench.principal"]
    return principal


async def trader_of(connection: HTTPConnection, name: str | None = None) -> Trader:
    """Whose seat this request trades in.

    Parameters
    ----------
    connection
        The request or WebSocket, on a route with `permit`.
    name
        The session, when the address names it. Otherwise it is the one the API key is bound to, that of
        header `X-Session`, the one joined last while it is open, or the only one that is open.

    Raises
    ------
    ApiError
        When there is no such session, or none can be told.
    SessionError
        When the user has no seat there and cannot be given one.
    """
    server: Server = connection.app.state.server
    principal = principal_of(connection)
    return await server.trader(principal, name or connection.headers.get("x-session"))


def address_of(connection: HTTPConnection) -> str:
    """The client's address; empty when it is not known."""
    return _address(connection.scope)


async def authenticate(server: Server, scope: Scope) -> Principal:
    """Who sends this: by bearer token, API key, Basic key, browser cookie or (WebSockets) one-time ticket."""
    key = secret = authorization = cookie = origin = host = ""
    for name, value in scope["headers"]:
        if name == b"authorization":
            authorization = value.decode("latin-1")
        elif name == b"cookie":
            cookie = f"{cookie}; {value.decode('latin-1')}" if cookie else value.decode("latin-1")
        elif name == b"apca-api-key-id":
            key = value.decode("latin-1")
        elif name == b"apca-api-secret-key":
            secret = value.decode("latin-1")
        elif name == b"origin":
            origin = value.decode("latin-1")
        elif name == b"host":
            host = value.decode("latin-1")
    if authorization:
        scheme, _, given = authorization.partition(" ")
        kind = scheme.lower()
        if kind == "bearer":
            return server.identity.principal_of_token(given.strip())
        if kind == "basic":
            key, secret = _basic(given)
        else:
            raise _anonymous(f"the Authorization scheme is {scheme[:20]!r}, expected Bearer or Basic")
    if key or secret:
        return await server.identity.principal_of_key(key, secret, client=_address(scope))
    if scope["type"] == "websocket":
        tickets = parse_qs(scope["query_string"].decode("latin-1")).get("ticket")
        if tickets:
            return server.identity.take_ticket(tickets[0])
    token = _cookie(cookie, ACCESS_COOKIE)
    if token:
        refuse_foreign(server, scope, origin, host)
        return server.identity.principal_of_token(token)
    raise _anonymous("nobody is logged in")


def refuse_foreign(server: Server, scope: Scope, origin: str, host: str) -> None:
    """Refuse what a page of another site sent with a browser's cookie."""
    if not origin or (scope["type"] == "http" and scope["method"] in _SAFE):
        return
    if urlsplit(origin).netloc != host and origin not in server.settings.origins:
        raise ApiError(403, "foreign_origin", f"a page of {origin[:100]} may not act with this cookie")


def cookie_of(connection: HTTPConnection, name: str) -> str:
    """A cookie of the request, or nothing."""
    return _cookie("; ".join(connection.headers.getlist("cookie")), name)


def _cookie(header: str, name: str) -> str:
    if name not in header:
        return ""
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel is not None else ""


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else ""


def _basic(given: str) -> tuple[str, str]:
    try:
        key, _, secret = b64decode(given, validate=True).decode().partition(":")
    except (Base64Error, UnicodeDecodeError):
        raise _anonymous("the Basic credentials are not base64 of key:secret") from None
    return key, secret


def _anonymous(sentence: str) -> ApiError:
    return ApiError(
        401,
        "unauthorized",
        f"{sentence}; send a bearer token, an API key or the cookie of a log-in",
        headers={"WWW-Authenticate": 'Bearer realm="workbench"'},
    )


class Guard:
    """Lets whoever may use a route through to it, with `scope["workbench.principal"]` set."""

    def __init__(self, app: ASGIApp, permissions: frozenset[Permission], server: Server) -> None:
        self.app = app
        self.permissions = permissions
        self.server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or let the route answer."""
        try:
            principal = await authenticate(self.server, scope)
            scope["workbench.principal"] = principal
            if not self.permissions <= principal.permissions:
                missing = sorted(self.permissions - principal.permissions)
                raise ApiError(
                    403,
                    "forbidden",
                    _lacking(principal, missing[0]),
                    details={"missing": [str(permission) for permission in missing]},
                )
            self.server.limits.spend(principal)
            session = scope["path_params"].get(SESSION)
            if session is not None:
                scope["workbench.principal"] = self._within(principal, session)
        except WorkbenchError as error:
            self.server.metrics.refused(failure_of(error))
            if scope["type"] != "websocket":
                raise
            await refuse_socket(scope, send, failure_of(error), self.server)
            return
        scope["path_params"] = with_slashes(scope.get("path_params", {}))
        await self.app(scope, receive, send)

    def _within(self, principal: Principal, session: str) -> Principal:
        """Who somebody is in the session that the address names, where their role may not count."""
        within = self.server.within(principal, session)
        if not self.permissions <= within.permissions:
            hub = self.server.hub(session)
            raise self.server.access.not_run(principal, session, hub.session.classes)
        return within


def _lacking(principal: Principal, permission: Permission) -> str:
    """Why somebody may not do what needs a permission, and what they can do about it."""
    if principal.permissions == ONE_TIME_PERMISSIONS:
        return (
            f"this needs the permission {permission}, and your password was to be used once: "
            "change your password first: POST /api/me/password"
        )
    if principal.key_id and permission in PERMISSIONS[principal.role]:
        return f"this needs the permission {permission}, which this API key's scopes leave out"
    return f"this needs the permission {permission}, which {with_article(principal.role)} has not"


def with_article(role: str) -> str:
    """A role as people say it: a student, an instructor."""
    return f"{'an' if role[0] in 'aeio' else 'a'} {role}"


async def refuse_socket(scope: Scope, send: Send, failure: ApiError, server: Server) -> None:
    """Answer a WebSocket's handshake with an error instead of accepting it."""
    if "websocket.http.response" in scope.get("extensions", {}):
        response = server.shape_of(scope["path"])(failure, scope.get("workbench.request_id", ""))
        await send(
            {
                "type": "websocket.http.response.start",
                "status": response.status_code,
                "headers": response.raw_headers,
            }
        )
        await send({"type": "websocket.http.response.body", "body": response.body})
        return
    code = _SOCKET_CODES.get(failure.status, CloseCode.GARBAGE)
    await send({"type": "websocket.close", "code": code, "reason": str(failure)[:120]})
