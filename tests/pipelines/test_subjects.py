"""Whose reports there are to make: of accounts, classes and everybody, by day and by recording."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.archive import Taker
from pipelines.errors import NotYet
from pipelines.jobs import ON_DEMAND, Job, Sessions, Whose
from pipelines.ledger import Ledger
from pipelines.places import folder_of, subject_name
from pipelines.planning import backfill
from pipelines.rendering import parameters_of
from pipelines.runs import Outcome, Run, Step, Task
from pipelines.subjects import Planner
from tests.pipelines import small as parts
from tests.pipelines.conftest import DAILY, Clock, at_ns, job

MONDAY = "2025-11-17"
FRIDAY = "2025-11-21"


def planned(ledger: Ledger, archive: parts.Sessions, plan: Job, day: str = FRIDAY) -> Outcome:
    backfill(ledger, plan, date.fromisoformat(day), date.fromisoformat(day))
    run = ledger.claim({plan.name: plan}, "ann", 60.0)
    assert run is not None
    return Planner(archive, ledger.store.now_ns)(run, plan)


@pytest.fixture(autouse=True)
def after_the_close(clock: Clock) -> None:
    clock.set("2025-11-21 21:15")


def test_everybody_of_a_day_gets_a_report(small: Ledger) -> None:
    archive = parts.Sessions(parts.session(FRIDAY, "friday"), parts.session("2025-11-20"))
    outcome = planned(small, archive, DAILY)
    assert [(each.account, each.user_id, each.session) for each in outcome.then] == [
        (name, f"u-{name}", "friday") for name in parts.PEOPLE
    ]
    assert {(each.first_day, each.last_day, each.report) for each in outcome.then} == {
        (FRIDAY, FRIDAY, "daily_pnl")
    }
    assert outcome.headline == "4 reports of session 'friday'"


def test_who_took_part_in_several_sessions_of_a_day_gets_one(small: Ledger) -> None:
    archive = parts.Sessions(
        parts.session(FRIDAY, "morning"),
        parts.session(FRIDAY, "evening", takers=(Taker("ann", "u-ann"), Taker("zoe", "u-zoe"))),
    )
    found = {each.account: each.session for each in planned(small, archive, DAILY).then}
    assert found == {"ann": "", "bob": "morning", "carl": "morning", "dora": "morning", "zoe": "evening"}


def test_two_of_one_name_never_share_a_report(small: Ledger) -> None:
    archive = parts.Sessions(
        parts.session(FRIDAY, "morning", takers=(Taker("ann", "u-1"),)),
        parts.session(FRIDAY, "noon", takers=(Taker("ann", "u-2"),)),
        parts.session(FRIDAY, "evening", takers=(Taker("ann", "u-1"),)),
    )
    tasks = planned(small, archive, DAILY).then
    assert [(each.user_id, each.session) for each in tasks] == [
        ("u-1", "morning"),
        ("u-1", "evening"),
        ("u-2", "noon"),
    ]
    assert len({each.task for each in tasks}) == 3


def test_an_account_without_people_shares_no_report_with_sessions_of_people(small: Ledger) -> None:
    archive = parts.Sessions(
        parts.session(FRIDAY, "morning", takers=(Taker("seat-1"),)),
        parts.session(FRIDAY, "noon", takers=(Taker("ann", "u-1"),)),
        parts.session(FRIDAY, "evening", takers=(Taker("seat-1"),)),
    )
    tasks = planned(small, archive, DAILY).then
    assert [(each.account, each.session) for each in tasks] == [
        ("seat-1", "morning"),
        ("seat-1", "evening"),
        ("ann", "noon"),
    ]


def test_a_class_gets_one_for_its_week(small: Ledger) -> None:
    from pipelines.schedule import Every, Schedule
    from tests.pipelines.conftest import CALENDAR

    weekly = job(schedule=Schedule(CALENDAR, Every.WEEK, "close"), whose=Whose.CLASS, report="class_summary")
    archive = parts.Sessions(
        parts.session(MONDAY, "monday"),
        parts.session(FRIDAY, "friday", classes=("c1", "c2")),
        parts.session("2025-11-14", classes=("c3",)),
    )
    tasks = planned(small, archive, weekly).then
    assert [(each.class_id, each.session, each.first_day, each.last_day) for each in tasks] == [
        ("c1", "", MONDAY, FRIDAY),
        ("c2", "friday", MONDAY, FRIDAY),
    ]


def test_one_for_everybody_or_none_without_a_session(small: Ledger) -> None:
    everybody = job(whose=Whose.EVERYBODY)
    (task,) = planned(small, parts.Sessions(parts.session(FRIDAY)), everybody).then
    assert (task.class_id, task.task) == ("all", "class all")
    outcome = planned(small, parts.Sessions(), everybody, MONDAY)
    assert outcome.then == ()
    assert outcome.headline == (
        "0 reports of 0 sessions: sessions = 'day', and none has 2025-11-17 on its exchange's clock; "
        "sessions = 'recorded' would take none either"
    )
    # One of a scenario's day, which the other rule takes.
    played = parts.session("2024-03-04", "played", created_ns=at_ns("2025-11-18 15:00"))
    outcome = planned(small, parts.Sessions(played), everybody, "2025-11-18")
    assert outcome.headline.endswith(
        "'played' (recorded 2025-11-18 15:00) were recorded from 2025-11-17 21:15 to 2025-11-18 21:15 UTC: "
        "sessions = 'recorded' takes those; backfill with --again once the job says so"
    )


def test_sessions_recorded_since_the_last_time_have_reports_of_their_own(small: Ledger) -> None:
    """Their own clock may show any day: those of a scenario from years ago."""
    recorded = job(sessions=Sessions.RECORDED)
    times = {"late": "2025-11-20 21:15", "morning": "2025-11-20 21:16", "noon": "2025-11-21 21:15"}
    archive = parts.Sessions(
        *(
            parts.session("2012-06-21", name, created_ns=at_ns(at), takers=(Taker("ann", "u-ann"),))
            for name, at in times.items()
        )
    )
    tasks = planned(small, archive, recorded).then
    assert [(each.session, each.first_day, each.task) for each in tasks] == [
        ("morning", "", "account ann, session morning"),
        ("noon", "", "account ann, session noon"),
    ]


def test_sessions_that_are_not_sealed_are_waited_for_but_not_for_ever(small: Ledger, clock: Clock) -> None:
    archive = parts.Sessions(
        parts.session(FRIDAY, "morning"), parts.session(FRIDAY, "evening", sealed=False, takers=())
    )
    patient = job(wait_s=3600.0)
    backfill(small, patient, date.fromisoformat(FRIDAY), date.fromisoformat(FRIDAY))
    run = small.claim({patient.name: patient}, "ann", 1e6)
    assert run is not None
    planner = Planner(archive, clock)
    clock.set("2025-11-21 22:14")
    with pytest.raises(NotYet, match="session 'evening': is not sealed yet"):
        planner(run, patient)
    clock.set("2025-11-21 22:15")
    outcome = planner(run, patient)
    assert len(outcome.then) == 4
    assert outcome.headline == "4 reports of session 'morning'; left out: session 'evening' is not sealed"


def test_sessions_that_cannot_be_read_are_named(small: Ledger) -> None:
    archive = parts.Sessions(parts.session(FRIDAY), doubts=("var/sessions/x: has no manifest",))
    assert planned(small, archive, DAILY).headline.endswith("; left out: var/sessions/x: has no manifest")


def test_a_report_gets_what_its_run_is_about(small: Ledger) -> None:
    (task, *_) = planned(small, parts.Sessions(parts.session(FRIDAY, "friday")), DAILY).then
    run = Run.of(task.row("close_of_day", at_ns("2025-11-21 21:00"), 0, 0))
    assert parameters_of(run) == {
        "session": "friday",
        "account": "user:u-ann",
        "first_day": FRIDAY,
        "last_day": FRIDAY,
    }
    assert folder_of(run) == "close_of_day/2025-11-21T21-00-00Z/ann/0"
    own = Task("x", task.step, account="ann", session="friday", details={"alone": True})
    alone = Run.of(own.row("j", 0, 0, 0))
    assert parameters_of(alone)["account"] == "account:ann"
    assert folder_of(alone) == "j/1970-01-01T00-00-00Z/ann@friday/0"


def test_reports_that_are_asked_for_in_one_second_do_not_share_a_folder() -> None:
    asked = (Task(f"daily_pnl, {number}", Step.REPORT, account="ann") for number in range(2))
    one, other = (Path(folder_of(Run.of(each.row(ON_DEMAND, 0, 0, 0)))) for each in asked)
    assert one.parent != other.parent
    assert one.parent.parent == other.parent.parent


def test_no_two_subjects_share_a_folder() -> None:
    subjects = [
        ("a", "", ""),
        ("a@b", "", ""),
        ("a", "", "b"),
        ("class=a", "", ""),
        ("", "a", ""),
        (".", "", ""),
        ("..", "", ""),
        ("a/b", "", ""),
        ("é" * 200, "", ""),
        ("é" * 201, "", ""),
    ]
    names = [subject_name(*each) for each in subjects]
    assert len(set(names)) == len(names)
    assert all("/" not in name and not name.startswith(".") and len(name.encode()) <= 120 for name in names)
