"""Old reports and old runs, removed. What sessions were recorded, and copies that were delivered, stay."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from pipelines.ledger import SECOND_NS, Ledger
from pipelines.runs import State
from pipelines.schema import attempts, runs
from workbench.identity.store import Transaction

REMOVING = ".removing"
"""How the hidden folder ends of a report that is being removed."""

_DAY_S = 86_400
_AT_ONCE = 100
"""Rows of one transaction: others want to write, too."""

_OPEN = (State.WAITING, State.RUNNING)


def remove_reports(ledger: Ledger, reports: Path, days: float) -> int:
    """Remove reports that were made more than so many days ago; how many that were.

    A report disappears in one step, and then from the ledger, whose row stays; whoever has its page open
    keeps it. One that is being made again stays until that has come to its end. What a process left
    that was killed meanwhile is removed by the next call.

    Raises
    ------
    OSError
        When the folder of reports cannot be written.
    """
    made_before = (
        runs.c.state == State.DONE,
        runs.c.folder != "",
        runs.c.ended_ns < ledger.now_ns - round(days * _DAY_S * SECOND_NS),
    )
    query = sa.select(runs.c.run_id, runs.c.folder).where(*made_before).limit(_AT_ONCE).with_for_update()
    gone = {"folder": "", "on_page": False, "note": f"its page was removed after {days:g} days"}

    def work(transaction: Transaction) -> list[Path]:
        found = transaction.execute(query).all()
        for row in found:
            transaction.execute(sa.update(runs).where(runs.c.run_id == row.run_id).values(gone))
        # Whoever is killed before the end of the transaction does the same again.
        return [_hide(reports / row.folder) for row in found]

    removed = 0
    while hidden := ledger.store.write_now(work):
        for path in hidden:
            shutil.rmtree(path, ignore_errors=True)
            _remove_empty(path.parent, reports)
        removed += len(hidden)
    _finish(reports)
    return removed


def _hide(path: Path) -> Path:
    """Take a report's name away, in one step."""
    hidden = path.with_name(f".{path.name}{REMOVING}")
    with suppress(FileNotFoundError):
        path.rename(hidden)
    return hidden


def _remove_empty(folder: Path, top: Path) -> None:
    while folder != top and top in folder.parents:
        try:
            folder.rmdir()
        except FileNotFoundError:
            pass
        except OSError:
            # Something else lies there.
            return
        folder = folder.parent


def _finish(reports: Path) -> None:
    """Remove what was left hidden a day ago by processes that were killed, whatever they were doing."""
    for path in _hidden(reports):
        with suppress(OSError):
            if path.name.endswith(REMOVING) or path.stat().st_mtime < time.time() - _DAY_S:
                shutil.rmtree(path, ignore_errors=True)
                _remove_empty(path.parent, reports)


def _hidden(reports: Path) -> Iterator[Path]:
    """Folders beside those of attempts."""
    yield from list(reports.glob("*/*/*/.*/"))


def remove_runs(ledger: Ledger, days: float) -> int:
    """Forget runs that ended more than so many days ago, with their attempts; how many that were.

    A run stays as long as its report does, and as long as one that follows from it is open.
    Times that are past are not due again; `backfill` enters them anew.
    """
    following = runs.alias("following")
    open_still = sa.exists().where(following.c.parent_id == runs.c.run_id, following.c.state.in_(_OPEN))
    old = sa.select(runs.c.run_id).where(
        runs.c.state.not_in(_OPEN),
        runs.c.folder == "",
        runs.c.ended_ns < ledger.now_ns - round(days * _DAY_S * SECOND_NS),
        ~open_still,
    )

    def work(transaction: Transaction) -> int:
        found = [run_id for (run_id,) in transaction.execute(old.limit(_AT_ONCE))]
        transaction.execute(sa.delete(attempts).where(attempts.c.run_id.in_(found)))
        return transaction.execute(sa.delete(runs).where(runs.c.run_id.in_(found))).rowcount

    removed = 0
    while some := ledger.store.write_now(work):
        removed += some
    return removed
