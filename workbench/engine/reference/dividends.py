"""DIVIDEND: an amount on every lot of an instrument."""

from __future__ import annotations

from workbench.domain.codes import EventKind, Reason
from workbench.engine.reference.cash import change_cash
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import refuse
from workbench.engine.reference.naming import check_instrument, check_late
from workbench.engine.reference.state import TwinState
from workbench.risk.reference import Refusal

MAX_DIVIDEND_MICROS = 1 << 40
MAX_PAID_MICROS = 1 << 52


def largest_position(twin: TwinState, instrument: int) -> int:
    """The largest position in an instrument, long or short, of any account."""
    return max(abs(twin.ledger.position_lots(account, instrument)) for account in range(len(twin.standings)))


def dividend(twin: TwinState, command: Command) -> None:
    """DIVIDEND."""
    amount, instrument = command.amount_micros, command.instrument
    refusal = check_late(twin, command) or check_instrument(twin, instrument)
    if not refusal:
        held = largest_position(twin, instrument)
        most = min(MAX_DIVIDEND_MICROS, MAX_PAID_MICROS // held) if held else MAX_DIVIDEND_MICROS
        if not 1 <= amount <= most:
            refusal = Refusal(Reason.INVALID_AMOUNT, amount, most)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    # Positions sum to zero, so what longs receive is what shorts pay.
    for account in range(len(twin.standings)):
        lots = twin.ledger.position_lots(account, instrument)
        about = (lots, 0, amount)
        change_cash(twin, account, lots * amount, Reason.DIVIDEND, instrument=instrument, about=about)
