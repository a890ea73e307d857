"""The lives of one stock's orders in ITCH messages, and the commands that give our book the same lives.

What the messages say about the market besides is added by `itch_market`.

Everything here works on whole columns. A replace ends one order reference number and gives birth to another;
the messages about each number are brought together, and what was open before and after each is a running
sum. A replace does not tell the side, so each birth is followed back to the message that entered the order.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from workbench.domain.codes import Side
from workbench.domain.instruments import Instrument
from workbench.domain.records import COMMAND, Records
from workbench.domain.units import Number
from workbench.errors import SourceError
from workbench.feed.files import Flags, Ints
from workbench.feed.history import counted
from workbench.feed.itch_market import E4_NANOS, Blocks, Selected, cross_price_nanos, market_commands
from workbench.feed.itch_messages import MESSAGES
from workbench.feed.scale import PriceScale, from_nanos, off_tick, price_scale
from workbench.feed.street import (
    FIRST_SYNTHETIC_ID,
    below_synthetic,
    cancels,
    executes,
    new_orders,
    opposite,
    replaces,
    tick_rule,
)

_ADD, _ADD_MPID, _EXECUTE, _EXECUTE_AT, _CANCEL, _DELETE, _REPLACE, _TRADE = map(ord, "AFECXDUP")
_BORN, _REDUCED, _ENDED = range(3)


@dataclass(frozen=True, slots=True)
class Flow:
    """Messages about orders and trades as parallel arrays, in the order of the file.

    `row` is the message's row in the history and `order_id` the order that it names (of a replace, the one
    that ends). Where a type has no such field there is a zero.
    """

    row: Ints
    kind: Ints
    order_id: Ints
    new_id: Ints
    shares: Ints
    price_nanos: Ints
    side: Ints
    printable: Flags

    def where(self, *kinds: int) -> Flags:
        """Which messages are of these types."""
        return np.isin(self.kind, kinds)


def in_rows(selected: Selected) -> Ints:
    """Places in the file of all messages, ascending: the rows of the history."""
    return np.sort(np.concatenate([numbers for _, numbers in selected.values()]))


def to_commands(
    selected: Selected, rows: Ints, time_ns: Ints, stock: str, market_tick: Number, name: str
) -> tuple[Records, Ints, Instrument, dict[str, int]]:
    """Commands, the row each comes from, the instrument in whose ticks they are, and counted quirks."""
    flow, renumbered = _flow(selected, rows, name)
    orders = flow.where(_ADD, _ADD_MPID, _REPLACE)
    _refuse_off_tick(flow, orders, rows, market_tick, name)
    scale = price_scale(
        name,
        np.concatenate((flow.price_nanos[flow.price_nanos > 0], cross_price_nanos(selected))),
        market_tick=market_tick,
        order_price_nanos=flow.price_nanos[orders],
    )
    lives = _Lives(flow, scale, rows, name)
    blocks: Blocks = []
    left_out = np.zeros(len(flow.row), np.bool_)
    _order_commands(blocks, flow, lives, scale, time_ns, left_out)
    quirks = _trade_commands(blocks, flow, lives, scale, time_ns, left_out)
    instrument = scale.instrument(stock)
    of_market = market_commands(blocks, selected, rows, time_ns, scale, instrument.max_order_lots, name)
    row, commands = _in_order(blocks)
    quirks = counted(
        quirks,
        lives.quirks,
        of_market,
        order_id_renumbered=renumbered,
        price_outside_window=int(left_out.sum()),
    )
    return commands, row, instrument, quirks


def _in_order(blocks: Blocks) -> tuple[Ints, Records]:
    """The rows and commands of all blocks, by row and rank."""
    row = np.concatenate([block[0] for block in blocks])
    rank = np.concatenate([np.full(len(block[0]), block[1]) for block in blocks])
    order = np.lexsort((rank, row))
    # Numpy copies so many bytes whole, but records field by field.
    plain = np.dtype(f"V{COMMAND.itemsize}")
    every = np.concatenate([block[2].view(plain) for block in blocks])
    return row[order].astype(np.int64), every[order].view(COMMAND)


def _flow(selected: Selected, rows: Ints, name: str) -> tuple[Flow, int]:
    """Messages about orders and trades in one order, checked one by one, and how many ids were too large."""
    letters = [letter for letter in "AFECXDUP" if len(selected[letter][1])]
    numbers = np.concatenate([np.zeros(0, np.int64), *(selected[letter][1] for letter in letters)])
    together = np.argsort(numbers, kind="stable")

    def column(*names: str) -> Ints:
        """One of the fields, whichever a type has; zeros where it has none."""
        parts = [np.zeros(0, np.int64)]
        for letter in letters:
            records = selected[letter][0]
            own = [field for field in names if field in MESSAGES[letter].columns]
            parts.append(records[own[0]].astype(np.int64) if own else np.zeros(len(records), np.int64))
        return np.concatenate(parts)[together]

    kind = np.concatenate(
        [np.zeros(0, np.int64), *(np.full(len(selected[letter][1]), ord(letter)) for letter in letters)]
    )[together]
    old = column("order_reference_number", "original_order_reference_number").view(np.uint64)
    ids, renumbered = below_synthetic(
        np.concatenate((old, column("new_order_reference_number").view(np.uint64)))
    )
    letter = column("buy_sell_indicator")
    flow = Flow(
        row=np.searchsorted(rows, numbers[together]),
        kind=kind,
        order_id=ids[: len(old)],
        new_id=ids[len(old) :],
        shares=column("shares", "executed_shares", "cancelled_shares"),
        price_nanos=column("price_e4", "execution_price_e4") * E4_NANOS,
        side=np.where(letter == ord("B"), int(Side.BUY), int(Side.SELL)),
        printable=column("printable") != ord("N"),
    )
    _refuse_nonsense(flow, letter, column("printable"), rows, name)
    return flow, renumbered


def _refuse_nonsense(flow: Flow, side: Ints, printable: Ints, rows: Ints, name: str) -> None:
    """Refuse messages that no market could have sent."""
    sided = flow.where(_ADD, _ADD_MPID, _TRADE)
    priced = flow.where(_ADD, _ADD_MPID, _REPLACE, _TRADE, _EXECUTE_AT)
    for wrong, reason in (
        ((flow.order_id == 0) & ~flow.where(_TRADE), "names no order"),
        ((flow.new_id == 0) & flow.where(_REPLACE), "names no new order"),
        ((flow.shares <= 0) & ~flow.where(_DELETE), "has no shares"),
        ((flow.price_nanos <= 0) & priced, "has no price"),
        (~np.isin(side, (ord("B"), ord("S"))) & sided, "has neither B nor S for its side"),
        (
            ~np.isin(printable, (ord("Y"), ord("N"))) & flow.where(_EXECUTE_AT),
            "is neither printable (Y) nor not (N)",
        ),
    ):
        if wrong.any():
            at = int(np.argmax(wrong))
            raise _error(flow, at, rows, name, reason)


def _error(flow: Flow, at: int, rows: Ints, name: str, reason: str, remedy: str = "") -> SourceError:
    """The error for a message, ready to be raised."""
    said = f"is a message {chr(flow.kind[at])} that {reason}"
    return SourceError(name, int(rows[flow.row[at]]), said, remedy)


def _refuse_off_tick(flow: Flow, orders: Flags, rows: Ints, market_tick: Number, name: str) -> None:
    """Refuse an order in the book between two ticks; a trade may be there."""
    off = orders & off_tick(flow.price_nanos, market_tick)
    if off.any():
        at = int(np.argmax(off))
        price = from_nanos(int(flow.price_nanos[at]))
        raise _error(
            flow,
            at,
            rows,
            name,
            f"has an order at {price:f}, expected a multiple of the market's tick, {market_tick}",
            "read the file with another market_tick",
        )


class _Lives:
    """Messages of orders, brought together by order and in order within each; all arrays are parallel.

    A replace is there twice: where the old order ends and where the new one is born.

    Attributes
    ----------
    message
        The place in `Flow`.
    what
        One of `_BORN`, `_REDUCED` and `_ENDED`.
    open_before, open_after
        Shares open of the order; 0 for orders that the file never showed open.
    start
        Place of the order's birth.
    side, price_nanos, order_id
        The order's own; `order_id` is the one our book knows it by.
    inside
        Whether the order is in the price window.
    """

    def __init__(self, flow: Flow, scale: PriceScale, rows: Ints, name: str) -> None:
        births = np.flatnonzero(flow.where(_ADD, _ADD_MPID, _REPLACE))
        changes = np.flatnonzero(flow.where(_EXECUTE, _EXECUTE_AT, _CANCEL, _DELETE, _REPLACE))
        replaced = flow.kind[births] == _REPLACE
        message = np.concatenate((changes, births))
        order_id = np.concatenate(
            (flow.order_id[changes], np.where(replaced, flow.new_id[births], flow.order_id[births]))
        )
        born = np.arange(len(message)) >= len(changes)
        together = np.lexsort((born, message, order_id))
        message, source_id, born = message[together], order_id[together], born[together]
        kind = flow.kind[message]
        reduced = ~born & np.isin(kind, (_EXECUTE, _EXECUTE_AT, _CANCEL))
        self.message, self.born, self.reduced = message, born, reduced
        self.ended = ~born & ~reduced
        place = np.arange(len(message))
        first = np.ones(len(message), np.bool_)
        first[1:] = source_id[1:] != source_id[:-1]
        self.start = np.maximum.accumulate(np.where(first | born, place, 0))
        lots = flow.shares[message]
        self._sums(lots)
        self._trace(kind)
        self._refuse_contradictions(flow, lots, first, rows, name)
        self.price_nanos = flow.price_nanos[message[self.start]]
        self.inside = ~scale.outside(self.price_nanos)
        self.side = flow.side[message[self.root[self.start]]]
        again = self._name(source_id, first)
        unknown = self.open_before == 0
        self.quirks = {
            "order_id_reused": int(again.sum()),
            "execution_without_price": int((unknown & np.isin(kind, (_EXECUTE, _EXECUTE_AT))).sum()),
            "unknown_order_canceled": int((unknown & np.isin(kind, (_CANCEL, _DELETE))).sum()),
            "unknown_order_replaced": int((unknown & self.ended & (kind == _REPLACE)).sum()),
        }

    def _sums(self, lots: Ints) -> None:
        """What is open before and after each message, were each birth of an order that is known."""
        taken = np.cumsum(np.where(self.reduced, lots, 0))
        ends = np.cumsum(self.ended)
        left = np.where(self.born, lots, 0)[self.start] - (taken - taken[self.start])
        over = ends - (ends - self.ended)[self.start] > 0
        self.open_after = np.where(over, 0, left)
        self.open_before = np.where(
            self.born | (self.start == np.arange(len(lots))), 0, np.roll(self.open_after, 1)
        )

    def _trace(self, kind: Ints) -> None:
        """Follow births by replaces back to where the order was entered; forget orders that never were."""
        count = len(kind)
        nowhere = count
        parent = np.full(count + 1, nowhere)
        parent[:count][self.born] = np.flatnonzero(self.born)
        by_replace = kind == _REPLACE
        end = np.flatnonzero(by_replace & self.ended)
        birth = np.flatnonzero(by_replace & self.born)
        # Each replace has one end and one birth: in the order of the messages they are pairs.
        end, birth = end[np.argsort(self.message[end])], birth[np.argsort(self.message[birth])]
        parent[birth] = np.where(self.open_before[end] > 0, self.start[end], nowhere)
        self.old = np.full(count, -1)
        self.old[birth] = end
        while True:
            further = parent[parent]
            if (further == parent).all():
                break
            parent = further
        self.root = np.where(parent[:count] == nowhere, 0, parent[:count])
        known = (parent[:count] != nowhere)[self.start]
        self.open_before[~known] = 0
        self.open_after[~known] = 0

    def _refuse_contradictions(self, flow: Flow, lots: Ints, first: Flags, rows: Ints, name: str) -> None:
        still = self.born & ~first & (np.roll(self.open_after, 1) > 0)
        more = self.reduced & (self.open_before > 0) & (lots > self.open_before)
        wrong = still | more
        if not wrong.any():
            return
        at = np.flatnonzero(wrong)
        place = int(at[np.argmin(self.message[at])])
        message = int(self.message[place])
        reason = (
            "enters an order that is still open"
            if still[place]
            else f"takes {lots[place]} shares from an order of which {self.open_before[place]} are open"
        )
        raise _error(flow, message, rows, name, reason, "is a part of the file missing?")

    def _name(self, source_id: Ints, first: Flags) -> Flags:
        """Give every order an id that none had before; returns which births needed an invented one."""
        births = np.cumsum(self.born)
        group = np.maximum.accumulate(np.where(first, np.arange(len(first)), 0))
        again = self.born & (births - (births - self.born)[group] > 1)
        ids = source_id.copy()
        invented = np.flatnonzero(again)
        invented = invented[np.argsort(self.message[invented], kind="stable")]
        ids[invented] = FIRST_SYNTHETIC_ID + np.arange(len(invented))
        self.order_id = ids[self.start]
        return again


def _order_commands(
    blocks: Blocks, flow: Flow, lives: _Lives, scale: PriceScale, time_ns: Ints, left_out: Flags
) -> None:
    """New orders, replaces, and cancels that are no part of an execution."""
    kind = flow.kind[lives.message]
    ticks = scale.ticks(flow.price_nanos)

    def add(made_at: Ints, commands: Records) -> None:
        blocks.append((flow.row[lives.message[made_at]], 0, commands))

    def when(places: Ints) -> Ints:
        return time_ns[flow.row[lives.message[places]]]

    known = lives.born & (lives.open_after > 0)
    left_out[lives.message[known & ~lives.inside]] = True
    by_replace = known & (lives.old >= 0)
    from_inside = by_replace & lives.inside[lives.old]
    left_out[lives.message[by_replace & ~lives.inside[lives.old]]] = True

    born = np.flatnonzero(known & lives.inside & ~from_inside)
    message = lives.message[born]
    add(
        born,
        new_orders(when(born), lives.order_id[born], lives.side[born], flow.shares[message], ticks[message]),
    )
    moved = np.flatnonzero(from_inside & lives.inside)
    message = lives.message[moved]
    add(
        moved,
        replaces(
            when(moved),
            lives.order_id[lives.old[moved]],
            flow.shares[message],
            ticks[message],
            lives.order_id[moved],
            lose_priority=True,
        ),
    )
    gone = lives.old[np.flatnonzero(from_inside & ~lives.inside)]
    add(gone, cancels(when(gone), lives.order_id[gone], np.zeros_like(gone)))

    changed = (lives.open_before > 0) & np.isin(kind, (_CANCEL, _DELETE))
    left_out[lives.message[changed & ~lives.inside]] = True
    canceled = np.flatnonzero(changed & lives.inside)
    lots = np.where(lives.open_after[canceled] > 0, flow.shares[lives.message[canceled]], 0)
    add(canceled, cancels(when(canceled), lives.order_id[canceled], lots))


def _trade_commands(
    blocks: Blocks, flow: Flow, lives: _Lives, scale: PriceScale, time_ns: Ints, left_out: Flags
) -> dict[str, int]:
    """Executions of orders and of liquidity that the book never showed."""
    executed = np.flatnonzero(
        (lives.open_before > 0) & np.isin(flow.kind[lives.message], (_EXECUTE, _EXECUTE_AT))
    )
    message = lives.message[executed]
    row, at, shares = flow.row[message], time_ns[flow.row[message]], flow.shares[message]
    ids, inside, own = lives.order_id[executed], lives.inside[executed], lives.price_nanos[executed]
    aggressor = opposite(lives.side[executed])
    price = np.where(flow.kind[message] == _EXECUTE, own, flow.price_nanos[message])
    printed = flow.printable[message]
    named = printed & (price == own)
    away = printed & ~named
    left_out[message[~inside | (away & scale.outside(price))]] = True

    # An execution trades at its order's price, so a print elsewhere cannot name the order.
    some = named & inside
    ticks = scale.ticks(price)
    blocks.append((row[some], 0, executes(at, ids, aggressor, shares, ticks)[some]))
    some = ~named & inside
    lots = np.where(lives.open_after[executed] > 0, shares, 0)
    blocks.append((row[some], 0, cancels(at, ids, lots)[some]))
    some = away & ~scale.outside(price)
    blocks.append((row[some], 1, executes(at, np.zeros_like(ids), aggressor, shares, ticks)[some]))

    # The tick rule looks at all prints in their order.
    prints = flow.price_nanos.copy()
    prints[flow.where(_EXECUTE_AT) & ~flow.printable] = 0
    prints[~flow.where(_EXECUTE_AT, _TRADE)] = 0
    prints[message[named]] = price[named]
    shown = np.flatnonzero(prints)
    by_tick = np.zeros(len(prints), np.int64)
    by_tick[shown] = tick_rule(prints[shown])
    trade = np.flatnonzero(flow.where(_TRADE))
    # Since July 2014 the letter is B in every message; where S is met, the letters mean something.
    told = bool((flow.side[trade] == Side.SELL).any())
    aggressor = opposite(flow.side[trade]) if told else by_tick[trade]
    outside = scale.outside(flow.price_nanos[trade])
    left_out[trade[outside]] = True
    some = ~outside
    row = flow.row[trade]
    hidden = executes(
        time_ns[row],
        np.zeros_like(row),
        aggressor,
        flow.shares[trade],
        scale.ticks(flow.price_nanos[trade]),
    )
    blocks.append((row[some], 0, hidden[some]))
    return {
        "execution_not_printed": int((~printed).sum()),
        "fill_away_from_price": int(away.sum()),
        "hidden_execution": len(trade),
        "hidden_side_by_tick_rule": 0 if told else len(trade),
    }
