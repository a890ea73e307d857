"""A few kills of a real server: the short form of `make serverfaults`."""

from __future__ import annotations

import asyncio
from pathlib import Path

from tests.faults.server.kills import campaign


def test_nothing_answered_is_lost_when_a_server_is_killed(tmp_path: Path) -> None:
    outcome = asyncio.run(campaign(tmp_path, kills=3, accounts=9, rate=90.0, seed=2, longest_s=1.0))
    assert outcome.wrong == []
    assert outcome.counts["kills under load"] == 3
    assert outcome.counts["tracebacks in the log"] == 0
    assert min(outcome.counts[f"acknowledged by {face}"] for face in ("rest", "socket", "alpaca")) > 0
    assert outcome.counts["events rerun, identical"] > 0
    assert outcome.counts["connections of streams"] >= 9 * 4
