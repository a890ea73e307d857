"""What orders of a group do to one another, and the ends of orders, which groups must hear of."""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import (
    SPECIAL_GROUP,
    STAGE_COLLECTING,
    STAGE_LEGS,
    STAGE_WAITING,
    EventBuffer,
    Memory,
)
from workbench.domain.numbers import (
    EVENT_ORDER_CANCELED,
    GROUP_CHILD,
    GROUP_LAST,
    PLACE_GROUP,
    PLACE_RELEASED,
    REASON_GROUP,
    STATE_CANCELED,
)
from workbench.engine.emit import say_order
from workbench.engine.orders import (
    end_alone,
    is_held,
    link_released,
    reduce_open,
)
from workbench.jit import hot, int64, leaf
from workbench.matching.table import find_client_id

IN_GROUP = SPECIAL_GROUP
NOT_IN_GROUP = 0xFF & ~SPECIAL_GROUP
FIRST, SECOND, THIRD = 1, 2, 3


@leaf
def take_group(memory: Memory) -> int:
    """A free group; the caller made sure there is one."""
    world = memory.world[0]
    at = world["free_group"]
    if at != 0:
        world["free_group"] = int64(memory.groups[at]["next"])
    else:
        at = world["used_groups"] + 1
        world["used_groups"] = at
    return at


@leaf
def add_member(memory: Memory, at: int, slot: int) -> None:
    """Mark an order as one of a group."""
    order = memory.orders[slot]
    order["special"] |= IN_GROUP
    memory.extras[order["extra"]]["group"] = at


@leaf
def group_of(memory: Memory, slot: int) -> int:
    """The group of an order that has one."""
    return int64(memory.extras[memory.orders[slot]["extra"]]["group"])


@leaf
def drop_member(memory: Memory, slot: int) -> None:
    """Take the mark off an order."""
    order = memory.orders[slot]
    order["special"] &= NOT_IN_GROUP
    memory.extras[order["extra"]]["group"] = 0


@leaf
def forget_group(memory: Memory, at: int) -> None:
    """End a group; its orders go on without it."""
    group = memory.groups[at]
    if group["first"] != 0:
        drop_member(memory, int64(group["first"]))
    if group["second"] != 0:
        drop_member(memory, int64(group["second"]))
    if group["parent"] != 0:
        drop_member(memory, int64(group["parent"]))
    world = memory.world[0]
    group["stage"] = 0
    group["next"] = world["free_group"]
    world["free_group"] = at


@leaf
def cancel_member(memory: Memory, events: EventBuffer, slot: int) -> None:
    """Cancel an order because of its group; 0 is none."""
    if slot != 0:
        end_alone(memory, events, slot, EVENT_ORDER_CANCELED, REASON_GROUP, STATE_CANCELED)


@leaf
def cancel_others(memory: Memory, events: EventBuffer, at: int, slot: int) -> None:
    """End a group and all its orders but `slot`, in order of place."""
    group = memory.groups[at]
    first = int64(group["first"])
    second = int64(group["second"])
    parent = int64(group["parent"])
    forget_group(memory, at)
    if first != slot:
        cancel_member(memory, events, first)
    if second != slot:
        cancel_member(memory, events, second)
    if parent != slot:
        cancel_member(memory, events, parent)


@leaf
def release(memory: Memory, slot: int) -> None:
    """Let a held order become active at the end of the command."""
    memory.orders[slot]["book"] = PLACE_RELEASED
    link_released(memory, slot)
    memory.instruments[memory.orders[slot]["instrument"]]["quote_due"] = 1


@leaf
def release_child(memory: Memory, events: EventBuffer, slot: int, executed_lots: int) -> None:
    """Cut a child to what its parent executed and release it; 0 is none."""
    if slot != 0:
        excess = memory.orders[slot]["leaves_lots"] - executed_lots
        if excess > 0:
            reduce_open(memory, events, slot, excess, REASON_GROUP)
        release(memory, slot)


@leaf
def release_children(memory: Memory, events: EventBuffer, at: int, executed_lots: int) -> None:
    """The parent is gone: its children are each other's other leg from now on."""
    group = memory.groups[at]
    first = int64(group["first"])
    second = int64(group["second"])
    drop_member(memory, int64(group["parent"]))
    group["parent"] = 0
    group["stage"] = STAGE_LEGS
    if first == 0 or second == 0:
        forget_group(memory, at)
    release_child(memory, events, first, executed_lots)
    release_child(memory, events, second, executed_lots)


@leaf
def tell_fill(memory: Memory, events: EventBuffer, slot: int, lots: int) -> None:
    """A member traded `lots`; its leaves are already smaller by them."""
    at = group_of(memory, slot)
    group = memory.groups[at]
    filled = memory.orders[slot]["leaves_lots"] == 0
    if group["stage"] == STAGE_WAITING:
        if filled and group["parent"] == slot:
            release_children(memory, events, at, memory.orders[slot]["quantity_lots"])
        return
    other = int64(group["first"]) + int64(group["second"]) - slot
    ends = lots >= memory.orders[other]["leaves_lots"]
    if ends or filled:
        forget_group(memory, at)
    if ends:
        cancel_member(memory, events, other)
    else:
        reduce_open(memory, events, other, lots, REASON_GROUP)


@leaf
def tell_end(memory: Memory, events: EventBuffer, at: int, slot: int, executed_lots: int) -> None:
    """A member of group `at` ended otherwise than by a fill or through its group."""
    group = memory.groups[at]
    if group["stage"] == STAGE_WAITING and group["parent"] == slot and executed_lots > 0:
        release_children(memory, events, at, executed_lots)
    else:
        cancel_others(memory, events, at, slot)


@leaf
def end_member(memory: Memory, events: EventBuffer, slot: int, kind: int, reason: int, state: int) -> None:
    """Cancel or expire an open member of a group, which hears of it."""
    order = memory.orders[slot]
    at = group_of(memory, slot)
    executed = order["quantity_lots"] - order["leaves_lots"]
    end_alone(memory, events, slot, kind, reason, state)
    # The slot is free now, but nothing takes it before the group is told.
    tell_end(memory, events, at, slot, executed)


@hot
def end_open(memory: Memory, events: EventBuffer, slot: int, kind: int, reason: int, state: int) -> None:
    """Cancel or expire an open order."""
    if memory.orders[slot]["special"] & IN_GROUP:
        end_member(memory, events, slot, kind, reason, state)
    else:
        end_alone(memory, events, slot, kind, reason, state)


@leaf
def cancel_open(memory: Memory, events: EventBuffer, slot: int, reason: int) -> None:
    """Cancel an open order."""
    end_open(memory, events, slot, EVENT_ORDER_CANCELED, reason, STATE_CANCELED)


@leaf
def cancel_incoming(memory: Memory, events: EventBuffer, slot: int, reason: int) -> None:
    """Cancel what is left of an order that never rested; the caller releases its slot."""
    order = memory.orders[slot]
    left = order["leaves_lots"]
    event = say_order(memory, events, order, EVENT_ORDER_CANCELED, reason, STATE_CANCELED, left)
    event["leaves_lots"] = 0
    event["executed_lots"] = order["quantity_lots"] - left
    if order["special"] & IN_GROUP:
        tell_end(memory, events, group_of(memory, slot), slot, order["quantity_lots"] - left)


@leaf
def other_leg(memory: Memory, slot: int) -> int:
    """The other leg of an order, or 0."""
    if (memory.orders[slot]["special"] & IN_GROUP) == 0:
        return 0
    group = memory.groups[group_of(memory, slot)]
    if group["stage"] != STAGE_LEGS:
        return 0
    return int64(group["first"]) + int64(group["second"]) - slot


@leaf
def resting_leg(memory: Memory, slot: int) -> int:
    """The other leg of an order if it stands in a book or market queue, or 0."""
    other = other_leg(memory, slot)
    if other != 0 and is_held(memory.orders[other]):
        return 0
    return other


@leaf
def collecting_group(memory: Memory, command: Any) -> int:
    """The group that a command's `group_id` names, if it still collects, or 0."""
    first = find_client_id(
        memory.by_client_id,
        memory.orders,
        int64(command["account"]),
        int64(command["instrument"]),
        command["group_id"],
    )
    if first == 0 or (memory.orders[first]["special"] & IN_GROUP) == 0:
        return 0
    at = group_of(memory, first)
    group = memory.groups[at]
    return at if group["stage"] == STAGE_COLLECTING and group["first"] == first else 0


@leaf
def fits_group(memory: Memory, command: Any) -> bool:
    """Whether a new order may join the group it names, or names none."""
    group_id = command["group_id"]
    place = int64(command["group_place"])
    flags = int64(command["flags"])
    if group_id == 0:
        return place == 0
    if group_id < 0 or command["account"] == 0:
        return False
    if place == FIRST:
        return group_id == command["client_order_id"] and (flags & GROUP_LAST) == 0
    at = collecting_group(memory, command)
    if (place != SECOND and place != THIRD) or at == 0:
        return False
    group = memory.groups[at]
    first = memory.orders[group["first"]]
    if group["members"] != place - 1 or first["instrument"] != command["instrument"]:
        return False
    with_children = (first["flags"] & GROUP_CHILD) != 0
    is_child = (flags & GROUP_CHILD) != 0
    is_last = (flags & GROUP_LAST) != 0
    # Two legs stand on one side, so that an order can never meet its own other leg.
    if (is_child or not with_children) and first["side"] != command["side"]:
        return False
    if place == SECOND:
        return is_last or (is_child and with_children)
    return with_children and is_last


@leaf
def join_group(memory: Memory, command: Any, slot: int) -> bool:
    """Enter an accepted order into its group; returns whether it is held because of it."""
    at = int64(0)
    place = int64(command["group_place"])
    if place == FIRST:
        at = take_group(memory)
        group = memory.groups[at]
        group["account"] = command["account"]
        group["instrument"] = command["instrument"]
        group["stage"] = STAGE_COLLECTING
        group["members"] = 0
        group["first"] = slot
        group["second"] = 0
        group["parent"] = 0
    else:
        at = collecting_group(memory, command)
    group = memory.groups[at]
    group["members"] += 1
    add_member(memory, at, slot)
    if (command["flags"] & GROUP_LAST) == 0:
        if place == SECOND:
            group["second"] = slot
        return True
    if memory.orders[group["first"]]["flags"] & GROUP_CHILD:
        group["parent"] = slot
        group["stage"] = STAGE_WAITING
        return False
    group["second"] = slot
    group["stage"] = STAGE_LEGS
    return True


@leaf
def place_in_group(memory: Memory, slot: int) -> int:
    """Where an order that its group holds waits; with it, the first of a complete OCO is released."""
    group = memory.groups[group_of(memory, slot)]
    if group["stage"] != STAGE_LEGS:
        return PLACE_GROUP
    release(memory, int64(group["first"]))
    return PLACE_RELEASED


@leaf
def break_group(memory: Memory, events: EventBuffer, command: Any) -> None:
    """An order was refused that a group waits for: the group ends."""
    if command["account"] == 0 or command["group_id"] == 0 or command["group_place"] < SECOND:
        return
    at = collecting_group(memory, command)
    if at != 0:
        cancel_others(memory, events, at, 0)
