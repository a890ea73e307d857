"""One server: its sessions with their hubs, its users, and what watches over both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import structlog
from starlette.requests import HTTPConnection

from workbench.api.auth import Trader, with_article
from workbench.api.boards import Boards
from workbench.api.errors import Shape, native_shape
from workbench.api.hub import Hub
from workbench.api.limits import Limits
from workbench.api.metrics import Metrics
from workbench.api.settings import ServerSettings
from workbench.api.sockets import Sockets
from workbench.domain.codes import SessionState
from workbench.errors import ApiError
from workbench.identity.principal import Principal, Revoked
from workbench.identity.roles import PERMISSIONS, Permission

if TYPE_CHECKING:
    from workbench.identity.identity import Identity
    from workbench.session.live.answer import Seat
    from workbench.session.live.session import LiveSession
    from workbench.session.live.sessions import Sessions

REVOKED = 4401
"""WebSocket close code of connections whose log-in or key was revoked."""
GOING_AWAY = 1001
"""WebSocket close code of a server that stops."""

_STAFF = frozenset(role for role, may in PERMISSIONS.items() if Permission.READ_CLASS in may)
_RUNNING = (SessionState.LOBBY, SessionState.PRE_OPEN, SessionState.OPEN, SessionState.PAUSED)


class Server:
    """What every route works with.

    Attributes
    ----------
    sessions
        The live sessions.
    identity
        Users, keys, classes and the audit log.
    settings
        What it was told when it started.
    hubs
        By session name: views and gateway, for sessions that run in this process.
    boards
        Which leaderboards are hidden.
    metrics, limits, sockets
        What is counted, how often one may ask, and who is connected.
    """

    def __init__(self, sessions: Sessions, identity: Identity, settings: ServerSettings) -> None:
        self.sessions = sessions
        self.identity = identity
        self.settings = settings
        self.hubs: dict[str, Hub] = {}
        self.limits = Limits(settings)
        self.sockets = Sockets()
        self.boards = Boards(settings.data / "server")
        self.metrics = Metrics(self)
        self.log = structlog.get_logger("workbench.api")
        self.stopping = False
        self._shapes: list[tuple[str, Shape]] = []
        self._joined_last: dict[str, str] = {}
        self._on_attach: list[Callable[[Hub], None]] = []
        self._forget_revoked: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin on the running loop: make the hubs of all sessions and listen for revocations."""
        for name in self.sessions.names():
            self.attach(self.sessions.get(name))
        self._forget_revoked = self.identity.on_revoked(self._revoked)

    async def caught_up(self) -> None:
        """Wait until the views of all sessions show everything that was published up to now."""
        for hub in list(self.hubs.values()):
            await hub.gateway.reached(hub.published_seq)

    def begin_stop(self) -> None:
        """Say that it is not ready any more and end the live connections; requests are still answered."""
        self.stopping = True
        if self._forget_revoked is not None:
            self._forget_revoked()
            self._forget_revoked = None
        self.sockets.close_all(GOING_AWAY, "the server stops; come back in a moment")

    def stop(self) -> None:
        """Fold no longer. Sessions are drained by whoever owns them."""
        self.begin_stop()
        for name in list(self.hubs):
            self.detach(name)

    def attach(self, session: LiveSession) -> Hub:
        """Make the hub of a session, or find it; call it on the loop."""
        hub = self.hubs.get(session.name)
        if hub is None:
            hub = Hub(session, self.sessions.bus)
            for each in self._on_attach:
                each(hub)
            hub.open()
            self.hubs[session.name] = hub
        return hub

    def detach(self, name: str) -> None:
        """Forget a session's hub."""
        hub = self.hubs.pop(name, None)
        if hub is not None:
            hub.close()

    def when_attached(self, hook: Callable[[Hub], None]) -> None:
        """Have `hook` called with every hub before it folds its first event, the ones there are now too."""
        self._on_attach.append(hook)
        for hub in self.hubs.values():
            hook(hub)

    def hub(self, name: str) -> Hub:
        """The hub of a session.

        Raises
        ------
        ApiError
            404 when there is no such session.
        """
        hub = self.hubs.get(name)
        if hub is None:
            raise ApiError(
                404, "unknown_session", f"no session is called {name[:80]!r}", details={"session": name[:80]}
            )
        return hub

    def session_name(self, principal: Principal, asked: str | None = None) -> str:
        """Which session a request means that may not name one.

        Raises
        ------
        ApiError
            403 when a key is bound to another session, 404 or 409 when none can be told.
        """
        if principal.session:
            if asked and asked != principal.session:
                raise ApiError(403, "forbidden", f"this API key trades in session {principal.session} alone")
            return principal.session
        if asked:
            return asked
        last = self._joined_last.get(principal.user_id)
        if last in self.hubs:
            return last
        running = [name for name, hub in self.hubs.items() if hub.session.state in _RUNNING]
        seated = [name for name in running if self.hubs[name].session.seat_of(principal.user_id)]
        for names in (seated, running):
            if len(names) == 1:
                return names[0]
        if not running:
            raise ApiError(404, "no_session", "no session is open")
        raise ApiError(
            409,
            "which_session",
            "several sessions are open; name one with header X-Session",
            details={"sessions": sorted(running)},
        )

    def seated(self, principal: Principal, asked: str | None = None) -> Trader:
        """The seat that somebody has; nobody is given one.

        Raises
        ------
        ApiError
            When the session cannot be told or does not exist, or they have no seat there.
        """
        hub = self.hub(self.session_name(principal, asked))
        seat = hub.session.seat_of(principal.user_id)
        if seat is None:
            others = Permission.READ_CLASS in principal.permissions
            raise ApiError(
                409,
                "no_seat",
                f"you have no seat in session {hub.name}: join it first (POST /api/sessions/{hub.name}/join)"
                + (", or name another's account (?account=seat-1)" if others else ""),
            )
        return Trader(principal, hub, seat.account)

    async def trader(self, principal: Principal, asked: str | None = None) -> Trader:
        """The seat that somebody trades in; students are seated when they have none, others must join.

        Raises
        ------
        ApiError
            When the session cannot be told or does not exist, or they may not join it.
        SessionError
            When it is full or takes nobody any more.
        """
        hub = self.hub(self.session_name(principal, asked))
        seat = hub.session.seat_of(principal.user_id)
        if seat is None:
            if principal.role in _STAFF:
                return self.seated(principal, hub.name)
            seat = await self.join(principal, hub)
        return Trader(principal, hub, seat.account)

    async def join(self, principal: Principal, hub: Hub) -> Seat:
        """Give somebody a seat in a session, or find theirs."""
        if Permission.JOIN_SESSION not in principal.permissions:
            raise ApiError(403, "forbidden", f"{with_article(principal.role)} takes no seat in a session")
        seat = await hub.session.join(principal.user_id, principal.name)
        self._joined_last[principal.user_id] = hub.name
        return seat

    def shape_for(self, prefix: str, shape: Shape) -> None:
        """Have failures of addresses below `prefix` answered in a shape of their own."""
        self._shapes.append((prefix, shape))
        self._shapes.sort(key=lambda item: -len(item[0]))

    def shape_of(self, path: str) -> Shape:
        """How a failure at this address is answered."""
        for prefix, shape in self._shapes:
            if path.startswith(prefix):
                return shape
        return native_shape

    def _revoked(self, revoked: Revoked) -> None:
        """End the live connections of a revoked family, user or key."""
        closed = self.sockets.close_where(revoked.matches, REVOKED, "this log-in or key was revoked")
        if closed:
            self.log.info("sockets revoked", user=revoked.user_id, closed=closed)


def server_of(connection: HTTPConnection) -> Server:
    """The server that a request or WebSocket came to."""
    server: Server = connection.app.state.server
    return server
