"""The server's folder of scenario files; nothing outside of it can be named."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from workbench.errors import ApiError


def list_scenarios(folder: Path | None) -> list[dict[str, Any]]:
    """The folder's files by name, with title and description."""
    rows = []
    for name, path in _files(folder).items():
        row = {"file": name, "title": "", "description": "", "problem": ""}
        try:
            said = tomllib.loads(path.read_text(encoding="utf-8-sig"))
            row |= {key: str(said.get(key, "")) for key in ("title", "description")}
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            row["problem"] = " ".join(str(error).split())
        rows.append(row)
    return rows


def read_scenario_file(folder: Path | None, name: str) -> str:
    """The text of one of them.

    Raises
    ------
    ApiError
        404 when the folder has no such file, 422 when it cannot be read.
    """
    path = _files(folder).get(name)
    if path is None:
        raise ApiError(404, "not_found", f"the scenario folder has no file {name[:100]!r}")
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ApiError(422, "invalid", f"scenario {name} cannot be read: {error}") from None


def _files(folder: Path | None) -> dict[str, Path]:
    """What is listed is all that there is: a name is looked up and never joined to a path."""
    if folder is None or not folder.is_dir():
        return {}
    root = folder.resolve()
    found = {}
    for path in sorted(root.rglob("*.toml")):
        if path.is_file() and path.resolve().is_relative_to(root):
            found[path.relative_to(root).as_posix()] = path
    return found
