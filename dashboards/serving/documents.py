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
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from typing import Any

import panel as pn
import structlog
from bokeh.resources import Component, Resources
from bokeh.server.views.static_handler import StaticHandler
from bokeh_fastapi import BokehFastAPI
from fastapi import FastAPI
from panel.io import fastapi as _panel_for_fastapi  # noqa: F401 - teaches bokeh-fastapi to speak for Panel
from panel.io.application import build_applications
from starlette.types import Receive, Scope, Send

from dashboards.serving.addresses import STATIC
from dashboards.serving.memory import trim
from dashboards.serving.turns import Turns

USER = "X-Workbench-User"
"""The one header that documents know: who the guard found them to be for."""
CHECK_S = 5.0
"""How often documents are looked through for those that no browser shows any more."""
UNUSED_S = 10.0
"""For so long a document waits for its browser to come, or to come back."""
COLLECT_FROM = 20
"""Documents that went before their memory is looked for."""

_COMPONENTS: list[Component] = ["bokeh", "bokeh-widgets", "bokeh-tables"]
"""Bokeh's scripts that Panel's need; those for formulas and WebGL are another megabyte, unused."""

_TEMPLATE = """
{% block postamble %}
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
html { color-scheme: dark light; background: #0b0e14; }
@media (prefers-color-scheme: light) { html { background: #eceff4; } }
body { overflow: hidden; }
</style>
{% endblock %}
"""
"""A page in the desk's own colours from the first moment on, before there is a desk."""

_connections: ContextVar[list[Any] | None] = ContextVar("connections", default=None)


class _Bokeh(BokehFastAPI):  # type: ignore[misc]
    """bokeh-fastapi, which tells whose connection is made."""

    def new_connection(self, *args: Any) -> Any:
        connection = super().new_connection(*args)
        mine = _connections.get()
        if mine is not None:
            mine.append(connection)
        return connection

    def resources(self, absolute_url: str | None = None) -> Resources:  # noqa: ARG002 - always this server's
        """The scripts of a page: of Bokeh those that Panel's are built on, from this server."""
        return Resources(
            mode="server", root_url="/", components=_COMPONENTS, path_versioner=StaticHandler.append_version
        )


def _from_here(page: Callable[[], Any]) -> Callable[[], Any]:
    """A page whose styles come from this server; while a document is made Panel names its own site."""

    def made() -> Any:
        document = pn.state.curdoc
        assert document is not None
        document.template_variables["dist_url"] = f"{STATIC}extensions/panel/"
        document.template = _TEMPLATE  # type: ignore[assignment]  # a text extends Panel's own
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

    Attributes
    ----------
    key
        The same, as bytes.
    """

    def __init__(self, pages: Mapping[str, Callable[[], Any]], titles: Mapping[str, str], key: str) -> None:
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
        self._made = Turns(self._app)
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
        self._task: asyncio.Task[None] | None = None
        self._uncollected = 0

    @property
    def count(self) -> int:
        """How many documents there are."""
        return sum(len(context._sessions) for context in self._bokeh._applications.values())  # noqa: SLF001

    @property
    def connected(self) -> int:
        """How many browsers are connected to one."""
        return len(self._bokeh._clients)  # noqa: SLF001

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
        mine: list[Any] = []
        reset = _connections.set(mine)
        try:
            await self._app(scope, receive, send)
        finally:
            _connections.reset(reset)
            for connection in mine:
                self._bokeh.client_lost(connection)

    async def _tidy(self) -> None:
        """Throw documents away that are not shown any more; bokeh-fastapi does it in a lifespan alone."""
        while True:
            await asyncio.sleep(CHECK_S)
            before = self.count
            try:
                await self._bokeh._cleanup_sessions()  # noqa: SLF001
                if self._collect(before - self.count):
                    await asyncio.to_thread(trim)
            except Exception:  # noqa: BLE001 - one document that fails to end must not keep all the others
                structlog.get_logger("workbench.pages").exception("documents not tidied")

    def _collect(self, gone: int) -> bool:
        """Free what documents held that are gone, all of it in circles; whether it was time.

        The interpreter by itself would look for such circles after tens of thousands of documents. Looking
        takes the longer the more is alive, so the more documents are open, the more must have gone.
        """
        self._uncollected += max(0, gone)
        if self._uncollected > COLLECT_FROM + self.count // 2:
            self._uncollected = 0
            gc.collect()
            return True
        return False
