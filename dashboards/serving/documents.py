"""Panel's documents behind the pages: made for each browser, and gone when it is.

bokeh-fastapi 0.1.8 does not notice that a WebSocket has ended: it asks Starlette again, which refuses, and
the connection stays attached to its document, which then is never thrown away. Here the connections of a
socket are detached when its handler returns, however that was.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import re
from collections.abc import Callable, Hashable, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any

import panel as pn
import structlog
from bokeh.resources import Component, Resources
from bokeh.server.views.static_handler import StaticHandler
from bokeh.util.token import get_session_id
from bokeh_fastapi import BokehFastAPI
from fastapi import FastAPI
from jinja2 import Template
from panel.io import document as _panel_documents
from panel.io import fastapi as _panel_for_fastapi  # noqa: F401 - teaches bokeh-fastapi to speak for Panel
from panel.io.application import build_applications
from panel.io.resources import _env as _panel_templates
from starlette.responses import HTMLResponse
from starlette.types import Message, Receive, Scope, Send

from dashboards.parts.theme_sheet import variables
from dashboards.serving.addresses import STATIC
from dashboards.serving.circles import opening
from dashboards.serving.memory import trim
from dashboards.serving.still import QUERY_BYTES_MAX, Still, StillPages
from dashboards.serving.turns import Turns

USER = "X-Workbench-User"
"""The one header that documents know: who the guard found them to be for."""
CHECK_S = 5.0
"""How often documents are looked through for those that no browser shows any more."""
UNUSED_S = 10.0
"""For so long a document waits for its browser to come, or to come back."""
LEAVE_S = 0.5
"""So long after a browser said goodbye, others that do so at the same moment have gone too."""
COLLECT_FROM = 20
"""Documents that went before what is left of them is looked for."""
LEFT_OVER = 0.1
"""What a document leaves in circles once its own were opened, as a part of what it would have left."""
_GOODBYES = (1000, 1001)
"""Codes with which a browser ends a socket that it will not open again: the page was left or closed.

A connection that is lost without a word has 1005 here.
"""

_TOKEN = re.compile(r'"token":"([^"]+)"')

_COMPONENTS: list[Component] = ["bokeh", "bokeh-widgets", "bokeh-tables"]
"""Bokeh's scripts that Panel's need; those for formulas and WebGL are another megabyte, unused."""

_TEMPLATE = f"""
{{% block postamble %}}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
html {{ color-scheme: dark light; background: {variables(dark=True)["--bg-0"]}; }}
@media (prefers-color-scheme: light) {{ html {{ background: {variables(dark=False)["--bg-0"]}; }} }}
body {{ overflow: hidden; }}
</style>
{{% endblock %}}
"""
"""A page in the desk's own colours from the first moment on, before there is a desk."""

_connections: ContextVar[list[tuple[Any, Any, Any]] | None] = ContextVar("connections", default=None)


class _Bokeh(BokehFastAPI):  # type: ignore[misc]
    """bokeh-fastapi, which tells whose connection is made."""

    def new_connection(self, protocol: Any, socket: Any, *args: Any) -> Any:
        connection = super().new_connection(protocol, socket, *args)
        mine = _connections.get()
        if mine is not None:
            mine.append((connection, connection.session, socket))
        return connection

    def resources(self, absolute_url: str | None = None) -> Resources:  # noqa: ARG002 - always this server's
        """The scripts of a page: of Bokeh those that Panel's are built on, from this server."""
        return Resources(
            mode="server", root_url="/", components=_COMPONENTS, path_versioner=StaticHandler.append_version
        )


@cache
def _template() -> Template:
    """The page, compiled once; a text would be compiled again for every document."""
    made: Template = _panel_templates.from_string("{% extends base %}\n" + _TEMPLATE)
    return made


def _from_here(page: Callable[[], Any]) -> Callable[[], Any]:
    """A page whose styles come from this server; while a document is made Panel names its own site."""

    def made() -> Any:
        document = pn.state.curdoc
        assert document is not None
        document.template_variables["dist_url"] = f"{STATIC}extensions/panel/"
        document.template = _template()
        return page()

    return made


class Documents:
    """The documents of all pages, as an ASGI application for the pages' addresses and their sockets.

    Parameters
    ----------
    pages
        By address, the function that makes a page's component, called once per browser.
    titles
        By address, what the browser's tab is called.
    key
        With what the tokens are signed that stand in the pages.
    still
        Addresses of pages whose document is the same for everybody who asks with the same query, and what it
        depends on besides; called for every browser. Other pages have a document for each.

    Attributes
    ----------
    key
        The same, as bytes.
    """

    def __init__(
        self,
        pages: Mapping[str, Callable[[], Any]],
        titles: Mapping[str, str],
        key: str,
        still: Mapping[str, Callable[[], Hashable]] | None = None,
    ) -> None:
        self.key = key.encode()
        # They tell of every page that comes and goes; the server counts and logs requests itself.
        for name in ("bokeh", "bokeh_fastapi", "panel"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._app = FastAPI(
            openapi_url=None,
            docs_url=None,
            redoc_url=None,
            telemetry={"tracing": False, "metrics": False, "logs": False},
        )
        self._made = Turns(self._page)
        self._still = StillPages(self.key)
        self._depends = dict(still or {})
        self._bokeh = _Bokeh(
            build_applications(
                {address: _from_here(page) for address, page in pages.items()},
                title=dict(titles),
                location=False,
            ),
            app=self._app,
            secret_key=self.key,
            sign_sessions=True,
            include_headers=[USER],
            # bokeh-fastapi takes an empty list for all of them only when it is None.
            include_cookies=[],
            check_unused_sessions_milliseconds=int(CHECK_S * 1000),
            unused_session_lifetime_milliseconds=int(UNUSED_S * 1000),
        )
        # Panel would walk through all that lives, on the loop, five seconds after any document.
        _panel_documents._garbage_collect = lambda: None  # noqa: SLF001
        self._task: asyncio.Task[None] | None = None
        self._left = asyncio.Event()
        self._uncollected = 0.0
        self._untrimmed = 0

    @property
    def count(self) -> int:
        """How many documents there are."""
        return sum(len(context._sessions) for context in self._bokeh._applications.values())  # noqa: SLF001

    @property
    def connected(self) -> int:
        """How many browsers are connected to one, or to a page that stands still."""
        return len(self._bokeh._clients) + self._still.connected  # noqa: SLF001

    async def __aenter__(self) -> Documents:
        self._task = asyncio.create_task(self._tidy())
        return self

    async def __aexit__(self, *exception: object) -> None:
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make a page, or speak Bokeh's protocol with one."""
        if scope["type"] != "websocket":
            await self._made(scope, receive, send)
            return
        protocols = scope.get("subprotocols") or []
        still = self._still.of(protocols[1]) if len(protocols) > 1 else None
        if still is not None:
            try:
                await self._still.serve(still, receive, send)
            finally:
                # Its sockets and tasks have gone, if no document has.
                self._gone(LEFT_OVER)
                self._left.set()
            return
        mine: list[tuple[Any, Any, Any]] = []
        goodbye = False

        async def heard() -> Message:
            nonlocal goodbye
            message = await receive()
            if message["type"] == "websocket.disconnect":
                goodbye = message.get("code") in _GOODBYES
            return message

        reset = _connections.set(mine)
        try:
            await self._app(scope, heard, send)
        finally:
            _connections.reset(reset)
            for connection, session, handler in mine:
                if goodbye:
                    session.request_expiration()
                    self._left.set()
                self._bokeh.client_lost(connection)
                # The two know each other.
                handler.connection = None

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Make a page, unless it stands still and was made before."""
        depends = self._depends.get(scope["path"])
        if depends is None or scope["method"] != "GET" or len(scope["query_string"]) > QUERY_BYTES_MAX:
            await self._app(scope, receive, send)
            return
        asked = (scope["path"], scope["query_string"], depends())
        still = self._still.find(asked)
        if still is None and self._still.has_room():
            messages: list[Message] = []

            async def kept(message: Message) -> None:
                messages.append(message)

            await self._app(scope, receive, kept)
            still = await self._stand_still(asked, messages)
            if still is None:
                for message in messages:
                    await send(message)
                return
        elif still is None:
            await self._app(scope, receive, send)
            return
        user = dict(scope["headers"]).get(USER.lower().encode(), b"").decode()
        await HTMLResponse(self._still.page(still, {USER: user}))(scope, receive, send)

    async def _stand_still(self, asked: tuple[str, bytes, Hashable], messages: list[Message]) -> Still | None:
        """Write down the page that was answered, and end its document; nothing when it needs that."""
        page = b"".join(each.get("body", b"") for each in messages).decode()
        token = _TOKEN.search(page)
        if messages[0]["status"] != 200 or token is None:  # noqa: PLR2004
            return None
        context = self._bokeh._applications[asked[0]]  # noqa: SLF001
        session = context.get_session(get_session_id(token[1]))
        if opening(session.document) is None:
            return None
        still = self._still.keep(asked, page, token[1], session.document)
        if still is not None:
            session.request_expiration()
            await self._end(context, session)
        return still

    def _gone(self, left: float) -> None:
        """Note that something went, and how much of it only the interpreter finds."""
        self._untrimmed += 1
        self._uncollected += left

    async def _tidy(self) -> None:
        """Throw documents away that are not shown any more; bokeh-fastapi does it in a lifespan alone."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._left.wait(), CHECK_S)
                await asyncio.sleep(LEAVE_S)
            self._left.clear()
            for context in self._bokeh._applications.values():  # noqa: SLF001
                for session in list(context._sessions.values()):  # noqa: SLF001
                    if _is_unused(session):
                        await self._end(context, session)
            if self._collect():
                await asyncio.to_thread(trim)

    async def _end(self, context: Any, session: Any) -> None:
        """Throw a document away, and let others have their turn."""
        try:
            opened = opening(session.document)
            await context._discard_session(session, _is_unused)  # noqa: SLF001
            if not session.destroyed:
                return
            self._gone(1.0 if opened is None else LEFT_OVER)
            if opened is not None:
                opened()
        except Exception:  # noqa: BLE001 - one document that fails to end must not keep all the others
            structlog.get_logger("workbench.pages").exception("documents not tidied")
        await asyncio.sleep(0)

    def _collect(self) -> bool:
        """Free what is left of documents that are gone; whether it is time to give memory back.

        The interpreter by itself would look for circles after tens of thousands of documents. Looking takes
        the longer the more is alive, so the more documents are open, the more must have gone; and ten times
        as many of those whose own circles were opened.
        """
        if self._uncollected > COLLECT_FROM + max(self.count, self.connected) // 2:
            self._uncollected = 0.0
            gc.collect()
        elif self._untrimmed <= COLLECT_FROM:
            return False
        self._untrimmed = 0
        return True


def _is_unused(session: Any) -> bool:
    """Whether no browser shows a document any more, or will soon."""
    if session.connection_count or (session.expiration_blocked_count > 1):
        return False
    unused_ms: float = session.milliseconds_since_last_unsubscribe
    return unused_ms > UNUSED_S * 1000 or bool(session.expiration_requested)
