"""Money that no trade moves: transfers and fines, and the event that every such movement gives."""

from __future__ import annotations

from workbench.domain.codes import HOUSE_ACCOUNT, EventKind, Reason
from workbench.domain.commands import ALL
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit, refuse
from workbench.engine.reference.means import free_micros
from workbench.engine.reference.naming import check_late, check_trader
from workbench.engine.reference.state import TwinState
from workbench.risk.reference import Refusal

MAX_AMOUNT_MICROS = 1 << 56


def transfer_cash(twin: TwinState, command: Command) -> None:
    """TRANSFER_CASH."""
    amount = command.amount_micros
    refusal = check_late(twin, command) or check_trader(twin, command.account)
    if not refusal and (amount == 0 or abs(amount) > MAX_AMOUNT_MICROS):
        refusal = Refusal(Reason.INVALID_AMOUNT, amount, MAX_AMOUNT_MICROS)
    if not refusal and amount < 0 and -amount > free_micros(twin, command.account):
        refusal = Refusal(Reason.INSUFFICIENT_CASH, -amount, free_micros(twin, command.account))
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    twin.funding_micros += amount
    standing = twin.standings[command.account]
    if standing.monitored:
        # What comes from outside is neither gained nor lost.
        standing.peak_equity_micros += amount
        standing.day_start_equity_micros += amount
    reason = Reason.DEPOSIT if amount > 0 else Reason.WITHDRAWAL
    change_cash(twin, command.account, amount, reason)


def fine(twin: TwinState, command: Command) -> None:
    """FINE."""
    amount = command.amount_micros
    refusal = check_late(twin, command) or check_trader(twin, command.account)
    if not refusal and not 1 <= amount <= MAX_AMOUNT_MICROS:
        refusal = Refusal(Reason.INVALID_AMOUNT, amount, MAX_AMOUNT_MICROS)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    pay_house(twin, command.account, amount, Reason.FINE)


def pay_house(
    twin: TwinState,
    account: int,
    amount_micros: int,
    reason: Reason,
    *,
    instrument: int = ALL,
    about: tuple[int, ...] = (),
) -> None:
    """Move money from an account to the house, or with a negative amount to the account."""
    house = twin.ledger.purses[HOUSE_ACCOUNT]
    house.cash_micros += amount_micros
    house.other_micros += amount_micros
    change_cash(twin, account, -amount_micros, reason, instrument=instrument, about=about)


def change_cash(
    twin: TwinState,
    account: int,
    amount_micros: int,
    reason: Reason,
    *,
    instrument: int = ALL,
    about: tuple[int, ...] = (),
) -> None:
    """Add to an account's cash and say so; `about` is the rest of CASH_CHANGED's payload."""
    if not amount_micros:
        return
    purse = twin.ledger.purses[account]
    purse.cash_micros += amount_micros
    purse.other_micros += amount_micros
    twin.moved.add(account)
    payload = (amount_micros, purse.cash_micros, *about)
    emit(twin, EventKind.CASH_CHANGED, payload, reason=reason, account=account, instrument=instrument)
