"""Each reason as a clause with its numbers: why a command was refused, or why an order ended.

One line for each reason. `{value:...}` and `{limit:...}` are the event's numbers in the unit that
docs/rules.md gives them: price, quantity, money, clock, moment (a clock time that may be missing), span,
share (of millionths), account, symbol, order, session (its state) or count. Where an order is cancelled or
reduced the event's numbers are others, and clauses that can be told of it have none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from workbench.domain.codes import Reason
from workbench.engine.words import Words, in_words

REASONS: dict[Reason, str] = {
    Reason.NONE: "",
    Reason.UNKNOWN_COMMAND: "this venue knows no such command",
    Reason.TIME_BACKWARDS: "its time {value:clock} is before the exchange's {limit:clock}, or too late",
    Reason.UNKNOWN_ACCOUNT: "no account that may do this has the number {value:count}",
    Reason.UNKNOWN_INSTRUMENT: "no instrument has the number {value:count}",
    Reason.ACCOUNT_SUSPENDED: "the account is suspended",
    Reason.MARKET_CLOSED: "the market is closed",
    Reason.INVALID_SIDE: "its side is neither buy nor sell",
    Reason.INVALID_ORDER_TYPE: "its type is unknown here, or a field is given that it does not use",
    Reason.INVALID_TIME_IN_FORCE: "its time in force is unknown here or does not go with its type",
    Reason.INVALID_SELF_TRADE_PREVENTION: "its mode of self-trade prevention is unknown",
    Reason.INVALID_FLAGS: "its flags are unknown or do not go with its type, time in force or account",
    Reason.INVALID_CLIENT_ORDER_ID: "its client order id is negative",
    Reason.INVALID_QUANTITY: "its quantity is not positive",
    Reason.QUANTITY_NOT_IN_INCREMENT: "its quantity {value:quantity} is no multiple of {limit:quantity}",
    Reason.QUANTITY_TOO_LARGE: "its quantity {value:quantity} is more than {limit:quantity}, the maximum",
    Reason.INVALID_PRICE: "it needs a positive price if it has a limit, and none if it has no limit",
    Reason.PRICE_NOT_IN_INCREMENT: "its price {value:price} is no multiple of {limit:price}",
    Reason.PRICE_OUT_OF_BAND: "its price {value:price} is outside the band, which ends at {limit:price}",
    Reason.NOTIONAL_TOO_LARGE: "its value of {value:money} is more than {limit:money}, the maximum",
    Reason.ORDER_RATE: "the account sends too fast and must wait {value:span}",
    Reason.TOO_MANY_OPEN_ORDERS: "the account has {value:count} open orders and may have {limit:count}",
    Reason.DUPLICATE_CLIENT_ORDER_ID: "its client order id {value:count} is that of open order {limit:count}",
    Reason.SHORT_SALE_NOT_PERMITTED: "it would sell {value:quantity} short, which the account may not; "
    "it may sell {limit:quantity}",
    Reason.POSITION_LIMIT: "the position could reach {value:quantity} and may reach {limit:quantity}",
    Reason.INSUFFICIENT_BUYING_POWER: "it requires {value:money} and the account has {limit:money} free",
    Reason.POST_ONLY_WOULD_CROSS: "it is post-only, and its price {value:price} reaches {limit:price}, "
    "the best price on the other side",
    Reason.INSTRUMENT_HALTED: "the instrument is halted: only cancels are taken",
    Reason.INVALID_EXPIRE_TIME: "its expire time ({value:moment}) must lie after {limit:moment}, "
    "and only a good-till-date order has one",
    Reason.INVALID_TRIGGER_PRICE: "its trigger price {value:price} (or trail of {limit:share}) does not go "
    "with its type, the price increment or the book's window",
    Reason.INVALID_DISPLAY_QUANTITY: "its display quantity {value:quantity} does not go with it: an order "
    "that rests at a limit has one, in whole increments, from a thousandth of its quantity to all of it",
    Reason.INVALID_GROUP: "it does not fit into group {value:count} at place {limit:count}",
    Reason.REDUCE_ONLY_WOULD_OPEN: "it is reduce-only and would open {value:quantity}; "
    "it may close {limit:quantity}",
    Reason.SHORT_SALE_RESTRICTED: "short sales are only allowed above the best bid of {limit:price} now",
    Reason.UNKNOWN_ORDER: "no open order has this id",
    Reason.NOT_ORDER_OWNER: "the order is another account's",
    Reason.QUANTITY_BELOW_EXECUTED: "its new total {value:quantity} is not above {limit:quantity}, "
    "which has traded already",
    Reason.BY_REQUEST: "as asked",
    Reason.IMMEDIATE_OR_CANCEL: "it was immediate-or-cancel, and nothing more could be had at once",
    Reason.FILL_OR_KILL: "it was fill-or-kill, and less than its quantity could be had at once",
    Reason.NO_LIQUIDITY: "it was a market order, and the other side of the book was empty",
    Reason.SELF_TRADE: "it would have traded with an order of its own account",
    Reason.MASS_CANCEL: "all orders of the account were cancelled",
    Reason.KILL_SWITCH: "the account was switched off",
    Reason.END_OF_DAY: "it was a day order, and the session closed",
    Reason.GROUP: "another order of its group traded or ended",
    Reason.REDUCE_ONLY: "it was reduce-only, and the position had become smaller",
    Reason.AUCTION_ENDED: "the auction it was meant for was over",
    Reason.END_OF_TIME: "its time was over",
    Reason.LIMIT_UP_DOWN: "the price limit was reached, and trading paused",
    Reason.SCHEDULED: "the time set for it had come",
    Reason.INVALID_AMOUNT: "its amount {value:money} is zero, of the wrong sign, or more than {limit:money}",
    Reason.INSUFFICIENT_CASH: "it would withdraw {value:money}, and {limit:money} is free",
    Reason.GROSS_EXPOSURE: "the gross exposure of a group could reach {value:count} weighted lots "
    "and may reach {limit:count}",
    Reason.NET_EXPOSURE: "the net exposure of a group could reach {value:count} weighted lots "
    "and may reach {limit:count}",
    Reason.DAILY_LOSS: "the account had lost more since the start of its day than it may",
    Reason.DRAWDOWN: "the account's equity had fallen further from its peak than it may",
    Reason.LIQUIDATION: "the account's margin call was not met, and the exchange closes its positions",
    Reason.CORPORATE_ACTION: "it could not be adjusted to the split, or was not to be",
    Reason.PRICE_COLLAR: "it had no limit, and the rest would have traded beyond the collar",
    Reason.DEPOSIT: "deposit",
    Reason.WITHDRAWAL: "withdrawal",
    Reason.FINE: "fine",
    Reason.DIVIDEND: "dividend",
    Reason.BORROW_COST: "cost of borrowing what was sold short",
    Reason.INTEREST: "interest on cash",
    Reason.UNKNOWN_LIMIT: "no limit of an account has the number {value:count}",
    Reason.INVALID_LIMIT: "the limit {value:count} is beyond {limit:count}, the bound",
    Reason.INVALID_SESSION_STATE: "a session does not go from {limit:session} to {value:session}",
    Reason.INVALID_ANNOUNCEMENT: "its number {value:count} is not at least {limit:count}",
    Reason.UNKNOWN_TRADE: "no account's trade has the number {value:count}",
    Reason.ALREADY_BUSTED: "trade {value:count} was busted before",
    Reason.TRADE_TOO_OLD: "trade {value:count} is older than what the exchange keeps of trades and "
    "positions, or than a split of its instrument",
    Reason.UNKNOWN_FEE: "no fee has the number {value:count}",
    Reason.INVALID_FEE: "the fee is out of bounds, or makes the largest order cost more than can be counted",
    Reason.CASH_IN_LIEU: "cash for the fraction of a lot that a split left",
}
"""A clause for each reason; a test fails for a reason without one."""


@dataclass(frozen=True, slots=True)
class _Measured:
    """A number that chooses its unit when it is printed."""

    value: int
    instrument: int
    words: Words

    def __format__(self, unit: str) -> str:
        words = self.words
        if unit in ("price", "quantity"):
            return str(getattr(words, unit)(self.value, self.instrument))
        if unit in ("money", "clock", "moment", "span", "share", "account", "symbol", "order", "session"):
            return str(getattr(words, unit)(self.value))
        return f"{self.value:,}"


def reason_units(reason: int) -> dict[str, str]:
    """The units of an event's `value` and `limit` where a reason tells of them.

    >>> reason_units(Reason.INSUFFICIENT_BUYING_POWER)
    {'value': 'money', 'limit': 'money'}
    """
    clause = REASONS.get(Reason(reason), "") if reason in set(Reason) else ""
    return dict(re.findall(r"\{(value|limit):(\w+)\}", clause))


def reason_text(reason: int, value: int, limit: int, instrument: int, words: Words) -> str:
    """Why, with the numbers; a reason that no line tells of is named, with its numbers as they are.

    Parameters
    ----------
    reason
        Code of the reason; nothing to say for 0.
    value, limit
        The event's numbers.
    instrument
        Whose ticks and lots they are in.
    words
        How numbers are printed.
    """
    known = reason in set(Reason)
    clause = REASONS.get(Reason(reason)) if known else None
    if clause is None:
        name = in_words(Reason(reason).name) if known else f"reason {reason}"
        return f"{name} (value {value:,}, limit {limit:,})" if value or limit else name
    return clause.format(value=_Measured(value, instrument, words), limit=_Measured(limit, instrument, words))
