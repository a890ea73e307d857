"""The Alpaca-compatible face: REST under /v2, /v1beta1, /v1beta3 and /v1, and the WebSockets beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from starlette.responses import Response
from starlette.routing import BaseRoute

from workbench.api.alpaca.desk import open_desk
from workbench.api.alpaca.errors import as_alpaca
from workbench.api.alpaca.routes import (
    account,
    assets,
    market,
    orders,
    others,
    positions,
    sockets,
    watchlists,
)
from workbench.api.answers import Json

if TYPE_CHECKING:
    from workbench.api.server import Server
    from workbench.errors import ApiError

PREFIXES = ("/v2/", "/v1beta1/", "/v1beta3/", "/v1/corporate-actions")
"""Addresses whose failures are answered in Alpaca's form."""


def alpaca_shape(failure: ApiError, request_id: str) -> Response:
    """A failure as Alpaca's clients read it."""
    error = as_alpaca(failure)
    return Json({**error.body(), "request_id": request_id}, error.status, error.headers)


def alpaca_routes(server: Server) -> list[APIRouter | BaseRoute]:
    """All routes of this face, with their full paths."""
    open_desk(server)
    for prefix in PREFIXES:
        server.shape_for(prefix, alpaca_shape)
    return [
        account.router,
        orders.router,
        positions.router,
        assets.router,
        watchlists.router,
        market.stocks,
        market.crypto,
        others.router,
        *sockets.ROUTES,
    ]
