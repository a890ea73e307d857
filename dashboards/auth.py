"""Signing in for `panel serve --auth-module dashboards/auth.py`: by the log-in of the exchange.

Bokeh asks `get_user` for a page, its socket, its `autoload.js` and its metadata alike, so that the role of a
page is held at each of them. The cookie is read and then taken from the request: a page's document and its
token have none of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from weakref import WeakKeyDictionary

from tornado.ioloop import IOLoop
from tornado.web import HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

from dashboards.parts import served
from dashboards.parts.exchange import exchange, seen_from
from dashboards.parts.served import PAGES, token_of, visitor_of
from dashboards.serving.addresses import CONTROL, DESK, RESUME
from dashboards.serving.guard import NEEDED

if TYPE_CHECKING:
    from dashboards.parts.exchange import Visitor
    from workbench.identity.principal import Revoked

_REVOKED = 4401
_FORBIDDEN = 403

served.guarded = True


class _Sockets:
    """The sockets of pages that are open, by handler, and whose they are."""

    def __init__(self) -> None:
        self._open: WeakKeyDictionary[WebSocketHandler, tuple[Visitor, IOLoop]] = WeakKeyDictionary()
        self._listening = False

    def keep(self, handler: WebSocketHandler, visitor: Visitor) -> None:
        """Know of a socket until it is gone."""
        self._open[handler] = visitor, IOLoop.current()
        if not self._listening:
            self._listening = True
            exchange().when_revoked(self._revoked)

    def _revoked(self, revoked: Revoked) -> None:
        """End those of a log-in that ended; called on the exchange's thread."""
        for handler, (visitor, loop) in list(self._open.items()):
            if visitor.principal is not None and revoked.matches(visitor.principal):
                loop.add_callback(handler.close, _REVOKED, "this log-in or key was revoked")


_sockets = _Sockets()


def get_user(handler: Any) -> str | None:
    """Who asks, for Bokeh; None for somebody who has to sign in first.

    Raises
    ------
    HTTPError
        403 for somebody whose role a page is not for.
    """
    known: str | None = getattr(handler, "workbench_user", None)
    if known is not None:
        return known
    request = handler.request
    token = token_of(request.headers.get("Cookie", ""))
    visitor = visitor_of(exchange(), token)
    request.headers.pop("Cookie", None)
    # Tornado reads them once and keeps them.
    request._cookies = {}  # noqa: SLF001
    if visitor is None:
        return None
    if NEEDED[_page_of(handler)] not in visitor.permissions:
        raise HTTPError(_FORBIDDEN, f"this page is not for the role {visitor.role}")
    if isinstance(handler, WebSocketHandler):
        _sockets.keep(handler, visitor)
    handler.workbench_user = visitor.user_id
    # The page that is made of this request reads a review as its visitor.
    request.workbench_visitor = visitor, token
    return visitor.user_id


login_url = "/login"


class LoginHandler(RequestHandler):
    """Sends the browser to the exchange to sign in; it goes on with a log-in where it can, and sends back."""

    def get(self) -> None:
        """Answer with where to go."""
        request = self.request
        onward = self.get_argument("next", "/")
        here = f"{request.protocol}://{request.host}"
        address = here + onward if onward.startswith("/") else f"{here}/"
        exchange_url = seen_from(exchange().url, request.host)
        self.redirect(f"{exchange_url}{RESUME}?next={quote(address, safe='')}", status=303)


def _page_of(handler: Any) -> str:
    """Which page a handler belongs to; one that we do not know is for those who run sessions."""
    context = getattr(handler, "application_context", None)
    if context is None:
        # The list of pages, and files of Bokeh and Panel.
        return DESK
    return PAGES.get(context.url, CONTROL)
