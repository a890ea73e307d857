"""Reports that people ask a server for: written into the ledger of all runs, and made in a process beside it.

The server holds the other end of that process' standard input: when the server is gone, however that came,
the process gives back what it works on and ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from argparse import ArgumentParser
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import structlog

from pipelines.errors import LedgerError
from pipelines.jobs import ASKED, ON_DEMAND, Pipelines
from pipelines.jobs_file import read_jobs
from pipelines.ledger import Ledger
from pipelines.production import open_house
from pipelines.runs import Run, State, Step, Task
from pipelines.schema import attempts, runs
from pipelines.serving import run as work_on
from pipelines.worker import Worked
from workbench.api.report_runs import ReportKind, ReportRun, Wanted
from workbench.reporting import reports
from workbench.reporting.faults import is_fault
from workbench.reporting.rendering import PAGE

log = structlog.get_logger("pipelines")

JOBS_FILE = "jobs.toml"
_IDLE_S = 0.25
_LEASE_S = 20.0
_GRACE_S = 0.5
_REST_S = 600.0
_END_S = 5.0
_AGAIN_S = 1.0
_BACK_OFF_S = 10.0


def pipelines_of(data: Path) -> Pipelines:
    """The ledger and the reports of a data root: as its `jobs.toml` says, or beside it as that would say.

    Raises
    ------
    ConfigError
        When there is such a file that makes no sense.
    """
    file = data / JOBS_FILE
    if file.is_file():
        return read_jobs(file)
    root = data.absolute()
    return Pipelines(
        ledger=f"sqlite:///{root / 'pipelines.db'}",
        reports=root / "reports",
        data=root,
        jobs={ON_DEMAND: ASKED},
    )


class AskedReports:
    """What a server needs for its reports (`workbench.api.report_runs.Reporter`).

    Parameters
    ----------
    data
        The data root.
    """

    def __init__(self, data: Path) -> None:
        self._data = data
        self._said = pipelines_of(data)
        self._ledger = Ledger(self._said.ledger)
        self.kinds = tuple(ReportKind(each.name, each.title, each.about) for each in reports().values())
        self._process: subprocess.Popen[bytes] | None = None
        self._starting = threading.Lock()
        self._over = threading.Event()
        self._watching = threading.Thread(target=self._watch, name="reports beside", daemon=True)

    def start(self) -> None:
        """Begin making what waits, which an earlier server may have left."""
        if self.unfinished():
            self._begin()
        self._watching.start()

    def add(self, report: str, parameters: Mapping[str, str], user_id: str, asked_by: str) -> ReportRun:
        """Write a run down, and have it made."""
        words = [report, *(f"{name} {value}" for name, value in parameters.items()), f"asked by {asked_by}"]
        task = Task(
            task=", ".join(words),
            step=Step.REPORT,
            report=report,
            user_id=user_id,
            asked_by=asked_by,
            **parameters,  # type: ignore[arg-type]  # names of what it is about, as reports have them
        )
        run = self._ledger.ask(ON_DEMAND, task)
        self._begin()
        return self._row(run, 0)

    def run(self, run_id: str) -> ReportRun | None:
        """One run."""
        found = self._rows(sa.select(runs).where(runs.c.run_id == run_id))
        return found[0] if found else None

    def runs(self, wanted: Wanted, before: str, limit: int) -> list[ReportRun]:
        """The newest first, from behind the one with that cursor."""
        query = sa.select(runs).order_by(runs.c.planned_ns.desc(), runs.c.run_id.desc()).limit(limit)
        if not wanted.everything:
            query = query.where(sa.or_(*_wanted(wanted)), runs.c.step == Step.REPORT)
        at, _, run_id = before.partition("-")
        if at.isdecimal():
            planned_ns = min(int(at), (1 << 63) - 1)
            earlier = sa.and_(runs.c.planned_ns == planned_ns, runs.c.run_id < run_id)
            query = query.where(sa.or_(runs.c.planned_ns < planned_ns, earlier))
        return self._rows(query)

    def unfinished(self, asked_by: str = "") -> list[ReportRun]:
        """Runs by hand that wait or run."""
        query = (
            sa.select(runs)
            .where(runs.c.job == ON_DEMAND, runs.c.state.in_([State.WAITING, State.RUNNING]))
            .order_by(runs.c.planned_ns)
        )
        return self._rows(query.where(runs.c.asked_by == asked_by) if asked_by else query)

    def stop(self) -> None:
        """End the process; what it works on is given back."""
        with self._starting:
            self._over.set()
            process = self._process
        if process is not None:
            _let_go(process)
            try:
                process.wait(_END_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._ledger.close()

    # ------------------------------------------------------------------ how

    def _rows(self, query: sa.Select[Any]) -> list[ReportRun]:
        """Runs with the time at which each was begun last."""

        def read(connection: sa.Connection) -> list[tuple[Run, int]]:
            found = [Run.of(row) for row in connection.execute(query).all()]
            latest = (
                sa.select(attempts.c.run_id, sa.func.max(attempts.c.began_ns).label("began_ns"))
                .where(attempts.c.run_id.in_([each.run_id for each in found]))
                .group_by(attempts.c.run_id)
            )
            began = connection.execute(latest).all()
            at_ns = {row.run_id: int(row.began_ns) for row in began}
            return [(each, at_ns.get(each.run_id, 0)) for each in found]

        return [self._row(each, began_ns) for each, began_ns in self._ledger.read(read)]

    def _row(self, run: Run, began_ns: int) -> ReportRun:
        done = run.state is State.DONE
        return ReportRun(
            run_id=run.run_id,
            job=run.job,
            report=run.report if run.step is Step.REPORT else "",
            session=run.session,
            account=run.account,
            class_id=run.class_id,
            first_day=run.first_day,
            last_day=run.last_day,
            user_id=run.user_id,
            sessions=_sessions(run) if done else (),
            state=str(run.state),
            sentence=_told(run) if done else self._why_not(run),
            attempts=run.attempt,
            asked_by=run.asked_by,
            due_ns=run.logical_ns,
            made_ns=run.planned_ns,
            began_ns=began_ns,
            ended_ns=run.ended_ns or 0,
            seconds=run.seconds,
            html=self._said.reports / run.folder / PAGE if run.on_page and run.folder and done else None,
        )

    def _why_not(self, run: Run) -> str:
        """Why there is no report, for whoever asked, who is not who runs the server.

        A fault of what makes it is no sentence for them; the ledger keeps what was raised and where.
        """
        if run.step is not Step.REPORT or not is_fault(run.note):
            return self._without_places(run.note)
        if run.state is State.WAITING:
            return "making it went wrong; it is tried once more by itself"
        return (
            "it could not be made, for what makes it has a fault; nothing is lost: run it again later, and "
            f"if that fails too, tell your instructor that run {run.run_id} failed"
        )

    def _without_places(self, note: str) -> str:
        """A note without where the server keeps its data."""
        root = str(self._said.data)
        return note.replace(f"data root {root!r}", "the data root").replace(root, "the data root")

    def _begin(self) -> None:
        """Start the process that makes reports, unless there is one."""
        with self._starting:
            if self._over.is_set():
                return
            if self._process is not None:
                if self._process.poll() is None:
                    return
                _let_go(self._process)
            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-m", "pipelines.asked", str(self._data.absolute())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                cwd=Path(__file__).parents[1],
                # Ctrl+C is the server's to hear; it tells this one by closing its standard input.
                start_new_session=True,
            )

    def _watch(self) -> None:
        """Start the process again when it has ended and something waits still."""
        while not self._over.wait(_AGAIN_S):
            process = self._process
            if process is None or process.poll() is None:
                continue
            if process.returncode:
                log.warning("the process that makes reports ended", code=process.returncode)
                self._over.wait(_BACK_OFF_S)
            try:
                if self.unfinished():
                    self._begin()
            except LedgerError as error:
                log.warning("reports wait for their ledger", error=str(error))


def _told(run: Run) -> str:
    """What a report says, and what has become of it since."""
    return "; ".join(each for each in (run.headline, run.note) if each)


def _sessions(run: Run) -> tuple[str, ...]:
    """Which sessions a report was made of."""
    if run.step is not Step.REPORT:
        return ()
    return tuple(str(each["session"]) for each in run.summary.get("sessions", ()))


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Close the standard input of the process, which then ends."""
    assert process.stdin is not None
    process.stdin.close()


def _wanted(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    """What a run is listed by, one of these."""
    found = [
        sa.and_(runs.c.session == session, runs.c.account == account) for session, account in wanted.accounts
    ]
    if wanted.user_id:
        found += [runs.c.asked_by == wanted.user_id, runs.c.user_id == wanted.user_id]
    if wanted.of_no_session:
        found.append(runs.c.session == "")
    return [*found, runs.c.session.in_(wanted.sessions)]


def main() -> None:
    """Make what people ask for until standard input ends: `python -m pipelines.asked DATA`."""
    parser = ArgumentParser(prog="python -m pipelines.asked", description=main.__doc__)
    parser.add_argument("data", type=Path, help="the data root")
    data = parser.parse_args().data
    stop, began = threading.Event(), threading.Event()

    def listen() -> None:
        while os.read(0, 1):
            pass
        if not began.is_set():
            # Nothing is to be given back, and the exchange takes its time to be imported.
            os._exit(0)
        stop.set()

    used_s = time.monotonic()

    def told(_worked: Worked) -> None:
        nonlocal used_s
        used_s = time.monotonic()

    def rest() -> None:
        # A kernel that has imported everything is kept for whoever asks next, and not for ever.
        while (left_s := used_s + _REST_S - time.monotonic()) > 0:
            time.sleep(left_s)
        stop.set()

    for thread in (listen, rest):
        threading.Thread(target=thread, daemon=True).start()
    said = pipelines_of(data)
    asked = Pipelines(said.ledger, said.reports, said.data, {ON_DEMAND: said.jobs[ON_DEMAND]})
    house = open_house(asked)
    began.set()
    work_on(house, stop, ticking=False, idle_s=_IDLE_S, lease_s=_LEASE_S, grace_s=_GRACE_S, told=told)
    house.ledger.close()
    # A report that is not done is given back already; its thread is not waited for.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
