"""What this face's routes work with: one desk per server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from starlette.requests import HTTPConnection

from workbench.api.alpaca.configuration import Configurations
from workbench.api.alpaca.face import Face, Faces
from workbench.api.alpaca.moments import moment_text
from workbench.api.alpaca.store import Store
from workbench.api.alpaca.watchlists import Watchlists
from workbench.api.answers import Json
from workbench.api.auth import principal_of, trader_of
from workbench.api.server import Server, server_of
from workbench.errors import ApiError

if TYPE_CHECKING:
    from workbench.identity.principal import Principal
    from workbench.projections.live.account import LiveAccount

FILE = "alpaca.db"


class Seat(NamedTuple):
    """Who trades, in which session, from which account."""

    principal: Principal
    face: Face
    account: int

    @property
    def user(self) -> str:
        """The user's id."""
        return self.principal.user_id

    @property
    def live(self) -> LiveAccount:
        """The account as the views have it."""
        return self.face.hub.views.accounts[self.account]


class Desk:
    """Sessions as this face sees them, and what people keep here.

    Parameters
    ----------
    server
        The server that it belongs to.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.faces = Faces()
        store = Store(server.settings.data / FILE)
        self.configurations = Configurations(store)
        self.watchlists = Watchlists(store)
        server.when_attached(self.faces.attach)

    async def seat(self, connection: HTTPConnection) -> Seat:
        """Whose seat a request trades in."""
        trader = await trader_of(connection)
        return Seat(trader.principal, self.faces.of(trader.hub), trader.account)

    def face(self, connection: HTTPConnection) -> Face:
        """The session that a request reads; a reader needs no seat."""
        return self.face_of(principal_of(connection), connection.headers.get("x-session"))

    def face_of(self, principal: Principal, asked: str | None) -> Face:
        """The session that somebody means."""
        return self.faces.of(self.server.hub(self.server.session_name(principal, asked)))

    def public_face(self, asked: str | None) -> Face:
        """The session that somebody means who is not logged in: the one they name, or the only one."""
        hubs = self.server.hubs
        if not asked and len(hubs) != 1:
            raise ApiError(404, "no_session", "name one of the sessions with header X-Session, or log in")
        return self.faces.of(self.server.hub(asked or next(iter(hubs))))


_DESKS: WeakKeyDictionary[Server, Desk] = WeakKeyDictionary()


def open_desk(server: Server) -> Desk:
    """Make a server's desk."""
    desk = _DESKS[server] = Desk(server)
    return desk


def desk_of(connection: HTTPConnection) -> Desk:
    """The desk of the server that a request came to."""
    return _DESKS[server_of(connection)]


def answer(face: Face, body: Any, status: int = 200) -> Json:
    """An answer with the session's time beside it."""
    return Json(body, status, {"X-Sim-Time": moment_text(face.hub.views.time_ns)})
