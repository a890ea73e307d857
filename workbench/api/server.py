"""One server: its sessions with their hubs, its users, and what watches over both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import structlog
from starlette.requests import HTTPConnection

from workbench.api.access import Access
from workbench.api.auth import Trader, with_article
from workbench.api.errors import Shape, native_shape
from workbench.api.hub import Hub
from workbench.api.limits import Limits
from workbench.api.metrics import Metrics
from workbench.api.readings import Readings
from workbench.api.reports import Reports
from workbench.api.reviews import Reviews
from workbench.api.settings import ServerSettings
from workbench.api.sockets import Socket, Sockets
from workbench.domain.codes import SessionState
from workbench.domain.frames import CloseCode
from workbench.errors import ApiError
from workbench.identity.principal import Principal, Revoked
from workbench.identity.roles import PERMISSIONS, Permission

if TYPE_CHECKING:
    from workbench.identity.identity import Identity
    from workbench.identity.rolls import Left
    from workbench.session.live.answer import Seat
    from workbench.session.live.session import LiveSession
    from workbench.session.live.sessions import Sessions

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
    access
        Whom a session is for, and who runs it.
    readings
        What those who run it read of others, for the audit log.
    reviews
        What people look back at once a market has closed.
    reports
        What is made of that to be kept and sent on.
    metrics, limits, sockets
        What is counted, how often one may ask, and who is connected.
    """

    def __init__(self, sessions: Sessions, identity: Identity, settings: ServerSettings) -> None:
        self.sessions = sessions
        self.identity = identity
        self.settings = settings
        self.hubs: dict[str, Hub] = {}
        self.limits = Limits(settings)
        self.sockets = Sockets(user_max=settings.sockets_per_user, address_max=settings.sockets_per_address)
        self.access = Access(identity)
        self.readings = Readings(identity)
        self.reviews = Reviews(self)
        self.reports = Reports(self)
        self.metrics = Metrics(self)
        self.log = structlog.get_logger("workbench.api")
        self.stopping = False
        self._shapes: list[tuple[str, Shape]] = []
        self._joined_last: dict[str, str] = {}
        self._on_attach: list[Callable[[Hub], None]] = []
        self._stop_listening: list[Callable[[], None]] = []

    def start(self) -> None:
        """Begin on the running loop: make the hubs of all sessions and listen for what no longer holds."""
        for name in self.sessions.names():
            self.attach(self.sessions.get(name))
        self._stop_listening = [
            self.identity.on_revoked(self._revoked),
            self.identity.rolls.on_left(self._left),
        ]

    async def caught_up(self) -> None:
        """Wait until the views of all sessions show everything that was published up to now."""
        for hub in list(self.hubs.values()):
            await hub.gateway.reached(hub.published_seq)

    def begin_stop(self) -> None:
        """Say that it is not ready any more and end the live connections; requests are still answered."""
        self.stopping = True
        while self._stop_listening:
            self._stop_listening.pop()()
        self.sockets.close_all(CloseCode.GOING_AWAY, "the server stops; come back in a moment")

    def stop(self) -> None:
        """Fold no longer. Sessions are drained by whoever owns them."""
        self.begin_stop()
        self.reviews.stop()
        self.reports.stop()
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

    def sees(self, principal: Principal, name: str) -> bool:
        """Whether somebody may know of a session; of one that is not there everybody may."""
        hub = self.hubs.get(name)
        return hub is None or self.access.sees(principal, hub.session.classes)

    def within(self, principal: Principal, name: str) -> Principal:
        """Who somebody is in a session (`Access.within`); in one that is not there who they are.

        Raises
        ------
        ApiError
            403, when the session is not for them.
        """
        hub = self.hubs.get(name)
        return principal if hub is None else self.access.within(principal, name, hub.session.classes)

    def require_in(self, principal: Principal, hub: Hub, permission: Permission) -> None:
        """Refuse what somebody's role would allow and this session does not.

        Raises
        ------
        ApiError
            403.
        """
        if permission not in self.within(principal, hub.name).permissions:
            raise self.access.not_run(principal, hub.name, hub.session.classes)

    def ending_of(self, principal: Principal, session: str) -> tuple[int, str] | None:
        """With what a connection ends whose log-in or place in a class was lost during its handshake."""
        if not self.identity.is_current(principal):
            return CloseCode.REVOKED, "this log-in or key was revoked"
        if not self.sees(principal, session):
            return CloseCode.NOT_YOURS, _left_class(session)
        return None

    def public_hub(self, asked: str | None) -> Hub:
        """The session that somebody means who is not logged in: the one they name, or the one open.

        Raises
        ------
        ApiError
            401 when it is for a class, 404 when there is none or none can be told.
        """
        names = self.running or list(self.hubs)
        if not asked and len(names) != 1:
            raise ApiError(404, "no_session", "name one of the sessions with header X-Session, or log in")
        hub = self.hub(asked or names[0])
        if hub.session.classes:
            raise ApiError(
                401, "unauthorized", f"session {hub.name} is for a class; log in, or send an API key"
            )
        return hub

    @property
    def running(self) -> list[str]:
        """Names of the sessions that are not over."""
        return [name for name, hub in self.hubs.items() if hub.session.state in _RUNNING]

    def session_name(self, principal: Principal, asked: str | None = None) -> str:
        """Which session a request means that may not name one.

        Raises
        ------
        ApiError
            403 when a key is bound to another session or the session is for a class of others, 404 or 409
            when none can be told.
        """
        name = self._meant(principal, asked)
        hub = self.hubs.get(name)
        if hub is not None:
            self.access.require(principal, name, hub.session.classes)
        return name

    def _meant(self, principal: Principal, asked: str | None) -> str:
        if principal.session:
            if asked and asked != principal.session:
                raise ApiError(403, "forbidden", f"this API key trades in session {principal.session} alone")
            return principal.session
        if asked:
            return asked
        last = self._joined_last.get(principal.user_id)
        seen = [name for name in self.hubs if self.sees(principal, name)]
        running = [name for name in self.running if name in seen]
        if last in running or (last in seen and not running):
            # One that is over is followed only as long as no other is open.
            return last
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
        closed = self.sockets.close_where(
            lambda socket: socket.principal is not None and revoked.matches(socket.principal),
            CloseCode.REVOKED,
            "this log-in or key was revoked",
        )
        if closed:
            self.log.info("sockets revoked", user=revoked.user_id, closed=closed)

    def _left(self, left: Left) -> None:
        """End what somebody sees of the sessions of a class that they left."""
        for name, hub in self.hubs.items():
            classes = hub.session.classes
            if left.class_id not in classes:
                continue

            def ends(socket: Socket, name: str = name, classes: Sequence[str] = classes) -> bool:
                who = socket.principal
                if who is None or who.user_id != left.user_id or socket.session != name:
                    return False
                # Who ran the class sees everybody's orders on the connections of that time.
                lost = left.ran and not self.access.runs(who, classes)
                return lost or not self.access.sees(who, classes)

            closed = self.sockets.close_where(ends, CloseCode.NOT_YOURS, _left_class(name))
            if closed:
                self.log.info("sockets of a class left", user=left.user_id, session=name, closed=closed)


def _left_class(session: str) -> str:
    return f"session {session} is for a class that you are no longer in"


def server_of(connection: HTTPConnection) -> Server:
    """The server that a request or WebSocket came to."""
    server: Server = connection.app.state.server
    return server
