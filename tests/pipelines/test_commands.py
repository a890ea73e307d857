"""`python -m pipelines` on a data root with recorded sessions and the workbench's own reports."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import cast

import pytest
from typer.testing import CliRunner, Result

from pipelines.__main__ import app
from pipelines.data_root import DataRoot
from pipelines.jobs import Job
from pipelines.ledger import Ledger
from pipelines.listing import history
from pipelines.runs import Run, State, Step
from pipelines.upkeep import Compaction
from tests.conftest import ROOT
from tests.reporting.conftest import HEAD, day, record
from workbench.journal.place import session_names

JOBS = """
data = "var"
reports = "reports"

[job.daily]
does = "report"
report = "daily_pnl"
for = "account"
calendar = "new_york"
every = "session"
at = "close"
delay_min = 15
deliver = ["page", "folder"]

[job.tidy]
does = "compaction"
calendar = "new_york"
every = "day"
at = "23:00"

[job.keep]
does = "retention"
calendar = "new_york"
every = "day"
at = "23:30"
keep_newest = 1
after = ["daily", "tidy"]

[folder]
path = "delivered"
"""
MONDAY, TUESDAY = "2024-03-04", "2024-03-05"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a jobs file and two recorded days."""
    folder = tmp_path_factory.mktemp("pipelines")
    (folder / "jobs.toml").write_text(JOBS)
    for name, date in (("monday", MONDAY), ("tuesday", TUESDAY)):
        record(folder / "var", name, day(date, 103) + HEAD.format(title=name, date=date))
    return folder


def call(place: Path, *words: str) -> Result:
    return CliRunner().invoke(app, [words[0], "--jobs", str(place / "jobs.toml"), *words[1:]])


def test_who_took_part_is_read_from_the_data_root(place: Path) -> None:
    from datetime import date

    monday = date.fromisoformat(MONDAY)
    (found,), doubts = DataRoot(place / "var").of_days(monday, monday)
    assert (found.name, found.sealed, found.first_day, found.last_day) == ("monday", True, monday, monday)
    assert [each.name for each in found.takers] == ["ann", "bob", "mia", "eve"]
    assert doubts == []
    recorded, _ = DataRoot(place / "var").recorded(0, time.time_ns())
    assert [each.name for each in recorded] == ["monday", "tuesday"]
    (place / "var" / "sessions" / "broken").mkdir()
    _, doubts = DataRoot(place / "var").of_days(monday, monday)
    (place / "var" / "sessions" / "broken").rmdir()
    assert len(doubts) == 1
    assert "broken" in doubts[0]
    (place / "var" / "sessions" / "monday (copy)").mkdir()
    (found,), doubts = DataRoot(place / "var").of_days(monday, monday)
    compacted = Compaction(place / "var")(cast("Run", None), cast("Job", None))
    (place / "var" / "sessions" / "monday (copy)").rmdir()
    assert found.name == "monday"
    assert [each.partition(":")[0] for each in doubts] == [str(place / "var" / "sessions" / "monday (copy)")]
    assert compacted.summary["left_alone"] == doubts
    assert f"left alone: {doubts[0]}" in compacted.headline


def test_a_day_from_its_due_time_to_its_reports(place: Path) -> None:
    """Backfilled, worked on, delivered; then compaction and retention, and what the ledger says of it all."""
    assert call(place, "tick").output.splitlines() == [
        "daily: 0 entered",
        "tidy: 0 entered",
        "keep: 0 entered",
    ]
    backfilled = call(place, "backfill", "daily", "--from", MONDAY)
    assert (backfilled.exit_code, backfilled.output) == (0, "daily: 1 entered\n")
    assert call(place, "backfill", "keep", "--from", MONDAY).output == "keep: 1 entered\n"
    assert call(place, "backfill", "tidy", "--from", MONDAY).output == "tidy: 1 entered\n"
    worked = call(place, "work", "--workers", "2")
    assert worked.exit_code == 0, worked.output
    lines = worked.output.splitlines()
    assert f"daily, {MONDAY}, plan: done, 4 reports of session 'monday'" in lines
    assert any(line.startswith(f"daily, {MONDAY}, account ann: done, ann made ") for line in lines)
    assert f"keep, {MONDAY}, retention: done, 1 session removed" in lines
    assert lines.index(f"keep, {MONDAY}, retention: done, 1 session removed") == len(lines) - 1
    assert session_names(place / "var") == ["tuesday"]
    pages = sorted((place / "reports").rglob("report.html"))
    assert [page.parent.parent.name for page in pages] == ["ann", "bob", "eve", "mia"]
    summary = json.loads((pages[0].parent / "summary.json").read_text())
    assert summary["parameters"]["first_day"] == MONDAY
    copies = sorted((place / "delivered" / "daily" / "2024-03-04T21-00-00Z").iterdir())
    assert [copy.read_bytes() for copy in copies] == [page.read_bytes() for page in pages]

    (standing, *_) = json.loads(call(place, "status", "--json").output)
    assert (standing["job"], standing["counts"]["done"]) == ("daily", 9)
    shown = call(place, "status").output
    assert shown.splitlines()[0].split()[:3] == ["job", "waiting", "running"]
    runs = json.loads(call(place, "status", "daily", "--json").output)
    report = next(each for each in runs if each["task"] == "account ann")
    assert report["run_id"] in summary["run_id"]
    assert report["summary"]["run_id"] == summary["run_id"]
    assert "account ann" in call(place, "status", "daily").output


def test_a_backfill_that_finds_no_session_says_which_there_are(tmp_path: Path) -> None:
    """Sessions of a scenario's day are recorded on another: by which rule they are looked for is told."""
    jobs = JOBS.replace('for = "account"', 'for = "account"\nsessions = "recorded"')
    (tmp_path / "jobs.toml").write_text(jobs)
    for name in ("first", "second"):
        record(tmp_path / "var", name, day(MONDAY, 3) + HEAD.format(title=name, date=MONDAY))
    assert call(tmp_path, "backfill", "daily", "--from", MONDAY).output == "daily: 1 entered\n"
    told = "0 reports of 0 sessions: sessions = 'recorded', and none was recorded from 2024-03-01 21:15 to"
    remedy = "sessions = 'day' takes those; backfill with --again once the job says so"
    worked = call(tmp_path, "work").output
    for shown in (worked, call(tmp_path, "status").output, call(tmp_path, "status", "daily").output):
        assert told in shown
        assert "'first' (recorded " in shown
        assert shown.count(f" have {MONDAY} on the exchange's clock: {remedy}") == 1
    assert "daily made nothing: 0 reports" in call(tmp_path, "status").output
    # Once more, it says that it has been; and the job as it is now is what is repeated.
    (tmp_path / "jobs.toml").write_text(JOBS.replace('"daily_pnl"', '"drawdown"'))
    again = call(tmp_path, "backfill", "daily", "--from", MONDAY)
    assert again.output == "daily: 0 entered; 1 done already: --again makes them once more\n"
    again = call(tmp_path, "backfill", "daily", "--from", MONDAY, "--again")
    assert again.output == "daily: 0 entered, 1 again\n"
    ledger = Ledger(f"sqlite:///{tmp_path / 'pipelines.db'}")
    try:
        (plan,) = history(ledger, job="daily")
        assert (plan.state, plan.report) == (State.WAITING, "drawdown")
    finally:
        ledger.close()
    waiting = call(tmp_path, "backfill", "daily", "--from", MONDAY)
    assert waiting.output == "daily: 0 entered; 1 waiting already\n"


def test_runs_of_one_day_are_told_apart_in_a_narrow_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "jobs.toml").write_text(JOBS)
    (tmp_path / "var").mkdir()
    ledger = Ledger(f"sqlite:///{tmp_path / 'pipelines.db'}")
    from pipelines.runs import Task

    tasks = [f"account ann, session a long morning in spring {number}" for number in range(3)]
    for each in tasks:
        ledger.ask("daily", Task(each, Step.REPORT))
    ledger.close()
    lines = call(tmp_path, "status", "daily").output.splitlines()
    assert sorted(line[34:] for line in lines[1:]) == tasks


def test_what_fails_for_good_is_told_by_the_exit_code(place: Path) -> None:
    ledger = Ledger(f"sqlite:///{place / 'pipelines.db'}")
    from pipelines.runs import Task

    ledger.ask("daily", Task("nobody", Step.REPORT, "daily_pnl", account="nobody", session="tuesday"))
    ledger.close()
    worked = call(place, "work")
    assert worked.exit_code == 1
    assert "nobody: failed, session 'tuesday': there is no account 'nobody'" in worked.output
    assert not list((place / "reports").glob("*/*/nobody/*"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("backfill", "dayly", "--from", MONDAY), "there is no job 'dayly'"),
        (("backfill", "daily", "--from", "monday"), "--from: 'monday' is no day"),
        (("backfill", "daily", "--from", "2024-03-03"), "has no time at which it is due"),
        (("status", "dayly"), "there is no job 'dayly'"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(place: Path, words: tuple[str, ...], says: str) -> None:
    refused = call(place, *words)
    assert refused.exit_code == 2
    assert says in refused.output
    assert refused.output.count("\n") == 1


def test_serve_ticks_and_works_until_it_is_told_to_end(place: Path) -> None:
    """A report that somebody asks for while it runs is made; SIGTERM ends it in order."""
    from pipelines.runs import Task

    ledger = Ledger(f"sqlite:///{place / 'pipelines.db'}")
    ledger.ask("on_demand", Task("asked", Step.REPORT, "drawdown", account="bob", session="tuesday"))
    command = [
        sys.executable,
        "-m",
        "pipelines",
        "serve",
        "--every",
        "0.2",
        "--jobs",
        str(place / "jobs.toml"),
    ]
    server = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, env=dict(os.environ))
    try:
        until = time.monotonic() + 240
        while not history(ledger, job="on_demand", state=State.DONE):
            assert time.monotonic() < until, "the report was not made within 240 s"
            time.sleep(0.1)
        server.send_signal(signal.SIGTERM)
        _, told = server.communicate(timeout=120)
    finally:
        server.kill()
        server.communicate()
        ledger.close()
    assert server.returncode == 0
    lines = told.splitlines()
    assert lines[-1] == "stopped"
    told_of = [json.loads(line) for line in lines if line.startswith("{")]
    assert {each["logger"] for each in told_of} == {"pipelines"}
    events = [each["event"] for each in told_of]
    assert events[0] == "pipelines.began"
    assert events[-1] == "pipelines.ended"
    assert "pipelines.worked" in events


def test_a_ledger_out_of_reach_is_told_of_in_a_sentence(tmp_path: Path) -> None:
    text = JOBS.replace('data = "var"', 'data = "var"\nledger = "sqlite:///jobs.toml"')
    (tmp_path / "jobs.toml").write_text(text)
    for command in ("work", "tick", "status"):
        refused = call(tmp_path, command)
        assert refused.exit_code == 2
        assert refused.output.startswith("workbench: ledger of runs: the database ")
        assert refused.output.count("\n") == 1
