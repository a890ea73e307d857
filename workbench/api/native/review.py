"""Reviews: what an account did in a session, once its market has closed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated, Any

import polars as pl
from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from workbench.analytics.columns import Table
from workbench.analytics.tables import REVIEW_TABLES
from workbench.api.answers import Json
from workbench.api.auth import address_of, permit, principal_of
from workbench.api.native.model import failures
from workbench.api.native.review_models import (
    ReviewAccountsOut,
    ReviewBookOut,
    ReviewOut,
    ReviewSessionsOut,
    ReviewTableOut,
    ReviewTapeOut,
    TryWithout,
    WhatIfOut,
)
from workbench.api.native.review_rows import MEDIA_TYPES, Format, frame_bytes, frame_rows
from workbench.api.server import server_of
from workbench.api.words import maybe_moment, moment, time_of
from workbench.errors import ApiError
from workbench.identity.roles import Permission
from workbench.session.review import Review

router = APIRouter(prefix="/api/sessions/{name}/review", tags=["review"])
listing = APIRouter(prefix="/api/reviews", tags=["review"])

_Whose = Annotated[str, Query(max_length=100, description="Another's account, by its name or its holder's")]
_Symbol = Annotated[str, Query(max_length=64, description="The instrument; the first one unless given")]
_At = Annotated[
    str, Query(max_length=64, description="A time with its zone, or whole nanoseconds since 1970")
]
_FILES: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {media.partition(";")[0]: {"example": "bytes"} for media in MEDIA_TYPES.values()},
        "description": "The table, in the format asked for",
    }
}


async def _review_of(request: Request, name: str, account: str) -> Review:
    server = server_of(request)
    return await server.reviews.of(principal_of(request), name, account, address_of(request))


def _symbol_of(review: Review, symbol: str) -> str:
    """The instrument that is meant."""
    symbols: list[str] = review.instruments()["symbol"].to_list()
    found = symbol or symbols[0]
    if found not in symbols:
        raise ApiError(
            404,
            "unknown_symbol",
            f"nothing called {symbol[:40]!r} was traded here; there are {', '.join(symbols[:20])}",
        )
    return found


@listing.get(
    "", summary="Sessions to look back at", response_model=ReviewSessionsOut, responses=failures(401, 403)
)
@permit(Permission.READ_OWN)
async def list_reviews(request: Request) -> Response:
    """Closed and stored sessions in which one had a seat or may read the class, the last ones first."""
    found = await server_of(request).reviews.sessions(principal_of(request))
    return Json({"reviews": [each._asdict() for each in found]})


@router.get("", summary="A review", response_model=ReviewOut, responses=failures(401, 403, 404, 409, 422))
@permit(Permission.READ_OWN)
async def get_review(request: Request, name: str, account: _Whose = "") -> Response:
    """Whose day it is and when it was; 409 until the market has closed."""
    about = (await _review_of(request, name, account)).about
    return Json(
        {
            "session": about.session,
            "title": about.title,
            "account": about.account,
            "user": about.user,
            "zone": about.zone,
            "currency": about.currency,
            "starts": moment(about.start_ns),
            "opened": maybe_moment(about.open_ns),
            "ended": moment(about.end_ns),
            "sealed": about.sealed,
            "seq": about.seq,
            "tables": list(REVIEW_TABLES),
        }
    )


@router.get(
    "/accounts",
    summary="Whose reviews there are",
    response_model=ReviewAccountsOut,
    responses=failures(401, 403, 404, 409, 422),
)
@permit(Permission.READ_OWN)
async def list_accounts(request: Request, name: str) -> Response:
    """One's own account, or everybody's for who may read the class."""
    seats = await server_of(request).reviews.seats(principal_of(request), name)
    return Json({"accounts": [{"account": account, "user": user} for account, user in seats]})


@router.get(
    "/book",
    summary="The book at an instant",
    response_model=ReviewBookOut,
    responses=failures(401, 403, 404, 409, 422),
)
@permit(Permission.READ_OWN)
async def get_book(
    request: Request,
    name: str,
    at: _At,
    symbol: _Symbol = "",
    account: _Whose = "",
    levels: Annotated[int, Query(ge=1, le=1000, description="Most price levels of a side")] = 15,
) -> Response:
    """The book after everything that happened until then, with one's own orders and their queue positions."""
    review = await _review_of(request, name, account)
    at_ns = time_of(at, "at")

    def row() -> dict[str, Any]:
        found = review.book(_symbol_of(review, symbol), at_ns, levels)
        return {
            "symbol": found.symbol,
            "at": moment(found.at_ns),
            "seq": found.seq,
            "time": maybe_moment(found.time_ns),
            "phase": found.phase,
            "last_price": found.last_price,
            "bids": frame_rows(found.bids),
            "asks": frame_rows(found.asks),
            "own": frame_rows(found.own),
            "position": found.position,
            "equity": found.equity,
        }

    return Json(await server_of(request).reviews.read(row))


@router.get(
    "/tape",
    summary="The tape at an instant",
    response_model=ReviewTapeOut,
    responses=failures(401, 403, 404, 409, 422),
)
@permit(Permission.READ_OWN)
async def get_tape(
    request: Request,
    name: str,
    at: _At,
    symbol: _Symbol = "",
    account: _Whose = "",
    rows: Annotated[int, Query(ge=1, le=10_000, description="Most trades")] = 50,
) -> Response:
    """The last trades until then, the newest first."""
    review = await _review_of(request, name, account)
    at_ns = time_of(at, "at")

    def row() -> dict[str, Any]:
        which = _symbol_of(review, symbol)
        return {
            "symbol": which,
            "at": moment(at_ns),
            "rows": frame_rows(review.tape(which, at_ns, rows)),
        }

    return Json(await server_of(request).reviews.read(row))


@router.post(
    "/what-if",
    summary="The market without one's orders",
    response_model=WhatIfOut,
    responses=failures(400, 401, 403, 404, 409, 422),
)
@permit(Permission.READ_OWN)
async def try_without(
    request: Request, name: str, whose: Annotated[TryWithout | None, Body()] = None
) -> Response:
    """Run the session once more without the account's orders; what others sent is held fixed."""
    review = await _review_of(request, name, "" if whose is None else whose.account)

    def row() -> dict[str, Any]:
        found = review.what_if()
        return {
            field: frame_rows(value) if isinstance(value, pl.DataFrame) else value
            for field, value in found._asdict().items()
        }

    return Json(await server_of(request).reviews.try_out(row))


@router.get(
    "/{table}",
    summary="A table of a review",
    response_model=ReviewTableOut,
    responses={**_FILES, **failures(401, 403, 404, 409, 422)},
)
@permit(Permission.READ_OWN)
async def get_table(
    request: Request,
    name: str,
    table: str,
    account: _Whose = "",
    symbol: Annotated[
        str, Query(max_length=64, description="Of candles and trades: the instrument; the first unless given")
    ] = "",
    interval: Annotated[
        str, Query(max_length=8, description="Of candles: 1s, 1min, 5min, 1h or 1d")
    ] = "1min",
    given: Annotated[Format, Query(alias="format", description="JSON, or a file to keep")] = "json",
) -> Response:
    """The rows of one table; docs/review-data.md has the columns of all of them."""
    known = REVIEW_TABLES.get(table)
    if known is None:
        raise ApiError(404, "unknown_table", f"no table {table[:40]!r}; there are {', '.join(REVIEW_TABLES)}")
    review = await _review_of(request, name, account)
    read = server_of(request).reviews.read
    if given == "json":
        return Json(await read(partial(_table_row, review, known, symbol, interval)))
    found = await read(lambda: frame_bytes(_frame(review, known, symbol, interval)(), given))
    file = f"{name}-{review.about.account}-{table}.{given}"
    return Response(
        found,
        media_type=MEDIA_TYPES[given],
        headers={"Content-Disposition": f'attachment; filename="{file}"', "Cache-Control": "no-store"},
    )


def _frame(review: Review, table: Table, symbol: str, interval: str) -> Callable[[], pl.DataFrame]:
    """What gives a table; those of an instrument want one."""
    if table.name == "candles":
        return partial(review.candles, _symbol_of(review, symbol), interval)
    if table.name == "trades":
        return partial(review.trades, _symbol_of(review, symbol))
    calls: dict[str, Callable[[], pl.DataFrame]] = {
        "instruments": review.instruments,
        "equity": review.equity,
        "drawdowns": review.drawdowns,
        "cash_entries": review.cash_entries,
        "round_trips": review.round_trips,
        "fills": review.fills,
        "orders": review.orders,
        "markouts": review.markouts,
        "markout_curve": review.markout_curve,
        "summary": review.summary,
    }
    return calls[table.name]


def _table_row(review: Review, table: Table, symbol: str, interval: str) -> dict[str, Any]:
    return {
        "table": table.name,
        "about": table.about,
        "account": review.about.account,
        "seq": review.about.seq,
        "columns": [{"name": each.name, "unit": each.unit, "about": each.about} for each in table.columns],
        "rows": frame_rows(_frame(review, table, symbol, interval)()),
    }
