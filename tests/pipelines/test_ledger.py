"""The ledger on SQLite and PostgreSQL: each run once, by one worker, and nothing from who came too late."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from pipelines.errors import LedgerError
from pipelines.jobs import CatchUp
from pipelines.ledger import Ledger
from pipelines.listing import history, published, standings
from pipelines.planning import backfill, tick
from pipelines.runs import Ended, Outcome, Run, State, Step, Task
from pipelines.schema import VERSION_TABLE, metadata
from tests.pipelines.conftest import DAILY, JOBS, TIDY, Clock, at_ns, job
from workbench.errors import ConfigError

ONLY = {"close_of_day": DAILY}


def claimed(ledger: Ledger, owner: str = "ann", lease_s: float = 60.0) -> Run:
    run = ledger.claim(JOBS, owner, lease_s)
    assert run is not None
    return run


@pytest.fixture
def due(ledger: Ledger, clock: Clock) -> Ledger:
    """A ledger in which one close is due."""
    tick(ledger, ONLY)
    clock.set("2025-11-21 21:15")
    tick(ledger, ONLY)
    return ledger


def test_migrations_lead_to_the_declared_layout(ledger: Ledger) -> None:
    with ledger.store.engine.connect() as connection:
        options = {"compare_type": True, "version_table": VERSION_TABLE}
        assert compare_metadata(MigrationContext.configure(connection, opts=options), metadata) == []


def test_the_ledger_of_a_newer_version_is_refused(
    ledger: Ledger, url: str, open_ledger: Callable[[str], Ledger]
) -> None:
    text = sa.text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    ledger.store.write_now(lambda transaction: transaction.execute(text))
    with pytest.raises(LedgerError, match="layout of the database is not known"):
        open_ledger(url)


def test_a_time_is_entered_once_however_often_it_is_planned(ledger: Ledger, clock: Clock) -> None:
    assert [each.entered for each in tick(ledger, JOBS)] == [0, 0]
    clock.set("2025-11-21 21:14")
    assert [each.entered for each in tick(ledger, JOBS)] == [0, 0]
    clock.set("2025-11-21 21:15")
    assert [each.entered for each in tick(ledger, JOBS)] == [1, 0]
    assert [each.entered for each in tick(ledger, JOBS)] == [0, 0]
    clock.set("2025-11-21 21:00")
    assert [each.entered for each in tick(ledger, JOBS)] == [0, 0]
    assert standings(ledger, ["close_of_day"])[0].planned_until_ns == at_ns("2025-11-21 21:15")
    (run,) = history(ledger)
    assert (run.logical_ns, run.due_ns) == (at_ns("2025-11-21 21:00"), at_ns("2025-11-21 21:15"))
    assert (run.step, run.first_day, run.last_day) == (Step.PLAN, "2025-11-21", "2025-11-21")


def test_missed_times_are_all_made_up_for(ledger: Ledger, clock: Clock) -> None:
    tick(ledger, ONLY)
    clock.set("2025-12-02 12:00")
    tick(ledger, ONLY)
    # Without Thanksgiving, and with the half day after it.
    closes = ["11-21 21:00", "11-24 21:00", "11-25 21:00", "11-26 21:00", "11-28 18:00", "12-01 21:00"]
    assert sorted(run.logical_ns for run in history(ledger)) == [at_ns(f"2025-{each}") for each in closes]


def test_of_what_only_the_latest_matters_the_others_are_skipped(ledger: Ledger, clock: Clock) -> None:
    tidy = {"tidy": job(TIDY, after=(), catch_up=CatchUp.LATEST)}
    tick(ledger, tidy)
    clock.set("2025-11-25 12:00")
    assert tick(ledger, tidy)[0][1:3] == (1, 3)
    states = [(run.last_day, run.state) for run in reversed(history(ledger))]
    assert states == [
        ("2025-11-21", State.SKIPPED),
        ("2025-11-22", State.SKIPPED),
        ("2025-11-23", State.SKIPPED),
        ("2025-11-24", State.WAITING),
    ]


def test_several_that_plan_at_once_enter_each_time_once(
    ledger: Ledger, url: str, clock: Clock, open_ledger: Callable[[str], Ledger]
) -> None:
    ledgers = [ledger, *(open_ledger(url) for _ in range(3))]
    tick(ledger, ONLY)
    clock.set("2025-12-31 12:00")
    with ThreadPoolExecutor(4) as pool:
        planned = [each for made in pool.map(lambda each: tick(each, ONLY), ledgers) for each in made]
    assert sum(each.entered for each in planned) == 26 == len(history(ledger))


def test_several_workers_take_each_run_once(
    ledger: Ledger, url: str, clock: Clock, open_ledger: Callable[[str], Ledger]
) -> None:
    tick(ledger, ONLY)
    clock.set("2026-02-21 12:00")
    tick(ledger, ONLY)
    taken: Counter[str] = Counter()

    def work(each: Ledger) -> int:
        mine = 0
        while (run := each.claim(ONLY, "somebody", 60.0)) is not None:
            taken[run.run_id] += 1
            mine += each.finish(run, Outcome("made"))
        return mine

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, [ledger, *(open_ledger(url) for _ in range(3))]))
    assert sum(shares) == len(taken) == 61
    assert set(taken.values()) == {1}


def test_a_run_is_tried_again_after_ever_longer_times_and_then_given_up(due: Ledger, clock: Clock) -> None:
    for wait_s in (60, 120):
        run = claimed(due)
        assert due.fail(run, DAILY, "no kernel", lasting=False) is State.WAITING
        clock.pass_s(wait_s - 1)
        assert due.claim(JOBS, "ann", 60.0) is None
        clock.pass_s(1)
    run = claimed(due)
    assert due.fail(run, DAILY, "no kernel", lasting=False) is State.FAILED
    assert due.claim(JOBS, "ann", 60.0) is None
    ended = due.run(run.run_id)
    assert ended is not None
    assert (ended.state, ended.attempt, ended.failures, ended.note) == (State.FAILED, 3, 3, "no kernel")
    outcomes = [each.outcome for each in due.attempts_at(run.run_id)]
    assert outcomes == [Ended.FAILED, Ended.FAILED, Ended.FAILED]


def test_what_would_fail_again_is_not_tried_again(due: Ledger) -> None:
    assert due.fail(claimed(due), DAILY, "no such report", lasting=True) is State.FAILED


def test_waiting_and_being_released_count_as_no_failure(due: Ledger, clock: Clock) -> None:
    assert due.postpone(claimed(due), Ended.WAITED, "not sealed", 60.0)
    assert due.claim(JOBS, "ann", 60.0) is None
    clock.pass_s(60)
    assert due.postpone(claimed(due), Ended.RELEASED, "told to end")
    run = claimed(due)
    assert (run.attempt, run.failures) == (3, 0)


def test_a_worker_that_vanished_is_replaced_and_comes_too_late(due: Ledger, clock: Clock) -> None:
    first = claimed(due, "ann")
    clock.pass_s(60)
    assert due.claim(JOBS, "bob", 60.0) is None, "the lease lasts"
    clock.pass_s(1)
    second = claimed(due, "bob")
    assert (second.run_id, second.attempt, second.failures) == (first.run_id, 2, 1)
    follower = Task("account ann", Step.REPORT)
    assert not due.renew(first, 60.0)
    assert not due.finish(first, Outcome("too late", then=(follower,)))
    assert due.fail(first, DAILY, "too late", lasting=True) is None
    assert not due.postpone(first, Ended.RELEASED, "too late")
    assert len(history(due)) == 1, "what followed from the late one is not entered"
    assert due.finish(second, Outcome("in time", then=(follower,)))
    done = due.run(first.run_id)
    assert done is not None
    assert (done.state, done.headline, done.owner) == (State.DONE, "in time", "bob")
    assert [each.outcome for each in due.attempts_at(first.run_id)] == [Ended.LOST, Ended.DONE]
    assert [run.task for run in history(due)].count("account ann") == 1


def test_an_attempt_comes_too_late_even_if_its_own_worker_has_the_next(due: Ledger, clock: Clock) -> None:
    first = claimed(due, "ann")
    clock.pass_s(61)
    second = claimed(due, "ann")
    assert not due.finish(first, Outcome("too late"))
    assert due.finish(second, Outcome("in time"))


def test_a_lease_that_is_renewed_lasts(due: Ledger, clock: Clock) -> None:
    run = claimed(due)
    for _ in range(5):
        clock.pass_s(50)
        assert due.renew(run, 60.0)
        assert due.claim(JOBS, "bob", 60.0) is None
    assert due.finish(run, Outcome("made"))


def test_a_run_that_ends_every_worker_is_given_up(due: Ledger, clock: Clock) -> None:
    for attempt in range(1, 4):
        assert claimed(due).attempt == attempt
        clock.pass_s(61)
    assert due.claim(JOBS, "ann", 60.0) is None
    (run,) = history(due)
    assert run.state is State.FAILED
    assert "did not come back" in run.note


def test_a_job_waits_for_those_it_comes_after(ledger: Ledger, clock: Clock) -> None:
    tick(ledger, JOBS)
    clock.set("2025-11-22 12:00")
    tick(ledger, JOBS)
    report = claimed(ledger)
    assert report.job == "close_of_day"
    assert ledger.claim(JOBS, "bob", 60.0) is None, "the tidy one waits for it"
    ledger.finish(report, Outcome("planned", then=(Task("account ann", Step.REPORT),)))
    child = claimed(ledger)
    assert child.task == "account ann"
    assert ledger.claim(JOBS, "bob", 60.0) is None, "and for what follows from it"
    ledger.fail(child, DAILY, "never", lasting=True)
    assert claimed(ledger).job == "tidy"


def test_runs_of_a_job_that_is_declared_no_more_are_left_alone(due: Ledger) -> None:
    assert due.claim({"tidy": TIDY}, "ann", 60.0) is None
    assert [each.job for each in standings(due, ["tidy"])] == ["tidy", "close_of_day"]


def test_backfill_enters_what_was_before(ledger: Ledger) -> None:
    first, last = date(2025, 7, 1), date(2025, 7, 7)
    assert backfill(ledger, DAILY, first, last).entered == 4
    assert backfill(ledger, DAILY, first, last).entered == 0
    closes = [at_ns(f"2025-07-{each}") for each in ("01 20:00", "02 20:00", "03 17:00", "07 20:00")]
    assert sorted(run.logical_ns for run in history(ledger)) == closes


def test_backfill_again_repeats_what_ended_and_nothing_else(due: Ledger, clock: Clock) -> None:
    day = date(2025, 11, 21)
    assert backfill(due, DAILY, day, day, again=True).again == 0, "it still waits"
    mailed = Task("account ann, to ann@school.example", Step.MAIL)
    due.finish(claimed(due), Outcome("made", folder="there/1", on_page=True, then=(mailed,)))
    due.finish(claimed(due), Outcome("sent"))
    clock.pass_s(60)
    assert backfill(due, DAILY, day, day, again=True).again == 1, "a mail is not sent again by itself"
    assert [run.folder for run in published(due)] == ["there/1"], "what was made stays until it is replaced"
    run = claimed(due)
    assert (run.step, run.attempt, run.failures) == (Step.PLAN, 2, 0)
    due.finish(run, Outcome("made again", folder="there/2", on_page=True))
    assert [run.folder for run in published(due)] == ["there/2"]


@pytest.mark.parametrize(
    ("first", "last", "says"),
    [
        ("2025-11-24", "2025-11-24", "is not over"),
        ("2025-11-15", "2025-11-16", "has no time at which it is due"),
        ("2025-11-14", "2025-11-13", "is before"),
        ("1970-01-01", "2025-11-13", "take fewer days"),
    ],
)
def test_backfill_refuses_days_without_anything_due(ledger: Ledger, first: str, last: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        backfill(ledger, DAILY, date.fromisoformat(first), date.fromisoformat(last))


def test_what_a_person_asks_for_is_ready_at_once(ledger: Ledger) -> None:
    asked = ledger.ask("close_of_day", Task("asked 1", Step.REPORT, account="ann", asked_by="ann"))
    run = claimed(ledger)
    assert (run.run_id, run.asked_by, run.attempt) == (asked.run_id, "ann", 1)


def test_a_page_lists_the_reports_of_its_owner_alone(ledger: Ledger) -> None:
    whose = {
        "ann": Task("ann", Step.REPORT, account="ann", user_id="u-ann"),
        "bob": Task("bob", Step.REPORT, account="bob", user_id="u-bob"),
        "namesake": Task("namesake", Step.REPORT, account="ann", user_id="u-other"),
        "bot": Task("bot", Step.REPORT, account="bot"),
        "class": Task("class", Step.REPORT, class_id="c1"),
        "elsewhere": Task("elsewhere", Step.REPORT, account="ann", user_id="u-ann"),
    }
    for task in whose.values():
        ledger.ask("close_of_day", task)
    for _ in whose:
        run = claimed(ledger)
        ledger.finish(run, Outcome("made", folder=run.task, on_page=run.task != "elsewhere"))

    def names(**of: object) -> list[str]:
        return sorted(run.task for run in published(ledger, **of))  # type: ignore[arg-type]

    assert names() == ["ann", "bob", "bot", "class", "namesake"]
    assert names(user_id="u-ann") == ["ann"]
    assert names(user_id="u-ann", accounts=("ann", "bot")) == ["ann", "bot"]
    assert names(user_id="u-bob", classes=("c1",)) == ["bob", "class"]
    assert names(user_id="") == [], "nobody's are nobody's"


def test_the_history_has_pages(ledger: Ledger, clock: Clock) -> None:
    tick(ledger, ONLY)
    clock.set("2025-12-31 12:00")
    tick(ledger, ONLY)
    whole = history(ledger)
    found: list[Run] = []
    last: tuple[int, str] | None = None
    while part := history(ledger, before=last, most=10):
        found += part
        last = (part[-1].logical_ns, part[-1].run_id)
    assert found == whole
    assert [run.logical_ns for run in whole] == sorted((run.logical_ns for run in whole), reverse=True)


def test_standings_say_how_jobs_stand(due: Ledger) -> None:
    run = claimed(due)
    due.postpone(run, Ended.WAITED, "session 'monday': is not sealed yet", 60.0)
    due.ask("tidy", Task("asked", Step.COMPACTION))
    (daily, tidy) = standings(due, list(JOBS))
    assert (daily.counts, daily.waits_for) == ({State.WAITING: 1}, "session 'monday': is not sealed yet")
    assert (tidy.counts, tidy.latest, tidy.planned_until_ns) == ({State.WAITING: 1}, None, None)


def test_a_run_is_read_as_it_was_entered(ledger: Ledger) -> None:
    task = Task(
        "x", Step.REPORT, report="r", account="a", class_id="c", session="s", details={"n": 1, "ü": ["é"]}
    )
    asked = ledger.ask("close_of_day", task)
    assert ledger.run(asked.run_id) == replace(asked, details={"n": 1, "ü": ["é"]})
    assert ledger.run("nothing") is None
