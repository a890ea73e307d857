"""A report from its name and parameters: run in a process of its own, there as a whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from workbench.errors import ReportError, WorkbenchError
from workbench.journal.place import data_root
from workbench.reporting.catalog import kind_of
from workbench.reporting.forks import SERVER, forks_here
from workbench.reporting.parameters import checked
from workbench.reporting.records import Report, ReportKind, Value
from workbench.reporting.version import code_version

TIMEOUT_S = 300.0
"""How long a report may take unless said otherwise."""

_HIDDEN = ".making"
"""How the hidden folder of a report that is being made ends."""

_OLD = ".old"
"""How, behind that, the folder ends of a report that is being replaced."""

_AFTER_S = 60.0
"""How much longer than its report may take one of them is left alone."""

PAGE, NOTEBOOK, NUMBERS = "report.html", "report.ipynb", "summary.json"
"""What the folder of a report holds, and nothing else."""


def render(
    name: str,
    parameters: Mapping[str, Value],
    folder: Path,
    *,
    timeout_s: float = TIMEOUT_S,
    run_id: str = "",
    replace: bool = False,
) -> Report:
    """Make a report.

    Everything is written into a hidden folder beside `folder`, which then takes that name in one step, so
    there is the whole of a report or nothing of it. Calls may be made from several threads and processes.

    Parameters
    ----------
    name
        One of `reports()`.
    parameters
        By name; `reports()` says which there are, of which type.
    folder
        The report's own, made by this call.
    timeout_s
        After how many seconds, kernel start included, it is given up.
    run_id
        What identifies the run at the report's foot; a new one unless given.
    replace
        Whether a report that is in `folder` already is replaced; else it is refused.

    Raises
    ------
    ReportError
        When it could not be made; its `kind` says whether trying again makes sense.
    WorkbenchError
        When `folder` is taken, or cannot be written.
    """
    began = time.perf_counter()
    return render_kind(
        kind_of(name), parameters, folder, timeout_s=timeout_s, run_id=run_id, replace=replace, began=began
    )


def render_kind(
    kind: ReportKind,
    parameters: Mapping[str, Value],
    folder: Path,
    *,
    timeout_s: float = TIMEOUT_S,
    run_id: str = "",
    replace: bool = False,
    began: float | None = None,
) -> Report:
    """The same of a notebook that lies elsewhere (`workbench.reporting.catalog.read_kind`)."""
    began = time.perf_counter() if began is None else began
    values = checked(kind, parameters)
    if "data" in values:
        values["data"] = str(data_root(str(values["data"]) or None).resolve())
    if not timeout_s > 0:
        raise ReportError("parameters", f"timeout_s is {timeout_s:g}, expected more than 0")
    folder = Path(folder).absolute()
    if forks_here():
        SERVER.begin()
    _check_there(values)
    _sweep(folder.parent)
    _check_free(folder, replace=replace)
    run_id = run_id or uuid.uuid4().hex[:16]
    until = int(time.time() + timeout_s + _AFTER_S)
    hidden = folder.parent / f".{folder.name}.{uuid.uuid4().hex[:8]}.{until}{_HIDDEN}"
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        hidden.mkdir()
    except OSError as error:
        raise WorkbenchError(f"cannot be written: {error.strerror}", str(folder)) from error
    try:
        numbers = _make(kind, values, hidden, run_id, timeout_s, began)
        _publish(hidden, folder, replace=replace)
    except OSError as error:
        raise WorkbenchError(f"cannot be written: {error.strerror or error}", str(folder)) from error
    finally:
        shutil.rmtree(hidden, ignore_errors=True)
    return Report(kind.name, kind.title, run_id, values, folder, numbers, time.perf_counter() - began)


def _sweep(parent: Path) -> None:
    """Remove what callers left that were killed: their folders say until when they would have been done.

    One that was killed between two names left the report that stood there without its own: it gets it back.
    """
    for path in [*parent.glob(f".*{_HIDDEN}"), *parent.glob(f".*{_HIDDEN}{_OLD}")]:
        name, _, until = path.name.removesuffix(_OLD).removesuffix(_HIDDEN).rpartition(".")
        if not until.isdigit() or int(until) >= time.time():
            continue
        folder = parent / name.removeprefix(".").rpartition(".")[0]
        if path.name.endswith(_OLD):
            with _PUBLISHING:
                if not folder.exists():
                    # Another process may have put a report there just now, which then stays.
                    with suppress(OSError):
                        path.rename(folder)
                    continue
        shutil.rmtree(path, ignore_errors=True)


def _check_there(values: Mapping[str, Value]) -> None:
    """Refuse what does not exist before there is a kernel."""
    names = ("session", "account", "class_id", "first_day", "last_day", "data")
    if all(name in values for name in names):
        # It brings the exchange with it, which a list of reports needs not.
        from workbench.reporting.selection import select  # noqa: PLC0415

        select(*(str(values[name]) for name in names))


def _check_free(folder: Path, *, replace: bool) -> None:
    """Refuse a place that is not free: before the work, so that nobody waits for nothing."""
    above = next(each for each in folder.parents if each.exists())
    if not above.is_dir():
        raise WorkbenchError(f"cannot be written: {above} is no folder", str(folder), "name another one")
    if not folder.exists() and not folder.is_symlink():
        return
    if not folder.is_dir():
        raise WorkbenchError("is a file, expected a folder", str(folder), "name another one")
    there = {path.name for path in folder.iterdir()}
    foreign = sorted(there - {PAGE, NOTEBOOK, NUMBERS})
    if foreign:
        raise WorkbenchError(
            f"holds {foreign[0]!r}, which is no report's", str(folder), "name another folder"
        )
    if there and not replace:
        raise WorkbenchError(
            "holds a report already",
            str(folder),
            "name another folder (--out), or replace it (--force; in Python replace=True)",
        )


def _make(
    kind: ReportKind, values: dict[str, Value], hidden: Path, run_id: str, timeout_s: float, began: float
) -> dict[str, Any]:
    """Run the notebook and write the three files."""
    missing = [each for each in ("papermill", "ipykernel", "bokeh") if find_spec(each) is None]
    if missing:
        raise WorkbenchError(
            f"{missing[0]} is not installed, which makes reports",
            remedy="install it with `pip install 'trading-workbench[app]'`",
        )
    # Papermill and Jupyter's client take their time to import, and a list of reports needs none of it.
    from workbench.reporting.executing import execute  # noqa: PLC0415
    from workbench.reporting.page import page  # noqa: PLC0415

    executed = execute(kind, values, hidden, run_id, timeout_s, began)
    version = code_version(kind.notebook)
    head = next((each for each in executed.sections if each["kind"] == "head"), {})
    numbers = {
        "headline": head.get("headline", ""),
        **executed.summary,
        "report": kind.name,
        "title": kind.title,
        "run_id": run_id,
        "code_version": version,
        "parameters": values,
    }
    (hidden / NUMBERS).write_text(json.dumps(numbers, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    (hidden / PAGE).write_text(page(kind.title, executed.sections, numbers), encoding="utf-8")
    (hidden / NOTEBOOK).write_text(executed.notebook, encoding="utf-8")
    return numbers


def _publish(hidden: Path, folder: Path, *, replace: bool) -> None:
    """Give the folder its name; what stood there stays until that has happened."""
    for path in hidden.iterdir():
        with path.open("rb") as file:
            os.fsync(file.fileno())
    _check_free(folder, replace=replace)
    old = hidden.with_name(hidden.name + _OLD)
    with _PUBLISHING:
        if folder.exists():
            folder.rename(old)
        try:
            hidden.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
    shutil.rmtree(old, ignore_errors=True)


_PUBLISHING = threading.Lock()
