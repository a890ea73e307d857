"""Statistics of what an account did in one session."""

from __future__ import annotations

import polars as pl

from workbench.analytics.spans import Span, length_ns, shared_ns
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
from workbench.analytics.tables import HORIZONS_S

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


def _share_of_time(day: AccountDay, spans: list[Span]) -> Value:
    """What of the time in which there was a session is in some spans, each time once: 0 to 1."""
    return ratio(shared_ns(spans, day.spans), length_ns(day.spans), "the session took no time")


def _spans(rows: pl.DataFrame, begin: str, seconds: str) -> list[Span]:
    return [
        (began, began + round(lasted_s * 1e9))
        for began, lasted_s in rows.select(pl.col(begin).cast(pl.Int64), seconds).iter_rows()
    ]


def _under_water(day: AccountDay) -> Value:
    return _share_of_time(day, _spans(day.drawdowns, "peak_time", "under_water_s"))


def _in_market(day: AccountDay) -> Value:
    return _share_of_time(day, _spans(day.round_trips, "opened", "held_s"))


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


STATISTICS: tuple[Statistic[AccountDay], ...] = (
    Statistic(
        "result",
        "net_pnl",
        "Net PnL",
        "currency",
        "Equity at the end less capital at the start, money from outside apart",
        lambda day: _last(day, "pnl"),
        formula="E_T − E_0 − deposits + withdrawals",
        table="equity",
    ),
    Statistic(
        "result",
        "return",
        "Return",
        "share",
        "Net PnL as a share of the capital before the first trade",
        _net_return,
        formula="net PnL/E_0",
        convention="Null when it began without capital; of a session with deposits see the returns; "
        "of several sessions that of their days, chained, each of all that was at stake",
        table="equity",
    ),
    Statistic(
        "result",
        "realised",
        "Realised",
        "currency",
        "Profit and loss of what was closed, by average cost, before fees",
        lambda day: _last(day, "realised"),
        formula="Σ (proceeds − average cost) of what was closed",
        convention="Average cost, by the ledger; FIFO gives another split of the same total",
        table="equity",
    ),
    Statistic(
        "result",
        "unrealised",
        "Unrealised",
        "currency",
        "Value of what was held at the end at its marks, less its average cost",
        lambda day: _last(day, "unrealised"),
        formula="Σ q·mark·multiplier − cost",
        convention="Marks as rules.md says, at cost where there is none",
        table="equity",
    ),
    Statistic(
        "result",
        "fees",
        "Fees",
        "currency",
        "Fees less rebates",
        lambda day: _last(day, "fees"),
        formula="Σ fees",
        convention="Rebates count below 0",
        table="equity",
    ),
    Statistic(
        "result",
        "final_equity",
        "Equity at the end",
        "currency",
        "Cash and positions at their marks",
        lambda day: _last(day, "equity"),
        formula="cash + Σ q·mark·multiplier",
        table="equity",
    ),
    Statistic(
        "risk",
        "max_drawdown",
        "Largest drawdown",
        "currency",
        "Lowest equity less the highest before it, the start included, seen once a minute and at own fills; "
        "0 or less",
        lambda day: float(day.curve["drawdown"].min() or 0.0),  # type: ignore[arg-type]
        formula="min(E − peak)",
        convention="The peak includes the start and moves with money from outside; between rows none is seen",
        table="equity",
    ),
    Statistic(
        "risk",
        "max_drawdown_share",
        "Largest drawdown, share",
        "share",
        "The same as a share of the peak at which it began",
        _deepest_share,
        formula="min((E − peak)/E at the peak)",
        convention="Money from outside since leaves it alone; null when the peak was never above 0",
        table="equity",
    ),
    Statistic(
        "risk",
        "under_water",
        "Time under water",
        "share",
        "Share of the session in which equity was below its peak",
        _under_water,
        formula="time below the peak/length of the session",
        convention="From each peak to its recovery, or to the end; of sessions that overlap each time once",
        table="drawdowns",
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
        formula="max(recovery − peak)",
        convention="Null when equity was never below its peak",
        table="drawdowns",
    ),
    Statistic(
        "risk",
        "recovery_factor",
        "Recovery factor",
        "ratio",
        "Net PnL over the size of the largest drawdown",
        _recovery_factor,
        formula="net PnL/|max drawdown|",
        convention="In money; null without a drawdown",
        table="equity",
    ),
    Statistic(
        "risk",
        "in_market",
        "Time in the market",
        "share",
        "Share of the session in which there was a position",
        _in_market,
        formula="time with any position/length of the session",
        convention="Of several instruments, accounts and sessions the union",
        table="round_trips",
    ),
    Statistic(
        "trades",
        "round_trips",
        "Trades",
        "count",
        "Round trips from flat to flat that have ended",
        lambda day: float(day.closed.height),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "wins",
        "Wins",
        "count",
        "Trades with a net PnL above 0",
        lambda day: float(day.of("win").height),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "losses",
        "Losses",
        "count",
        "Trades with a net PnL below 0",
        lambda day: float(day.of("loss").height),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "scratches",
        "Scratches",
        "count",
        "Trades with a net PnL of 0, which are neither",
        lambda day: float(day.of("scratch").height),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "open_trades",
        "Open at the end",
        "count",
        "Round trips that were not closed, in no number of this group but this",
        lambda day: float(day.of("open").height),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "win_rate",
        "Win rate",
        "share",
        "Wins over wins and losses",
        _win_rate,
        formula="n_w/(n_w + n_l)",
        convention="Scratches are in neither count; null without a win or loss",
        table="round_trips",
    ),
    Statistic(
        "trades",
        "profit_factor",
        "Profit factor",
        "ratio",
        "Net PnL of all wins over that of all losses, without sign",
        _profit_factor,
        formula="Σw/|Σl|",
        convention="In money, net; null without a loss, never a bound",
        table="round_trips",
    ),
    Statistic(
        "trades",
        "average_win",
        "Average win",
        "currency",
        "Mean net PnL of wins",
        lambda day: mean(day.of("win")["net"], _NO_WIN),
        formula="w̄",
        table="round_trips",
    ),
    Statistic(
        "trades",
        "average_loss",
        "Average loss",
        "currency",
        "Mean net PnL of losses",
        lambda day: mean(day.of("loss")["net"], _NO_LOSS),
        formula="l̄",
        table="round_trips",
    ),
    Statistic(
        "trades",
        "payoff",
        "Payoff",
        "ratio",
        "Average win over average loss, without sign",
        _payoff,
        formula="w̄/|l̄|",
        convention="Null without a win or without a loss",
        table="round_trips",
    ),
    Statistic(
        "trades",
        "expectancy",
        "Expectancy",
        "currency",
        "Mean net PnL of a trade, scratches included",
        lambda day: mean(day.closed["net"], _NO_TRADE),
        formula="Σ net/n",
        convention="Scratches count",
        table="round_trips",
    ),
    Statistic(
        "trades",
        "best",
        "Best trade",
        "currency",
        "Highest net PnL",
        lambda day: _extreme(day, True),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "worst",
        "Worst trade",
        "currency",
        "Lowest net PnL",
        lambda day: _extreme(day, False),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "longest_wins",
        "Wins in a row",
        "count",
        "Most wins that followed on each other, by when they ended",
        lambda day: float(longest_run(day.closed.sort("closed_seq")["result"] == "win")),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "longest_losses",
        "Losses in a row",
        "count",
        "Most losses that followed on each other, by when they ended",
        lambda day: float(longest_run(day.closed.sort("closed_seq")["result"] == "loss")),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "held_wins_s",
        "Held when it won",
        "s",
        "Median time from first to last fill of wins",
        lambda day: median(day.of("win")["held_s"], _NO_WIN),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "held_losses_s",
        "Held when it lost",
        "s",
        "Median time from first to last fill of losses",
        lambda day: median(day.of("loss")["held_s"], _NO_LOSS),
        table="round_trips",
    ),
    Statistic(
        "trades",
        "average_mae",
        "Average MAE",
        "currency",
        "Mean of the lowest gross PnL at a mark while a trade was open",
        lambda day: mean(day.closed["mae"], _NO_TRADE),
        formula="mean min(0, min u)",
        convention="u is gross PnL at the mark",
        source="Sweeney, Campaign Trading, 1996",
        table="round_trips",
    ),
    Statistic(
        "trades",
        "average_mfe",
        "Average MFE",
        "currency",
        "Mean of the highest gross PnL at a mark while a trade was open",
        lambda day: mean(day.closed["mfe"], _NO_TRADE),
        formula="mean max(0, max u)",
        convention="u is gross PnL at the mark",
        source="Sweeney, Campaign Trading, 1996",
        table="round_trips",
    ),
    Statistic(
        "trades",
        "capture",
        "Capture",
        "share",
        "Median gross PnL as a share of the MFE, of trades with one above 0",
        lambda day: median(day.closed["capture"], "no trade was ever ahead"),
        formula="median gross/MFE",
        convention="Of trades that have ended with an MFE above 0",
        table="round_trips",
    ),
    Statistic(
        "execution",
        "fills",
        "Fills",
        "count",
        "Fills of all orders",
        lambda day: float(day.fills.height),
        table="fills",
    ),
    Statistic(
        "execution",
        "turnover",
        "Turnover",
        "currency",
        "Value of all fills, bought and sold",
        _value,
        formula="Σ P·q·multiplier",
        table="fills",
    ),
    Statistic(
        "execution",
        "fee_bp",
        "Fees of turnover",
        "bp",
        "Fees less rebates over turnover",
        lambda day: ratio(_BP * total(day.fills["fee"]), _value(day), _NO_FILL),
        formula="10⁴·Σ fees/Σ value",
        convention="Null without a fill",
        table="fills",
    ),
    Statistic(
        "execution",
        "maker_share",
        "Maker share",
        "share",
        "Share of the turnover that rested in the book",
        _maker_share,
        formula="Σ value of makers/Σ value",
        convention="Auctions are in the whole alone",
        table="fills",
    ),
    Statistic(
        "execution",
        "taker_spread_bp",
        "Spread paid",
        "bp",
        "Effective spread of what was taken: twice the price's distance from the middle before it, by value",
        _taker_spread,
        formula="10⁴·2 s (P − M)/M",
        convention="M the middle before the fill's command; weighted by value",
        source="Huang and Stoll, Dealer versus auction markets, 1996",
        table="fills",
    ),
    *(
        Statistic(
            "execution",
            f"markout_{horizon_s}s_bp",
            f"Markout {horizon_s} s",
            "bp",
            f"How far the middle had gone the fills' way {horizon_s} s later, by value",
            lambda day, horizon_s=horizon_s: _markout(day, horizon_s),  # type: ignore[misc]
            formula=f"10⁴·s (M at t + {horizon_s} s − P)/P",
            convention="Null where there is no middle so long after any fill; weighted by value",
            table="markout_curve",
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
        formula="Σ q/Σ volume",
        convention="Own trades are in the volume",
        table="fills",
    ),
    Statistic(
        "orders",
        "orders",
        "Orders sent",
        "count",
        "Orders, refused ones too; a replace is none of its own",
        lambda day: float(_sent(day).height),
        table="orders",
    ),
    Statistic(
        "orders",
        "replaces",
        "Replaces",
        "count",
        "Orders that took the place of another",
        lambda day: float(day.orders["replaces"].is_not_null().sum()),
        table="orders",
    ),
    Statistic(
        "orders",
        "rejected",
        "Rejected",
        "count",
        "Orders that the exchange refused",
        lambda day: _ended(day, "REJECTED"),
        table="orders",
    ),
    Statistic(
        "orders",
        "cancelled",
        "Cancelled",
        "count",
        "Orders whose open rest was cancelled, by whomever",
        lambda day: _ended(day, "CANCELED"),
        table="orders",
    ),
    Statistic(
        "orders",
        "reject_rate",
        "Reject rate",
        "share",
        "Rejected over orders sent",
        lambda day: ratio(_ended(day, "REJECTED"), _sent(day).height, _NO_ORDER),
        formula="rejected/orders sent",
        convention="Null without an order",
        table="orders",
    ),
    Statistic(
        "orders",
        "order_fill_rate",
        "Orders with a fill",
        "share",
        "Orders sent of which, replaces included, something was filled, over orders sent",
        _order_fill_rate,
        formula="orders with a fill/orders sent",
        convention="A chain of replaces is one order",
        table="orders",
    ),
    Statistic(
        "orders",
        "to_first_fill_s",
        "Time to first fill",
        "s",
        "Median time from an order's creation to its first fill",
        lambda day: median(day.orders["to_first_fill_s"], _NO_FILL),
        table="orders",
    ),
)
"""All of them, in the order of the summary."""
