"""What history asks for that live orders have made impossible."""

from __future__ import annotations

from workbench.domain.codes import STREET_ACCOUNT, OrderFlag
from workbench.domain.instruments import MAX_QUANTITY_LOTS
from workbench.engine.reference.command import Command
from workbench.engine.reference.state import TwinState


def is_responsive_history(twin: TwinState, command: Command) -> bool:
    """Whether a cancel or replace is history's, in a venue where live orders touch history."""
    historical = command.flags & OrderFlag.HISTORICAL and command.account == STREET_ACCOUNT
    return bool(historical) and not twin.frozen


def gives_history_leaves(twin: TwinState, command: Command) -> bool:
    """Whether a replace gives history's leaves, of which live orders may have taken some."""
    as_leaves = bool(command.flags & OrderFlag.QUANTITY_IS_LEAVES and command.quantity_lots)
    return as_leaves and is_responsive_history(twin, command)


def diverge(twin: TwinState, instrument: int, lots: int) -> None:
    """Count one time that history could not be applied in full."""
    twin.tapes[instrument].divergence_orders += 1
    # A quantity is 2^40 lots at most; a command may give any number, and the sum must fit into 64 bits.
    twin.tapes[instrument].divergence_lots += min(lots, MAX_QUANTITY_LOTS)


def missed_history(twin: TwinState, command: Command) -> None:
    """History named an order that is no longer open."""
    if is_responsive_history(twin, command) and 0 <= command.instrument < len(twin.tapes):
        diverge(twin, command.instrument, max(0, command.quantity_lots))
