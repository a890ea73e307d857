"""Groups: orders that depend on each other. What happens to a member is told here, and what follows from it.

Everything that ends or shortens an order other than a fill goes through `cancel`.
"""

from __future__ import annotations

from workbench.domain.codes import STREET_ACCOUNT, EventKind, OrderFlag, Place, Reason
from workbench.domain.states import OrderState
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit_order
from workbench.engine.reference.orders import move, reject, shrink
from workbench.engine.reference.state import Group, Stage, TwinState, client_key
from workbench.matching.reference import Order
from workbench.risk.reference import Refusal

_FIRST, _SECOND, _THIRD = 1, 2, 3
_FEWEST = 2
"""Open orders without which a group that is complete means nothing."""


def collecting_group(twin: TwinState, command: Command) -> Group | None:
    """The group that still collects and whose first order has the client order id that a command names."""
    if command.account == STREET_ACCOUNT or not command.group_id:
        return None
    first = twin.client_ids.get(client_key(command.account, command.instrument, command.group_id))
    group = twin.groups.get(first.order_id) if first else None
    if group and group.stage == Stage.COLLECTING and group.members[_FIRST] is first:
        return group
    return None


def check_group(twin: TwinState, command: Command) -> Refusal | None:
    """INVALID_GROUP."""
    fits = _fits(twin, command) if command.group_id else not command.group_place
    return None if fits else Refusal(Reason.INVALID_GROUP, command.group_id, command.group_place)


def _fits(twin: TwinState, command: Command) -> bool:
    child = bool(command.flags & OrderFlag.GROUP_CHILD)
    last = bool(command.flags & OrderFlag.GROUP_LAST)
    if command.group_id < 0 or command.account == STREET_ACCOUNT:
        return False
    if command.group_place == _FIRST:
        return command.group_id == command.client_order_id and not last
    if command.group_place not in (_SECOND, _THIRD):
        return False
    group = collecting_group(twin, command)
    if not group or len(group.members) != command.group_place - 1 or group.instrument != command.instrument:
        return False
    first = group.members[_FIRST]
    first_is_child = bool(first.flags & OrderFlag.GROUP_CHILD)
    becomes_leg = child or not first_is_child
    if becomes_leg and command.side != first.side:
        return False
    if command.group_place == _THIRD:
        return first_is_child and last
    return last or (child and first_is_child)


def join(twin: TwinState, order: Order) -> Place | None:
    """Enter a new order in its group; returns where the group has it held, if it does."""
    if order.group_place == _FIRST:
        group = Group(order.account, order.instrument)
    else:
        first = twin.client_ids[client_key(order.account, order.instrument, order.group_id)]
        group = twin.groups[first.order_id]
    group.members[order.group_place] = order
    twin.groups[order.order_id] = group
    if not order.flags & OrderFlag.GROUP_LAST:
        return Place.GROUP
    if group.members[_FIRST].flags & OrderFlag.GROUP_CHILD:
        group.stage = Stage.WAITING
        group.parent = order.group_place
        return None
    group.stage = Stage.LEGS
    return Place.RELEASED


def complete(twin: TwinState, order: Order) -> None:
    """After the second order of an OCO is held: its first is released too."""
    move(twin, twin.groups[order.order_id].members[_FIRST], Place.RELEASED)


def other_leg(twin: TwinState, order: Order) -> Order | None:
    """The open order that trades instead of this one."""
    group = twin.groups.get(order.order_id)
    if not group or group.stage != Stage.LEGS:
        return None
    return next((other for other in group.members.values() if other is not order), None)


def replace_member(twin: TwinState, old: Order, new: Order) -> None:
    """A member was replaced."""
    group = twin.groups.pop(old.order_id, None)
    if group:
        group.members[old.group_place] = new
        twin.groups[new.order_id] = group


def cancel(
    twin: TwinState,
    order: Order,
    reason: Reason,
    lots: int | None = None,
    *,
    kind: EventKind = EventKind.ORDER_CANCELED,
    state: OrderState = OrderState.CANCELED,
) -> None:
    """Cancel all that is open of an order, or only `lots` of it, and tell its group when it has ended."""
    lots = order.leaves_lots if lots is None else lots
    shrink(twin, order, lots, traded=False)
    if order.leaves_lots:
        order.quantity_lots -= lots
        kind, state = EventKind.ORDER_REDUCED, twin.state_of(order)
    emit_order(twin, kind, order, state, reason, lots)
    if not order.leaves_lots:
        if reason == Reason.GROUP:
            _leave(twin, order)
        else:
            _ended(twin, order)


def expire(twin: TwinState, order: Order, reason: Reason) -> None:
    """End an order because of its time in force."""
    cancel(twin, order, reason, kind=EventKind.ORDER_EXPIRED, state=OrderState.EXPIRED)


def refuse_active(twin: TwinState, order: Order, refusal: Refusal) -> None:
    """End an order that fails its checks when it becomes active."""
    reject(twin, order, refusal.reason, refusal.value, refusal.limit)
    _ended(twin, order)


def cancel_members(twin: TwinState, group: Group) -> None:
    """Cancel all open orders of a group, in order of place."""
    for member in group.in_order():
        if member.leaves_lots:
            cancel(twin, member, Reason.GROUP)


def traded(twin: TwinState, order: Order, lots: int) -> None:
    """Tell an order's group of a fill."""
    group = twin.groups.get(order.order_id)
    if not group:
        return
    other = other_leg(twin, order)
    if other:
        cancel(twin, other, Reason.GROUP, min(lots, other.leaves_lots))
    if not order.leaves_lots:
        _leave(twin, order)
        if group.parent == order.group_place:
            _release_children(twin, group, order)


def _ended(twin: TwinState, order: Order) -> None:
    """Tell an order's group that it has ended otherwise than by a fill or through the group."""
    group = twin.groups.get(order.order_id)
    if not group:
        return
    others = [member for member in group.in_order() if member is not order]
    is_parent = group.parent == order.group_place
    _leave(twin, order)
    if is_parent and order.executed_lots:
        _release_children(twin, group, order)
        return
    for other in others:
        cancel(twin, other, Reason.GROUP)


def _release_children(twin: TwinState, group: Group, parent: Order) -> None:
    """The parent has traded and is gone: its children wait for nothing but continuous trading."""
    group.stage = Stage.LEGS
    group.parent = 0
    for child in group.in_order():
        excess = child.leaves_lots - parent.executed_lots
        if excess > 0:
            cancel(twin, child, Reason.GROUP, excess)
        move(twin, child, Place.RELEASED)
    _forget_if_done(twin, group)


def _leave(twin: TwinState, order: Order) -> None:
    """Take an order that has ended out of its group."""
    group = twin.groups.pop(order.order_id, None)
    if group:
        del group.members[order.group_place]
        # Without its parent a waiting group still has its children to release.
        if group.parent != order.group_place:
            _forget_if_done(twin, group)


def _forget_if_done(twin: TwinState, group: Group) -> None:
    if group.stage != Stage.COLLECTING and len(group.members) < _FEWEST:
        for member in group.members.values():
            del twin.groups[member.order_id]
