"""A full disk where tables go, for some seconds: the short form of `make serverfaults`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.server.abuse import disk_refused
from tests.faults.server.full_tables import full_tables

pytestmark = pytest.mark.slow


def test_the_market_goes_on_while_its_tables_find_no_room(tmp_path: Path) -> None:
    if why := disk_refused():
        pytest.skip(why)
    finding = asyncio.run(full_tables(tmp_path, 2.0, rate=30.0))
    assert finding.wrong == []
    assert finding.answered > 0
