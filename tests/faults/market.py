"""A small venue, a tape of commands for it, and the exchange as the state machine of a history."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.codes import CommandKind, OrderType, Side, TimeInForce
from workbench.domain.config import FIRST_TRADER, Account, Venue, venue_to_json
from workbench.domain.instruments import Instrument
from workbench.domain.records import COMMAND, Records

TRADERS = 4
START_NS = 1_750_000_000_000_000_000
_SPOILED = ("quantity_lots", "price_ticks", "instrument", "account", "order_id", "side", "flags", "group_id")


def venue() -> Venue:
    """Two instruments and a few traders with much and with little cash."""
    return Venue(
        [Instrument("ONE", "5", "15"), Instrument("TWO", "5", "15", quantity_increment=5)],
        [Account(f"trader {number}", cash=10 ** (4 + number)) for number in range(TRADERS)],
    )


def tape(seed: int, count: int) -> Records:
    """`count` commands: orders that trade, cancels and replaces that often hit, and some that are refused."""
    draw = np.random.default_rng(seed)
    rows = np.zeros(count, dtype=COMMAND)
    rows["time_ns"] = START_NS + np.cumsum(draw.integers(0, 2_000_000, count))
    rows["kind"] = draw.choice(
        [CommandKind.NEW_ORDER, CommandKind.CANCEL_ORDER, CommandKind.REPLACE_ORDER, CommandKind.MASS_CANCEL],
        count,
        p=[0.72, 0.22, 0.055, 0.005],
    )
    rows["account"] = draw.integers(FIRST_TRADER, FIRST_TRADER + TRADERS, count)
    rows["instrument"] = draw.integers(0, 2, count)
    new, cancel, replace = (rows["kind"] == kind for kind in (1, 2, 3))
    buys = draw.random(count) < 0.5
    rows["side"][new] = np.where(buys, int(Side.BUY), int(Side.SELL))[new]
    market = new & (draw.random(count) < 0.1)
    rows["order_type"][new] = OrderType.LIMIT
    rows["order_type"][market] = OrderType.MARKET
    rows["time_in_force"][new] = TimeInForce.DAY
    priced = (new & ~market) | replace
    offset = draw.integers(-3, 20, count)
    rows["price_ticks"][priced] = np.where(buys, 1_000 - offset, 1_000 + offset)[priced]
    rows["quantity_lots"][new | replace] = (5 * draw.integers(1, 40, count))[new | replace]
    orders = np.maximum(1, np.cumsum(new))
    guess = np.maximum(1, orders - draw.integers(0, 60, count))
    rows["order_id"][cancel | replace] = guess[cancel | replace]
    rows["client_order_id"][new] = orders[new]
    for at in np.flatnonzero(draw.random(count) < 0.02):
        rows[str(draw.choice(_SPOILED))][at] = draw.integers(0, 127)
    return rows


class Market:
    """Commands of a tape, and the exchange that steps them."""

    def __init__(self, seed: int, length: int = 20_000) -> None:
        self.venue = venue()
        self.about: dict[str, Any] = {"venue": venue_to_json(self.venue)}
        self.tape = tape(seed, length)
        self.at = 0

    def commands(self, count: int) -> Records:
        """The next of the tape."""
        self.at += count
        return self.tape[self.at - count : self.at]

    def machine(self) -> Any:
        """An exchange at its start."""
        from workbench.engine.exchange import Exchange

        return Exchange(self.venue)

    def restored(self, data: bytes) -> Any:
        """An exchange as its snapshot says."""
        from workbench.engine.exchange import Exchange

        return Exchange.restore(data)
