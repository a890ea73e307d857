"""The scenario that comes with the workbench, for a server that is given none."""

from __future__ import annotations

from importlib.resources import files

OPEN_MARKET = "open_market.toml"


def open_market() -> str:
    """Text of the market that anybody can open at once: agents in three stocks, and 250 seats."""
    return (files(__package__) / OPEN_MARKET).read_text(encoding="utf-8")
