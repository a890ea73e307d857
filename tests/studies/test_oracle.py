"""Crossing averages computed at once in NumPy, without the loops, the desk or the strategies."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import studies_strategies
from tests.studies.examples import CompiledCross, Cross, random_bars
from workbench.domain.costs import FeeSchedule
from workbench.studies.backtest import backtest

TAKER_BPS = 3


def crossing(bars, fast, slow, lots, *, cash, fees):
    """Decisions, fills and equity of it: market orders that fill at the next open.

    Returns
    -------
    tuple
        Index of the bar and signed lots of each decision; price in ticks, lots and fee in currency of each
        fill; equity at each close.
    """
    records = bars.records
    closes, opens = (records[name].astype(np.int64) for name in ("close_ticks", "open_ticks"))
    sums = np.concatenate([[0], np.cumsum(closes)])
    at = np.arange(slow, len(closes) + 1)
    # Means held against each other without dividing: sums of n closes times the other's length.
    above = (sums[at] - sums[at - fast]) * slow > (sums[at] - sums[at - slow]) * fast
    wanted = np.where(above, lots, -lots)
    change = np.diff(np.concatenate([[0], wanted]))
    decided = np.flatnonzero(change)
    bar = decided + slow - 1
    filled = bar < len(closes) - 1
    prices, traded = opens[bar[filled] + 1], change[decided][filled]
    fee = np.round(prices * np.abs(traded) / 100 * (TAKER_BPS if fees else 0) / 10_000, 6)
    position, spent = np.zeros(len(closes), dtype=np.int64), np.zeros(len(closes))
    np.add.at(position, bar[filled] + 1, traded)
    np.add.at(spent, bar[filled] + 1, traded * prices / 100 + fee)
    equity = cash - np.cumsum(spent) + np.cumsum(position) * closes / 100
    return bar, change[decided], prices, traded, fee, equity


@pytest.mark.parametrize("fees", [False, True], ids=["free", "with fees"])
@pytest.mark.parametrize(("fast", "slow", "lots"), [(3, 8, 10), (1, 2, 7), (20, 100, 3)])
@pytest.mark.parametrize(
    "made",
    [Cross, CompiledCross, studies_strategies.Cross, studies_strategies.CompiledCross],
    ids=lambda made: f"{made.__module__.split('.')[0]} {made.__name__}",
)
def test_crossing_averages_by_numpy(made, fast, slow, lots, fees):
    bars = random_bars(1_200, seed=11)
    terms = {"fees": FeeSchedule(taker_bps=str(TAKER_BPS))} if fees else {}
    outcome = backtest(made(fast, slow, lots), bars, cash=1_000_000, **terms)
    bar, change, prices, traded, fee, equity = crossing(bars, fast, slow, lots, cash=1_000_000, fees=fees)
    assert len(bar) >= 15
    asked, fills = outcome.records["decisions"], outcome.records["fills"]
    assert asked["time_ns"].tolist() == (bars.records["time_ns"][bar] + bars.bar_ns).tolist()
    assert np.where(asked["action"] == 1, 1, -1).tolist() == np.sign(change).tolist()
    assert asked["quantity_lots"].tolist() == np.abs(change).tolist()
    assert not asked["price_ticks"].any()
    assert fills["last_price_ticks"].tolist() == prices.tolist()
    assert fills["last_quantity_lots"].tolist() == np.abs(traded).tolist()
    # Fees are whole millionths of the currency, rounded once an order.
    assert np.abs(fills["fee_micros"] / 1e6 - fee).max() <= 1e-6
    assert np.abs(outcome.equity["equity"].to_numpy() - equity).max() < 1e-3
    assert outcome.summary["position_lots"] == traded.sum()
    assert outcome.final_equity == pytest.approx(equity[-1], abs=1e-3)
