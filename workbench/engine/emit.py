"""Writing events: the header every event has, and one function per family of payloads."""

from __future__ import annotations

from typing import Any

from workbench.domain.commands import ALL
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    CONTINUOUS,
    EVENT_CASH_CHANGED,
    EVENT_FEE_CHANGED,
    EVENT_INSTRUMENT_SPLIT,
    EVENT_LIMIT_CHANGED,
    EVENT_ORDER_TERMS,
    EVENT_POSITION_CHANGED,
    EVENT_QUOTE,
    EVENT_TRADE,
    EVENT_TRADE_BUSTED,
    STATE_PENDING_NEW,
)
from workbench.jit import hot, int64, leaf

NOWHERE = ALL


@hot
def _next_event(memory: Memory) -> int:
    world = memory.world[0]
    index = world["event_count"]
    world["event_count"] = index + 1
    world["events"] += 1
    return index


@hot
def _header(
    memory: Memory,
    event: Any,
    kind: int,
    reason: int,
    side: int,
    state: int,
    order_type: int,
    time_in_force: int,
    flags: int,
    account: int,
    instrument: int,
) -> None:
    world = memory.world[0]
    event["seq"] = world["events"]
    event["command_seq"] = world["commands"]
    event["time_ns"] = world["time_ns"]
    event["kind"] = kind
    event["reason"] = reason
    event["side"] = side
    event["order_state"] = state
    event["order_type"] = order_type
    event["time_in_force"] = time_in_force
    event["flags"] = flags
    event["account"] = account
    event["instrument"] = instrument


@leaf
def refused(
    memory: Memory,
    events: EventBuffer,
    command: Any,
    kind: int,
    reason: int,
    state: int,
    order_id: int,
    value: int,
    limit: int,
) -> None:
    """An ORDER_, CANCEL_, REPLACE_ or COMMAND_REJECTED with the command's own numbers."""
    event = events.order[_next_event(memory)]
    _header(
        memory,
        event,
        kind,
        reason,
        command["side"],
        state,
        command["order_type"],
        command["time_in_force"],
        command["flags"],
        command["account"],
        command["instrument"],
    )
    event["order_id"] = order_id
    event["client_order_id"] = command["client_order_id"]
    event["price_ticks"] = command["price_ticks"]
    event["quantity_lots"] = command["quantity_lots"]
    event["leaves_lots"] = 0
    event["executed_lots"] = 0
    event["value"] = value
    event["limit"] = limit
    event["successor_order_id"] = 0


@leaf
def turned_down(
    memory: Memory, events: EventBuffer, command: Any, kind: int, reason: int, value: int, limit: int
) -> None:
    """A refusal of a command that is no new order, with the ids it named."""
    refused(memory, events, command, kind, reason, STATE_PENDING_NEW, command["order_id"], value, limit)


@hot
def order_event(
    memory: Memory, events: EventBuffer, order: Any, kind: int, reason: int, state: int, value: int
) -> Any:
    """An ORDER_* event with the order's present terms; returns it for the few fields that differ."""
    event = events.order[_next_event(memory)]
    _header(
        memory,
        event,
        kind,
        reason,
        order["side"],
        state,
        order["order_type"],
        order["time_in_force"],
        order["flags"],
        order["account"],
        order["instrument"],
    )
    leaves = order["leaves_lots"]
    quantity = order["quantity_lots"]
    event["order_id"] = order["order_id"]
    event["client_order_id"] = order["client_order_id"]
    event["price_ticks"] = order["price_ticks"]
    event["quantity_lots"] = quantity
    event["leaves_lots"] = leaves
    event["executed_lots"] = quantity - leaves
    event["value"] = value
    event["limit"] = 0
    event["successor_order_id"] = 0
    return event


@leaf
def say_order(
    memory: Memory, events: EventBuffer, order: Any, kind: int, reason: int, state: int, value: int
) -> Any:
    """An `order_event` off the way of plain orders: compiled once, and called."""
    return order_event(memory, events, order, kind, reason, state, value)


@leaf
def fill_event(
    memory: Memory,
    events: EventBuffer,
    order: Any,
    kind: int,
    state: int,
    extra_flags: int,
    price_ticks: int,
    quantity_lots: int,
    fee_micros: int,
    contra_order_id: int,
) -> None:
    """A fill of an order whose leaves are already reduced."""
    event = events.fill[_next_event(memory)]
    _header(
        memory,
        event,
        kind,
        0,
        order["side"],
        state,
        order["order_type"],
        order["time_in_force"],
        order["flags"] | extra_flags,
        order["account"],
        order["instrument"],
    )
    leaves = order["leaves_lots"]
    event["order_id"] = order["order_id"]
    event["client_order_id"] = order["client_order_id"]
    event["last_price_ticks"] = price_ticks
    event["last_quantity_lots"] = quantity_lots
    event["leaves_lots"] = leaves
    event["executed_lots"] = order["quantity_lots"] - leaves
    event["fee_micros"] = fee_micros
    event["trade_id"] = memory.world[0]["trades"]
    event["contra_order_id"] = contra_order_id


@leaf
def trade_event(
    memory: Memory,
    events: EventBuffer,
    taker: Any,
    extra_flags: int,
    price_ticks: int,
    quantity_lots: int,
    maker_order_id: int,
    maker_account: int,
    notional_micros: int,
) -> None:
    """A EVENT_TRADE of the incoming order `taker`."""
    event = events.trade[_next_event(memory)]
    _header(
        memory,
        event,
        EVENT_TRADE,
        0,
        taker["side"],
        0,
        taker["order_type"],
        taker["time_in_force"],
        taker["flags"] | extra_flags,
        taker["account"],
        taker["instrument"],
    )
    event["trade_id"] = memory.world[0]["trades"]
    event["price_ticks"] = price_ticks
    event["quantity_lots"] = quantity_lots
    event["taker_order_id"] = taker["order_id"]
    event["maker_order_id"] = maker_order_id
    event["maker_account"] = maker_account
    event["notional_micros"] = notional_micros
    event["unused_0"] = 0
    event["unused_1"] = 0


@leaf
def position_event(
    memory: Memory, events: EventBuffer, account: int, instrument: int, side: int, owner: Any, position: Any
) -> Any:
    """A EVENT_POSITION_CHANGED with the totals after a fill, or (side 0) after anything else; returns it."""
    event = events.position[_next_event(memory)]
    _header(memory, event, EVENT_POSITION_CHANGED, 0, side, 0, 0, 0, 0, account, instrument)
    event["position_lots"] = position["position_lots"]
    event["cost_micros"] = position["cost_micros"]
    event["realised_average_micros"] = position["realised_average_micros"]
    event["realised_fifo_micros"] = position["realised_fifo_micros"]
    event["fees_micros"] = position["fees_micros"]
    event["cash_micros"] = owner["cash_micros"]
    event["trade_id"] = memory.world[0]["trades"] if side != 0 else 0
    event["unused_0"] = 0
    event["unused_1"] = 0
    return event


@leaf
def account_event(
    memory: Memory, events: EventBuffer, kind: int, reason: int, account: int, instrument: int
) -> Any:
    """An event about an account; returns it for the numbers that it has."""
    event = events.account[_next_event(memory)]
    _header(memory, event, kind, reason, 0, 0, 0, 0, 0, account, instrument)
    event["value"] = 0
    event["limit"] = 0
    event["equity_micros"] = 0
    event["requirement_micros"] = 0
    event["deadline_ns"] = 0
    event["order_id"] = 0
    event["group"] = 0
    event["unused_0"] = 0
    event["unused_1"] = 0
    return event


@leaf
def cash_event(
    memory: Memory,
    events: EventBuffer,
    reason: int,
    account: int,
    instrument: int,
    amount_micros: int,
    cash_micros: int,
    position_lots: int,
    price_ticks: int,
    rate: int,
    periods: int,
) -> None:
    """CASH_CHANGED."""
    event = events.cash[_next_event(memory)]
    _header(memory, event, EVENT_CASH_CHANGED, reason, 0, 0, 0, 0, 0, account, instrument)
    event["amount_micros"] = amount_micros
    event["cash_micros"] = cash_micros
    event["position_lots"] = position_lots
    event["price_ticks"] = price_ticks
    event["rate"] = rate
    event["periods"] = periods
    event["unused_0"] = 0
    event["unused_1"] = 0
    event["unused_2"] = 0


@leaf
def split_event(memory: Memory, events: EventBuffer, number: int, new: int, old: int) -> None:
    """INSTRUMENT_SPLIT, with what prices are now."""
    instrument = memory.instruments[number]
    event = events.split[_next_event(memory)]
    _header(memory, event, EVENT_INSTRUMENT_SPLIT, 0, 0, 0, 0, 0, 0, 0, number)
    event["numerator"] = new
    event["denominator"] = old
    event["band_low_ticks"] = instrument["band_low_ticks"]
    event["band_high_ticks"] = instrument["band_high_ticks"]
    event["window_low_ticks"] = instrument["window_low_ticks"]
    event["window_high_ticks"] = instrument["window_high_ticks"]
    event["last_price_ticks"] = instrument["last_price_ticks"]
    event["reference_price_ticks"] = instrument["reference_price_ticks"]
    event["unused_0"] = 0


@leaf
def limit_event(memory: Memory, events: EventBuffer, account: int, kind: int) -> Any:
    """LIMIT_CHANGED; returns it for the values."""
    event = events.limit[_next_event(memory)]
    _header(memory, event, EVENT_LIMIT_CHANGED, 0, 0, 0, 0, 0, 0, account, NOWHERE)
    event["limit_kind"] = kind
    event["value"] = 0
    event["previous_value"] = 0
    event["equity_micros"] = 0
    event["unused_0"] = 0
    event["unused_1"] = 0
    event["unused_2"] = 0
    event["unused_3"] = 0
    event["unused_4"] = 0
    return event


@leaf
def fee_event(memory: Memory, events: EventBuffer, account: int, instrument: int) -> Any:
    """FEE_CHANGED; returns it for the values."""
    event = events.fee[_next_event(memory)]
    _header(memory, event, EVENT_FEE_CHANGED, 0, 0, 0, 0, 0, 0, account, instrument)
    event["fee_kind"] = 0
    event["value"] = 0
    event["previous_value"] = 0
    event["unused_0"] = 0
    event["unused_1"] = 0
    event["unused_2"] = 0
    event["unused_3"] = 0
    event["unused_4"] = 0
    event["unused_5"] = 0
    return event


@leaf
def bust_event(memory: Memory, events: EventBuffer, trade: Any, notional_micros: int) -> None:
    """TRADE_BUSTED of a trade that is kept; the instrument's last price is already what it will be."""
    event = events.bust[_next_event(memory)]
    number = int64(trade["instrument"])
    _header(
        memory,
        event,
        EVENT_TRADE_BUSTED,
        0,
        trade["side"],
        0,
        0,
        0,
        trade["flags"],
        trade["taker_account"],
        number,
    )
    event["trade_id"] = trade["trade_id"]
    event["price_ticks"] = trade["price_ticks"]
    event["quantity_lots"] = trade["quantity_lots"]
    event["taker_order_id"] = trade["taker_order_id"]
    event["maker_order_id"] = trade["maker_order_id"]
    event["maker_account"] = trade["maker_account"]
    event["notional_micros"] = notional_micros
    event["last_price_ticks"] = memory.instruments[number]["last_price_ticks"]
    event["unused_0"] = 0


@leaf
def session_event(memory: Memory, events: EventBuffer, kind: int, instrument: int) -> Any:
    """An event about the session; returns it for the numbers that it has."""
    event = events.session[_next_event(memory)]
    _header(memory, event, kind, 0, 0, 0, 0, 0, 0, 0, instrument)
    event["session_state"] = 0
    event["previous_state"] = 0
    event["number"] = 0
    event["unused_0"] = 0
    event["unused_1"] = 0
    event["unused_2"] = 0
    event["unused_3"] = 0
    event["unused_4"] = 0
    event["unused_5"] = 0
    return event


@leaf
def market_event(memory: Memory, events: EventBuffer, kind: int, reason: int, number: int) -> Any:
    """What an instrument's phase, band, price limits and next phase are now; returns the event."""
    instrument = memory.instruments[number]
    event = events.market[_next_event(memory)]
    _header(memory, event, kind, reason, 0, 0, 0, 0, 0, 0, number)
    event["phase"] = instrument["phase"]
    event["band_low_ticks"] = instrument["band_low_ticks"]
    event["band_high_ticks"] = instrument["band_high_ticks"]
    event["reference_ticks"] = instrument["reference_ticks"]
    event["limit_down_ticks"] = instrument["limit_down_ticks"]
    event["limit_up_ticks"] = instrument["limit_up_ticks"]
    phase = instrument["schedule_phase"]
    time_ns = instrument["schedule_time_ns"]
    reopening = instrument["reopening_time_ns"]
    if reopening != 0 and (time_ns == 0 or reopening <= time_ns):
        phase = CONTINUOUS
        time_ns = reopening
    event["next_phase"] = phase
    event["next_phase_time_ns"] = time_ns
    event["short_sales_restricted"] = instrument["short_sales_restricted"]
    return event


@leaf
def terms_event(
    memory: Memory,
    events: EventBuffer,
    order: Any,
    trigger_price_ticks: int,
    trail_micros: int,
    display_lots: int,
    expire_time_ns: int,
    group_id: int,
    group_place: int,
) -> None:
    """ORDER_TERMS."""
    event = events.terms[_next_event(memory)]
    _header(
        memory,
        event,
        EVENT_ORDER_TERMS,
        0,
        order["side"],
        STATE_PENDING_NEW,
        order["order_type"],
        order["time_in_force"],
        order["flags"],
        order["account"],
        order["instrument"],
    )
    event["order_id"] = order["order_id"]
    event["client_order_id"] = order["client_order_id"]
    event["trigger_price_ticks"] = trigger_price_ticks
    event["trail_micros"] = trail_micros
    event["display_lots"] = display_lots
    event["expire_time_ns"] = expire_time_ns
    event["group_id"] = group_id
    event["group_place"] = group_place
    event["unused_0"] = 0


@leaf
def auction_event(
    memory: Memory,
    events: EventBuffer,
    kind: int,
    number: int,
    price_ticks: int,
    paired_lots: int,
    wanted_lots: int,
    offered_lots: int,
    reference_ticks: int,
) -> None:
    """AUCTION_INDICATIVE or AUCTION_UNCROSSED."""
    event = events.auction[_next_event(memory)]
    _header(memory, event, kind, 0, 0, 0, 0, 0, 0, 0, number)
    event["price_ticks"] = price_ticks
    event["paired_lots"] = paired_lots
    event["imbalance_lots"] = wanted_lots - offered_lots
    event["wanted_lots"] = wanted_lots
    event["offered_lots"] = offered_lots
    event["reference_ticks"] = reference_ticks
    event["unused_0"] = 0
    event["unused_1"] = 0
    event["unused_2"] = 0


@hot
def quote_event(memory: Memory, events: EventBuffer, number: int) -> None:
    """Publish an instrument's best bid and ask if they differ from what was last published."""
    instrument = memory.instruments[number]
    bids = memory.sides[number * 4]
    asks = memory.sides[number * 4 + 1]
    bid = bids["best_ticks"]
    ask = asks["best_ticks"]
    bid_lots = 0
    bid_orders = 0
    ask_lots = 0
    ask_orders = 0
    if bid != 0:
        level = memory.levels[bids["level_base"] + bid - bids["floor_ticks"]]
        bid_lots = level["lots"]
        bid_orders = level["orders"]
    if ask != 0:
        level = memory.levels[asks["level_base"] + ask - asks["floor_ticks"]]
        ask_lots = level["lots"]
        ask_orders = level["orders"]
    if (
        bid == instrument["bid_price_ticks"]
        and bid_lots == instrument["bid_lots"]
        and bid_orders == instrument["bid_orders"]
        and ask == instrument["ask_price_ticks"]
        and ask_lots == instrument["ask_lots"]
        and ask_orders == instrument["ask_orders"]
    ):
        return
    instrument["bid_price_ticks"] = bid
    instrument["bid_lots"] = bid_lots
    instrument["bid_orders"] = bid_orders
    instrument["ask_price_ticks"] = ask
    instrument["ask_lots"] = ask_lots
    instrument["ask_orders"] = ask_orders
    event = events.quote[_next_event(memory)]
    _header(memory, event, EVENT_QUOTE, 0, 0, 0, 0, 0, 0, 0, number)
    event["bid_price_ticks"] = bid
    event["bid_lots"] = bid_lots
    event["bid_orders"] = bid_orders
    event["ask_price_ticks"] = ask
    event["ask_lots"] = ask_lots
    event["ask_orders"] = ask_orders
    event["last_price_ticks"] = instrument["last_price_ticks"]
    event["unused_0"] = 0
    event["unused_1"] = 0
