from __future__ import annotations

import math
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.series import SERIES
from workbench.analytics.drawdowns import DRAWDOWN_EPISODES, drawdown_episodes
from workbench.analytics.money_weighted import internal_rate
from workbench.analytics.registry import statistics_of
from workbench.analytics.returns import SESSION_DAYS, Returns, returns_of, returns_of_days
from workbench.analytics.statistic import Undefined
from workbench.analytics.summary import summary
from workbench.analytics.tables import SUMMARY
from workbench.errors import AnalyticsError

FIRST = date(2025, 3, 3)


def days(rows: list[tuple[float, float]]) -> pl.DataFrame:
    """Session days of these starts and ends, from `FIRST` on."""
    dates = [FIRST + timedelta(days=at) for at in range(len(rows))]
    starts, ends = [start for start, _ in rows], [end for _, end in rows]
    return SESSION_DAYS.frame({"date": dates, "start": starts, "equity": ends})


def values(subject: Returns | pl.DataFrame) -> dict[str, float | None]:
    found = summary(subject)
    assert found.schema == SUMMARY.schema
    assert (found["value"].is_null() == found["reason"].is_not_null()).all()
    return dict(found.select("statistic", "value").iter_rows())


def test_a_deposit_parts_what_skill_made_from_what_the_account_felt() -> None:
    # 100k gains a tenth, 100k more come, and then all of it loses a tenth.
    found = values(days([(100_000, 110_000), (210_000, 189_000)]))
    assert found["total_return"] == pytest.approx(-0.01)
    # 100 g² + 100 g = 189: a rate of -3.71 % a session.
    growth = (math.sqrt(100**2 + 4 * 100 * 189) - 100) / 200
    assert growth == pytest.approx(1 - 0.0371, abs=5e-5)
    assert found["money_weighted_return"] == pytest.approx(growth**2 - 1)
    assert found["modified_dietz"] == pytest.approx(-11_000 / 150_000)
    assert found["net_pnl"] == -11_000


def test_rates_of_flows_by_hand() -> None:
    assert internal_rate(np.array([100.0, -121.0])) == pytest.approx(0.21)
    assert internal_rate(np.array([100.0, 0.0, -121.0])) == pytest.approx(0.10)
    # 100 in, 230 out, 132 in: 10 % and 20 % both fit.
    assert isinstance(internal_rate(np.array([100.0, -230.0, 132.0])), Undefined)
    assert isinstance(internal_rate(np.array([100.0, 50.0])), Undefined)


def test_money_out_and_in_again_still_has_its_one_rate() -> None:
    # 100 make 10 %, 60 go, 50 make 10 %, 20 come, 75 make 10 %.
    found = internal_rate(np.array([100.0, -60.0, 20.0, -82.5]))
    assert found == pytest.approx(0.10)


def test_a_fall_and_its_recovery_by_hand() -> None:
    # 100 -> 110 -> 99 -> 88 -> 110 -> 121 -> 115
    path = [100.0, 110.0, 99.0, 88.0, 110.0, 121.0, 115.0]
    returns = returns_of_days(days(list(pairwise(path))))
    found = values(returns)
    assert found["max_drawdown_share"] == pytest.approx(-0.2)
    assert found["max_drawdown"] == -22.0
    assert found["average_drawdown"] == pytest.approx((-0.2 - 6 / 121) / 2)
    assert found["under_water"] == pytest.approx(3 / 6)
    assert found["longest_drawdown_sessions"] == 2
    assert found["longest_drawdown_days"] == 3
    assert found["ulcer"] == pytest.approx(math.sqrt((0.1**2 + 0.2**2 + (6 / 121) ** 2) / 6))
    assert found["recovery_factor"] == pytest.approx(15 / 22)
    first, second = drawdown_episodes(returns).iter_rows(named=True)
    assert [first[name] for name in ("peak_date", "valley_date", "recovery_date")] == [
        FIRST,
        FIRST + timedelta(days=2),
        FIRST + timedelta(days=3),
    ]
    assert (first["fall_sessions"], first["under_water_sessions"], first["under_water_days"]) == (2, 2, 3)
    assert second["recovery_date"] is None
    assert second["depth_share"] == pytest.approx(-6 / 121)


def test_a_loss_of_the_first_session_is_a_drawdown_from_the_capital() -> None:
    returns = returns_of([-0.013, 0.004])
    assert values(returns)["max_drawdown_share"] == pytest.approx(-0.013)
    row = drawdown_episodes(returns).row(0, named=True)
    assert (row["peak_date"], row["fall_sessions"], row["recovery_date"]) == (None, 1, None)


def test_flat_sessions_count() -> None:
    with_them, without = values(returns_of([0.01, 0.0, -0.005, 0.0])), values(returns_of([0.01, -0.005]))
    assert with_them["sessions"] == 4
    assert with_them["green_sessions"] == 0.25
    assert with_them["sharpe"] is not None
    assert without["sharpe"] is not None
    assert with_them["sharpe"] < without["sharpe"]


@pytest.mark.parametrize("about", SERIES)
def test_every_statistic_has_a_value_or_a_reason_on_awkward_series(about: str) -> None:
    values(SERIES[about].returns)
    assert drawdown_episodes(SERIES[about].returns).schema == DRAWDOWN_EPISODES.schema


def test_no_session_has_a_reason_for_everything_that_it_has_not() -> None:
    found = values(SESSION_DAYS.empty())
    assert {name for name, value in found.items() if value is not None} == {
        "sessions",
        "net_pnl",
        "max_drawdown",
    }


def test_an_account_that_owes_has_money_but_no_returns() -> None:
    found = summary(days([(100, -20), (-20, 10), (10, 30)]))
    known = dict(found.select("statistic", "value").iter_rows())
    assert (known["net_pnl"], known["max_drawdown"], known["total_return"]) == (-70, -120, None)
    reason = found.filter(pl.col("statistic") == "sharpe")["reason"][0]
    assert reason == "equity was not above 0 when 2025-03-04 began"
    assert drawdown_episodes(returns_of_days(days([(100, -20), (-20, 10)]))).is_empty()


def test_who_is_wiped_out_stays_so() -> None:
    found = values(days([(100, 0), (0, 0)]))
    assert (found["total_return"], found["max_drawdown_share"], found["cagr"]) == (-1.0, -1.0, None)


def test_so_much_in_one_session_is_no_number_a_year() -> None:
    found = summary(returns_of([30.0])).filter(pl.col("statistic") == "cagr")
    assert found["value"][0] is None
    assert "no number a year" in found["reason"][0]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: returns_of([0.1, math.nan]), "returns have no number at session 2 of 2"),
        (lambda: returns_of([0.1, math.inf]), "returns have no number at session 2 of 2"),
        (lambda: returns_of([[0.1]]), "they have 2 dimensions"),
        (lambda: returns_of([0.1], benchmark=[0.1, 0.2]), "the benchmark has 2 returns for 1 sessions"),
        (lambda: returns_of([0.1], dates=["2025-01-01", "2025-01-02"]), "2 dates for 1 sessions"),
        (lambda: returns_of([0.1, 0.2], dates=["2025-01-02"] * 2), "2025-01-02 does not follow 2025-01-02"),
        (lambda: returns_of_days(days([(1, 2)]).drop("start")), "have no column 'start'"),
        (
            lambda: returns_of_days(days([(1, 2)]).with_columns(equity=pl.lit(None, pl.Float64))),
            "equities at the end have no number at session 1 of 1",
        ),
    ],
)
def test_what_is_no_series_is_refused_in_a_sentence(make: object, said: str) -> None:
    with pytest.raises(AnalyticsError, match=said):
        make()  # type: ignore[operator]


def test_a_subject_without_statistics_is_refused() -> None:
    with pytest.raises(LookupError, match="there are no statistics of int: there are some of Returns"):
        summary(3)


_MOVES = st.lists(st.floats(-0.5, 0.8), min_size=1, max_size=40)
_FLOWS = st.lists(st.floats(-0.3, 3.0), min_size=40, max_size=40)
_UNITS = {each.name: each.unit for each in statistics_of(Returns)}


def _path(moves: list[float], flows: list[float]) -> list[tuple[float, float]]:
    """Starts and ends of an account that began with 1,000; flows are shares of what it had."""
    rows, equity = [], 1000.0
    for at, (move, flow) in enumerate(zip(moves, flows, strict=False)):
        start = equity * (1 + flow) if at else equity
        equity = start * (1 + move)
        rows.append((start, equity))
    return rows


@settings(max_examples=40, deadline=None)
@given(_MOVES, _FLOWS)
def test_dates_change_nothing_and_another_currency_money_alone(
    moves: list[float], flows: list[float]
) -> None:
    frame = days(_path(moves, flows))
    plain = values(frame)
    later = frame.with_columns(pl.col("date") + timedelta(days=4321))
    assert values(later) == plain
    dear = values(frame.with_columns(pl.col("start", "equity") * 1024.0))
    for name, value in plain.items():
        other = dear[name]
        if value is None or other is None:
            assert value is other, name
        else:
            # Money is rounded to the micro.
            scaled = value * 1024 if _UNITS[name] == "currency" else value
            assert other == pytest.approx(
                scaled, rel=1e-9, abs=1e-2 if _UNITS[name] == "currency" else 1e-9
            ), name


@settings(max_examples=40, deadline=None)
@given(_MOVES, _FLOWS)
def test_money_that_comes_or_goes_is_no_return(moves: list[float], flows: list[float]) -> None:
    with_flows = values(days(_path(moves, flows)))
    without = values(days(_path(moves, [0.0] * 40)))
    for name in ("total_return", "max_drawdown_share", "mean_return", "ulcer", "expected_shortfall"):
        assert with_flows[name] == pytest.approx(without[name], rel=1e-9, abs=1e-9), name
    assert without["money_weighted_return"] == pytest.approx(without["total_return"], rel=1e-6, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(_MOVES, _MOVES)
def test_returns_of_two_spans_compound_and_profits_add(first: list[float], second: list[float]) -> None:
    rows = _path(first + second, [0.0] * 80)
    whole, one, two = (values(days(each)) for each in (rows, rows[: len(first)], rows[len(first) :]))
    assert None not in (one["total_return"], two["total_return"], one["net_pnl"], two["net_pnl"])
    total = (1 + one["total_return"]) * (1 + two["total_return"]) - 1  # type: ignore[operator]
    assert whole["total_return"] == pytest.approx(total, rel=1e-9, abs=1e-12)
    assert whole["net_pnl"] == pytest.approx(one["net_pnl"] + two["net_pnl"], abs=1e-5)  # type: ignore[operator]
