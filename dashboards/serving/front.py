"""What answers first: the pages' own addresses here, everything else by the API, which does not notice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from secrets import token_urlsafe

from bokeh.embed.bundle import extension_dirs
from bokeh.settings import settings as bokeh_settings
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboards.parts.review_own import OwnReviews
from dashboards.serving.addresses import ASSETS as ASSETS_ADDRESS
from dashboards.serving.addresses import BEGINNINGS, CONTROL, DESK, REVIEW, STATIC, is_ours, is_report
from dashboards.serving.documents import Documents
from dashboards.serving.files import ASSETS, Files
from dashboards.serving.guard import visiting
from dashboards.serving.pages import Pages
from dashboards.serving.report_pages import serve_report
from dashboards.serving.site import Site
from workbench.api.edge import Edge
from workbench.api.hot import HotRoutes
from workbench.api.server import Server


@asynccontextmanager
async def pages_in_front(api: ASGIApp, server: Server) -> AsyncIterator[ASGIApp]:
    """The application of a server with pages: they live as long as this context."""
    files = Files({ASSETS_ADDRESS: ASSETS, STATIC: Path(bokeh_settings.bokehjs_path()), **_extensions()})
    loop = asyncio.get_running_loop()
    pages = Pages(files, reviews=lambda: OwnReviews(server, loop, *visiting.get()))
    documents = Documents(
        {DESK: pages.desk, CONTROL: pages.control, REVIEW: pages.review},
        {DESK: "Trading desk", CONTROL: "Control room", REVIEW: "Review"},
        token_urlsafe(32),
        # Their programs are told of everything else by the API.
        still={
            DESK: lambda: files.address_of(f"{ASSETS_ADDRESS}desk.js"),
            CONTROL: lambda: files.address_of(f"{ASSETS_ADDRESS}control.js"),
        },
    )
    async with documents:
        site = Site(server, documents, files)
        # The API's own outermost layer, so that hosts, rates, headers, counts and logs are the same.
        yield Front(api, Edge(site, server, HotRoutes(())), site)


def _extensions() -> dict[str, Path]:
    """Panel's own scripts, which Bokeh calls an extension."""
    return {f"{STATIC}extensions/{name}/": Path(path) for name, path in extension_dirs.items()}


class Front:
    """A plain ASGI application.

    Parameters
    ----------
    api
        Answers everything that is not the pages'.
    pages
        Answers what is.
    site
        The pages within it.
    """

    def __init__(self, api: ASGIApp, pages: ASGIApp, site: Site) -> None:
        self.api = api
        self.pages = pages
        self.site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let one of the two answer."""
        # Orders come here a thousand times a second: one comparison in C decides for nearly all.
        path = scope.get("path", "")
        begins = path.startswith(BEGINNINGS)
        if begins and is_report(path) and _is_browser(scope):
            await serve_report(self.api, scope, receive, send)
            return
        mine = is_ours(path) if begins else path == "/" and _is_browser(scope)
        await (self.pages if mine else self.api)(scope, receive, send)


def _is_browser(scope: Scope) -> bool:
    """Whether a person looks at it: programs get the API's own answer."""
    if scope["type"] != "http":
        return False
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])
