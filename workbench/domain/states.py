"""The life of an order as one table, read by the kernel's tests, the twin, the documentation and the API."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt


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
