"""Which reports there are, and what their notebooks may hold."""

import ast
import json
from pathlib import Path

import pytest

from workbench.errors import ReportError
from workbench.reporting import reports
from workbench.reporting.catalog import kind_of, notebook_folder, read_kind

NAMES = ["class_summary", "daily_pnl", "drawdown", "execution_quality"]


def test_every_report_has_a_title_and_the_same_parameters() -> None:
    found = reports()
    assert list(found) == NAMES
    for kind in found.values():
        names = [each.name for each in kind.parameters]
        assert names == ["session", "account", "class_id", "first_day", "last_day", "data"]
        assert all(each.type is str and each.default == "" and each.about for each in kind.parameters)
        assert kind.title
        assert kind.about.endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_notebooks_are_short_stored_without_output_and_hold_no_logic(name: str) -> None:
    cells = json.loads((notebook_folder() / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    assert len(cells) <= 12
    code = [each for each in cells if each["cell_type"] == "code"]
    assert all(each["outputs"] == [] and each["execution_count"] is None for each in code)
    imports, *calls = code[1:]
    load = ast.parse("".join(imports["source"])).body
    assert [type(each).__name__ for each in load] == ["ImportFrom", "Assign"]
    for each in calls:
        (statement,) = ast.parse("".join(each["source"])).body
        assert isinstance(statement, ast.Expr)
        assert isinstance(statement.value, ast.Call)
        assert isinstance(statement.value.func, ast.Name)


def test_a_name_that_is_none_is_told_the_nearest() -> None:
    with pytest.raises(ReportError, match="there is no report 'drawdwn'; did you mean drawdown") as refused:
        kind_of("drawdwn")
    assert refused.value.kind == "unknown"
    assert refused.value.lasting


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('account = ""  # whose', "declares a parameter as"),
        ('account: str = ""', "declares a parameter as"),
        ('account: list = ""  # whose', "declares a parameter as"),
        ("account: str = 5  # whose", "account is no str"),
        ("account: str = name()  # whose", "declares a parameter as"),
    ],
)
def test_a_notebook_that_declares_its_parameters_otherwise_is_refused(
    tmp_path: Path, line: str, words: str
) -> None:
    with pytest.raises(ReportError, match=words):
        read_kind(notebook(tmp_path / "odd.ipynb", [line], []))


def notebook(path: Path, parameters: list[str], cells: list[str]) -> Path:
    """A notebook with these parameters and cells of code."""
    code = {"cell_type": "code", "execution_count": None, "outputs": []}
    made = [
        {"cell_type": "markdown", "metadata": {}, "source": "# Odd\n\nFor a test."},
        {**code, "metadata": {"tags": ["parameters"]}, "source": "\n".join(parameters)},
        *({**code, "metadata": {}, "source": each} for each in cells),
    ]
    for place, cell in enumerate(made):
        cell["id"] = f"c{place}"
    spec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    whole = {"cells": made, "metadata": {"kernelspec": spec}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(whole), encoding="utf-8")
    return path
