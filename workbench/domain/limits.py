"""What an account may do."""

from __future__ import annotations

from dataclasses import dataclass, fields
from numbers import Integral

from workbench.domain.units import LARGEST, Number, to_micros
from workbench.errors import ConfigError

_NS_PER_SECOND = 1_000_000_000
_AMOUNTS = ("max_order_notional", "max_daily_loss", "max_drawdown")


@dataclass(frozen=True, slots=True)
class Limits:
    """Pre-trade limits of one account; 0 means no limit.

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
                raise ConfigError(
                    what=f"{value} is too large to be counted in 64 bits",
                    where=field.name,
                    remedy="0 means no limit",
                )
            object.__setattr__(self, field.name, int(value))
        if self.orders_per_second > _NS_PER_SECOND:
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
        return _NS_PER_SECOND // self.orders_per_second if self.orders_per_second else 0
