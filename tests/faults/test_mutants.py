"""Every planted fault is found by histories that the journal as it is passes."""

import pytest

from tests.faults.campaign import seeds_until_found
from tests.faults.mutants import MUTANTS

SEEDS = 1_500
"""Far more than any of them needs; `make faults` prints how many those are."""
FIRST = {
    "snapshot hangs on an empty segment": 564,
    "recovered tail not written anew": 118,
    "torn tail taken for damage": 103,
    "last frame not compared with the cursor": 118,
    "damage taken for a torn tail": 96,
    "durable remarks not told by later frames": 96,
    "snapshot of what is not durable": 58,
    "remark not counted in the chain": 50,
}
"""The first history that finds what few find; when histories change, the search goes on from there."""


def test_there_are_many_and_each_says_what_it_breaks() -> None:
    assert len(MUTANTS) >= 20
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS)
    assert {mutant.name for mutant in MUTANTS} > FIRST.keys()
    assert all(mutant.breaks and mutant.edits for mutant in MUTANTS)


@pytest.mark.parametrize("name", [mutant.name for mutant in MUTANTS])
def test_is_found(name: str) -> None:
    seeds, error = seeds_until_found(name, SEEDS, FIRST.get(name, 1))
    assert seeds, f"{SEEDS} histories do not find it"
    assert error
