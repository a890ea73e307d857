from __future__ import annotations

import pytest

from workbench.api.alpaca.errors import AlpacaError
from workbench.api.alpaca.timeframes import timeframe_of
from workbench.projections.live.bars import Timeframe, Unit


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1Min", Timeframe(1, Unit.MINUTE)),
        ("5T", Timeframe(5, Unit.MINUTE)),
        ("1min", Timeframe(1, Unit.MINUTE)),
        ("1Hour", Timeframe(1, Unit.HOUR)),
        ("1H", Timeframe(1, Unit.HOUR)),
        ("1D", Timeframe(1, Unit.DAY)),
        ("1Week", Timeframe(1, Unit.WEEK)),
        ("3Month", Timeframe(3, Unit.MONTH)),
        ("day", Timeframe(1, Unit.DAY)),
    ],
)
def test_every_way_to_write_one(text: str, expected: Timeframe) -> None:
    assert timeframe_of(text) == expected


@pytest.mark.parametrize(
    "text", ["", "0Min", "60Min", "24Hour", "2Day", "5Month", "1Year", "Min5", "1 Min 2"]
)
def test_widths_that_there_are_not(text: str) -> None:
    with pytest.raises(AlpacaError):
        timeframe_of(text)
