"""Where reports lie: `<job>/<logical time>/<whose>/<attempt>` below the folder of all reports."""

from __future__ import annotations

import hashlib
import shutil
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

from pipelines.jobs import ON_DEMAND
from pipelines.runs import Run

_LONGEST = 120
EVERYBODY = "all"
"""Class id of everybody together, as reports know it."""


def time_name(logical_ns: int) -> str:
    """A logical time as the name of a folder, in UTC; names sort as times do.

    >>> time_name(1_763_758_800_000_000_000)
    '2025-11-21T21-00-00Z'
    """
    return datetime.fromtimestamp(logical_ns // 1_000_000_000, UTC).strftime("%Y-%m-%dT%H-%M-%SZ")


def subject_name(account: str, class_id: str, session: str) -> str:
    """Whose a report is, as the name of a folder, whatever signs an account's name has.

    An account is itself, a class `class=<id>`; `@<session>` follows where a session has a report of its own.

    >>> subject_name("ann", "", ""), subject_name("", "all", ""), subject_name("../b b", "", "monday")
    ('ann', 'class=all', '%2E.%2Fb%20b@monday')
    """
    whose = _quoted(account) if account else f"class={_quoted(class_id)}"
    name = f"{whose}@{_quoted(session)}" if session else whose
    if len(name) <= _LONGEST:
        return name
    return f"{name[: _LONGEST - 17]}={hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _quoted(text: str) -> str:
    name = quote(text, safe="")
    return f"%2E{name[1:]}" if name.startswith(".") else name


def folder_of(run: Run) -> str:
    """Where a run's report goes, below the folder of all reports: each attempt to a place of its own.

    So an attempt that was thought lost can never touch what another one made. Of reports that somebody asks
    for by hand several may be of one subject in one second, of which none may touch another.
    """
    alone = run.session if run.details.get("alone") else ""
    subject = subject_name(run.account, run.class_id, alone)
    if run.job == ON_DEMAND:
        subject += f",{run.run_id}"
    return f"{run.job}/{time_name(run.logical_ns)}/{subject}/{run.attempt}"


def keep_only(reports: Path, folder: str) -> None:
    """Remove what other attempts left beside a report that stands in the ledger."""
    mine = reports / folder
    for other in mine.parent.iterdir():
        if other.name != mine.name:
            shutil.rmtree(other, ignore_errors=True)


def discard(reports: Path, folder: str) -> None:
    """Remove a report that nobody will see."""
    shutil.rmtree(reports / folder, ignore_errors=True)
