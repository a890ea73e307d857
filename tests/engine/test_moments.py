"""Moments and wall clocks."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
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


@pytest.mark.parametrize(
    "when", ["noon", "", "10:30:", "\uff11\uff12:00", "\uff12025-07-17", "10:30 banana", None, 1.5]
)
def test_what_is_no_time_is_told_how_to_write_one(when: Any) -> None:
    with pytest.raises(ConfigError, match=r'is no time; write "10:30", "10:30:15.5", an ISO time such as'):
        moment_ns(when, NEW_YORK, NOON)


@pytest.mark.parametrize(
    "when",
    [10**30, -1, "9999-01-01", "1900-01-01T00:00:00", "19691231", datetime(9999, 1, 1), "21170101", 2**63],  # noqa: DTZ001
)
def test_times_that_no_exchange_has_are_refused(when: Any) -> None:
    with pytest.raises(ConfigError, match="is no time of an exchange, which are from 1970 to 2116"):
        moment_ns(when, NEW_YORK, NOON)


def test_integers_of_numpy_are_nanoseconds() -> None:
    assert moment_ns(np.int64(NOON), NEW_YORK, 0) == NOON
    assert type(moment_ns(np.int64(NOON), NEW_YORK, 0)) is int


def test_datetimes_keep_their_zone() -> None:
    assert moment_ns(datetime(2025, 7, 17, 16, tzinfo=UTC), NEW_YORK, 0) == NOON
    assert moment_ns(datetime(2025, 7, 17, 12), NEW_YORK, 0) == NOON  # noqa: DTZ001 - the market's zone is meant


def test_local_time_is_exact_to_the_microsecond() -> None:
    assert local_time(NOON + 1_999, NEW_YORK).isoformat() == "2025-07-17T12:00:00.000001-04:00"


def test_zones_are_checked() -> None:
    assert check_market_zone("UTC") == "UTC"
    with pytest.raises(ConfigError, match="no time zone is called"):
        check_market_zone("New York")
