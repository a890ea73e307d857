"""Orders as Alpaca's clients read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from workbench.api.alpaca.amounts import integer_text
from workbench.api.alpaca.moments import moment_or_none, moment_text
from workbench.api.alpaca.words import SIDE_WORDS, TIME_WORDS, TYPE_WORDS, state_word
from workbench.domain.codes import OrderType, Reason, TimeInForce
from workbench.domain.states import OrderState
from workbench.projections.live.order import LiveOrder, Waits

if TYPE_CHECKING:
    from collections.abc import Callable

    from workbench.api.alpaca.names import Names
    from workbench.api.alpaca.unopened import Unopened
    from workbench.projections.live.market import Undone

_PERCENT_DIGITS = 4
"""Millionths as percent: 15,000 are 1.5."""
_WITHOUT_LIMIT = frozenset(
    {OrderType.MARKET, OrderType.STOP, OrderType.TRAILING_STOP, OrderType.MARKET_IF_TOUCHED}
)
_BY_EXCHANGE = (OrderState.REJECTED, OrderState.CANCELED)
_ASKED_FOR = (Reason.NONE, Reason.BY_REQUEST, Reason.MASS_CANCEL, Reason.GROUP)
_FOR_MARKET = (Waits.TRADING, Waits.AUCTION)


class Order(msgspec.Struct, gc=False):
    """An order: amounts are decimal strings, times RFC 3339, and what there is not is null."""

    id: str
    client_order_id: str
    created_at: str
    updated_at: str
    submitted_at: str
    filled_at: str | None
    expired_at: str | None
    expires_at: str | None
    canceled_at: str | None
    failed_at: str | None
    replaced_at: str | None
    replaced_by: str | None
    replaces: str | None
    asset_id: str
    symbol: str
    asset_class: str
    notional: str | None
    qty: str
    filled_qty: str
    filled_avg_price: str | None
    order_class: str
    order_type: str
    type: str
    side: str
    time_in_force: str
    limit_price: str | None
    stop_price: str | None
    status: str
    extended_hours: bool
    legs: list[Any] | None
    trail_percent: str | None
    trail_price: str | None
    hwm: str | None
    position_intent: str | None
    reject_reason: str | None
    seq: int


class OrderWriter:
    """Makes `Order` of the views' orders.

    Parameters
    ----------
    names
        The session's names.
    unopened
        Which orders wait for their market to open.
    undone
        What of an order's fills was busted.
    """

    def __init__(self, names: Names, unopened: Unopened, undone: Callable[[LiveOrder], Undone]) -> None:
        self._names = names
        self._undone = undone
        self._unopened = unopened
        self._session = names.session

    def order(self, order: LiveOrder, *, nested: bool = False) -> Order:
        """An order as it is now; with `nested` the orders that hang on it are its legs."""
        names = self._names
        number = order.instrument
        scale = names.scales[number]
        price = scale.price_text
        kind = order.order_type
        group = order.group
        legs = [self.order(leg) for leg in order.legs] if nested and group is not None else None
        trails = kind == OrderType.TRAILING_STOP
        undone = self._undone(order)
        lots = order.executed_lots - undone.lots
        ended = order.state in _BY_EXCHANGE and order.reason not in _ASKED_FOR
        return Order(
            names.order_id(order.order_id),
            self.client_order_id(order),
            moment_text(order.entered_ns or order.created_ns),
            moment_text(max(order.updated_ns or order.created_ns, undone.time_ns)),
            moment_text(order.created_ns),
            moment_or_none(order.filled_ns),
            moment_or_none(order.expired_ns),
            moment_or_none(order.expire_time_ns or self._end_ns(order)),
            moment_or_none(order.canceled_ns),
            moment_or_none(order.rejected_ns),
            moment_or_none(order.replaced_ns),
            names.order_id(order.replaced_by) if order.replaced_by else None,
            names.order_id(order.replaces) if order.replaces else None,
            names.asset_ids[number],
            names.symbols[number],
            names.asset_classes[number],
            None,
            scale.quantity_text(order.quantity_lots),
            scale.quantity_text(lots),
            scale.average_price(order.executed_value - undone.value, lots) if lots else None,
            group.name if group is not None else "",
            TYPE_WORDS[OrderType(kind)],
            TYPE_WORDS[OrderType(kind)],
            SIDE_WORDS[order.side],  # type: ignore[index] # an IntEnum's key is its number
            TIME_WORDS[order.time_in_force],  # type: ignore[index]
            None if kind in _WITHOUT_LIMIT or not order.price_ticks else price(order.price_ticks),
            price(order.trigger_price_ticks) if order.trigger_price_ticks else None,
            state_word(
                order.state,
                waits_for_group=order.waits == Waits.GROUP,
                waits_for_market=order.waits in _FOR_MARKET or order in self._unopened,
            ),
            False,
            legs or None,
            integer_text(order.trail_micros, _PERCENT_DIGITS) if trails and order.trail_micros else None,
            price(order.trail_ticks) if trails and order.trail_ticks else None,
            price(order.watermark_ticks) if trails and order.watermark_ticks else None,
            None,
            order.reason.name.lower() if ended else None,
            max(order.updated_seq, undone.seq),
        )

    def client_order_id(self, order: LiveOrder) -> str:
        """What its owner called it; an order that came without a name is called by its id."""
        name = self._session.client_order_name(order.account, order.client_order_id)
        return name or self._names.order_id(order.order_id)

    def _end_ns(self, order: LiveOrder) -> int:
        return self._session.close_ns if order.time_in_force == TimeInForce.DAY else 0


def was_taken(order: LiveOrder) -> bool:
    """Whether a client was ever told of it: an order that was refused on entry was answered with an error.

    So were the legs of a group whose head was refused.
    """
    if order.state == OrderState.REJECTED and not order.approved_ns:
        return False
    group = order.group
    if group is None:
        return True
    head = group.head
    return head is None or head is order or head.state != OrderState.REJECTED or bool(head.approved_ns)
