"""Who sits where, what orders are called, what was announced, why instructors acted, who sees the board."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.session.live.answer import Announcement, Seat
from workbench.session.live.kept import Name, pack_names, unpack_names
from workbench.session.live.remarks import Remark

_PIECE_NAMES = 4_096
"""Names are packed for snapshots in pieces of so many, each once, so that no snapshot takes long."""


class Register:
    """What a session keeps in words, all of it from the remarks in its journal.

    One thread writes, others may read: every change replaces or adds one value.

    Parameters
    ----------
    accounts
        The accounts that people can have, in the order in which they get them.

    Attributes
    ----------
    announcements
        All news.
    board_hidden
        Whether the leaderboard is for those alone who run the session.
    board_delay_ns
        How much exchange time it is late for all others.
    bust_reasons
        Why trades were to be busted, and whose word that is, by trade.
    payment_reasons
        Why money was to be moved, and whose word that is, by the command that moves it.
    """

    def __init__(self, accounts: range) -> None:
        self.accounts = accounts
        self.announcements: list[Announcement] = []
        self.board_hidden = False
        self.board_delay_ns = 0
        self.bust_reasons: dict[int, tuple[str, str]] = {}
        self.payment_reasons: dict[int, tuple[str, str]] = {}
        self._seats: dict[str, Seat] = {}
        self._names: dict[int, dict[int, str]] = {}
        self._taken: set[int] = set()
        self._next_seat = accounts.start
        self._name_count = 0
        self._pieces: list[bytes] = []
        self._unpacked: list[Name] = []

    def apply(self, remark: Remark) -> None:
        """Take note of what a remark says."""
        if remark.names:
            self._name(remark.names)
            self._unpacked += remark.names
            if len(self._unpacked) >= _PIECE_NAMES:
                self._pieces.append(pack_names(self._unpacked))
                self._unpacked = []
        for account, user, name in remark.seats:
            self._seats[user] = Seat(account, user, name)
            self._taken.add(account)
        for number, time_ns, headline, body, symbols, author in remark.news:
            self.announcements.append(Announcement(number, time_ns, headline, body, tuple(symbols), author))
        if remark.board_hidden is not None:
            self.board_hidden = remark.board_hidden
        if remark.board_delay_ns is not None:
            self.board_delay_ns = remark.board_delay_ns
        for trade_id, reason, author in remark.busts:
            self.bust_reasons[trade_id] = (reason, author)
        for command_seq, reason, author in remark.payments:
            self.payment_reasons[command_seq] = (reason, author)

    def _name(self, given: Sequence[Name]) -> None:
        names = self._names
        for account, client_order_id, name in given:
            names.setdefault(account, {})[client_order_id] = name
        self._name_count += len(given)

    def packed_names(self) -> list[bytes]:
        """All names of orders as snapshots keep them."""
        return [*self._pieces, pack_names(self._unpacked)] if self._unpacked else list(self._pieces)

    def set_names(self, names: Sequence[bytes]) -> None:
        """Know these names of orders, as `packed_names` gave them, and no others.

        Raises
        ------
        SnapshotError
            When the names are none.
        """
        self._names, self._name_count, self._pieces, self._unpacked = {}, 0, [], []
        for piece in names:
            some = unpack_names(piece)
            self._name(some)
            if len(some) >= _PIECE_NAMES:
                self._pieces.append(piece)
            else:
                self._unpacked += some

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
