"""One session's order events on their way to the orders' owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

import msgspec

from workbench.api.alpaca.moments import moment_text
from workbench.api.alpaca.order_protocol import TRADE_UPDATES
from workbench.api.alpaca.orders import OrderWriter, was_taken
from workbench.api.alpaca.unopened import Unopened
from workbench.api.alpaca.wall import wall_text
from workbench.domain.codes import EventKind, Phase, Reason, Side
from workbench.projections.live.updates import News, Observer, OrderUpdate
from workbench.session.live.order_ids import execution_uuid

if TYPE_CHECKING:
    from workbench.api.alpaca.codec import Codec
    from workbench.api.alpaca.names import Names
    from workbench.api.alpaca.orders import Order
    from workbench.projections.live.account import Fill
    from workbench.projections.live.market import Bust
    from workbench.projections.live.order import LiveOrder
    from workbench.projections.live.views import LiveViews

_SUCCESSOR: Final = 1 << 62
_OPENED: Final = 1 << 63
_FILLS: Final = (News.FILL, News.PARTIAL_FILL)
_ACCEPTED: Final = "accepted"
_BUST: Final = "trade_bust"
_EVENTS: Final = {
    News.ACCEPTED: _ACCEPTED,
    News.HELD: "held",
    News.NEW: "new",
    News.PARTIAL_FILL: "partial_fill",
    News.FILL: "fill",
    News.CANCELED: "canceled",
    News.EXPIRED: "expired",
    News.REPLACED: "replaced",
    News.REDUCED: "restated",
    News.RESTATED: "restated",
    News.REJECTED: "rejected",
    News.CANCEL_REJECTED: "order_cancel_rejected",
    News.REPLACE_REJECTED: "order_replace_rejected",
}
"""What is told; the exchange's other news (received, triggered, trailed) are details of what is."""


class TradeUpdate(msgspec.Struct, gc=False):
    """An event of an order. Price, quantity and position are there for fills and their busts alone."""

    event: str
    execution_id: str
    order: Order
    timestamp: str
    wall_timestamp: str
    seq: int
    price: str | msgspec.UnsetType = msgspec.UNSET
    qty: str | msgspec.UnsetType = msgspec.UNSET
    position_qty: str | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET
    previous_execution_id: str | msgspec.UnsetType = msgspec.UNSET


class Envelope(msgspec.Struct, gc=False):
    """What a stream's frame is: whose stream, and what."""

    stream: str
    data: Any


class Sink(Protocol):
    """Where frames go."""

    def push(self, frame: bytes) -> None:
        """Take a frame; never waits."""


class OrderFeed(Observer):
    """Tells those who listen to an account what happens to its orders, at the event that it happens at.

    Parameters
    ----------
    names
        The session's names.
    views
        What it listens to.
    after_seq
        Events up to this one are not told.
    """

    def __init__(self, names: Names, views: LiveViews, *, after_seq: int = 0) -> None:
        self._names = names
        self._views = views
        self._after_seq = after_seq
        self._unopened = Unopened(views.markets)
        self._writer = OrderWriter(names, self._unopened, views.undone_of)
        self._listeners: dict[int, dict[Sink, Codec]] = {}

    @property
    def writer(self) -> OrderWriter:
        """Writes orders as they are now."""
        return self._writer

    def __len__(self) -> int:
        return sum(len(outboxes) for outboxes in self._listeners.values())

    def listen(self, account: int, outbox: Sink, codec: Codec) -> None:
        """Tell a connection of an account's orders from now on."""
        self._listeners.setdefault(account, {})[outbox] = codec

    def drop(self, account: int, outbox: Sink) -> None:
        """Tell it no longer."""
        outboxes = self._listeners.get(account)
        if outboxes is not None:
            outboxes.pop(outbox, None)
            if not outboxes:
                del self._listeners[account]

    def order(self, update: OrderUpdate) -> None:
        """Something happened to an order."""
        order, event = update.order, _EVENTS.get(update.news)
        if update.news == News.NEW and self._unopened.take(order):
            event = _ACCEPTED
        elif order in self._unopened and (update.news in _FILLS or not order.is_open):
            self._unopened.end(order)
            if update.news in _FILLS:
                # It trades though its market does not open: in an auction of history, or at the close.
                self._opened(order, update.seq, update.time_ns)
        if event is None or update.seq <= self._after_seq:
            return
        if order.account in self._listeners and was_taken(order):
            self._tell(order.account, self._write(update, event))

    def phase(self, instrument: int, phase: Phase, reason: Reason, time_ns: int) -> None:  # noqa: ARG002
        """A market opens: what waited for that works from now on, before anything trades."""
        for order in self._unopened.release(instrument, phase):
            self._opened(order, self._views.markets[instrument].phase_seq, time_ns)

    def bust(self, bust: Bust) -> None:
        """A trade was undone: the owners of both orders are told, the resting one's first."""
        if bust.seq <= self._after_seq:
            return
        for account in dict.fromkeys((bust.maker_account, bust.account)):
            if account not in self._listeners:
                continue
            # The event of the position follows this one.
            lots = self._views.positions[account][bust.instrument].position_lots
            for fill in self._views.busted_fills(account, bust):
                lots -= fill.quantity_lots if fill.side == Side.BUY else -fill.quantity_lots
                order = self._views.orders.get(fill.order_id)
                assert order is not None, "it has filled"
                self._tell(account, self._write_bust(bust, fill, order, lots))

    def _write_bust(self, bust: Bust, fill: Fill, order: LiveOrder, position_lots: int) -> TradeUpdate:
        identity, scale = self._names.session.identity, self._names.scales[fill.instrument]
        return TradeUpdate(
            _BUST,
            str(execution_uuid(identity, bust.seq | (_SUCCESSOR if fill.maker else 0))),
            self._writer.order(order),
            moment_text(bust.time_ns),
            wall_text(),
            bust.seq,
            scale.price_text(fill.price_ticks),
            scale.quantity_text(fill.quantity_lots),
            scale.quantity_text(position_lots),
            _BUST.upper(),
            str(execution_uuid(identity, fill.seq)),
        )

    def _opened(self, order: LiveOrder, seq: int, time_ns: int) -> None:
        if order.account in self._listeners and seq > self._after_seq:
            identity = self._names.session.identity
            update = TradeUpdate(
                _EVENTS[News.NEW],
                str(execution_uuid(identity, _OPENED | order.order_id)),
                self._writer.order(order),
                moment_text(time_ns),
                wall_text(),
                seq,
            )
            self._tell(order.account, update)

    def _tell(self, account: int, update: TradeUpdate) -> None:
        envelope = Envelope(TRADE_UPDATES, update)
        encoded: dict[str, bytes] = {}
        for outbox, codec in self._listeners[account].items():
            frame = encoded.get(codec.name)
            if frame is None:
                frame = encoded[codec.name] = codec.encode(envelope)
            outbox.push(frame)

    def _write(self, update: OrderUpdate, event: str) -> TradeUpdate:
        order = update.order
        told = TradeUpdate(
            event,
            self._execution_id(update),
            self._writer.order(order),
            moment_text(update.time_ns),
            wall_text(),
            update.seq,
        )
        if update.news in _FILLS:
            scale = self._names.scales[order.instrument]
            told.price = scale.price_text(update.last_price_ticks)
            told.qty = scale.quantity_text(update.last_lots)
            told.position_qty = scale.quantity_text(update.position_lots)
        elif update.reason != Reason.NONE:
            told.reason = update.reason.name.lower()
        return told

    def _execution_id(self, update: OrderUpdate) -> str:
        """The id of what an event says of an order; a replacement says something of two orders."""
        of_successor = update.kind == EventKind.ORDER_REPLACED and update.news != News.REPLACED
        number = update.seq | (_SUCCESSOR if of_successor else 0)
        return str(execution_uuid(self._names.session.identity, number))
