"""Market data over REST: `/v2/stocks`, and the same under `/v1beta3/crypto/{loc}`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from workbench.api.alpaca.data_messages import MessageWriter
from workbench.api.alpaca.desk import answer, desk_of
from workbench.api.alpaca.errors import invalid, not_found
from workbench.api.alpaca.face import Face
from workbench.api.alpaca.history import history
from workbench.api.alpaca.moments import moment_text
from workbench.api.alpaca.query import Query
from workbench.api.alpaca.routes.documented import failing, gives, parameters
from workbench.api.auth import authenticate, hot, permit, public
from workbench.domain.codes import Side
from workbench.errors import ApiError, AuthError
from workbench.identity.roles import Permission

if TYPE_CHECKING:
    from workbench.projections.live.market import LiveMarket

stocks = APIRouter(prefix="/v2/stocks", tags=["alpaca: market data"], responses=failing(401, 403, 404, 422))
crypto = APIRouter(
    prefix="/v1beta3/crypto/{loc}", tags=["alpaca: market data"], responses=failing(401, 403, 404, 422)
)
KINDS: Final = ("bars", "quotes", "trades")
_BOOK_LEVELS: Final = 1_000
_HISTORY: Final = parameters(
    symbols="text: symbols, joined by commas",
    timeframe="text: of bars: 1Min to 59Min, 1Hour to 23Hour, 1Day, 1Week, 1Month to 12Month",
    start="text: from this time on, RFC 3339 or a day",
    end="text: up to this time, included",
    limit="int: rows of all symbols together, at most 10,000",
    sort="text: asc or desc",
    page_token="text: next_page_token of the page before",  # noqa: S106 - the name of a parameter
    feed="text: taken, and without effect, as are adjustment, asof and currency",
)
_SYMBOLS: Final = parameters(symbols="text: symbols, joined by commas")


def _history(face: Face, kind: str, request: Request, symbols: list[str]) -> dict[str, Any]:
    query = Query(request.query_params)
    page = history(face.hub.views, face.names, face.market, kind, query, symbols)
    return {kind: page.rows, "next_page_token": page.next_page_token, "currency": "USD"}


def _latest(face: Face, kind: str, market: LiveMarket) -> dict[str, Any] | None:
    writer = face.market
    made = {"bars": writer.latest_bar, "quotes": writer.latest_quote, "trades": writer.latest_trade}[kind]
    return made(market)


def _markets(face: Face, request: Request) -> list[LiveMarket]:
    """The markets that `symbols` names; what is not traded here is left out, as in any history."""
    symbols = Query(request.query_params).words("symbols")
    if not symbols:
        raise invalid("symbols is required")
    numbers = dict.fromkeys(face.names.find(symbol) for symbol in symbols)
    return [face.hub.views.markets[number] for number in numbers if number is not None]


def _many_latest(face: Face, kind: str, request: Request) -> dict[str, Any]:
    found = {market.symbol: _latest(face, kind, market) for market in _markets(face, request)}
    return {kind: {symbol: one for symbol, one in found.items() if one is not None}}


def _one(face: Face, request: Request) -> LiveMarket:
    return face.hub.views.markets[face.names.number(request.path_params["symbol"])]


def _book(face: Face, market: LiveMarket, levels: int) -> dict[str, Any]:
    depth, writer = face.hub.views.depth, MessageWriter(face.names)
    return {
        "t": moment_text(face.hub.views.time_ns),
        "b": writer.levels(market.number, depth.depth(market.number, Side.BUY, levels)),
        "a": writer.levels(market.number, depth.depth(market.number, Side.SELL, levels)),
    }


def _kind(request: Request) -> str:
    kind: str = request.path_params["kind"]
    if kind not in KINDS:
        raise not_found(f"there is nothing called {kind[:40]!r}: expected one of {', '.join(KINDS)}")
    return kind


# ---------------------------------------------------------------------- stocks


@stocks.get("/snapshots", summary="Snapshots", openapi_extra={**gives(), "parameters": _SYMBOLS})
@hot
@permit(Permission.READ_MARKET)
async def stock_snapshots(request: Request) -> Response:
    """Latest trade and quote, the minute's, the day's and the day before's bar, by symbol."""
    face = desk_of(request).face(request)
    return answer(face, {market.symbol: face.market.snapshot(market) for market in _markets(face, request)})


@stocks.get("/{kind}", summary="History", openapi_extra={**gives(), "parameters": _HISTORY})
@hot
@permit(Permission.READ_MARKET)
async def stock_history(request: Request) -> Response:
    """`bars`, `quotes` or `trades` of several symbols, in pages."""
    face = desk_of(request).face(request)
    symbols = Query(request.query_params).words("symbols")
    return answer(face, _history(face, _kind(request), request, symbols))


@stocks.get("/{kind}/latest", summary="Latest", openapi_extra={**gives(), "parameters": _SYMBOLS})
@hot
@permit(Permission.READ_MARKET)
async def stock_latest(request: Request) -> Response:
    """The latest bar, quote or trade of several symbols."""
    face = desk_of(request).face(request)
    return answer(face, _many_latest(face, _kind(request), request))


@stocks.get("/{symbol}/snapshot", summary="A snapshot", openapi_extra=gives())
@hot
@permit(Permission.READ_MARKET)
async def stock_snapshot(request: Request) -> Response:
    """Everything latest of one symbol."""
    face = desk_of(request).face(request)
    market = _one(face, request)
    return answer(face, {"symbol": market.symbol, **face.market.snapshot(market)})


@stocks.get(
    "/{symbol}/orderbook",
    summary="The order book",
    openapi_extra={**gives(), "parameters": parameters(levels="int: at most 1,000 a side")},
)
@hot
@permit(Permission.READ_MARKET)
async def stock_book(request: Request) -> Response:
    """Price levels of both sides, best first. Alpaca has no such call for stocks."""
    face = desk_of(request).face(request)
    market = _one(face, request)
    levels = Query(request.query_params).whole("levels", _BOOK_LEVELS, least=1, most=_BOOK_LEVELS)
    return answer(face, {"orderbook": _book(face, market, levels), "symbol": market.symbol})


@stocks.get(
    "/{symbol}/{kind}", summary="History of one", openapi_extra={**gives(), "parameters": _HISTORY[1:]}
)
@hot
@permit(Permission.READ_MARKET)
async def stock_history_of(request: Request) -> Response:
    """`bars`, `quotes` or `trades` of one symbol, in pages."""
    face = desk_of(request).face(request)
    market, kind = _one(face, request), _kind(request)
    page = _history(face, kind, request, [market.symbol])
    return answer(face, {**page, kind: page[kind].get(market.symbol, []), "symbol": market.symbol})


@stocks.get("/{symbol}/{kind}/latest", summary="Latest of one", openapi_extra=gives())
@hot
@permit(Permission.READ_MARKET)
async def stock_latest_of(request: Request) -> Response:
    """The latest bar, quote or trade of one symbol."""
    face = desk_of(request).face(request)
    market, kind = _one(face, request), _kind(request)
    return answer(face, {kind.removesuffix("s"): _latest(face, kind, market), "symbol": market.symbol})


# ---------------------------------------------------------------------- crypto


async def _public_face(request: Request) -> Face:
    """The session of somebody who need not say who they are; who does gets the session of their key."""
    desk = desk_of(request)
    server = desk.server
    try:
        principal = await authenticate(server, request.scope)
    except (ApiError, AuthError):
        if "authorization" in request.headers or "apca-api-key-id" in request.headers:
            raise
        return desk.public_face(request)
    return desk.face(request, principal)


@crypto.get("/latest/orderbooks", summary="Order books", openapi_extra={**gives(), "parameters": _SYMBOLS})
@hot
@public
async def crypto_books(request: Request) -> Response:
    """Price levels of several symbols."""
    face = await _public_face(request)
    books = {market.symbol: _book(face, market, _BOOK_LEVELS) for market in _markets(face, request)}
    return answer(face, {"orderbooks": books})


@crypto.get("/latest/{kind}", summary="Latest", openapi_extra={**gives(), "parameters": _SYMBOLS})
@hot
@public
async def crypto_latest(request: Request) -> Response:
    """The latest bar, quote or trade of several symbols."""
    face = await _public_face(request)
    return answer(face, _many_latest(face, _kind(request), request))


@crypto.get("/snapshots", summary="Snapshots", openapi_extra={**gives(), "parameters": _SYMBOLS})
@hot
@public
async def crypto_snapshots(request: Request) -> Response:
    """Everything latest of several symbols."""
    face = await _public_face(request)
    found = {market.symbol: face.market.snapshot(market) for market in _markets(face, request)}
    return answer(face, {"snapshots": found})


@crypto.get("/{kind}", summary="History", openapi_extra={**gives(), "parameters": _HISTORY})
@hot
@public
async def crypto_history(request: Request) -> Response:
    """`bars`, `quotes` or `trades` of several symbols, in pages."""
    face = await _public_face(request)
    symbols = Query(request.query_params).words("symbols")
    return answer(face, _history(face, _kind(request), request, symbols))
