"""Statistics of execution and inventory."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import polars as pl

from workbench.analytics.execution import Execution
from workbench.analytics.statistic import Statistic, Undefined, Value
from workbench.analytics.tables import HORIZONS_S

_BP = 10_000
_NO_FILL = "nothing was filled"
_NO_ORDER = "no order was sent"
_NO_TAKER = "nothing was taken while there was a bid and an ask"
_NO_MAKER = "no order that rested was filled while there was a bid and an ask"

Compute = Callable[[Execution], Value]


def _weighted(rows: pl.DataFrame, column: str, by: str, missing: str) -> Value:
    """Mean of a column weighted by another, of rows that have it."""
    known = rows.drop_nulls(column)
    weight = float(known[by].sum())
    return float((known[column] * known[by]).sum()) / weight if weight > 0 else Undefined(missing)


def _effective(execution: Execution) -> Value:
    taken = execution.fills.filter(pl.col("liquidity") == "taker")
    return _weighted(taken, "spread_bp", "value", _NO_TAKER)


def _spread(column: str, horizon_s: int) -> Compute:
    def compute(execution: Execution) -> Value:
        taken = (pl.col("liquidity") == "taker") & (pl.col("horizon_s") == horizon_s)
        return _weighted(execution.spreads.filter(taken), column, "value", _NO_TAKER + ", and so long after")

    return compute


def _capture(execution: Execution) -> Value:
    made = execution.fills.filter(pl.col("liquidity") == "maker")
    return _weighted(made, "capture", "quantity", _NO_MAKER)


def _slipped(column: str) -> Compute:
    def compute(execution: Execution) -> Value:
        rows = execution.slippage.with_columns(worth=(pl.col("filled") * pl.col("average_price")).abs())
        return _weighted(rows, column, "worth", "no filled order has such a price")

    return compute


def _shortfall(execution: Execution) -> Value:
    return round(float(execution.shortfall["shortfall"].sum()), 6)


def _shortfall_bp(execution: Execution) -> Value:
    worth = float(execution.shortfall["worth"].sum())
    return _BP * _sum(execution.shortfall["shortfall"]) / worth if worth > 0 else Undefined(_NO_ORDER)


def _sum(values: pl.Series) -> float:
    return round(float(values.sum()), 6)


def _fill_ratio(execution: Execution) -> Value:
    asked = float(execution.orders["quantity"].sum())
    return float(execution.orders["filled"].sum()) / asked if asked > 0 else Undefined(_NO_ORDER)


def _share(which: pl.Expr) -> Compute:
    def compute(execution: Execution) -> Value:
        orders = execution.orders
        return orders.filter(which).height / orders.height if orders.height else Undefined(_NO_ORDER)

    return compute


def _cancels(execution: Execution) -> Value:
    filled = execution.orders.filter(pl.col("filled") > 0).height
    cancelled = execution.orders.filter(pl.col("state") == "CANCELED").height
    return cancelled / filled if filled else Undefined(_NO_FILL)


def _quantile(column: str, share: float, missing: str) -> Compute:
    def compute(execution: Execution) -> Value:
        found = execution.orders[column].quantile(share, "linear")
        return Undefined(missing) if found is None else float(found)

    return compute


def _participation(execution: Execution) -> Value:
    return _weighted(execution.slippage, "participation", "filled", _NO_FILL)


def _turnover(execution: Execution) -> Value:
    mean = execution.equity.drop_nulls()
    worth = float(mean.sum()) / len(mean) if len(mean) else 0.0
    return (
        float(execution.fills["value"].abs().sum()) / worth
        if worth > 0
        else Undefined("mean equity is not above 0")
    )


def _overnight(execution: Execution) -> Value:
    return float((execution.inventory["end"] != 0).sum())


def _half_life(execution: Execution) -> Value:
    found = execution.inventory["half_life_s"].drop_nulls().median()
    return Undefined("no position goes back to its mean") if found is None else float(found)  # type: ignore[arg-type]


def _flat(execution: Execution) -> Value:
    found = execution.inventory["flat"].drop_nulls()
    return float(found.sum()) / len(found) if len(found) else Undefined("nothing was traded")


_HUANG = "Huang and Stoll, Dealer versus auction markets, 1996"
_PEROLD = "Perold, The implementation shortfall: paper versus reality, 1988"
_BY_VALUE = "Of fills that took liquidity, weighted by value"
_fills = partial(Statistic, "execution", table="fills")
_spreads = partial(Statistic, "execution", table="spreads")
_slippage = partial(Statistic, "execution", table="slippage")
_cost = partial(Statistic, "execution", table="shortfall")
_orders = partial(Statistic, "orders", table="orders")
_inventory = partial(Statistic, "inventory", table="inventory")
_money = partial(Statistic, "attribution", table="attribution")

STATISTICS: tuple[Statistic[Execution], ...] = (
    _fills(
        "effective_spread_bp",
        "Effective spread",
        "bp",
        "What taking paid, to and fro",
        _effective,
        "2 s (P - M) / M",
        _BY_VALUE,
        _HUANG,
    ),
    *(
        made
        for each in HORIZONS_S
        for made in (
            _spreads(
                f"realised_spread_{each}s_bp",
                f"Realised spread {each} s",
                "bp",
                f"What the other side had earned of it {each} s later",
                _spread("realised_bp", each),
                f"2 s (P - M at t + {each} s) / M",
                _BY_VALUE,
                _HUANG,
            ),
            _spreads(
                f"impact_{each}s_bp",
                f"Price impact {each} s",
                "bp",
                f"How far the middle had gone the taker's way {each} s later, twice",
                _spread("impact_bp", each),
                "effective - realised",
                _BY_VALUE,
                _HUANG,
            ),
        )
    ),
    _fills(
        "spread_capture",
        "Spread capture",
        "ratio",
        "How much of half the spread making earned",
        _capture,
        "s (M - P) / ((ask - bid) / 2)",
        "Of fills that rested, weighted by quantity; 1 at the touch",
    ),
    _slippage(
        "arrival_bp",
        "Arrival slippage",
        "bp",
        "Distance from the middle when the order was sent",
        _slipped("arrival_bp"),
        "s (P - M at creation) / M",
        "Paid above 0; weighted by value",
    ),
    _slippage(
        "vwap_bp",
        "VWAP slippage",
        "bp",
        "Distance from the market's average price meanwhile",
        _slipped("vwap_bp"),
        "s (P - VWAP) / VWAP",
        "From creation to last fill, own trades left out; paid above 0; weighted by value",
    ),
    _slippage(
        "close_bp",
        "Close slippage",
        "bp",
        "Distance from the session's last price",
        _slipped("close_bp"),
        "s (P - close) / close",
        "Paid above 0; weighted by value",
    ),
    _slippage(
        "order_participation",
        "Participation",
        "share",
        "Part of the market's volume from creation to last fill",
        _participation,
        "q / volume",
        "Of orders with a fill, weighted by what was filled; own trades are in the volume",
    ),
    _cost(
        "shortfall",
        "Implementation shortfall",
        "currency",
        "What orders brought less than a paper portfolio at the decision price",
        _shortfall,
        "s [Σ q P - q P_d] + s (Q - q)(P_end - P_d) + fees",
        "Decided when it was sent where nothing else is said; orders without a middle then or at the end are "
        "left out",
        _PEROLD,
    ),
    _cost(
        "shortfall_bp",
        "Implementation shortfall, share",
        "bp",
        "The same over what was asked for",
        _shortfall_bp,
        "shortfall / Σ Q P_d",
        "",
        _PEROLD,
    ),
    _orders(
        "sent",
        "Orders sent",
        "count",
        "Orders, refused ones too; a chain of replaces is one",
        lambda e: float(e.orders.height),
    ),
    _orders(
        "fill_ratio", "Fill ratio", "share", "Quantity filled over quantity sent", _fill_ratio, "Σ q / Σ Q"
    ),
    _orders(
        "order_fill_rate",
        "Orders with a fill",
        "share",
        "Orders with a fill over orders sent",
        _share(pl.col("filled") > 0),
    ),
    _orders(
        "cancel_to_fill",
        "Cancels per fill",
        "ratio",
        "Orders that were cancelled over orders with a fill",
        _cancels,
    ),
    _orders(
        "reject_rate",
        "Reject rate",
        "share",
        "Orders that the exchange refused over orders sent",
        _share(pl.col("state") == "REJECTED"),
    ),
    _orders(
        "first_fill_s",
        "Time to first fill",
        "s",
        "Median time from creation to first fill",
        _quantile("to_first_fill_s", 0.5, _NO_FILL),
    ),
    _orders(
        "first_fill_90_s",
        "Time to first fill, 90 %",
        "s",
        "The same of the slowest tenth at its best",
        _quantile("to_first_fill_s", 0.9, _NO_FILL),
        "90 % quantile",
    ),
    _orders(
        "queue_ahead",
        "Queue ahead",
        "units",
        "Median shown quantity ahead when an order first rested",
        _quantile("queue_ahead", 0.5, "no order rested"),
    ),
    _orders(
        "queue_ahead_90",
        "Queue ahead, 90 %",
        "units",
        "The same of the worst tenth at its best",
        _quantile("queue_ahead", 0.9, "no order rested"),
        "90 % quantile",
    ),
    _inventory(
        "turnover_ratio",
        "Turnover of equity",
        "ratio",
        "Value of all fills over mean equity",
        _turnover,
        "Σ |value| / mean equity",
        "Mean over time; of several sessions the mean of theirs",
    ),
    _inventory(
        "flat_time", "Time without a position", "share", "Mean share of time, of traded instruments", _flat
    ),
    _inventory(
        "half_life_s",
        "Half-life of positions",
        "s",
        "Median time in which positions go half the way back to their mean",
        _half_life,
        "-ln 2 x Δ / ln b, b the slope of q on q of Δ before",
        "Of instruments whose position does",
    ),
    _inventory("overnight", "Held overnight", "count", "Instruments that were held at the end", _overnight),
    _money(
        "spread_pnl",
        "Spread",
        "currency",
        "What fills earned against the middle before them",
        lambda e: e.account("spread"),
        "Σ s (M - P) q",
    ),
    _money(
        "position_pnl",
        "Position",
        "currency",
        "What positions made as the middle moved",
        lambda e: e.account("position"),
        "Σ q_t ΔM",
    ),
    _money("fees", "Fees", "currency", "Fees less rebates", lambda e: e.account("fees")),
    _money(
        "borrow",
        "Borrowing",
        "currency",
        "What borrowing cost that was sold short",
        lambda e: e.account("borrow"),
        "-Σ amounts of BORROW_COST",
    ),
    _money(
        "dividends",
        "Dividends",
        "currency",
        "Dividends received less those that a short paid",
        lambda e: e.account("dividends"),
        "Σ amounts of DIVIDEND",
    ),
    _money(
        "interest",
        "Interest",
        "currency",
        "Interest received less paid",
        lambda e: e.account("interest"),
        "Σ amounts of INTEREST",
    ),
    _money(
        "fines",
        "Fines",
        "currency",
        "Fines paid",
        lambda e: e.account("fines"),
        "-Σ amounts of FINE",
    ),
    _money(
        "other_pnl",
        "Other",
        "currency",
        "Dividends and interest, less fines",
        lambda e: e.account("other"),
        "dividends + interest - fines",
    ),
    _money(
        "total_pnl",
        "Net PnL",
        "currency",
        "Spread and position, less fees and borrowing, and other",
        lambda e: e.account("total"),
        "spread + position - fees - borrow + other",
        "Identical to the net PnL of equity",
    ),
)
"""All of them, in the order of a summary."""
