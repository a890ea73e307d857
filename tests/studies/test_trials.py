"""Random days, and what trials on them come to."""

from datetime import date

import numpy as np
import polars as pl
import pytest

import workbench as wb
from workbench.analytics.sharpe import expected_best_sharpe
from workbench.analytics.summary import summary
from workbench.errors import ConfigError
from workbench.studies.random_bars import random_days
from workbench.studies.trials import beside, returns_of_outcome, sharpe_of, tried


class Hold(wb.Strategy):
    """Buys on the first bar, and keeps it."""

    def __init__(self, lots: int = 1000) -> None:
        self.lots = lots

    def on_bar(self, desk, bar):
        if self.lots and not desk.position_lots:
            desk.buy(self.lots)


def test_random_days_are_weekdays_of_whole_cents_that_join() -> None:
    bars = random_days(500, seed=3)
    assert bars.equals(random_days(500, seed=3))
    assert not bars["close"].equals(random_days(500, seed=4)["close"])
    days = bars["time"].dt.date()
    assert days.dt.weekday().max() <= 5
    assert days.diff().dt.total_days().drop_nulls().unique().sort().to_list() == [1, 3]
    assert (bars["open"][1:] == bars["close"][:-1]).all()
    assert (bars["high"] >= bars.select(pl.max_horizontal("open", "close")).to_series()).all()
    assert (bars["low"] <= bars.select(pl.min_horizontal("open", "close")).to_series()).all()
    assert wb.backtest(Hold(), bars).summary["fills"] == 1


def test_random_days_have_the_volatility_that_was_asked_for() -> None:
    closes = random_days(4_000, seed=5, volatility=0.3)["close"].to_numpy()
    assert np.diff(np.log(closes)).std() * np.sqrt(252) == pytest.approx(0.3, rel=0.05)


@pytest.mark.parametrize(
    "given", [{"count": 0}, {"price": 0.0}, {"volatility": 0.0}, {"first": date(2025, 3, 22)}]
)
def test_what_makes_no_days_is_refused(given: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="give 1 day or more"):
        random_days(**{"count": 5, "seed": 1, **given})  # type: ignore[arg-type]


def test_returns_of_an_outcome_are_those_of_its_days() -> None:
    bars = random_days(30, seed=1)
    outcome = wb.backtest(Hold(), bars, cash=200_000)
    returns = returns_of_outcome(outcome)
    # A daily bar ends at the midnight after its day, and belongs to its day all the same.
    assert returns.dates.astype("datetime64[D]").tolist() == bars["time"].dt.date().to_list()
    # Bought at the open of the second day, which is the close of the first.
    worth = 200_000 + 1_000 * (bars["close"].to_numpy() - bars["close"][0])
    expected = worth / np.concatenate(([200_000], worth[:-1])) - 1
    assert returns.values == pytest.approx(expected)
    numbers = {row["statistic"]: row["value"] for row in summary(returns).iter_rows(named=True)}
    assert sharpe_of(outcome) == {"sharpe": pytest.approx(numbers["sharpe"])}


def test_an_outcome_without_equity_has_no_returns() -> None:
    with pytest.raises(ConfigError, match="equity was not noted"):
        returns_of_outcome(wb.backtest(Hold(), random_days(5, seed=1), equity_every=""))


def test_sweeps_are_put_side_by_side_and_ranked() -> None:
    bars = random_days(60, seed=2)
    grid = {"lots": [0, 500, 1_000, 2_000]}
    inside, outside = (
        wb.sweep(Hold, grid, part, metrics=sharpe_of, workers=1) for part in (bars[:30], bars[30:])
    )
    # One that never traded has no Sharpe ratio.
    assert inside.frame["sharpe"].null_count() == 1
    assert len(tried(inside)) == 3
    rows = beside(inside, outside)
    assert rows.columns == ["lots", "inside", "outside", "rank"]
    assert rows["lots"].to_list() == [500, 1_000, 2_000]
    assert sorted(rows["rank"]) == [1, 2, 3]
    assert rows.sort("rank")["outside"].is_sorted(descending=True)
    best = inside.outcome(2)
    deflated = {
        row["statistic"]: row["value"]
        for row in summary(returns_of_outcome(best, trials=tried(inside))).iter_rows(named=True)
    }
    # The more the best by luck has, the less is left.
    assert (deflated["deflated_sharpe"] < deflated["probabilistic_sharpe"]) == (
        expected_best_sharpe(tried(inside)) > 0
    )


def test_sweeps_that_cannot_be_compared_are_refused() -> None:
    bars = random_days(10, seed=2)
    plain = wb.sweep(Hold, {"lots": [1, 2]}, bars, workers=1)
    with pytest.raises(ConfigError, match="no column 'sharpe'"):
        tried(plain)
    with pytest.raises(ConfigError, match="two of the same strategy"):
        beside(plain, wb.sweep(Other, {"units": [1]}, bars, workers=1))


class Other(wb.Strategy):
    """Does nothing."""

    def __init__(self, units: int = 1) -> None:
        self.units = units

    def on_bar(self, desk, bar):
        pass
