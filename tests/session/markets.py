"""Small markets for tests of recorded sessions."""

from __future__ import annotations

import numpy as np

from workbench.domain.codes import Side
from workbench.domain.commands import batch, cancel_order, clock, new_order
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records

SECOND_NS = 1_000_000_000
START_NS = 1_742_304_600 * SECOND_NS


def two_stocks() -> Venue:
    stocks = [Instrument(symbol, "1", "1000") for symbol in ("ACME", "ZEN")]
    return Venue(stocks, [Account("ann", 1_000_000), Account("bob", 1_000_000)], start_time_ns=START_NS)


def flow(count: int, seed: int = 1) -> Records:
    """Orders of two traders around one price, some of them cancelled, with a clock at the end."""
    draw = np.random.default_rng(seed)
    made: list[Records] = []
    for at in range(count):
        time_ns = START_NS + at * SECOND_NS // 4
        account, instrument = int(draw.integers(2, 4)), int(draw.integers(0, 2))
        if draw.random() < 0.2:
            made.append(cancel_order(time_ns, account, order_id=int(draw.integers(1, at + 2))))
            continue
        side = Side.BUY if draw.random() < 0.5 else Side.SELL
        price = int(10_000 + draw.integers(-3, 4))
        made.append(new_order(time_ns, account, instrument, side, int(draw.integers(1, 20)), price))
    return batch([*made, clock(START_NS + count * SECOND_NS)])
