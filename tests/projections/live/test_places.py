"""Places against a dictionary."""

import random
from itertools import pairwise

import pytest

from workbench.projections.live import places as module
from workbench.projections.live.places import Places


@pytest.mark.parametrize("recent", [1, 3, 64])
def test_the_latest_place_of_each_number_is_found(recent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "RECENT", recent)
    chance = random.Random(recent)
    places, expected = Places(), {}
    for place in range(3_000):
        number = chance.choice((chance.randrange(200), chance.randrange(1 << 61), -chance.randrange(1 << 61)))
        places.put(number, place)
        expected[number] = place
    assert all(places.get(number) == place for number, place in expected.items())
    assert places.get(1 << 62) is None
    sizes = [len(numbers) for numbers, _ in places._runs]
    assert all(older >= 2 * newer for older, newer in pairwise(sizes))
