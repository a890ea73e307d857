"""Who sits where, what orders are called, and what was announced."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.session.live.answer import Announcement, Seat
from workbench.session.live.remarks import Remark


class Register:
    """What a session keeps in words, all of it from the remarks in its journal.

    One thread writes, others may read: every change replaces or adds one value.

    Parameters
    ----------
    accounts
        The accounts that people can have, in the order in which they get them.
    """

    def __init__(self, accounts: range) -> None:
        self.accounts = accounts
        self.announcements: list[Announcement] = []
        self._seats: dict[str, Seat] = {}
        self._names: dict[int, dict[int, str]] = {}
        self._taken: set[int] = set()
        self._next_seat = accounts.start
        self._name_count = 0

    def apply(self, remark: Remark) -> None:
        """Take note of what a remark says."""
        names = self._names
        for account, client_order_id, name in remark.names:
            names.setdefault(account, {})[client_order_id] = name
        self._name_count += len(remark.names)
        for account, user, name in remark.seats:
            self._seats[user] = Seat(account, user, name)
            self._taken.add(account)
        for number, time_ns, headline, body, symbols, author in remark.news:
            self.announcements.append(Announcement(number, time_ns, headline, body, tuple(symbols), author))

    def seat_of(self, user: str) -> Seat | None:
        """Where somebody sits."""
        return self._seats.get(user)

    def seats(self) -> tuple[Seat, ...]:
        """All seats that are taken, in order of account."""
        return tuple(sorted(self._seats.copy().values()))

    @property
    def seats_taken(self) -> int:
        """How many seats are taken."""
        return len(self._seats)

    def free_account(self, promised: set[int]) -> int | None:
        """The first account that nobody has or was promised; None when there is none."""
        while self._next_seat in self._taken:
            self._next_seat += 1
        account = self._next_seat
        while account in promised or account in self._taken:
            account += 1
        return account if account < self.accounts.stop else None

    def name_of(self, account: int, client_order_id: int) -> str | None:
        """What an order is called."""
        return self._names.get(account, {}).get(client_order_id)

    @property
    def name_count(self) -> int:
        """How many names orders have been given."""
        return self._name_count

    def names(self) -> Iterator[tuple[tuple[int, int], str]]:
        """All names of orders, by account and client order id."""
        for account, names in list(self._names.items()):
            for client_order_id, name in list(names.items()):
                yield (account, client_order_id), name
