"""The bot through alpaca-py, executed against the server that it starts for itself."""

from pathlib import Path

import pytest

from tests.notebooks.executed import execute


@pytest.mark.slow
def test_alpaca_bot_starts_its_own_server_and_trades(tmp_path: Path) -> None:
    found = execute("alpaca_bot", tmp_path / "ran.ipynb", rounds=6, pause_s=0.3)
    assert "http://127.0.0.1:" in found.printed
    orders = found.printed.splitlines()[-1]
    assert int(orders.split()[0]) >= 6
    assert orders.endswith("positions []")
    assert " in " in found.figures["Where did the price go, and where were own orders filled?"]
