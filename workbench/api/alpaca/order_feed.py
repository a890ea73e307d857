"""One session's order events on their way to the orders' owners."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from workbench.api.alpaca.moments import moment_text
from workbench.api.alpaca.order_protocol import TRADE_UPDATES
from workbench.api.alpaca.orders import was_taken
from workbench.domain.codes import EventKind, Reason
from workbench.projections.live.updates import News, Observer, OrderUpdate
from workbench.session.live.order_ids import execution_uuid

if TYPE_CHECKING:
    from workbench.api.alpaca.codec import Codec
    from workbench.api.alpaca.names import Names
    from workbench.api.alpaca.orders import Order, OrderWriter
    from workbench.api.alpaca.outbox import Outbox

_SUCCESSOR: Final = 1 << 62
_FILLS: Final = (News.FILL, News.PARTIAL_FILL)
_EVENTS: Final = {
    News.ACCEPTED: "accepted",
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
    """An event of an order. Price, quantity and position are there for fills alone."""

    event: str
    execution_id: str
    order: Order
    timestamp: str
    seq: int
    price: str | msgspec.UnsetType = msgspec.UNSET
    qty: str | msgspec.UnsetType = msgspec.UNSET
    position_qty: str | msgspec.UnsetType = msgspec.UNSET
    reason: str | msgspec.UnsetType = msgspec.UNSET


class Envelope(msgspec.Struct, gc=False):
    """What a stream's frame is: whose stream, and what."""

    stream: str
    data: Any


class OrderFeed(Observer):
    """Tells those who listen to an account what happens to its orders, at the event that it happens at.

    Parameters
    ----------
    names
        The session's names.
    writer
        Writes orders.
    """

    def __init__(self, names: Names, writer: OrderWriter) -> None:
        self._names = names
        self._writer = writer
        self._listeners: dict[int, dict[Outbox, Codec]] = {}

    def __len__(self) -> int:
        return sum(len(outboxes) for outboxes in self._listeners.values())

    def listen(self, account: int, outbox: Outbox, codec: Codec) -> None:
        """Tell a connection of an account's orders from now on."""
        self._listeners.setdefault(account, {})[outbox] = codec

    def drop(self, account: int, outbox: Outbox) -> None:
        """Tell it no longer."""
        outboxes = self._listeners.get(account)
        if outboxes is not None:
            outboxes.pop(outbox, None)
            if not outboxes:
                del self._listeners[account]

    def order(self, update: OrderUpdate) -> None:
        """Something happened to an order."""
        listeners = self._listeners.get(update.order.account)
        if listeners is None:
            return
        event = _EVENTS.get(update.news)
        if event is None or not was_taken(update.order):
            return
        envelope = Envelope(TRADE_UPDATES, self._write(update, event))
        encoded: dict[str, bytes] = {}
        for outbox, codec in listeners.items():
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
