"""Everything the OpenAPI names, asked in ways nobody thought of: never a failure, always as documented."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.api.fuzz import FUZZED, campaign
from tests.api.served import serving


@pytest.mark.parametrize("caller", FUZZED)
def test_every_operation_answers_as_it_says(caller: str, tmp_path: Path) -> None:
    with serving(tmp_path / "data") as served:
        outcome = campaign(served, caller, examples=3)
    assert "\n".join(map(str, outcome.findings)) == ""
    assert outcome.requests > 300
    assert 200 in outcome.statuses
    assert 422 in outcome.statuses
