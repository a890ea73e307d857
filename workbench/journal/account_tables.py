"""Stored tables of accounts: orders with their whole life, positions, equity, round trips and closed lots."""

from __future__ import annotations

from dataclasses import replace

from workbench.domain.codes import OrderType, Reason, Side, TimeInForce
from workbench.domain.states import OrderState
from workbench.journal.columns import (
    DICTIONARY,
    I32,
    I64,
    U16,
    Column,
    Table,
    code,
    flag,
    lots,
    micros,
    moment,
    name,
    number,
    ticks,
)

_WHO = (
    Column("account", I32, "number", "Number of the account", read="account_number"),
    name("account_name", "The account; null where a bare venue keeps no names", read="account"),
)
_WHAT = (
    Column("instrument", I32, "number", "Number of the instrument", read="instrument_number"),
    name("symbol", "The instrument; null for one that the venue does not know"),
)
_SEQ = number("seq", "Sequence number of the event")
_TIME = moment("time", "Exchange time")


def _value(called: str, about: str, read: str) -> Column:
    return Column(called, I64, "ticks x lots", about, read=read)


def _step(called: str, what: str) -> tuple[Column, Column]:
    return (
        moment(called, f"When it {what}; null if it never was", none=True),
        number(f"{called}_seq", f"The event at which it {what}; null if it never was", none=True),
    )


ORDERS = Table(
    "orders",
    "One row for each order with its whole life, written when it ended, or when the session did",
    (
        number("order_id", "Number of the order"),
        number("client_order_id", "The number its sender gave it; null for none", none=True),
        number("root_order_id", "The first of a chain of replaces"),
        number("predecessor_order_id", "The order that it replaced; null for none", none=True),
        number("successor_order_id", "The order that replaced it; null for none", none=True),
        *_WHO,
        *_WHAT,
        code("side", "Side", Side),
        code("order_type", "Type", OrderType, read="type"),
        code("time_in_force", "Time in force", TimeInForce),
        code("order_state", "Its last state", OrderState, read="state"),
        code("end_reason", "Why it ended (see rules.md)", Reason),
        Column("flags", U16, "bits", "Flags of the order (see rules.md)", encoding=DICTIONARY),
        ticks("price", "Limit price; null for none", none=True),
        lots("created", "Quantity when it was created", read="created_quantity"),
        lots("quantity", "Quantity, after reductions and splits"),
        lots("executed", "Quantity executed, of the whole chain of replaces", read="executed_quantity"),
        lots("leaves", "Quantity still open", read="leaves_quantity"),
        lots("canceled", "Quantity canceled or expired", read="canceled_quantity"),
        _value("executed_value", "Value executed, of the whole chain of replaces", "executed_notional"),
        _value("filled_value", "Value of its own fills", "filled_notional"),
        lots("maker", "Quantity filled while it rested", read="maker_quantity"),
        lots("taker", "Quantity filled as the aggressor", read="taker_quantity"),
        number("fills", "Its own fills", unit="count"),
        micros("fees", "Fees of its own fills; negative for rebates"),
        lots("queue_ahead", "Quantity displayed ahead of it when it first rested", read="queue_ahead"),
        micros("required", "Money or margin that it needed on entry"),
        number(
            "reason_value", "The number that the rule of `end_reason` found, in its own unit", unit="by rule"
        ),
        number("reason_limit", "The limit of that rule, in its own unit", unit="by rule"),
        ticks("trigger_price", "Trigger price; null for none", none=True),
        ticks("watermark", "Best price that a trailing stop has seen; null for none", none=True),
        ticks("trail", "Distance of a trailing stop; null for none", none=True),
        Column(
            "trail_micros",
            I64,
            "ppm",
            "The same in millionths of the watermark; null for none",
            none=True,
            read="trail_ppm",
        ),
        lots(
            "display", "Quantity that an iceberg displays; null for none", none=True, read="display_quantity"
        ),
        moment("expire_time", "When it expires; null for never", none=True),
        number("group_id", "Its group; null for none", none=True),
        number("group_place", "Its place in the group; null for none", none=True),
        moment("entered", "When the first of its chain was entered", none=True),
        *_step("created", "was created"),
        *_step("approved", "was approved"),
        *_step("rested", "first rested"),
        *_step("triggered", "was triggered"),
        *_step("first_fill", "was first filled"),
        *_step("last_fill", "was last filled"),
        *_step("ended", "ended"),
    ),
    sort=("symbol", "order_id"),
    time="created_ns",
)

POSITIONS = Table(
    "positions",
    "One row for each change of a position; amounts are totals after it",
    (
        _TIME,
        _SEQ,
        *_WHO,
        *_WHAT,
        code("side", "Side of the fill; a split has none", Side),
        number("trade_id", "The trade; null for a split", none=True),
        lots("changed", "By how much the position changed", read="changed_quantity"),
        lots("position", "The position; negative for a short"),
        micros("cost", "Average cost of the position; negative for a short"),
        micros("realised_average", "Realised PnL at average cost, before fees"),
        micros("realised_fifo", "Realised PnL first in, first out, before fees"),
        micros("fees", "Fees; negative for rebates"),
        lots("traded", "Quantity traded", read="traded_quantity"),
        micros("cash", "Cash of the account"),
    ),
    sort=("symbol", "time_ns", "seq"),
    time="time_ns",
)

EQUITY = Table(
    "equity",
    "What an account was worth: one row after each command that touched it, and one for each interval",
    (
        _TIME,
        _SEQ,
        *_WHO,
        flag("on_grid", "Whether the row is an interval's and not a command's"),
        micros("cash", "Cash"),
        micros("position_value", "Value of all positions at their marks"),
        micros("equity", "Cash and positions together"),
        micros("realised_average", "Realised PnL at average cost, before fees"),
        micros("realised_fifo", "Realised PnL first in, first out, before fees"),
        micros("unrealised", "Unrealised PnL against average cost"),
        micros("fees", "Fees; negative for rebates"),
        micros("deposits", "Money that was added"),
        micros("withdrawals", "Money that was taken out"),
        micros("other_cash", "Interest, dividends and borrow costs, together"),
        micros("peak_equity", "Highest equity so far"),
        micros("drawdown", "How far equity is below its peak"),
    ),
    sort=("account_name", "time_ns", "seq"),
    time="time_ns",
)

_EPISODE_ABOUT = "; null where the sum is too large for 64 bits"

ROUND_TRIPS = Table(
    "round_trips",
    "One row for each time that an account went from flat to flat in an instrument; open ones at the end too",
    (
        *_WHO,
        *_WHAT,
        code("side", "BUY for a long, SELL for a short", Side),
        flag("by_split", "Whether a split ended it"),
        number("round_trip", "Number of the round trip of this account and instrument"),
        moment("opened", "When it began"),
        number("opened_seq", "The event at which it began"),
        number("fills", "Fills", unit="count"),
        lots("peak", "Largest position", read="peak_quantity"),
        lots("entry", "Quantity of the fills that built the position", read="entry_quantity"),
        _value("entry_value", f"Value of those fills{_EPISODE_ABOUT}", "entry_notional"),
        lots("exit", "Quantity of the fills that closed it", read="exit_quantity"),
        _value("exit_value", f"Value of those fills{_EPISODE_ABOUT}", "exit_notional"),
        micros("gross", "PnL before fees"),
        micros("fees", "Fees; negative for rebates"),
        micros("in_lieu", "Cash for fractions that splits left"),
        micros("adverse", "Lowest PnL on the way, before fees; 0 when it never was negative"),
        micros("favourable", "Highest PnL on the way, before fees; 0 when it never was positive"),
        micros("net", "PnL after fees"),
        moment("closed", "When it ended; null while it is open", none=True),
        number("closed_seq", "The event at which it ended; null while it is open", none=True),
        replace(moment("duration", "How long it took; null while it is open", none=True), unit="span"),
    ),
    sort=("symbol", "opened_seq"),
    time="opened_ns",
)

CLOSED_LOTS = Table(
    "closed_lots",
    "One row for what each fill closed of each lot, first in, first out; fractions that splits left too",
    (
        *_WHO,
        *_WHAT,
        code("side", "BUY for a long lot, SELL for a short one", Side),
        flag("by_split", "Whether a split closed it"),
        number("round_trip", "Number of the round trip that it is part of"),
        lots("quantity", "Quantity closed"),
        moment("opened", "When the lot was opened"),
        number("opened_seq", "The event that opened it"),
        number("open_order_id", "The order that opened it"),
        ticks("open_price", "Price at which it was opened"),
        moment("closed", "When it was closed"),
        number("closed_seq", "The event that closed it"),
        number("close_order_id", "The order that closed it; null for a split", none=True),
        ticks("close_price", "Price at which it was closed; null for none", none=True),
        number("trade_id", "The trade that closed it; null for a split", none=True),
        micros("cost", "Value of this quantity when it was opened"),
        micros("proceeds", "Value of this quantity when it was closed"),
        micros("pnl", "PnL before fees"),
        micros("open_fee", "Its part of the fee of opening"),
        micros("close_fee", "Its part of the fee of closing"),
    ),
    sort=("symbol", "closed_seq"),
    time="opened_ns",
)
