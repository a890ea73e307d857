"""docs/data.md describes every view and column exactly, and its examples run."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.journal.tiny_store import ABOUT, add_all
from workbench.domain.config import Account, Venue, venue_to_json
from workbench.domain.instruments import Instrument
from workbench.journal.catalog import VIEWS
from workbench.journal.columns import Table
from workbench.journal.seal import GRACE_SECONDS, SessionStore
from workbench.journal.tables import INTERVALS, TABLES
from workbench.journal.views import View

PAGE = (ROOT / "docs" / "data.md").read_text()
SECTIONS = dict(re.findall(r"^### (\w+)\n(.*?)(?=^### |\Z)", PAGE, re.MULTILINE | re.DOTALL))


def documented(section: str) -> list[tuple[str, ...]]:
    """Name, type, unit and meaning of each column that a section lists."""
    return re.findall(r"^\| `(\w+)` \| ([A-Z_]+) \| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)


def described(view: View) -> list[tuple[str, ...]]:
    return [(column.name, column.type, column.unit, column.about) for column in view.columns]


def test_the_page_has_every_view_and_no_other() -> None:
    assert list(SECTIONS) == list(VIEWS)


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_every_column_is_described_as_it_is(view: View) -> None:
    section = SECTIONS[view.name]
    assert documented(section) == described(view)
    assert len(re.findall(r"^\| `", section, re.MULTILINE)) == len(view.columns)
    assert f"\n{view.about}.\n" in section


def test_a_column_that_is_missing_or_of_another_type_is_noticed() -> None:
    section = SECTIONS["trades"]
    row = "| `seq` | BIGINT |"
    assert row in section
    for other in (
        section.replace(row, "| `sequence` | BIGINT |"),
        section.replace(row, "| `seq` | DOUBLE |"),
    ):
        assert documented(other) != described(VIEWS["trades"])
    assert (
        len(documented(re.sub(r"^\| `seq`.*\n", "", section, flags=re.MULTILINE)))
        == len(documented(section)) - 1
    )


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_every_table_has_its_folder_on_the_page(table: Table) -> None:
    layout = re.search(r"## Folders\n\n```\n(.*?)```", PAGE, re.DOTALL)
    assert layout is not None
    assert re.search(rf"\b{table.name}\b", layout[1])


def test_what_the_page_says_in_numbers() -> None:
    assert GRACE_SECONDS == 5 * 60
    assert "stays for five minutes" in PAGE
    assert "row groups of 122,880" in PAGE
    assert ", ".join(INTERVALS) in PAGE


def test_the_examples_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("WORKBENCH_DATA", raising=False)
    (tmp_path / "var").mkdir()
    venue = Venue(
        [Instrument("AAPL", "100", "200"), Instrument("BTC", "1", "5")], [Account("ann", 1), Account("bob")]
    )
    with SessionStore.create(tmp_path / "var", "monday", {**ABOUT, "venue": venue_to_json(venue)}) as store:
        add_all(store, 1, 20)
    codes = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(codes) == 3
    for code in codes:
        exec(code.replace("ACME", "BTC"), {})
    said = capsys.readouterr().out
    assert "monday" in said
    assert re.search(r"\b10 shape: \(3, 3\)", said)
    assert said.count("('open', 20,") == 3
