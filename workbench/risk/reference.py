"""The plain checks: each function answers one row of the table in docs/rules.md with a refusal or None."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.domain.codes import AccountFlag, AccountState, OrderFlag, Phase, Reason, Side
from workbench.domain.config import Account
from workbench.domain.exposure import ExposureGroup
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits


class Refusal(NamedTuple):
    """Why a command is refused: the rule, the number that was measured and the bound that it broke."""

    reason: Reason
    value: int = 0
    limit: int = 0


class Rules:
    """What one instrument accepts at present."""

    def __init__(self, instrument: Instrument) -> None:
        self.phase = Phase.CONTINUOUS
        self.short_sales_restricted = False
        self.window_low_ticks = instrument.price_min_ticks
        self.window_high_ticks = instrument.price_max_ticks
        self.band_low_ticks = instrument.band_low_ticks
        self.band_high_ticks = instrument.band_high_ticks
        self.price_increment_ticks = instrument.price_increment_ticks
        self.quantity_increment_lots = instrument.quantity_increment_lots
        self.max_order_lots = instrument.max_order_lots
        self.max_order_notional_micros = instrument.max_order_notional_micros
        self.position_limit_lots = instrument.position_limit_lots
        self.price_cap_ticks = instrument.price_cap_ticks
        self.trigger_reference = instrument.trigger_reference


@dataclass(slots=True)
class Standing:
    """What the checks know of one account: its permissions and what it has open."""

    state: AccountState = AccountState.ACTIVE
    flags: int = 0
    limits: Limits = field(default_factory=Limits)
    rate_interval_ns: int = 0
    max_order_notional_micros: int = 0
    rate_time_ns: int = 0
    reserved_micros: int = 0
    open_orders: int = 0
    open_lots: dict[tuple[int, Side], int] = field(default_factory=dict)
    monitored: bool = False
    grace_ns: int = 0
    peak_equity_micros: int = 0
    day_start_equity_micros: int = 0
    margin_call: bool = False
    call_deadline_ns: int = 0

    @classmethod
    def of(cls, account: Account) -> Standing:
        """The standing with which a trader starts."""
        flags = (
            AccountFlag.SHORT_PERMITTED * account.short_permitted
            | AccountFlag.CASH_CHECKED * (account.cash_checked and not account.margin)
            | AccountFlag.MARGIN * account.margin
        )
        equity = account.cash_micros if account.monitored else 0
        return cls(
            flags=int(flags),
            limits=account.limits,
            rate_interval_ns=account.limits.rate_interval_ns,
            max_order_notional_micros=account.limits.max_order_notional_micros,
            monitored=account.monitored,
            grace_ns=account.margin_grace_ns,
            peak_equity_micros=equity,
            day_start_equity_micros=equity,
        )

    def set_limits(self, limits: Limits) -> None:
        """Change the limits, and what is computed from them."""
        self.limits = limits
        self.rate_interval_ns = limits.rate_interval_ns
        self.max_order_notional_micros = limits.max_order_notional_micros

    def open_lots_of(self, instrument: int, side: Side) -> int:
        """Open lots of one side in one instrument."""
        return self.open_lots.get((instrument, side), 0)


def smaller_limit(first: int, second: int) -> int:
    """The smaller of two limits, of which 0 means none.

    >>> smaller_limit(0, 5), smaller_limit(3, 5), smaller_limit(0, 0)
    (5, 3, 0)
    """
    return min(limit for limit in (first, second) if limit) if first or second else 0


def check_quantity(
    rules: Rules, account_max_lots: int, quantity_lots: int, historical: bool
) -> Refusal | None:
    """Increment and maximum of a quantity."""
    increment = rules.quantity_increment_lots
    if not historical and quantity_lots % increment:
        return Refusal(Reason.QUANTITY_NOT_IN_INCREMENT, quantity_lots, increment)
    maximum = smaller_limit(rules.max_order_lots, account_max_lots)
    if quantity_lots > maximum:
        return Refusal(Reason.QUANTITY_TOO_LARGE, quantity_lots, maximum)
    return None


def check_price(rules: Rules, price_ticks: int, historical: bool) -> Refusal | None:
    """Increment and band of a limit price; history only has to fit into the ladder's window."""
    increment = rules.price_increment_ticks
    if not historical and price_ticks % increment:
        return Refusal(Reason.PRICE_NOT_IN_INCREMENT, price_ticks, increment)
    low = rules.window_low_ticks if historical else rules.band_low_ticks
    high = rules.window_high_ticks if historical else rules.band_high_ticks
    if price_ticks < low:
        return Refusal(Reason.PRICE_OUT_OF_BAND, price_ticks, low)
    if price_ticks > high:
        return Refusal(Reason.PRICE_OUT_OF_BAND, price_ticks, high)
    return None


def check_notional(rules: Rules, standing: Standing, notional_micros: int) -> Refusal | None:
    """Largest value of one order."""
    maximum = smaller_limit(rules.max_order_notional_micros, standing.max_order_notional_micros)
    if maximum and notional_micros > maximum:
        return Refusal(Reason.NOTIONAL_TOO_LARGE, notional_micros, maximum)
    return None


def check_rate(standing: Standing, now_ns: int) -> Refusal | None:
    """Token bucket in exchange time."""
    interval = standing.rate_interval_ns
    if not interval:
        return None
    ahead = max(standing.rate_time_ns, now_ns) - now_ns
    allowed = interval * (standing.limits.order_burst - 1)
    if ahead > allowed:
        return Refusal(Reason.ORDER_RATE, ahead - allowed)
    return None


def take_token(standing: Standing, now_ns: int) -> None:
    """Count one accepted order or replace against the rate."""
    if standing.rate_interval_ns:
        standing.rate_time_ns = max(standing.rate_time_ns, now_ns) + standing.rate_interval_ns


def check_open_orders(standing: Standing) -> Refusal | None:
    """How many orders may be open."""
    maximum = standing.limits.max_open_orders
    if maximum and standing.open_orders >= maximum:
        return Refusal(Reason.TOO_MANY_OPEN_ORDERS, standing.open_orders, maximum)
    return None


def closable_lots(side: Side, position_lots: int, open_buy_lots: int, open_sell_lots: int) -> int:
    """Lots that an order could close, given what is already open."""
    if side == Side.BUY:
        return max(0, -position_lots - open_buy_lots)
    return max(0, position_lots - open_sell_lots)


def check_reduce_only(flags: int, opening_lots: int, closable: int) -> Refusal | None:
    """A reduce-only order opens nothing."""
    if flags & OrderFlag.REDUCE_ONLY and opening_lots:
        return Refusal(Reason.REDUCE_ONLY_WOULD_OPEN, opening_lots, closable)
    return None


def check_short_sale(standing: Standing, side: Side, opening_lots: int, closable: int) -> Refusal | None:
    """A seller without the permission sells only what it holds."""
    if side == Side.SELL and opening_lots and not standing.flags & AccountFlag.SHORT_PERMITTED:
        return Refusal(Reason.SHORT_SALE_NOT_PERMITTED, opening_lots, closable)
    return None


def check_short_sale_price(
    rules: Rules, side: Side, opening_lots: int, price_ticks: int, best_bid_ticks: int
) -> Refusal | None:
    """While that is forbidden no short sale trades at or below the best bid; price 0 is no limit."""
    if not rules.short_sales_restricted or rules.phase != Phase.CONTINUOUS:
        return None
    if side == Side.SELL and opening_lots and price_ticks <= best_bid_ticks and best_bid_ticks:
        return Refusal(Reason.SHORT_SALE_RESTRICTED, price_ticks, best_bid_ticks)
    return None


def check_position(
    rules: Rules, standing: Standing, side: Side, quantity_lots: int, position_lots: int, open_lots: int
) -> Refusal | None:
    """The position if this order and all open orders of its side (`open_lots`) filled."""
    limit = smaller_limit(rules.position_limit_lots, standing.limits.position_limit_lots)
    reached = (position_lots if side == Side.BUY else -position_lots) + open_lots + quantity_lots
    if limit and reached > limit:
        return Refusal(Reason.POSITION_LIMIT, reached, limit)
    return None


class Exposure(NamedTuple):
    """Weighted lots of a group if all open orders filled."""

    gross_lots: int
    net_lots: int


def exposure(holdings: Iterable[tuple[int, int, int, int]]) -> Exposure:
    """Exposure of weights, positions, open buy and open sell lots.

    >>> exposure([(1, 5, 2, 9), (2, -3, 0, 1)])
    Exposure(gross_lots=15, net_lots=12)
    """
    gross = bought = sold = 0
    for weight, position, open_buy, open_sell in holdings:
        gross += weight * max(abs(position + open_buy), abs(position - open_sell))
        bought += weight * (position + open_buy)
        sold += weight * (position - open_sell)
    return Exposure(gross, max(abs(bought), abs(sold)))


def check_exposure(group: ExposureGroup, before: Exposure, after: Exposure) -> Refusal | None:
    """The first limit of a group that an order breaks: beyond it, and further than without the order."""
    for reason, limit, old, new in (
        (Reason.GROSS_EXPOSURE, group.gross_limit, before.gross_lots, after.gross_lots),
        (Reason.NET_EXPOSURE, group.net_limit, before.net_lots, after.net_lots),
    ):
        if limit and new > limit and new > old:
            return Refusal(reason, new, limit)
    return None


def check_buying_power(required_micros: int, available_micros: int) -> Refusal | None:
    """Money for what the order opens."""
    if required_micros > 0 and required_micros > available_micros:
        return Refusal(Reason.INSUFFICIENT_BUYING_POWER, required_micros, available_micros)
    return None
