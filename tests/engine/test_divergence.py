"""How far our own trading has moved the market from history."""

from pathlib import Path

import pytest

import workbench as wb
from tests.tiny_market import write_mbo
from workbench.engine.replay import Replay


@pytest.fixture
def market(tmp_path: Path) -> Replay:
    return wb.replay(write_mbo(tmp_path)).run_until("09:45")


def numbers(market: Replay) -> dict[str, object]:
    return market.divergence.row(0, named=True)


def test_without_us_there_is_none(market: Replay) -> None:
    assert numbers(market) == {"symbol": "TINY", "orders": 0, "lots": 0, "mid_ticks": 0.0, "depth_lots": 0}
    market.run()
    assert numbers(market) == {"symbol": "TINY", "orders": 0, "lots": 0, "mid_ticks": 0.0, "depth_lots": 0}


def test_what_we_took_is_missing_at_once_and_missed_by_history_later(market: Replay) -> None:
    market.buy(100)
    now = numbers(market)
    # The offer at 10.02 is gone: the middle is half a tick up, and 100 lots stand in history's book alone.
    assert (now["orders"], now["lots"], now["mid_ticks"], now["depth_lots"]) == (0, 0, 0.5, 100)
    market.run_until("10:15")
    later = numbers(market)
    # History buys 40 of the offer that we took.
    assert (later["orders"], later["lots"]) == (1, 40)


def test_our_own_order_is_a_difference_in_depth(market: Replay) -> None:
    market.buy(30, limit="10.01")
    now = numbers(market)
    assert (now["lots"], now["mid_ticks"], now["depth_lots"]) == (0, 0.5, 30)


def test_an_empty_side_has_no_middle(market: Replay) -> None:
    market.buy(400)
    assert numbers(market)["mid_ticks"] is None


def test_looking_changes_nothing_and_can_begin_at_any_time(tmp_path: Path) -> None:
    seen = wb.replay(write_mbo(tmp_path))
    for clock in ("09:45", "10:15", "11:30"):
        seen.run_until(clock)
        assert numbers(seen)["depth_lots"] == 0
    unseen = wb.replay(tmp_path / "tiny.mbo.csv")
    for clock in ("09:45", "10:15", "11:30"):
        unseen.run_until(clock)
    assert seen.exchange.state_hash() == unseen.exchange.state_hash()


def test_frozen_history_never_diverges(tmp_path: Path) -> None:
    market = wb.replay(write_mbo(tmp_path), mode="frozen").run_until("09:45")
    market.buy(100)
    market.run()
    assert numbers(market) == {
        "symbol": "TINY",
        "orders": 0,
        "lots": 0,
        "mid_ticks": None,
        "depth_lots": 0,
    } | {"mid_ticks": 0.0}
