"""Every planted fault is found by histories that the journal as it is passes."""

import pytest

from tests.faults.campaign import seeds_until_found
from tests.faults.mutants import MUTANTS

SEEDS = 1_500
"""Far more than any of them needs; `make faults` prints how many those are."""


def test_there_are_many_and_each_says_what_it_breaks() -> None:
    assert len(MUTANTS) >= 20
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert all(mutant.breaks and mutant.edits for mutant in MUTANTS)


@pytest.mark.parametrize("name", [mutant.name for mutant in MUTANTS])
def test_is_found(name: str) -> None:
    seeds, error = seeds_until_found(name, SEEDS)
    assert seeds, f"{SEEDS} histories do not find it"
    assert error
