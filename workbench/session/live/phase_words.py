"""Why an order is not taken, where the session's state or the instrument's phase is the cause."""

from __future__ import annotations

from typing import Final

from workbench.domain.codes import Phase, Reason, SessionState, TimeInForce

_AT_ONCE: Final = (TimeInForce.IOC, TimeInForce.FOK)
_COLLECTING: Final = (
    Phase.PRE_OPEN,
    Phase.OPENING_AUCTION,
    Phase.CLOSING_AUCTION,
    Phase.REOPENING_AUCTION,
)
_OVER: Final = (SessionState.CLOSED, SessionState.DEBRIEF)


def phase_text(reason: Reason, state: SessionState, phase: Phase, time_in_force: int) -> str:
    """The sentence for it; nothing when the cause is another.

    Parameters
    ----------
    reason
        The exchange's reason.
    state
        Of the session.
    phase
        Of the order's instrument.
    time_in_force
        Of the order.

    Examples
    --------
    >>> phase_text(Reason.MARKET_CLOSED, SessionState.CLOSED, Phase.CLOSED, TimeInForce.DAY)
    'the session is over and its market opens no more: trade in another session'
    >>> phase_text(Reason.INVALID_PRICE, SessionState.CLOSED, Phase.CLOSED, TimeInForce.DAY)
    ''
    """
    if reason == Reason.MARKET_CLOSED and state in _OVER:
        return "the session is over and its market opens no more: trade in another session"
    if reason == Reason.MARKET_CLOSED and state == SessionState.LOBBY:
        return "this market is closed in the lobby and takes orders once the session is started"
    if reason == Reason.INSTRUMENT_HALTED and state == SessionState.PAUSED:
        return "the session is paused: until it goes on, orders can be cancelled and none are taken"
    if reason != Reason.INVALID_TIME_IN_FORCE:
        return ""
    if time_in_force in _AT_ONCE and phase in _COLLECTING:
        name = phase.name.lower().replace("_", " ")
        return f"orders are only collected now ({name}): one that trades at once or not at all is not taken"
    if time_in_force == TimeInForce.OPG:
        return "the opening auction is over: orders for it are taken before the open"
    return ""
