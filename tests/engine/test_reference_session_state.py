"""The session's state and announcements, step by step, over both exchanges."""

from __future__ import annotations

import pytest

from tests.twins.desk import BOTH, Desk, desk_of_one
from workbench.domain import commands as make
from workbench.domain.codes import SessionState
from workbench.domain.states import SESSION_TRANSITIONS

pytestmark = pytest.mark.parametrize("which", BOTH)


def state_of(desk: Desk) -> list[int]:
    return desk.exchange.state().session["session_state"].tolist()


def way_to(state: SessionState) -> list[SessionState]:
    """A shortest way from DRAFT."""
    ways = {SessionState.DRAFT: list[SessionState]()}
    while state not in ways:
        for before, way in list(ways.items()):
            for after in SESSION_TRANSITIONS[before]:
                ways.setdefault(after, [*way, after])
    return ways[state]


def session_in(which: str, state: SessionState) -> Desk:
    desk = desk_of_one(which)
    for step in way_to(state):
        desk.do(make.set_session_state(0, step))
    return desk


@pytest.mark.parametrize("bare", [False, True])
def test_a_session_from_end_to_end(which: str, bare: bool) -> None:
    desk = desk_of_one(which, bare=bare)
    assert state_of(desk) == []
    before = SessionState.DRAFT
    names = "LOBBY PRE_OPEN OPEN PAUSED OPEN PAUSED PRE_OPEN OPEN CLOSED DEBRIEF"
    for time_ns, after in enumerate(SessionState[name] for name in names.split()):
        said = desk.do(make.set_session_state(time_ns, after))
        assert said == [f"SESSION {before.name}>{after.name} 0 -1"]
        assert state_of(desk) == [after]
        before = after


@pytest.mark.parametrize("before", SessionState, ids=lambda state: state.name)
def test_only_what_the_table_allows(which: str, before: SessionState) -> None:
    for after in [*SessionState, 7, 64, 65, 65_535]:
        desk = session_in(which, before)
        said = desk.do(make.set_session_state(0, after))  # type: ignore[arg-type]
        if after in SESSION_TRANSITIONS[before]:
            assert said == [f"SESSION {before.name}>{SessionState(after).name} 0 -1"]
        else:
            assert said == [f"REJECTED INVALID_SESSION_STATE {int(after)}/{int(before)}"]
            assert state_of(desk) == ([before] if before else [])


def test_trading_does_not_depend_on_it(which: str) -> None:
    desk = session_in(which, SessionState.DEBRIEF)
    desk.sell(2, 5, 100)
    assert desk.buy(3, 5, 100)[0] == "TRADE 5@100 2x1"


def test_it_comes_too_late(which: str) -> None:
    desk = desk_of_one(which)
    desk.do(make.clock(10))
    said = desk.do(make.set_session_state(9, SessionState.LOBBY))
    assert said == ["REJECTED TIME_BACKWARDS 9/10"]
    assert state_of(desk) == []


def test_announcements_change_nothing(which: str) -> None:
    desk = desk_of_one(which)
    before = desk.exchange.state()
    for said in (["ANNOUNCED 1 0 -1"], ["ANNOUNCED 1 0 -1"]):
        assert desk.do(make.announce(0, 1)) == said
    assert desk.do(make.announce(0, 2**63 - 1, 0)) == [f"ANNOUNCED {2**63 - 1} 0 0"]
    for name, part in before._asdict().items():
        if name != "counters":
            assert getattr(desk.exchange.state(), name).tobytes() == part.tobytes()


@pytest.mark.parametrize(
    ("number", "instrument", "refused"),
    [
        (0, -1, "INVALID_ANNOUNCEMENT 0/1"),
        (-(2**63), 0, f"INVALID_ANNOUNCEMENT {-(2**63)}/1"),
        (1, 1, "UNKNOWN_INSTRUMENT 1/1"),
        (0, -2, "UNKNOWN_INSTRUMENT -2/1"),
    ],
)
def test_announcements_that_cannot_be(which: str, number: int, instrument: int, refused: str) -> None:
    assert desk_of_one(which).do(make.announce(0, number, instrument)) == [f"REJECTED {refused}"]
