"""Sessions and wall clocks, across the days on which the clocks change."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.calendars import (
    ALWAYS_OPEN,
    US_EQUITIES,
    Calendar,
    clock_ns,
    local_time,
    wall_ns,
    zone_of,
)
from workbench.errors import ConfigError
from workbench.feed.times import parse_times

HOUR_NS = 3_600_000_000_000
DAY_NS = 24 * HOUR_NS
NEW_YORK = "America/New_York"
MONDAY = date(2025, 3, 10)


def utc_ns(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * 1_000_000_000  # type: ignore[misc, arg-type]


class TestUsEquities:
    @pytest.mark.parametrize(
        ("day", "opens", "closes"),
        [
            # Winter, the Monday after the clocks went forward, summer, and the Monday after they went back.
            (date(2025, 3, 7), (2025, 3, 7, 14, 30), (2025, 3, 7, 21, 0)),
            (date(2025, 3, 10), (2025, 3, 10, 13, 30), (2025, 3, 10, 20, 0)),
            (date(2025, 10, 31), (2025, 10, 31, 13, 30), (2025, 10, 31, 20, 0)),
            (date(2025, 11, 3), (2025, 11, 3, 14, 30), (2025, 11, 3, 21, 0)),
            (date(1969, 12, 31), (1969, 12, 31, 14, 30), (1969, 12, 31, 21, 0)),
        ],
    )
    def test_hours_follow_the_clocks_of_new_york(
        self, day: date, opens: tuple[int, ...], closes: tuple[int, ...]
    ) -> None:
        assert US_EQUITIES.session_open_ns(day) == utc_ns(*opens)
        assert US_EQUITIES.session_close_ns(day) == utc_ns(*closes)

    def test_weekends_are_closed(self) -> None:
        week = [US_EQUITIES.is_session(MONDAY + timedelta(days=days)) for days in range(7)]
        assert week == [True] * 5 + [False] * 2

    def test_holidays_are_the_users(self) -> None:
        assert US_EQUITIES.is_session(date(2025, 7, 4))
        calendar = US_EQUITIES.with_holidays(["2025-07-04"]).with_holidays([date(2025, 12, 25)])
        assert not calendar.is_session(date(2025, 7, 4))
        assert not calendar.is_session(date(2025, 12, 25))
        assert calendar.is_session(date(2025, 7, 3))
        assert calendar.holidays == {date(2025, 7, 4), date(2025, 12, 25)}

    @pytest.mark.parametrize(("day", "why"), [(date(2025, 7, 4), "holiday"), (date(2025, 7, 5), "weekend")])
    def test_days_without_a_session_are_refused(self, day: date, why: str) -> None:
        calendar = US_EQUITIES.with_holidays([date(2025, 7, 4)])
        message = f"^calendar 'US_EQUITIES': {day} is a {why}, without a session; choose another day$"
        for ask in (calendar.session_open_ns, calendar.session_close_ns):
            with pytest.raises(ConfigError, match=message):
                ask(day)


def test_half_days_close_early_and_are_sessions() -> None:
    half = US_EQUITIES.with_early_closes([("2025-07-03", "13:00"), (date(2025, 11, 28), "12:30")])
    # 13:00 in summer and 12:30 in winter.
    assert half.session_close_ns(date(2025, 7, 3)) == 1_751_562_000_000_000_000
    assert half.session_close_ns(date(2025, 11, 28)) == 1_764_351_000_000_000_000
    for day in (date(2025, 7, 2), date(2025, 11, 26)):
        assert half.session_close_ns(day) == US_EQUITIES.session_close_ns(day)
    later = half.with_early_closes([("2025-07-03", "14:00")])
    assert later.session_close_ns(date(2025, 7, 3)) == 1_751_565_600_000_000_000
    with pytest.raises(ConfigError, match="2025-07-03 closes early at '09:30', which is not after the open"):
        half.with_early_closes([("2025-07-03", "09:30")])


def test_always_open_leaves_no_gap() -> None:
    days = [date(2025, 12, 30) + timedelta(days=number) for number in range(10)]
    assert all(ALWAYS_OPEN.is_session(day) for day in days)
    for day, after in pairwise(days):
        assert ALWAYS_OPEN.session_close_ns(day) == ALWAYS_OPEN.session_open_ns(after)
        assert ALWAYS_OPEN.session_close_ns(day) - ALWAYS_OPEN.session_open_ns(day) == DAY_NS


def test_a_close_before_the_open_is_on_the_next_day() -> None:
    futures = Calendar("FUT", "America/Chicago", "17:00", "16:00", weekend=(4, 5))
    assert futures.session_open_ns(date(2025, 7, 17)) == utc_ns(2025, 7, 17, 22)
    assert futures.session_close_ns(date(2025, 7, 17)) == utc_ns(2025, 7, 18, 21)
    # 23 hours by the wall are 22 when the clocks go forward in between.
    saturday_to_sunday = Calendar("FUT", "America/Chicago", "17:00", "16:00", weekend=())
    length = saturday_to_sunday.session_close_ns(date(2025, 3, 9)) - utc_ns(2025, 3, 8, 23)
    assert length == 46 * HOUR_NS
    saturday = date(2025, 3, 8)
    assert (
        saturday_to_sunday.session_close_ns(saturday) - saturday_to_sunday.session_open_ns(saturday)
        == 22 * HOUR_NS
    )


class TestClockTimes:
    @pytest.mark.parametrize(
        ("clock", "expected"),
        [
            ("00:00", 0),
            ("9:30", 34_200 * 10**9),
            ("10:30:15", 37_815 * 10**9),
            ("10:30:00.5", 37_800 * 10**9 + 500_000_000),
            ("10:30:00.123456789", 37_800 * 10**9 + 123_456_789),
            ("23:59:59.999999999", DAY_NS - 1),
        ],
    )
    def test_are_exact_to_the_nanosecond(self, clock: str, expected: int) -> None:
        assert clock_ns(clock) == expected
        assert wall_ns(date(1970, 1, 1), clock, "UTC") == expected

    @pytest.mark.parametrize(
        "clock",
        ["", "noon", "24:00", "12:60", "12:00:60", "1200", "12:00:00.", "12:00:00.1234567890", "-1:00"],
    )
    def test_that_do_not_exist_are_refused(self, clock: str) -> None:
        with pytest.raises(ConfigError, match="is no time: expected a clock time that exists"):
            US_EQUITIES.to_ns(MONDAY, clock)

    @pytest.mark.parametrize("clock", [" 9:30", "09:30Z", "09:30\n", "٠٩:٣٠"])
    def test_with_anything_else_are_refused(self, clock: str) -> None:
        with pytest.raises(ConfigError, match="is no time: expected a clock time that exists"):
            US_EQUITIES.to_ns(MONDAY, clock)

    def test_that_a_day_skips_or_has_twice_are_refused(self) -> None:
        message = "^'02:30' is no time: on 2025-03-09 America/New_York has it twice or not at all, .*; write"
        with pytest.raises(ConfigError, match=message):
            US_EQUITIES.to_ns(date(2025, 3, 9), "02:30")
        for clock in ("02:00", "02:59:59.999999999"):
            with pytest.raises(ConfigError, match="twice or not at all"):
                US_EQUITIES.to_ns(date(2025, 3, 9), clock)
        for clock in ("01:00", "01:59:59.999999999"):
            with pytest.raises(ConfigError, match="twice or not at all"):
                US_EQUITIES.to_ns(date(2025, 11, 2), clock)

    def test_just_beside_the_change_are_fine(self) -> None:
        calendar = US_EQUITIES
        before = calendar.to_ns(date(2025, 3, 9), "01:59:59.999999999")
        assert calendar.to_ns(date(2025, 3, 9), "03:00") - before == 1
        before = calendar.to_ns(date(2025, 11, 2), "00:59:59.999999999")
        assert calendar.to_ns(date(2025, 11, 2), "02:00") - before == 2 * HOUR_NS + 1


ZONES = [NEW_YORK, "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia", "UTC"]


@given(
    time_ns=st.integers(-(2**61), 2**62),
    zone=st.sampled_from(ZONES),
)
def test_local_time_agrees_with_the_standard_library(time_ns: int, zone: str) -> None:
    shown = local_time(time_ns, zone)
    assert shown.tzinfo == ZoneInfo(zone)
    since = shown - datetime(1970, 1, 1, tzinfo=UTC)
    assert (since // timedelta(microseconds=1)) == time_ns // 1000


@given(
    moment=st.datetimes(datetime(1980, 1, 1), datetime(2037, 12, 31)),  # noqa: DTZ001 - a wall shows no zone
    zone=st.sampled_from(ZONES),
)
def test_the_wall_and_back(moment: datetime, zone: str) -> None:
    clock = moment.time().isoformat()
    column = pl.Series([clock])
    try:
        time_ns = wall_ns(moment.date(), clock, zone)
    except ConfigError:
        # The readers of files refuse the same.
        with pytest.raises(Exception, match="twice or not at all"):
            parse_times(column, "", zone, moment.date())
        return
    assert local_time(time_ns, zone).replace(tzinfo=None) == moment
    assert parse_times(column, "", zone, moment.date()).tolist() == [time_ns]


class TestWhatIsRefused:
    @pytest.mark.parametrize("zone", ["", "New York", "Mars/Olympus", "../UTC", "America", "\0", None, 5])
    def test_unknown_zones(self, zone: str) -> None:
        with pytest.raises(ConfigError, match=r"no time zone is called .*; give an IANA name such as"):
            zone_of(zone)
        with pytest.raises(ConfigError, match=r"^calendar 'X': no time zone is called"):
            Calendar("X", zone, "09:00", "10:00")

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"open": "nine"}, "'nine' is no time"),
            ({"close": "24:00"}, "'24:00' is no time"),
            ({"holidays": ["2025-02-30"]}, "holiday '2025-02-30' is no day"),
            ({"holidays": [datetime(2025, 1, 1, tzinfo=UTC)]}, "is no day"),
            ({"holidays": [20250101]}, "is no day"),
            ({"weekend": [7]}, "are no weekdays; 0 is Monday"),
        ],
    )
    def test_calendars_that_make_no_sense(self, settings: dict[str, object], message: str) -> None:
        plain = {"timezone": "UTC", "open": "09:00", "close": "17:00"}
        with pytest.raises(ConfigError, match=f"^calendar 'X': .*{message}"):
            Calendar("X", **{**plain, **settings})  # type: ignore[arg-type]
