"""How things stand for an account, as the rows that its events would have made."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import msgspec

from workbench.api.native.stream_own import (
    ACCOUNT,
    ACCOUNT_STATES,
    LIMITED,
    ORDERS,
    POSITIONS,
    REASONS,
    STATES,
)
from workbench.api.native.stream_words import Words
from workbench.api.words import ORDER_TYPES, SIDES, TIMES_IN_FORCE, money
from workbench.domain.codes import OrderType
from workbench.domain.frames import AccountRow, OrderRow, PositionRow
from workbench.domain.states import OrderState

if TYPE_CHECKING:
    from workbench.projections.live.account import LiveAccount
    from workbench.projections.live.order import LiveOrder
    from workbench.projections.live.views import LiveViews

ENDED = 200
"""Orders that have ended which a snapshot shows beside the open ones: the latest."""


def order_row(order: LiveOrder, words: Words) -> OrderRow:
    """An order as it stands."""
    number = order.instrument
    state = order.state
    if state == OrderState.SUSPENDED:
        # A halt says nothing order by order, so no delta could take this back.
        state = OrderState.PARTIALLY_FILLED if order.executed_lots else OrderState.NEW
    undone = words.undone(order)
    row = OrderRow(
        id=order.order_id,
        seq=max(order.updated_seq, undone.seq),
        time=words.iso(max(order.updated_ns, undone.time_ns)),
        account=order.account,
        client_order_id=words.client_order(order.account, order.client_order_id),
        symbol=words.symbols[number],
        side=SIDES[order.side],
        type=ORDER_TYPES[order.order_type],
        time_in_force=TIMES_IN_FORCE[order.time_in_force],
        state=STATES[state],
        reason=REASONS[order.reason],
        quantity=words.quantity(number, order.quantity_lots),
        leaves=words.quantity(number, order.leaves_lots),
        executed=words.quantity(number, order.executed_lots - undone.lots),
        created=words.iso(order.created_ns),
    )
    if undone.lots:
        row.busted = words.quantity(number, undone.lots)
    if order.order_type in LIMITED:
        row.limit_price = words.price_or_none(number, order.price_ticks)
    if order.trigger_price_ticks:
        row.stop_price = words.price(number, order.trigger_price_ticks)
    if order.order_type == OrderType.TRAILING_STOP:
        if order.trail_micros:
            row.trail_percent = order.trail_micros / 10_000
        else:
            row.trail_amount = words.price_or_none(number, order.trail_ticks)
    if order.watermark_ticks:
        row.watermark = words.price(number, order.watermark_ticks)
    if order.display_lots:
        row.display_quantity = words.quantity(number, order.display_lots)
    if order.expire_time_ns:
        row.expires = words.iso(order.expire_time_ns)
    if order.group_id:
        row.group = order.group_id
    if order.ahead_lots >= 0:
        row.ahead = words.quantity(number, order.ahead_lots)
    if order.replaced_by:
        row.replaced_by = order.replaced_by
    return row


def _orders(views: LiveViews, words: Words, account: int) -> list[msgspec.Struct]:
    found = {order.order_id: order for order in views.orders.of(account)[-ENDED:]}
    found |= {order.order_id: order for order in views.orders.open_of(account)}
    return [order_row(found[number], words) for number in sorted(found)]


def _positions(views: LiveViews, words: Words, account: int) -> list[msgspec.Struct]:
    return [
        PositionRow(
            account=account,
            symbol=words.symbols[each.instrument],
            seq=each.updated_seq,
            time=words.iso(each.updated_ns),
            quantity=words.quantity(each.instrument, each.position_lots),
            cost=money(each.cost_micros),
            realised=money(each.realised_average_micros),
            realised_fifo=money(each.realised_fifo_micros),
            fees=money(each.fees_micros),
        )
        for each in views.accounts[account].positions.values()
        if each.updated_seq
    ]


def _account(views: LiveViews, _: Words, account: int) -> list[msgspec.Struct]:
    found: LiveAccount = views.accounts[account]
    return [
        AccountRow(
            account=account,
            name=found.name,
            cash=money(found.cash_micros),
            state=ACCOUNT_STATES[found.state],
            margin_call=found.margin_call,
        )
    ]


_MAKERS: dict[str, Callable[[LiveViews, Words, int], list[msgspec.Struct]]] = {
    ORDERS: _orders,
    POSITIONS: _positions,
    ACCOUNT: _account,
}


def standing(topic: str, accounts: Iterable[int], views: LiveViews, words: Words) -> list[msgspec.Struct]:
    """All rows of a topic of own events for these accounts."""
    make = _MAKERS[topic]
    return [row for account in accounts for row in make(views, words, account)]
