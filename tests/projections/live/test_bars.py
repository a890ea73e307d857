"""Bars of any timeframe, on the days of an exchange."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.calendars import wall_ns
from workbench.domain.config import Venue
from workbench.domain.instruments import Instrument
from workbench.errors import ConfigError
from workbench.projections.live.bars import MINUTE_NS, Bar, Days, Timeframe, Unit, between, joined
from workbench.projections.live.market import LiveMarket, Trade

NEW_YORK = "America/New_York"


def at(day: date, clock: str) -> int:
    return wall_ns(day, clock, NEW_YORK)


def market(*trades: tuple[int, int, int]) -> LiveMarket:
    made = LiveMarket(Venue([Instrument("ONE", "1", "100")]), 0, Days(NEW_YORK))
    for number, (time_ns, price, lots) in enumerate(trades, start=1):
        made.add_trade(Trade(number, time_ns, price, lots, number, 1, 0), in_uncross=False)
    return made


def shown(bars: list[Bar]) -> list[tuple[Any, ...]]:
    return [
        (
            bar.start_ns,
            bar.open_ticks,
            bar.high_ticks,
            bar.low_ticks,
            bar.close_ticks,
            bar.volume_lots,
            bar.trades,
        )
        for bar in bars
    ]


MONDAY, TUESDAY = date(2025, 3, 10), date(2025, 3, 11)


def test_timeframes_are_counted_on_the_exchanges_clocks() -> None:
    made = market(
        (at(MONDAY, "09:30"), 1_000, 10),
        (at(MONDAY, "09:30:59.999"), 1_010, 10),
        (at(MONDAY, "09:31"), 990, 5),
        (at(MONDAY, "09:44"), 1_020, 5),
        (at(MONDAY, "10:05"), 1_005, 1),
        (at(TUESDAY, "09:30"), 1_100, 2),
        (at(date(2025, 3, 18), "12:00"), 1_200, 3),
        (at(date(2025, 4, 1), "00:00"), 1_300, 4),
    )
    assert shown(made.bars(Timeframe(1, Unit.MINUTE)))[:2] == [
        (at(MONDAY, "09:30"), 1_000, 1_010, 1_000, 1_010, 20, 2),
        (at(MONDAY, "09:31"), 990, 990, 990, 990, 5, 1),
    ]
    quarters = shown(made.bars(Timeframe(15, Unit.MINUTE), end_ns=at(TUESDAY, "00:00")))
    assert quarters == [
        (at(MONDAY, "09:30"), 1_000, 1_020, 990, 1_020, 30, 4),
        (at(MONDAY, "10:00"), 1_005, 1_005, 1_005, 1_005, 1, 1),
    ]
    hours = made.bars(Timeframe(4, Unit.HOUR))
    assert [bar.start_ns for bar in hours[:2]] == [at(MONDAY, "08:00"), at(TUESDAY, "08:00")]
    assert [bar.start_ns for bar in made.bars(Timeframe(1, Unit.DAY))] == [
        at(day, "00:00") for day in (MONDAY, TUESDAY, date(2025, 3, 18), date(2025, 4, 1))
    ]
    weeks = shown(made.bars(Timeframe(1, Unit.WEEK)))
    assert weeks[0] == (at(MONDAY, "00:00"), 1_000, 1_100, 990, 1_100, 33, 6)
    assert [week[0] for week in weeks] == [
        at(day, "00:00") for day in (MONDAY, date(2025, 3, 17), date(2025, 3, 31))
    ]
    months = made.bars(Timeframe(1, Unit.MONTH))
    assert [bar.start_ns for bar in months] == [at(date(2025, m, 1), "00:00") for m in (3, 4)]
    assert [bar.start_ns for bar in made.bars(Timeframe(3, Unit.MONTH))] == [
        at(date(2025, m, 1), "00:00") for m in (1, 4)
    ]
    assert made.day is made.days[-1]


def test_a_page_of_bars_that_begins_in_the_midst_of_one() -> None:
    made = market(*((at(MONDAY, "09:30") + n * MINUTE_NS, 1_000 + n, 1) for n in range(60)))
    frame = Timeframe(15, Unit.MINUTE)
    whole = shown(made.bars(frame))
    assert len(whole) == 4
    assert shown(made.bars(frame, at(MONDAY, "09:40"))) == whole[1:]
    assert shown(made.bars(frame, at(MONDAY, "09:45"), at(MONDAY, "10:15"))) == whole[1:3]
    assert made.bars(frame, at(TUESDAY, "09:45")) == []
    assert market().bars(Timeframe(1, Unit.DAY)) == []


def test_the_average_price_is_weighted_by_quantity() -> None:
    made = market((at(MONDAY, "09:30"), 1_000, 30), (at(MONDAY, "09:30"), 1_100, 10))
    assert made.minutes[0].vwap_ticks == 1_025
    assert Bar(0, 7, 7, 7, 7, 0, 0, 0).vwap_ticks == 7


@pytest.mark.parametrize(
    ("count", "unit"),
    [(0, Unit.MINUTE), (1441, Unit.MINUTE), (25, Unit.HOUR), (2, Unit.DAY), (2, Unit.WEEK), (5, Unit.MONTH)],
)
def test_a_timeframe_that_there_is_not(count: int, unit: Unit) -> None:
    with pytest.raises(ConfigError, match="there are no bars of"):
        Timeframe(count, unit)


def test_days_have_23_and_25_hours_where_clocks_change() -> None:
    days = Days(NEW_YORK)
    hour = 60 * MINUTE_NS
    for day, hours in ((date(2025, 3, 9), 23), (date(2025, 11, 2), 25), (MONDAY, 24)):
        start = days.begins_ns(day)
        assert start == at(day, "00:00")
        assert days.start_ns(start + hours * hour - 1) == start
        assert days.start_ns(start + hours * hour) == start + hours * hour


@given(
    st.lists(st.tuples(st.integers(0, 9_000), st.integers(100, 200), st.integers(1, 50)), max_size=60),
    st.sampled_from([2, 5, 15, 30, 45, 60, 240, 1440]),
)
def test_longer_bars_have_all_trades_of_the_minutes(trades: list[tuple[int, int, int]], minutes: int) -> None:
    start = at(MONDAY, "00:00")
    made = market(*sorted((start + second * MINUTE_NS // 2, price, lots) for second, price, lots in trades))
    frame = Timeframe(minutes, Unit.MINUTE)
    longer = made.bars(frame)
    assert sum(bar.volume_lots for bar in longer) == sum(lots for _, _, lots in trades)
    assert sum(bar.trades for bar in longer) == len(trades)
    assert sum(bar.value for bar in longer) == sum(price * lots for _, price, lots in trades)
    starts = [bar.start_ns for bar in longer]
    assert starts == sorted(set(starts))
    for bar in longer:
        inner = [one for one in made.minutes if made._days.frame_ns(one.start_ns, frame) == bar.start_ns]
        assert bar.high_ticks == max(one.high_ticks for one in inner)
        assert bar.low_ticks == min(one.low_ticks for one in inner)
        assert (bar.open_ticks, bar.close_ticks) == (inner[0].open_ticks, inner[-1].close_ticks)
    assert shown(joined(made.minutes, Timeframe(1, Unit.DAY), Days(NEW_YORK))) == shown(made.days)
    assert list(between(made.minutes, 0, start)) == []
