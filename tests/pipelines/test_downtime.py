"""Three days without anybody: all is caught up, each report once, by four workers of which one is killed."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from pipelines.ledger import Ledger
from pipelines.listing import history, published
from pipelines.planning import tick
from pipelines.runs import Ended, State, Step
from tests.conftest import ROOT
from tests.pipelines.conftest import Clock
from tests.pipelines.crew import NIGHTLY
from tests.pipelines.small import PEOPLE, said

LEFT = "2025-11-25 22:00"
BACK = "2025-12-01 22:00"
DAYS = ("2025-11-26", "2025-11-28", "2025-12-01")
"""What was missed: a Wednesday, after Thanksgiving half a Friday, a Monday."""


def wait_until(there: Callable[[], bool], what: str, seconds: float = 300.0) -> None:
    until = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < until, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.02)


def test_three_missed_days_are_caught_up_exactly_once(
    url: str, tmp_path: Path, clock: Clock, open_ledger: Callable[[str], Ledger]
) -> None:
    clock.set(LEFT)
    ledger = open_ledger(url)
    tick(ledger, {NIGHTLY.name: NIGHTLY})
    stuck = (DAYS[1], "bob")
    command = [sys.executable, "-m", "tests.pipelines.crew", url, str(tmp_path), BACK, "/".join(stuck)]
    log = tmp_path / "log"
    crew = [
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        for _ in range(4)
    ]
    try:
        wait_until(lambda: bool(said(log, "stuck")), "the report that never ends")
        (line,) = [each for each in log.read_text().splitlines() if each.startswith("stuck ")]
        victim = next(each for each in crew if each.pid == int(line.split()[1]))
        victim.kill()
        assert victim.wait(60) == -9
        wait_until(
            lambda: (
                Counter(run.step for run in history(ledger, state=State.DONE, most=1000))
                == {Step.PLAN: 3, Step.REPORT: 12, Step.FOLDER: 12}
            ),
            "the end of all work",
        )
        rest = [each for each in crew if each is not victim]
        for each in rest:
            each.terminate()
        # Each ends by itself, in good order.
        assert [each.communicate(timeout=120)[0] for each in rest] == ["stopped\n"] * 3
        assert [each.returncode for each in rest] == [0, 0, 0]
    finally:
        for each in crew:
            each.kill()
            each.communicate()

    runs = history(ledger, most=1000)
    assert {run.state for run in runs} == {State.DONE}
    assert len(runs) == len({(run.job, run.logical_ns, run.task) for run in runs}) == 27
    expected = sorted((day, account) for day in DAYS for account in PEOPLE)
    reports = [run for run in runs if run.step is Step.REPORT]
    assert sorted((run.last_day, run.account) for run in reports) == expected
    assert {run.run_id for run in published(ledger)} == {run.run_id for run in reports}

    # Each was made once from beginning to end; the one whose worker was killed was begun once more.
    assert sorted(said(log, "made")) == [" ".join(each) for each in expected]
    assert Counter(said(log, "began")) - Counter(said(log, "made")) == {" ".join(stuck): 1}
    (late,) = [run for run in reports if (run.last_day, run.account) == stuck]
    lost, done = ledger.attempts_at(late.run_id)
    assert (lost.outcome, done.outcome) == (Ended.LOST, Ended.DONE)
    assert lost.owner != done.owner

    # On the disk there is one whole report for each, the one that the ledger names, and nothing else.
    pages = sorted(each.parent.relative_to(tmp_path / "reports") for each in tmp_path.rglob("report.html"))
    assert pages == sorted(Path(run.folder) for run in reports)
    assert not list(tmp_path.glob("reports/**/.*"))
    copies = sorted(each.relative_to(tmp_path / "delivered") for each in tmp_path.glob("delivered/**/*.html"))
    assert copies == sorted(Path(run.folder).parent.with_name(f"{run.account}.html") for run in reports)

    # Another tick finds nothing that is left to do.
    clock.set(BACK)
    assert [planned.entered for planned in tick(ledger, {NIGHTLY.name: NIGHTLY})] == [0]
