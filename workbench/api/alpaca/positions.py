"""Positions as Alpaca's clients read them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec

from workbench.api.alpaca.amounts import money_text, ratio_text
from workbench.domain.codes import Side
from workbench.projections.live.order import Waits

if TYPE_CHECKING:
    from workbench.api.alpaca.names import Names
    from workbench.projections.live.account import Fill, LiveAccount, LivePosition
    from workbench.projections.live.market import LiveMarket
    from workbench.projections.live.order import LiveOrder


class Position(msgspec.Struct):
    """A position: amounts are decimal strings, a short has a negative quantity."""

    asset_id: str
    symbol: str
    exchange: str
    asset_class: str
    asset_marginable: bool
    avg_entry_price: str
    qty: str
    qty_available: str
    side: str
    market_value: str
    cost_basis: str
    unrealized_pl: str
    unrealized_plpc: str
    unrealized_intraday_pl: str
    unrealized_intraday_plpc: str
    current_price: str
    lastday_price: str
    change_today: str


def held_lots(orders: Iterable[LiveOrder], position: LivePosition) -> int:
    """How much of a position open orders could close; an OCO's legs count once, legs that wait not at all."""
    closing = Side.SELL if position.position_lots > 0 else Side.BUY
    alone = 0
    groups: dict[int, int] = {}
    for order in orders:
        if order.instrument != position.instrument or order.side != closing or order.waits == Waits.GROUP:
            continue
        if order.group is None:
            alone += order.leaves_lots
        else:
            key = id(order.group)
            groups[key] = max(groups.get(key, 0), order.leaves_lots)
    return min(abs(position.position_lots), alone + sum(groups.values()))


def write_position(
    names: Names, account: LiveAccount, position: LivePosition, market: LiveMarket, held: int, day_ns: int
) -> Position:
    """A position at the market's mark.

    Parameters
    ----------
    names
        The session's names.
    account, position, market
        Whose, what, and where it trades.
    held
        Lots that open orders could close.
    day_ns
        When the exchange's day began.
    """
    number = position.instrument
    scale = names.scales[number]
    lots, cost = position.position_lots, position.cost_micros
    value = market.position_value_micros(lots, cost)
    last_day = market.days[-2].close_ticks if len(market.days) > 1 else market.reference_price_ticks
    base = _intraday_base_micros(account.fills, market, lots, last_day, day_ns) if last_day else cost
    mark = market.mark_ticks
    sign = 1 if lots > 0 else -1
    return Position(
        asset_id=names.asset_ids[number],
        symbol=names.symbols[number],
        exchange=names.exchanges[number],
        asset_class=names.asset_classes[number],
        asset_marginable=True,
        avg_entry_price=scale.cost_price(cost, lots),
        qty=scale.quantity_text(lots),
        qty_available=scale.quantity_text(sign * (abs(lots) - held)),
        side="long" if lots > 0 else "short",
        market_value=money_text(value),
        cost_basis=money_text(cost),
        unrealized_pl=money_text(value - cost),
        unrealized_plpc=ratio_text(value - cost, abs(cost)),
        unrealized_intraday_pl=money_text(value - base),
        unrealized_intraday_plpc=ratio_text(value - base, abs(base)),
        current_price=scale.price_text(mark),
        lastday_price=scale.price_text(last_day),
        change_today=ratio_text(mark - last_day, last_day),
    )


def _intraday_base_micros(
    fills: Sequence[Fill], market: LiveMarket, lots: int, last_day_ticks: int, day_ns: int
) -> int:
    """What a position cost as the day sees it: what was held before at the last price of the day before.

    Fills of the day are undone from the latest one back; a fill that took the position through zero is where
    it began.
    """
    base, left = 0, lots
    for fill in reversed(fills):
        if fill.time_ns < day_ns or left == 0:
            break
        if fill.instrument != market.number:
            continue
        signed = fill.quantity_lots if fill.side == Side.BUY else -fill.quantity_lots
        if (signed > 0) != (lots > 0):
            # It made the position smaller, so it says nothing of what is left.
            continue
        part = min(abs(signed), abs(left)) * (1 if lots > 0 else -1)
        base += market.notional_micros(fill.price_ticks, part)
        left -= part
    return base + (market.notional_micros(last_day_ticks, left) if left else 0)
