"""What an account may do."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from numbers import Integral
from typing import Any

from workbench.domain.codes import LimitKind
from workbench.domain.units import LARGEST, Number, to_micros, too_large
from workbench.errors import ConfigError

NS_PER_SECOND = 1_000_000_000
"""No account sends more orders a second than this."""
MONEY_LIMITS = frozenset({LimitKind.MAX_ORDER_NOTIONAL, LimitKind.MAX_DAILY_LOSS, LimitKind.MAX_DRAWDOWN})
"""Limits that are counted in micros; the others are lots or numbers of orders."""

_AMOUNTS = frozenset(kind.name.lower() for kind in MONEY_LIMITS)


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one account; 0 means no limit. A `LimitKind` for each can be changed by SET_LIMIT.

    Parameters
    ----------
    max_order_lots
        Largest quantity of one order.
    max_order_notional
        Largest price times quantity of one order, in account currency.
    position_limit_lots
        Largest position, long or short, in any one instrument, counting open orders as filled.
    max_open_orders
        Most orders open at once.
    orders_per_second, order_burst
        Token bucket in exchange time: on average `orders_per_second`, at once up to `order_burst`.
    max_daily_loss
        How far equity may fall below that at the start of the day before the account is suspended.
    max_drawdown
        How far equity may fall below its peak before the account is suspended.
    """

    max_order_lots: int = 0
    max_order_notional: Number = 0
    position_limit_lots: int = 0
    max_open_orders: int = 0
    orders_per_second: int = 0
    order_burst: int = 1
    max_daily_loss: Number = 0
    max_drawdown: Number = 0

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name in _AMOUNTS:
                if to_micros(value, field.name) < 0:
                    raise ConfigError(what="negative", where=field.name, remedy="0 means no limit")
                continue
            if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < 0:
                raise ConfigError(
                    what=f"{value!r} is not a whole number ≥ 0", where=field.name, remedy="0 means no limit"
                )
            if int(value) > LARGEST:
                raise too_large(int(value), LARGEST, field.name)
            object.__setattr__(self, field.name, int(value))
        if self.orders_per_second > NS_PER_SECOND:
            raise ConfigError(
                what="more than one order a nanosecond", where="orders_per_second", remedy="0 means no limit"
            )
        if self.order_burst < 1:
            raise ConfigError(what="0 orders at once", where="order_burst", remedy="give at least 1")
        if self.rate_interval_ns * self.order_burst > LARGEST:
            raise ConfigError(
                what="more orders at once than there will be time for",
                where="order_burst",
                remedy="0 orders_per_second means no limit",
            )

    @property
    def max_order_notional_micros(self) -> int:
        """The notional limit in micros."""
        return to_micros(self.max_order_notional, "max_order_notional")

    @property
    def max_daily_loss_micros(self) -> int:
        """The daily loss limit in micros."""
        return to_micros(self.max_daily_loss, "max_daily_loss")

    @property
    def max_drawdown_micros(self) -> int:
        """The drawdown limit in micros."""
        return to_micros(self.max_drawdown, "max_drawdown")

    @property
    def rate_interval_ns(self) -> int:
        """Nanoseconds after which one more order is allowed; 0 for no limit."""
        return NS_PER_SECOND // self.orders_per_second if self.orders_per_second else 0

    def value(self, kind: LimitKind) -> int:
        """One limit as SET_LIMIT counts it: micros, lots or orders.

        >>> Limits(max_drawdown="2.5").value(LimitKind.MAX_DRAWDOWN)
        2500000
        """
        name = kind.name.lower()
        value: int = getattr(self, f"{name}_micros" if kind in MONEY_LIMITS else name)
        return value

    def changed(self, kind: LimitKind, value: int) -> Limits:
        """These limits with another value, counted as SET_LIMIT counts it.

        >>> Limits().changed(LimitKind.MAX_DRAWDOWN, 2_500_000).max_drawdown
        Decimal('2.500000')
        """
        amount: Any = Decimal(value).scaleb(-6) if kind in MONEY_LIMITS else value
        return replace(self, **{kind.name.lower(): amount})
