"""What an account is worth and has free, and how its positions have fared."""

from __future__ import annotations

from typing import Any

from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import Memory
from workbench.domain.numbers import CASH_CHECKED, MARGIN
from workbench.engine.orders import position_number
from workbench.jit import int64, leaf
from workbench.ledger.cash import available
from workbench.ledger.marks import position_margin, position_value, sample

TRADERS = FIRST_TRADER


@leaf
def equity(memory: Memory, account: int) -> int:
    """Cash and the value of all positions."""
    total = memory.accounts[account]["cash_micros"]
    first = position_number(memory, account, 0)
    for number in range(memory.world[0]["instruments"]):
        position = memory.positions[first + number]
        if position["position_lots"] != 0:
            total += position_value(memory.instruments[number], position)
    return total


@leaf
def margins(memory: Memory, account: int, initial: bool) -> int:
    """Sum of the initial or maintenance margins of an account's positions."""
    total = int64(0)
    first = position_number(memory, account, 0)
    for number in range(memory.world[0]["instruments"]):
        position = memory.positions[first + number]
        if position["position_lots"] != 0:
            total += position_margin(memory.instruments[number], position, initial)
    return total


@leaf
def free_margin(memory: Memory, account: int) -> int:
    """Buying power of a margin account."""
    reserved = memory.accounts[account]["reserved_micros"]
    return equity(memory, account) - margins(memory, account, True) - reserved


@leaf
def free_cash(memory: Memory, account: int) -> int:
    """What an account may withdraw."""
    record = memory.accounts[account]
    if record["flags"] & MARGIN:
        return free_margin(memory, account)
    if record["flags"] & CASH_CHECKED:
        return available(record)
    return record["cash_micros"]


@leaf
def note_moved(memory: Memory, account: int) -> None:
    """A monitored account's position or cash has changed: it is evaluated at the end of the command."""
    record = memory.accounts[account]
    if record["monitored"] != 0:
        record["moved"] = 1
        memory.world[0]["moved"] = 1


@leaf
def unrealised(instrument: Any, position: Any) -> int:
    """What a position would gain if it were closed at its mark."""
    return position_value(instrument, position) - position["cost_micros"]


@leaf
def sample_fill(instrument: Any, position: Any, lots: int) -> None:
    """Excursions after a fill of `lots` (negative if sold) has been booked."""
    after = position["position_lots"]
    before = after - lots
    if after == 0 or before == 0 or (after > 0) != (before > 0):
        position["adverse_micros"] = 0
        position["favourable_micros"] = 0
    if after != 0:
        sample(position, unrealised(instrument, position))


@leaf
def sample_all(memory: Memory) -> None:
    """Excursions of every trader's positions."""
    count = memory.world[0]["instruments"]
    for account in range(TRADERS, memory.world[0]["accounts"]):
        first = position_number(memory, account, 0)
        for number in range(count):
            position = memory.positions[first + number]
            if position["position_lots"] != 0:
                sample(position, unrealised(memory.instruments[number], position))
