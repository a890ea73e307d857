"""Moments and wall clocks."""

from datetime import UTC, datetime

import pytest

from workbench.engine.moments import check_market_zone, local_time, moment_ns
from workbench.errors import ConfigError

NOON = 1_752_768_000_000_000_000  # 2025-07-17 12:00 in New York
NEW_YORK = "America/New_York"


def test_a_clock_time_is_on_the_markets_day() -> None:
    assert moment_ns("12:00", NEW_YORK, NOON - 3_600_000_000_000) == NOON
    # It is the 18th in UTC and still the 17th in New York.
    assert moment_ns("12:00", NEW_YORK, NOON + 9 * 3_600_000_000_000) == NOON
    assert moment_ns("12:00:00.000000001", NEW_YORK, NOON) == NOON + 1


def test_datetimes_keep_their_zone() -> None:
    assert moment_ns(datetime(2025, 7, 17, 16, tzinfo=UTC), NEW_YORK, 0) == NOON
    assert moment_ns(datetime(2025, 7, 17, 12), NEW_YORK, 0) == NOON  # noqa: DTZ001 - the market's zone is meant


def test_local_time_is_exact_to_the_microsecond() -> None:
    assert local_time(NOON + 1_999, NEW_YORK).isoformat() == "2025-07-17T12:00:00.000001-04:00"


def test_zones_are_checked() -> None:
    assert check_market_zone("UTC") == "UTC"
    with pytest.raises(ConfigError, match="no time zone is called"):
        check_market_zone("New York")
