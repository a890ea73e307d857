"""Where the money came from: the spread, the position, fees, borrowing, and what else there was."""

from __future__ import annotations

import polars as pl

from workbench.analytics.columns import Table, money, text, whole
from workbench.analytics.tables import CASH_ENTRIES
from workbench.errors import ConfigError

ATTRIBUTION = Table(
    "attribution",
    "One row for each instrument, liquidity and `all` of them, then one for the account: symbol null",
    (
        text("symbol", "The instrument; null for the account"),
        text("liquidity", "maker, taker, auction, or all"),
        whole("fills", "count", "Fills"),
        money("spread", "Distance of fills from the middle before them, above 0 when it was earned"),
        money("position", "What positions made as the middle moved; null for a part of the fills"),
        money("fees", "Fees less rebates"),
        money("borrow", "What borrowing cost that was sold short; null for a part of the fills"),
        money("dividends", "Dividends received less those paid by a short; null for a part of the fills"),
        money("interest", "Interest received less paid; null but for the account"),
        money("fines", "Fines paid; null but for the account"),
        money("other", "Dividends, interest, less fines: those of the row; null for a part of the fills"),
        money("total", "Spread and position, less fees and borrow, and other; null for a part of the fills"),
        whole("without_middle", "count", "Fills for which there was no middle: their price stands for it"),
    ),
)

_OUTSIDE = ("DEPOSIT", "WITHDRAWAL")
_FRACTION = "CASH_IN_LIEU"


def attribution(
    fills: pl.DataFrame, sizes: pl.DataFrame, last: pl.DataFrame, cash: pl.DataFrame | None = None
) -> pl.DataFrame:
    """`ATTRIBUTION` of an account that began flat: spread + position - fees - borrow + other = total.

    spread = Σ s(M - P)q and position = Σ q_t ΔM, both x multiplier: M the middle before a fill, P its price,
    q its quantity, s +1 for a buy and -1 for a sale, q_t the position between one fill and the next, ΔM how
    far the middle went meanwhile, from the last fill on to the last price. Total is the account's net PnL,
    whatever the middles are.

    Parameters
    ----------
    fills
        `FILLS` that stand, in order: `symbol`, `side`, `liquidity`, `price`, `quantity`, `fee`, `mid`. One
        without a liquidity is no fill but the fraction that a split left, sold at the mark.
    sizes
        `symbol`, `multiplier`.
    last
        `symbol` and `price`: what positions were valued at in the end; for each that was not flat.
    cash
        `CASH_ENTRIES` of the account; none for None. Money from outside is no part of its PnL, and cash in
        lieu of a fraction is among the fills.

    Raises
    ------
    ConfigError
        When there is no last price for a position that was held in the end.

    Examples
    --------
    >>> fills = pl.DataFrame(
    ...     {
    ...         "symbol": "A",
    ...         "side": ["BUY", "SELL"],
    ...         "liquidity": "maker",
    ...         "price": [99.0, 102.0],
    ...         "quantity": [10.0, 10.0],
    ...         "fee": [0.5, 0.5],
    ...         "mid": [100.0, 101.0],
    ...     }
    ... )
    >>> sizes = pl.DataFrame({"symbol": ["A"], "multiplier": [1.0]})
    >>> none = pl.DataFrame(schema={"symbol": pl.String, "price": pl.Float64})
    >>> attribution(fills, sizes, none).select("spread", "position", "fees", "total").row(-1)
    (20.0, 10.0, 1.0, 29.0)
    """
    sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0)
    rows = (
        fills.select("symbol", "side", "liquidity", "price", "quantity", "fee", "mid")
        .join(sizes.select("symbol", "multiplier"), on="symbol", how="left", maintain_order="left")
        .with_columns(signed=sign * pl.col("quantity"), middle=pl.coalesce("mid", "price"))
        .with_columns(
            spread=pl.col("signed") * (pl.col("middle") - pl.col("price")) * pl.col("multiplier"),
            held=pl.col("signed").cum_sum().over("symbol").round(8),
        )
        .join(last.select("symbol", end="price"), on="symbol", how="left", maintain_order="left")
    )
    final = rows.group_by("symbol", maintain_order=True).agg(pl.col("held", "end").last())
    unknown = final.filter((pl.col("held") != 0) & pl.col("end").is_null())
    if unknown.height:
        raise ConfigError(
            f"{unknown['symbol'][0]} was held in the end, and there is no price to value it at",
            "attribution",
            "give its last mark",
        )
    following = pl.coalesce(pl.col("middle").shift(-1).over("symbol"), "end", "middle")
    rows = rows.with_columns(
        position=pl.col("held") * (following - pl.col("middle")) * pl.col("multiplier"),
        without=pl.col("mid").is_null(),
    )
    sums = {
        "fills": pl.col("liquidity").is_not_null().sum(),
        "spread": pl.col("spread").sum().round(6),
        "position": pl.col("position").sum().round(6),
        "fees": pl.col("fee").sum().round(6),
        "without_middle": pl.col("without").sum(),
    }
    parts = (
        rows.filter(pl.col("liquidity").is_not_null())
        .group_by("symbol", "liquidity")
        .agg(**sums)
        .sort("symbol", "liquidity")
        .with_columns(pl.lit(None, pl.Float64).alias(name) for name in ("position", *_ENTRIES, "total"))
    )
    entries = CASH_ENTRIES.empty() if cash is None else cash
    entries = of_no_trade(entries)
    by_symbol = (
        rows.group_by("symbol")
        .agg(**sums)
        .join(
            entries.filter(pl.col("symbol").is_not_null()).group_by("symbol").agg(**_ENTRIES),
            on="symbol",
            how="full",
            coalesce=True,
        )
        .sort("symbol")
        .with_columns(pl.selectors.numeric().fill_null(0))
        .with_columns(interest=pl.lit(None, pl.Float64), fines=pl.lit(None, pl.Float64))
    )
    account = pl.concat([rows.select(**sums), entries.select(**_ENTRIES)], how="horizontal")
    wholes = [each.with_columns(_TOTAL) for each in (by_symbol, account.with_columns(symbol=pl.lit(None)))]
    return pl.concat(
        [
            ATTRIBUTION.shaped(each)
            for each in (parts, *(each.with_columns(liquidity=pl.lit("all")) for each in wholes))
        ]
    )


def of_no_trade(entries: pl.DataFrame) -> pl.DataFrame:
    """Of `CASH_ENTRIES` what is gain or loss of no trade: fines, interest, borrowing, dividends."""
    return entries.filter(~pl.col("reason").is_in([*_OUTSIDE, _FRACTION]))


def _sum(which: pl.Expr) -> pl.Expr:
    return pl.col("amount").filter(which).sum().round(6)


_REASON = pl.col("reason")
_ENTRIES = {
    "borrow": 0 - _sum(_REASON == "BORROW_COST"),
    "dividends": _sum(_REASON == "DIVIDEND"),
    "interest": _sum(_REASON == "INTEREST"),
    "fines": 0 - _sum(_REASON == "FINE"),
    "other": _sum(_REASON != "BORROW_COST"),
}
_TOTAL = (
    (pl.col("spread") + pl.col("position") - pl.col("fees") - pl.col("borrow") + pl.col("other"))
    .round(6)
    .alias("total")
)
