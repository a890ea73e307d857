"""docs/cli.md and docs/csv.md name every command, option, column and quirk."""

import re

import pytest
import typer

from tests.conftest import ROOT
from workbench.cli import app
from workbench.feed.bars import COLUMNS as BAR_COLUMNS
from workbench.feed.ticks import COLUMNS, TICK_QUIRKS

CLI = (ROOT / "docs" / "cli.md").read_text()
CSV = (ROOT / "docs" / "csv.md").read_text()
COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]


def section(command: str) -> str:
    return re.split(r"^## ", CLI.split(f"\n## {command}\n", 1)[1], flags=re.MULTILINE)[0]


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_a_heading_and_an_example(command: str) -> None:
    assert f"\n## {command}\n" in CLI
    assert re.search(rf"```sh\nworkbench {command}\b", section(command))


def test_every_heading_is_a_command() -> None:
    assert set(re.findall(r"^## (\w+)$", CLI, re.MULTILINE)) == set(COMMANDS)


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_option_is_described_where_it_is_new(command: str) -> None:
    options = {
        option
        for parameter in COMMANDS[command].params
        for option in parameter.opts
        if option.startswith("--")
    }
    known = section(command) + (section("replay") if command == "book" else "")
    assert {option for option in options if option not in known} == set()


@pytest.mark.parametrize("column", COLUMNS, ids=lambda column: column.name)
def test_every_column_and_alias_is_listed(column: object) -> None:
    row = re.search(rf"^\| `{column.name}` \| .* \| (.*) \|$", CSV, re.MULTILINE)  # type: ignore[attr-defined]
    assert row is not None
    assert row[1].split(", ") == list(column.aliases)  # type: ignore[attr-defined]


def test_every_quirk_is_listed() -> None:
    assert all(f"| `{name}` |" in CSV for name in TICK_QUIRKS)


def test_columns_of_bars_are_listed() -> None:
    plain = [column.name for column in BAR_COLUMNS if not column.name.startswith(("bid_", "ask_"))]
    assert all(f"`{name}`" in CSV for name in plain)
