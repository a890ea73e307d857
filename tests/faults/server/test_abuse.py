"""Abuse for a second each while others trade: the short form of `make serverfaults`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.server.abuse import ABUSES, campaign

pytestmark = pytest.mark.slow


def test_others_trade_on_while_peers_misbehave(tmp_path: Path) -> None:
    findings = asyncio.run(
        campaign(tmp_path, seconds=1.0, accounts=6, rate=30.0, patient=False, longest_ms=60_000.0)
    )
    assert [finding.name for finding in findings] == list(ABUSES)
    assert [sentence for finding in findings for sentence in finding.wrong] == []
    assert all(finding.answered for finding in findings)
