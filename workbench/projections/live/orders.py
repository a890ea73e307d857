"""Every order of every person: by number, by the owner's own number, by account."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import overload

from workbench.domain.states import OrderState
from workbench.errors import ProjectionError
from workbench.projections.live.order import LiveGroup, LiveOrder
from workbench.projections.live.packed import GroupShape, pack, unpack
from workbench.projections.live.places import Places

UNPACKED = 1024
"""Orders (and groups) that have ended lately and are kept as they are."""


class LiveOrders:
    """The orders of people, as the events so far describe them.

    An order that was refused is among them, and so is one that was replaced; each is listed once, where it
    was created. Orders that ended a while ago are kept packed (`pack`) and unpacked for who asks; so of these
    every read gives another `LiveOrder`, which is as good as the one before.

    Attributes
    ----------
    unpacked
        Those that are not packed, by number: the open ones and the latest.
    groups
        Groups that still collect, by account and number.
    """

    def __init__(self, accounts: Iterable[int]) -> None:
        accounts = list(accounts)
        self._cells: list[LiveOrder | bytes] = []
        self._ids = array("q")
        self.unpacked: dict[int, LiveOrder] = {}
        self._of: dict[int, array[int]] = {account: array("I") for account in accounts}
        self._open: dict[int, dict[int, LiveOrder]] = {account: {} for account in accounts}
        self._by_client: dict[int, Places] = {account: Places() for account in accounts}
        self._ended: deque[LiveOrder | LiveGroup] = deque()
        self._named_before: dict[int, int] = {}
        self.groups: dict[tuple[int, int], LiveGroup] = {}

    def __len__(self) -> int:
        return len(self._cells)

    def __iter__(self) -> Iterator[LiveOrder]:
        return map(self.at, range(len(self._cells)))

    def get(self, order_id: int) -> LiveOrder | None:
        """The order with this number; None for one that is no person's, or that never was."""
        found = self.unpacked.get(order_id)
        if found is not None:
            return found
        place = self._place(order_id)
        return None if place is None else self.at(place)

    def at(self, place: int) -> LiveOrder:
        """The order that was created after `place` others."""
        cell = self._cells[place]
        if isinstance(cell, LiveOrder):
            return cell
        order, shape = unpack(cell)
        order.place = place
        if shape is not None:
            self._join(order, shape)
        return order

    def of(self, account: int) -> OrderHistory:
        """All orders of an account in the order of their creation."""
        places = self._of.get(account, array("I"))
        return OrderHistory(self, places, self._ids, len(places))

    def open_of(self, account: int) -> list[LiveOrder]:
        """Its open orders in the order of their creation."""
        return list(self._open.get(account, {}).values())

    def open_in(self, instrument: int) -> list[LiveOrder]:
        """Open orders of all people in an instrument."""
        return [
            order
            for orders in self._open.values()
            for order in orders.values()
            if order.instrument == instrument
        ]

    def by_client(self, account: int, client_order_id: int) -> LiveOrder | None:
        """The latest order that an account gave this number; a refused one where no other has it."""
        places = self._by_client.get(account)
        place = None if places is None else places.get(client_order_id)
        return None if place is None else self.at(place)

    def chain(self, order: LiveOrder) -> list[LiveOrder]:
        """All orders that an order was by replaces, the first one first."""
        found, before = [order], order.replaces
        while before:
            found.insert(0, self._known(before))
            before = found[0].replaces
        after = order.replaced_by
        while after:
            found.append(self._known(after))
            after = found[-1].replaced_by
        return found

    # ------------------------------------------------------------------ fold

    def enter(self, order: LiveOrder) -> None:
        """Take in an order that has just been created."""
        place = len(self._cells)
        if place and order.order_id <= self._ids[-1]:
            raise ProjectionError(
                f"order {order.order_id} was created after order {self._ids[-1]}",
                where="live views",
                remedy="rebuild them from the session's first event",
            )
        order.place = place
        self._cells.append(order)
        self._ids.append(order.order_id)
        self.unpacked[order.order_id] = order
        self._of[order.account].append(place)
        self._open[order.account][order.order_id] = order
        if order.client_order_id:
            named = self._by_client[order.account]
            before = named.get(order.client_order_id)
            if before is not None:
                self._named_before[order.order_id] = before
            named.put(order.client_order_id, place)

    def refuse(self, order: LiveOrder) -> None:
        """Keep an order that was refused on entry: an earlier one that was accepted has its name again."""
        before = self._named_before.get(order.order_id)
        if before is not None and not _refused_on_entry(self.at(before)):
            named = self._by_client[order.account]
            if named.get(order.client_order_id) == order.place:
                named.put(order.client_order_id, before)
            # One that has taken the name since gives it to the same, should it be refused too.
            for later, place in self._named_before.items():
                if place == order.place:
                    self._named_before[later] = before
        self.end(order)

    def end(self, order: LiveOrder) -> None:
        """Keep an order that has ended as what it was."""
        self._open[order.account].pop(order.order_id, None)
        self._named_before.pop(order.order_id, None)
        group = order.group
        if group is None:
            self._ended.append(order)
            return
        group.ended.append(order)
        if group.has_ended and not group.complete:
            # It can no longer be completed.
            self.groups.pop((order.account, group.group_id), None)
        if not group.queued:
            group.queued = True
            self._ended.append(group)

    def settle(self) -> None:
        """Pack what ended before the latest: between two batches, for it changes which objects are read."""
        while len(self._ended) > UNPACKED:
            oldest = self._ended.popleft()
            if isinstance(oldest, LiveOrder):
                self._pack(oldest)
                continue
            # Orders of a group are packed together; one that is still open comes again with its next end.
            oldest.queued = False
            if oldest.has_ended:
                for order in oldest.ended:
                    self._pack(order)
                oldest.ended.clear()

    def _pack(self, order: LiveOrder) -> None:
        self._cells[order.place] = pack(order)
        del self.unpacked[order.order_id]

    # ------------------------------------------------------------------ parts

    def _place(self, order_id: int) -> int | None:
        place = bisect_left(self._ids, order_id)
        return place if place < len(self._ids) and self._ids[place] == order_id else None

    def _known(self, order_id: int) -> LiveOrder:
        found = self.get(order_id)
        assert found is not None, f"order {order_id} is named by another one and never was"
        return found

    def _join(self, order: LiveOrder, shape: GroupShape) -> None:
        """Give an order that was unpacked the group that it had, with all that were in it."""
        group = LiveGroup(shape.group_id, shape.instrument, complete=shape.complete)
        for number in shape.members:
            member = order
            if number != order.order_id:
                place = self._place(number)
                assert place is not None, f"order {number} is of a group and never was"
                cell = self._cells[place]
                assert isinstance(cell, bytes), f"order {number} is not packed, and others of its group are"
                member = unpack(cell)[0]
                member.place = place
            member.group = group
            group.members.append(member)
        order.group = group


class OrderHistory(Sequence[LiveOrder]):
    """Orders of one account in the order of their creation; each is unpacked when it is asked for."""

    __slots__ = ("_count", "_ids", "_orders", "_places")

    def __init__(self, orders: LiveOrders, places: array[int], ids: array[int], count: int) -> None:
        self._orders = orders
        self._places = places
        self._ids = ids
        self._count = count

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, place: int) -> LiveOrder: ...

    @overload
    def __getitem__(self, place: slice) -> list[LiveOrder]: ...

    def __getitem__(self, place: int | slice) -> LiveOrder | list[LiveOrder]:
        if isinstance(place, slice):
            return [self._orders.at(self._places[each]) for each in range(*place.indices(self._count))]
        at = place if place >= 0 else place + self._count
        if not 0 <= at < self._count:
            raise IndexError(f"there is no order {place} of {self._count}")
        return self._orders.at(self._places[at])

    def before(self, order_id: int) -> OrderHistory:
        """Those with smaller numbers, found without unpacking any."""
        count = bisect_left(self._places, order_id, hi=self._count, key=self._ids.__getitem__)
        return OrderHistory(self._orders, self._places, self._ids, count)


def _refused_on_entry(order: LiveOrder) -> bool:
    """Whether an order was never one of the exchange's."""
    return order.state == OrderState.REJECTED and not order.approved_ns
