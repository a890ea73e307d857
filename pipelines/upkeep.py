"""The steps that keep the data root small: compaction and retention."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.ageing import remove_reports, remove_runs
from pipelines.jobs import Job, Keep
from pipelines.ledger import Ledger
from pipelines.runs import Outcome, Run
from workbench.errors import StoreError
from workbench.journal.manifest import Manifest
from workbench.journal.place import session_folder, session_names, strays
from workbench.journal.retention import Rules, finish_removals, plan, remove
from workbench.journal.seal import SessionStore, is_being_written


class Compaction:
    """Puts the files of every session together that nobody writes."""

    def __init__(self, data: Path) -> None:
        self._data = data

    def __call__(self, _run: Run, _job: Job) -> Outcome:
        """Compact all.

        Raises
        ------
        StoreError
            When some could not be, after all others were.
        """
        done: list[str] = []
        failed: list[StoreError] = []
        for name in session_names(self._data):
            if is_being_written(session_folder(self._data, name)):
                continue
            try:
                with SessionStore.open(self._data, name) as store:
                    if _is_compact(store.manifest):
                        continue
                    store.compact()
                    done.append(name)
            except StoreError as error:
                failed.append(error)
        _raise(failed, f"{_counted(len(done), 'session')} compacted")
        aside = [str(stray) for stray in strays(self._data)]
        headline = f"{_counted(len(done), 'session')} compacted"
        if aside:
            headline += f"; left alone: {'; '.join(aside)}"
        return Outcome(headline, summary={"compacted": done, "left_alone": aside})


def _is_compact(manifest: Manifest) -> bool:
    kinds = {(part.table, part.interval) for part in manifest.parts}
    return len(kinds) == len(manifest.parts) and not manifest.retired


class Retention:
    """Removes sessions, reports and runs beyond what a job keeps.

    Parameters
    ----------
    ledger
        The runs.
    data, reports
        The data root, and the folder of all reports.
    """

    def __init__(self, ledger: Ledger, data: Path, reports: Path) -> None:
        self._ledger = ledger
        self._data = data
        self._reports = reports

    def __call__(self, _run: Run, job: Job) -> Outcome:
        """Remove them.

        Raises
        ------
        StoreError
            When some could not be removed, after all others were.
        """
        done: list[str] = []
        summary: dict[str, Any] = {}
        keep = job.keep
        try:
            if keep.reports_days is not None:
                summary["reports"] = remove_reports(self._ledger, self._reports, keep.reports_days)
                done.append(_counted(summary["reports"], "report"))
            if keep.runs_days is not None:
                summary["runs"] = remove_runs(self._ledger, keep.runs_days)
                done.append(_counted(summary["runs"], "run"))
        except OSError as error:
            raise StoreError(f"cannot be removed: {error.strerror or error}", str(self._reports)) from error
        doubts: list[str] = []
        if keep.of_sessions:
            summary["removed"], doubts = self._sessions(keep, done)
            summary["kept_in_doubt"] = doubts
            done.insert(0, _counted(len(summary["removed"]), "session"))
        headline = f"{', '.join(done)} removed"
        if doubts:
            headline += f"; kept in doubt: {'; '.join(doubts)}"
        return Outcome(headline, summary=summary)

    def _sessions(self, keep: Keep, done: list[str]) -> tuple[dict[str, str], list[str]]:
        """Sessions that were removed, each with the reason, and sentences on those that cannot be judged."""
        finish_removals(self._data)
        planned = plan(self._data, Rules(keep.newest, keep.days, keep.most_bytes), self._ledger.now_ns)
        failed: list[StoreError] = []
        removed = {}
        for each in planned.removals:
            try:
                remove(self._data, each.session)
                removed[each.session] = each.reason
            except StoreError as error:
                failed.append(error)
        _raise(failed, ", ".join([_counted(len(removed), "session"), *done]) + " removed")
        return removed, planned.kept_in_doubt


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def _raise(failed: list[StoreError], done: str) -> None:
    if failed:
        more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
        raise StoreError(failed[0].what + more, failed[0].where, f"{failed[0].remedy}; {done}".lstrip("; "))
