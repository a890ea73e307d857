from __future__ import annotations

import msgpack
import pytest

from workbench.api.alpaca.errors import AlpacaError
from workbench.api.alpaca.moments import day_of, moment_ns, moment_text, msgpack_stamp
from workbench.domain.times import MAX_TIME_NS

NOON = 1_767_614_400_000_000_000


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-05T12:00:00Z",
        "2026-01-05T12:00:00",
        "2026-01-05 12:00",
        "2026-01-05T12:00:00.000+00:00",
        "2026-01-05T07:00:00-05:00",
        "2026-01-05T13:00:00 01:00",
        "2026-01-05T13:00:00+0100",
        "2026-01-05t12:00:00.000000000z",
    ],
)
def test_every_form_of_a_time(text: str) -> None:
    assert moment_ns(text, "start") == NOON


def test_a_day_is_its_first_moment_in_utc() -> None:
    assert moment_ns("2026-01-05", "start") == NOON - 12 * 3_600_000_000_000


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01", "2026-01-05T25:00:00Z", "1767614400", "2026-01-05T"]
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(AlpacaError) as error:
        moment_ns(text, "start")
    assert error.value.status == 422


def test_times_beyond_the_exchange_are_its_bounds() -> None:
    assert moment_ns("9999-12-31", "end") == MAX_TIME_NS
    assert moment_ns("0001-01-01T00:00:00+14:00", "start") == 0


@pytest.mark.parametrize("time_ns", [0, 1, NOON, NOON + 1, NOON + 999_999_999, MAX_TIME_NS])
def test_nothing_is_lost_on_the_way_out(time_ns: int) -> None:
    assert moment_ns(moment_text(time_ns), "start") == time_ns
    stamp = msgpack.unpackb(b"\xd7\xff" + msgpack_stamp(time_ns))
    assert stamp.seconds * 1_000_000_000 + stamp.nanoseconds == time_ns


def test_days() -> None:
    assert day_of("2026-01-05T12:00:00Z", "date").isoformat() == "2026-01-05"
    with pytest.raises(AlpacaError):
        day_of("monday", "date")
