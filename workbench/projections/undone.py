"""A session's events as if the trades that were busted had never been."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from workbench.domain.codes import STREET_ACCOUNT, EventKind, Side
from workbench.domain.config import Venue
from workbench.domain.records import BUST_EVENT, EVENT, FILL_EVENT, POSITION_EVENT, TRADE_EVENT, Records
from workbench.ledger.reference import Position, Terms
from workbench.projections.prints import of_kind

NOTHING = 0
"""Kind of an event that says nothing: its place and time stay, so that no event is missing."""

_KINDS = (
    EventKind.TRADE,
    EventKind.TRADE_BUSTED,
    EventKind.ORDER_PARTIALLY_FILLED,
    EventKind.ORDER_FILLED,
    EventKind.POSITION_CHANGED,
    EventKind.CASH_CHANGED,
)

Key = tuple[int, int]
"""An account and an instrument."""


def _word(layout: np.dtype[Any], name: str) -> int:
    """The place of a field among an event's payload words."""
    return (layout.names or ()).index(name) - (EVENT.names or ()).index("payload")


_TRADE_ID = _word(TRADE_EVENT, "trade_id")
_FILL_PRICE, _FILL_LOTS = _word(FILL_EVENT, "last_price_ticks"), _word(FILL_EVENT, "last_quantity_lots")
_FILL_TRADE_ID = _word(FILL_EVENT, "trade_id")
_LOTS, _COST, _AVERAGE, _FIFO, _FEES, _CASH, _OF_TRADE = (
    _word(POSITION_EVENT, name)
    for name in (
        "position_lots",
        "cost_micros",
        "realised_average_micros",
        "realised_fifo_micros",
        "fees_micros",
        "cash_micros",
        "trade_id",
    )
)
_CASH_AFTER = 1


class _Bust(NamedTuple):
    """A trade that was busted."""

    quantity_lots: int
    notional_micros: int


class _Effect(NamedTuple):
    """What one side of a busted trade did to a position and its account."""

    lots: int
    value_micros: int
    fee_micros: int


class _Book:
    """One position without the trades that were busted.

    Attributes
    ----------
    position
        What its trades make of none, from when it last was flat; None behind a split of a position that was
        not: before it is flat again no trade can be busted, and it is what the exchange says.
    average, fifo
        What had been realised when it last was flat behind such a split.
    fees
        Fees as the exchange last said.
    effects
        What the busted trades did, by trade, from the trade to its bust.
    lots, value, undone_fees
        The sums of those.
    """

    def __init__(self) -> None:
        self.position: Position | None = Position()
        self.average = self.fifo = self.fees = 0
        self.effects: dict[int, list[_Effect]] = {}
        self.lots = self.value = self.undone_fees = 0

    def count(self, effect: _Effect, sign: int) -> None:
        """An effect begins (1), or ends (-1)."""
        self.lots += sign * effect.lots
        self.value += sign * effect.value_micros
        self.undone_fees += sign * effect.fee_micros


def busts_in(pieces: Iterable[Records]) -> Records:
    """TRADE_BUSTED of all events, as `BUST_EVENT`."""
    found = [of_kind(events, EventKind.TRADE_BUSTED) for events in pieces]
    return np.concatenate([np.zeros(0, dtype=EVENT), *found]).view(BUST_EVENT)


class Undone:
    """Rewrites a session's events into those of the same session without the trades that were busted.

    TRADE, fills, positions and busts of such a trade become events of kind `NOTHING`. POSITION_CHANGED and
    CASH_CHANGED of its two accounts between trade and bust say what they would have said: positions, FIFO
    lots and realised PnL by the ledger's own arithmetic out of the trades that stand, fees and cash less what
    the trade did. Behind the last bust nothing is rewritten, for there the exchange says the same.
    What a bust leaves as it is (orders, margin calls, interest, close prices) stays here too. The street's
    cost has no history, and is what it was less the trade.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events.
    busts
        All its busts: `busts_in`.
    """

    def __init__(self, venue: Venue, busts: Records) -> None:
        self._terms = [Terms(instrument) for instrument in venue.instruments]
        self._last_seq = int(busts["seq"].max(initial=0))
        self._busts: dict[int, _Bust] = {}
        self._books: dict[Key, _Book] = {}
        self._fills: dict[Key, tuple[int, int]] = {}
        self._cash: dict[int, int] = {}
        for bust in busts:
            lots, value = int(bust["quantity_lots"]), int(bust["notional_micros"])
            lots, value = int(bust["quantity_lots"]), int(bust["notional_micros"])
            self._busts[int(bust["trade_id"])] = _Bust(lots, value)
            for account in (int(bust["account"]), int(bust["maker_account"])):
                self._books.setdefault((account, int(bust["instrument"])), _Book())
                self._cash[account] = 0

    @property
    def trade_ids(self) -> list[int]:
        """Numbers of the trades that were busted."""
        return sorted(self._busts)

    def rewrite(self, events: Records) -> Records:
        """Further events, in order; where nothing is different they are given back as they are."""
        if not len(events) or int(events["seq"][0]) > self._last_seq:
            return events
        seen = np.isin(events["kind"], _KINDS) & np.isin(events["account"], [*self._cash])
        places = np.flatnonzero(seen)
        if not len(places):
            return events
        out, found = events.copy(), events[places]
        heads = [found[name].tolist() for name in ("kind", "account", "instrument", "side")]
        for place, kind, account, instrument, side, words in zip(
            places.tolist(), *heads, found["payload"].tolist(), strict=True
        ):
            if self._stands(kind, (account, instrument), side, words):
                out["payload"][place] = words
            else:
                out["kind"][place] = NOTHING
        return out

    def _stands(self, kind: int, key: Key, side: int, words: list[int]) -> bool:
        """Put what would be into an event's words; False for an event that would not be."""
        account, _ = key
        if kind == EventKind.TRADE:
            return words[_TRADE_ID] not in self._busts
        if kind == EventKind.TRADE_BUSTED:
            return False
        if kind == EventKind.CASH_CHANGED:
            words[_CASH_AFTER] -= self._cash[account]
            return True
        if kind != EventKind.POSITION_CHANGED:
            self._fills[account, side] = words[_FILL_PRICE], words[_FILL_LOTS]
            return words[_FILL_TRADE_ID] not in self._busts
        book = self._books.get(key)
        if book is not None:
            paid, book.fees = words[_FEES] - book.fees, words[_FEES]
            if words[_OF_TRADE] in self._busts:
                self._count(account, book, side, words[_OF_TRADE], paid)
                return False
            self._follow(key, book, side, words)
        words[_CASH] -= self._cash[account]
        return True

    def _count(self, account: int, book: _Book, side: int, trade_id: int, paid: int) -> None:
        """A busted trade's fill, whose effect begins, or its bust (side 0), by which it ends."""
        effects = book.effects.setdefault(trade_id, [])
        if side:
            bust, sign = self._busts[trade_id], 1 if side == Side.BUY else -1
            effect = _Effect(sign * bust.quantity_lots, sign * bust.notional_micros, paid)
            effects.append(effect)
        else:
            effect = effects.pop(0)
        begins = 1 if side else -1
        book.count(effect, begins)
        self._cash[account] -= begins * (effect.value_micros + effect.fee_micros)

    def _follow(self, key: Key, book: _Book, side: int, words: list[int]) -> None:
        """A change that stands."""
        account, instrument = key
        words[_FEES] -= book.undone_fees
        if account == STREET_ACCOUNT:
            words[_LOTS] -= book.lots
            words[_COST] -= book.value
        elif side and book.position is not None:
            position = book.position
            price, lots = self._fills[account, side]
            position.fill(self._terms[instrument], Side(side), price, lots, keeps_lots=True)
            words[_LOTS], words[_COST] = position.position_lots, position.cost_micros
            words[_AVERAGE] = book.average + position.realised_average_micros
            words[_FIFO] = book.fifo + position.realised_fifo_micros
        elif words[_LOTS]:
            book.position = None
        else:
            book.position = Position()
            book.average, book.fifo = words[_AVERAGE], words[_FIFO]
