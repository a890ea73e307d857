"""How well orders were carried out: spreads paid and earned, slippage, fills, and what positions cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from workbench.analytics.columns import Table, money, number, text, time, units, whole
from workbench.analytics.tables import FILLS

_BP = 10_000
_NO_QUOTES = pl.DataFrame(schema={"command_seq": pl.Int64, "bid": pl.Float64, "ask": pl.Float64})

SPREADS = Table(
    "spreads",
    "One row for each fill of the account and horizon with a middle before the fill and then",
    (
        whole("seq", "id", "The fill's event"),
        time("time", "When it was filled"),
        text("symbol", "The instrument"),
        text("side", "BUY or SELL"),
        text("liquidity", "maker, taker or auction"),
        units("quantity", "The fill's quantity"),
        money("value", "Its price x quantity x multiplier"),
        whole("horizon_s", "s", "How long after it"),
        number("effective_bp", "bp", "Effective spread: 2 s (P - M) / M, paid above 0"),
        number("realised_bp", "bp", "Realised spread: 2 s (P - M then) / M"),
        number("impact_bp", "bp", "Price impact: effective less realised, 2 s (M then - M) / M"),
    ),
)

CAPTURES = Table(
    "captures",
    "The columns of `fills`, and",
    (
        *FILLS.columns,
        number(
            "capture",
            "ratio",
            "s (M - P) over half the spread before it: 1 for a maker at the touch; or null",
        ),
    ),
)


def spreads(fills: pl.DataFrame, markouts: pl.DataFrame) -> pl.DataFrame:
    """`SPREADS`: effective spread = realised spread + price impact, of each fill and horizon.

    Parameters
    ----------
    fills
        `FILLS` that stand.
    markouts
        `MARKOUTS` of them.

    Notes
    -----
    M is the middle before the fill's command, and all three are shares of it. Huang and Stoll, Dealer versus
    auction markets, Journal of Financial Economics, 1996.
    """
    sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0)
    now, then = pl.col("mid"), pl.col("then")
    known = fills.filter(now.is_not_null()).select(
        "seq", "time", "symbol", "side", "liquidity", "price", "quantity", "value", "mid"
    )
    later = markouts.filter(pl.col("mid").is_not_null()).select("seq", "horizon_s", then="mid")
    return SPREADS.shaped(
        known.join(later, on="seq")
        .sort("seq", "horizon_s")
        .with_columns(
            effective_bp=2 * _BP * sign * (pl.col("price") - now) / now,
            realised_bp=2 * _BP * sign * (pl.col("price") - then) / now,
            impact_bp=2 * _BP * sign * (then - now) / now,
        )
    )


def captures(fills: pl.DataFrame, quotes: dict[str, pl.DataFrame]) -> pl.DataFrame:
    """`CAPTURES`: how much of half the spread each fill earned, below 0 where it paid.

    Parameters
    ----------
    fills
        `FILLS`, with `command_seq`.
    quotes
        By symbol: `command_seq`, `bid` and `ask` (null while a side was empty), in order. Of a symbol that is
        not among them no spread is known.
    """
    found = [CAPTURES.empty()]
    sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0)
    for symbol in fills["symbol"].unique(maintain_order=True):
        own = fills.filter(pl.col("symbol") == symbol).with_columns(pl.col("command_seq").set_sorted())
        known = quotes.get(symbol, _NO_QUOTES).select(
            pl.col("command_seq").set_sorted(), half=(pl.col("ask") - pl.col("bid")) / 2
        )
        joined = own.join_asof(known, on="command_seq", strategy="backward", allow_exact_matches=False)
        earned = sign * (pl.col("mid") - pl.col("price")) / pl.col("half")
        found.append(CAPTURES.shaped(joined.with_columns(capture=pl.when(pl.col("half") > 0).then(earned))))
    return pl.concat(found).sort("seq")


@dataclass(frozen=True, slots=True)
class Execution:
    """What statistics of execution and inventory are computed from; of one account, one session or many.

    Attributes
    ----------
    fills
        `CAPTURES` of the fills that stand.
    spreads
        `SPREADS`.
    orders
        Orders as `workbench.analytics.shortfall.sent_orders` gives them.
    slippage, shortfall
        `SLIPPAGE` and `SHORTFALL` (`workbench.analytics.shortfall`).
    inventory
        `INVENTORY`.
    attribution
        `ATTRIBUTION`.
    cash
        `CASH_ENTRIES`: what other money the account received and paid.
    equity
        Mean equity over the time of each session, one value each.
    """

    fills: pl.DataFrame
    spreads: pl.DataFrame
    orders: pl.DataFrame
    slippage: pl.DataFrame
    shortfall: pl.DataFrame
    inventory: pl.DataFrame
    attribution: pl.DataFrame
    cash: pl.DataFrame
    equity: pl.Series

    @classmethod
    def together(cls, parts: Sequence[Execution]) -> Execution:
        """Several sessions or accounts as one; there must be one.

        Attributions stay a row each: those of several accounts add up.
        """
        frames = {
            name: pl.concat([getattr(part, name) for part in parts])
            for name in (
                "fills",
                "spreads",
                "orders",
                "slippage",
                "shortfall",
                "inventory",
                "attribution",
                "cash",
            )
        }
        return cls(**frames, equity=pl.concat([part.equity for part in parts]))

    def account(self, column: str) -> float:
        """A column of the attribution, of all instruments together."""
        rows = self.attribution.filter(pl.col("symbol").is_null())
        return round(float(rows[column].sum()), 6)


def mean_equity(curve: pl.DataFrame, end_ns: int) -> float | None:
    """Equity on average over time, from the first row to the end; None of a session that took no time.

    Parameters
    ----------
    curve
        `EQUITY`, in order.
    end_ns
        When the session ended, ns since 1970 UTC.
    """
    times = curve["time"].cast(pl.Int64)
    lasted = (times.shift(-1).fill_null(max(end_ns, int(times[-1]))) - times).cast(pl.Float64)
    whole_ns = float(lasted.sum())
    return float((curve["equity"] * lasted).sum()) / whole_ns if whole_ns > 0 else None
