"""Every order of every person: by number, by the owner's own number, by account."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.projections.live.order import LiveGroup, LiveOrder


class LiveOrders:
    """The orders of people, as the events so far describe them.

    An order that was refused is among them, and so is one that was replaced; each is listed once, where it
    was created.
    """

    def __init__(self, accounts: Iterable[int]) -> None:
        accounts = list(accounts)
        self.by_id: dict[int, LiveOrder] = {}
        self._of: dict[int, list[LiveOrder]] = {account: [] for account in accounts}
        self._open: dict[int, dict[int, LiveOrder]] = {account: {} for account in accounts}
        self._by_client: dict[tuple[int, int], LiveOrder] = {}
        self.groups: dict[tuple[int, int], LiveGroup] = {}

    def __len__(self) -> int:
        return len(self.by_id)

    def get(self, order_id: int) -> LiveOrder | None:
        """The order with this number; None for one that is no person's, or that never was."""
        return self.by_id.get(order_id)

    def of(self, account: int) -> list[LiveOrder]:
        """All orders of an account in the order of their creation; the list is the views' own."""
        return self._of.get(account, [])

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
        """The latest order that an account gave this number."""
        return self._by_client.get((account, client_order_id))

    def chain(self, order: LiveOrder) -> list[LiveOrder]:
        """All orders that an order was by replaces, the first one first."""
        found, before = [order], order.replaces
        while before:
            found.insert(0, self.by_id[before])
            before = found[0].replaces
        after = order.replaced_by
        while after:
            found.append(self.by_id[after])
            after = found[-1].replaced_by
        return found

    def enter(self, order: LiveOrder) -> None:
        """Take in an order that has just been created."""
        self.by_id[order.order_id] = order
        self._of[order.account].append(order)
        self._open[order.account][order.order_id] = order
        if order.client_order_id:
            self._by_client[order.account, order.client_order_id] = order

    def end(self, order: LiveOrder) -> None:
        """Keep an order that has ended as what it was."""
        self._open[order.account].pop(order.order_id, None)
