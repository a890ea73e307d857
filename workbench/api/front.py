"""The first page: what answers here, for whoever opens the server's bare address."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from workbench.api.answers import Json
from workbench.api.auth import public
from workbench.api.server import server_of

router = APIRouter(tags=["operations"])


@router.get("/", include_in_schema=False)
@public
async def front(request: Request) -> Response:
    """The faces of the server with the addresses below which they answer, as a page or as JSON."""
    rows = {
        "api": ("/api", "the native API: sessions, orders, market data; live streams beside them"),
        "alpaca": ("/v2", "the same exchange for programs that speak Alpaca's protocol"),
        "ready": ("/health/ready", "whether everything is up"),
        "metrics": ("/metrics", "what is counted, for Prometheus"),
    }
    if server_of(request).settings.docs:
        rows = {"openapi": ("/openapi.json", "every route, with what it takes and answers"), **rows}
    if "text/html" not in request.headers.get("accept", ""):
        return Json({"name": "workbench", **{name: path for name, (path, _) in rows.items()}})
    # The faces have no page of their own below which their routes are.
    shown = {
        path: path if path in ("/api", "/v2") else f'<a href="{path}">{path}</a>' for path, _ in rows.values()
    }
    items = "".join(f"<li>{shown[path]}: {escape(what)}</li>" for path, what in rows.values())
    return HTMLResponse(
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>workbench</title>'
        "<h1>workbench</h1><p>A simulated exchange that people and bots log in to.</p>"
        f"<ul>{items}</ul></html>"
    )
