from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import workbench as wb
from tests.projections.streams_of_events import (
    EVERY_PROFILE,
    EVERY_VENUE,
    VENUES,
    assert_is_a_fold,
    recorded,
    split,
)
from workbench.domain.calendars import wall_ns
from workbench.domain.codes import EventKind, Side
from workbench.domain.commands import batch, clock, new_order
from workbench.domain.commands import split as split_command
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import SHADOW, TRADE_EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.errors import ConfigError
from workbench.feed.candles import candles
from workbench.projections.candles import INTERVALS_NS, Candles, candle_rows

NEW_YORK = "America/New_York"


def at_once(events: Records, venue: Venue, interval: str, zone: str = "UTC") -> pa.Table:
    """Candles of all market trades in one go."""
    trades = events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT)
    trades = trades[trades["flags"] & SHADOW == 0]
    columns = (
        np.ascontiguousarray(trades[name])
        for name in ("time_ns", "instrument", "price_ticks", "quantity_lots")
    )
    return candle_rows(candles(*columns, INTERVALS_NS[interval], zone=zone), venue)


def ordered(*tables: pa.Table) -> pa.Table:
    rows = pa.concat_tables(tables).unify_dictionaries()
    names = [name for name in rows.column_names if name != "symbol"]
    plain = rows.set_column(0, "symbol", rows["symbol"].cast(pa.string())).select(["symbol", *names])
    return plain.sort_by([("symbol", "ascending"), ("time", "ascending")]).combine_chunks()


@pytest.mark.kernel
@EVERY_PROFILE
@EVERY_VENUE
def test_candles_are_those_of_all_trades_at_once(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    events = recorded(venue, profile, 1, scaled(600)).events
    folded = Candles(VENUES[venue])
    random = np.random.default_rng(len(profile))
    taken: dict[str, list[pa.Table]] = {interval: [] for interval in INTERVALS_NS}
    for some in split(events, 4, 100):
        folded.apply(some)
        if random.random() < 0.2:
            for interval, rows in taken.items():
                rows.append(folded.take_rows(interval))
    for interval, rows in taken.items():
        got = ordered(*rows, folded.take_rows(interval), folded.remaining_rows(interval))
        assert got.equals(ordered(at_once(events, VENUES[venue], interval)))
        assert folded.take_rows(interval).num_rows == 0


@pytest.mark.kernel
@EVERY_PROFILE
@EVERY_VENUE
def test_candles_are_a_fold(venue: str, profile: str, scaled: Callable[[int], int]) -> None:
    events = recorded(venue, profile, 1, scaled(600)).events
    assert_is_a_fold(lambda venue: Candles(venue, NEW_YORK), VENUES[venue], events, seed=6)


def test_candles_hold_the_markets_volume_and_nothing_else() -> None:
    recording = recorded("frozen", "history", 1, 600)
    exchange = Exchange(VENUES["frozen"])
    exchange.step(recording.commands)
    trades = recording.events[recording.events["kind"] == EventKind.TRADE]
    assert (trades["flags"] & SHADOW != 0).any()
    folded = Candles(VENUES["frozen"])
    folded.apply(recording.events)
    for interval in INTERVALS_NS:
        rows = ordered(folded.take_rows(interval), folded.remaining_rows(interval))
        rows = rows.drop_columns(["time"]).to_pylist()
        for instrument, view in zip(VENUES["frozen"].instruments, exchange.instruments(), strict=True):
            own = [row for row in rows if row["symbol"] == instrument.symbol]
            assert sum(row["volume_lots"] for row in own) == view["volume_lots"]
            assert sum(row["trades"] for row in own) == view["trades"]
            assert own[-1]["close_ticks"] == view["last_price_ticks"]


# ---------------------------------------------------------------------- by hand

ONE = Venue(
    [Instrument("ONE", "1", "100"), Instrument("TWO", "1", "100")],
    [Account("ann", cash=10**6), Account("bob", cash=10**6)],
)


def traded(time_ns: int, lots: int, price: int, instrument: int = 0) -> Records:
    return batch(
        [
            new_order(time_ns, 2, instrument, Side.SELL, lots, price),
            new_order(time_ns, 3, instrument, Side.BUY, lots, price),
        ]
    )


def test_a_candle_is_open_until_its_time_is_over() -> None:
    second = INTERVALS_NS["1s"]
    exchange, folded = Exchange(ONE), Candles(ONE)
    folded.apply(exchange.step(traded(10 * second, 5, 1_000)))
    folded.apply(exchange.step(traded(11 * second - 1, 7, 1_010)))
    (candle,) = folded.opened("1s")
    assert candle.tolist() == (0, 2, 10 * second, 1_000, 1_010, 1_000, 1_010, 12, 12_070)
    assert folded.take_rows("1s").num_rows == 0
    # Nobody trades, but an event of another instrument says that the second is over.
    folded.apply(exchange.step(new_order(11 * second, 2, 1, Side.BUY, 1, 900)))
    assert len(folded.opened("1s")) == 0
    assert len(folded.opened("1min")) == 1
    rows = folded.take_rows("1s")
    assert rows["time"].cast(pa.int64()).to_pylist() == [10 * second]
    assert rows.drop_columns(["time"]).to_pylist() == [
        {
            "symbol": "ONE",
            "trades": 2,
            "open_ticks": 1_000,
            "high_ticks": 1_010,
            "low_ticks": 1_000,
            "close_ticks": 1_010,
            "volume_lots": 12,
            "notional": 12_070,
        }
    ]


def test_days_are_those_of_the_exchange() -> None:
    late, early = wall_ns(date(2025, 3, 8), "23:59", NEW_YORK), wall_ns(date(2025, 3, 9), "00:01", NEW_YORK)
    after = wall_ns(date(2025, 3, 9), "23:59", NEW_YORK)
    rows = [traded(late, 1, 1_000), traded(early, 2, 1_010), traded(after, 4, 1_020)]
    events = Exchange(ONE).step(batch(rows))
    local, utc = Candles(ONE, NEW_YORK), Candles(ONE)
    for folded in (local, utc):
        folded.apply(events)
    assert ordered(local.take_rows("1d"))["volume_lots"].to_pylist() == [1]
    # The day has 23 hours, for the clocks were set forward.
    assert local.opened("1d")[["start_ns", "volume_lots"]].tolist() == [
        (wall_ns(date(2025, 3, 9), "00:00", NEW_YORK), 6)
    ]
    assert utc.take_rows("1d")["volume_lots"].to_pylist() == [3]
    assert utc.opened("1d")["volume_lots"].tolist() == [4]
    # A checkpoint keeps the zone.
    again = Candles.restore(ONE, local.checkpoint())
    assert again.zone == NEW_YORK
    assert np.array_equal(again.opened("1d"), local.opened("1d"))


def test_prices_stay_as_they_were_traded_through_a_split() -> None:
    rows = [traded(1, 10, 1_000), split_command(2, 0, 2, 1), traded(3, 20, 500)]
    folded = Candles(ONE)
    folded.apply(Exchange(ONE).step(batch(rows)))
    (candle,) = folded.opened("1d")
    assert candle[["open_ticks", "close_ticks", "volume_lots"]].tolist() == (1_000, 500, 30)


def test_a_clock_that_says_nothing_leaves_a_candle_open() -> None:
    # Only events tell the time; a CLOCK to which nothing happens has none.
    exchange, folded = Exchange(ONE), Candles(ONE)
    folded.apply(exchange.step(traded(1, 5, 1_000)))
    folded.apply(exchange.step(clock(10**18)))
    assert len(folded.opened("1s")) == 1


def test_what_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"no candles of '2s'; choose one of 1s, 1min, 5min, 1h, 1d"):
        Candles(ONE).opened("2s")
    with pytest.raises(ConfigError, match="no time zone is called 'Mars'"):
        Candles(ONE, "Mars")


@pytest.mark.parametrize(
    "file",
    [
        "l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst",
        "lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst",
    ],
    ids=["ARL", "GOOG"],
)
def test_a_real_day(shared: Path, file: str) -> None:
    market = wb.replay(shared / "data" / file)
    market.run()
    folded = Candles(market.venue, market.zone)
    for some in split(market.events, 7, 5_000):
        folded.apply(some)
    for interval in INTERVALS_NS:
        got = ordered(folded.take_rows(interval), folded.remaining_rows(interval))
        assert got.equals(ordered(at_once(market.events, market.venue, interval, market.zone)))
    assert (
        folded.opened("1d")["volume_lots"].tolist() == market.exchange.instruments()["volume_lots"].tolist()
    )
