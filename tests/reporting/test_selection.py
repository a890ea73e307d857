"""What a report is about, and what does not exist."""

from datetime import date
from pathlib import Path

import pytest

from workbench.errors import ReportError
from workbench.reporting.selection import class_meant, select


def test_a_range_is_of_all_sessions_that_have_the_account(root: Path) -> None:
    found = select("", "ann", "", "2025-03-19", "", root)
    assert [each.stored.name for each in found.sessions] == ["both", "wednesday"]
    found = select("", "ann", "", "", "2025-03-18", root)
    assert [each.stored.name for each in found.sessions] == ["both", "tuesday"]
    assert found.has(date(2025, 3, 18))
    assert not found.has(date(2025, 3, 19))


@pytest.mark.parametrize("name", ["tuesday (copy)", "notes"])
def test_what_is_no_session_stops_no_report_of_days(root: Path, name: str) -> None:
    stray = root / "sessions" / name
    stray.mkdir()
    try:
        found = select("", "ann", "", "", "2025-03-18", root)
        assert class_meant("c1", "", root) == "c1"
    finally:
        stray.rmdir()
    assert [each.stored.name for each in found.sessions] == ["both", "tuesday"]


@pytest.mark.parametrize(
    ("given", "kind", "words"),
    [
        (("tusday", "ann", "", "", ""), "unknown", "there is no session 'tusday'; did you mean tuesday"),
        (("tuesday", "anna", "", "", ""), "unknown", "there is no account 'anna'; did you mean ann"),
        (("tuesday", "", "c1", "", ""), "unknown", "is for no class 'c1'"),
        (("", "", "c1", "2025-03-18", ""), "unknown", "no session is for class 'c1'"),
        (("tuesday", "", "", "", ""), "parameters", "neither is given"),
        (("tuesday", "ann", "all", "", ""), "parameters", "both are given"),
        (("", "ann", "", "", ""), "parameters", "neither a session nor a day"),
        (("", "ann", "", "2025-03-19", "2025-03-18"), "parameters", "2025-03-18 is before 2025-03-19"),
    ],
)
def test_what_does_not_exist_is_named(
    root: Path, given: tuple[str, str, str, str, str], kind: str, words: str
) -> None:
    with pytest.raises(ReportError, match=words) as refused:
        select(*given, root)
    assert refused.value.kind == kind
