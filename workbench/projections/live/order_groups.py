"""Orders of a group: how it comes together, what its orders wait for, and what releases them."""

from __future__ import annotations

from workbench.domain.codes import OrderFlag, TimeInForce
from workbench.projections.live.order import LiveGroup, LiveOrder, Waits
from workbench.projections.live.orders import LiveOrders


def offer(orders: LiveOrders, order: LiveOrder) -> None:
    """An order of a group that collects is among its orders from its terms on, whatever becomes of it."""
    group = orders.groups.get((order.account, order.group_id))
    fits = group is not None and not group.complete and group.instrument == order.instrument
    if group is not None and fits and order.group_place == len(group.members) + 1:
        group.members.append(order)
        order.group = group


def join(orders: LiveOrders, order: LiveOrder) -> None:
    """An order has been accepted into its group: the first one begins it, the last one completes it."""
    if order.group_place == 1 and order.group is None:
        order.group = LiveGroup(order.group_id, order.instrument, [order])
        orders.groups[order.account, order.group_id] = order.group
    elif order.group is not None and order.flags & OrderFlag.GROUP_LAST and not order.group.complete:
        order.group.complete = True
        del orders.groups[order.account, order.group_id]
        if order.group.is_oco:
            order.group.members[0].waits = Waits.TRADING


def waits(order: LiveOrder) -> Waits:
    """What an order that has just been held waits for."""
    group = order.group
    if group is None or (order.flags & OrderFlag.GROUP_LAST and not group.is_oco):
        return Waits.AUCTION if order.time_in_force == TimeInForce.CLS else Waits.TRIGGER
    if order.waits == Waits.NOTHING:
        # The first time; the last order of an OCO completes it.
        return Waits.TRADING if group.complete else Waits.GROUP
    # What was released waits for its trigger once trading is continuous.
    return Waits.TRIGGER


def release(parent: LiveOrder) -> None:
    """The end of a parent that has traded releases its children, which no event says of each."""
    group = parent.group
    if group is not None and group.head is parent and not group.is_oco:
        for member in group.members:
            if member.waits == Waits.GROUP:
                member.waits = Waits.TRADING
