"""The last checks of an order that enters: short sale, position limit, buying power, post-only."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.codes import AccountFlag, OrderFlag, OrderType, Reason, Side
from workbench.engine.reference.exposure import Breach, broken_limits, first_refusal
from workbench.engine.reference.matching import plan
from workbench.engine.reference.means import available_micros, money_for
from workbench.engine.reference.state import SIDES, TwinState
from workbench.matching.reference import OPPOSITE, Order, could_trade
from workbench.risk import reference as risk
from workbench.risk.reference import Refusal, Standing


class Approval(NamedTuple):
    """What the checks of an accepted order found."""

    opening_lots: int
    required_micros: int
    breaches: tuple[Breach, ...] = ()


def check_entry(twin: TwinState, order: Order, replaced: Order | None) -> Approval | Refusal:
    """What an order would do to its account and the book, as if the order it replaces were gone."""
    trader = twin.trader(order.account)
    approval = _check_account_of(twin, trader, order, replaced) if trader else Approval(0, 0)
    if isinstance(approval, Approval) and order.flags & OrderFlag.POST_ONLY:
        best = twin.markets[order.instrument].best_price(OPPOSITE[order.side])
        if best and (order.price_ticks >= best if order.side == Side.BUY else order.price_ticks <= best):
            return Refusal(Reason.POST_ONLY_WOULD_CROSS, order.price_ticks, best)
    return approval


def _check_account_of(
    twin: TwinState, trader: Standing, order: Order, replaced: Order | None
) -> Approval | Refusal:
    instrument, side, quantity = order.instrument, order.side, order.leaves_lots
    open_lots = {each: trader.open_lots_of(instrument, each) for each in SIDES}
    if replaced:
        open_lots[side] -= replaced.leaves_lots
    position = twin.ledger.position_lots(order.account, instrument)
    closable = risk.closable_lots(side, position, open_lots[Side.BUY], open_lots[Side.SELL])
    opening = quantity - min(quantity, closable)
    required = available = 0
    if trader.flags & (AccountFlag.CASH_CHECKED | AccountFlag.MARGIN):
        required = _required_micros(twin, order, opening)
        available = available_micros(twin, order.account)
        available += replaced.reserved_micros if replaced else 0
    breaches = broken_limits(twin, order, open_lots) if opening else ()
    refusal = (
        risk.check_short_sale(trader, side, opening, closable)
        or risk.check_position(twin.rules[instrument], trader, side, quantity, position, open_lots[side])
        or first_refusal(breaches)
        or risk.check_buying_power(required, available)
    )
    return refusal or Approval(opening, required, breaches)


def _required_micros(twin: TwinState, order: Order, opening_lots: int) -> int:
    """Money that the opening part of an order needs."""
    if not opening_lots:
        return 0
    terms = twin.ledger.terms[order.instrument]
    if order.order_type == OrderType.LIMIT:
        price = order.price_ticks
        if order.side == Side.SELL:
            price = max(price, twin.markets[order.instrument].best_price(Side.BUY))
        return money_for(twin, order, terms.notional(price, opening_lots), opening_lots)
    closing = order.leaves_lots - opening_lots
    notional = lots = 0
    for maker, _, offered in could_trade(plan(twin, order)):
        skipped = min(closing, offered)
        closing -= skipped
        notional += terms.notional(maker.price_ticks, offered - skipped)
        lots += offered - skipped
    return money_for(twin, order, notional, lots)
