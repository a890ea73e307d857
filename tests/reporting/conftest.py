"""A data root with three sessions on two days: small markets, in which four people trade."""

from __future__ import annotations

from pathlib import Path

import pytest

from workbench.session.run import run
from workbench.session.scenario import parse_scenario

HEAD = """
title = "{title}"
zone = "America/New_York"
date = {date}

[[instrument]]
symbol = "ACME"
price_min = 1
price_max = 200
fees = {{ maker_bps = "-0.10", taker_bps = "0.30" }}

[[instrument]]
symbol = "BETA"
price_min = 1
price_max = 200
fees = {{ maker_bps = "-0.10", taker_bps = "0.30" }}

[[account]]
name = "ann"
cash = 100_000

[[account]]
name = "bob"
cash = 100_000

[[account]]
name = "mia"
cash = 1_000_000

[[account]]
name = "eve"
cash = 5_000
"""

# Mia quotes; Ann wins on ACME and, for Bob takes all bids, cannot sell her BETA; Eve only watches.
DAY = """
script = [
  {{ at = "{d}T09:30:00", do = "clock" }},
  {{ do = "buy", account = "mia", symbol = "ACME", quantity = 500, price = 99, name = "{n}a" }},
  {{ do = "sell", account = "mia", symbol = "ACME", quantity = 500, price = 100, name = "{n}b" }},
  {{ do = "buy", account = "mia", symbol = "BETA", quantity = 500, price = 49, name = "{n}c" }},
  {{ do = "sell", account = "mia", symbol = "BETA", quantity = 500, price = 50, name = "{n}d" }},
  {{ at = "{d}T09:40:00", do = "buy", account = "ann", symbol = "ACME", quantity = 100, type = "market" }},
  {{ at = "{d}T09:50:00", do = "buy", account = "ann", symbol = "BETA", quantity = 40, type = "market" }},
  {{ at = "{d}T09:55:00", do = "clock" }},
  {{ do = "sell", account = "bob", symbol = "BETA", quantity = 999_999, type = "market" }},
  {{ at = "{d}T10:05:00", do = "buy", account = "bob", symbol = "ACME", quantity = 200, type = "market" }},
  {{ at = "{d}T10:10:00", do = "clock" }},
  {{ do = "buy", account = "mia", symbol = "ACME", quantity = 500, price = 99.90, name = "{n}e" }},
  {{ at = "{d}T10:20:00", do = "sell", account = "ann", symbol = "BETA", quantity = 40, type = "market" }},
  {{ at = "{d}T10:35:00", do = "cancel", order = "{n}b" }},
  {{ do = "buy", account = "mia", symbol = "ACME", quantity = 500, price = {up}, name = "{n}f" }},
  {{ at = "{d}T10:45:00", do = "sell", account = "ann", symbol = "ACME", quantity = 100, type = "market" }},
  {{ at = "{d}T11:00:00", do = "clock" }},
]
"""


def record(root: Path, name: str, text: str) -> None:
    run(parse_scenario(text), session=name, data=root)


def day(date: str, up: float, name: str = "m") -> str:
    return DAY.format(d=date, up=up, n=name)


def two_days() -> str:
    """One session over two days, the script of each once."""
    first, second = (
        day(date, up, name).strip().removeprefix("script = [").removesuffix("]")
        for date, up, name in (("2025-03-18", 103, "m"), ("2025-03-19", 101.5, "n"))
    )
    return f"script = [{first}{second}]\n"


@pytest.fixture(scope="package")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("reports") / "data"
    for name, date, up in (("tuesday", "2025-03-18", 103), ("wednesday", "2025-03-19", 101.5)):
        record(made, name, day(date, up) + HEAD.format(title=name.title(), date=date))
    record(made, "both", two_days() + HEAD.format(title="Both", date="2025-03-18"))
    return made
