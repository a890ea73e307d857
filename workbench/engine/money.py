"""Money that no trade moves: transfers, fines and dividends."""

from __future__ import annotations

from typing import Any

from workbench.domain.commands import ALL
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    COMMAND_TRANSFER_CASH,
    REASON_DEPOSIT,
    REASON_DIVIDEND,
    REASON_INSUFFICIENT_CASH,
    REASON_INVALID_AMOUNT,
    REASON_WITHDRAWAL,
)
from workbench.engine.accounts import free_cash
from workbench.engine.admit import check_instrument
from workbench.engine.cash import change_cash, check_trader, fine
from workbench.engine.orders import position_number
from workbench.jit import int64, leaf

NOWHERE = ALL
MOST_MICROS = 1 << 56
MOST_PER_LOT_MICROS = 1 << 40
MOST_PAID_MICROS = 1 << 52


@leaf
def move_cash(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """TRANSFER_CASH and FINE."""
    account = int64(command["account"])
    amount = command["amount_micros"]
    transfers = command["kind"] == COMMAND_TRANSFER_CASH
    reason, value, limit = check_trader(memory, account)
    if reason != 0:
        return reason, value, limit
    least = -MOST_MICROS if transfers else 1
    if amount == 0 or amount < least or amount > MOST_MICROS:
        return REASON_INVALID_AMOUNT, amount, MOST_MICROS
    if not transfers:
        fine(memory, events, account, amount)
        return 0, 0, 0
    if amount < 0:
        free = free_cash(memory, account)
        if -amount > free:
            return REASON_INSUFFICIENT_CASH, -amount, free
    memory.world[0]["funding_micros"] += amount
    record = memory.accounts[account]
    if record["monitored"] != 0:
        # What comes from outside is neither gained nor lost.
        record["peak_equity_micros"] += amount
        record["day_start_equity_micros"] += amount
    why = REASON_DEPOSIT if amount > 0 else REASON_WITHDRAWAL
    change_cash(memory, events, account, NOWHERE, why, amount, 0, 0, 0, 0)
    return 0, 0, 0


@leaf
def largest_position(memory: Memory, number: int) -> int:
    """The largest position in an instrument, long or short, of any account."""
    largest = int64(0)
    for account in range(memory.world[0]["accounts"]):
        lots = memory.positions[position_number(memory, account, number)]["position_lots"]
        largest = max(largest, abs(lots))
    return largest


@leaf
def dividend(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """DIVIDEND; positions sum to zero, so what longs receive is what shorts pay."""
    number = int64(command["instrument"])
    amount = command["amount_micros"]
    reason, value, limit = check_instrument(memory, number)
    if reason != 0:
        return reason, value, limit
    most = int64(MOST_PER_LOT_MICROS)
    held = largest_position(memory, number)
    if held != 0:
        most = min(most, MOST_PAID_MICROS // held)
    if amount < 1 or amount > most:
        return REASON_INVALID_AMOUNT, amount, most
    for account in range(memory.world[0]["accounts"]):
        lots = memory.positions[position_number(memory, account, number)]["position_lots"]
        change_cash(memory, events, account, number, REASON_DIVIDEND, lots * amount, lots, 0, amount, 0)
    return 0, 0, 0
