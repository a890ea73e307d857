"""Sessions side by side and one after another, against numbers computed by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.hand import SIZES
from workbench.analytics.columns import TIME
from workbench.analytics.equity import drawdowns
from workbench.analytics.stakes import Stake, returns_of_stakes, staked_days, summed_curve
from workbench.analytics.statistic import AccountDay
from workbench.analytics.summary import summary
from workbench.analytics.tables import EQUITY, FILLS, MARKOUT_CURVE, ORDERS, ROUND_TRIPS

TUESDAY, WEDNESDAY = date(2025, 3, 18), date(2025, 3, 19)
MINUTE_NS = 60 * 10**9
EXACT = 1e-9


def stake(capital: float, profits: list[float], day: date = TUESDAY, minute: int = 0) -> Stake:
    """A session that begins `minute` minutes after the open, and what it has made from minute to minute."""
    began = datetime(day.year, day.month, day.day, 13, 30, tzinfo=UTC) + timedelta(minutes=minute)
    made = [0.0, *profits]
    columns = {name: [0.0] * len(made) for name in EQUITY.names} | {
        "time": pl.Series([began + timedelta(minutes=place) for place in range(len(made))]).cast(TIME),
        "equity": [capital + each for each in made],
        "cash": [capital + each for each in made],
        "pnl": made,
    }
    return Stake(day, EQUITY.frame(columns))


def lowest_share(stakes: list[Stake]) -> float:
    return float(summed_curve(stakes)["drawdown_share"].to_numpy().min())


def test_a_day_is_of_the_sum_of_what_was_at_stake_in_its_sessions() -> None:
    lessons = [stake(50_000, [-6.38]), stake(500_000, [71.98, -115.54])]
    returns = returns_of_stakes(lessons)
    assert staked_days(lessons).rows() == [(TUESDAY, 550_000.0, pytest.approx(549_878.08))]
    assert returns.values.tolist() == pytest.approx([-121.92 / 550_000])
    curve = summed_curve(lessons)
    assert curve["equity"].to_list() == pytest.approx([550_000, 550_065.60, 549_878.08])
    # From 65.60 to -121.92 in money; of the summed peak.
    assert curve["drawdown"].to_list() == pytest.approx([0, 0, -187.52])
    assert curve["drawdown_share"].to_list() == pytest.approx([0, 0, -187.52 / 550_065.60], rel=1e-6)
    fell = drawdowns(curve, 0)
    assert fell["depth"].to_list() == pytest.approx([-187.52])
    assert fell["depth_share"].to_list() == pytest.approx([-187.52 / 550_065.60], rel=1e-6)


def test_days_are_chained_each_of_its_own_stake() -> None:
    # A tenth of 1,000 on the one day, a hundredth of 100,000 on the other.
    both = [stake(1_000, [-100]), stake(100_000, [500, -1_000], WEDNESDAY)]
    assert returns_of_stakes(both).wealth.tolist() == pytest.approx([1, 0.9, 0.891])
    curve = summed_curve(both)
    assert curve["equity"].to_list() == [1_000, 900, 100_000, 100_500, 99_000]
    assert curve["wealth"].to_list() == pytest.approx([1, 0.9, 0.9, 0.9045, 0.891])
    assert curve["drawdown_share"].to_list() == pytest.approx([0, -0.1, -0.1, -0.0955, -0.109])
    # Money was at a new peak with 400, and fell 1,500 from there: of wealth 0.9045 to 0.891.
    assert curve["drawdown"].to_list() == [0, -100, -100, 0, -1_500]
    fell = drawdowns(curve, 0)
    assert fell["depth"].to_list() == [-100, -1_500]
    assert fell["depth_share"].to_list() == pytest.approx([-0.1, 0.891 / 0.9045 - 1])


def test_what_lost_everything_has_no_shares_afterwards() -> None:
    curve = summed_curve([stake(100, [-150]), stake(100, [10], WEDNESDAY)])
    assert curve["drawdown_share"].to_list() == [0, -1.5, None, None]
    assert curve["drawdown"].to_list() == [0, -150, -150, -140]
    begun_with_nothing = summed_curve([stake(0, [5]), stake(100, [10], WEDNESDAY)])
    assert begun_with_nothing["drawdown_share"].null_count() == 4
    assert summed_curve([stake(0, [0]), stake(100, [-10], WEDNESDAY)])["drawdown_share"].to_list() == [
        *(0, 0, 0),
        pytest.approx(-0.1),
    ]
    assert summed_curve([]).is_empty()


PROFITS = st.lists(st.integers(-40_000, 40_000).map(lambda cents: cents / 100), min_size=1, max_size=5)
SESSIONS = st.lists(
    st.tuples(st.integers(1_000, 500_000), PROFITS, st.sampled_from([TUESDAY, WEDNESDAY]), st.integers(0, 3)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given(sessions=SESSIONS, times=st.sampled_from([2, 8, 1_000]))
def test_identities(sessions: list[tuple[int, list[float], date, int]], times: int) -> None:
    several = [stake(*each) for each in sessions]
    curve, returns = summed_curve(several), returns_of_stakes(several)
    # Money adds up, and shares at the end of days are those of the returns.
    assert curve["pnl"][-1] == pytest.approx(sum(each[1][-1] for each in sessions), abs=EXACT)
    assert curve["wealth"][-1] == pytest.approx(returns.wealth[-1], rel=EXACT)
    assert lowest_share(several) <= returns.drawdown.min() + EXACT
    assert (curve["drawdown"] <= 0).all()
    assert (drawdowns(curve, 0)["depth_share"].fill_null(-1) <= 0).all()
    # As many times the capital with as many times the profit is the same share.
    scaled = [
        stake(capital * times, [each * times for each in made], day, at)
        for capital, made, day, at in sessions
    ]
    assert lowest_share(scaled) == pytest.approx(lowest_share(several), abs=EXACT)
    assert returns_of_stakes(scaled).values.tolist() == pytest.approx(returns.values.tolist(), abs=EXACT)
    # One alone is what it was: of its own peak.
    alone = several[0]
    equity = alone.curve["equity"]
    assert lowest_share([alone]) == pytest.approx((equity / equity.cum_max() - 1).to_numpy().min(), abs=EXACT)
    # One beside itself has twice the money and the same shares.
    assert lowest_share([alone, alone]) == pytest.approx(lowest_share([alone]), abs=EXACT)
    assert summed_curve([alone, alone])["drawdown"].to_list() == pytest.approx(
        [2 * each for each in summed_curve([alone])["drawdown"]], abs=1e-5
    )


def test_time_under_water_counts_once_and_only_while_there_was_a_session() -> None:
    # Two overlap for two of the four minutes of Tuesday; Wednesday has two more, and nothing is between.
    lessons = [
        stake(1_000, [5, -5, -5]),
        stake(1_000, [5, -5, -5], minute=1),
        stake(1_000, [-10, -10], WEDNESDAY),
    ]
    curve = summed_curve(lessons)
    spans = tuple(
        (int(each.curve["time"].cast(pl.Int64)[0]), int(each.curve["time"].cast(pl.Int64)[-1]))
        for each in lessons
    )
    day = AccountDay(
        curve=curve,
        drawdowns=drawdowns(curve, spans[-1][1]),
        round_trips=ROUND_TRIPS.empty(),
        fills=FILLS.empty(),
        orders=ORDERS.empty(),
        markout_curve=MARKOUT_CURVE.empty(),
        sizes=SIZES,
        start_ns=spans[0][0],
        end_ns=spans[-1][1],
        sessions=spans,
    )
    assert [(end - begin) / MINUTE_NS for begin, end in day.spans] == [4, 2]
    # From the peak after one minute until the end.
    assert curve["pnl"].to_list() == [0, 5, 0, -10, -10, -10, -20, -20]
    found = dict(summary(day).select("statistic", "value").iter_rows())
    assert found["under_water"] == pytest.approx(5 / 6)
