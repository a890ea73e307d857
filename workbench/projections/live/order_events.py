"""What each event does to an order of a person."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workbench.domain.codes import EventKind, OrderType, Reason, Side
from workbench.domain.records import LIQUIDITY_MAKER, PRIORITY_KEPT
from workbench.domain.states import OrderState
from workbench.errors import ProjectionError
from workbench.projections.live.account import Fill, LiveAccount
from workbench.projections.live.market import LiveMarket
from workbench.projections.live.order import LiveOrder, Waits
from workbench.projections.live.order_groups import join, offer, release, waits
from workbench.projections.live.orders import LiveOrders
from workbench.projections.live.trails import adjust_trail
from workbench.projections.live.updates import News, OrderUpdate

Row = tuple[Any, ...]
"""An event as a flat tuple: the header's twelve fields and the payload's nine words."""

REASONS = {int(reason): reason for reason in Reason}
_KINDS = {int(kind): kind for kind in EventKind}
_STATES = tuple(OrderState)
_WORKING = (OrderState.NEW, OrderState.PARTIALLY_FILLED)


class OrderEvents:
    """Folds the events of people's orders.

    Parameters
    ----------
    orders, accounts, markets
        What it changes: orders, fills and running positions of accounts; markets say how a split scales.
    """

    def __init__(
        self, orders: LiveOrders, accounts: dict[int, LiveAccount], markets: list[LiveMarket]
    ) -> None:
        self._orders = orders
        self._accounts = accounts
        self._markets = markets
        self.listeners: list[Callable[[OrderUpdate], None]] = []
        self._requeued: dict[int, int] = {}
        kind = EventKind
        self.handlers: dict[int, Callable[[Row], None]] = {
            kind.ORDER_CREATED: self._created,
            kind.ORDER_APPROVED: self._approved,
            kind.ORDER_REJECTED: self._rejected,
            kind.ORDER_HELD: self._held,
            kind.ORDER_RESTED: self._rested,
            kind.ORDER_PARTIALLY_FILLED: self._filled,
            kind.ORDER_FILLED: self._filled,
            kind.ORDER_CANCELED: self._ended,
            kind.ORDER_EXPIRED: self._ended,
            kind.ORDER_REPLACED: self._replaced,
            kind.ORDER_REDUCED: self._reduced,
            kind.CANCEL_REJECTED: self._change_refused,
            kind.REPLACE_REJECTED: self._change_refused,
            kind.ORDER_TERMS: self._terms,
            kind.ORDER_TRIGGERED: self._triggered,
            kind.ORDER_TRAILED: self._trailed,
            kind.ORDER_REFRESHED: self._rested,
            kind.ORDER_ADJUSTED: self._adjusted,
        }

    def note_halt(self, instrument: int, halted: bool) -> None:
        """A halt suspends what works in an instrument, and its end lets it work again."""
        for order in self._orders.open_in(instrument):
            if halted and order.state in _WORKING:
                order.state = OrderState.SUSPENDED
            elif not halted and order.state == OrderState.SUSPENDED:
                order.state = _working(order)

    # ------------------------------------------------------------------ events

    def _created(self, row: Row) -> None:
        order = LiveOrder(
            order_id=row[12],
            client_order_id=row[13],
            account=row[10],
            instrument=row[11],
            side=row[5],
            order_type=row[7],
            time_in_force=row[8],
            flags=row[9] & ~PRIORITY_KEPT,
            price_ticks=row[14],
            quantity_lots=row[15],
            leaves_lots=row[16],
            executed_lots=row[17],
            created_ns=row[2],
            created_seq=row[0],
            command_seq=row[1],
            root_order_id=row[12],
            entered_ns=row[2],
            created_lots=row[15],
            updated_ns=row[2],
            updated_seq=row[0],
        )
        self._orders.enter(order)
        self._tell(row, order, News.PENDING_NEW)

    def _terms(self, row: Row) -> None:
        order = self._order(row)
        order.updated_seq, order.updated_ns = row[0], row[2]
        if order.order_type == OrderType.TRAILING_STOP:
            order.trail_ticks = row[14]
        else:
            order.trigger_price_ticks = row[14]
        order.trail_micros, order.display_lots, order.expire_time_ns = row[15], row[16], row[17]
        order.group_id, order.group_place = row[18], row[19]
        if order.group_id and order.state == OrderState.PENDING_NEW:
            offer(self._orders, order)
        self._tell(row, order, News.NOTHING)

    def _approved(self, row: Row) -> None:
        order = self._open(row)
        if not order.approved_ns:
            order.approved_ns = row[2]
        order.required_micros = row[18]
        if order.group_id:
            join(self._orders, order)
        news = News.NOTHING
        if order.state != OrderState.HELD:
            order.waits = Waits.NOTHING
            news = self._announce(order)
        self._tell(row, order, news)

    def _rejected(self, row: Row) -> None:
        order = self._order(row)
        self._note(row, order)
        order.state, order.leaves_lots, order.waits = OrderState.REJECTED, 0, Waits.NOTHING
        order.reason_value, order.reason_limit = row[18], row[19]
        order.rejected_ns = row[2]
        if order.approved_ns:
            self._orders.end(order)
        else:
            self._orders.refuse(order)
        group = order.group
        if group is not None and not group.complete and row[4] == Reason.INVALID_GROUP:
            # It never fitted, so it is none of that group's orders.
            group.members.remove(order)
            order.group = None
        self._tell(row, order, News.REJECTED)

    def _held(self, row: Row) -> None:
        order = self._open(row)
        if row[18] or order.order_type == OrderType.TRAILING_STOP:
            order.trigger_price_ticks = row[18]
        order.watermark_ticks = row[19]
        news = News.NOTHING
        # What replaces a held order waits for what its predecessor waited for.
        if self._requeued.pop(order.order_id, 0) != row[1]:
            order.waits = waits(order)
            if order.waits == Waits.TRIGGER:
                news = self._announce(order)
            elif not order.announced and order.approved_ns == order.created_ns:
                news = News.ACCEPTED if order.waits == Waits.AUCTION else News.HELD
        self._tell(row, order, news)

    def _rested(self, row: Row) -> None:
        order = self._open(row)
        order.ahead_lots = row[18]
        if not order.rested_ns:
            order.rested_ns = row[2]
        self._tell(row, order, News.NOTHING)

    def _filled(self, row: Row) -> None:
        order = self._order(row)
        (seq, _, time_ns, kind, _, side, state, _, _, flags, number, instrument) = row[:12]
        (_, _, price, lots, leaves, executed, fee, trade_id, contra) = row[12:]
        value = price * lots
        order.executed_value += value
        order.filled_value += value
        order.filled_lots += lots
        order.fills += 1
        order.fees_micros += fee
        order.leaves_lots, order.executed_lots = leaves, executed
        order.state = _STATES[state]
        if order.state == OrderState.PARTIALLY_FILLED and self._markets[instrument].halted:
            # An auction of history trades in a halt too, and what it leaves stays suspended.
            order.state = OrderState.SUSPENDED
        order.reason, order.reason_value, order.reason_limit = Reason.NONE, 0, 0
        order.updated_ns, order.updated_seq = time_ns, seq
        maker = bool(flags & LIQUIDITY_MAKER)
        if maker:
            order.maker_lots += lots
        if not order.first_fill_ns:
            order.first_fill_ns = time_ns
        if kind == EventKind.ORDER_FILLED:
            order.filled_ns = time_ns
            self._orders.end(order)
            if order.group is not None:
                release(order)
        account = self._accounts[number]
        position = account.position(instrument)
        position.running_lots += lots if side == Side.BUY else -lots
        fill = Fill(
            seq,
            time_ns,
            order.order_id,
            order.root_order_id,
            instrument,
            side,
            price,
            lots,
            fee,
            trade_id,
            maker,
            flags,
            leaves,
            executed,
            position.running_lots,
            contra,
        )
        account.fills.append(fill)
        if self.listeners:
            update = OrderUpdate(
                seq,
                time_ns,
                _KINDS[kind],
                order,
                price,
                lots,
                trade_id,
                fee,
                position.running_lots,
                Reason.NONE,
                News.FILL if kind == EventKind.ORDER_FILLED else News.PARTIAL_FILL,
                0,
                0,
                maker,
            )
            for listener in self.listeners:
                listener(update)

    def _ended(self, row: Row) -> None:
        order = self._order(row)
        self._note(row, order)
        order.quantity_lots, order.executed_lots, order.leaves_lots = row[15], row[17], 0
        order.canceled_lots += row[18]
        order.state, order.waits = _STATES[row[6]], Waits.NOTHING
        self._orders.end(order)
        if order.group is not None and order.executed_lots:
            release(order)
        if row[3] == EventKind.ORDER_EXPIRED:
            order.expired_ns = row[2]
            self._tell(row, order, News.EXPIRED)
        else:
            order.canceled_ns = row[2]
            self._tell(row, order, News.CANCELED)

    def _reduced(self, row: Row) -> None:
        order = self._open(row)
        order.canceled_lots += row[18]
        self._tell(row, order, News.REDUCED)

    def _triggered(self, row: Row) -> None:
        order = self._open(row)
        order.triggered_ns = row[2]
        self._tell(row, order, News.TRIGGERED)

    def _trailed(self, row: Row) -> None:
        order = self._open(row)
        order.trigger_price_ticks, order.watermark_ticks = row[18], row[19]
        self._tell(row, order, News.TRAILED)

    def _adjusted(self, row: Row) -> None:
        order = self._open(row)
        if order.order_type == OrderType.TRAILING_STOP:
            adjust_trail(order, self._markets[order.instrument])
        self._tell(row, order, News.RESTATED)

    def _replaced(self, row: Row) -> None:
        before = self._order(row)
        successor_id = row[20]
        order = LiveOrder(
            order_id=successor_id,
            client_order_id=row[13],
            account=before.account,
            instrument=before.instrument,
            side=before.side,
            order_type=before.order_type,
            time_in_force=before.time_in_force,
            flags=row[9] & ~PRIORITY_KEPT,
            price_ticks=row[14],
            quantity_lots=row[15],
            leaves_lots=row[16],
            executed_lots=row[17],
            created_ns=row[2],
            created_seq=row[0],
            command_seq=row[1],
            root_order_id=before.root_order_id,
            entered_ns=before.entered_ns,
            created_lots=row[15],
            executed_value=before.executed_value,
            replaces=before.order_id,
            waits=before.waits,
            approved_ns=before.approved_ns,
            triggered_ns=before.triggered_ns,
            required_micros=before.required_micros,
            updated_ns=row[2],
            updated_seq=row[0],
            group=before.group,
        )
        order.state = OrderState.HELD if before.state == OrderState.HELD else _working(order)
        if row[9] & PRIORITY_KEPT:
            order.rested_ns, order.ahead_lots = before.rested_ns, before.ahead_lots
        held = before.state == OrderState.HELD
        if held:
            self._requeued[successor_id] = row[1]
        self._note(row, before)
        before.state, before.leaves_lots, before.waits = OrderState.REPLACED, 0, Waits.NOTHING
        before.replaced_ns, before.replaced_by = row[2], successor_id
        group = order.group
        if group is not None:
            group.members[group.members.index(before)] = order
        self._orders.end(before)
        self._orders.enter(order)
        self._tell(row, before, News.REPLACED)
        if before.announced:
            news = self._announce(order)
        else:
            news = News.ACCEPTED if order.waits == Waits.AUCTION else News.HELD
        self._tell(row, order, news)

    def _change_refused(self, row: Row) -> None:
        account, order_id, client = row[10], row[12], row[13]
        order = self._orders.get(order_id) if order_id else self._orders.by_client(account, client)
        if order is None or order.account != account:
            return
        cancel = row[3] == EventKind.CANCEL_REJECTED
        self._tell(row, order, News.CANCEL_REJECTED if cancel else News.REPLACE_REJECTED)

    # ------------------------------------------------------------------ parts

    def _order(self, row: Row) -> LiveOrder:
        order = self._orders.unpacked.get(row[12]) or self._orders.get(row[12])
        if order is None:
            raise ProjectionError(
                f"event {row[0]} tells of order {row[12]}, which no event before it created",
                where="live views",
                remedy="rebuild them from the session's first event",
            )
        return order

    def _note(self, row: Row, order: LiveOrder) -> None:
        order.updated_seq, order.updated_ns = row[0], row[2]
        order.reason = REASONS.get(row[4], Reason.NONE)

    def _open(self, row: Row) -> LiveOrder:
        """An order that an event other than a fill leaves open, with the terms that the event has."""
        order = self._order(row)
        order.updated_seq, order.updated_ns = row[0], row[2]
        order.reason = REASONS.get(row[4], Reason.NONE)
        order.state, order.flags = _STATES[row[6]], row[9]
        order.price_ticks, order.quantity_lots = row[14], row[15]
        order.leaves_lots, order.executed_lots = row[16], row[17]
        return order

    def _announce(self, order: LiveOrder) -> News:
        if order.announced:
            return News.NOTHING
        order.announced = True
        return News.NEW

    def _tell(self, row: Row, order: LiveOrder, news: News) -> None:
        if not self.listeners:
            return
        reason = REASONS.get(row[4], Reason.NONE)
        numbers = (row[18], row[19]) if reason and row[3] in _REFUSALS else (0, 0)
        update = OrderUpdate(row[0], row[2], _KINDS[row[3]], order, 0, 0, 0, 0, 0, reason, news, *numbers)
        for listener in self.listeners:
            listener(update)


_REFUSALS = (EventKind.ORDER_REJECTED, EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED)


def _working(order: LiveOrder) -> OrderState:
    return OrderState.PARTIALLY_FILLED if order.executed_lots else OrderState.NEW
