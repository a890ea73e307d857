"""The session's state and announcements: neither touches a market."""

from __future__ import annotations

from workbench.domain.codes import EventKind, Reason, SessionState
from workbench.domain.commands import ALL
from workbench.domain.states import session_may_go
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit, refuse
from workbench.engine.reference.naming import check_instrument, check_late
from workbench.engine.reference.state import TwinState
from workbench.risk.reference import Refusal

_STATES = tuple(SessionState)


def set_session_state(twin: TwinState, command: Command) -> None:
    """SET_SESSION_STATE."""
    present, wanted = twin.session_state, command.flags
    refusal = check_late(twin, command)
    if not refusal and (wanted not in _STATES or not session_may_go(present, SessionState(wanted))):
        refusal = Refusal(Reason.INVALID_SESSION_STATE, wanted, present)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    twin.session_state = SessionState(wanted)
    emit(twin, EventKind.SESSION_STATE_CHANGED, (wanted, present), instrument=ALL)


def announce(twin: TwinState, command: Command) -> None:
    """ANNOUNCE."""
    refusal = check_late(twin, command) or check_instrument(twin, command.instrument, or_all=True)
    if not refusal and command.order_id < 1:
        refusal = Refusal(Reason.INVALID_ANNOUNCEMENT, command.order_id, 1)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    emit(twin, EventKind.ANNOUNCED, (0, 0, command.order_id), instrument=command.instrument)
