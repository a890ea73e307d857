"""Price limits: when their reference rolls on, and the pause when an order stops at one."""

from __future__ import annotations

from workbench.domain.codes import CommandKind, EventKind, Phase, Reason
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit_market
from workbench.engine.reference.phases import change_phase
from workbench.engine.reference.state import TwinState

_LOOKING = (CommandKind.NEW_ORDER, CommandKind.EXECUTE_ORDER)


def look_at_limits(twin: TwinState, command: Command) -> None:
    """What a command does before anything else of its own: roll the references that it looks at."""
    if command.kind == CommandKind.CLOCK:
        instruments = range(len(twin.rules))
    elif command.kind in _LOOKING and 0 <= command.instrument < len(twin.rules):
        instruments = range(command.instrument, command.instrument + 1)
    else:
        return
    for instrument in instruments:
        limits = twin.price_limits[instrument]
        if limits and limits.look(twin.time_ns):
            emit_market(twin, EventKind.PRICE_LIMITS_CHANGED, instrument)


def pause(twin: TwinState, instrument: int) -> None:
    """End a limit state: collect orders for a while, then reopen with an uncross."""
    limits = twin.price_limits[instrument]
    assert limits
    twin.limit_states.remove(instrument)
    change_phase(
        twin,
        instrument,
        Phase.REOPENING_AUCTION,
        Reason.LIMIT_UP_DOWN,
        reopening_ns=twin.time_ns + limits.pause_ns,
    )
