"""Statistics of trades by hand, and what must not change them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.hand import times
from workbench.analytics.summary import summary
from workbench.analytics.trades import TRADE_ROWS, Trades
from workbench.analytics.trades_runs import after_two_losses, longest, runs_z
from workbench.analytics.trades_statistics import STATISTICS
from workbench.errors import ConfigError

DAY_S = 86_400.0


def trades(nets: list[float], zone: str = "UTC", **columns: Any) -> Trades:
    """Trades one after the other, each of 10 s and 20 s after the last, with a fee of 1 each."""
    count = len(nets)
    words = ["win" if net > 0 else "loss" if net < 0 else "scratch" for net in nets]
    given_columns = {
        "number": list(range(1, count + 1)),
        "symbol": ["ACME"] * count,
        "side": ["BUY"] * count,
        "result": words,
        "opened": times([20.0 * each for each in range(count)]),
        "closed": times([20.0 * each + 10 for each in range(count)]),
        "closed_seq": list(range(1, count + 1)),
        "held_s": [10.0] * count,
        "quantity": [100.0] * count,
        "gross": [net + 1 for net in nets],
        "fees": [1.0] * count,
        "net": [float(net) for net in nets],
    } | columns
    strings = {"symbol": pl.String, "side": pl.String, "result": pl.String}
    return Trades.of(pl.DataFrame(given_columns, schema_overrides=strings), zone)


def values(subject: Trades) -> dict[str, Any]:
    found = summary(subject)
    assert (found["value"].is_null() == found["reason"].is_not_null()).all()
    return dict(found.select("statistic", "value").iter_rows())


def test_trades_by_hand() -> None:
    found = values(trades([30, 0, -10, 10, -5, -5, 20]))
    assert [found[name] for name in ("trades", "wins", "losses", "scratches", "open_trades")] == [
        7,
        3,
        3,
        1,
        0,
    ]
    assert (found["net_pnl"], found["gross_pnl"]) == (40, 47)
    assert found["win_rate"] == 0.5
    assert found["win_rate_error"] == pytest.approx(math.sqrt(0.25 / 6))
    assert found["profit_factor"] == 3
    # Gross: wins 31, 1, 11, 21 and losses 9, 4, 4.
    assert found["gross_profit_factor"] == pytest.approx(64 / 17)
    assert (found["average_win"], found["average_loss"]) == (20, pytest.approx(-20 / 3))
    assert found["payoff"] == pytest.approx(3)
    assert (found["best"], found["worst"]) == (30, -10)
    assert found["expectancy"] == pytest.approx(40 / 7)
    assert found["expectancy_unit"] == pytest.approx(40 / 700)
    assert found["expectancy_hour"] == pytest.approx(40 / (70 / 3600))
    assert found["kelly"] == pytest.approx(0.5 - 0.5 / 3)
    assert found["half_kelly"] == pytest.approx((0.5 - 0.5 / 3) / 2)
    # Deviations of wins 10 and of losses 5/√3: (4/3)² x 1/24 + (1/6)² (100/1200 + (25/3)/(3 x 400/9)).
    share = (4 / 3) ** 2 / 24 + (1 / 6) ** 2 * (100 / 3 / 400 + (25 / 3) / 3 / (400 / 9))
    assert found["kelly_error"] == pytest.approx(math.sqrt(share))
    assert (found["longest_wins"], found["longest_losses"]) == (1, 2)
    assert (found["trading_days"], found["trades_per_day"], found["green_days"]) == (1, 7, 1)
    assert found["best_day_share"] == 1
    # The last one began after two losses.
    assert found["after_two_losses_pnl"] == 20
    assert found["expectancy_r"] is None
    assert found["first_hour_pnl"] is None


def test_multiples_of_the_initial_risk_by_hand() -> None:
    found = values(trades([30, -10, 10, 10], risk=[10.0, 10.0, 10.0, None], mfe=[40.0, 5.0, 10.0, 99.0]))
    assert found["expectancy_r"] == pytest.approx(1)
    # R multiples 3, -1 and 1 deviate by 2.
    assert found["sqn"] == pytest.approx(math.sqrt(3) * 1 / 2)
    assert found["average_mfe_r"] == pytest.approx(5.5 / 3)
    assert (found["mfe_losses_r"], found["average_mae_r"], found["mae_wins_r"]) == (0.5, None, None)
    # MFE 4, 0.5 and 1: a target of 4 is reached by one of three, which brings most.
    assert (found["best_target_r"], found["best_target_brings_r"]) == (4, pytest.approx(4 / 3))


def test_excursions_in_multiples_of_the_initial_risk_by_hand() -> None:
    found = values(
        trades(
            [30, -10, 10, 10],
            risk=[10.0, 5.0, 20.0, None],
            mae=[-5.0, -10.0, -2.0, -99.0],
            mfe=[40.0, 1.0, 10.0, 99.0],
        )
    )
    assert found["average_mae_r"] == pytest.approx(-(0.5 + 2 + 0.1) / 3)
    assert found["average_mfe_r"] == pytest.approx((4 + 0.2 + 0.5) / 3)
    assert (found["mae_wins_r"], found["mfe_losses_r"]) == (pytest.approx(-0.3), pytest.approx(0.2))


def test_at_most_a_hundred_trades_make_the_quality_number() -> None:
    two_hundred = values(trades([20, -10] * 100, risk=[10.0] * 200))
    assert two_hundred["sqn"] == pytest.approx(10 * 0.5 / np.std([2, -1] * 100, ddof=1))


def test_means_and_medians_of_what_is_known_beside() -> None:
    found = values(
        trades(
            [5, -5, 5],
            mae=[-1.0, -9.0, -2.0],
            mfe=[6.0, 1.0, 8.0],
            give_back=[0.0, 6.0, 2.0],
            capture=[0.5, None, 0.7],
            entry_efficiency=[0.2, 0.4, 0.9],
            exit_efficiency=[0.1, None, None],
            edge_up=[2.0, 1.0, None],
            edge_down=[1.0, 0.5, None],
            since_open_s=[10.0, 3599.0, 3600.0],
            held_s=[1.0, 7.0, 3.0],
        )
    )
    assert found["average_mae"] == pytest.approx(-4)
    assert found["average_mfe"] == pytest.approx(5)
    assert found["give_back"] == pytest.approx(8 / 3)
    assert found["capture"] == pytest.approx(0.6)
    assert (found["entry_efficiency"], found["exit_efficiency"]) == (0.4, 0.1)
    assert found["edge_ratio"] == 2
    assert found["first_hour_pnl"] == 0
    assert (found["held_wins_s"], found["held_losses_s"]) == (2, 7)


def test_days_are_those_of_the_zone() -> None:
    # 13:30 UTC; 14 h later it is the next day in London and still the same one in New York.
    later: Any = {"opened": times([0.0, 14 * 3600.0]), "closed": times([10.0, 14 * 3600.0 + 10])}
    assert values(trades([10, -5], "Europe/London", **later))["trading_days"] == 2
    found = values(trades([10, -5], "America/New_York", **later))
    assert (found["trading_days"], found["best_day_share"]) == (1, 1)


def test_two_losses_count_on_their_day_and_before_the_trade_began_alone() -> None:
    nets = [-1.0, -1.0, 7.0]
    assert after_two_losses(trades(nets)).tolist() == [7.0]
    early: Any = {"opened": times([0.0, 20.0, 25.0]), "closed": times([10.0, 30.0, 50.0])}
    assert after_two_losses(trades(nets, **early)).tolist() == []
    next_day: Any = {"opened": times([0.0, 20.0, DAY_S]), "closed": times([10.0, 30.0, DAY_S + 10])}
    assert after_two_losses(trades(nets, **next_day)).tolist() == []


def test_a_trade_of_no_time_was_not_before_itself() -> None:
    at_once: Any = {"opened": times([0.0, 20.0]), "closed": times([10.0, 20.0])}
    assert after_two_losses(trades([-1.0, -7.0], **at_once)).tolist() == []


def test_runs_by_hand() -> None:
    # Four runs of 3 wins and 3 losses: expected 4, variance 3 x 2 / 5.
    assert runs_z(np.array([True, True, False, True, False, False])) == 0
    assert runs_z(np.array([True] * 3 + [False] * 3)) == pytest.approx(-2 / math.sqrt(6 / 5))
    assert longest(np.array([], dtype=bool)) == 0
    assert longest(np.array([False, True, True, False, True])) == 2


@pytest.mark.parametrize(
    ("nets", "undefined"),
    [
        (
            [],
            {
                "win_rate",
                "expectancy",
                "profit_factor",
                "payoff",
                "kelly",
                "best",
                "green_days",
                "held_wins_s",
            },
        ),
        ([5, 5, 5], {"profit_factor", "payoff", "kelly", "average_loss", "runs_z", "held_losses_s"}),
        ([-5, -5], {"payoff", "kelly", "average_win", "runs_z", "best_day_share"}),
        ([0, 0], {"win_rate", "win_rate_error", "profit_factor", "kelly", "best_day_share"}),
    ],
)
def test_what_is_not_defined_is_null_with_a_reason(nets: list[float], undefined: set[str]) -> None:
    found = values(trades(nets))
    assert {name for name in undefined if found[name] is not None} == set()


def test_all_losses_have_a_profit_factor_of_nothing() -> None:
    assert values(trades([-5, -5]))["profit_factor"] == 0


def test_an_open_trade_counts_nowhere_else() -> None:
    closed = trades([10, -5])
    still = trades([10, -5, 99], result=["win", "loss", "open"])
    without = {"open_trades"}
    one, two = values(closed), values(still)
    assert {name for name in one if one[name] != two[name]} == without


money = st.lists(st.integers(-500, 500), min_size=1, max_size=40)
_IN_MONEY = {each.name for each in STATISTICS if each.unit == "currency"}


@given(nets=money, factor=st.sampled_from([0.5, 4.0]))
def test_another_currency_scales_money_and_nothing_else(nets: list[float], factor: float) -> None:
    one = trades(nets, risk=[10.0] * len(nets), mfe=[5.0] * len(nets))
    scaled = one.rows.with_columns(pl.col("net", "gross", "fees", "risk", "mfe") * factor)
    before, after = values(one), values(Trades(scaled))
    for name, value in before.items():
        by = factor if name in _IN_MONEY and value is not None else 1
        assert after[name] == (None if value is None else pytest.approx(value * by, rel=1e-9, abs=1e-6)), name


@given(nets=money, seed=st.integers(0, 9), weeks=st.integers(-9, 9))
def test_neither_the_order_of_rows_nor_another_week_changes_anything(
    nets: list[float], seed: int, weeks: int
) -> None:
    one = trades(nets)
    mixed = one.rows.sample(fraction=1.0, shuffle=True, seed=seed)
    shifted = mixed.with_columns(pl.col("opened", "closed") + pl.duration(weeks=weeks))
    assert values(Trades(shifted)) == pytest.approx(values(one))


def test_rows_are_those_of_the_table_and_what_is_needed_is_named() -> None:
    one = trades([1.0])
    assert one.rows.schema == TRADE_ROWS.schema
    with pytest.raises(ConfigError, match="'net' is missing"):
        Trades.of(one.rows.drop("net"))
    both = Trades.together([one, trades([2.0, -3.0])])
    assert values(both)["net_pnl"] == 0
