from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.hand import times
from tests.analytics.test_trades import trades
from workbench.analytics.breakdowns import BREAKDOWN, DIMENSIONS, breakdown, breakdowns
from workbench.analytics.trades import Trades
from workbench.errors import ConfigError


def groups(subject: Trades, by: str) -> list[tuple[str | None, int, float]]:
    """Group, trades and net PnL."""
    found = breakdown(subject, by)
    assert found.schema == BREAKDOWN.schema
    assert set(found["by"]) <= {by}
    return found.select("group", "trades", "net").rows()


def test_groups_by_hand() -> None:
    subject = trades(
        [10, -5, 0, 7],
        symbol=["ZEN", "ACME", "ACME", "ZEN"],
        tag=["mm", None, "mm", "mr"],
        held_s=[0.5, 1.0, 59.0, 7200.0],
        quantity=[1.0, 2.0, 3.0, 4.0],
    )
    assert groups(subject, "symbol") == [("ACME", 2, -5.0), ("ZEN", 2, 17.0)]
    assert groups(subject, "tag") == [("mm", 2, 10.0), ("mr", 1, 7.0), (None, 1, -5.0)]
    assert groups(subject, "hold") == [
        ("under 1 s", 1, 10.0),
        ("1 s to 10 s", 1, -5.0),
        ("10 s to 1 min", 1, 0.0),
        ("2 h and more", 1, 7.0),
    ]
    assert groups(subject, "size") == [
        ("to 1.75", 1, 10.0),
        ("1.75 to 2.5", 1, -5.0),
        ("2.5 to 3.25", 1, 0.0),
        ("over 3.25", 1, 7.0),
    ]
    row = breakdown(subject, "symbol").row(0, named=True)
    assert (row["wins"], row["losses"], row["win_rate"], row["fees"], row["mean"]) == (0, 1, 0.0, 2.0, -2.5)


def test_times_are_those_of_the_market() -> None:
    # 13:30 UTC on a Tuesday in March, and 12 h later.
    when: Any = {"opened": times([0.0, 12 * 3600.0]), "closed": times([10.0, 12 * 3600.0 + 10])}
    in_new_york = trades([10, -5], "America/New_York", **when)
    assert groups(in_new_york, "half_hour") == [("09:30", 1, 10.0), ("21:30", 1, -5.0)]
    assert groups(in_new_york, "weekday") == [("Tuesday", 2, 5.0)]
    assert groups(in_new_york, "day") == [("2025-03-18", 2, 5.0)]
    in_tokyo = trades([10, -5], "Asia/Tokyo", **when)
    assert groups(in_tokyo, "weekday") == [("Tuesday", 1, 10.0), ("Wednesday", 1, -5.0)]


def test_groups_of_r_multiples_begin_at_their_edge() -> None:
    subject = trades([-30, -20, -19, 0, 9, 10, 30, 5], risk=[10.0] * 7 + [None])
    assert groups(subject, "r") == [
        ("under −2 R", 1, -30.0),
        ("−2 R to −1 R", 2, -39.0),
        ("0 R to 1 R", 2, 9.0),
        ("1 R to 2 R", 1, 10.0),
        ("3 R and more", 1, 30.0),
        (None, 1, 5.0),
    ]


def test_trades_of_one_size_are_one_group() -> None:
    assert groups(trades([1, 2, 3]), "size") == [("to 100", 3, 6.0)]


def test_means_have_an_interval_that_a_seed_repeats() -> None:
    subject = trades([10.3, -5.1, 3.7, 8.9, 1.2, -2], symbol=["ACME"] * 5 + ["ZEN"])
    one, again, other = (breakdown(subject, "symbol", seed=seed) for seed in (1, 1, 2))
    assert one.equals(again)
    assert one.select("mean_low", "mean_high").row(0) != other.select("mean_low", "mean_high").row(0)
    acme, zen = one.iter_rows(named=True)
    assert acme["mean_low"] < acme["mean"] < acme["mean_high"]
    assert (zen["mean_low"], zen["mean_high"]) == (None, None)
    narrow = breakdown(subject, "symbol", seed=1, level=0.5).row(0, named=True)
    assert acme["mean_low"] < narrow["mean_low"] < narrow["mean_high"] < acme["mean_high"]


@given(
    nets=st.lists(st.integers(-50, 50), max_size=20),
    sizes=st.lists(st.integers(1, 9), min_size=20, max_size=20),
    seed=st.integers(0, 9),
)
def test_every_trade_is_in_one_group_of_each_thing(nets: list[float], sizes: list[int], seed: int) -> None:
    count = len(nets)
    subject = trades(
        nets, quantity=[float(size) for size in sizes[:count]], held_s=[7.0**size for size in sizes[:count]]
    )
    found = breakdowns(subject)
    for by in DIMENSIONS:
        part = found.filter(pl.col("by") == by)
        assert (part["trades"].sum(), round(part["net"].sum(), 6)) == (count, sum(nets))
    mixed = Trades(subject.rows.sample(fraction=1.0, shuffle=True, seed=seed))
    assert breakdowns(mixed).equals(found)


def test_nothing_else_can_be_asked_for() -> None:
    with pytest.raises(ConfigError, match="cannot be grouped by 'mood'"):
        breakdown(trades([1]), "mood")
