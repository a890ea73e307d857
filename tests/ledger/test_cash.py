"""Values and fees against exact fractions, up to the largest numbers there may be."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.domain.costs import PPM, FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.memory import ACCOUNT, FEES, INSTRUMENT
from workbench.jit import array_of, entry
from workbench.ledger.cash import available, fee, notional, part_each, reservation, reserve_fee

pytestmark = pytest.mark.kernel

LARGEST_VALUE = 1 << 62
INTS = array_of("i8")


@entry(array_of(INSTRUMENT), array_of(FEES), INTS, INTS)
def value_of(instruments: Any, fees: Any, numbers: Any, out: Any) -> None:
    """Notional, dearest fee and reservation of a quantity (0) at a price (1)."""
    lots, price = numbers[0], numbers[1]
    out[0] = notional(instruments[0], price, lots)
    out[1] = reserve_fee(fees[0], out[0], lots)
    out[2] = reservation(instruments[0], fees[0], price, lots)


@entry(INTS, INTS)
def fee_of(numbers: Any, out: Any) -> None:
    """`fee` of four numbers."""
    out[0] = fee(numbers[0], numbers[1], numbers[2], numbers[3])


@entry(INTS, INTS)
def part_of_a_year(numbers: Any, out: Any) -> None:
    """`part_each` of three numbers."""
    out[0] = part_each(numbers[0], numbers[1], numbers[2])


@entry(array_of(ACCOUNT), INTS)
def available_of(accounts: Any, out: Any) -> None:
    """Buying power of each account."""
    for i in range(accounts.size):
        out[i] = available(accounts[i])


def charged(per_lot: int, ppm: int, value: int, lots: int) -> int:
    out = np.zeros(1, dtype=np.int64)
    fee_of(np.array([per_lot, ppm, value, lots]), out)
    return int(out[0])


def exact(per_lot: int, ppm: int, value: int, lots: int) -> int:
    return per_lot * lots + ceil(Fraction(value * ppm, PPM))


RATES = st.one_of(st.sampled_from([0, 1, -1, PPM, -PPM, 300, -20]), st.integers(-PPM, PPM))
VALUES = st.one_of(
    st.sampled_from([0, 1, PPM - 1, PPM, LARGEST_VALUE - 1]), st.integers(0, LARGEST_VALUE - 1)
)


@given(per_lot=st.integers(-(2**20), 2**20), ppm=RATES, value=VALUES, lots=st.integers(1, 2**40))
@example(per_lot=2**20, ppm=PPM, value=LARGEST_VALUE - 1, lots=2**40)
@example(per_lot=-(2**20), ppm=-PPM, value=LARGEST_VALUE - 1, lots=2**40)
@example(per_lot=0, ppm=-PPM + 1, value=LARGEST_VALUE - 1, lots=1)
def test_fees_round_up_whatever_their_sign(per_lot: int, ppm: int, value: int, lots: int) -> None:
    assert charged(per_lot, ppm, value, lots) == exact(per_lot, ppm, value, lots)


def test_the_house_never_pays_for_a_part_of_a_micro() -> None:
    assert [charged(0, 500_000, value, 1) for value in range(4)] == [0, 1, 1, 2]
    assert [charged(0, -500_000, value, 1) for value in range(4)] == [0, 0, -1, -1]
    assert charged(0, 1, 1, 1) == 1
    assert charged(0, -1, PPM - 1, 1) == 0
    assert charged(0, -1, PPM, 1) == -1


@given(
    micros=st.integers(0, 2**62 - 1),
    ppm=st.integers(0, 10 * PPM),
    periods=st.sampled_from([365, 8_760, 525_600, 315_360_000, 31_536_000_000_000_000]),
)
@example(micros=1_186_672_160_000_000_000, ppm=10 * PPM, periods=315_360_000)
def test_a_years_cost_in_parts_is_exact_even_if_the_year_fits_into_no_64_bits(
    micros: int, ppm: int, periods: int
) -> None:
    a_year = -(-micros * ppm // PPM)
    out = np.zeros(1, dtype=np.int64)
    part_of_a_year(np.array([micros, ppm, periods]), out)
    assert out[0] == -(-a_year // periods)


@st.composite
def instruments(draw: st.DrawFn) -> Instrument:
    """Instruments of many scales, with fees."""
    tick, lot = (
        draw(st.sampled_from(["0.01", "0.001", "1", "3", "0.25", "0.00001"])),
        draw(st.sampled_from(["1", "0.00000001", "0.0007", "100"])),
    )
    top = draw(st.sampled_from([1, 99, 4_096, 2**20]))
    rate = st.integers(-500, 500).map(lambda points: f"{points / 100:.2f}")
    per_lot = st.integers(-5_000, 5_000).map(lambda micros: f"{micros / 1e6:.6f}")
    return Instrument(
        "ONE",
        price_min=tick,
        price_max=str(Fraction(tick) * top) if Fraction(tick) >= 1 else f"{float(Fraction(tick) * top):.5f}",
        tick_size=tick,
        lot_size=lot,
        fees=FeeSchedule(draw(per_lot), draw(per_lot), draw(rate), draw(rate)),
    )


@given(instrument=instruments(), data=st.data())
def test_values_round_down_and_reservations_use_the_dearest_fee(
    instrument: Instrument, data: st.DataObject
) -> None:
    largest, highest = instrument.max_order_lots, instrument.price_max_ticks
    lots = data.draw(st.one_of(st.sampled_from([0, 1, largest]), st.integers(0, largest)))
    price = data.draw(st.one_of(st.sampled_from([1, highest]), st.integers(1, highest)))
    record, schedule = np.zeros(1, dtype=INSTRUMENT), np.zeros(1, dtype=FEES)
    fees = instrument.fees
    record["value_numerator"] = instrument.value.numerator
    record["value_denominator"] = instrument.value.denominator
    for name in ("maker_per_lot_micros", "taker_per_lot_micros", "maker_ppm", "taker_ppm"):
        schedule[name] = getattr(fees, name)
    out = np.zeros(3, dtype=np.int64)
    value_of(record, schedule, np.array([lots, price]), out)

    value = floor(price * lots * instrument.value)
    per_lot = max(fees.maker_per_lot_micros, fees.taker_per_lot_micros, 0)
    dearest = exact(per_lot, max(fees.maker_ppm, fees.taker_ppm, 0), value, lots)
    assert out.tolist() == [value, dearest, value + dearest if lots else 0]


@pytest.mark.parametrize("symbol", ["stock", "coin", "odd"])
def test_the_largest_order_at_the_highest_price_ever_fits(symbol: str) -> None:
    instrument = {
        "stock": Instrument("A", "0.01", "5000"),
        "coin": Instrument("B", "0.01", "90000", lot_size="0.00000001"),
        "odd": Instrument("C", "3", "90", tick_size="0.03", lot_size="0.000007"),
    }[symbol]
    lots, price = instrument.max_order_lots, instrument.price_cap_ticks
    assert price * lots * instrument.value.numerator <= LARGEST_VALUE
    record, schedule = np.zeros(1, dtype=INSTRUMENT), np.zeros(1, dtype=FEES)
    record["value_numerator"] = instrument.value.numerator
    record["value_denominator"] = instrument.value.denominator
    schedule["taker_ppm"] = PPM // 2
    out = np.zeros(3, dtype=np.int64)
    value_of(record, schedule, np.array([lots, price]), out)
    value = floor(price * lots * instrument.value)
    assert out.tolist() == [value, ceil(Fraction(value, 2)), value + ceil(Fraction(value, 2))]


def test_a_short_binds_twice_its_proceeds() -> None:
    accounts = np.zeros(2, dtype=ACCOUNT)
    accounts["cash_micros"] = [1_000, -5]
    accounts["reserved_micros"] = [100, 0]
    accounts["short_cost_micros"] = [200, 10]
    out = np.zeros(2, dtype=np.int64)
    available_of(accounts, out)
    assert out.tolist() == [500, -25]
