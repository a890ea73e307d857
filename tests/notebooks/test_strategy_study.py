"""The strategy study, executed over fewer days and settings."""

from pathlib import Path

import pytest

from tests.notebooks.executed import execute


@pytest.mark.slow
def test_strategy_study_finds_what_it_promises(tmp_path: Path) -> None:
    found = execute("strategy_study", tmp_path / "ran.ipynb", days=500, finest=10)
    honest, caught = (
        next(line for line in found.printed.splitlines() if line.startswith(f"{name}: "))
        for name in ("Crossing", "AroundTheMean")
    )
    assert int(honest.split()[1]) > 10
    assert honest.endswith("decisions are the same")
    assert "is removed; make decisions from what was told until then" in caught
    assert found.figures["Which settings did best?"].startswith("Of 8 settings fast=")
    assert "in the days it was not chosen on" in found.figures["Does what did best do well again?"]
    assert found.figures["What did it make, day by day?"].startswith("In sample it ")
    luck = found.figures["How good would the best have been by luck?"]
    assert "over 250 sessions is skill with a probability of" in luck
    assert "it is the best of 8 trials" in luck
    assert luck.endswith("so there is no reason to believe in it.")
