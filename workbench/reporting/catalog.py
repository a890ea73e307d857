"""Which reports there are: the notebooks of `notebooks/reports`, with what their parameter cells declare."""

from __future__ import annotations

import ast
import json
import re
import sys
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

from workbench.errors import ReportError
from workbench.reporting.records import Parameter, ReportKind, Value

PARAMETERS = "parameters"
"""Tag of the cell that declares a notebook's parameters."""

_TYPES: dict[str, type[Value]] = {"str": str, "int": int, "float": float, "bool": bool}
_COMMENT = re.compile(r"#\s*(.+?)\s*$")
_HERE = Path(__file__).resolve().parent


def notebook_folder() -> Path:
    """Where the reports' notebooks lie: in a checkout beside the package, in a wheel within it."""
    packaged = _HERE / "notebooks"
    return packaged if packaged.is_dir() else _HERE.parents[1] / "notebooks" / "reports"


def reports() -> dict[str, ReportKind]:
    """Every kind of report by its name, in order of the names.

    Reading them takes no kernel and imports nothing of papermill or Jupyter.

    Raises
    ------
    ReportError
        When a notebook does not say what a report must.
    """
    folder = notebook_folder()
    return {path.stem: read_kind(path) for path in sorted(folder.glob("*.ipynb"))}


def kind_of(name: str) -> ReportKind:
    """A kind of report by its name.

    Raises
    ------
    ReportError
        When there is none of that name.
    """
    path = notebook_folder() / f"{name}.ipynb"
    names = sorted(each.stem for each in notebook_folder().glob("*.ipynb"))
    if name not in names:
        near = get_close_matches(name, names, 1)
        remedy = f"did you mean {near[0]}?" if near else f"there are {', '.join(names)}"
        raise ReportError("unknown", f"there is no report {name!r}", remedy=remedy)
    return read_kind(path)


def read_kind(notebook: Path) -> ReportKind:
    """What a notebook says of itself.

    Its first cell is text, a heading and a paragraph; one cell has the tag `parameters` and consists of lines
    such as `account: str = ""  # whose day it is`.

    Raises
    ------
    ReportError
        When it does not say so.
    """
    return _read_kind(notebook, notebook.stat().st_mtime_ns)


@cache
def _read_kind(notebook: Path, _changed_ns: int) -> ReportKind:
    try:
        cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    except (ValueError, KeyError, TypeError) as error:
        raise ReportError("notebook", "is no notebook", str(notebook), "make it in JupyterLab") from error
    if not cells or cells[0].get("cell_type") != "markdown":
        raise ReportError("notebook", "has no title: its first cell must be text", str(notebook))
    title, _, about = _source(cells[0]).strip().partition("\n")
    declared = [cell for cell in cells if PARAMETERS in cell.get("metadata", {}).get("tags", ())]
    if len(declared) != 1:
        raise ReportError(
            "notebook", f"has {len(declared)} cells with the tag {PARAMETERS!r}, expected one", str(notebook)
        )
    return ReportKind(
        name=notebook.stem,
        title=title.lstrip("# ").strip(),
        about=" ".join(about.split()),
        parameters=_declared(_source(declared[0]), notebook),
        notebook=notebook,
    )


def _source(cell: dict[str, Any]) -> str:
    """A cell's text, which notebooks may keep line by line."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def _declared(source: str, notebook: Path) -> tuple[Parameter, ...]:
    """The parameters of a cell's lines."""
    lines = source.splitlines()
    found = []
    for statement in ast.parse(source).body:
        line = lines[statement.lineno - 1]
        comment = _COMMENT.search(line[statement.end_col_offset or 0 :])
        if (
            not isinstance(statement, ast.AnnAssign)
            or not isinstance(statement.target, ast.Name)
            or not isinstance(statement.annotation, ast.Name)
            or statement.annotation.id not in _TYPES
            or not isinstance(statement.value, ast.Constant)
            or comment is None
        ):
            raise ReportError(
                "notebook",
                f'declares a parameter as `{line}`, expected `name: str = ""  # what it means`',
                str(notebook),
                f"its type is one of {', '.join(_TYPES)}",
            )
        type_ = _TYPES[statement.annotation.id]
        default = statement.value.value
        if type(default) is not type_:
            raise ReportError("notebook", f"{statement.target.id} is no {type_.__name__}", str(notebook))
        found.append(Parameter(sys.intern(statement.target.id), type_, default, comment[1].rstrip(".")))
    return tuple(found)
