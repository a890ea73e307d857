"""Changes of cash that no trade makes, and the event that each of them gives."""

from __future__ import annotations

from workbench.domain.codes import HOUSE_ACCOUNT
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import REASON_FINE, REASON_UNKNOWN_ACCOUNT
from workbench.engine.accounts import note_moved
from workbench.engine.emit import cash_event
from workbench.jit import leaf

HOUSE = HOUSE_ACCOUNT
TRADERS = FIRST_TRADER
NOWHERE = ALL


@leaf
def change_cash(
    memory: Memory,
    events: EventBuffer,
    account: int,
    instrument: int,
    reason: int,
    amount_micros: int,
    position_lots: int,
    price_ticks: int,
    rate: int,
    periods: int,
) -> None:
    """Add to an account's cash and say so."""
    if amount_micros == 0:
        return
    record = memory.accounts[account]
    record["cash_micros"] += amount_micros
    note_moved(memory, account)
    cash = record["cash_micros"]
    cash_event(
        memory,
        events,
        reason,
        account,
        instrument,
        amount_micros,
        cash,
        position_lots,
        price_ticks,
        rate,
        periods,
    )


@leaf
def fine(memory: Memory, events: EventBuffer, account: int, amount_micros: int) -> None:
    """Move money from a trader to the house."""
    memory.accounts[HOUSE]["cash_micros"] += amount_micros
    change_cash(memory, events, account, NOWHERE, REASON_FINE, -amount_micros, 0, 0, 0, 0)


@leaf
def check_trader(memory: Memory, account: int) -> tuple[int, int, int]:
    """The account must be a trader's."""
    count = memory.world[0]["accounts"]
    if account < TRADERS or account >= count:
        return REASON_UNKNOWN_ACCOUNT, account, count
    return 0, 0, 0
