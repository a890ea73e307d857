"""An order that has ended as a few bytes, and the order again."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from workbench.domain.codes import Reason
from workbench.domain.states import OrderState
from workbench.projections.live.order import LiveGroup, LiveOrder, Waits

_NAMES = tuple(field.name for field in fields(LiveOrder) if field.name not in ("group", "place"))
_values = attrgetter(*_NAMES)
_STATE, _REASON, _WAITS = (_NAMES.index(name) for name in ("state", "reason", "waits"))
_STATES = {int(state): state for state in OrderState}
_REASONS = {int(reason): reason for reason in Reason}
_WAITING = {int(waits): waits for waits in Waits}

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[Any], list[Any]]).decode


class GroupShape(NamedTuple):
    """A group whose orders have all ended."""

    group_id: int
    instrument: int
    complete: bool
    members: list[int]
    """Numbers of its orders, by place."""


def pack(order: LiveOrder) -> bytes:
    """An order as bytes, some 130 of them where the order itself takes a thousand."""
    group = order.group
    return _encode((_values(order), () if group is None else _shape(group)))


def unpack(packed: bytes) -> tuple[LiveOrder, GroupShape | None]:
    """The order that was packed, still without its group and place, and what that group was."""
    values, shape = _decode(packed)
    values[_STATE] = _STATES[values[_STATE]]
    values[_REASON] = _REASONS[values[_REASON]]
    values[_WAITS] = _WAITING[values[_WAITS]]
    return LiveOrder(*values), GroupShape(*shape) if shape else None


def _shape(group: LiveGroup) -> GroupShape:
    members = [member.order_id for member in group.members]
    return GroupShape(group.group_id, group.instrument, group.complete, members)
