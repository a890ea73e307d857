"""Small live sessions for tests, and a wall clock that stands until a test moves it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from workbench.domain.codes import SessionState, Side
from workbench.domain.commands import new_order
from workbench.domain.records import COMMAND, Records
from workbench.journal.place import JOURNAL
from workbench.journal.reader import read
from workbench.session.blocks import one_block
from workbench.session.live.session import LiveSession

SECOND_NS = 1_000_000_000

PEOPLE = """
title = "People alone"
date = 2025-03-18
zone = "America/New_York"

[[instrument]]
symbol = "ACME"
price_min = 1
price_max = 100

[[instrument]]
symbol = "BOLT"
price_min = 1
price_max = 100

[seats]
count = 3
cash = 100_000
margin = true

[live]
open = "09:30"
"""

AGENTS = """
title = "A minute among agents"
date = 2025-03-18
zone = "America/New_York"

[[instrument]]
symbol = "HARBOR"
price_min = 23
price_max = 92

[[account]]
name = "ann"
cash = 100_000

[seats]
count = 3
cash = 1_000_000

[agents]
seed = 7
open = "09:30"
close = "09:31"

[[agents.crew]]
symbol = "HARBOR"
start = 46.00
like = "HARBOR"

[[script]]
at = "09:30:20"
do = "buy"
account = "ann"
quantity = 500
price = 46.10
name = "patient"
"""


class Wall:
    """Monotonic nanoseconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_ns = 0

    def __call__(self) -> int:
        return self.now_ns


def begin(folder: Path, text: str = PEOPLE, name: str = "live", **given: Any) -> LiveSession:
    """A session in its lobby."""
    return LiveSession.create(folder, name, text, **given)


def opened(folder: Path, text: str = PEOPLE, name: str = "live", **given: Any) -> LiveSession:
    """One whose market is open."""
    session = begin(folder, text, name, **given)
    session.move_and_wait(SessionState.OPEN)
    return session


def buy(account: int, client: int = 0, lots: int = 10, price_ticks: int = 4_000) -> Records:
    """One order to buy."""
    return new_order(0, account, 0, Side.BUY, lots, price_ticks, client_order_id=client)


def sell(account: int, client: int = 0, lots: int = 10, price_ticks: int = 4_000) -> Records:
    """One order to sell."""
    return new_order(0, account, 0, Side.SELL, lots, price_ticks, client_order_id=client)


def until(true: Any, seconds: float = 60.0) -> None:
    """Wait for something that another thread does."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


def pass_to(session: LiveSession, wall: Wall, time_ns: int) -> None:
    """Let the wall's clock go on until exchange time is `time_ns`, and all that happens until then happen."""
    speed = session.clock.speed
    assert speed is not None
    wall.now_ns += round((time_ns - session.clock.now_ns()) / speed)
    assert session.clock.now_ns() == time_ns
    sequencer = session._sequencer
    sequencer.ring()
    until(lambda: sequencer._reached_ns >= time_ns)
    # What it did in that turn is done when it answers.
    session.ask_and_wait(lambda exchange: exchange.time_ns)


def commands_of(session: LiveSession) -> Records:
    """Everything in its journal."""
    return one_block([commands for _, commands in read(session.folder / JOURNAL)], COMMAND)


def finish(session: LiveSession, seconds: float = 600.0) -> None:
    """Wait until its trading hours are over."""
    until(lambda: session.state == SessionState.CLOSED or session.status().failed, seconds)
    assert not session.status().failed
