"""What this face's routes work with: one desk per server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from starlette.requests import HTTPConnection

from workbench.api.alpaca.configuration import Configurations
from workbench.api.alpaca.face import Face, Faces
from workbench.api.alpaca.moments import moment_text
from workbench.api.alpaca.store import Store
from workbench.api.alpaca.wall import wall_text
from workbench.api.alpaca.watchlists import Watchlists
from workbench.api.answers import Json
from workbench.api.auth import principal_of, trader_of
from workbench.api.server import Server, server_of

if TYPE_CHECKING:
    from workbench.api.hub import Hub
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
        return Seat(trader.principal, self._noted(connection, trader.hub), trader.account)

    def face(self, connection: HTTPConnection, principal: Principal | None = None) -> Face:
        """The session that a request reads; a reader needs no seat."""
        asked = connection.headers.get("x-session")
        return self._noted(connection, self._hub(principal or principal_of(connection), asked))

    def face_of(self, principal: Principal, asked: str | None) -> Face:
        """The session that somebody means."""
        return self.faces.of(self._hub(principal, asked))

    def public_face(self, connection: HTTPConnection) -> Face:
        """The session that somebody means who is not logged in: the one they name, or the only one open."""
        return self._noted(connection, self.server.public_hub(connection.headers.get("x-session")))

    def _hub(self, principal: Principal, asked: str | None) -> Hub:
        return self.server.hub(self.server.session_name(principal, asked))

    def _noted(self, connection: HTTPConnection, hub: Hub) -> Face:
        """A hub's face; the log of requests says then which session it was."""
        connection.scope["workbench.session"] = hub.name
        return self.faces.of(hub)


_DESKS: WeakKeyDictionary[Server, Desk] = WeakKeyDictionary()


def open_desk(server: Server) -> Desk:
    """Make a server's desk."""
    desk = _DESKS[server] = Desk(server)
    return desk


def desk_of(connection: HTTPConnection) -> Desk:
    """The desk of the server that a request came to."""
    return _DESKS[server_of(connection)]


def times_of(face: Face) -> dict[str, str]:
    """The headers of an answer that say the session's time and the wall's."""
    return {"X-Sim-Time": moment_text(face.hub.views.time_ns), "X-Wall-Time": wall_text()}


def answer(face: Face, body: Any, status: int = 200) -> Json:
    """An answer with the session's time and the wall's beside it."""
    return Json(body, status, times_of(face))
