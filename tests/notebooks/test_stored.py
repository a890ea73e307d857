"""Notebooks are stored as somebody gets them who has not run them yet."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
METADATA = {"kernelspec", "language_info"}


def faults(notebook: dict[str, Any]) -> list[str]:
    """What an execution has left in a notebook."""
    found = [f"metadata {name}" for name in notebook["metadata"].keys() - METADATA]
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and (cell["outputs"] or cell["execution_count"] is not None):
            found.append(f"output of cell {cell['id']}")
        found += [f"metadata {name} of cell {cell['id']}" for name in cell["metadata"].keys() - {"tags"}]
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_notebooks_are_stored_without_output(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert faults(notebook) == []
    tags = [cell["metadata"].get("tags") for cell in notebook["cells"]]
    assert tags.count(["parameters"]) == 1
    assert "".join(notebook["cells"][0]["source"]).startswith("# ")


@pytest.mark.parametrize(
    ("where", "left", "said"),
    [
        (("cells", 1, "outputs"), [{"output_type": "stream", "text": "1"}], "output of cell c1"),
        (("cells", 1, "execution_count"), 3, "output of cell c1"),
        (("cells", 1, "metadata", "papermill"), {}, "metadata papermill of cell c1"),
        (("metadata", "papermill"), {}, "metadata papermill"),
    ],
)
def test_what_an_execution_leaves_is_found(where: tuple[Any, ...], left: Any, said: str) -> None:
    notebook: Any = {
        "metadata": {"kernelspec": {}},
        "cells": [
            {"cell_type": "markdown", "id": "c0", "metadata": {}, "source": []},
            {"cell_type": "code", "id": "c1", "metadata": {}, "outputs": [], "execution_count": None},
        ],
    }
    place = notebook
    for key in where[:-1]:
        place = place[key]
    place[where[-1]] = left
    assert faults(notebook) == [said]


def test_every_notebook_is_told_of() -> None:
    page = (ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8")
    missing = [
        path.name for path in NOTEBOOKS if f"`{path.name}`" not in page and f"[{path.name}]" not in page
    ]
    assert missing == []
