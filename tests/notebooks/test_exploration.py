"""The exploration notebooks, run in kernels of their own while another process writes what they ask for."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

NOTEBOOK = ROOT / "notebooks" / "exploration" / "running_session.ipynb"

WRITER = """
import sys, time
from pathlib import Path
import workbench as wb

root = Path(sys.argv[1])
market = wb.replay("data/samples/harbor-2025-03-18.parquet", session="lesson", data=root)
market.buy(300, limit="45.63")
for minute in range(1, 390):
    market.run_until(f"{(570 + minute) // 60:02}:{(570 + minute) % 60:02}")
    # So slowly that it is still open once two notebooks have run on a busy machine.
    time.sleep(2)
    if (root / "stop").exists():
        break
market.close()
"""


@pytest.fixture
def lesson(tmp_path: Path) -> Iterator[Path]:
    """A data root in which another process runs a market, minute by minute."""
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], cwd=ROOT)
    try:
        wait_for((tmp_path / "sessions" / "lesson" / "trades").is_dir)
        yield tmp_path
    finally:
        (tmp_path / "stop").touch()
        try:
            assert writer.wait(timeout=120) == 0
        finally:
            writer.kill()


def wait_for(condition: Callable[[], bool], seconds: float = 240.0) -> None:
    """Wait until a condition holds, as long as a slow machine may need to compile the exchange."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "the writing process published nothing"
        time.sleep(0.1)


def asked(root: Path, out: Path) -> dict[str, int]:
    """Run the notebook in a kernel; the counts that its last cell prints."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "papermill",
            "--no-progress-bar",
            "--start-timeout",
            "300",
            "-p",
            "data",
            str(root),
            str(NOTEBOOK),
            str(out),
        ],
        check=True,
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    cells = json.loads(out.read_text())["cells"]
    printed = [o["text"] for o in cells[-1]["outputs"] if o["output_type"] == "stream"]
    return json.loads("".join(printed[-1]))


@pytest.mark.slow
def test_a_kernel_asks_a_session_that_runs(lesson: Path, tmp_path: Path) -> None:
    first = asked(lesson, tmp_path / "first.ipynb")
    second = asked(lesson, tmp_path / "second.ipynb")
    assert first.pop("session") == second.pop("session") == "lesson"
    manifest = json.loads((lesson / "sessions" / "lesson" / "manifest.json").read_text())
    assert manifest["state"] == "open"
    assert all(0 < first[name] < second[name] for name in ("events", "trades", "quotes"))
