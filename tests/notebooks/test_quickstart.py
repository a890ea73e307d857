"""The quickstart, executed: a replay, an order, a live market."""

import re
from pathlib import Path

import pytest

from tests.notebooks.executed import execute


@pytest.mark.slow
def test_quickstart_runs_from_top_to_bottom(tmp_path: Path) -> None:
    found = execute("quickstart", tmp_path / "ran.ipynb", wait_s=0.5)
    assert "Filled: 300 of 300 at 45.63 on average, 300 as maker, 0 as taker." in found.printed
    assert "bought 100 at " in found.printed
    assert found.figures["What stands in the book of HARBOR?"].startswith(
        "At 10:30 the market was 45.63 bid and 45.64 offered, 0.01 apart;"
    )
    # Both markets are asked the same; the live one comes last.
    live = found.figures["Where did the price go, and where were own orders filled?"]
    assert "100 were bought at " in live
    # How much of it rested is the live market's affair.
    assert re.search(r", (none|all|\d+\.\d\d %) of it resting in the book\.", live), live
