"""The journal keeps its promises through every fault that a history draws."""

import pytest

from tests.faults.campaign import histories, shown
from tests.faults.history import BrokenPromiseError, History
from tests.faults.market import Market

FAULTS = ("short", "full", "no room", "sync", "gone after a failed sync", "writeback")


@pytest.mark.slow
def test_nothing_acknowledged_is_lost() -> None:
    counts, found = histories(range(1, 151))
    assert found == []
    # The histories reach what they are for.
    assert all(counts[f"fault: {name}"] for name in FAULTS)
    for name in (
        "power losses",
        "torn tails",
        "recovered in doubt",
        "writers replaced",
        "open refused damage",
    ):
        assert counts[name] > 0, name


@pytest.mark.parametrize("seed", range(5))
def test_an_exchange_recovers_to_the_same_state(seed: int) -> None:
    counts = History(seed, Market(seed)).run()
    assert counts["reopened"] > 0


def test_a_seed_tells_the_whole_history() -> None:
    first, second = History(11), History(11)
    assert first.run() == second.run()
    assert list(first.disk.trace) == list(second.disk.trace)
    assert [first.disk.data(path) for path in first.disk.files()] == [
        second.disk.data(path) for path in second.disk.files()
    ]


def test_a_broken_promise_is_one_line() -> None:
    history = History(3)
    with pytest.raises(BrokenPromiseError) as error:
        history.ensure(False, "something is gone")
    assert str(error.value) == "seed 3: something is gone (acknowledged 0, written 0)"
    assert shown(str(error.value)) == "something is gone"
