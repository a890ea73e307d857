"""The market of a session: instruments, book, candles, trades, quotes and news."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import permit, principal_of
from workbench.api.hub import Hub
from workbench.api.native.market_models import (
    CandlesOut,
    DepthOut,
    InstrumentOut,
    InstrumentsOut,
    NewsListOut,
    QuotesOut,
    TapeOut,
)
from workbench.api.native.model import MAX_SEQ, failures
from workbench.api.server import server_of
from workbench.api.words import SIDES, Scale, maybe_moment, moment, time_of, word
from workbench.domain.codes import Side
from workbench.domain.records import AUCTION, BUSTED
from workbench.domain.units import decimal
from workbench.errors import ApiError
from workbench.identity.roles import Permission
from workbench.projections.live.bars import Timeframe, Unit
from workbench.session.live.answer import Announcement

router = APIRouter(prefix="/api/sessions/{name}", tags=["market"])

_FOREVER_NS = 1 << 62
_TIMEFRAME = re.compile(r"(\d{1,4})(m|h|d|w|mo)")
_UNITS = {"m": Unit.MINUTE, "h": Unit.HOUR, "d": Unit.DAY, "w": Unit.WEEK, "mo": Unit.MONTH}

_Start = Annotated[str, Query(max_length=40, description="From this time on (ISO 8601, or nanoseconds)")]
_End = Annotated[str, Query(max_length=40, description="Before this time")]
_After = Annotated[int, Query(ge=0, le=MAX_SEQ, description="Only events after this one: `next` of a page")]


def read_hub(request: Request, name: str) -> Hub:
    """The hub of a session that somebody may read."""
    server = server_of(request)
    return server.hub(server.session_name(principal_of(request), name))


def instrument_row(hub: Hub, scale: Scale) -> dict[str, Any]:
    """An instrument's terms and its market."""
    instrument, market = scale.instrument, hub.views.markets[scale.number]
    quote, last, day = market.quote, market.last, market.day
    indication = market.indication
    shown = bool(indication.seq)
    return {
        "number": scale.number,
        "symbol": scale.symbol,
        "currency": instrument.currency,
        "tick_size": float(decimal(instrument.tick_size)),
        "lot_size": float(decimal(instrument.lot_size)),
        "multiplier": float(decimal(instrument.multiplier)),
        "price_increment": scale.price(instrument.price_increment_ticks),
        "quantity_increment": scale.quantity(instrument.quantity_increment_lots),
        "band_low": scale.price(market.band_low_ticks),
        "band_high": scale.price(market.band_high_ticks),
        "phase": word(market.phase),
        "phase_reason": word(market.phase_reason),
        "phase_since": maybe_moment(market.phase_ns),
        "next_phase": word(market.next_phase) if market.next_phase_ns else None,
        "next_phase_time": maybe_moment(market.next_phase_ns),
        "halted": market.halted,
        "short_sales_restricted": market.short_sales_restricted,
        "bid": scale.maybe_price(quote.bid_price_ticks),
        "bid_quantity": scale.quantity(quote.bid_lots),
        "ask": scale.maybe_price(quote.ask_price_ticks),
        "ask_quantity": scale.quantity(quote.ask_lots),
        "last": scale.maybe_price(market.last_price_ticks),
        "last_quantity": None if last is None else scale.quantity(last.quantity_lots),
        "last_time": None if last is None else moment(last.time_ns),
        "mark": scale.maybe_price(market.mark_ticks),
        "marked_at": word(instrument.mark),
        "open": None if day is None else scale.price(day.open_ticks),
        "high": None if day is None else scale.price(day.high_ticks),
        "low": None if day is None else scale.price(day.low_ticks),
        "volume": scale.quantity(market.volume_lots),
        "trades": market.trades,
        "reference": scale.maybe_price(market.reference_ticks),
        "limit_down": scale.maybe_price(market.limit_down_ticks),
        "limit_up": scale.maybe_price(market.limit_up_ticks),
        "indicative_price": scale.maybe_price(indication.price_ticks),
        "indicative_quantity": scale.quantity(indication.paired_lots) if shown else None,
        "imbalance": scale.quantity(indication.imbalance_lots) if shown else None,
    }


@router.get(
    "/instruments", summary="Instruments", response_model=InstrumentsOut, responses=failures(401, 403, 404)
)
@permit(Permission.READ_MARKET)
async def list_instruments(request: Request, name: str) -> Response:
    """Everything that is traded, with quote, last trade and day."""
    hub = read_hub(request, name)
    rows = [instrument_row(hub, scale) for scale in hub.scales]
    return Json({"instruments": rows, "time": moment(hub.views.time_ns), "seq": hub.views.seq})


@router.get(
    "/instruments/{symbol}",
    summary="One instrument",
    response_model=InstrumentOut,
    responses=failures(401, 403, 404),
)
@permit(Permission.READ_MARKET)
async def get_instrument(request: Request, name: str, symbol: str) -> Response:
    """One instrument with its quote, last trade and day."""
    hub = read_hub(request, name)
    return Json(instrument_row(hub, hub.scales.of(symbol)))


@router.get(
    "/instruments/{symbol}/depth",
    summary="The book",
    response_model=DepthOut,
    responses=failures(401, 403, 404, 422),
)
@permit(Permission.READ_MARKET)
async def get_depth(
    request: Request,
    name: str,
    symbol: str,
    levels: Annotated[int, Query(ge=1, le=1000, description="Prices of each side")] = 10,
) -> Response:
    """Price levels of both sides, best first."""
    hub = read_hub(request, name)
    scale = hub.scales.of(symbol)
    sides = {}
    for key, side in (("bids", Side.BUY), ("asks", Side.SELL)):
        book = hub.views.depth.depth(scale.number, side, levels)
        sides[key] = [
            {"price": scale.price(ticks), "quantity": scale.quantity(lots), "orders": orders}
            for ticks, lots, orders in zip(
                book["price_ticks"].tolist(),
                book["quantity_lots"].tolist(),
                book["orders"].tolist(),
                strict=True,
            )
        ]
    return Json({"symbol": symbol, **sides, "time": moment(hub.views.time_ns), "seq": hub.views.seq})


def timeframe_of(text: str) -> Timeframe:
    """The timeframe of a text such as `1m`, `15m`, `2h`, `1d`, `1w` or `3mo`.

    Raises
    ------
    ApiError
        422 when it is none.
    ConfigError
        When there are no bars of that length.
    """
    found = _TIMEFRAME.fullmatch(text)
    if found is None:
        raise ApiError(
            422, "invalid", f"timeframe is {text[:20]!r}, expected such as 1m, 15m, 2h, 1d, 1w or 3mo"
        )
    return Timeframe(int(found[1]), _UNITS[found[2]])


@router.get(
    "/instruments/{symbol}/candles",
    summary="Candles",
    response_model=CandlesOut,
    responses=failures(401, 403, 404, 422),
)
@permit(Permission.READ_MARKET)
async def get_candles(
    request: Request,
    name: str,
    symbol: str,
    timeframe: Annotated[
        str, Query(max_length=8, description="1m to 1440m, 1h to 24h, 1d, 1w, 1mo ...")
    ] = "1m",
    start: _Start = "",
    end: _End = "",
    limit: Annotated[int, Query(ge=1, le=10_000, description="The latest so many")] = 1000,
) -> Response:
    """Candles of the market's trades, as columns in order of time."""
    hub = read_hub(request, name)
    scale = hub.scales.of(symbol)
    bars = hub.views.markets[scale.number].bars(
        timeframe_of(timeframe),
        time_of(start, "start") if start else 0,
        time_of(end, "end") if end else _FOREVER_NS,
    )[-limit:]
    return Json(
        {
            "symbol": symbol,
            "timeframe": timeframe,
            "time": [moment(bar.start_ns) for bar in bars],
            "open": [scale.price(bar.open_ticks) for bar in bars],
            "high": [scale.price(bar.high_ticks) for bar in bars],
            "low": [scale.price(bar.low_ticks) for bar in bars],
            "close": [scale.price(bar.close_ticks) for bar in bars],
            "volume": [scale.quantity(bar.volume_lots) for bar in bars],
            "trades": [bar.trades for bar in bars],
            "vwap": [scale.price(bar.vwap_ticks) for bar in bars],
        }
    )


def _page(
    column: Any, start: str, end: str, after_seq: int, limit: int, *, latest: bool
) -> tuple[Any, int | None]:
    """Rows of a column between two times, and where the next page goes on."""
    rows = column.between(
        time_of(start, "start") if start else 0, time_of(end, "end") if end else _FOREVER_NS
    )
    if after_seq:
        rows = rows[int(rows["seq"].searchsorted(after_seq, side="right")) :]
    if latest:
        return rows[-limit:], None
    page = rows[:limit]
    return page, int(page["seq"][-1]) if len(rows) > limit else None


@router.get(
    "/instruments/{symbol}/trades",
    summary="Trades of the market",
    response_model=TapeOut,
    responses=failures(401, 403, 404, 422),
)
@permit(Permission.READ_MARKET)
async def get_tape(
    request: Request,
    name: str,
    symbol: str,
    start: _Start = "",
    end: _End = "",
    after_seq: _After = 0,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Trades on a page")] = 1000,
) -> Response:
    """The tape, in order; without a start or `after_seq` the latest trades."""
    hub = read_hub(request, name)
    scale = hub.scales.of(symbol)
    latest = not (start or after_seq)
    rows, following = _page(hub.views.trades(scale.number), start, end, after_seq, limit, latest=latest)
    return Json(
        {
            "symbol": symbol,
            "seq": rows["seq"].tolist(),
            "time": [moment(time_ns) for time_ns in rows["time_ns"].tolist()],
            "price": [scale.price(ticks) for ticks in rows["price_ticks"].tolist()],
            "quantity": [scale.quantity(lots) for lots in rows["quantity_lots"].tolist()],
            "side": [SIDES[side] for side in rows["side"].tolist()],
            "trade": rows["trade_id"].tolist(),
            "auction": [bool(flags & AUCTION) for flags in rows["flags"].tolist()],
            "busted": [bool(flags & BUSTED) for flags in rows["flags"].tolist()],
            "next": following,
        }
    )


@router.get(
    "/instruments/{symbol}/quotes",
    summary="Best bids and asks",
    response_model=QuotesOut,
    responses=failures(401, 403, 404, 422),
)
@permit(Permission.READ_MARKET)
async def get_quotes(
    request: Request,
    name: str,
    symbol: str,
    start: _Start = "",
    end: _End = "",
    after_seq: _After = 0,
    limit: Annotated[int, Query(ge=1, le=10_000, description="Quotes on a page")] = 1000,
) -> Response:
    """Every best bid and ask, in order; without a start or `after_seq` the latest ones."""
    hub = read_hub(request, name)
    scale = hub.scales.of(symbol)
    latest = not (start or after_seq)
    rows, following = _page(hub.views.quotes(scale.number), start, end, after_seq, limit, latest=latest)
    return Json(
        {
            "symbol": symbol,
            "seq": rows["seq"].tolist(),
            "time": [moment(time_ns) for time_ns in rows["time_ns"].tolist()],
            "bid": [scale.maybe_price(ticks) for ticks in rows["bid_price_ticks"].tolist()],
            "bid_quantity": [scale.quantity(lots) for lots in rows["bid_lots"].tolist()],
            "ask": [scale.maybe_price(ticks) for ticks in rows["ask_price_ticks"].tolist()],
            "ask_quantity": [scale.quantity(lots) for lots in rows["ask_lots"].tolist()],
            "next": following,
        }
    )


def news_row(announcement: Announcement) -> dict[str, Any]:
    """An announcement as the API tells it."""
    return {
        "number": announcement.number,
        "time": moment(announcement.time_ns),
        "headline": announcement.headline,
        "body": announcement.body,
        "symbols": list(announcement.symbols),
        "author": announcement.author,
    }


@router.get("/news", summary="News", response_model=NewsListOut, responses=failures(401, 403, 404, 422))
@permit(Permission.READ_MARKET)
async def list_news(
    request: Request,
    name: str,
    limit: Annotated[int, Query(ge=1, le=1000, description="The newest so many")] = 100,
) -> Response:
    """Announcements, the newest first."""
    hub = read_hub(request, name)
    return Json({"news": [news_row(each) for each in hub.session.announcements[::-1][:limit]]})
