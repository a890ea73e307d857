"""A day of made-up numbers in the shape of a review: for what a page draws, not for what is true."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import polars as pl

from dashboards.parts.review_source import Looks, NoReviewError, Opened, Session
from workbench.analytics.columns import Table
from workbench.analytics.records import About, BookAt, WithoutAccount
from workbench.analytics.tables import (
    CANDLES,
    CASH_ENTRIES,
    DRAWDOWNS,
    EQUITY,
    FILLS,
    INSTRUMENTS,
    LEVELS,
    MARKOUT_CURVE,
    MARKOUTS,
    ORDERS,
    ROUND_TRIPS,
    SUMMARY,
    TRADES,
    WHAT_IF_ACCOUNTS,
    WHAT_IF_INSTRUMENTS,
    WHAT_IF_PRICES,
    WORKING,
)

OPEN = int(datetime(2025, 3, 18, 13, 30, tzinfo=UTC).timestamp()) * 10**9
MINUTE = 60 * 10**9
MINUTES = 120
TRIPS = 12


def frame(table: Table, **columns: object) -> pl.DataFrame:
    """A frame of a table; columns that are not given are null."""
    length = max((len(each) for each in columns.values()), default=0)  # type: ignore[arg-type]
    series = []
    for column in table.columns:
        given = columns.pop(column.name, [None] * length)
        series.append(
            pl.Series(column.name, list(given), dtype=pl.Int64 if column.unit == "UTC" else column.type)
        )  # type: ignore[call-overload]
    assert not columns, columns
    made = pl.DataFrame(series)
    return made.with_columns(
        pl.col(each.name).cast(each.type) for each in table.columns if each.unit == "UTC"
    )


def path() -> np.ndarray:
    """The price at each minute."""
    return 100 + np.cumsum(np.random.default_rng(7).normal(0, 0.06, MINUTES)).round(2)


class MadeReview:
    """`workbench.session.review.Review` without a session; with `quiet`, of somebody who never traded."""

    def __init__(self, account: str = "ann", *, quiet: bool = False) -> None:
        self.quiet = quiet
        self.books: list[tuple[str, int]] = []
        self.about = About(
            "monday",
            "A day at the harbor",
            account,
            "ann",
            "America/New_York",
            "USD",
            OPEN - 5 * MINUTE,
            OPEN,
            OPEN + MINUTES * MINUTE,
            True,
            9_000,
        )

    def instruments(self) -> pl.DataFrame:
        return frame(
            INSTRUMENTS,
            symbol=["HARBOR", "QUIET"],
            currency=["USD"] * 2,
            increment=[0.01] * 2,
            lot_size=[1.0] * 2,
            multiplier=[1.0] * 2,
            price_decimals=[2, 2],
            quantity_decimals=[0, 0],
            trades=[900, 3],
            volume=[90_000.0, 30.0],
            fills=[0 if self.quiet else 2 * TRIPS, 0],
        )

    def candles(self, symbol: str, interval: str = "1min") -> pl.DataFrame:  # noqa: ARG002
        if symbol != "HARBOR":
            return frame(CANDLES)
        price = path()
        opened = np.roll(price, 1)
        opened[0] = 100
        return frame(
            CANDLES,
            time=OPEN + np.arange(MINUTES) * MINUTE,
            open=opened,
            close=price,
            high=np.maximum(opened, price) + 0.03,
            low=np.minimum(opened, price) - 0.03,
            volume=np.random.default_rng(3).integers(100, 900, MINUTES).astype(float),
            vwap=(opened + price) / 2,
            trades=[5] * MINUTES,
        )

    def _trips(self) -> list[tuple[int, int, int, float, float]]:
        """Side, minute of entry and exit, price of each."""
        price = path()
        rng = np.random.default_rng(5)
        made = []
        for number in range(0 if self.quiet else TRIPS):
            begin = 3 + number * 9
            end = begin + int(rng.integers(1, 8))
            made.append((1 if rng.random() < 0.5 else -1, begin, end, float(price[begin]), float(price[end])))
        return made

    def round_trips(self) -> pl.DataFrame:
        trips = self._trips()
        gross = np.array([side * (out - into) * 100 for side, _, _, into, out in trips])
        up = [max(each, 0) + 9.0 for each in gross]
        down = [min(each, 0) - 6.0 for each in gross]
        count = len(trips)
        return frame(
            ROUND_TRIPS,
            number=range(1, count + 1),
            symbol=["HARBOR"] * count,
            side=["BUY" if each[0] > 0 else "SELL" for each in trips],
            result=["win" if each > 0.6 else "loss" for each in gross],
            opened=[OPEN + each[1] * MINUTE for each in trips],
            closed=[OPEN + each[2] * MINUTE for each in trips],
            held_s=[60.0 * (each[2] - each[1]) for each in trips],
            quantity=[100.0] * count,
            fills=[2] * count,
            entry_quantity=[100.0] * count,
            entry_price=[each[3] for each in trips],
            exit_quantity=[100.0] * count,
            exit_price=[each[4] for each in trips],
            gross=gross,
            fees=[0.6] * count,
            net=gross - 0.6,
            net_bp=(gross - 0.6),
            mae=down,
            mae_ticks=list(down),
            mfe=up,
            mfe_ticks=up,
            capture=[g / m for g, m in zip(gross, up, strict=True)],
            give_back=[m - g for g, m in zip(gross, up, strict=True)],
            opened_seq=range(count),
            closed_seq=range(count),
        )

    def fills(self) -> pl.DataFrame:
        rows = []
        for number, (side, begin, end, into, out) in enumerate(self._trips(), 1):
            rows.append(
                (OPEN + begin * MINUTE, "BUY" if side > 0 else "SELL", into, number, side * 100.0, "taker")
            )
            rows.append((OPEN + end * MINUTE, "SELL" if side > 0 else "BUY", out, number, 0.0, "maker"))
        count = len(rows)
        return frame(
            FILLS,
            seq=range(1, count + 1),
            time=[each[0] for each in rows],
            symbol=["HARBOR"] * count,
            trade_id=range(count),
            order_id=range(101, 101 + count),
            order=[None] * count,
            side=[each[1] for each in rows],
            liquidity=[each[5] for each in rows],
            price=[each[2] for each in rows],
            quantity=[100.0] * count,
            value=[each[2] * 100 for each in rows],
            fee=[0.3] * count,
            position=[each[4] for each in rows],
            realised=[0.0] * count,
            leaves=[0.0] * count,
            mid=[each[2] - 0.005 for each in rows],
            spread_bp=[1.0] * count,
            round_trip=[each[3] for each in rows],
        )

    def orders(self) -> pl.DataFrame:
        fills = self.fills()
        count = len(fills)
        return frame(
            ORDERS,
            order_id=fills["order_id"],
            order=["mine"] * count,
            symbol=fills["symbol"],
            side=fills["side"],
            type=["LIMIT"] * count,
            time_in_force=["DAY"] * count,
            state=["FILLED"] * count,
            price=fills["price"],
            quantity=fills["quantity"],
            filled=fills["quantity"],
            average_price=fills["price"],
            maker_quantity=[0.0] * count,
            fees=[0.3] * count,
            queue_ahead=[40.0] * count,
            created=[each - 30 * 10**9 for each in _ns(fills)],
            rested=[each - 30 * 10**9 for each in _ns(fills)],
            first_fill=_ns(fills),
            last_fill=_ns(fills),
            ended=_ns(fills),
            to_first_fill_s=[30.0] * count,
            created_seq=range(count),
        )

    def equity(self) -> pl.DataFrame:
        trips = self.round_trips()
        closes = dict(zip(_ns(trips, "closed"), trips["net"], strict=True)) if len(trips) else {}
        times = [OPEN + each * MINUTE for each in range(MINUTES)]
        pnl = np.cumsum([closes.get(each, 0.0) for each in times])
        peak = np.maximum.accumulate(np.maximum(pnl, 0)) + 100_000
        value = pnl + 100_000
        return frame(
            EQUITY,
            time=times,
            seq=range(MINUTES),
            equity=value,
            cash=value,
            position_value=[0.0] * MINUTES,
            pnl=pnl,
            realised=pnl,
            unrealised=[0.0] * MINUTES,
            fees=[0.0] * MINUTES,
            peak=peak,
            drawdown=value - peak,
            drawdown_share=(value - peak) / peak,
        )

    def drawdowns(self) -> pl.DataFrame:
        if self.quiet:
            return frame(DRAWDOWNS)
        return frame(
            DRAWDOWNS,
            number=[1],
            peak_time=[OPEN + 9 * MINUTE],
            peak=[100_050.0],
            valley_time=[OPEN + 40 * MINUTE],
            valley=[100_010.0],
            recovery_time=[None],
            depth=[-40.0],
            depth_share=[-0.0004],
            fall_s=[1860.0],
            recovery_s=[None],
            under_water_s=[6660.0],
        )

    def cash_entries(self) -> pl.DataFrame:
        if self.quiet:
            return frame(CASH_ENTRIES)
        return frame(
            CASH_ENTRIES,
            seq=[7, 8],
            time=[OPEN + 20 * MINUTE, OPEN + 30 * MINUTE],
            reason=["DEPOSIT", "FINE"],
            symbol=[None, None],
            amount=[500.0, -25.0],
            text=[None, "quoted no market for ten minutes"],
        )

    def markouts(self) -> pl.DataFrame:
        fills = self.fills()
        rows = [
            (seq, liquidity, horizon, (seq % 5 - 2) * np.log1p(horizon))
            for seq, liquidity in fills.select("seq", "liquidity").rows()
            for horizon in (1, 10, 60, 300)
        ]
        count = len(rows)
        return frame(
            MARKOUTS,
            seq=[each[0] for each in rows],
            time=[OPEN] * count,
            symbol=["HARBOR"] * count,
            side=["BUY"] * count,
            liquidity=[each[1] for each in rows],
            price=[100.0] * count,
            quantity=[100.0] * count,
            horizon_s=[each[2] for each in rows],
            mid=[100.0] * count,
            markout=[each[3] / 100 for each in rows],
            ticks=[each[3] for each in rows],
            bp=[each[3] for each in rows],
            value=[each[3] for each in rows],
        )

    def markout_curve(self) -> pl.DataFrame:
        if self.quiet:
            return frame(MARKOUT_CURVE)
        names = [name for name in ("maker", "taker", "all") for _ in range(5)]
        ticks = [0.5, 1.0, 2.0, 1.0, 3.0, -0.5, -1.0, -1.0, -2.0, -4.0, 0.0, 0.0, 0.5, -0.5, -0.5]
        return frame(
            MARKOUT_CURVE,
            liquidity=names,
            horizon_s=[0, 1, 10, 60, 300] * 3,
            fills=[12] * 15,
            quantity=[1200.0] * 15,
            ticks=ticks,
            bp=ticks,
            value=[each * 12 for each in ticks],
        )

    def summary(self) -> pl.DataFrame:
        rows = [
            ("result", "net_pnl", "Net PnL", float(self.round_trips()["net"].sum()), "currency", ""),
            ("result", "fees", "Fees", 7.2, "currency", ""),
            ("risk", "max_drawdown", "Deepest fall", -40.0, "currency", ""),
            ("trades", "trades", "Trades", float(len(self._trips())), "count", ""),
            ("trades", "win_rate", "Won", None if self.quiet else 0.5, "share", "no trade was won or lost"),
            (
                "trades",
                "profit_factor",
                "Profit factor",
                None if self.quiet else 1.3,
                "ratio",
                "no trade was lost",
            ),
        ]
        return frame(
            SUMMARY,
            group=[each[0] for each in rows],
            statistic=[each[1] for each in rows],
            label=[each[2] for each in rows],
            value=[each[3] for each in rows],
            unit=[each[4] for each in rows],
            about=["As people reckon it"] * len(rows),
            reason=[each[5] if each[3] is None else None for each in rows],
        )

    def book(self, symbol: str, at_ns: int, levels: int = 15) -> BookAt:
        self.books.append((symbol, at_ns))
        minute = min(max((at_ns - OPEN) // MINUTE, 0), MINUTES - 1)
        mid = float(path()[minute])

        def side(sign: int) -> pl.DataFrame:
            count = min(levels, 10)
            return frame(
                LEVELS,
                price=[round(mid + sign * 0.01 * (each + 1), 2) for each in range(count)],
                quantity=[100.0 * (1 + (each * 7 + minute) % 9) for each in range(count)],
                orders=[3] * count,
                own_quantity=[60.0 if each == 2 else 0.0 for each in range(count)],
                own_orders=[int(each == 2) for each in range(count)],
            )

        own = frame(
            WORKING,
            order_id=[7, 8],
            order=["mine", None],
            side=["BUY", "SELL"],
            type=["LIMIT", "STOP"],
            place=["book", "held"],
            price=[round(mid - 0.03, 2), None],
            trigger_price=[None, round(mid - 1, 2)],
            quantity=[100.0, 100.0],
            leaves=[60.0, None],
            shown=[60.0, None],
            orders_ahead=[2, None],
            quantity_ahead=[240.0, None],
            since=[at_ns - MINUTE, at_ns - MINUTE],
        )
        return BookAt(
            symbol, at_ns, int(minute), at_ns, "continuous", mid, side(-1), side(1), own, 100.0, 100_000.0
        )

    def tape(self, symbol: str, at_ns: int, rows: int = 50) -> pl.DataFrame:  # noqa: ARG002
        first = max((at_ns - OPEN) // (10 * 10**9), 0)
        count = min(rows, first)
        return frame(
            TRADES,
            seq=[first - each for each in range(count)],
            time=[OPEN + (first - each) * 10**10 for each in range(count)],
            trade_id=range(count),
            price=[100.0] * count,
            quantity=[10.0] * count,
            side=["BUY" if each % 2 else "SELL" for each in range(count)],
            own_side=["BUY" if each == 1 else None for each in range(count)],
            auction=[False] * count,
        )

    def what_if(self) -> WithoutAccount:
        price = path()
        rows = {
            "measure": ["net_pnl", "fills"],
            "recorded": [50.0, 24.0],
            "what_if": [0.0, 0.0],
            "difference": [50.0, 24.0],
        }
        own = frame(WHAT_IF_ACCOUNTS, account=[self.about.account] * 2, **rows)
        market = frame(WHAT_IF_INSTRUMENTS, symbol=["HARBOR"] * 2, **rows)
        prices = frame(
            WHAT_IF_PRICES,
            symbol=["HARBOR"] * MINUTES,
            time=OPEN + np.arange(MINUTES) * MINUTE,
            recorded=price,
            what_if=price - 0.02,
            difference=[0.02] * MINUTES,
            ticks=[2.0] * MINUTES,
        )
        return WithoutAccount(
            self.about.account,
            "What others sent is held fixed.",
            24,
            3,
            False,
            own,
            own,
            market,
            own,
            own,
            prices,
        )


def _ns(rows: pl.DataFrame, name: str = "time") -> list[int]:
    return rows[name].dt.epoch("ns").to_list()


class MadeSource:
    """A source of made-up days: of `ann` and, for who runs sessions, of `idle`, who never traded."""

    def __init__(self, *, runs: bool = False, looks: Looks | None = None) -> None:
        self.runs = runs
        self.given = looks or Looks()

    def looks(self) -> Looks:
        return self.given

    def close(self) -> None:
        """Nothing to let go of."""

    def sessions(self) -> tuple[Session, ...]:
        return (
            Session("tuesday", "Another day", "", "2025-03-19T20:00:00.000000000Z"),
            Session("monday", "A day at the harbor", "seat-1"),
        )

    def what_if(self, reviewed: MadeReview) -> WithoutAccount:
        return reviewed.what_if()

    def open(self, session: str, account: str) -> Opened:
        if session == "running":
            raise NoReviewError(
                "open", "The session is open: its review is there once it has closed.", session
            )
        reviewed = MadeReview(account or "ann", quiet=account == "idle")
        return Opened(reviewed, (("ann", "ann"), ("idle", "ida")) if self.runs else (), self.runs)
