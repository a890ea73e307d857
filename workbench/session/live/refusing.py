"""Refusals in sentences: what the exchange said no to, with its numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from workbench.domain.codes import EventKind, Reason
from workbench.domain.states import OrderState
from workbench.engine.reasons import reason_text, reason_units
from workbench.engine.words import Words
from workbench.errors import OrderRefused
from workbench.projections.live.order import LiveOrder
from workbench.projections.live.views import LiveViews
from workbench.session.live.answer import Answer
from workbench.session.live.answer_events import of_kind
from workbench.session.live.client_ids import client_order_number
from workbench.session.live.entering import Tickets
from workbench.session.live.phase_words import phase_text

_ENDED = {
    OrderState.FILLED: "is filled",
    OrderState.CANCELED: "was cancelled",
    OrderState.EXPIRED: "has expired",
    OrderState.REPLACED: "was replaced",
    OrderState.REJECTED: "was refused",
}


class Refusals:
    """Writes the refusals of one session.

    Parameters
    ----------
    tickets
        Knows the units of its instruments.
    words
        Writes its numbers.
    views
        Its views.
    """

    def __init__(self, tickets: Tickets, words: Words, views: LiveViews) -> None:
        self._tickets = tickets
        self._words = words
        self._views = views

    def unavailable(
        self, instrument: int, lots: int, size: int, kept: int, closing: list[LiveOrder]
    ) -> OrderRefused:
        """More of a position was to be closed than open orders leave."""
        words = self._words
        said = [words.quantity(each, instrument) for each in (lots, size - kept, size, kept)]
        what = f"insufficient quantity available: requested {said[0]}, available {said[1]}"
        if kept:
            what += f" (position {said[2]}, held for orders {said[3]})"
        scale = self._tickets.scale_of(instrument)
        names = ("requested", "available", "existing_qty", "held_for_orders")
        details: dict[str, Any] = {
            name: str(scale.instrument.quantity_from_lots(each))
            for name, each in zip(names, (lots, size - kept, size, kept), strict=True)
        }
        details["related_orders"] = [order.order_id for order in closing] if kept else []
        return OrderRefused(f"{scale.symbol}: {what}", reason=Reason.REDUCE_ONLY_WOULD_OPEN, details=details)

    def change(self, answer: Answer, kind: EventKind, order: LiveOrder, client_order_id: str) -> OrderRefused:
        """A replace or a cancel was refused."""
        for event in of_kind(answer.events, kind):
            reason = Reason(int(event["reason"]))
            if reason == Reason.UNKNOWN_ORDER:
                # It ended before the command came; by now the views show how.
                return has_ended(order)
            return self.order(reason, int(event["value"]), int(event["limit"]), order, client_order_id)
        return self.command(answer)

    def command(self, answer: Answer) -> OrderRefused:
        """A command was refused that is of no order."""
        for event in of_kind(answer.events, EventKind.COMMAND_REJECTED):
            reason = Reason(int(event["reason"]))
            text = reason_text(reason, int(event["value"]), int(event["limit"]), -1, self._words)
            return OrderRefused(f"refused: {text}", reason=reason)
        return OrderRefused("the exchange gave no answer to this")

    def order(
        self, reason: Reason, value: int, limit: int, order: LiveOrder, client_order_id: str
    ) -> OrderRefused:
        """An order was refused, or a change of one."""
        details = self._numbers(reason, value, limit, order.instrument) if value or limit else {}
        if reason == Reason.DUPLICATE_CLIENT_ORDER_ID:
            own = client_order_id and client_order_number(client_order_id) == value
            called = f"client order id {client_order_id!r}" if own else "its client order id"
            return OrderRefused(
                f"{called} is that of open order {limit}; choose another",
                reason=reason,
                order=order,
                details={"existing_order_id": limit},
            )
        text = self._phase_text(reason, order) or reason_text(
            reason, value, limit, order.instrument, self._words
        )
        what = "the change" if order.state != OrderState.REJECTED else "the order"
        return OrderRefused(f"{what} was refused: {text}", reason=reason, order=order, details=details)

    def _numbers(self, reason: Reason, value: int, limit: int, instrument: int) -> dict[str, Any]:
        """An event's numbers for programs: prices, quantities and money as exact decimals in text."""
        units = reason_units(reason)
        scale = self._tickets.scale_of(instrument)
        found: dict[str, Any] = {}
        for name, number in (("value", value), ("limit", limit)):
            unit = units.get(name, "")
            if unit == "price":
                found[name] = f"{scale.instrument.price_from_ticks(number):f}"
            elif unit == "quantity":
                found[name] = f"{scale.instrument.quantity_from_lots(number):f}"
            elif unit == "money":
                found[name] = f"{Decimal(number).scaleb(-6):f}"
            else:
                found[name] = number
        return found

    def _phase_text(self, reason: Reason, order: LiveOrder) -> str:
        views = self._views
        phase = views.markets[order.instrument].phase
        return phase_text(reason, views.session_state, phase, order.time_in_force)


def has_ended(order: LiveOrder) -> OrderRefused:
    """What is asked of an order that has ended."""
    how = _ENDED.get(order.state, "is not open")
    by = f" by order {order.replaced_by}" if order.replaced_by else ""
    return OrderRefused(f"order {order.order_id} {how}{by} already", reason=Reason.UNKNOWN_ORDER, order=order)
