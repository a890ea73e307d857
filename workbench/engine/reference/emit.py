"""Events: each function appends one, numbered, to the present step's."""

from __future__ import annotations

from workbench.domain.codes import EventKind, Phase, Reason
from workbench.domain.states import OrderState
from workbench.engine.reference.command import Command
from workbench.engine.reference.state import SIDES, TwinState
from workbench.matching.reference import Order
from workbench.risk.reference import Refusal

_UNUSED = (0,) * 9


def emit(
    twin: TwinState,
    kind: EventKind,
    payload: tuple[int, ...] = (),
    *,
    reason: int = 0,
    side: int = 0,
    flags: int = 0,
    account: int = 0,
    instrument: int = 0,
) -> None:
    """An event that is not about one order's terms."""
    twin.event_count += 1
    header = (twin.event_count, twin.command_count, twin.time_ns, kind, reason, side, 0, 0, 0, flags)
    twin.events.append((*header, account, instrument, payload + _UNUSED[len(payload) :]))


def emit_about(
    twin: TwinState,
    kind: EventKind,
    about: Order | Command,
    payload: tuple[int, ...],
    *,
    state: int = 0,
    reason: int = 0,
    flags: int = 0,
) -> None:
    """An event whose header has the terms of `about`; `flags` are added to its own."""
    twin.event_count += 1
    twin.events.append(
        (
            twin.event_count,
            twin.command_count,
            twin.time_ns,
            kind,
            reason,
            about.side,
            state,
            about.order_type,
            about.time_in_force,
            about.flags | flags,
            about.account,
            about.instrument,
            payload + _UNUSED[len(payload) :],
        )
    )


def emit_created(twin: TwinState, command: Command, order_id: int) -> None:
    """ORDER_CREATED: the terms as given."""
    quantity = command.quantity_lots
    payload = (order_id, command.client_order_id, command.price_ticks, quantity, quantity)
    emit_about(twin, EventKind.ORDER_CREATED, command, payload)


def emit_command_terms(twin: TwinState, command: Command, order_id: int) -> None:
    """ORDER_TERMS as given in a command, if any is."""
    terms = (
        command.trigger_price_ticks,
        command.amount_micros,
        command.display_lots,
        command.expire_time_ns,
        command.group_id,
        command.group_place,
    )
    if any(terms):
        emit_about(twin, EventKind.ORDER_TERMS, command, (order_id, command.client_order_id, *terms))


def emit_order_terms(twin: TwinState, order: Order) -> None:
    """ORDER_TERMS of an order as they now are, if there are any."""
    terms = (
        order.trail_ticks if order.is_trailing else order.trigger_price_ticks,
        order.trail_micros,
        order.display_lots,
        order.expire_time_ns,
        order.group_id,
        order.group_place,
    )
    if any(terms):
        emit_about(twin, EventKind.ORDER_TERMS, order, (order.order_id, order.client_order_id, *terms))


def emit_order(
    twin: TwinState,
    kind: EventKind,
    order: Order,
    state: OrderState,
    reason: Reason = Reason.NONE,
    value: int = 0,
    limit: int = 0,
) -> None:
    """An ORDER_* event without a fill, with the order's present terms."""
    payload = (
        order.order_id,
        order.client_order_id,
        order.price_ticks,
        order.quantity_lots,
        order.leaves_lots,
        order.executed_lots,
        value,
        limit,
    )
    emit_about(twin, kind, order, payload, state=state, reason=reason)


def refuse(
    twin: TwinState,
    kind: EventKind,
    command: Command,
    refusal: Refusal,
    *,
    order_id: int | None = None,
    state: OrderState = OrderState.PENDING_NEW,
) -> None:
    """The one event of a refused command; everything in it is as given."""
    payload = (
        command.order_id if order_id is None else order_id,
        command.client_order_id,
        command.price_ticks,
        command.quantity_lots,
        0,
        0,
        refusal.value,
        refusal.limit,
    )
    emit_about(twin, kind, command, payload, state=state, reason=refusal.reason)


def emit_market(twin: TwinState, kind: EventKind, instrument: int, reason: Reason = Reason.NONE) -> None:
    """An instrument's phase, band, price limits and next change of phase as they are now.

    Of AUCTION_COLLAR_CHANGED the limits are those of the collar.
    """
    rules, calendar = twin.rules[instrument], twin.calendars[instrument]
    changes = [(calendar.reopening_ns, 0, Phase.CONTINUOUS)] if calendar.reopening_ns is not None else []
    if calendar.schedule:
        changes.append((calendar.schedule[0], 1, calendar.schedule[1]))
    time_ns, _, phase = min(changes, default=(0, 0, 0))
    reference, low, high = limits_of(twin, instrument)
    if kind == EventKind.AUCTION_COLLAR_CHANGED:
        low, high = calendar.collar or (0, 0)
    payload = (
        rules.phase,
        rules.band_low_ticks,
        rules.band_high_ticks,
        reference,
        low,
        high,
        phase,
        time_ns,
        int(rules.short_sales_restricted),
    )
    emit(twin, kind, payload, instrument=instrument, reason=reason)


def limits_of(twin: TwinState, instrument: int) -> tuple[int, int, int]:
    """Reference price, lowest and highest price of the price limits; 0 where there are none."""
    limits = twin.price_limits[instrument]
    return (limits.reference_ticks, *limits.limits) if limits else (0, 0, 0)


def publish_quote(twin: TwinState, instrument: int) -> None:
    """QUOTE if the instrument's best bid or ask has changed since its last."""
    book = twin.markets[instrument].books[0]
    quote: list[int] = []
    for side in SIDES:
        price = book[side].best_price()
        level = book[side].levels[price] if price else None
        quote += (price, level.lots, len(level.orders)) if level else (0, 0, 0)
    tape = twin.tapes[instrument]
    new = (quote[0], quote[1], quote[2], quote[3], quote[4], quote[5])
    if new != tape.quote:
        tape.quote = new
        emit(twin, EventKind.QUOTE, (*new, tape.last_price_ticks), instrument=instrument)
