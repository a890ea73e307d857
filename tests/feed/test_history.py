from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.feed.test_mbo import read
from workbench.domain.codes import CommandKind, OrderFlag, Side
from workbench.domain.instruments import Instrument
from workbench.errors import SourceError
from workbench.feed.history import QUIRKS, History, counted
from workbench.feed.scale import MAX_WINDOW_TICKS, price_scale
from workbench.feed.street import FIRST_SYNTHETIC_ID, cancels, from_table
from workbench.feed.ticks import TICK_QUIRKS

ROOT = Path(__file__).parents[2]


def test_a_history_is_checked() -> None:
    times = np.array([1, 2])
    good = cancels(times, times, times)
    instrument = Instrument("A", 1, 2)
    assert History(good, times, times, instrument, {}, "f", "k").origins.tolist() == [0, 0]
    with pytest.raises(ValueError, match="quirks without a meaning: unheard_of"):
        History(good, times, times, instrument, {"unheard_of": 1}, "f", "k")
    with pytest.raises(ValueError, match="equally many"):
        History(good, times[:1], times, instrument, {}, "f", "k")
    with pytest.raises(ValueError, match="equally many"):
        History(times, times, times, instrument, {}, "f", "k")


def test_rows_and_the_commands_up_to_them() -> None:
    times = np.array([1, 1, 2])
    history = History(
        cancels(times, times, times), np.array([1, 1, 3]), np.arange(5), Instrument("A", 1, 2), {}, "f", "k"
    )
    assert history.row_count == 5
    assert history.row_ends().tolist() == [0, 2, 2, 3, 3]


def test_another_tick_size(tmp_path: Path) -> None:
    history = read(
        tmp_path,
        [
            (1, "A", "B", "10.01", 5, 11),
            (2, "T", "A", "10.005", 5, 0),
            (3, "M", "B", "10.02", 5, 11),
            (4, "C", "B", "10.02", 1, 11),
        ],
    )
    cents = history.with_tick_size("0.01")
    assert cents.commands["price_ticks"].tolist() == [1001, 1001, 1002, 0]
    assert cents.quirks["execution_price_rounded"] == 1
    assert cents.instrument.tick_size == Decimal("0.01")
    finer = cents.with_tick_size("0.0001")
    assert finer.commands["price_ticks"].tolist() == [100_100, 100_100, 100_200, 0]
    assert finer.instrument.price_increment == Decimal("0.01")
    assert finer.instrument.price_min <= Decimal("10.005") <= finer.instrument.price_max
    with pytest.raises(SourceError, match=r"an order at 10\.01 is between two ticks of 0\.1"):
        history.with_tick_size("0.1")


def test_counts_are_summed_sorted_and_without_zeros() -> None:
    assert counted({"b": 1, "a": 2}, {"b": 3}, c=0) == {"a": 2, "b": 4}
    assert list(counted({"b": 1, "a": 2})) == ["a", "b"]


def test_a_table_of_commands() -> None:
    table = np.array(
        [[0, CommandKind.NEW_ORDER, 7, Side.BUY, 5, 100], [2, CommandKind.REPLACE_ORDER, 7, 0, 4, 101]]
    )
    made, rows = from_table(table, np.array([10, 20, 30]))
    assert rows.tolist() == [0, 2]
    assert made["time_ns"].tolist() == [10, 30]
    assert made["flags"].tolist() == [
        OrderFlag.HISTORICAL,
        OrderFlag.HISTORICAL | OrderFlag.QUANTITY_IS_LEAVES,
    ]


@given(
    prices=st.lists(st.integers(1, 1 << 40), min_size=1, max_size=20),
    tick=st.sampled_from([None, "0.01", "0.25", "0.0001"]),
)
def test_the_scale_divides_every_price_and_its_window_is_an_instruments(
    prices: list[int], tick: str | None
) -> None:
    nanos = np.array(prices)
    scale = price_scale("f", nanos, market_tick=tick)
    assert (nanos % scale.tick_nanos == 0).all()
    assert scale.increment_nanos % scale.tick_nanos == 0
    assert 1 <= scale.low_ticks <= scale.high_ticks
    assert scale.high_ticks - scale.low_ticks <= MAX_WINDOW_TICKS
    median = np.sort(nanos)[len(nanos) // 2]
    assert not scale.outside(np.array([median]))[0]


def test_a_file_without_prices_is_refused() -> None:
    with pytest.raises(SourceError, match="has no price"):
        price_scale("f", np.array([], np.int64))


def test_every_quirk_is_in_the_documentation() -> None:
    text = (ROOT / "docs/feeds.md").read_text()
    own = {name: meaning for name, meaning in QUIRKS.items() if name not in TICK_QUIRKS}
    assert [name for name, meaning in own.items() if f"| `{name}` | {meaning} |" not in text] == []


def test_synthetic_ids_stay_below_what_a_command_can_hold() -> None:
    assert FIRST_SYNTHETIC_ID + (1 << 40) < (1 << 63)
