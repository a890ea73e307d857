import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.domain.instruments import Instrument
from workbench.feed.history import History
from workbench.feed.merge import merge
from workbench.feed.street import cancels


def history(times: list[int], symbol: str = "ABC") -> History:
    made = np.array(times, np.int64)
    rows = np.arange(len(times), dtype=np.int64) * 2
    ids = np.arange(1, len(times) + 1, dtype=np.int64)
    return History(cancels(made, ids, ids), rows, made, Instrument(symbol, 1, 2), {}, "file", "test")


def test_equal_times_keep_the_order_given() -> None:
    merged = merge([history([1, 5, 5]), history([5]), history([0, 9])])
    assert merged.commands["time_ns"].tolist() == [0, 1, 5, 5, 5, 9]
    assert merged.commands["instrument"].tolist() == [2, 0, 0, 0, 1, 2]
    assert merged.sources.tolist() == [2, 0, 0, 0, 1, 2]
    assert merged.rows.tolist() == [0, 0, 2, 4, 0, 2]


def test_nothing_to_merge() -> None:
    assert len(merge([]).commands) == 0
    assert len(merge([history([]), history([])]).commands) == 0


def test_the_histories_are_left_as_they_were() -> None:
    parts = [history([1, 2]), history([1, 2])]
    merge(parts)
    assert not any(part.commands["instrument"].any() for part in parts)


@given(st.lists(st.lists(st.integers(0, 20)).map(sorted), max_size=4))
def test_every_command_is_there_once_and_in_order(times: list[list[int]]) -> None:
    parts = [history(part) for part in times]
    merged = merge(parts)
    keys = list(
        zip(merged.commands["time_ns"].tolist(), merged.sources.tolist(), merged.rows.tolist(), strict=True)
    )
    assert keys == sorted(keys)
    for number, part in enumerate(parts):
        own = merged.commands[merged.sources == number].copy()
        own["instrument"] = 0
        assert (own == part.commands).all()
        assert (merged.rows[merged.sources == number] == part.rows).all()
