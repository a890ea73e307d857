"""A worker: what it does with what raises, with what comes too late, and when it is told to end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.errors import LastingError, NotYet
from pipelines.house import House
from pipelines.jobs import Channel, Job, Pipelines
from pipelines.ledger import Ledger
from pipelines.listing import history, published
from pipelines.runs import Ended, Outcome, Run, State, Step, Task
from pipelines.serving import run as run_for_ever
from pipelines.worker import Action, Worker
from tests.pipelines.conftest import DAILY, Clock, job
from tests.pipelines.small import Pages, Sessions, session
from workbench.errors import ReportError, WorkbenchError

JOBS = {DAILY.name: DAILY}
PATIENCE_S = 60.0


def worker(ledger: Ledger, action: Action, **more: object) -> Worker:
    return Worker(ledger, JOBS, {Step.REPORT: action}, **more)  # type: ignore[arg-type]


def raises(error: Exception) -> Action:
    def act(_run: Run, _job: Job) -> Outcome:
        raise error

    return act


def ask(ledger: Ledger, account: str = "ann") -> Run:
    task = Task(f"account {account}", Step.REPORT, "daily_pnl", account=account, first_day="2025-11-21")
    return ledger.ask(DAILY.name, task)


@pytest.mark.parametrize(
    ("error", "state", "says"),
    [
        (ReportError("kernel", "died", "report 'daily_pnl'"), State.WAITING, "report 'daily_pnl': died"),
        (ReportError("timeout", "took longer than 3 s"), State.WAITING, "took longer than 3 s"),
        (ReportError("unknown", "there is no account 'x'"), State.FAILED, "there is no account 'x'"),
        (ReportError("parameters", "account is 3"), State.FAILED, "account is 3"),
        (ReportError("notebook", "raised ValueError"), State.FAILED, "raised ValueError"),
        (LastingError("is gone", "page"), State.FAILED, "page: is gone"),
        (WorkbenchError("cannot be written", "disk"), State.WAITING, "disk: cannot be written"),
        (
            ZeroDivisionError("a mistake of ours"),
            State.WAITING,
            "raised ZeroDivisionError: a mistake of ours",
        ),
    ],
)
def test_what_fails_is_named_and_tried_again_where_that_may_help(
    small: Ledger, error: Exception, state: State, says: str
) -> None:
    asked = ask(small)
    worked = worker(small, raises(error)).work_one()
    assert worked is not None
    found = small.run(asked.run_id)
    assert found is not None
    assert (worked.state, found.state, found.note) == (state, state, says)
    assert [(each.outcome, each.note) for each in small.attempts_at(asked.run_id)] == [(Ended.FAILED, says)]


def test_what_is_not_there_yet_is_no_failure(small: Ledger, clock: Clock) -> None:
    asked = ask(small)
    one = worker(small, raises(NotYet("is not sealed yet", "session 'monday'")))
    one.work_one()
    assert one.work_one() is None
    clock.pass_s(60)
    one.work_one()
    found = small.run(asked.run_id)
    assert found is not None
    assert (found.failures, found.attempt, found.note) == (0, 2, "session 'monday': is not sealed yet")


def test_a_step_that_cannot_be_done_here_fails_for_good(small: Ledger) -> None:
    small.ask(DAILY.name, Task("a mail", Step.MAIL))
    worked = worker(small, raises(AssertionError())).work_one()
    assert worked is not None
    assert worked.state is State.FAILED
    assert "the jobs file has no [mail]" in worked.note


def test_a_lease_is_renewed_while_work_goes_on(small: Ledger, clock: Clock) -> None:
    """Three leases long, and nobody else gets the run; no time passes before the lease was renewed."""
    asked, lease_s = ask(small), 0.5

    def renewed() -> bool:
        found = small.run(asked.run_id)
        assert found is not None
        return found.lease_ns == clock() + round(lease_s * 1e9)

    def slow(_run: Run, _job: Job) -> Outcome:
        for _ in range(8):
            clock.pass_s(0.2)
            assert small.claim(JOBS, "somebody else", 60.0) is None
            end_s = time.monotonic() + PATIENCE_S
            while not renewed():
                assert time.monotonic() < end_s, "the lease is not renewed"
                time.sleep(0.01)
        return Outcome("made")

    worked = worker(small, slow, lease_s=lease_s).work_one()
    assert worked is not None
    assert (worked.state, worked.note) == (State.DONE, "made")


def house(ledger: Ledger, folder: Path, **changes: object) -> House:
    jobs = {DAILY.name: job(DAILY, **changes)}
    said = Pipelines("", folder / "reports", folder, jobs, folder=folder / "delivered")
    return House(said, ledger, Sessions(session("2025-11-21")), Pages(folder / "log"))


def test_a_report_that_comes_too_late_is_removed(small: Ledger, clock: Clock, tmp_path: Path) -> None:
    asked = ask(small)
    made = house(small, tmp_path)
    pages = made.render

    def overtaken(*args: object, **more: object) -> object:
        """While this report is being made, the lease ends, and another worker makes it."""
        if small.run(asked.run_id).attempt == 1:  # type: ignore[union-attr]
            clock.pass_s(61)
            assert house(small, tmp_path).worker().work_one().state is State.DONE  # type: ignore[union-attr]
        return pages(*args, **more)  # type: ignore[arg-type]

    late = House(made.pipelines, small, made.archive, overtaken).worker()  # type: ignore[arg-type]
    worked = late.work_one()
    assert worked is not None
    assert worked.state is None
    (report,) = published(small)
    assert report.folder.endswith("/ann/2")
    folders = [path.name for path in (tmp_path / "reports").glob("*/*/ann/*")]
    assert folders == ["2"]


def test_a_report_that_is_made_again_takes_the_place_of_the_other(
    small: Ledger, clock: Clock, tmp_path: Path
) -> None:
    asked = ask(small)
    made = house(small, tmp_path)
    one = made.worker()
    one.work_one()
    small.store.write_now(_wait_again)
    clock.pass_s(1)
    one.work_one()
    found = small.run(asked.run_id)
    assert found is not None
    assert (found.folder[-6:], found.title, found.headline) == ("/ann/2", "Daily PnL", "ann made nothing")
    assert [path.name for path in (tmp_path / "reports").glob("*/*/ann/*")] == ["2"]


def _wait_again(transaction):  # type: ignore[no-untyped-def]
    import sqlalchemy as sa

    from pipelines.schema import runs

    transaction.execute(sa.update(runs).values(state=State.WAITING))


def test_delivery_to_a_folder_follows_a_report(small: Ledger, tmp_path: Path) -> None:
    ask(small, "ann/../x")
    made = house(small, tmp_path, deliver=frozenset({Channel.FOLDER}))
    states = [each.state for each in made.worker().work(threading.Event())]
    assert states == [State.DONE, State.DONE]
    (copy,) = (tmp_path / "delivered").rglob("*.html")
    assert copy.name == "ann%2F..%2Fx.html"
    assert published(small) == [], "it goes to the folder alone"


def test_an_end_is_orderly(small: Ledger, tmp_path: Path) -> None:
    """What is being made is made; nothing else is begun."""
    small.store.now_ns = time.time_ns
    for number in range(50):
        ask(small, f"a{number}")
    stop, begun = threading.Event(), []

    def told(worked: object) -> None:
        begun.append(worked)
        stop.set()

    made = house(small, tmp_path)
    assert run_for_ever(made, stop, workers=2, ticking=False, tick_s=60, idle_s=0.01, told=told)
    states = [run.state for run in history(small)]
    assert len(begun) == states.count(State.DONE) <= 4
    assert states.count(State.WAITING) == 50 - len(begun)


def test_what_does_not_end_in_time_is_given_back(small: Ledger, tmp_path: Path) -> None:
    small.store.now_ns = time.time_ns
    asked = ask(small)
    made, stop, go_on = house(small, tmp_path), threading.Event(), threading.Event()
    before = threading.enumerate()

    def endless(*_args: object, **_more: object) -> object:
        stop.set()
        go_on.wait()
        raise ReportError("kernel", "died")

    stuck = House(made.pipelines, small, made.archive, endless)  # type: ignore[arg-type]
    assert not run_for_ever(stuck, stop, tick_s=60, ticking=False, grace_s=0.2)
    found = small.run(asked.run_id)
    assert found is not None
    assert (found.state, found.failures) == (State.WAITING, 0)
    assert found.note == "its worker was told to end"
    again = made.worker().work_one()
    assert again is not None
    assert (again.run.run_id, again.state) == (asked.run_id, State.DONE)
    go_on.set()
    # Not beside the end of the ledger, which it would still tell that it failed.
    for thread in threading.enumerate():
        if thread.daemon and thread not in before:
            thread.join(PATIENCE_S)
            assert not thread.is_alive()


def test_a_ledger_out_of_reach_is_asked_again(
    small: Ledger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipelines.errors import LedgerError

    ask(small)
    claim: Callable[..., Run | None] = small.claim
    calls = []

    def troubled(*args: object) -> Run | None:
        calls.append(args)
        if len(calls) < 3:
            raise LedgerError("the database cannot be used", "ledger of runs")
        return claim(*args)

    monkeypatch.setattr(small, "claim", troubled)
    stop = threading.Event()
    for worked in house(small, tmp_path).worker().work_on(stop, idle_s=0.01):
        assert worked.state is State.DONE
        stop.set()
    assert len(calls) == 3
