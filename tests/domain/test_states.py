"""The table of order states: what absorbs, what can be reached, and that it says the same twice."""

import numpy as np
import pytest

from workbench.domain import numbers
from workbench.domain.codes import SessionState
from workbench.domain.states import (
    OPEN_STATES,
    SESSION_TRANSITIONS,
    TERMINAL_STATES,
    TRANSITIONS,
    OrderState,
    may_follow,
    session_may_go,
)

STATES = list(OrderState)


def reachable(start: OrderState) -> set[OrderState]:
    """States that an order may come to, `start` included."""
    found, waiting = {start}, [start]
    while waiting:
        before = waiting.pop()
        for after in STATES:
            if may_follow(before, after) and after not in found:
                found.add(after)
                waiting.append(after)
    return found


def test_numbers_are_the_pinned_ones() -> None:
    assert [(state.name, state.value) for state in OrderState] == [
        ("PENDING_NEW", 0),
        ("NEW", 1),
        ("HELD", 2),
        ("PARTIALLY_FILLED", 3),
        ("SUSPENDED", 4),
        ("FILLED", 5),
        ("CANCELED", 6),
        ("EXPIRED", 7),
        ("REPLACED", 8),
        ("REJECTED", 9),
    ]


def test_terminal_states_absorb() -> None:
    assert {state.name for state in TERMINAL_STATES} == {
        "FILLED",
        "CANCELED",
        "EXPIRED",
        "REPLACED",
        "REJECTED",
    }
    for state in TERMINAL_STATES:
        assert not TRANSITIONS[state].any()


def test_every_state_is_reached_from_the_first() -> None:
    assert reachable(OrderState.PENDING_NEW) == set(STATES)


def test_an_end_is_reached_from_every_state() -> None:
    for state in STATES:
        assert reachable(state) & TERMINAL_STATES


def test_every_state_is_the_first_open_or_an_end() -> None:
    assert set(STATES) == {OrderState.PENDING_NEW} | OPEN_STATES | TERMINAL_STATES
    assert not OPEN_STATES & TERMINAL_STATES


def test_nothing_goes_back_to_the_first() -> None:
    assert not TRANSITIONS[:, OrderState.PENDING_NEW].any()


def test_only_what_has_not_traded_is_rejected() -> None:
    before = {state for state in STATES if may_follow(state, OrderState.REJECTED)}
    assert before == {OrderState.PENDING_NEW, OrderState.HELD}


def test_only_a_partial_fill_may_follow_itself() -> None:
    assert [state.name for state in STATES if may_follow(state, state)] == ["PARTIALLY_FILLED"]


def test_the_table_is_small_and_fixed() -> None:
    assert (TRANSITIONS.dtype, TRANSITIONS.shape) == (np.uint8, (10, 10))
    assert set(np.unique(TRANSITIONS).tolist()) == {0, 1}
    assert TRANSITIONS.sum() == 25
    with pytest.raises(ValueError, match="read-only"):
        TRANSITIONS[0, 0] = 1


def test_the_sessions_table() -> None:
    table = {state.name: sorted(after.name for after in SESSION_TRANSITIONS[state]) for state in SessionState}
    assert table == {
        "DRAFT": ["LOBBY"],
        "LOBBY": ["CLOSED", "OPEN", "PRE_OPEN"],
        "PRE_OPEN": ["CLOSED", "OPEN", "PAUSED"],
        "OPEN": ["CLOSED", "PAUSED"],
        "PAUSED": ["CLOSED", "OPEN", "PRE_OPEN"],
        "CLOSED": ["DEBRIEF"],
        "DEBRIEF": [],
    }


@pytest.mark.parametrize("before", SessionState, ids=lambda state: state.name)
def test_kernels_have_the_same_table_of_sessions(before: SessionState) -> None:
    allowed = {after for after in SessionState if numbers.SESSION_FOLLOWERS[before] >> after & 1}
    assert allowed == {after for after in SessionState if session_may_go(before, after)}
    assert numbers.SESSION_FOLLOWERS[before] < 1 << len(SessionState)
