"""`/v2/assets`, `/v2/clock`, `/v2/calendar`: what is traded, and when."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from workbench.api.alpaca.assets import Asset, write_asset
from workbench.api.alpaca.clock import write_calendar, write_clock
from workbench.api.alpaca.desk import answer, desk_of
from workbench.api.alpaca.moments import day_of
from workbench.api.alpaca.query import Query
from workbench.api.alpaca.routes.documented import failing, gives, parameters
from workbench.api.alpaca.wall import wall_text
from workbench.api.auth import hot, permit
from workbench.identity.roles import Permission

router = APIRouter(prefix="/v2", tags=["alpaca: assets"], responses=failing(401, 403, 404, 422))


@router.get(
    "/assets",
    summary="Assets",
    openapi_extra={
        **gives(Asset, many=True),
        "parameters": parameters(
            status="text: active or inactive",
            asset_class="text: us_equity or crypto",
            exchange="text: as the assets have it",
            attributes="text: joined by commas",
        ),
    },
)
@hot
@permit(Permission.READ_MARKET)
async def list_assets(request: Request) -> Response:
    """Every instrument of the session."""
    face = desk_of(request).face(request)
    query = Query(request.query_params)
    status = query.text("status").lower()
    kind = query.text("asset_class").lower()
    exchange = request.query_params.get("exchange")
    listed = [write_asset(face.names, number) for number in range(len(face.names.symbols))]
    found = [
        asset
        for asset in listed
        if status in ("", "active", "all")
        and kind in ("", asset.asset_class)
        and exchange in (None, "", asset.exchange)
        and not query.words("attributes")
    ]
    return answer(face, found)


@router.get("/assets/{symbol:path}", summary="An asset", openapi_extra=gives(Asset))
@hot
@permit(Permission.READ_MARKET)
async def get_asset(request: Request) -> Response:
    """An instrument by its symbol or id."""
    face = desk_of(request).face(request)
    return answer(face, write_asset(face.names, face.names.number(request.path_params["symbol"])))


@router.get("/clock", summary="Clock", openapi_extra=gives())
@hot
@permit(Permission.READ_MARKET)
async def get_clock(request: Request) -> Response:
    """Session time, and whether orders trade."""
    face = desk_of(request).face(request)
    body = write_clock(face.hub.session.status(), face.time_ns)
    body["wall_timestamp"] = wall_text()
    return answer(face, body)


@router.get(
    "/calendar",
    summary="Calendar",
    openapi_extra={
        **gives(many=True),
        "parameters": parameters(start="text: YYYY-MM-DD", end="text: YYYY-MM-DD"),
    },
)
@hot
@permit(Permission.READ_MARKET)
async def get_calendar(request: Request) -> Response:
    """Days with trading, with the session's hours."""
    face = desk_of(request).face(request)
    query = Query(request.query_params)
    start, end = (day_of(text, name) if (text := query.text(name)) else None for name in ("start", "end"))
    return answer(face, write_calendar(face.hub.session.status(), face.time_ns, start, end))
