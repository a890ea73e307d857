"""Margin rates as they are given."""

from typing import Any

import numpy as np
import pytest

from workbench.domain.margin import MarginRates, whole_ppm
from workbench.errors import ConfigError


def test_halves_to_enter_and_less_to_keep() -> None:
    rates = MarginRates()
    assert (rates.initial_long_ppm, rates.initial_short_ppm) == (500_000, 500_000)
    assert (rates.maintenance_long_ppm, rates.maintenance_short_ppm) == (250_000, 300_000)


def test_whole_numbers_of_numpy_become_plain() -> None:
    given: Any = np.int64(7)
    assert type(whole_ppm(given, "rate")) is int


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"initial_long_ppm": 0.5}, "initial_long_ppm: 0.5 is not a whole number from 0 to 1,000,000; give"),
        ({"initial_short_ppm": 1_000_001}, "initial_short_ppm: 1000001 is not a whole number from 0 to"),
        ({"maintenance_long_ppm": -1}, "maintenance_long_ppm: -1 is not a whole number from 0 to 1,000,000"),
        (
            {"maintenance_long_ppm": 500_001},
            "maintenance_long_ppm: is above the initial rate; a new position",
        ),
        ({"initial_short_ppm": 200_000}, "maintenance_short_ppm: is above the initial rate; a new position"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        MarginRates(**settings)
    assert str(refusal.value).startswith(sentence)
