"""Information coefficients by hand, against scipy, and without a look ahead."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.hand import times
from tests.analytics.installed import installed
from tests.tolerances import PARITY
from workbench.analytics.signals import (
    COEFFICIENTS,
    FORWARD_RETURNS,
    SIGNAL_PRICES,
    SIGNALS,
    Signals,
    forward_returns,
    signals_of,
)
from workbench.analytics.summary import summary
from workbench.errors import AnalyticsError

DAY_S = 86_400.0


def frames(
    seconds: list[float], signals: list[float | None], prices: list[float], symbol: str = "ACME"
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A signal and a price at each time."""
    at = {"time": times(list(seconds)), "symbol": [symbol] * len(seconds)}
    values = (pl.Series(each, dtype=pl.Float64) for each in (signals, prices))
    return SIGNALS.frame({**at, "signal": next(values)}), SIGNAL_PRICES.frame({**at, "price": next(values)})


def test_a_coefficient_by_hand() -> None:
    # Returns to the next: 0.1, -0.1, 0.2 and none; ranks 2, 1, 3 against 1, 2, 3.
    found = signals_of(*frames([0, 10, 20, 30], [-5, 0, 7, 99], [10, 11, 9.9, 11.88]), horizon_s=10)
    assert found.coefficients.schema == COEFFICIENTS.schema
    [row] = found.coefficients.iter_rows(named=True)
    assert (row["session"], row["signals"], row["pairs"], row["reason"]) == ("2025-03-18", 4, 3, None)
    assert row["ic"] == pytest.approx(0.5)
    assert row["error"] == pytest.approx(np.sqrt((1 - 0.25) / 1))


def test_returns_are_those_of_the_last_prices_known_then() -> None:
    signals, _ = frames([5, 12, 20, 25, DAY_S + 5], [1, 2, 3, None, 4], [1] * 5)
    _, prices = frames([6, 10, 10, 22, 29, DAY_S + 2, DAY_S + 9], [0] * 7, [10, 99, 20, 30, 40, 50, 60])
    found = forward_returns(signals, prices, horizon_s=10)
    assert found.schema == FORWARD_RETURNS.schema
    # Before any price; 20 (the last of its time) to 30; beyond the day's last price, and so the next day's.
    assert found["signal"].to_list() == [1, 2, 3, 4]
    assert found["forward"].to_list() == [None, pytest.approx(0.5), None, None]
    nearer = forward_returns(signals, prices, horizon_s=4)
    assert nearer["forward"].to_list() == [None, 0.0, pytest.approx(0.5), pytest.approx(0.2)]


def test_sessions_are_days_of_the_zone_and_instruments_are_ranked_together() -> None:
    # 13:30 and 00:10 UTC are one day in New York, and two in London.
    late = [0.0, 38_400.0]
    one = frames(late, [1, 2], [10, 11])
    two = frames(late, [3, 4], [10, 12], "ZEN")
    signals, prices = (pl.concat(pair) for pair in zip(one, two, strict=True))
    assert signals_of(signals, prices, 1, "America/New_York").coefficients["signals"].to_list() == [4]
    assert signals_of(signals, prices, 1, "Europe/London").coefficients["signals"].to_list() == [2, 2]
    found = forward_returns(signals, prices, 38_400, "America/New_York")
    assert found["forward"].drop_nulls().to_list() == pytest.approx([0.1, 0.2])


@pytest.mark.parametrize(
    ("signals", "prices", "reason"),
    [
        ([1, 2, 3], [10, 11, 12], "fewer than three signals have a forward return"),
        ([None, None, 2, 1, 5], [10, 11, 12, 13, 14], "fewer than three signals have a forward return"),
        ([7, 7, 7, 7, 1], [10, 11, 12, 11, 12], "all signals are equal"),
        ([1, 2, 3, 4], [10, 10, 10, 10], "all forward returns are equal"),
    ],
)
def test_what_is_not_defined_is_null_with_a_reason(
    signals: list[float | None], prices: list[float], reason: str
) -> None:
    seconds = [10.0 * at for at in range(len(prices))]
    found = signals_of(*frames(seconds, signals, prices), horizon_s=10)
    assert found.coefficients.select("ic", "error", "reason").rows() == [(None, None, reason)]
    said = summary(found)
    assert said.filter(pl.col("statistic") == "ic_sessions")["value"].to_list() == [0]
    assert said["value"].null_count() == said.height - 1 == said["reason"].drop_nulls().len()


def test_statistics_by_hand() -> None:
    coefficients = [0.1, 0.3, None, -0.1]
    rows = {name: [None] * 4 for name in COEFFICIENTS.names} | {"ic": coefficients}
    found = dict(summary(Signals(COEFFICIENTS.frame(rows), 60.0)).select("statistic", "value").iter_rows())
    assert found == {
        "ic_sessions": 3,
        "ic_mean": pytest.approx(0.1),
        "ic_deviation": pytest.approx(0.2),
        "ic_error": pytest.approx(0.2 / np.sqrt(3)),
        "ic_t": pytest.approx(np.sqrt(3) / 2),
        "ic_ratio": pytest.approx(0.5),
        "ic_positive": pytest.approx(2 / 3),
    }
    same = Signals(COEFFICIENTS.frame(rows | {"ic": [0.5, 0.5, None, None]}), 60.0)
    assert "the same" in summary(same).filter(pl.col("statistic") == "ic_t")["reason"][0]


few = st.integers(-3, 3).map(float)
pairs = st.lists(st.tuples(few, st.sampled_from([0.9, 1.0, 1.1])), min_size=4, max_size=40)


@given(rows=pairs)
def test_it_is_scipys_with_ties_and_its_error_gives_scipys_p_value(rows: list[tuple[float, float]]) -> None:
    stats = installed("scipy.stats")
    signals, steps = ([each[at] for each in rows] for at in (0, 1))
    prices = [100.0]
    for step in steps:
        prices.append(prices[-1] * step)
    seconds = [10.0 * at for at in range(len(prices))]
    found = signals_of(*frames(seconds, [*signals, 0.0], prices), horizon_s=10)
    [row] = found.coefficients.iter_rows(named=True)
    forward = np.array(prices[1:]) / np.array(prices[:-1]) - 1
    if row["reason"]:
        assert len(set(signals)) == 1 or len(set(forward)) == 1
        return
    oracle = stats.spearmanr(signals, forward)
    assert row["ic"] == pytest.approx(oracle.statistic, abs=PARITY)
    if abs(row["ic"]) < 1 - 1e-9:
        p_value = 2 * stats.t.sf(abs(row["ic"] / row["error"]), len(rows) - 2)
        assert p_value == pytest.approx(oracle.pvalue, abs=PARITY)


@given(rows=pairs, seed=st.integers(0, 9))
def test_neither_order_nor_scale_nor_a_later_price_changes_what_was(
    rows: list[tuple[float, float]], seed: int
) -> None:
    seconds = [10.0 * at for at in range(len(rows))]
    signals, prices = frames(seconds, [each[0] for each in rows], [100 * each[1] for each in rows])
    before = signals_of(signals, prices, 10).coefficients
    scaled = signals.with_columns(pl.col("signal").exp()), prices.with_columns(pl.col("price") * 4)
    mixed = [each.sample(fraction=1.0, shuffle=True, seed=seed) for each in scaled]
    assert signals_of(*mixed, 10).coefficients.equals(before)
    cut = forward_returns(signals, prices[:-1], 10)["forward"]
    whole = forward_returns(signals, prices, 10)["forward"]
    known = cut.is_not_null()
    assert cut.filter(known).equals(whole.filter(known))


def test_what_cannot_be_is_named() -> None:
    signals, prices = frames([0, 10], [1, 2], [10, 11])
    wrong: list[tuple[pl.DataFrame, pl.DataFrame, Any, str]] = [
        (signals.drop("signal"), prices, 10, "'signal' is missing"),
        (signals, prices.with_columns(pl.lit(0.0).alias("price")), 10, "price is not above 0"),
        (pl.concat([signals, signals]), prices, 10, "two signals at a time"),
        (signals.with_columns(pl.lit(float("nan")).alias("signal")), prices, 10, "signal is not finite"),
        (signals.with_columns(pl.lit(None, pl.String).alias("symbol")), prices, 10, "no time or no symbol"),
        (signals, prices.with_columns(pl.lit("x").alias("price")), 10, "cast the columns"),
        (signals, prices, 0, "has no end"),
        (signals, prices, float("inf"), "has no end"),
    ]
    for one, two, horizon_s, said in wrong:
        with pytest.raises(AnalyticsError, match=said):
            signals_of(one, two, horizon_s)
