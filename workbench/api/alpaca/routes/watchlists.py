"""`/v2/watchlists`: lists of assets, by id and by name."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from workbench.api.alpaca.desk import Seat, answer, desk_of
from workbench.api.alpaca.errors import invalid
from workbench.api.alpaca.query import Query
from workbench.api.alpaca.routes.documented import failing, gives, parameters, takes
from workbench.api.alpaca.watchlists import (
    Watchlist,
    WatchlistRequest,
    read_request,
    write_watchlist,
)
from workbench.api.answers import Json
from workbench.api.auth import hot, permit
from workbench.identity.roles import Permission

router = APIRouter(prefix="/v2", tags=["alpaca: watchlists"], responses=failing(401, 403, 404, 422))
_BODY: Final = takes(WatchlistRequest, {"name": "mine", "symbols": ["AAPL"]})
_SYMBOL: Final = takes(WatchlistRequest, {"symbol": "AAPL"})
_NAME: Final = {"parameters": parameters(name="text: name of the list")}


def _shown(seat: Seat, watchlist: Watchlist, *, assets: bool = True) -> dict[str, object]:
    names = seat.face.names
    return write_watchlist(watchlist, names.account_id(seat.account), names, assets=assets)


async def _found(request: Request, seat: Seat) -> Watchlist:
    """The list that the address names, by its id or by the query's `name`."""
    identifier = request.path_params.get("watchlist_id", "")
    name = "" if identifier else Query(request.query_params).text("name")
    if not identifier and not name:
        raise invalid("name is required")
    return await desk_of(request).watchlists.find(seat.user, identifier=identifier, name=name)


@router.get("/watchlists", summary="Watchlists", openapi_extra=gives(many=True))
@hot
@permit(Permission.READ_OWN)
async def list_watchlists(request: Request) -> Response:
    """All of one's own lists, without their assets."""
    desk = desk_of(request)
    seat = await desk.seat(request)
    lists = await desk.watchlists.all(seat.user)
    return answer(seat.face, [_shown(seat, each, assets=False) for each in lists])


@router.post("/watchlists", summary="Make a watchlist", openapi_extra={**_BODY, **gives()})
@hot
@permit(Permission.READ_OWN)
async def create_watchlist(request: Request) -> Response:
    """Make a list with a name of its own."""
    desk = desk_of(request)
    seat = await desk.seat(request)
    asked = read_request(await request.body())
    made = await desk.watchlists.create(seat.user, asked, seat.face.names, seat.face.time_ns)
    return answer(seat.face, _shown(seat, made))


async def _get(request: Request) -> Json:
    seat = await desk_of(request).seat(request)
    return answer(seat.face, _shown(seat, await _found(request, seat)))


async def _change(request: Request) -> Json:
    desk = desk_of(request)
    seat = await desk.seat(request)
    asked = read_request(await request.body())
    before = await _found(request, seat)
    after = await desk.watchlists.change(seat.user, before, asked, seat.face.names, seat.face.time_ns)
    return answer(seat.face, _shown(seat, after))


async def _append(request: Request) -> Json:
    desk = desk_of(request)
    seat = await desk.seat(request)
    asked = read_request(await request.body())
    if not asked.symbol:
        raise invalid("symbol is required")
    before = await _found(request, seat)
    after = await desk.watchlists.append(seat.user, before, asked.symbol, seat.face.names, seat.face.time_ns)
    return answer(seat.face, _shown(seat, after))


async def _delete(request: Request) -> Response:
    desk = desk_of(request)
    seat = await desk.seat(request)
    await desk.watchlists.delete(seat.user, await _found(request, seat))
    return Response(status_code=204)


@router.get("/watchlists:by_name", summary="A watchlist by name", openapi_extra={**_NAME, **gives()})
@hot
@permit(Permission.READ_OWN)
async def get_named_watchlist(request: Request) -> Response:
    """A list by its name."""
    return await _get(request)


@router.put(
    "/watchlists:by_name", summary="Change a watchlist by name", openapi_extra={**_NAME, **_BODY, **gives()}
)
@hot
@permit(Permission.READ_OWN)
async def change_named_watchlist(request: Request) -> Response:
    """Give the list with this name another name, other symbols, or both."""
    return await _change(request)


@router.post(
    "/watchlists:by_name", summary="Add to a watchlist by name", openapi_extra={**_NAME, **_SYMBOL, **gives()}
)
@hot
@permit(Permission.READ_OWN)
async def append_to_named_watchlist(request: Request) -> Response:
    """Add a symbol to the list with this name."""
    return await _append(request)


@router.delete(
    "/watchlists:by_name", status_code=204, summary="Delete a watchlist by name", openapi_extra=_NAME
)
@hot
@permit(Permission.READ_OWN)
async def delete_named_watchlist(request: Request) -> Response:
    """Throw the list with this name away."""
    return await _delete(request)


@router.get("/watchlists/{watchlist_id}", summary="A watchlist", openapi_extra=gives())
@hot
@permit(Permission.READ_OWN)
async def get_watchlist(request: Request) -> Response:
    """A list with its assets."""
    return await _get(request)


@router.put("/watchlists/{watchlist_id}", summary="Change a watchlist", openapi_extra={**_BODY, **gives()})
@hot
@permit(Permission.READ_OWN)
async def change_watchlist(request: Request) -> Response:
    """Give a list another name, other symbols, or both."""
    return await _change(request)


@router.post("/watchlists/{watchlist_id}", summary="Add to a watchlist", openapi_extra={**_SYMBOL, **gives()})
@hot
@permit(Permission.READ_OWN)
async def append_to_watchlist(request: Request) -> Response:
    """Add a symbol at the end."""
    return await _append(request)


@router.delete("/watchlists/{watchlist_id}", status_code=204, summary="Delete a watchlist")
@hot
@permit(Permission.READ_OWN)
async def delete_watchlist(request: Request) -> Response:
    """Throw a list away."""
    return await _delete(request)


@router.delete(
    "/watchlists/{watchlist_id}/{symbol:path}", summary="Take off a watchlist", openapi_extra=gives()
)
@hot
@permit(Permission.READ_OWN)
async def drop_from_watchlist(request: Request) -> Response:
    """Take a symbol off a list."""
    desk = desk_of(request)
    seat = await desk.seat(request)
    before = await _found(request, seat)
    symbol = request.path_params["symbol"]
    after = await desk.watchlists.drop(seat.user, before, symbol, seat.face.names, seat.face.time_ns)
    return answer(seat.face, _shown(seat, after))
