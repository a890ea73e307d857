"""What the tests of studies run over."""

from pathlib import Path

import pytest

from workbench.engine.stored import open_history
from workbench.studies.backtest import cut, first_ns

SAMPLE = Path(__file__).parents[2] / "data" / "samples" / "harbor-2025-03-18.parquet"


@pytest.fixture(scope="session")
def harbor():
    """The sample day of HARBOR."""
    return open_history(SAMPLE)


@pytest.fixture(scope="session")
def harbor_morning(harbor):
    """Its first half hour."""
    return cut(harbor, first_ns(harbor) + 1_800_000_000_000)
