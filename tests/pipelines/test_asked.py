"""What whoever asked for a report is told of it when it was not made."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.asked import AskedReports, pipelines_of
from pipelines.jobs import ON_DEMAND
from pipelines.ledger import Ledger
from pipelines.runs import Step, Task

RAISED = "report 'drawdown', cell 4: raised KeyError: 'AAPL'; mend the notebook"
TASK = Task("ann", Step.REPORT, report="drawdown", account="ann", session="monday")


@pytest.mark.parametrize(
    ("note", "lasting", "told"),
    [
        (RAISED, True, "run it again later, and if that fails too, tell your instructor that run"),
        ("raised OSError: [Errno 5] disk", False, "making it went wrong; it is tried once more by itself"),
        ("report 'drawdown': took longer than 60 s; fewer days", True, "took longer than 60 s; fewer days"),
    ],
)
def test_a_fault_is_told_in_words_for_whoever_asked(
    tmp_path: Path, note: str, lasting: bool, told: str
) -> None:
    said = pipelines_of(tmp_path)
    ledger = Ledger(said.ledger)
    reports = AskedReports(tmp_path)
    try:
        run_id = ledger.ask(ON_DEMAND, TASK).run_id
        run = ledger.claim(said.jobs, "worker", 60.0)
        assert run is not None
        ledger.fail(run, said.jobs[ON_DEMAND], note, lasting=lasting)
        found = reports.run(run_id)
        assert found is not None
        assert found.state == ("failed" if lasting else "waiting")
        assert told in found.sentence
        assert "Error" not in found.sentence
        assert "notebook" not in found.sentence
        assert (run_id in found.sentence) == (note == RAISED)
        # Who runs the server reads what it was.
        kept = ledger.run(run_id)
        assert kept is not None
        assert kept.note == note
        assert [each.note for each in ledger.attempts_at(run_id)] == [note]
    finally:
        reports.stop()
        ledger.close()
