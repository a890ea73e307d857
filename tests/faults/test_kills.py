"""Processes that are killed while they write lose nothing that they acknowledged."""

from pathlib import Path

import pytest

from tests.faults import kills
from tests.faults.kills import REPORT, LossError, Run, take_in


def test_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    counts = kills.campaign(12, 1, tmp_path)
    assert counts["kills"] == 12
    assert counts["syncs"] > 0
    assert counts["state hashes equal"] > 0


def test_a_loss_is_seen(tmp_path: Path) -> None:
    run = Run(tmp_path / "journal", 1)
    with pytest.raises(LossError, match="other commands"):
        take_in(run, REPORT.pack(b"A", 1, 10))
    take_in(run, REPORT.pack(b"A", run.digest(10), 10))
    assert run.acked == 10
    with pytest.raises(LossError, match="opened with 7 commands, and 0 were"):
        take_in(run, REPORT.pack(b"O", 0, 7))
    with pytest.raises(LossError, match="the writer failed: no room"):
        take_in(run, REPORT.pack(b"F", 0, 0) + b"no room")
