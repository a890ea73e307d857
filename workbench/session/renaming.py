"""Commands that name orders or trades by number, sent into a market in which these have other numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import CommandKind, EventKind
from workbench.domain.records import ORDER_EVENT, Records
from workbench.engine.exchange import Exchange
from workbench.engine.frames import of_kind
from workbench.session.altered import Altered, Ints
from workbench.session.lineage import NAMING, Lineage
from workbench.session.retrading import Trades

NOBODY = 1 << 62
"""An id that no order and no trade ever has."""

LARGEST_BATCH = 1 << 17

Take = Callable[[Records], None]
"""What is done with the events of each batch."""


def run_renamed(
    exchange: Exchange, given: Altered, recorded: Lineage, take: Take, trades: Trades | None = None
) -> None:
    """Step through altered commands; each names the order that it named in the recording.

    An order is known by the command that entered it. In between it may have been replaced in one run and not
    in the other: a command means the order as it stands in this one. What this run does not have gets an id
    that no order has, and is refused. A bust means the trade between the same two orders (see `Trades`).

    Parameters
    ----------
    exchange
        A fresh exchange.
    given
        The commands.
    recorded
        The orders of the recording.
    take
        Gets the events of each batch.
    trades
        The trades of the recording, where any was busted.
    """
    renamer = Renamer(given, recorded, trades)
    for start, end in renamer.spans():
        events = exchange.step(renamer.here(start, end))
        renamer.take(events)
        take(events)


class Renamer:
    """Gives altered commands the ids that their orders and trades have in a run.

    Parameters
    ----------
    given, recorded, trades
        As for `run_renamed`.
    """

    def __init__(self, given: Altered, recorded: Lineage, trades: Trades | None = None) -> None:
        self._count = len(given.commands)
        self._orders = _Renamed(given, recorded)
        self._busts = _RenamedBusts(self._orders, trades or Trades())

    def spans(self) -> Iterator[tuple[int, int]]:
        """Spans of commands, one after the other, before each of which all that was run must be taken."""
        named, needs = self._orders.named.tolist(), self._orders.needs()
        if len(self._busts.named):
            # Whatever comes before a bust may be its trade.
            every = [*zip(named, needs, strict=True), *((at, at - 1) for at in self._busts.named.tolist())]
            both = sorted(every)
            named, needs = [place for place, _ in both], [needed for _, needed in both]
        yield from _batches(named, needs, self._count)

    def here(self, start: int, end: int) -> Records:
        """The commands of a span, with the ids that they mean here."""
        return self._busts.here(start, self._orders.here(start, end))

    def take(self, events: Records) -> None:
        """Learn of events; their `command_seq` says which of the commands they came of, from 1."""
        self._orders.take(events)
        self._busts.take(events)


class _Renamed:
    """The orders of a recording and those of a run of its altered commands, side by side."""

    def __init__(self, given: Altered, recorded: Lineage) -> None:
        self.commands = given.commands
        # Where the command with a recorded sequence number stands now, from 1; 0 for one that is left out.
        self._place_of = np.zeros(max(int(given.seqs.max(initial=0)), recorded.last_seq) + 1, dtype=np.int64)
        self._place_of[given.seqs] = np.arange(1, len(given.seqs) + 1)
        self._place_of[0] = 0
        self.lineage = Lineage()
        # The id that the order of a command got here: that of a new order, or that of a successor.
        self._made = np.zeros(len(self.commands) + 1, dtype=np.int64)
        by_id = np.isin(self.commands["kind"], NAMING) & (self.commands["order_id"] != 0)
        self.named = np.flatnonzero(by_id)
        ids, seqs = self.commands["order_id"][self.named], given.seqs[self.named]
        firsts = recorded.first(ids)
        # An id that was given out only afterwards named nobody.
        known = (firsts > 0) & (recorded.made_by(np.where(firsts > 0, ids, 0)) < seqs)
        ids, firsts = np.where(known, ids, 0), np.where(known, firsts, 0)
        replaced = recorded.replaced_by(ids)
        self._entry = self._place_of[recorded.made_by(firsts)]
        self._maker = self._place_of[recorded.made_by(ids)]
        self._stale = known & (replaced > 0) & (replaced < seqs)
        self._known = known & ((self._entry == 0) | self._enters(self._entry))

    def place_of(self, seq: int) -> int:
        """Where a command of the recording stands now, from 1; 0 for one that is left out."""
        return int(self._place_of[seq])

    def _enters(self, places: Ints) -> npt.NDArray[np.bool_]:
        """Whether the commands at these places, from 1, are new orders."""
        enters: npt.NDArray[np.bool_] = self.commands["kind"][places - 1] == CommandKind.NEW_ORDER
        return enters & (places > 0)

    def needs(self) -> list[int]:
        """For each command that names an id, the place of the last one before that may give the order its id.

        A command that replaces an order it names by client id may be about any order of its account.
        """
        replaces = self.commands["kind"] == CommandKind.REPLACE_ORDER
        name_at = np.full(len(self.commands), -1, dtype=np.int64)
        name_at[self.named] = np.arange(len(self.named))
        entries, known = self._entry.tolist(), self._known.tolist()
        of_account: dict[int, int] = {}
        of_order: dict[int, int] = {}
        needs = []
        every = np.flatnonzero((name_at >= 0) | replaces)
        columns = (every, name_at[every], replaces[every], self.commands["account"][every])
        for place, name, is_replace, account in zip(*(column.tolist() for column in columns), strict=True):
            entry = entries[name] if name >= 0 and known[name] else 0
            if name >= 0:
                # Whether a stray number is somebody's order here can be told only when its turn comes.
                last = max(entry - 1, of_order.get(entry, -1), of_account.get(account, -1))
                needs.append(last if entry else place - 1)
            if is_replace:
                (of_order if entry else of_account)[entry or account] = place
        return needs

    def here(self, start: int, end: int) -> Records:
        """The commands of a span, with the ids that their orders have here."""
        batch = self.commands[start:end]
        first, last = np.searchsorted(self.named, (start, end)).tolist()
        if first == last:
            return batch
        batch = batch.copy()
        at = slice(first, last)
        ids = batch["order_id"][self.named[at] - start]
        entered = np.where(self._known[at], self._made[self._entry[at]], 0)
        now = np.where(self._stale[at], self._made[self._maker[at]], self.lineage.latest(entered))
        now = np.where((entered > 0) & (now > 0), now, NOBODY)
        stray = ~self._known[at] & ~self._taken(ids)
        batch["order_id"][self.named[at] - start] = np.where(stray, ids, now)
        return batch

    def _taken(self, ids: Ints) -> npt.NDArray[np.bool_]:
        """Whether these are ids of orders here that somebody has entered."""
        there = (ids > 0) & (ids <= self.lineage.count)
        return there & self._enters(self.lineage.made_by(self.lineage.first(np.where(there, ids, 0))))

    def take(self, events: Records) -> None:
        """Learn which ids a batch has given out."""
        self.lineage.take(events)
        created = of_kind(events, EventKind.ORDER_CREATED).view(ORDER_EVENT)
        # What the exchange enters to liquidate a position is nobody's command.
        theirs = created[self._enters(created["command_seq"])]
        self._made[theirs["command_seq"]] = theirs["order_id"]
        replaced = of_kind(events, EventKind.ORDER_REPLACED).view(ORDER_EVENT)
        self._made[replaced["command_seq"]] = replaced["successor_order_id"]


class _RenamedBusts:
    """The busts of a recording, in a run of its altered commands."""

    def __init__(self, orders: _Renamed, recorded: Trades) -> None:
        self._orders = orders
        self._recorded = recorded
        self._here = Trades()
        self.named = np.flatnonzero(orders.commands["kind"] == CommandKind.BUST_TRADE)

    def here(self, start: int, batch: Records) -> Records:
        """A span's commands, whose busts have the numbers that their trades have here."""
        first, last = np.searchsorted(self.named, (start, start + len(batch))).tolist()
        if first == last:
            return batch
        batch = batch.copy()
        for at in (self.named[first:last] - start).tolist():
            place = self._recorded.place(int(batch["order_id"][at]))
            if place is not None:
                taker, maker, before = place
                place = (self._orders.place_of(taker), self._orders.place_of(maker), before)
            batch["order_id"][at] = (place and self._here.at(place)) or NOBODY
        return batch

    def take(self, events: Records) -> None:
        """Learn of the trades of a batch, whose orders are known already."""
        if len(self.named):
            self._here.take(events, self._orders.lineage.entered_by)


def _batches(named: list[int], needs: list[int], count: int) -> Iterator[tuple[int, int]]:
    """Spans of commands in which no order is named that an earlier command of the span may have renamed."""
    start = 0
    for place, needed in zip(named, needs, strict=True):
        while place - start > LARGEST_BATCH:
            yield start, start + LARGEST_BATCH
            start += LARGEST_BATCH
        if start <= needed < place:
            yield start, place
            start = place
    while start < count:
        yield start, min(start + LARGEST_BATCH, count)
        start += LARGEST_BATCH
