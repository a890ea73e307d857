"""Times and lengths of time in a scenario file."""

from datetime import UTC, date, datetime, time

import pytest

from workbench.errors import ConfigError
from workbench.session.moments import Clock, is_span, span_ns

CLOCK = Clock(date(2025, 3, 18), "America/New_York")
OPEN_NS = 1_742_304_600_000_000_000


@pytest.mark.parametrize(
    "given",
    [
        "09:30",
        "09:30:00.0",
        time(9, 30),
        "2025-03-18T09:30:00",
        "2025-03-18T13:30:00Z",
        datetime(2025, 3, 18, 13, 30, tzinfo=UTC),
        OPEN_NS,
    ],
    ids=str,
)
def test_a_moment_has_many_forms(given: object) -> None:
    assert CLOCK.moment(given) == OPEN_NS


def test_a_moment_may_count_from_the_one_before() -> None:
    assert CLOCK.moment("+1.5s", OPEN_NS) == OPEN_NS + 1_500_000_000
    assert CLOCK.moment("+2 min", OPEN_NS) == OPEN_NS + 120_000_000_000
    with pytest.raises(ConfigError, match="counts from nothing"):
        CLOCK.moment("+1s")


@pytest.mark.parametrize("given", ["noon", 1.5, True, date(2025, 3, 18), None, "+soon", "25:00", "+0.1ns"])
def test_what_is_no_moment(given: object) -> None:
    with pytest.raises(ConfigError):
        CLOCK.moment(given, OPEN_NS)


def test_lengths() -> None:
    assert [span_ns(text) for text in ("1ns", "1us", "1ms", "1s", "1min", "1h")] == [
        1,
        1_000,
        1_000_000,
        1_000_000_000,
        60_000_000_000,
        3_600_000_000_000,
    ]
    assert span_ns(5) == 5
    assert [is_span(given) for given in ("5s", "09:30", 5)] == [True, False, False]
    with pytest.raises(ConfigError, match="'five' is no length of time, expected a number of ns"):
        span_ns("five")
