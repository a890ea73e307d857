"""docs/sessions.md keeps its word: its example gives the numbers that it shows."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tests.conftest import ROOT
from workbench.cli import app

PAGE = (ROOT / "docs" / "sessions.md").read_text()
MORNING = ROOT / "data" / "scenarios" / "history.toml"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data")
    result = CliRunner().invoke(app, ["run", str(MORNING), "--session", "morning", "--data", str(root)])
    assert result.exit_code == 0, result.stderr
    return root


def shown(command: str) -> list[str]:
    """What the page shows of a command's output, without what it leaves out."""
    block = re.search(rf"```text\n\$ {re.escape(command)}\n(.*?)```", PAGE, re.DOTALL)
    assert block is not None
    return [line for line in block[1].splitlines() if line != "..." and not line.startswith("speed")]


@pytest.mark.parametrize("command", ["workbench rerun morning", "workbench rerun morning --without ann"])
def test_the_example_is_what_the_command_prints(command: str, data: Path) -> None:
    result = CliRunner().invoke(app, [*command.split()[1:], "--data", str(data)])
    assert result.exit_code == 0, result.stderr
    printed = [line.rstrip() for line in result.stdout.splitlines()]
    wanted = shown(command)
    assert len(wanted) > 1
    # In the same order, with nothing in between but what the page leaves out.
    places = []
    for line in wanted:
        start = places[-1] + 1 if places else 0
        assert line in printed[start:], line
        places.append(printed.index(line, start))


def test_every_table_of_the_store_is_in_its_picture() -> None:
    from workbench.journal.tables import TABLES

    assert all(f"{table}/" in PAGE for table in TABLES)
