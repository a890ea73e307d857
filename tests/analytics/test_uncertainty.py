from __future__ import annotations

import math

import numpy as np
import pytest

from workbench.analytics import uncertainty
from workbench.analytics.returns import returns_of
from workbench.analytics.sharpe import expected_best_sharpe, probabilistic_sharpe, sharpe_error
from workbench.analytics.statistic import Undefined
from workbench.analytics.summary import summary
from workbench.analytics.uncertainty import Interval, interval_of_mean, return_intervals

HEAVY = np.random.default_rng(1).standard_t(4, 120) * 0.01


def test_the_error_of_a_sharpe_ratio_by_hand() -> None:
    # Mean 0.5, deviation √(1/3), skew 0, excess kurtosis (G2) -6: S² = 3/4, γ₄ = -3.
    assert isinstance(sharpe_error(returns_of([0.0, 1.0, 0.0])), Undefined)
    found = sharpe_error(returns_of([0.0, 1.0, 0.0, 1.0]))
    assert found == pytest.approx(math.sqrt((1 - 4 * 0.75 / 4) / 3))


def test_of_normal_returns_the_error_is_that_of_lo() -> None:
    values = np.random.default_rng(3).normal(0.0, 0.01, 20_000)
    values = (values - values.mean()) / values.std(ddof=1) * 0.01 + 0.001
    found = sharpe_error(returns_of(values))
    assert found == pytest.approx(math.sqrt((1 + 0.1**2 / 2) / 19_999), rel=0.01)


def test_the_error_is_how_far_sharpe_ratios_of_other_samples_lie() -> None:
    random = np.random.default_rng(4)
    samples = random.standard_t(6, (4_000, 60)) * 0.01 + 0.001
    spread = (samples.mean(axis=1) / samples.std(axis=1, ddof=1)).std()
    errors = [sharpe_error(returns_of(sample)) for sample in samples[:400]]
    assert np.mean([each for each in errors if not isinstance(each, Undefined)]) == pytest.approx(
        spread, rel=0.05
    )


def test_the_best_of_many_without_skill_is_what_chance_makes() -> None:
    trials = np.random.default_rng(5).normal(0.0, 0.7, (4_000, 50))
    assert expected_best_sharpe(trials[0] / trials[0].std(ddof=1)) == pytest.approx(
        trials.max(axis=1).mean() / 0.7, rel=0.02
    )


def test_trials_deflate_a_sharpe_ratio() -> None:
    values = HEAVY + 0.002
    found = {}
    for about, trials in (("one", None), ("few", [0.5, 1.0, 2.0]), ("many", np.linspace(-3, 3, 100))):
        known = summary(returns_of(values, trials=trials))
        found[about] = dict(known.select("statistic", "value").iter_rows())
    assert found["one"]["deflated_sharpe"] is None
    best = expected_best_sharpe([0.5, 1.0, 2.0])
    away = (found["few"]["sharpe"] - best) / found["few"]["sharpe_error"]
    assert found["few"]["deflated_sharpe"] == pytest.approx(uncertainty.NORMAL.cdf(away))
    assert found["few"]["deflated_sharpe"] == probabilistic_sharpe(returns_of(values), best)
    assert (
        found["many"]["deflated_sharpe"]
        < found["few"]["deflated_sharpe"]
        < found["one"]["probabilistic_sharpe"]
    )


def test_after_the_least_track_record_the_probability_is_95_percent() -> None:
    values = HEAVY + 0.004
    found = dict(summary(returns_of(values)).select("statistic", "value").iter_rows())
    error, sharpe = found["sharpe_error"], found["sharpe"]
    then = error * math.sqrt((len(values) - 1) / (found["least_sessions"] - 1))
    assert uncertainty.NORMAL.cdf(sharpe / then) == pytest.approx(0.95)


def test_an_interval_of_a_mean_holds_it_as_often_as_it_says() -> None:
    random = np.random.default_rng(6)
    for count in (60, 3_000):
        found = [
            interval_of_mean(random.exponential(1.0, count), resamples=300, seed=at) for at in range(200)
        ]
        held = [low <= 1.0 <= high for low, high in found]  # type: ignore[misc]
        assert 0.88 <= np.mean(held) <= 0.99, count


def test_of_many_values_the_interval_is_the_normal_one_and_near_the_bootstrap(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.random.default_rng(7).exponential(1.0, 3_000)
    found = interval_of_mean(values)
    half = 1.959964 * values.std(ddof=1) / math.sqrt(3_000)
    assert found == pytest.approx((values.mean() - half, values.mean() + half))
    monkeypatch.setattr(uncertainty, "FEW", 3_000)
    assert interval_of_mean(values) == pytest.approx(found, abs=half / 10)


def test_a_seed_gives_the_same_interval_and_another_another() -> None:
    found = [interval_of_mean(HEAVY, seed=seed) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]
    assert isinstance(interval_of_mean(HEAVY[:1]), Undefined)
    assert isinstance(found[0], Interval)
    assert found[0].low < HEAVY.mean() < found[0].high


def test_intervals_of_returns_are_quantiles_of_their_own_statistics() -> None:
    # Every resample as a series of its own, through the statistics of the summary.
    returns = returns_of(HEAVY, risk_free=0.02, target=0.0003)
    found = {
        name: (low, high)
        for name, low, high in return_intervals(returns, resamples=150, block=4, seed=9).rows()
    }
    random, drawn = np.random.default_rng(9), []
    for some in (100, 50):
        firsts = random.integers(len(HEAVY), size=(some, 30, 1))
        drawn.extend((firsts + np.arange(4)).reshape(some, -1)[:, : len(HEAVY)] % len(HEAVY))
    plain: dict[str, list[float]] = {name: [] for name in found}
    for sessions in drawn:
        rows = summary(returns_of(HEAVY[sessions], risk_free=0.02, target=0.0003))
        for name, value in rows.select("statistic", "value").iter_rows():
            if name in plain:
                plain[name].append(value)
    for name, ends in found.items():
        assert ends == pytest.approx(tuple(np.quantile(plain[name], (0.025, 0.975))), rel=1e-9), name


@pytest.mark.parametrize("values", [[], [0.1], [-1.5, 0.2, 0.1]])
def test_what_has_no_interval_has_none(values: list[float]) -> None:
    found = return_intervals(returns_of(values), resamples=20)
    assert found["low"].null_count() == found.height == found["high"].null_count()
    assert found.schema == uncertainty.RETURN_INTERVALS.schema


def test_what_no_resample_has_is_none() -> None:
    found = return_intervals(returns_of([0.0] * 5), resamples=20)
    ends = {name: (low, high) for name, low, high in found.rows()}
    assert ends["total_return"] == (0.0, 0.0)
    assert ends["sharpe"] == ends["sortino"] == ends["calmar"] == (None, None)
