"""The market of tests that run a whole server: agents make one instrument, two are people's alone."""

from __future__ import annotations

from pathlib import Path

SYMBOLS = {"QUIET": 50.0, "CALM": 20.0, "HARBOR": 46.0}
"""Instruments, and the price that orders are around."""

_TEXT = """
title = "{title}"
date = 2025-03-18
zone = "America/New_York"

[[instrument]]
symbol = "QUIET"
price_min = 10
price_max = 90
reference_price = 50

[[instrument]]
symbol = "CALM"
price_min = 10
price_max = 90
reference_price = 20

{harbor}
[seats]
count = {seats}
cash = {cash}

[live]
epoch = "sim"
open = "09:30"
speed = {speed}
{crew}"""
_CREW = """
[agents]
seed = 7
open = "09:30"
close = "16:00"

[[agents.crew]]
symbol = "HARBOR"
start = 46.00
like = "HARBOR"
"""
_HARBOR = """
[[instrument]]
symbol = "HARBOR"
price_min = 23
price_max = 92
"""
_HISTORY = """
[history]
files = ["{file}"]
mode = "responsive"
"""


def market(title: str = "A small market", *, seats: int = 120, cash: int = 1_000_000) -> str:
    """A scenario file's text."""
    return _TEXT.format(title=title, seats=seats, cash=cash, speed=1, harbor=_HARBOR, crew=_CREW)


def recorded_market(title: str, file: Path, *, seats: int, cash: int, speed: float) -> str:
    """The same, but HARBOR is a recorded one."""
    harbor = _HISTORY.format(file=file)
    return _TEXT.format(title=title, seats=seats, cash=cash, speed=speed, harbor=harbor, crew="")
