"""The last checks of an order that enters or becomes active: the account checks and post-only."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.codes import AccountFlag, OrderFlag, OrderType, Reason, Side
from workbench.engine.reference.exposure import Breach, broken_limits, first_refusal
from workbench.engine.reference.matching import offers
from workbench.engine.reference.means import available_micros, money_for
from workbench.engine.reference.references import value_price
from workbench.engine.reference.state import SIDES, TwinState
from workbench.matching.reference import OPPOSITE, Order
from workbench.risk import reference as risk
from workbench.risk.reference import Refusal, Standing


class Approval(NamedTuple):
    """What the checks of an accepted order found."""

    opening_lots: int
    required_micros: int
    breaches: tuple[Breach, ...] = ()


def check_post_only(twin: TwinState, order: Order) -> Refusal | None:
    """POST_ONLY_WOULD_CROSS."""
    if not order.flags & OrderFlag.POST_ONLY or not twin.is_continuous(order.instrument):
        return None
    best = twin.markets[order.instrument].best_price(OPPOSITE[order.side])
    if best and (order.price_ticks >= best if order.side == Side.BUY else order.price_ticks <= best):
        return Refusal(Reason.POST_ONLY_WOULD_CROSS, order.price_ticks, best)
    return None


def closable_lots(twin: TwinState, order: Order, gone: list[Order]) -> int:
    """Lots that an order could close, as if the orders `gone` were so."""
    trader = twin.trader(order.account)
    assert trader
    open_lots = _open_lots(trader, order, gone)
    position = twin.ledger.position_lots(order.account, order.instrument)
    return risk.closable_lots(order.side, position, open_lots[Side.BUY], open_lots[Side.SELL])


def check_account_of(
    twin: TwinState, order: Order, gone: list[Order], *, triggered: bool = False, waits: bool = False
) -> Approval | Refusal:
    """The account checks, as if the orders `gone`, of the same side, were so.

    `triggered`: a trigger order has just been; `waits`: it will have to be first.
    """
    trader = twin.trader(order.account)
    if not trader:
        return Approval(0, 0)
    instrument, side, quantity = order.instrument, order.side, order.leaves_lots
    open_lots = _open_lots(trader, order, gone)
    position = twin.ledger.position_lots(order.account, instrument)
    closable = risk.closable_lots(side, position, open_lots[Side.BUY], open_lots[Side.SELL])
    opening = quantity - min(quantity, closable)
    required = available = 0
    if trader.flags & (AccountFlag.CASH_CHECKED | AccountFlag.MARGIN):
        required = _required_micros(twin, order, opening, triggered=triggered)
        available = available_micros(twin, order.account)
        available += sum(other.reserved_micros for other in gone)
    rules = twin.rules[instrument]
    bid = 0 if waits else twin.markets[instrument].books[0][Side.BUY].best_price()
    breaches = broken_limits(twin, order, open_lots) if opening else ()
    refusal = (
        risk.check_reduce_only(order.flags, opening, closable)
        or risk.check_short_sale(trader, side, opening, closable)
        or risk.check_short_sale_price(rules, side, opening, order.price_ticks, bid)
        or risk.check_position(rules, trader, side, quantity, position, open_lots[side])
        or first_refusal(breaches)
        or risk.check_buying_power(required, available)
    )
    return refusal or Approval(opening, required, breaches)


def _open_lots(trader: Standing, order: Order, gone: list[Order]) -> dict[Side, int]:
    open_lots = {side: trader.open_lots_of(order.instrument, side) for side in SIDES}
    for other in gone:
        # Held orders are not counted in the first place.
        if not other.is_held:
            open_lots[other.side] -= other.leaves_lots
    return open_lots


def _required_micros(twin: TwinState, order: Order, opening_lots: int, *, triggered: bool) -> int:
    """Money that the opening part of an order needs; a triggered one without a limit trades at once."""
    if not opening_lots:
        return 0
    terms = twin.ledger.terms[order.instrument]
    is_market = order.order_type == OrderType.MARKET
    at_market = (is_market and twin.is_continuous(order.instrument)) or (triggered and not order.has_limit)
    if not at_market:
        price = value_price(twin, order)
        if order.side == Side.SELL:
            price = max(price, twin.markets[order.instrument].best_price(Side.BUY))
        return money_for(twin, order, terms.notional(price, opening_lots), opening_lots)
    closing = order.leaves_lots - opening_lots
    notional = lots = 0
    for maker, offered in offers(twin, order):
        skipped = min(closing, offered)
        closing -= skipped
        notional += terms.notional(maker.price_ticks, offered - skipped)
        lots += offered - skipped
    return money_for(twin, order, notional, lots)
