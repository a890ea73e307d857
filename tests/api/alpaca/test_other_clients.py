"""Clients whose requirements do not go with ours, each in an environment of its own that is made for it."""

from __future__ import annotations

import os
import subprocess
import venv
from pathlib import Path

import pytest

from tests.api.alpaca.conftest import Person, Served

SCRIPTS = Path(__file__).parent / "clients"
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not os.environ.get("WORKBENCH_CLIENTS"),
        reason="installs clients from PyPI; run it with `make clients`",
    ),
]


@pytest.fixture(autouse=True)
def _market(served: Served, maker: Person) -> None:
    maker.trading.cancel_orders()
    taker = served.person()
    for symbol, price in (("AAPL", 100), ("SIM/USD", 50)):
        maker.limit(symbol, "sell", 50, price + 0.5)
        maker.limit(symbol, "buy", 50, price - 0.5)
        taker.market(symbol, "buy", 1)


@pytest.mark.parametrize(
    ("requirement", "script"),
    [("ccxt==4.5.90", "ccxt_client.py"), ("alpaca-trade-api==3.2.0", "alpaca_trade_api_client.py")],
)
def test_client(served: Served, tmp_path: Path, requirement: str, script: str) -> None:
    person = served.person()
    folder = tmp_path / "venv"
    venv.create(folder, with_pip=True)
    python = str(folder / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", requirement]
    subprocess.run(install, check=True, capture_output=True, timeout=600)
    done = subprocess.run(
        [python, str(SCRIPTS / script), served.url, person.key, person.secret],
        env={"PATH": os.environ["PATH"], "APCA_API_DATA_URL": served.url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip().endswith("is content")
