"""The summary of an account's session: every statistic in its order."""

from __future__ import annotations

import polars as pl

from workbench.analytics.statistic import (
    AccountDay,
    Statistic,
    Undefined,
    Value,
    longest_run,
    mean,
    median,
    ratio,
    total,
)
from workbench.analytics.tables import HORIZONS_S, SUMMARY

_NO_TRADE = "no trade has ended"
_NO_WIN = "no trade has won"
_NO_LOSS = "no trade has lost"
_NO_FILL = "nothing was filled"
_NO_ORDER = "no order was sent"
_NO_TAKER = "nothing was taken while there was a bid and an ask"
_NO_DRAWDOWN = "equity was never below its peak"
_BP = 10_000


def _last(day: AccountDay, column: str) -> float:
    return float(day.curve[column][-1])


def _value(day: AccountDay) -> float:
    return total(day.fills["value"])


def _net_return(day: AccountDay) -> Value:
    start = float(day.curve["equity"][0])
    return ratio(_last(day, "pnl"), start, "it began without capital")


def _session_s(day: AccountDay) -> float:
    return (day.end_ns - day.start_ns) / 1e9


def _under_water(day: AccountDay) -> Value:
    return ratio(float(day.drawdowns["under_water_s"].sum()), _session_s(day), "the session took no time")


def _in_market(day: AccountDay) -> Value:
    """Union of the spans of all round trips, of whatever instruments."""
    until, held_ns = day.start_ns, 0
    for opened, held_s in (
        day.round_trips.sort("opened").select(pl.col("opened").cast(pl.Int64), "held_s").iter_rows()
    ):
        end = opened + round(held_s * 1e9)
        held_ns += max(0, end - max(opened, until))
        until = max(until, end)
    return ratio(held_ns / 1e9, _session_s(day), "the session took no time")


def _recovery_factor(day: AccountDay) -> Value:
    return ratio(_last(day, "pnl"), -float(day.curve["drawdown"].min() or 0.0), _NO_DRAWDOWN)  # type: ignore[arg-type]


def _deepest_share(day: AccountDay) -> Value:
    deepest = day.curve["drawdown_share"].min()
    return Undefined("the peak was never above 0") if deepest is None else float(deepest)  # type: ignore[arg-type]


def _win_rate(day: AccountDay) -> Value:
    wins, losses = day.of("win").height, day.of("loss").height
    return ratio(wins, wins + losses, "no trade has won or lost")


def _profit_factor(day: AccountDay) -> Value:
    return ratio(total(day.of("win")["net"]), -total(day.of("loss")["net"]), _NO_LOSS)


def _payoff(day: AccountDay) -> Value:
    wins, losses = day.of("win"), day.of("loss")
    if wins.is_empty():
        return Undefined(_NO_WIN)
    if losses.is_empty():
        return Undefined(_NO_LOSS)
    return (total(wins["net"]) / wins.height) / (-total(losses["net"]) / losses.height)


def _extreme(day: AccountDay, largest: bool) -> Value:
    net = day.closed["net"]
    if not len(net):
        return Undefined(_NO_TRADE)
    found = net.max() if largest else net.min()
    return float(found)  # type: ignore[arg-type]


def _maker_share(day: AccountDay) -> Value:
    made = day.fills.filter(pl.col("liquidity") == "maker")
    return ratio(total(made["value"]), _value(day), _NO_FILL)


def _taker_spread(day: AccountDay) -> Value:
    taken = day.fills.filter((pl.col("liquidity") == "taker") & pl.col("spread_bp").is_not_null())
    return ratio(float((taken["spread_bp"] * taken["value"]).sum()), total(taken["value"]), _NO_TAKER)


def _markout(day: AccountDay, horizon_s: int) -> Value:
    found = day.markout_curve.filter((pl.col("liquidity") == "all") & (pl.col("horizon_s") == horizon_s))
    return float(found["bp"][0]) if found.height else Undefined("there is no middle so long after any fill")


def _participation(day: AccountDay) -> Value:
    """By quantity, in the instruments that the account traded; of several the mean weighted by volume."""
    own = day.fills.group_by("symbol").agg(pl.col("quantity").sum())
    both = own.join(day.sizes, on="symbol", how="left")
    return ratio(float(both["quantity"].sum()), float(both["volume"].sum()), _NO_FILL)


def _sent(day: AccountDay) -> pl.DataFrame:
    """Orders as they were sent: a replace is a change of one, not another."""
    return day.orders.filter(pl.col("replaces").is_null())


def _ended(day: AccountDay, state: str) -> float:
    return float((day.orders["state"] == state).sum())


def _order_fill_rate(day: AccountDay) -> Value:
    """By chains: the fill of a successor is one of the order that was sent."""
    root: dict[int, int] = {}
    filled: set[int] = set()
    for order, before, lots in (
        day.orders.sort("order_id").select("order_id", "replaces", "filled").iter_rows()
    ):
        root[order] = root.get(before, order) if before is not None else order
        if lots > 0:
            filled.add(root[order])
    return ratio(len(filled), _sent(day).height, _NO_ORDER)


STATISTICS: tuple[Statistic, ...] = (
    Statistic(
        "result",
        "net_pnl",
        "Net PnL",
        "currency",
        "Equity at the end less capital at the start, money from outside apart",
        lambda day: _last(day, "pnl"),
    ),
    Statistic(
        "result",
        "return",
        "Return",
        "share",
        "Net PnL as a share of the capital before the first trade",
        _net_return,
    ),
    Statistic(
        "result",
        "realised",
        "Realised",
        "currency",
        "Profit and loss of what was closed, by average cost, before fees",
        lambda day: _last(day, "realised"),
    ),
    Statistic(
        "result",
        "unrealised",
        "Unrealised",
        "currency",
        "Value of what was held at the end at its marks, less its average cost",
        lambda day: _last(day, "unrealised"),
    ),
    Statistic("result", "fees", "Fees", "currency", "Fees less rebates", lambda day: _last(day, "fees")),
    Statistic(
        "result",
        "final_equity",
        "Equity at the end",
        "currency",
        "Cash and positions at their marks",
        lambda day: _last(day, "equity"),
    ),
    Statistic(
        "risk",
        "max_drawdown",
        "Largest drawdown",
        "currency",
        "Lowest equity less the highest before it, the start included; 0 or less",
        lambda day: float(day.curve["drawdown"].min() or 0.0),  # type: ignore[arg-type]
    ),
    Statistic(
        "risk",
        "max_drawdown_share",
        "Largest drawdown, share",
        "share",
        "The same as a share of that peak",
        _deepest_share,
    ),
    Statistic(
        "risk",
        "under_water",
        "Time under water",
        "share",
        "Share of the session in which equity was below its peak",
        _under_water,
    ),
    Statistic(
        "risk",
        "longest_under_water_s",
        "Longest drawdown",
        "s",
        "From its peak to the recovery, or to the end of the session",
        lambda day: (
            float(day.drawdowns["under_water_s"].max() or 0.0)  # type: ignore[arg-type]
            if day.drawdowns.height
            else Undefined(_NO_DRAWDOWN)
        ),
    ),
    Statistic(
        "risk",
        "recovery_factor",
        "Recovery factor",
        "ratio",
        "Net PnL over the size of the largest drawdown",
        _recovery_factor,
    ),
    Statistic(
        "risk",
        "in_market",
        "Time in the market",
        "share",
        "Share of the session in which there was a position",
        _in_market,
    ),
    Statistic(
        "trades",
        "round_trips",
        "Trades",
        "count",
        "Round trips from flat to flat that have ended",
        lambda day: float(day.closed.height),
    ),
    Statistic(
        "trades",
        "wins",
        "Wins",
        "count",
        "Trades with a net PnL above 0",
        lambda day: float(day.of("win").height),
    ),
    Statistic(
        "trades",
        "losses",
        "Losses",
        "count",
        "Trades with a net PnL below 0",
        lambda day: float(day.of("loss").height),
    ),
    Statistic(
        "trades",
        "scratches",
        "Scratches",
        "count",
        "Trades with a net PnL of 0, which are neither",
        lambda day: float(day.of("scratch").height),
    ),
    Statistic(
        "trades",
        "open_trades",
        "Open at the end",
        "count",
        "Round trips that were not closed, in no number of this group but this",
        lambda day: float(day.of("open").height),
    ),
    Statistic("trades", "win_rate", "Win rate", "share", "Wins over wins and losses", _win_rate),
    Statistic(
        "trades",
        "profit_factor",
        "Profit factor",
        "ratio",
        "Net PnL of all wins over that of all losses, without sign",
        _profit_factor,
    ),
    Statistic(
        "trades",
        "average_win",
        "Average win",
        "currency",
        "Mean net PnL of wins",
        lambda day: mean(day.of("win")["net"], _NO_WIN),
    ),
    Statistic(
        "trades",
        "average_loss",
        "Average loss",
        "currency",
        "Mean net PnL of losses",
        lambda day: mean(day.of("loss")["net"], _NO_LOSS),
    ),
    Statistic("trades", "payoff", "Payoff", "ratio", "Average win over average loss, without sign", _payoff),
    Statistic(
        "trades",
        "expectancy",
        "Expectancy",
        "currency",
        "Mean net PnL of a trade, scratches included",
        lambda day: mean(day.closed["net"], _NO_TRADE),
    ),
    Statistic("trades", "best", "Best trade", "currency", "Highest net PnL", lambda day: _extreme(day, True)),
    Statistic(
        "trades", "worst", "Worst trade", "currency", "Lowest net PnL", lambda day: _extreme(day, False)
    ),
    Statistic(
        "trades",
        "longest_wins",
        "Wins in a row",
        "count",
        "Most wins that followed on each other, by when they ended",
        lambda day: float(longest_run(day.closed.sort("closed_seq")["result"] == "win")),
    ),
    Statistic(
        "trades",
        "longest_losses",
        "Losses in a row",
        "count",
        "Most losses that followed on each other, by when they ended",
        lambda day: float(longest_run(day.closed.sort("closed_seq")["result"] == "loss")),
    ),
    Statistic(
        "trades",
        "held_wins_s",
        "Held when it won",
        "s",
        "Median time from first to last fill of wins",
        lambda day: median(day.of("win")["held_s"], _NO_WIN),
    ),
    Statistic(
        "trades",
        "held_losses_s",
        "Held when it lost",
        "s",
        "Median time from first to last fill of losses",
        lambda day: median(day.of("loss")["held_s"], _NO_LOSS),
    ),
    Statistic(
        "trades",
        "average_mae",
        "Average MAE",
        "currency",
        "Mean of the lowest gross PnL at a mark while a trade was open",
        lambda day: mean(day.closed["mae"], _NO_TRADE),
    ),
    Statistic(
        "trades",
        "average_mfe",
        "Average MFE",
        "currency",
        "Mean of the highest gross PnL at a mark while a trade was open",
        lambda day: mean(day.closed["mfe"], _NO_TRADE),
    ),
    Statistic(
        "trades",
        "capture",
        "Capture",
        "share",
        "Median gross PnL as a share of the MFE, of trades with one above 0",
        lambda day: median(day.closed["capture"], "no trade was ever ahead"),
    ),
    Statistic(
        "execution", "fills", "Fills", "count", "Fills of all orders", lambda day: float(day.fills.height)
    ),
    Statistic(
        "execution",
        "turnover",
        "Turnover",
        "currency",
        "Value of all fills, bought and sold",
        _value,
    ),
    Statistic(
        "execution",
        "fee_bp",
        "Fees of turnover",
        "bp",
        "Fees less rebates over turnover",
        lambda day: ratio(_BP * total(day.fills["fee"]), _value(day), _NO_FILL),
    ),
    Statistic(
        "execution",
        "maker_share",
        "Maker share",
        "share",
        "Share of the turnover that rested in the book",
        _maker_share,
    ),
    Statistic(
        "execution",
        "taker_spread_bp",
        "Spread paid",
        "bp",
        "Effective spread of what was taken: twice the price's distance from the middle before it, by value",
        _taker_spread,
    ),
    *(
        Statistic(
            "execution",
            f"markout_{horizon_s}s_bp",
            f"Markout {horizon_s} s",
            "bp",
            f"How far the middle had gone the fills' way {horizon_s} s later, by value",
            lambda day, horizon_s=horizon_s: _markout(day, horizon_s),  # type: ignore[misc]
        )
        for horizon_s in HORIZONS_S
    ),
    Statistic(
        "execution",
        "participation",
        "Participation",
        "share",
        "Quantity filled over what the market traded of the same instruments",
        _participation,
    ),
    Statistic(
        "orders",
        "orders",
        "Orders sent",
        "count",
        "Orders, refused ones too; a replace is none of its own",
        lambda day: float(_sent(day).height),
    ),
    Statistic(
        "orders",
        "replaces",
        "Replaces",
        "count",
        "Orders that took the place of another",
        lambda day: float(day.orders["replaces"].is_not_null().sum()),
    ),
    Statistic(
        "orders",
        "rejected",
        "Rejected",
        "count",
        "Orders that the exchange refused",
        lambda day: _ended(day, "REJECTED"),
    ),
    Statistic(
        "orders",
        "cancelled",
        "Cancelled",
        "count",
        "Orders whose open rest was cancelled, by whomever",
        lambda day: _ended(day, "CANCELED"),
    ),
    Statistic(
        "orders",
        "reject_rate",
        "Reject rate",
        "share",
        "Rejected over orders sent",
        lambda day: ratio(_ended(day, "REJECTED"), _sent(day).height, _NO_ORDER),
    ),
    Statistic(
        "orders",
        "order_fill_rate",
        "Orders with a fill",
        "share",
        "Orders sent of which, replaces included, something was filled, over orders sent",
        _order_fill_rate,
    ),
    Statistic(
        "orders",
        "to_first_fill_s",
        "Time to first fill",
        "s",
        "Median time from an order's creation to its first fill",
        lambda day: median(day.orders["to_first_fill_s"], _NO_FILL),
    ),
)
"""All of them, in the order of the summary."""


def summary(day: AccountDay) -> pl.DataFrame:
    """`SUMMARY` of an account's session."""
    rows = []
    for each in STATISTICS:
        found = each.compute(day)
        rows.append(
            {
                "group": each.group,
                "statistic": each.name,
                "label": each.label,
                "value": None if isinstance(found, Undefined) else float(found),
                "unit": each.unit,
                "about": each.about,
                "reason": found.reason if isinstance(found, Undefined) else None,
            }
        )
    return pl.DataFrame(rows, schema=SUMMARY.schema)
