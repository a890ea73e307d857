"""Own events: what each event tells the account it happened to, as rows of `orders`, `positions`, `account`.

Made of the event records alone, so that what is told now and what is told again to somebody who was away,
from the bus and however much later, is the same to the byte.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.api.native.stream_words import Words
from workbench.api.words import ORDER_TYPES, SIDES, TIMES_IN_FORCE, money, words_of
from workbench.domain.codes import AccountState, EventKind, FeeKind, OrderType, Reason
from workbench.domain.config import FIRST_TRADER
from workbench.domain.frames import AccountRow, OrderRow, PositionRow, Row
from workbench.domain.records import EVENT, LIQUIDITY_MAKER, POSITION_EVENT, Records
from workbench.domain.states import OrderState

if TYPE_CHECKING:
    from workbench.projections.live.market import BustedOrder

ORDERS, POSITIONS, ACCOUNT = "orders", "positions", "account"
OWN = (ORDERS, POSITIONS, ACCOUNT)
"""Topics of own events."""

_FILLS = (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED)
_REFUSALS = (EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED)
_STANDING = (
    EventKind.ORDER_CREATED,
    EventKind.ORDER_APPROVED,
    EventKind.ORDER_REJECTED,
    EventKind.ORDER_HELD,
    EventKind.ORDER_RESTED,
    EventKind.ORDER_CANCELED,
    EventKind.ORDER_EXPIRED,
    EventKind.ORDER_REPLACED,
    EventKind.ORDER_REDUCED,
    EventKind.ORDER_TRIGGERED,
    EventKind.ORDER_TRAILED,
    EventKind.ORDER_REFRESHED,
    EventKind.ORDER_ADJUSTED,
)
_ENDS = (EventKind.ORDER_CANCELED, EventKind.ORDER_EXPIRED, EventKind.ORDER_REJECTED)
_ORDER_KINDS = (*_STANDING, *_FILLS, *_REFUSALS, EventKind.ORDER_TERMS)
_CALLS = (EventKind.MARGIN_CALL, EventKind.MARGIN_CALL_MET, EventKind.LIQUIDATION)
_ACCOUNT_KINDS = (
    EventKind.POSITION_CHANGED,
    EventKind.ACCOUNT_SUSPENDED,
    EventKind.ACCOUNT_REINSTATED,
    EventKind.CASH_CHANGED,
    EventKind.LIMIT_BREACHED,
    EventKind.DAY_STARTED,
    *_CALLS,
    EventKind.LIMIT_CHANGED,
    EventKind.FEE_CHANGED,
)
LIMITED = (OrderType.LIMIT, OrderType.STOP_LIMIT, OrderType.LIMIT_IF_TOUCHED)


KINDS = {int(kind): kind.name.lower().removeprefix("order_") for kind in EventKind}
STATES, REASONS, ACCOUNT_STATES = (words_of(codes) for codes in (OrderState, Reason, AccountState))

FEES = {int(kind): kind.name.lower() for kind in FeeKind}

_ROWS = np.zeros((len(OWN), 256), dtype=np.int64)
"""Rows that an event of a kind makes of each topic."""
_ROWS[0, [int(kind) for kind in _ORDER_KINDS]] = 1
_ROWS[0, EventKind.ORDER_REPLACED] = 2
_ROWS[1, EventKind.POSITION_CHANGED] = 1
_ROWS[2, [int(kind) for kind in _ACCOUNT_KINDS]] = 1
_KNOWN = _ROWS.sum(axis=0) > 0
_BYTES = np.dtype((np.void, EVENT.itemsize))
"""An event as bytes: numpy copies those many times faster than records."""
_ROOM = 1 << 10


class OwnRow(NamedTuple):
    """One row, whose it is and where it goes."""

    topic: str
    account: int
    seq: int
    row: Row


def own_events(events: Records) -> Records:
    """Those of the events that happened to a trader's account, as a copy."""
    known = _KNOWN[events["kind"]]
    # A refusal that knows of no such order changes nothing that anybody can see; the asker got an answer.
    astray = np.isin(events["kind"], _REFUSALS) & (events["reason"] == Reason.UNKNOWN_ORDER)
    found: Records = events[(events["account"] >= FIRST_TRADER) & known & ~astray]
    return found


def rows_of(own: Records, place: int, words: Words | None) -> np.ndarray[Any, np.dtype[np.int64]]:
    """How many rows each of some own events makes of a topic, by its place in `OWN`."""
    rows: np.ndarray[Any, np.dtype[np.int64]] = _ROWS[place, own["kind"]]
    if place == OWN.index(ORDERS) and words is not None:
        changed = own.view(POSITION_EVENT)
        busts = (own["kind"] == EventKind.POSITION_CHANGED) & (own["side"] == 0) & (changed["trade_id"] != 0)
        for at in np.flatnonzero(busts):
            rows[at] = len(words.busted_orders(int(changed["trade_id"][at]), int(own["account"][at])))
    return rows


def own_rows(own: Records, words: Words) -> Iterator[OwnRow]:
    """The rows of own events, in order."""
    # Plain integers: a numpy scalar costs as much as all the rest.
    for header in own.tolist():
        kind, account, seq = header[3], header[10], header[0]
        payload = header[12].tolist() if isinstance(header[12], np.ndarray) else header[12]
        if _ROWS[0, kind]:
            for order in _order_rows(header, payload, words):
                yield OwnRow(ORDERS, account, seq, order)
            continue
        if kind == EventKind.POSITION_CHANGED:
            if payload[6] and not header[5]:
                for busted in words.busted_orders(payload[6], account):
                    yield OwnRow(ORDERS, account, seq, _busted_row(header, payload[6], busted, words))
            yield OwnRow(POSITIONS, account, seq, _position_row(header, payload, words))
        yield OwnRow(ACCOUNT, account, seq, _account_row(header, payload, words))


def _order_rows(header: tuple[Any, ...], payload: list[int], words: Words) -> Iterator[OrderRow]:
    seq, _, time_ns, kind, reason, side, state, order_type, tif, flags, account, instrument, _ = header
    row = OrderRow(id=payload[0], event=KINDS[kind], seq=seq, time=words.iso(time_ns), account=account)
    quantity = words.quantity
    if kind in _REFUSALS:
        row.refusal, row.value, row.limit = REASONS[reason], payload[6], payload[7]
        yield row
        return
    # Said also when there is none, so that an earlier one does not stay.
    row.reason = REASONS[reason]
    if kind in _FILLS:
        row.state = STATES[state]
        row.last_price, row.last_quantity = (
            words.price(instrument, payload[2]),
            quantity(instrument, payload[3]),
        )
        executed = payload[5] - words.undone_lots(row.id, seq)
        row.leaves, row.executed = quantity(instrument, payload[4]), quantity(instrument, executed)
        row.fee, row.trade_id = money(payload[6]), payload[7]
        row.maker = bool(flags & LIQUIDITY_MAKER)
        yield row
        return
    if kind == EventKind.ORDER_TERMS:
        _say_terms(row, payload, order_type, instrument, words)
        yield row
        return
    row.state = STATES[state]
    if kind == EventKind.ORDER_REPLACED:
        row.replaced_by, row.leaves = payload[8], 0.0
        yield row
        # The successor's life begins without a word of its own.
        row = OrderRow(id=payload[8], event="created", seq=seq, time=row.time, account=account)
        row.state = "partially_filled" if payload[5] else "new"
    if kind in (EventKind.ORDER_CREATED, EventKind.ORDER_REPLACED):
        row.symbol, row.side, row.created = words.symbols[instrument], SIDES[side], row.time
        row.type, row.time_in_force = ORDER_TYPES[order_type], TIMES_IN_FORCE[tif]
        row.client_order_id = words.client_order(account, payload[1])
    if order_type in LIMITED:
        row.limit_price = words.price_or_none(instrument, payload[2])
    row.quantity, row.leaves = quantity(instrument, payload[3]), quantity(instrument, payload[4])
    undone = words.undone_lots(row.id, seq)
    row.executed = quantity(instrument, payload[5] - undone)
    if undone and row.event == KINDS[EventKind.ORDER_CREATED]:
        # A successor begins with what was busted of those before it.
        row.busted = quantity(instrument, undone)
    if kind in _ENDS:
        row.leaves = 0.0
    if kind == EventKind.ORDER_REJECTED:
        row.value, row.limit = payload[6], payload[7]
    elif kind in (EventKind.ORDER_RESTED, EventKind.ORDER_REFRESHED):
        row.ahead = quantity(instrument, payload[6])
    elif kind in (EventKind.ORDER_TRAILED, EventKind.ORDER_HELD):
        if payload[6]:
            row.stop_price = words.price(instrument, payload[6])
        if payload[7]:
            row.watermark = words.price(instrument, payload[7])
    yield row


def _busted_row(header: tuple[Any, ...], trade_id: int, busted: BustedOrder, words: Words) -> OrderRow:
    """An order of which less counts as executed than before."""
    return OrderRow(
        id=busted.order_id,
        event=KINDS[EventKind.TRADE_BUSTED],
        seq=header[0],
        time=words.iso(header[2]),
        account=busted.account,
        executed=words.quantity(header[11], busted.executed_lots),
        busted=words.quantity(header[11], busted.busted_lots),
        trade_id=trade_id,
    )


def _say_terms(row: OrderRow, payload: list[int], order_type: int, instrument: int, words: Words) -> None:
    if order_type == OrderType.TRAILING_STOP:
        if payload[3]:
            row.trail_percent = payload[3] / 10_000
        else:
            row.trail_amount = words.price_or_none(instrument, payload[2])
    elif payload[2]:
        row.stop_price = words.price(instrument, payload[2])
    if payload[4]:
        row.display_quantity = words.quantity(instrument, payload[4])
    if payload[5]:
        row.expires = words.iso(payload[5])
    if payload[6]:
        row.group = payload[6]


def _position_row(header: tuple[Any, ...], payload: list[int], words: Words) -> PositionRow:
    return PositionRow(
        account=header[10],
        symbol=words.symbols[header[11]],
        seq=header[0],
        time=words.iso(header[2]),
        quantity=words.quantity(header[11], payload[0]),
        cost=money(payload[1]),
        realised=money(payload[2]),
        realised_fifo=money(payload[3]),
        fees=money(payload[4]),
        trade_id=payload[6],
    )


def _account_row(header: tuple[Any, ...], payload: list[int], words: Words) -> AccountRow:
    kind, reason, instrument = header[3], header[4], header[11]
    row = AccountRow(account=header[10], event=KINDS[kind], seq=header[0], time=words.iso(header[2]))
    if reason:
        row.reason = REASONS[reason]
    if 0 <= instrument < len(words.symbols):
        row.symbol = words.symbols[instrument]
    if kind == EventKind.POSITION_CHANGED:
        row.cash = money(payload[5])
        if payload[6] and not header[5]:
            # The position is what it would be without the trade.
            row.event, row.trade_id = KINDS[EventKind.TRADE_BUSTED], payload[6]
    elif kind == EventKind.FEE_CHANGED:
        row.fee, row.value, row.limit = FEES[payload[0]], payload[1], payload[2]
    elif kind == EventKind.CASH_CHANGED:
        row.amount, row.cash = money(payload[0]), money(payload[1])
        row.text = words.payment_reason(header[1])
    elif kind == EventKind.ACCOUNT_SUSPENDED:
        row.state = ACCOUNT_STATES[AccountState.SUSPENDED]
    elif kind == EventKind.ACCOUNT_REINSTATED:
        row.state = ACCOUNT_STATES[AccountState.ACTIVE]
    elif kind in _CALLS:
        row.equity, row.requirement = money(payload[2]), money(payload[3])
        row.margin_call = kind != EventKind.MARGIN_CALL_MET
        if payload[4]:
            row.deadline = words.iso(payload[4])
    else:
        row.value, row.limit = payload[0], payload[1]
    return row


class OwnLog:
    """The latest own events of a session; how many rows each account has had, and the last event with any.

    Parameters
    ----------
    accounts
        Accounts of the venue, street and house too.
    events_max
        How many events are kept; older ones are read from the bus.
    words
        Know which orders a bust changed; without them none.
    """

    def __init__(self, accounts: int, events_max: int = 1 << 18, words: Words | None = None) -> None:
        self._words = words
        self.counts = np.zeros((len(OWN), accounts), dtype=np.int64)
        self.last = np.zeros((len(OWN), accounts), dtype=np.int64)
        self.seq = 0
        self.kept_after = 0
        self._events_max = events_max
        # What is looked for stands in columns of its own, so that a search reads little memory.
        self._events = np.empty(_ROOM, dtype=_BYTES)
        self._seqs = np.empty(_ROOM, dtype=np.int64)
        self._accounts = np.empty(_ROOM, dtype=np.int64)
        self._first = 0
        self._end = 0

    def take(self, events: Records) -> Records:
        """Fold in further events, in order; returns the own ones among them."""
        own = own_events(events)
        self.seq = int(events["seq"][-1])
        if len(own):
            for place in range(len(OWN)):
                rows = rows_of(own, place, self._words)
                np.add.at(self.counts[place], own["account"], rows)
                told = own[rows > 0]
                self.last[place, told["account"]] = told["seq"]
            self._keep(own)
        return own

    def _keep(self, own: Records) -> None:
        if self._end + len(own) > len(self._seqs):
            self._make_room(len(own))
        place = slice(self._end, self._end + len(own))
        self._events[place] = own.view(_BYTES)
        self._seqs[place] = own["seq"]
        self._accounts[place] = own["account"]
        self._end = place.stop
        gone = self._end - self._first - self._events_max
        if gone > 0:
            self._first += gone
            self.kept_after = int(self._seqs[self._first - 1])

    def _make_room(self, count: int) -> None:
        """Move what is kept to the front, of larger arrays when it nearly fills these."""
        kept = slice(self._first, self._end)
        held, size = self._end - self._first, len(self._seqs)
        while held + count > size * 3 // 4:
            size *= 2
        for name in ("_events", "_seqs", "_accounts"):
            old = getattr(self, name)
            new = np.empty(size, dtype=old.dtype)
            new[:held] = old[kept]
            setattr(self, name, new)
        self._first, self._end = 0, held

    def since(self, seq: int, account: int | None) -> Records | None:
        """Own events after `seq` of an account, or (None) of all; None when some are no longer kept."""
        if seq < self.kept_after:
            return None
        kept = slice(self._first, self._end)
        start = self._first + int(np.searchsorted(self._seqs[kept], seq, side="right"))
        late = self._events[start : self._end]
        events = late.copy() if account is None else late[self._accounts[start : self._end] == account]
        found: Records = events.view(EVENT)
        return found


def of_topic(own: Records, topic: str, words: Words) -> tuple[Records, np.ndarray[Any, np.dtype[np.int64]]]:
    """Own events that a topic has rows of, and how many rows each makes."""
    rows = rows_of(own, OWN.index(topic), words)
    return own[rows > 0], rows[rows > 0]
