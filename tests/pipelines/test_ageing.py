"""Old reports and old runs go, new ones stay, and nothing that somebody reads is torn."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from pipelines.ageing import remove_reports, remove_runs
from pipelines.house import House
from pipelines.jobs import Channel, Does, Job, Keep, Pipelines
from pipelines.ledger import Ledger
from pipelines.listing import history, published
from pipelines.planning import backfill, tick
from pipelines.runs import Run, State, Step, Task
from pipelines.schema import attempts
from pipelines.upkeep import Retention
from tests.pipelines.conftest import CALENDAR, DAILY, Clock, job
from tests.pipelines.small import EveryDay, Pages
from workbench.errors import StoreError

DAY_S = 86_400
THURSDAY = date(2025, 11, 20)
OUT = job(DAILY, deliver=frozenset({Channel.PAGE, Channel.FOLDER}))


def house(ledger: Ledger, folder: Path, *more: Job) -> House:
    jobs = {each.name: each for each in (OUT, *more)}
    said = Pipelines("", folder / "reports", folder, jobs, folder=folder / "delivered")
    return House(said, ledger, EveryDay(CALENDAR), Pages(folder / "log"))


def make(ledger: Ledger, folder: Path, account: str) -> Run:
    about = {"report": "daily_pnl", "account": account, "first_day": "2025-11-20", "last_day": "2025-11-20"}
    asked = ledger.ask(OUT.name, Task(f"account {account}", Step.REPORT, **about))
    for _ in house(ledger, folder).worker().work(threading.Event()):
        pass
    found = ledger.run(asked.run_id)
    assert found is not None
    assert found.state is State.DONE
    return found


def pages(folder: Path) -> list[str]:
    return sorted(path.parent.parent.name for path in (folder / "reports").rglob("report.html"))


def test_reports_that_are_old_go_and_their_rows_say_so(ledger: Ledger, tmp_path: Path, clock: Clock) -> None:
    old = make(ledger, tmp_path, "ann")
    clock.pass_s(8 * DAY_S)
    new = make(ledger, tmp_path, "bob")
    reports = tmp_path / "reports"
    with (reports / old.folder / "report.html").open() as read:
        assert remove_reports(ledger, reports, 7) == 1
        # Whoever has it open reads it to its end.
        assert read.read().endswith("</p>")
    assert pages(tmp_path) == ["bob"]
    # No empty folder is left of it, and copies that were delivered are their readers'.
    assert len(list((reports / OUT.name).iterdir())) == 1
    assert len(list((tmp_path / "delivered").rglob("*.html"))) == 2
    assert [run.run_id for run in published(ledger)] == [new.run_id]
    row = ledger.run(old.run_id)
    assert row is not None
    assert (row.state, row.folder, row.headline) == (State.DONE, "", "ann made nothing")
    assert row.note == "its page was removed after 7 days"
    assert remove_reports(ledger, reports, 7) == 0


def test_what_was_begun_and_not_ended_is_ended(small: Ledger, tmp_path: Path, clock: Clock) -> None:
    """Killed after the report had lost its name, and before the ledger knew."""
    old = make(small, tmp_path, "ann")
    clock.pass_s(8 * DAY_S)
    path = tmp_path / "reports" / old.folder
    path.rename(path.with_name(".1.removing"))
    beside = tmp_path / "reports" / "x" / "y" / "z" / ".2.removing"
    beside.mkdir(parents=True)
    begun = tmp_path / "reports" / "x" / "y" / "z" / ".3.abc.making"
    begun.mkdir()
    assert remove_reports(small, tmp_path / "reports", 7) == 1
    assert list((tmp_path / "reports").rglob("*")) == [
        begun.parents[2],
        begun.parents[1],
        begun.parent,
        begun,
    ]


def test_a_report_that_is_being_made_again_stays(small: Ledger, tmp_path: Path, clock: Clock) -> None:
    said = house(small, tmp_path)
    backfill(small, OUT, THURSDAY, THURSDAY)
    for _ in said.worker().work(threading.Event()):
        pass
    clock.pass_s(8 * DAY_S)
    backfill(small, OUT, THURSDAY, THURSDAY, again=True)
    assert remove_reports(small, tmp_path / "reports", 7) == 0
    assert len(pages(tmp_path)) == 4
    assert remove_runs(small, 7) == 4  # deliveries
    assert {run.step for run in history(small)} == {Step.PLAN, Step.REPORT}


def test_runs_that_are_old_are_forgotten_and_not_due_again(
    ledger: Ledger, tmp_path: Path, clock: Clock
) -> None:
    said = house(ledger, tmp_path)
    tick(ledger, said.pipelines.jobs)
    old = make(ledger, tmp_path, "ann")
    clock.set("2025-11-21 21:30")
    tick(ledger, said.pipelines.jobs)
    for _ in said.worker().work(threading.Event()):
        pass
    clock.pass_s(8 * DAY_S)
    # As long as there is its report there is the run.
    kept = {run.run_id for run in history(ledger) if run.folder}
    assert remove_runs(ledger, 7) == 1 + 5
    assert {run.run_id for run in history(ledger)} == kept
    assert old.run_id in kept
    remove_reports(ledger, tmp_path / "reports", 7)
    assert remove_runs(ledger, 9) == 0
    assert remove_runs(ledger, 7) == 5
    assert history(ledger) == []
    left = ledger.read(lambda connection: connection.execute(sa.select(attempts)).all())
    assert left == []
    tick(ledger, {OUT.name: OUT})
    assert sorted(run.first_day[-2:] for run in history(ledger)) == ["24", "25", "26", "28"]


def test_a_run_with_a_delivery_to_come_stays(small: Ledger, tmp_path: Path, clock: Clock) -> None:
    about = {"report": "daily_pnl", "account": "ann", "first_day": "2025-11-20", "last_day": "2025-11-20"}
    asked = small.ask(OUT.name, Task("account ann", Step.REPORT, **about))
    house(small, tmp_path).worker().work_one()
    clock.pass_s(8 * DAY_S)
    remove_reports(small, tmp_path / "reports", 7)
    assert remove_runs(small, 7) == 0
    assert small.run(asked.run_id) is not None


def test_the_job_does_it_and_leaves_sessions_alone(small: Ledger, tmp_path: Path, clock: Clock) -> None:
    keep = job(DAILY, name="keep", does=Does.RETENTION, keep=Keep(reports_days=7, runs_days=9), after=())
    make(small, tmp_path, "ann")
    clock.pass_s(8 * DAY_S)
    (tmp_path / "sessions" / "broken").mkdir(parents=True)
    small.ask("keep", Task("retention", Step.RETENTION))
    (worked,) = house(small, tmp_path, keep).worker().work(threading.Event())
    assert (worked.state, worked.note) == (State.DONE, "1 report, 0 runs removed")
    assert (tmp_path / "sessions" / "broken").exists()


def test_a_folder_that_cannot_be_written_is_named(
    small: Ledger, tmp_path: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make(small, tmp_path, "ann")
    clock.pass_s(8 * DAY_S)

    def refuse(_self: Path, _target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(StoreError, match="cannot be removed: Permission denied"):
        Retention(small, tmp_path, tmp_path / "reports")(old, job(DAILY, keep=Keep(reports_days=7)))
    row = small.run(old.run_id)
    assert row is not None
    assert row.folder == old.folder
