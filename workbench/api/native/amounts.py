"""Limits and fees as people enter them, in their own units and with their bounds."""

from __future__ import annotations

from decimal import Decimal

from workbench.api.words import decimal_of
from workbench.domain.codes import FeeKind, LimitKind
from workbench.domain.costs import PPM, RATES
from workbench.domain.limits import MONEY_LIMITS, NS_PER_SECOND
from workbench.domain.units import LARGEST, MICROS
from workbench.engine.money import MOST_MICROS
from workbench.errors import ApiError

_CURRENCY = "in currency"
_POINTS = "basis points"
_POINT_PPM = 100

LIMITS = {
    LimitKind.MAX_ORDER_LOTS: ("largest order", "lots"),
    LimitKind.MAX_ORDER_NOTIONAL: ("largest order value", _CURRENCY),
    LimitKind.POSITION_LIMIT_LOTS: ("position limit", "lots"),
    LimitKind.MAX_OPEN_ORDERS: ("limit of open orders", "orders"),
    LimitKind.ORDERS_PER_SECOND: ("limit of orders per second", "orders"),
    LimitKind.ORDER_BURST: ("limit of orders at once", "orders"),
    LimitKind.MAX_DAILY_LOSS: ("daily loss limit", _CURRENCY),
    LimitKind.MAX_DRAWDOWN: ("drawdown limit", _CURRENCY),
}
"""What people call each limit, and what it is counted in."""

FEES = {
    FeeKind.MAKER_PER_LOT: ("maker fee per lot", _CURRENCY),
    FeeKind.TAKER_PER_LOT: ("taker fee per lot", _CURRENCY),
    FeeKind.MAKER_BPS: ("maker fee", _POINTS),
    FeeKind.TAKER_BPS: ("taker fee", _POINTS),
    FeeKind.PER_ORDER: ("fee per order that trades", _CURRENCY),
    FeeKind.MINIMUM_PER_ORDER: ("least fee per order", _CURRENCY),
    FeeKind.CAP_BPS: ("most per order", _POINTS),
}
"""What people call each fee, and what it is given in."""


def limit_value(kind: LimitKind, given: str) -> int:
    """A limit as SET_LIMIT counts it.

    >>> limit_value(LimitKind.MAX_DRAWDOWN, "2.5"), limit_value(LimitKind.MAX_ORDER_LOTS, "100")
    (2500000, 100)

    Raises
    ------
    ApiError
        422 when it is no number, too fine, or out of bounds.
    """
    scale = MICROS if kind in MONEY_LIMITS else 1
    most = NS_PER_SECOND if kind is LimitKind.ORDERS_PER_SECOND else LARGEST
    least = 1 if kind is LimitKind.ORDER_BURST else 0
    return _counted(given, *LIMITS[kind], scale, least, most)


def fee_value(kind: FeeKind, given: str, largest_order_lots: int = 1) -> int:
    """A fee as SET_FEE counts it.

    >>> fee_value(FeeKind.TAKER_BPS, "1.25"), fee_value(FeeKind.MAKER_PER_LOT, "-0.002")
    (125, -2000)

    Parameters
    ----------
    kind, given
        Which fee, and what was given for it.
    largest_order_lots
        The largest order of the instruments it is for: what that costs must be countable.

    Raises
    ------
    ApiError
        422 when it is no number, too fine, or out of bounds.
    """
    per_lot = kind in (FeeKind.MAKER_PER_LOT, FeeKind.TAKER_PER_LOT)
    most = PPM if kind in RATES else LARGEST // largest_order_lots if per_lot else LARGEST
    rebate = per_lot or kind in (FeeKind.MAKER_BPS, FeeKind.TAKER_BPS)
    scale = _POINT_PPM if kind in RATES else MICROS
    return _counted(given, *FEES[kind], scale, -most if rebate else 0, most)


def amount_micros(given: str, *, taken: bool) -> int:
    """An amount for or from an account, within the bounds that the exchange has for it.

    >>> amount_micros("1e3", taken=True), amount_micros("-0.25", taken=False)
    (1000000000, -250000)

    Parameters
    ----------
    given
        The amount in currency.
    taken
        Whether it can only be taken, as a fine is; else it may be below zero.

    Raises
    ------
    ApiError
        422 when it is no number, finer than a millionth, or out of bounds.
    """
    return _counted(given, "amount", _CURRENCY, MICROS, 1 if taken else -MOST_MICROS, MOST_MICROS)


def _counted(given: str, called: str, unit: str, scale: int, least: int, most: int) -> int:
    number = decimal_of(given, f"the {called}")
    # Compared before it is scaled: what was given may have any number of digits.
    low, high = Decimal(least) / scale, Decimal(most) / scale
    if not low <= number <= high:
        raise ApiError(
            422, "invalid", f"the {called} is {given.strip()}, expected {low:,f} to {high:,f} {unit}"
        )
    count = number * scale
    if count != count.to_integral_value():
        step = f"a whole number of {unit}" if scale == 1 else f"a multiple of {Decimal(1) / scale:f} {unit}"
        raise ApiError(422, "invalid", f"the {called} is {given.strip()}, expected {step}")
    return int(count)
