"""The lives of an order and of a session as tables, read by kernels, twin, documentation and the API."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import SessionState


class OrderState(IntEnum):
    """State of an order. The last five absorb: nothing follows them."""

    PENDING_NEW = 0
    NEW = 1
    HELD = 2
    PARTIALLY_FILLED = 3
    SUSPENDED = 4
    FILLED = 5
    CANCELED = 6
    EXPIRED = 7
    REPLACED = 8
    REJECTED = 9


_FOLLOWERS: dict[OrderState, tuple[OrderState, ...]] = {
    OrderState.PENDING_NEW: (OrderState.NEW, OrderState.HELD, OrderState.REJECTED),
    OrderState.HELD: (
        OrderState.NEW,
        OrderState.CANCELED,
        OrderState.EXPIRED,
        OrderState.REPLACED,
        OrderState.REJECTED,
    ),
    OrderState.NEW: (
        OrderState.PARTIALLY_FILLED,
        OrderState.SUSPENDED,
        OrderState.FILLED,
        OrderState.CANCELED,
        OrderState.EXPIRED,
        OrderState.REPLACED,
    ),
    OrderState.PARTIALLY_FILLED: (
        OrderState.PARTIALLY_FILLED,
        OrderState.SUSPENDED,
        OrderState.FILLED,
        OrderState.CANCELED,
        OrderState.EXPIRED,
        OrderState.REPLACED,
    ),
    OrderState.SUSPENDED: (
        OrderState.NEW,
        OrderState.PARTIALLY_FILLED,
        OrderState.FILLED,
        OrderState.CANCELED,
        OrderState.EXPIRED,
    ),
}

OPEN_STATES = frozenset({OrderState.NEW, OrderState.HELD, OrderState.PARTIALLY_FILLED, OrderState.SUSPENDED})
"""States of an order that is still working."""

TERMINAL_STATES = frozenset(set(OrderState) - set(_FOLLOWERS))
"""States that absorb."""


def _table() -> npt.NDArray[np.uint8]:
    table = np.zeros((len(OrderState), len(OrderState)), dtype=np.uint8)
    for state, followers in _FOLLOWERS.items():
        for follower in followers:
            table[state, follower] = 1
    table.setflags(write=False)
    return table


TRANSITIONS = _table()
"""uint8 table: `TRANSITIONS[before, after]` is 1 where the exchange may move an order so."""


def may_follow(before: OrderState, after: OrderState) -> bool:
    """Whether an order may move from `before` to `after`.

    >>> may_follow(OrderState.NEW, OrderState.FILLED)
    True
    >>> may_follow(OrderState.FILLED, OrderState.CANCELED)
    False
    """
    return bool(TRANSITIONS[before, after])


SESSION_TRANSITIONS: dict[SessionState, frozenset[SessionState]] = {
    SessionState.DRAFT: frozenset({SessionState.LOBBY}),
    SessionState.LOBBY: frozenset({SessionState.PRE_OPEN, SessionState.OPEN, SessionState.CLOSED}),
    SessionState.PRE_OPEN: frozenset({SessionState.OPEN, SessionState.PAUSED, SessionState.CLOSED}),
    SessionState.OPEN: frozenset({SessionState.PAUSED, SessionState.CLOSED}),
    SessionState.PAUSED: frozenset({SessionState.PRE_OPEN, SessionState.OPEN, SessionState.CLOSED}),
    SessionState.CLOSED: frozenset({SessionState.DEBRIEF}),
    SessionState.DEBRIEF: frozenset(),
}
"""Which states a session may go to from each."""


def session_may_go(before: SessionState, after: SessionState) -> bool:
    """Whether a session may go from `before` to `after`.

    >>> session_may_go(SessionState.PAUSED, SessionState.OPEN)
    True
    >>> session_may_go(SessionState.CLOSED, SessionState.OPEN)
    False
    """
    return after in SESSION_TRANSITIONS[before]
