"""Reports over HTTP: whose they are, who may have one made, and what comes of it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from pipelines.asked import AskedReports
from pipelines.jobs import ON_DEMAND
from pipelines.ledger import Ledger
from pipelines.runs import Step, Task
from tests.api.classes import Lesson
from tests.api.served import Person, Served, serving
from workbench.api.native.reports import PAGE_POLICY
from workbench.api.reports import PER_USER_MAX
from workbench.client import Client
from workbench.identity.roles import Role

REPORTS = "/api/reports"
PATIENCE_S = 600.0
"""For a report, before which some others may have to be made."""


class Class:
    """A server whose session two students traded in and which has ended, and one that is open still."""

    def __init__(self, served: Served) -> None:
        self.served = served
        # She is called as his account is.
        self.ann, self.bob, self.eve = (served.person(name=name) for name in ("seat-2", "", ""))
        self.teacher, self.admin = served.person(Role.INSTRUCTOR), served.person(Role.ADMIN)
        with (
            Client(served.url, token=self.ann.access) as ann,
            Client(served.url, token=self.bob.access) as bob,
        ):
            ours, theirs = ann.session("market"), bob.session("market")
            ours.join()
            theirs.join()
            ours.place("QUIET", "sell", 100, limit="50.00")
            theirs.place("QUIET", "buy", 100, limit="50.00")
            theirs.place("QUIET", "sell", 100, limit="50.20")
            ours.place("QUIET", "buy", 100, limit="50.20")

    def ask(self, person: Person, method: str, path: str = "", **more: Any) -> httpx.Response:
        with self.served.client(person) as http:
            return http.request(method, REPORTS + path, **more)

    def run(self, person: Person, **asked: str) -> httpx.Response:
        return self.ask(person, "POST", json={"report": "daily_pnl", "session": "market", **asked})

    def listed(self, person: Person, path: str = "", **query: str) -> list[dict[str, Any]]:
        answer = self.ask(person, "GET", path, params=query)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["reports"]
        return found

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Nothing is made meanwhile: what was begun is given back, and all that is asked for waits."""
        reporter: Any = self.served.server.reports._reporter
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(reporter, "_begin", lambda: None)
            if reporter._process is not None:
                reporter._process.stdin.close()
                reporter._process.wait(60)
            yield
        reporter._begin()

    def ended(self, person: Person, run: str) -> dict[str, Any]:
        """A run once it waits and runs no more."""
        until_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < until_s:
            found: dict[str, Any] = self.ask(person, "GET", f"/{run}").json()
            if found["state"] not in ("waiting", "running"):
                return found
            time.sleep(0.1)
        raise TimeoutError(found)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reports") / "data"


@pytest.fixture(scope="module")
def taught(data: Path) -> Iterator[Class]:
    with serving(data, reporter=AskedReports) as served:
        made = Class(served)
        assert made.run(made.ann).json()["code"] == "session_open"
        with Client(served.url, token=made.teacher.access) as teacher:
            teacher.session("market").control("close")
            closed = made.run(made.ann)
            assert (closed.status_code, closed.json()["code"]) == (409, "session_open")
            assert "debrief" in closed.json()["message"]
            teacher.session("market").control("debrief")
        yield made


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_one_is_made_for_whom_it_is_about_and_for_nobody_else(taught: Class, data: Path) -> None:
    with taught.resting():
        asked = taught.run(taught.ann)
        assert asked.status_code == 202, asked.text
        run = asked.json()
        assert (run["account"], run["user"], run["own"]) == ("seat-1", taught.ann.name, True)
        # The same question is not asked twice as long as it waits.
        assert taught.run(taught.ann).json()["run"] == run["run"]
        waiting = taught.ask(taught.ann, "GET", f"/{run['run']}/html")
        assert refusal(waiting) == (409, "not_done")
    done = taught.ended(taught.ann, run["run"])
    assert done["state"] == "done", done
    # She sold at 50.00 and bought at 50.20, 100 of them, beside fees.
    assert "lost 20.00 USD" in done["sentence"], done
    page = taught.ask(taught.ann, "GET", f"/{run['run']}/html")
    assert page.headers["content-security-policy"] == PAGE_POLICY
    assert "sandbox" in PAGE_POLICY
    assert "allow-same-origin" not in PAGE_POLICY
    assert f">{run['run']}-1<" in page.text
    assert str(data) not in page.text
    file = taught.ask(taught.ann, "GET", f"/{run['run']}/html", params={"download": "true"})
    assert file.headers["content-disposition"] == 'attachment; filename="daily_pnl-market-seat-1.html"'
    assert file.text == page.text
    for stranger in (taught.bob, taught.eve):
        for path in (f"/{run['run']}", f"/{run['run']}/html"):
            assert refusal(taught.ask(stranger, "GET", path)) == (404, "unknown_report")
        assert taught.listed(stranger) == []
    assert [each["run"] for each in taught.listed(taught.ann)] == [run["run"]]
    assert taught.ask(taught.teacher, "GET", f"/{run['run']}/html").text == page.text
    assert [(each["user"], each["own"]) for each in taught.listed(taught.teacher, "/history")] == [
        (taught.ann.name, False)
    ]
    with taught.served.client(taught.admin) as http:
        entries = http.get("/api/audit", params={"action": "report.read"}).json()["entries"]
    assert [(each["actor"], each["details"]["account"]) for each in entries] == [
        (taught.teacher.name, "seat-1")
    ]


def test_who_may_ask_for_what(taught: Class) -> None:
    run, ann, bob, eve, teacher = taught.run, taught.ann, taught.bob, taught.eve, taught.teacher
    assert refusal(run(bob, account="seat-1")) == (403, "forbidden")
    # Which seats there are is not for who may read their own alone.
    messages = [run(bob, account=each).json()["message"] for each in ("seat-1", "seat-nobody")]
    assert messages == ["this needs the permission read_class: it is not your own account"] * 2
    assert refusal(run(ann, class_id="all")) == (403, "forbidden")
    for asked in ({}, {"session": "", "first_day": "2025-01-01"}, {"account": "seat-1"}):
        alone = run(ann, report="class_summary", **asked)
        assert refusal(alone) == (403, "forbidden")
        assert "class_summary is of everybody in a class; ask for daily_pnl" in alone.json()["message"]
    assert refusal(run(eve)) == (409, "no_seat")
    assert refusal(run(teacher)) == (409, "no_seat")
    assert refusal(run(teacher, account="seat-nobody")) == (404, "unknown_account")
    assert refusal(run(teacher, class_id="of nobody")) == (404, "unknown_class")
    assert refusal(run(ann, report="dayly_pnl")) == (404, "unknown_report")
    assert refusal(run(ann, session="nothing")) == (404, "unknown_session")
    assert refusal(run(ann, session="../market")) == (422, "refused")
    assert refusal(run(ann, session="")) == (422, "invalid")
    assert refusal(run(ann, account="seat-1", class_id="all")) == (422, "invalid")
    assert refusal(run(ann, first_day="2025-13-01")) == (422, "invalid")
    assert refusal(run(ann, first_day="2025-01-02", last_day="2025-01-01")) == (422, "invalid")
    for person in (ann, teacher):
        everybody = run(person, session="", class_id="all", first_day="2025-01-01")
        assert refusal(everybody) == (403, "forbidden")


DAY = "2025-03-18"


def test_days_are_ones_own_or_of_whom_one_teaches(taught: Class) -> None:
    ann, bob, eve, teacher = taught.ann, taught.bob, taught.eve, taught.teacher

    def days(person: Person, first: str = DAY, last: str = DAY, **asked: str) -> httpx.Response:
        return taught.run(person, session="", first_day=first, last_day=last, **asked)

    with taught.served.client(ann) as http:
        assert [each["first_day"] for each in http.get("/api/reviews").json()["reviews"]] == [DAY]
    hers = days(ann, "2025-03-17", "2025-03-20")
    assert hers.status_code == 202, hers.text
    assert (hers.json()["account"], hers.json()["session"], hers.json()["own"]) == (ann.name, "", True)
    # Whoever names another is refused, by whatever name; days without a seat are told with those that have.
    for whose in ({"account": bob.name}, {"account": "seat-1"}, {"class_id": "all"}):
        refused = days(ann, **whose)
        assert refusal(refused) == (403, "forbidden")
        assert "own" in refused.json()["message"]
    elsewhen = days(ann, "2025-03-19", "")
    assert refusal(elsewhen) == (409, "no_seat")
    assert elsewhen.json()["message"].endswith(f"there is one on {DAY}")
    assert refusal(days(eve)) == (409, "no_seat")
    nothing = days(ann, "", "")
    assert refusal(nothing) == (422, "invalid")
    assert "session" in nothing.json()["message"]
    assert "first_day" in nothing.json()["message"]
    assert refusal(days(teacher)) == (409, "no_seat")
    assert refusal(days(teacher, account="seat-1")) == (404, "unknown_account")
    key = taught.served.key(ann, session="market")
    with taught.served.client(key) as http:
        bound = http.post(REPORTS, json={"report": "daily_pnl", "first_day": DAY})
    assert refusal(bound) == (403, "forbidden")
    his = days(teacher, account=bob.name)
    assert his.status_code == 202, his.text
    run, of_bob = hers.json()["run"], his.json()["run"]
    assert "lost 20.00 USD" in taught.ended(ann, run)["sentence"]
    assert "made 20.00 USD" in taught.ended(teacher, of_bob)["sentence"]
    page = taught.ask(ann, "GET", f"/{run}/html").text
    assert ann.user_id in page
    assert not [each for each in (bob.name, bob.user_id) if each in page]
    for stranger, path in ((bob, run), (ann, of_bob), (eve, run), (eve, of_bob)):
        assert refusal(taught.ask(stranger, "GET", f"/{path}/html")) == (404, "unknown_report")
    # What is of sessions that she runs all, the teacher reads, whoever asked; and he what was asked of him.
    assert taught.ask(teacher, "GET", f"/{run}/html").text == page
    assert taught.ask(bob, "GET", f"/{of_bob}").json()["own"]
    with taught.served.client(taught.admin) as http:
        entries = http.get("/api/audit", params={"action": "report.read"}).json()["entries"]
    assert {each["target"] for each in entries} >= {f"user:{ann.user_id}", f"user:{bob.user_id}"}
    assert days(taught.admin, class_id="all").status_code == 202


def test_days_hold_nothing_of_classes_that_others_run(taught: Class) -> None:
    bob, teacher = taught.bob, taught.teacher
    lesson = Lesson(taught.served, "elsewhere")
    lesson.let_in(bob)
    with Client(taught.served.url, token=bob.access) as client:
        client.session("elsewhere").join()
    with Client(taught.served.url, token=lesson.teacher.access) as client:
        for act in ("close", "debrief"):
            client.session("elsewhere").control(act)
    asked = {"session": "", "first_day": "2025-03-18", "account": bob.name}
    refused = taught.run(teacher, **asked)
    assert refusal(refused) == (403, "forbidden")
    assert "one session" in refused.json()["message"]
    own = taught.run(bob, **asked).json()["run"]
    done = taught.ended(bob, own)
    assert done["state"] == "done", done
    assert refusal(taught.ask(teacher, "GET", f"/{own}/html")) == (404, "unknown_report")
    assert taught.ask(lesson.teacher, "GET", f"/{own}/html").status_code == 200
    assert own not in [each["run"] for each in taught.listed(teacher)]


def test_what_fails_says_why_and_no_more_wait_than_may(taught: Class) -> None:
    days = [f"2031-01-{day:02}" for day in range(1, PER_USER_MAX + 2)]
    with taught.resting():
        asked = [taught.run(taught.bob, first_day=day, last_day=day) for day in days]
        assert [each.status_code for each in asked] == [202] * PER_USER_MAX + [429]
        assert asked[-1].json()["code"] == "too_many_reports"
        assert asked[-1].headers["retry-after"]
        # Others are not held up by it.
        assert taught.run(taught.ann, first_day=days[0]).status_code == 202
    done = taught.ended(taught.bob, asked[0].json()["run"])
    # Days without data give a report that says so.
    assert (done["state"], "nothing" in done["sentence"].lower() or "No " in done["sentence"]) == (
        "done",
        True,
    )


def test_a_report_is_hers_and_not_his_whose_account_is_called_as_she_is(taught: Class, data: Path) -> None:
    ledger = Ledger(f"sqlite:///{data / 'pipelines.db'}")
    try:
        about = {"report": "daily_pnl", "account": taught.ann.name}
        day = {"first_day": "2000-01-01", "user_id": taught.ann.user_id}
        of_day = ledger.ask(ON_DEMAND, Task("day", Step.REPORT, **about, **day)).run_id  # type: ignore[arg-type]
        named = {**about, "session": "market"}
        user = {"user_id": taught.ann.user_id}
        of_session = ledger.ask("close_of_day", Task("known", Step.REPORT, **named, **user)).run_id  # type: ignore[arg-type]
        of_whom = ledger.ask("close_of_day", Task("unknown", Step.REPORT, **named)).run_id  # type: ignore[arg-type]
    finally:
        ledger.close()
    all_three = {of_day, of_session, of_whom}
    assert all_three & {each["run"] for each in taught.listed(taught.ann)} == {of_day, of_session}
    assert not all_three & {each["run"] for each in taught.listed(taught.bob)}
    assert refusal(taught.ask(taught.bob, "GET", f"/{of_session}")) == (404, "unknown_report")
    history = {
        each["run"]: (each["account"], each["user"]) for each in taught.listed(taught.teacher, "/history")
    }
    assert (history[of_session], history[of_whom]) == (("seat-2", "seat-2"), ("seat-2", ""))
    # What is shown is hers, and what the teacher asks of the account is his.
    assert "lost 20.00 USD" in taught.ended(taught.ann, of_day)["sentence"]
    his = taught.ended(taught.teacher, taught.run(taught.teacher, account="seat-2").json()["run"])
    assert (his["user"], "made 20.00 USD" in his["sentence"]) == (taught.bob.name, True)


def test_of_a_session_a_person_is_named_by_name_or_by_seat(taught: Class) -> None:
    his = taught.run(taught.teacher, account=taught.bob.name)
    assert his.status_code == 202, his.text
    assert (his.json()["account"], his.json()["user"]) == ("seat-2", taught.bob.name)
    assert taught.run(taught.bob, account=taught.bob.name).json()["account"] == "seat-2"
    # Whoever may read their own alone is told nothing of others' names.
    assert refusal(taught.run(taught.eve, account=taught.bob.name)) == (403, "forbidden")
    nobody = taught.run(taught.teacher, account="nobody")
    assert refusal(nobody) == (404, "unknown_account")
    assert nobody.json()["message"] == "nobody in session market and no account there is called 'nobody'"


def test_history_is_of_all_jobs_and_for_who_runs_sessions(taught: Class, data: Path) -> None:
    ledger = Ledger(f"sqlite:///{data / 'pipelines.db'}")
    try:
        theirs = Task("account ann", Step.REPORT, report="drawdown", account="seat-1", session="market")
        by_clock = ledger.ask("close_of_day", theirs).run_id
        upkeep = ledger.ask("compaction", Task("compaction", Step.COMPACTION)).run_id
        # Whoever calls themselves as an account is called is not whose account it is.
        of_day = Task(
            "eve",
            Step.REPORT,
            report="drawdown",
            account="eve",
            user_id=taught.eve.user_id,
            first_day="2025-01-01",
        )
        own_day = ledger.ask(ON_DEMAND, of_day).run_id
    finally:
        ledger.close()
    assert by_clock in [each["run"] for each in taught.listed(taught.ann)]
    assert [each["run"] for each in taught.listed(taught.eve)] == [own_day]
    failed = taught.ended(taught.eve, own_day)
    assert (failed["state"], failed["attempts"]) == ("failed", 1)
    assert failed["sentence"].startswith(
        f"the data root: no user with the id {taught.eve.user_id!r} had a seat"
    )
    assert str(data) not in failed["sentence"]
    assert refusal(taught.ask(taught.ann, "GET", "/history")) == (403, "forbidden")
    of_teacher = [each["run"] for each in taught.listed(taught.teacher, "/history", limit="200")]
    assert by_clock in of_teacher
    assert not {upkeep, own_day} & set(of_teacher)
    everything: list[str] = []
    before = ""
    while True:
        answer = taught.ask(taught.admin, "GET", "/history", params={"limit": "2", "before": before}).json()
        everything += [each["run"] for each in answer["reports"]]
        if (before := answer["next"] or "") == "":
            break
    assert len(everything) == len(set(everything))
    assert everything[:3] == [own_day, upkeep, by_clock]
    with sqlite3.connect(data / "pipelines.db") as rows:
        assert rows.execute("SELECT count(*) FROM pipeline_runs").fetchone() == (len(everything),)
        assert (
            rows.execute("SELECT count(*) FROM pipeline_runs WHERE job = ?", (ON_DEMAND,)).fetchone()[0] > 5
        )


def test_a_server_that_makes_none_says_so(served: Served) -> None:
    with served.client(served.person()) as http:
        said = http.get(REPORTS).json()
        assert (said["reports"], said["kinds"]) == ([], [])
        assert "pip install 'trading-workbench[app]'" in said["problem"]
        refused = http.post(REPORTS, json={"report": "daily_pnl", "session": "market"})
        assert refusal(refused) == (409, "no_reports")
