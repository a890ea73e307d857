"""Trailing stops through a split."""

from __future__ import annotations

from workbench.domain.codes import Side
from workbench.domain.states import OrderState
from workbench.projections.live.market import LiveMarket
from workbench.projections.live.order import LiveOrder

_MILLION = 1_000_000


def adjust_trail(order: LiveOrder, market: LiveMarket) -> None:
    """What a split makes of a trailing stop, which no event says until it trails again."""
    order.trail_ticks = market.scaled(order.trail_ticks)
    watermark = order.watermark_ticks = market.scaled(order.watermark_ticks)
    if order.state != OrderState.HELD or watermark == 0:
        return
    trail = order.trail_ticks or max(1, watermark * order.trail_micros // _MILLION)
    if order.side == Side.BUY:
        edge = market.window_high_ticks
        price = min(watermark + trail, edge)
    else:
        edge = market.window_low_ticks
        price = max(watermark - trail, edge)
    order.trigger_price_ticks = 0 if watermark == edge else price
