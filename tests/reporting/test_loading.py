"""Account days: their totals, their cutting, and what is kept of them."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from workbench.analytics.equity import drawdowns
from workbench.analytics.stakes import summed_curve
from workbench.analytics.tables import EQUITY
from workbench.reporting import loading
from workbench.reporting.days import Days
from workbench.reporting.loading import load
from workbench.reporting.selection import select
from workbench.reporting.series import pnl_between, pnl_by_day, pnl_by_half_hour, thinned

TOLERANCE = 1e-6
"""Sums of doubles that are whole micros."""


def days(
    root: Path, session: str = "", account: str = "", class_id: str = "", first: str = "", last: str = ""
) -> Days:
    return load(select(session, account, class_id, first, last, root))


@pytest.mark.parametrize("session", ["tuesday", "both"])
def test_half_hours_days_instruments_and_accounts_add_up_to_the_profit(root: Path, session: str) -> None:
    found = days(root, session, class_id="all")
    net = sum(each.value("net_pnl") or 0.0 for each in found)
    assert net != 0
    assert found.curve["pnl"][-1] == pytest.approx(net, abs=TOLERANCE)
    assert pnl_by_half_hour(found)["pnl"].sum() == pytest.approx(net, abs=TOLERANCE)
    assert pnl_by_day(found)["pnl"].sum() == pytest.approx(net, abs=TOLERANCE)
    assert found.standings["net"].sum() == pytest.approx(net, abs=TOLERANCE)
    first, last = found.curve["time"][0], found.curve["time"][-1]
    assert pnl_between(found, first, last)["pnl"].sum() == pytest.approx(net, abs=TOLERANCE)


def test_what_instruments_made_adds_up_at_every_moment(root: Path) -> None:
    for each in days(root, "tuesday", class_id="all"):
        symbols = each.paths["symbol"].unique()
        together = sum(each.paths.filter(pl.col("symbol") == symbol)["pnl"] for symbol in symbols)
        assert (each.tables.curve["pnl"] - together).abs().max() < TOLERANCE


def test_a_class_is_those_who_sent_an_order(root: Path) -> None:
    assert days(root, "tuesday", class_id="all").names == ["ann", "bob", "mia"]
    assert not days(root, "tuesday", "eve").traded


def test_a_session_of_two_days_is_cut_at_midnight_of_its_exchange(root: Path) -> None:
    both = days(root, "both", "ann")
    assert both.dates == [date(2025, 3, 18), date(2025, 3, 19)]
    alone = days(root, "tuesday", "ann").days[0]
    first, second = both.days
    for name in ("net_pnl", "fees", "round_trips", "wins", "turnover", "max_drawdown", "markout_60s_bp"):
        assert first.value(name) == pytest.approx(alone.value(name)), name
    # A day begins with what the one before left, and its drawdown with its own start.
    assert second.tables.curve["equity"][0] == pytest.approx(first.tables.curve["equity"][-1])
    assert second.tables.curve["pnl"][0] == second.tables.curve["drawdown"][0] == 0
    assert [each.value("orders") for each in both] == [4, 4]
    assert days(root, "both", "ann", first="2025-03-19").dates == [date(2025, 3, 19)]


def test_a_range_of_sessions_is_of_what_was_at_stake_on_each_day(root: Path) -> None:
    found = days(root, account="ann", first="2025-03-18", last="2025-03-19")
    assert [each.session for each in found] == ["both", "tuesday", "both", "wednesday"]
    made = pnl_by_day(found)["pnl"].to_list()
    # Two sessions of 100,000 on each day; one of them goes on with what it had.
    carried = 100_000 + (found.days[0].value("net_pnl") or 0.0)
    stakes = [200_000, carried + 100_000]
    assert found.session_days["start"].to_list() == pytest.approx(stakes)
    assert pnl_by_day(found)["accounts"].to_list() == [1, 1]
    row = found.standings.row(0, named=True)
    assert row["start"] == 200_000
    assert row["net"] == pytest.approx(sum(made), abs=TOLERANCE)
    assert row["return"] == pytest.approx((1 + made[0] / stakes[0]) * (1 + made[1] / stakes[1]) - 1)
    assert found.summary.filter(pl.col("statistic") == "return")["value"][0] == row["return"]
    curve = found.curve
    assert curve["equity"][0] == pytest.approx(200_000)
    assert curve["equity"][-1] == pytest.approx(stakes[1] + made[1])
    assert curve["pnl"][-1] == pytest.approx(row["net"])
    assert found.together.orders["order_id"].is_unique().all()
    of_all = days(root, class_id="all", first="2025-03-18", last="2025-03-18").session_days
    assert of_all["start"].to_list() == [2_400_000]


def test_nothing_within_the_bounds_is_no_day(root: Path) -> None:
    found = days(root, "tuesday", "ann", first="2025-04-01")
    assert not found.days
    assert found.curve.is_empty()
    assert found.table("fills").is_empty()
    assert found.standings.is_empty()


def test_of_one_session_the_curve_together_is_its_own(root: Path) -> None:
    """The way of several, taken with one, gives the recorded curve; its days chained are all of it."""
    day = days(root, "tuesday", "ann").days[0]
    again, own = summed_curve([day.stake]), day.tables.curve.group_by("time", maintain_order=True).last()
    for name in EQUITY.names[2:]:
        assert (again[name] - own[name]).abs().max() < TOLERANCE, name
    columns = ("peak", "valley", "depth", "depth_share", "under_water_s")
    fell, own_fell = drawdowns(again, day.tables.end_ns), day.tables.drawdowns
    assert len(fell) > 0
    assert_frame_equal(fell.select(columns), own_fell.select(columns), check_exact=False)
    both = days(root, "both", "ann")
    assert both.total_return[0] == pytest.approx((both.curve["equity"][-1] - 100_000) / 100_000)
    peak = both.curve["equity"].cum_max()
    assert (both.curve["drawdown_share"] - (both.curve["equity"] - peak) / peak).abs().max() < 1e-12


def test_what_is_kept_is_what_was_folded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tests.reporting.conftest import HEAD, day, record

    record(tmp_path, "tuesday", day("2025-03-18", 103) + HEAD.format(title="Tuesday", date="2025-03-18"))
    folds: list[object] = []
    fold = loading._fold
    monkeypatch.setattr(loading, "_fold", lambda *given: folds.append(given) or fold(*given))
    first = days(tmp_path, "tuesday", "ann")
    again = days(tmp_path, "tuesday", "ann")
    assert len(folds) == 1
    for name in ("curve", "drawdowns", "round_trips", "fills", "orders", "sizes", "markout_curve"):
        assert_frame_equal(getattr(first.days[0].tables, name), getattr(again.days[0].tables, name))
    for name in ("markouts", "shortfall", "paths", "summary"):
        assert_frame_equal(getattr(first.days[0], name), getattr(again.days[0], name))
    assert first.sources == again.sources
    # A second account's report has everybody's computed, so the third one's is there.
    days(tmp_path, "tuesday", "bob")
    days(tmp_path, "tuesday", "mia")
    days(tmp_path, "tuesday", class_id="all")
    assert len(folds) == 2
    # What is damaged is made again.
    for path in (tmp_path / "cache").rglob("*.ipc"):
        path.write_bytes(b"no Arrow file")
    assert days(tmp_path, "tuesday", "ann").standings.equals(first.standings)
    assert len(folds) == 3


def test_a_thinned_curve_keeps_its_ends_and_extremes() -> None:
    pnl = [((7919 * place + 5_000) % 10_007) / 7 for place in range(10_000)]
    curve = pl.DataFrame({"time": range(10_000), "pnl": pnl})
    thin = thinned(curve, 400)
    assert len(thin) <= 400
    assert thin["time"].is_sorted()
    assert (thin["pnl"].min(), thin["pnl"].max()) == (min(pnl), max(pnl))
    assert (thin["time"][0], thin["time"][-1]) == (0, 9_999)
    assert thinned(curve[:300], 400).equals(curve[:300])
