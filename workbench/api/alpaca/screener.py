"""Which instruments trade most and move most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from workbench.api.alpaca.names import CRYPTO

if TYPE_CHECKING:
    from workbench.api.alpaca.names import Names
    from workbench.projections.live.market import LiveMarket


def most_actives(names: Names, markets: Sequence[LiveMarket], by: str, top: int) -> list[dict[str, Any]]:
    """Those that traded today, by volume in units or by number of trades."""
    rows: list[dict[str, Any]] = [
        {
            "symbol": market.symbol,
            "volume": names.scales[market.number].quantity_number(market.day.volume_lots),
            "trade_count": market.day.trades,
        }
        for market in markets
        if market.day is not None
    ]
    key = "volume" if by == "volume" else "trade_count"
    return sorted(rows, key=lambda row: (-row[key], row["symbol"]))[:top]


def movers(names: Names, markets: Sequence[LiveMarket], market_type: str, top: int) -> dict[str, Any]:
    """Gainers and losers against the day before; on the first day against the reference price or open."""
    rows: list[dict[str, Any]] = []
    for market in markets:
        day = market.day
        if (names.asset_classes[market.number] == CRYPTO) != (market_type == "crypto") or day is None:
            continue
        before = market.days[-2].close_ticks if len(market.days) > 1 else 0
        base = before or market.reference_price_ticks or day.open_ticks
        price = names.scales[market.number].price_number
        rows.append(
            {
                "symbol": market.symbol,
                "percent_change": round(100 * (day.close_ticks - base) / base, 4),
                "change": price(day.close_ticks - base),
                "price": price(day.close_ticks),
            }
        )
    rising = sorted((row for row in rows if row["change"] > 0), key=lambda row: -row["percent_change"])
    falling = sorted((row for row in rows if row["change"] < 0), key=lambda row: row["percent_change"])
    return {"gainers": rising[:top], "losers": falling[:top], "market_type": market_type}
