"""What market routes answer."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict

from workbench.api.native.model import Model, example

_TIME = "2025-03-18T13:30:00.000000000Z"
_INSTRUMENT: dict[str, Any] = {
    "number": 0,
    "symbol": "HARBOR",
    "currency": "USD",
    "tick_size": 0.01,
    "lot_size": 1.0,
    "multiplier": 1.0,
    "price_increment": 0.01,
    "quantity_increment": 1.0,
    "band_low": 10.0,
    "band_high": 40.0,
    "phase": "continuous",
    "phase_reason": "none",
    "phase_since": _TIME,
    "next_phase": None,
    "next_phase_time": None,
    "halted": False,
    "short_sales_restricted": False,
    "bid": 20.04,
    "bid_quantity": 300.0,
    "ask": 20.05,
    "ask_quantity": 200.0,
    "last": 20.05,
    "last_quantity": 100.0,
    "last_time": _TIME,
    "mark": 20.05,
    "marked_at": "last",
    "open": 20.0,
    "high": 20.1,
    "low": 19.9,
    "volume": 12300.0,
    "trades": 120,
    "reference": None,
    "limit_down": None,
    "limit_up": None,
    "indicative_price": None,
    "indicative_quantity": None,
    "imbalance": None,
}


class InstrumentOut(Model):
    """An instrument: its terms, and its market at this moment.

    `mark` is the price that positions are valued at, `marked_at` where it comes from: last, mid or close.
    """

    model_config: ClassVar[ConfigDict] = example(**_INSTRUMENT)
    number: int
    symbol: str
    currency: str
    tick_size: float
    lot_size: float
    multiplier: float
    price_increment: float
    quantity_increment: float
    band_low: float
    band_high: float
    phase: str
    phase_reason: str
    phase_since: str | None
    next_phase: str | None
    next_phase_time: str | None
    halted: bool
    short_sales_restricted: bool
    bid: float | None
    bid_quantity: float
    ask: float | None
    ask_quantity: float
    last: float | None
    last_quantity: float | None
    last_time: str | None
    mark: float | None
    marked_at: str
    open: float | None
    high: float | None
    low: float | None
    volume: float
    trades: int
    reference: float | None
    limit_down: float | None
    limit_up: float | None
    indicative_price: float | None
    indicative_quantity: float | None
    imbalance: float | None


class InstrumentsOut(Model):
    """All instruments."""

    model_config: ClassVar[ConfigDict] = example(instruments=[_INSTRUMENT], time=_TIME, seq=90210)
    instruments: list[InstrumentOut]
    time: str
    seq: int


class LevelOut(Model):
    """One price of the book."""

    model_config: ClassVar[ConfigDict] = example(price=20.04, quantity=300.0, orders=2)
    price: float
    quantity: float
    orders: int


class DepthOut(Model):
    """The book, best prices first."""

    model_config: ClassVar[ConfigDict] = example(
        symbol="HARBOR",
        bids=[{"price": 20.04, "quantity": 300.0, "orders": 2}],
        asks=[{"price": 20.05, "quantity": 200.0, "orders": 1}],
        time=_TIME,
        seq=90210,
    )
    symbol: str
    bids: list[LevelOut]
    asks: list[LevelOut]
    time: str
    seq: int


class CandlesOut(Model):
    """Candles as columns of one length; the last one may still grow."""

    model_config: ClassVar[ConfigDict] = example(
        symbol="HARBOR",
        timeframe="1m",
        time=[_TIME],
        open=[20.0],
        high=[20.1],
        low=[19.9],
        close=[20.05],
        volume=[12300.0],
        trades=[120],
        vwap=[20.03],
    )
    symbol: str
    timeframe: str
    time: list[str]
    open: list[float]
    high: list[float]
    low: list[float]
    close: list[float]
    volume: list[float]
    trades: list[int]
    vwap: list[float]


class TapeOut(Model):
    """Trades of the market as columns, in order; `next` goes into `after_seq` for the page after it."""

    model_config: ClassVar[ConfigDict] = example(
        symbol="HARBOR",
        seq=[90211],
        time=[_TIME],
        price=[20.05],
        quantity=[100.0],
        side=["buy"],
        trade=[345],
        auction=[False],
        busted=[False],
        next=90211,
    )
    symbol: str
    seq: list[int]
    time: list[str]
    price: list[float]
    quantity: list[float]
    side: list[str]
    trade: list[int]
    auction: list[bool]
    busted: list[bool]
    next: int | None


class QuotesOut(Model):
    """Best bids and asks as columns, in order; null where a side was empty."""

    model_config: ClassVar[ConfigDict] = example(
        symbol="HARBOR",
        seq=[90209],
        time=[_TIME],
        bid=[20.04],
        bid_quantity=[300.0],
        ask=[20.05],
        ask_quantity=[200.0],
        next=90209,
    )
    symbol: str
    seq: list[int]
    time: list[str]
    bid: list[float | None]
    bid_quantity: list[float]
    ask: list[float | None]
    ask_quantity: list[float]
    next: int | None


class NewsOut(Model):
    """One announcement; no symbols means all of them."""

    model_config: ClassVar[ConfigDict] = example(
        number=1,
        time=_TIME,
        headline="HARBOR wins the contract",
        body="",
        symbols=["HARBOR"],
        author="Dr. Lee",
    )
    number: int
    time: str
    headline: str
    body: str
    symbols: list[str]
    author: str


class NewsListOut(Model):
    """Announcements, the newest first."""

    model_config: ClassVar[ConfigDict] = example(news=[])
    news: list[NewsOut]


class StandingOut(Model):
    """One line of the leaderboard; what only the teachers see is null for others."""

    model_config: ClassVar[ConfigDict] = example(
        rank=1,
        account=4,
        name="ann",
        equity=100010.0,
        pnl=10.0,
        drawdown=-0.0012,
        breaches=0,
        fills=3,
        open_orders=1,
        state="active",
    )
    rank: int
    account: int
    name: str
    equity: float
    pnl: float
    drawdown: float
    breaches: int | None
    fills: int | None
    open_orders: int | None
    state: str | None


class LeaderboardOut(Model):
    """Everybody who is seated, by profit. `drawdown` is a fraction ≤ 0 of the peak before it.

    `as_of` is the time whose standings these are.
    """

    model_config: ClassVar[ConfigDict] = example(
        standings=[], hidden=False, mode="live", delay_seconds=0.0, as_of=_TIME, time=_TIME, seq=90210
    )
    standings: list[StandingOut]
    hidden: bool
    mode: Literal["live", "hidden", "delayed"]
    delay_seconds: float
    as_of: str
    time: str
    seq: int
