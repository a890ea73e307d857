"""What an order needs and what an account has free for it: buying power of cash and of margin accounts."""

from __future__ import annotations

from workbench.domain.codes import AccountFlag
from workbench.engine.reference.marks import equity, initial_margin
from workbench.engine.reference.state import TwinState
from workbench.matching.reference import Order


def money_for(twin: TwinState, order: Order, notional_micros: int, opening_lots: int) -> int:
    """What `opening_lots` of an order that are worth `notional_micros` tie up, with fees."""
    terms = twin.ledger.terms_of(order.account, order.instrument)
    if twin.standings[order.account].flags & AccountFlag.MARGIN:
        return terms.required_margin(order.side, notional_micros, opening_lots)
    return terms.required(notional_micros, opening_lots)


def available_micros(twin: TwinState, account: int) -> int:
    """Buying power of a cash checked or margin account."""
    standing, purse = twin.standings[account], twin.ledger.purses[account]
    if standing.flags & AccountFlag.MARGIN:
        return equity(twin, account) - initial_margin(twin, account) - standing.reserved_micros
    return purse.cash_micros - standing.reserved_micros - 2 * purse.short_cost_micros


def free_micros(twin: TwinState, account: int) -> int:
    """What an account may withdraw."""
    if twin.standings[account].flags & (AccountFlag.CASH_CHECKED | AccountFlag.MARGIN):
        return available_micros(twin, account)
    return twin.ledger.purses[account].cash_micros
