"""Times, prices and names as the API spells them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.api.words import Scale, code_of, moment, money, time_of, word_of
from workbench.domain.codes import OrderType, Side
from workbench.domain.instruments import Instrument
from workbench.domain.times import MAX_TIME_NS
from workbench.errors import ApiError


@given(st.integers(0, 4_000_000_000_000_000_000))
def test_a_time_that_is_said_is_the_time_that_is_read(time_ns: int) -> None:
    assert time_of(moment(time_ns), "time") == time_ns
    assert time_of(str(time_ns), "time") == time_ns


@pytest.mark.parametrize(
    ("text", "time_ns"),
    [
        ("1970-01-01T00:00:01Z", 1_000_000_000),
        ("1970-01-01T01:00:00.5+01:00", 500_000_000),
        ("1970-01-01T00:00:00.000000001Z", 1),
    ],
)
def test_times_with_a_zone_are_read_exactly(text: str, time_ns: int) -> None:
    assert time_of(text, "time") == time_ns


@pytest.mark.parametrize(
    "text",
    [
        "²",
        "--5",
        "١٢",
        "1_0",
        "9" * 5000,
        "",
        "now",
        "1970-01-01",
        "1970-01-01T00:00:00",
        "1970-01-01T00:00:00.0000000001Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ApiError, match="expected a time with its zone"):
        time_of(text, "start")


def test_a_time_that_nothing_can_have_is_the_first_or_the_last() -> None:
    assert time_of("9" * 30, "end") == time_of("9999-12-31T23:59:59Z", "end") == MAX_TIME_NS
    assert time_of("0001-01-01T00:00:00Z", "start") == -MAX_TIME_NS


@given(st.integers(0, 10**9), st.sampled_from(["0.01", "0.05", "0.0001", "0.25", "5"]))
def test_prices_are_the_doubles_nearest_to_them(ticks: int, tick: str) -> None:
    scale = Scale(0, Instrument("X", price_min=Decimal(tick), price_max=Decimal(tick) * 1000, tick_size=tick))
    assert scale.price(ticks) == float(Decimal(tick) * ticks)
    assert scale.maybe_price(0) is None


@given(st.integers(-(10**17), 10**17))
def test_money_is_the_double_nearest_to_it(micros: int) -> None:
    assert money(micros) == float(Decimal(micros).scaleb(-6))


def test_codes_are_named_and_found() -> None:
    assert code_of(OrderType, "stop_limit", "type") == OrderType.STOP_LIMIT
    assert word_of(Side, 77) == "unknown-77"
    with pytest.raises(ApiError, match="expected one of buy, sell"):
        code_of(Side, "up", "side")
