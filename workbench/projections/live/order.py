"""One order of a person, with its whole life so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

from workbench.domain.codes import OrderFlag, OrderType, Reason
from workbench.domain.records import LIQUIDATION
from workbench.domain.states import OPEN_STATES, OrderState

TRIGGER_TYPES = frozenset(
    {
        OrderType.STOP,
        OrderType.STOP_LIMIT,
        OrderType.MARKET_IF_TOUCHED,
        OrderType.LIMIT_IF_TOUCHED,
        OrderType.TRAILING_STOP,
    }
)
"""Types that wait until a reference price reaches their trigger price."""


class Waits(IntEnum):
    """What a held order waits for."""

    NOTHING = 0
    """It is not held."""
    TRIGGER = 1
    """Its trigger price."""
    GROUP = 2
    """Its group: the rest of it, or its parent's fill."""
    TRADING = 3
    """Continuous trading; nothing else keeps it."""
    AUCTION = 4
    """The closing auction."""


@dataclass(slots=True, eq=False)
class LiveOrder:
    """One order as the events so far describe it; a number of 0 is one that there is not.

    An order that is replaced ends and lives on as another `LiveOrder` (`replaced_by`), which counts on from
    it: `executed_lots` and `executed_value` are of the whole chain, as the exchange has them; `filled_lots`,
    `filled_value`, `fills`, `maker_lots` and `fees_micros` of this order alone.

    Attributes
    ----------
    order_id, client_order_id
        The exchange's number of it, and the number that its owner gave it.
    side, order_type, time_in_force, flags
        Codes of `workbench.domain.codes`, as plain integers: what was asked for may not be a code.
    price_ticks
        Limit price; 0 for an order without one.
    quantity_lots, leaves_lots
        The total, and what is open.
    executed_value, filled_value
        Sum of price in ticks times lots of the fills.
    trigger_price_ticks
        Where it triggers; that of a trailing stop follows the market and is 0 while there is none.
    trail_ticks, trail_micros
        How far a trailing stop trails, in ticks or in millionths of the watermark.
    watermark_ticks
        Best price that a trailing stop has seen.
    state
        Also SUSPENDED while its instrument is halted.
    reason, reason_value, reason_limit
        Why it was refused, ended or last reduced, with the numbers of a refusal.
    ahead_lots
        What was displayed ahead of it at its price when it last queued; -1 before that.
    entered_ns
        When the first order of its chain came.
    created_seq, updated_seq
        Events that made it and that last changed it.
    replaces, replaced_by, root_order_id
        Neighbours in the chain of replaces, and its first order.
    waits
        What it waits for while it is HELD.
    announced
        Whether it has been accepted for good: it works, or waits for nothing but its trigger.
    group
        Its group, if it came with one.
    place
        How many orders of people were created before it.
    """

    order_id: int
    client_order_id: int
    account: int
    instrument: int
    side: int
    order_type: int
    time_in_force: int
    flags: int
    price_ticks: int
    quantity_lots: int
    leaves_lots: int
    executed_lots: int
    created_ns: int
    created_seq: int
    command_seq: int
    root_order_id: int
    entered_ns: int
    created_lots: int = 0
    executed_value: int = 0
    filled_lots: int = 0
    filled_value: int = 0
    fills: int = 0
    maker_lots: int = 0
    fees_micros: int = 0
    canceled_lots: int = 0
    trigger_price_ticks: int = 0
    trail_ticks: int = 0
    trail_micros: int = 0
    watermark_ticks: int = 0
    display_lots: int = 0
    expire_time_ns: int = 0
    group_id: int = 0
    group_place: int = 0
    state: OrderState = OrderState.PENDING_NEW
    reason: Reason = Reason.NONE
    reason_value: int = 0
    reason_limit: int = 0
    required_micros: int = 0
    ahead_lots: int = -1
    updated_ns: int = 0
    updated_seq: int = 0
    approved_ns: int = 0
    rested_ns: int = 0
    triggered_ns: int = 0
    first_fill_ns: int = 0
    filled_ns: int = 0
    canceled_ns: int = 0
    expired_ns: int = 0
    replaced_ns: int = 0
    rejected_ns: int = 0
    replaces: int = 0
    replaced_by: int = 0
    waits: Waits = Waits.NOTHING
    announced: bool = False
    group: LiveGroup | None = None
    place: int = -1

    @property
    def is_open(self) -> bool:
        """Whether it still works or waits."""
        return self.state in OPEN_STATES

    @property
    def average_price_ticks(self) -> float | None:
        """Average price of the chain's fills, in ticks; None before the first. Exact: `executed_value`."""
        return self.executed_value / self.executed_lots if self.executed_lots else None

    @property
    def is_trigger(self) -> bool:
        """Whether it waits, or has waited, for a trigger price."""
        return self.order_type in TRIGGER_TYPES

    @property
    def is_liquidation(self) -> bool:
        """Whether the exchange entered it to close a margin account's position."""
        return bool(self.flags & LIQUIDATION)

    @property
    def is_group_child(self) -> bool:
        """Whether it waits for its parent's fill."""
        return bool(self.flags & OrderFlag.GROUP_CHILD)

    @property
    def legs(self) -> tuple[LiveOrder, ...]:
        """The orders of its group that hang on it: a parent's children, of an OCO the second leg."""
        group = self.group
        if group is None or group.head is None or group.head.root_order_id != self.root_order_id:
            return ()
        return tuple(member for member in group.members if member is not group.head)

    @property
    def parent_order_id(self) -> int:
        """The order that it hangs on, of an OCO the first leg; 0 when it is nobody's leg."""
        group = self.group
        if group is None or group.head is None or group.head.root_order_id == self.root_order_id:
            return 0
        return group.head.order_id


@dataclass(slots=True, eq=False)
class LiveGroup:
    """Orders that depend on each other.

    Attributes
    ----------
    group_id
        Client order id of its first order.
    instrument
        What all of them trade.
    members
        Its orders by place; one that was replaced is its successor here.
    complete
        Whether its last order has been accepted.
    ended, queued
        Its orders that have ended and are not packed yet, and whether somebody will look at them.
    """

    group_id: int
    instrument: int
    members: list[LiveOrder] = field(default_factory=list)
    complete: bool = False
    ended: list[LiveOrder] = field(default_factory=list)
    queued: bool = False

    @property
    def has_ended(self) -> bool:
        """Whether none of its orders is open."""
        return not any(member.is_open for member in self.members)

    @property
    def is_oco(self) -> bool:
        """Whether it is two legs without a parent."""
        return bool(self.members) and not self.members[0].is_group_child

    @property
    def head(self) -> LiveOrder | None:
        """The order that the others hang on: the parent, of an OCO the first leg; None until it has come."""
        if not self.members:
            return None
        if self.is_oco:
            return self.members[0]
        last = self.members[-1]
        return None if last.is_group_child else last

    @property
    def name(self) -> str:
        """What its form is called: `oco`, `oto` (one child) or `bracket`."""
        if self.is_oco:
            return "oco"
        children = sum(member.is_group_child for member in self.members)
        return "oto" if children == 1 else "bracket"
