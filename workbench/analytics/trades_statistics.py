"""Statistics of trades: how often, how much, how long, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from workbench.analytics.statistic import Statistic, Undefined, Value
from workbench.analytics.trades import Floats, Trades
from workbench.analytics.trades_runs import after_two_losses, longest, runs_z

_NO_TRADE = "no trade has ended"
_NO_WIN = "no trade has won"
_NO_LOSS = "no trade has lost"
_NO_STOP = "no trade had a stop"
_HOUR_S = 3600.0
_MOST_SQN = 100
Compute = Callable[[Trades], Value]


def _mean(values: Floats, missing: str) -> Value:
    return float(values.mean()) if len(values) else Undefined(missing)


def _median(values: Floats, missing: str) -> Value:
    return float(np.median(values)) if len(values) else Undefined(missing)


def _sum(values: Floats) -> float:
    return round(float(values.sum()), 6)


def _win_rate(trades: Trades) -> Value:
    won, lost = len(trades.wins), len(trades.losses)
    return won / (won + lost) if won + lost else Undefined("no trade has won or lost")


def _win_rate_error(trades: Trades) -> Value:
    share, count = _win_rate(trades), len(trades.wins) + len(trades.losses)
    return share if isinstance(share, Undefined) else math.sqrt(share * (1 - share) / count)


def _factor(values: Floats) -> Value:
    lost = -float(values[values < 0].sum())
    return float(values[values > 0].sum()) / lost if lost else Undefined(_NO_LOSS)


def _payoff(trades: Trades) -> Value:
    if not len(trades.wins):
        return Undefined(_NO_WIN)
    if not len(trades.losses):
        return Undefined(_NO_LOSS)
    return float(trades.wins.mean() / -trades.losses.mean())


def _over(above: float, below: float, missing: str) -> Value:
    return above / below if below > 0 else Undefined(missing)


def _kelly(trades: Trades) -> Value:
    payoff, share = _payoff(trades), _win_rate(trades)
    if isinstance(payoff, Undefined):
        return payoff
    if isinstance(share, Undefined):
        return share
    return share - (1 - share) / payoff


def _half_kelly(trades: Trades) -> Value:
    whole = _kelly(trades)
    return whole if isinstance(whole, Undefined) else whole / 2


def _kelly_error(trades: Trades) -> Value:
    payoff, share = _payoff(trades), _win_rate(trades)
    if isinstance(payoff, Undefined):
        return payoff
    if isinstance(share, Undefined):
        return share
    wins, losses = trades.wins, trades.losses
    if min(len(wins), len(losses)) < 2:  # noqa: PLR2004 - a deviation takes two
        return Undefined("an error takes two wins and two losses")
    spread = sum(float(each.var(ddof=1)) / len(each) / float(each.mean()) ** 2 for each in (wins, losses))
    of_share = (1 + 1 / payoff) ** 2 * share * (1 - share) / (len(wins) + len(losses))
    return math.sqrt(of_share + ((1 - share) / payoff) ** 2 * spread)


def _sqn(trades: Trades) -> Value:
    multiples = trades.multiples
    if len(multiples) < 2:  # noqa: PLR2004 - a deviation takes two
        return Undefined("fewer than two trades had a stop")
    deviation = float(multiples.std(ddof=1))
    if deviation <= 1e-12 * float(np.abs(multiples).max()):
        return Undefined("all R multiples are the same")
    return math.sqrt(min(len(multiples), _MOST_SQN)) * float(multiples.mean()) / deviation


def _best_target(trades: Trades) -> tuple[float, float] | Undefined:
    """The R multiple of a target that would have brought the most on average, and what."""
    reached = trades.known("mfe_r")
    if not len(reached):
        return Undefined(_NO_STOP)
    targets = np.sort(reached)[::-1]
    brought = targets * np.arange(1, len(targets) + 1) / len(targets)
    best = int(brought.argmax())
    if targets[best] <= 0:
        return Undefined("no trade was ever ahead")
    return float(targets[best]), float(brought[best])


def _best_target_r(trades: Trades) -> Value:
    found = _best_target(trades)
    return found if isinstance(found, Undefined) else found[0]


def _best_target_brings(trades: Trades) -> Value:
    found = _best_target(trades)
    return found if isinstance(found, Undefined) else found[1]


def _edge_ratio(trades: Trades) -> Value:
    up, down = trades.known("edge_up"), trades.known("edge_down")
    if not len(up):
        return Undefined("no true range is known before any entry")
    return _over(float(up.mean()), float(down.mean()), "the mark never went against a trade")


def _green_days(trades: Trades) -> Value:
    days = trades.days
    return _over(float((days["net"] > 0).sum()), days.height, _NO_TRADE)


def _best_day(trades: Trades) -> Value:
    days, made = trades.days, _sum(trades.net)
    if days.is_empty():
        return Undefined(_NO_TRADE)
    best = float(days["net"].max())  # type: ignore[arg-type]
    return _over(best, made, "the trades have made no profit")


def _first_hour(trades: Trades) -> Value:
    known = trades.ended.drop_nulls("since_open_s")
    if known.is_empty():
        return Undefined(
            "no trade has ended" if trades.ended.is_empty() else "when the session opened is not known"
        )
    return _sum(known.filter(known["since_open_s"] < _HOUR_S)["net"].to_numpy())


def _held(trades: Trades, result: str, missing: str) -> Value:
    ended = trades.ended
    return _median(ended.filter(ended["result"] == result)["held_s"].to_numpy(), missing)


def _known(column: str, missing: str, *, middle: bool) -> Compute:
    """The median (else mean) of a column of ended trades."""
    of = _median if middle else _mean
    return lambda trades: of(trades.known(column), missing)


_trade = partial(Statistic, "trades", table="trade_rows")
_NOTES = "Van Tharp, Trade Your Way to Financial Freedom, 2nd edition, 2007"
_SWEENEY = "Sweeney, Campaign Trading, 1996"
_KELLY = "Kelly, A new interpretation of information rate, 1956"

STATISTICS: tuple[Statistic[Trades], ...] = (
    _trade(
        "trades",
        "Trades",
        "count",
        "Round trips from flat to flat that have ended",
        lambda t: float(len(t.net)),
    ),
    _trade(
        "wins",
        "Wins",
        "count",
        "Trades with a net PnL above 0",
        lambda t: float(len(t.wins)),
    ),
    _trade(
        "losses",
        "Losses",
        "count",
        "Trades with a net PnL below 0",
        lambda t: float(len(t.losses)),
    ),
    _trade(
        "scratches",
        "Scratches",
        "count",
        "Trades with a net PnL of 0, which are neither",
        lambda t: float(len(t.net) - len(t.wins) - len(t.losses)),
    ),
    _trade(
        "open_trades",
        "Open at the end",
        "count",
        "Round trips that were not closed, in no other number",
        lambda t: float(t.rows.height - len(t.net)),
    ),
    _trade(
        "net_pnl",
        "Net PnL of trades",
        "currency",
        "Net PnL of trades that have ended",
        lambda t: _sum(t.net),
        "Σ net",
    ),
    _trade(
        "gross_pnl",
        "Gross PnL of trades",
        "currency",
        "The same without fees",
        lambda t: _sum(t.gross),
        "Σ gross",
    ),
    _trade(
        "win_rate",
        "Win rate",
        "share",
        "Wins over wins and losses",
        _win_rate,
        "p = n_w / (n_w + n_l)",
        "Scratches are in neither count; null without a win or loss",
    ),
    _trade(
        "win_rate_error",
        "Win rate, error",
        "share",
        "Standard error of the win rate",
        _win_rate_error,
        "√(p (1 - p) / (n_w + n_l))",
        "Of independent trades; 0 when all won or all lost",
    ),
    _trade(
        "profit_factor",
        "Profit factor",
        "ratio",
        "What wins brought over what losses cost, net",
        lambda t: _factor(t.net),
        "Σw / |Σl|",
        "In money, not in returns; null without a loss, never a bound",
    ),
    _trade(
        "gross_profit_factor",
        "Profit factor, gross",
        "ratio",
        "The same without fees",
        lambda t: _factor(t.gross),
        "Σ gross⁺ / |Σ gross⁻|",
        "A trade counts by the sign of its gross PnL; null without one below 0",
    ),
    _trade(
        "average_win",
        "Average win",
        "currency",
        "Mean net PnL of wins",
        lambda t: _mean(t.wins, _NO_WIN),
        "w̄",
    ),
    _trade(
        "average_loss",
        "Average loss",
        "currency",
        "Mean net PnL of losses",
        lambda t: _mean(t.losses, _NO_LOSS),
        "l̄",
    ),
    _trade(
        "payoff",
        "Payoff",
        "ratio",
        "Average win over average loss, without sign",
        _payoff,
        "b = w̄ / |l̄|",
        "Null without a win or without a loss",
    ),
    _trade(
        "best",
        "Best trade",
        "currency",
        "Highest net PnL",
        lambda t: float(t.net.max()) if len(t.net) else Undefined(_NO_TRADE),
    ),
    _trade(
        "worst",
        "Worst trade",
        "currency",
        "Lowest net PnL",
        lambda t: float(t.net.min()) if len(t.net) else Undefined(_NO_TRADE),
    ),
    _trade(
        "expectancy",
        "Expectancy",
        "currency",
        "Mean net PnL of a trade",
        lambda t: _mean(t.net, _NO_TRADE),
        "Σ net / n",
        "Scratches count",
    ),
    _trade(
        "expectancy_unit",
        "Expectancy per unit",
        "currency",
        "Net PnL over the largest positions of all trades",
        lambda t: _over(_sum(t.net), float(t.known("quantity").sum()), _NO_TRADE),
        "Σ net / Σ quantity",
    ),
    _trade(
        "expectancy_hour",
        "Expectancy per hour held",
        "currency",
        "Net PnL over the time that trades were held",
        lambda t: _over(
            _sum(t.net),
            float(t.known("held_s").sum()) / _HOUR_S,
            "no trade took any time" if len(t.net) else _NO_TRADE,
        ),
        "Σ net / Σ hours",
        "Trades held at once count each",
    ),
    _trade(
        "expectancy_r",
        "Expectancy in R",
        "ratio",
        "Mean R multiple",
        lambda t: _mean(t.multiples, _NO_STOP),
        "R̄, R = net / (|entry - first stop| x quantity x multiplier)",
        "Of trades with a stop on the losing side of their entry, placed while they were open or with them",
        _NOTES,
    ),
    _trade(
        "sqn",
        "System quality number",
        "ratio",
        "Mean over deviation of R multiples, by the root of how many there are",
        _sqn,
        "√min(n, 100) · R̄ / s_R",
        "Sample deviation; at most 100 count",
        _NOTES,
    ),
    _trade(
        "kelly",
        "Kelly share",
        "share",
        "Share of capital at risk that lets it grow fastest",
        _kelly,
        "p - (1 - p) / b",
        "Below 0 for who loses on average; null without a win or without a loss",
        _KELLY,
    ),
    _trade(
        "half_kelly",
        "Half Kelly",
        "share",
        "Half of it, three quarters of the growth at half the swings",
        _half_kelly,
        "(p - (1 - p) / b) / 2",
        "",
        _KELLY,
    ),
    _trade(
        "kelly_error",
        "Kelly share, error",
        "share",
        "Standard error of the Kelly share",
        _kelly_error,
        "√((1 + 1/b)² p(1 - p)/n + ((1 - p)/b)² (s_w²/(n_w w̄²) + s_l²/(n_l l̄²)))",
        "First order in p and b, of independent trades",
    ),
    _trade(
        "average_mae",
        "Average MAE",
        "currency",
        "Mean of the lowest gross PnL at a mark while a trade was open",
        _known("mae", _NO_TRADE, middle=False),
        "mean min(0, min u)",
        "u is marked as rules.md says",
        _SWEENEY,
    ),
    _trade(
        "average_mfe",
        "Average MFE",
        "currency",
        "Mean of the highest gross PnL at a mark while a trade was open",
        _known("mfe", _NO_TRADE, middle=False),
        "mean max(0, max u)",
        "",
        _SWEENEY,
    ),
    _trade(
        "average_mae_r",
        "Average MAE in R",
        "ratio",
        "Mean MAE as a multiple of the initial risk",
        _known("mae_r", _NO_STOP, middle=False),
        "mean MAE / risk",
        "Of trades with a stop; -1 and less says that the mark went through it",
        _SWEENEY,
    ),
    _trade(
        "average_mfe_r",
        "Average MFE in R",
        "ratio",
        "Mean MFE as a multiple of the initial risk",
        _known("mfe_r", _NO_STOP, middle=False),
        "mean MFE / risk",
        "Of trades with a stop",
        _SWEENEY,
    ),
    _trade(
        "mae_wins_r",
        "MAE of wins in R",
        "ratio",
        "Median MAE of trades that won: how much of the initial risk winners needed",
        lambda t: _median(
            t.ended.filter(t.ended["result"] == "win")["mae_r"].drop_nulls().to_numpy(),
            "no trade with a stop has won",
        ),
        "median MAE / risk",
        "Of trades with a stop; a stop much further away costs more than it saves",
        _SWEENEY,
    ),
    _trade(
        "mfe_losses_r",
        "MFE of losses in R",
        "ratio",
        "Median MFE of trades that lost: how far ahead losers were",
        lambda t: _median(
            t.ended.filter(t.ended["result"] == "loss")["mfe_r"].drop_nulls().to_numpy(),
            "no trade with a stop has lost",
        ),
        "median MFE / risk",
        "Of trades with a stop",
        _SWEENEY,
    ),
    _trade(
        "capture",
        "Capture",
        "share",
        "Median gross PnL as a share of the MFE, of trades with one above 0",
        _known("capture", "no trade was ever ahead", middle=True),
        "gross / MFE",
    ),
    _trade(
        "give_back",
        "Give-back",
        "currency",
        "Mean of what was left of the MFE at the end",
        _known("give_back", _NO_TRADE, middle=False),
        "MFE - gross",
    ),
    _trade(
        "entry_efficiency",
        "Entry efficiency",
        "share",
        "Median of how near the entry was to the best mark of the trade",
        _known("entry_efficiency", "no mark is known while a trade was open", middle=True),
        "long: (hi - entry) / (hi - lo); short: (entry - lo) / (hi - lo)",
        "Entry and exit are among the prices of hi and lo; null where these are one",
    ),
    _trade(
        "exit_efficiency",
        "Exit efficiency",
        "share",
        "Median of how near the exit was to the best mark of the trade",
        _known("exit_efficiency", "no mark is known while a trade was open", middle=True),
        "long: (exit - lo) / (hi - lo); short: (hi - exit) / (hi - lo)",
    ),
    _trade(
        "edge_ratio",
        "Edge ratio",
        "ratio",
        "How far the market went trades' way soon after entry over how far it went against them",
        _edge_ratio,
        "mean(MFE_k / ATR) / mean(|MAE_k| / ATR)",
        "Of k minutes, whether or not it was open still; ATR is the mean true range of 14 minutes before",
        "Faith, Way of the Turtle, 2007",
    ),
    _trade(
        "best_target_r",
        "Best target",
        "ratio",
        "R multiple at which a target had brought the most on average",
        _best_target_r,
        "argmax_R P(MFE_R ≥ R) · R",
        "In hindsight, of trades with a stop; what the others had lost is not in it",
    ),
    _trade(
        "best_target_brings_r",
        "Best target brings",
        "ratio",
        "R multiples that it had brought on average",
        _best_target_brings,
        "max_R P(MFE_R ≥ R) · R",
    ),
    _trade(
        "held_wins_s",
        "Held when it won",
        "s",
        "Median time from first to last fill of wins",
        lambda t: _held(t, "win", _NO_WIN),
    ),
    _trade(
        "held_losses_s",
        "Held when it lost",
        "s",
        "Median time from first to last fill of losses",
        lambda t: _held(t, "loss", _NO_LOSS),
    ),
    _trade(
        "longest_wins",
        "Wins in a row",
        "count",
        "Most wins that followed on each other, by when they ended",
        lambda t: float(longest(t.net > 0)),
        "",
        "A scratch ends a row",
    ),
    _trade(
        "longest_losses",
        "Losses in a row",
        "count",
        "Most losses that followed on each other, by when they ended",
        lambda t: float(longest(t.net < 0)),
        "",
        "A scratch ends a row",
    ),
    _trade(
        "runs_z",
        "Runs test",
        "ratio",
        "Whether wins and losses come together (below 0) or in turns (above), in deviations",
        lambda t: runs_z(t.net[t.net != 0] > 0),
        "(runs - μ) / √((μ - 1)(μ - 2) / (n - 1)), μ = 2 n_w n_l / n + 1",
        "Scratches apart",
        "Wald and Wolfowitz 1940",
    ),
    _trade(
        "trading_days",
        "Days with a trade",
        "count",
        "Days of the market's zone on which a trade ended",
        lambda t: float(t.days.height),
    ),
    _trade(
        "trades_per_day",
        "Trades per day",
        "ratio",
        "Trades over days with a trade",
        lambda t: _over(float(len(t.net)), t.days.height, _NO_TRADE),
    ),
    _trade(
        "green_days",
        "Green days",
        "share",
        "Share of days with a trade whose trades made a profit",
        _green_days,
    ),
    _trade(
        "best_day_share",
        "Best day's share",
        "share",
        "Net PnL of the best day's trades over that of all",
        _best_day,
        "",
        "Null when all together made no profit",
    ),
    _trade(
        "first_hour_pnl",
        "First hour",
        "currency",
        "Net PnL of trades begun within an hour of the session's open",
        _first_hour,
    ),
    _trade(
        "after_two_losses_pnl",
        "After two losses",
        "currency",
        "Net PnL of trades begun when the last two that had ended that day were losses",
        lambda t: _sum(after_two_losses(t)),
        "",
        "0 when there was none",
    ),
)
"""All of them, in the order of a summary."""
