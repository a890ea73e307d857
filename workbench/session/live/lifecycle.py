"""The states of a session, and what each change of them does to the phases of its instruments."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.domain.codes import EventKind, Phase, SessionState
from workbench.domain.commands import ALL, batch, schedule_phase, set_phase, set_session_state
from workbench.domain.records import MARKET_EVENT, Records
from workbench.domain.states import SESSION_TRANSITIONS
from workbench.errors import SessionError
from workbench.session.live.remarks import Remark

RUNNING = frozenset({SessionState.PRE_OPEN, SessionState.OPEN})
"""States in which time passes and what happens by itself happens."""

OVER = frozenset({SessionState.CLOSED, SessionState.DEBRIEF})

_COLLECTING = frozenset(
    {Phase.PRE_OPEN, Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION, Phase.REOPENING_AUCTION}
)
_BEFORE_OPEN = frozenset({Phase.PRE_OPEN, Phase.OPENING_AUCTION})


class Lifecycle:
    """State of a session and phases of its instruments, as its events and remarks tell.

    Parameters
    ----------
    instruments
        How many there are.

    Attributes
    ----------
    state
        Of the session.
    phases
        Of each instrument.
    before
        Phases before the session was paused.
    """

    def __init__(self, instruments: int) -> None:
        self.state = SessionState.DRAFT
        self.phases: tuple[Phase, ...] = (Phase.CONTINUOUS,) * instruments
        self.before: tuple[Phase, ...] = self.phases

    @property
    def running(self) -> bool:
        """Whether time passes."""
        return self.state in RUNNING

    def check(self, state: SessionState, name: str) -> None:
        """Refuse a change that the table of states does not have."""
        followers = SESSION_TRANSITIONS[self.state]
        if state not in followers:
            could = " or ".join(_called(each) for each in sorted(followers))
            remedy = f"it can go on to {could}" if could else "it is over"
            if state == SessionState.DEBRIEF and SessionState.CLOSED in followers:
                remedy = "close it first"
            what = f"is {_called(self.state)} and cannot go on to {_called(state)}"
            raise SessionError(what, f"session {name!r}", remedy)

    def commands(
        self, state: SessionState, time_ns: int, *, by_auction: bool = False, auction_ns: int = 0
    ) -> Records:
        """The commands of a change that `check` allows: phases first, and the state last."""
        auction_end_ns = time_ns + auction_ns
        parts: list[Records] = []
        wanted = [self._wanted(state, number, by_auction) for number in range(len(self.phases))]
        if len(set(wanted)) == 1 and self.phases != tuple(wanted):
            parts.append(set_phase(time_ns, wanted[0], ALL))
        else:
            for number, phase in enumerate(wanted):
                if phase != self.phases[number]:
                    parts.append(set_phase(time_ns, phase, number))
        if state == SessionState.OPEN:
            for number, phase in enumerate(wanted):
                if phase == Phase.REOPENING_AUCTION:
                    # Which ends by itself: what was scheduled before the pause is forgotten.
                    parts.append(schedule_phase(time_ns, Phase.CONTINUOUS, auction_end_ns, number))
        parts.append(set_session_state(time_ns, state))
        return batch(parts)

    def _wanted(self, state: SessionState, number: int, by_auction: bool) -> Phase:
        """The phase of an instrument in another state of the session."""
        now = self.phases[number]
        was = self.before[number] if self.state == SessionState.PAUSED else now
        if state in OVER:
            return Phase.CLOSED
        if state == SessionState.LOBBY:
            # Nothing trades yet, but orders for the open are kept where they will be: on the exchange.
            return Phase.PRE_OPEN
        if state == SessionState.PAUSED:
            return now if now == Phase.CLOSED else Phase.HALTED
        if self.state == SessionState.LOBBY:
            return Phase.PRE_OPEN if state == SessionState.PRE_OPEN else Phase.CONTINUOUS
        if state == SessionState.PRE_OPEN:
            return Phase.REOPENING_AUCTION if was == Phase.CONTINUOUS else was
        if self.state == SessionState.PRE_OPEN:
            return Phase.CONTINUOUS if was in _COLLECTING else was
        if was in _BEFORE_OPEN:
            return Phase.CONTINUOUS
        return Phase.REOPENING_AUCTION if by_auction and was == Phase.CONTINUOUS else was

    def note(self, events: Records) -> None:
        """Take note of what happened to phases."""
        phases = list(self.phases)
        changed = events[events["kind"] == EventKind.PHASE_CHANGED].view(MARKET_EVENT)
        for instrument, phase in zip(changed["instrument"].tolist(), changed["phase"].tolist(), strict=True):
            phases[instrument] = Phase(phase)
        self.phases = tuple(phases)

    def apply(self, remark: Remark) -> None:
        """Take note of what a remark says of the state."""
        if remark.state is not None:
            self.state = SessionState(remark.state)
        if remark.phases is not None:
            self.before = tuple(Phase(phase) for phase in remark.phases)

    def set_phases(self, phases: Sequence[int]) -> None:
        """Begin with these phases, of an exchange that was recovered."""
        self.phases = tuple(Phase(int(phase)) for phase in phases)


def _called(state: SessionState) -> str:
    """A state in a sentence."""
    return SessionState(state).name.lower().replace("_", "-")
