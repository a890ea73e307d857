"""Exposure groups as they are given."""

from typing import Any

import pytest

from workbench.domain.codes import ExposureMode
from workbench.domain.exposure import ExposureGroup
from workbench.errors import ConfigError


def test_weights_are_kept_as_they_are() -> None:
    weights = {"ONE": 1, "TWO": 3}
    group = ExposureGroup("pair", weights, fine="0.5", mode=ExposureMode.FINE)
    weights.clear()
    assert group.weights == {"ONE": 1, "TWO": 3}
    assert (group.gross_limit, group.net_limit, group.fine_micros) == (0, 0, 500_000)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"name": ""}, "has no name; name it"),
        ({"weights": {}}, "has no instruments; give a weight for each symbol"),
        ({"weights": ["ONE"]}, "has no instruments; give a weight for each symbol"),
        ({"weights": {"ONE": 0}}, "a weight is not a whole number from 1 to 1,000,000; leave out"),
        ({"weights": {"ONE": 1.5}}, "a weight is not a whole number from 1 to 1,000,000; leave out"),
        ({"gross_limit": -1}, "gross_limit is not a whole number ≥ 0; 0 means no limit"),
        ({"net_limit": 2**62}, "net_limit is not a whole number ≥ 0; 0 means no limit"),
        ({"mode": 3}, "3 is no ExposureMode; choose REJECT, FINE or LOG"),
        ({"mode": ExposureMode.FINE, "fine": -1}, "the fine is negative or too large; give an amount"),
        ({"mode": ExposureMode.FINE, "fine": 2 * 10**6}, "the fine is negative or too large; give an amount"),
        ({"fine": 1}, "has a fine in another mode; choose mode FINE or leave out the fine"),
    ],
)
def test_what_makes_no_sense_is_refused(settings: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ConfigError) as refusal:
        ExposureGroup(**{"name": "pair", "weights": {"ONE": 1}, **settings})
    assert str(refusal.value).startswith(f"exposure group {settings.get('name', 'pair')!r}: {sentence}")
