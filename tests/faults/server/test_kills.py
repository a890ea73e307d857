"""A few kills of a real server: the short form of `make serverfaults`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from tests.faults.server.kills import campaign
from tests.faults.server.market import RECORDED, SESSION
from workbench.domain.codes import STREET_ACCOUNT, CommandKind
from workbench.engine.exchange import Exchange
from workbench.session.scenario import read_scenario
from workbench.session.stored import open_session

pytestmark = pytest.mark.slow
HISTORY = [
    CommandKind.NEW_ORDER,
    CommandKind.CANCEL_ORDER,
    CommandKind.REPLACE_ORDER,
    CommandKind.EXECUTE_ORDER,
]


def test_nothing_answered_is_lost_when_a_server_is_killed(tmp_path: Path) -> None:
    outcome = asyncio.run(campaign(tmp_path, kills=3, accounts=9, rate=90.0, seed=2, longest_s=1.0))
    assert outcome.wrong == []
    assert outcome.counts["kills under load"] == 3
    assert outcome.counts["tracebacks in the log"] == 0
    assert min(outcome.counts[f"acknowledged by {face}"] for face in ("rest", "socket", "alpaca")) > 0
    assert outcome.counts["events rerun, identical"] > 0
    assert outcome.counts["connections of streams"] >= 9 * 4


def test_nor_when_history_is_replayed_and_people_trade_in_it(tmp_path: Path) -> None:
    outcome = asyncio.run(
        campaign(tmp_path, kills=3, accounts=6, rate=60.0, seed=5, longest_s=1.5, market=RECORDED)
    )
    assert outcome.wrong == []
    assert outcome.counts["tracebacks in the log"] == 0
    stored = open_session(SESSION, tmp_path / "data")
    commands, exchange = stored.commands(), Exchange(stored.venue)
    exchange.step(commands)
    scenario = read_scenario(tmp_path / f"{SESSION}.toml")
    assert scenario.history is not None
    history = scenario.history.commands
    told = commands[(commands["account"] == STREET_ACCOUNT) & np.isin(commands["kind"], HISTORY)]
    # History goes on after each kill where it was: none of it is missing and none comes twice.
    assert len(told) > 500
    for column in ("kind", "client_order_id", "price_ticks", "quantity_lots"):
        assert np.array_equal(told[column], history[column][: len(told)]), column
    positions = exchange.positions(STREET_ACCOUNT)
    assert positions[positions["instrument"] == 0]["position_lots"].any(), "nobody traded with history"
