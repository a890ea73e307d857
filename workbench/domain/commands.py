"""One small function per command; each returns an array with one `COMMAND`, to be joined with `batch`."""

from __future__ import annotations

from collections.abc import Iterable
from operator import index

import numpy as np

from workbench.domain.codes import (
    STREET_ACCOUNT,
    CommandKind,
    FeeKind,
    LimitKind,
    OrderFlag,
    OrderType,
    Phase,
    SelfTradePrevention,
    SessionState,
    Side,
    SplitFlag,
    TimeInForce,
)
from workbench.domain.limits import MONEY_LIMITS
from workbench.domain.records import COMMAND, Records, commands
from workbench.errors import CommandError

ALL = -1
"""Every instrument, or every trader."""
_ZERO = 0
"""What a new record holds anyway; most fields of most commands are."""


def batch(parts: Iterable[Records]) -> Records:
    """The commands of `parts` in one array."""
    arrays = list(parts)
    return np.concatenate(arrays) if arrays else commands(0)


def _command(kind: CommandKind, time_ns: int, **fields: int) -> Records:
    record = np.zeros(1, dtype=COMMAND)
    record["kind"] = kind
    fields["time_ns"] = time_ns
    for name, value in fields.items():
        if value is _ZERO:
            continue
        # Numpy would cut off what follows the point.
        try:
            record[name] = index(value)
        except TypeError:
            raise CommandError(what=f"{value!r} is not a whole number", where=name) from None
        except OverflowError:
            bounds = np.iinfo(record.dtype[name])
            raise CommandError(
                what=f"{value!r} does not fit, expected {bounds.min:,} to {bounds.max:,}", where=name
            ) from None
    return record


def new_order(
    time_ns: int,
    account: int,
    instrument: int,
    side: Side,
    quantity_lots: int,
    price_ticks: int = 0,
    *,
    order_type: OrderType | None = None,
    time_in_force: TimeInForce = TimeInForce.DAY,
    client_order_id: int = 0,
    flags: OrderFlag = OrderFlag(0),  # noqa: B008 - an immutable constant
    self_trade_prevention: SelfTradePrevention = SelfTradePrevention.VENUE_DEFAULT,
    trigger_price_ticks: int = 0,
    trail_micros: int = 0,
    display_lots: int = 0,
    expire_time_ns: int = 0,
    group_id: int = 0,
    group_place: int = 0,
) -> Records:
    """Enter an order: a limit order, or a market order when no price is given.

    A trailing stop takes its trail as `trigger_price_ticks`, or as `trail_micros`: millionths of the price
    (10,000 is 1 %). `group_id` is the client order id of the first order of a group, `group_place` the
    order's place in it, from 1.
    """
    if order_type is None:
        order_type = OrderType.LIMIT if price_ticks else OrderType.MARKET
    return _command(
        CommandKind.NEW_ORDER,
        time_ns,
        account=account,
        instrument=instrument,
        side=side,
        order_type=order_type,
        time_in_force=time_in_force,
        quantity_lots=quantity_lots,
        price_ticks=price_ticks,
        client_order_id=client_order_id,
        flags=flags,
        self_trade_prevention=self_trade_prevention,
        trigger_price_ticks=trigger_price_ticks,
        amount_micros=trail_micros,
        display_lots=display_lots,
        expire_time_ns=expire_time_ns,
        group_id=group_id,
        group_place=group_place,
    )


def cancel_order(
    time_ns: int,
    account: int,
    *,
    order_id: int = 0,
    client_order_id: int = 0,
    instrument: int = 0,
    quantity_lots: int = 0,
    flags: OrderFlag = OrderFlag(0),  # noqa: B008 - an immutable constant
) -> Records:
    """Cancel an open order named by either id; with a quantity, only that much of it."""
    return _command(
        CommandKind.CANCEL_ORDER,
        time_ns,
        account=account,
        instrument=instrument,
        order_id=order_id,
        client_order_id=client_order_id,
        quantity_lots=quantity_lots,
        flags=flags,
    )


def replace_order(
    time_ns: int,
    account: int,
    *,
    order_id: int = 0,
    client_order_id: int = 0,
    instrument: int = 0,
    quantity_lots: int = 0,
    price_ticks: int = 0,
    new_client_order_id: int = 0,
    flags: OrderFlag = OrderFlag(0),  # noqa: B008 - an immutable constant
    trigger_price_ticks: int = 0,
    trail_micros: int = 0,
    display_lots: int = 0,
    expire_time_ns: int = 0,
) -> Records:
    """Change the terms of an open order; zero leaves a term as it is."""
    return _command(
        CommandKind.REPLACE_ORDER,
        time_ns,
        account=account,
        instrument=instrument,
        order_id=order_id,
        client_order_id=client_order_id,
        new_client_order_id=new_client_order_id,
        quantity_lots=quantity_lots,
        price_ticks=price_ticks,
        flags=flags,
        trigger_price_ticks=trigger_price_ticks,
        amount_micros=trail_micros,
        display_lots=display_lots,
        expire_time_ns=expire_time_ns,
    )


def execute_order(
    time_ns: int,
    instrument: int,
    side: Side,
    quantity_lots: int,
    price_ticks: int,
    *,
    order_id: int = 0,
    client_order_id: int = 0,
) -> Records:
    """A historical execution: an aggressor on `side` hit the named order, or liquidity never shown."""
    return _command(
        CommandKind.EXECUTE_ORDER,
        time_ns,
        account=STREET_ACCOUNT,
        instrument=instrument,
        side=side,
        quantity_lots=quantity_lots,
        price_ticks=price_ticks,
        order_id=order_id,
        client_order_id=client_order_id,
        flags=OrderFlag.HISTORICAL,
    )


def mass_cancel(time_ns: int, account: int, instrument: int = ALL) -> Records:
    """Cancel all open orders of an account."""
    return _command(CommandKind.MASS_CANCEL, time_ns, account=account, instrument=instrument)


def suspend_account(time_ns: int, account: int) -> Records:
    """Refuse an account's new orders and replaces from now on."""
    return _command(CommandKind.SUSPEND_ACCOUNT, time_ns, account=account)


def reinstate_account(time_ns: int, account: int) -> Records:
    """Accept an account's orders again."""
    return _command(CommandKind.REINSTATE_ACCOUNT, time_ns, account=account)


def kill_switch(time_ns: int, account: int = ALL) -> Records:
    """Suspend an account, or all traders, and cancel everything they have open."""
    return _command(CommandKind.KILL_SWITCH, time_ns, account=account)


def set_phase(time_ns: int, phase: Phase, instrument: int = ALL) -> Records:
    """Move an instrument, or all, to a trading phase."""
    return _command(CommandKind.SET_PHASE, time_ns, instrument=instrument, flags=phase)


def schedule_phase(time_ns: int, phase: Phase, at_ns: int, instrument: int = ALL) -> Records:
    """Have an instrument, or all, change to a phase at `at_ns`; 0 forgets what was scheduled."""
    return _command(
        CommandKind.SCHEDULE_PHASE, time_ns, instrument=instrument, flags=phase, expire_time_ns=at_ns
    )


def cross_orders(time_ns: int, instrument: int, quantity_lots: int, price_ticks: int) -> Records:
    """An auction of history: `quantity_lots` traded at `price_ticks`."""
    return _command(
        CommandKind.CROSS_ORDERS,
        time_ns,
        account=STREET_ACCOUNT,
        instrument=instrument,
        quantity_lots=quantity_lots,
        price_ticks=price_ticks,
        flags=OrderFlag.HISTORICAL,
    )


def restrict_short_sales(time_ns: int, restricted: int = 1, instrument: int = ALL) -> Records:
    """Allow short sales only above the best bid, or (0) at any price again."""
    return _command(CommandKind.RESTRICT_SHORT_SALES, time_ns, instrument=instrument, flags=int(restricted))


def set_auction_collar(time_ns: int, instrument: int, low_ticks: int, high_ticks: int) -> Records:
    """Keep the next uncross price from `low_ticks` to `high_ticks`; two zeros lift the collar."""
    return _command(
        CommandKind.SET_AUCTION_COLLAR,
        time_ns,
        instrument=instrument,
        price_ticks=low_ticks,
        trigger_price_ticks=high_ticks,
    )


def set_price_band(time_ns: int, instrument: int, low_ticks: int, high_ticks: int) -> Records:
    """Accept limit prices from `low_ticks` to `high_ticks` from now on."""
    return _command(
        CommandKind.SET_PRICE_BAND,
        time_ns,
        instrument=instrument,
        price_ticks=low_ticks,
        trigger_price_ticks=high_ticks,
    )


def clock(time_ns: int) -> Records:
    """Advance exchange time."""
    return _command(CommandKind.CLOCK, time_ns)


def transfer_cash(time_ns: int, account: int, amount_micros: int) -> Records:
    """Deposit money to an account; a negative amount withdraws it."""
    return _command(CommandKind.TRANSFER_CASH, time_ns, account=account, amount_micros=amount_micros)


def fine(time_ns: int, account: int, amount_micros: int) -> Records:
    """Move money from an account to the house."""
    return _command(CommandKind.FINE, time_ns, account=account, amount_micros=amount_micros)


def dividend(time_ns: int, instrument: int, micros_per_lot: int) -> Records:
    """Pay an amount on each lot held; shorts pay it."""
    return _command(CommandKind.DIVIDEND, time_ns, instrument=instrument, amount_micros=micros_per_lot)


def split(
    time_ns: int,
    instrument: int,
    new_lots: int,
    old_lots: int,
    flags: SplitFlag = SplitFlag(0),  # noqa: B008 - an immutable constant
) -> Records:
    """Turn every `old_lots` of an instrument into `new_lots`; prices change the other way."""
    return _command(
        CommandKind.SPLIT,
        time_ns,
        instrument=instrument,
        quantity_lots=new_lots,
        display_lots=old_lots,
        flags=flags,
    )


def start_day(time_ns: int, account: int = ALL) -> Records:
    """Begin the day over which the daily loss of an account, or of all traders, is measured."""
    return _command(CommandKind.START_DAY, time_ns, account=account)


def set_limit(time_ns: int, account: int, kind: LimitKind, value: int) -> Records:
    """Set a limit of an account, or (`ALL`) of every trader; 0 means no limit, but at least 1 at once.

    `value` is micros for a limit of money (`MONEY_LIMITS`), lots or a number of orders for the others.
    """
    field = "amount_micros" if kind in MONEY_LIMITS else "quantity_lots"
    return _command(CommandKind.SET_LIMIT, time_ns, account=account, group_place=kind, **{field: value})


def set_fee(time_ns: int, account: int, kind: FeeKind, value: int, instrument: int = ALL) -> Records:
    """Set a fee of an account, or (`ALL`) of every trader, in an instrument or in all; 0 means none.

    `value` is micros for an amount, parts per million for a rate (`MAKER_BPS`, `TAKER_BPS`, `CAP_BPS`).
    """
    return _command(
        CommandKind.SET_FEE,
        time_ns,
        account=account,
        instrument=instrument,
        group_place=kind,
        amount_micros=value,
    )


def bust_trade(time_ns: int, trade_id: int) -> Records:
    """Undo a trade; the session has the reason in words."""
    return _command(CommandKind.BUST_TRADE, time_ns, order_id=trade_id)


def set_session_state(time_ns: int, state: SessionState) -> Records:
    """Move the session to another state."""
    return _command(CommandKind.SET_SESSION_STATE, time_ns, flags=state)


def announce(time_ns: int, number: int, instrument: int = ALL) -> Records:
    """Announcement `number` (from 1), about an instrument or all; the session has its text."""
    return _command(CommandKind.ANNOUNCE, time_ns, order_id=number, instrument=instrument)
