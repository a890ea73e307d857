"""docs/pipelines.md names every setting, choice, state and command."""

from __future__ import annotations

import re

import pytest

from pipelines.__main__ import app
from pipelines.jobs import CatchUp, Channel, Does, Sessions, Whose
from pipelines.runs import State
from pipelines.schedule import Every
from tests.conftest import ROOT

PAGE = (ROOT / "docs" / "pipelines.md").read_text()
ASKED = re.compile(
    r'(?:\.(?:text|texts|strings|values|tables|number|whole|choice|sub)\(|_database\(\w+,)\s*"(\w+)"'
)
SETTINGS = sorted(set(ASKED.findall((ROOT / "pipelines" / "jobs_file.py").read_text())))


def missing(names: list[str], page: str) -> list[str]:
    """Names that a page does not have as code."""
    text = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    code = set(re.findall(r"[\w.-]+", " ".join(re.findall(r"`([^`]+)`", text))))
    return [name for name in names if name not in code]


def test_settings_are_found() -> None:
    assert len(SETTINGS) > 35
    assert {"delay_min", "keep_bytes", "password_env", "early_closes"} <= set(SETTINGS)


@pytest.mark.parametrize(
    "names",
    [
        SETTINGS,
        [*Does, *Whose, *Sessions, *CatchUp, *Channel, *Every],
        list(State),
        [command.name for command in app.registered_commands],
    ],
    ids=["settings", "choices", "states", "commands"],
)
def test_the_page_has_them_all(names: list[str]) -> None:
    assert missing(names, PAGE) == []


def test_what_a_page_lacks_is_found() -> None:
    assert missing(["keep_days", "keep_weeks"], PAGE) == ["keep_weeks"]
