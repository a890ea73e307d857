"""`workbench gateway` as a process: it starts before its exchange, stops, and refuses in one sentence."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from tests.cli.test_serve import workbench
from tests.conftest import ROOT
from workbench.cli import app


def test_a_gateway_starts_before_its_exchange_and_ends_in_order() -> None:
    command = workbench("gateway", "--upstream", "http://127.0.0.1:9", "--port", "0", "--log-format", "json")
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, text=True, **pipes) as process:
        try:
            assert process.stdout is not None
            first = process.stdout.readline()
            assert first.startswith("gateway to http://127.0.0.1:9 answers at ")
            url = first.split()[-1]
            told = httpx.get(f"{url}/gateway/health", trust_env=False).json()
            assert told == {"exchange": "http://127.0.0.1:9", "streams": 0, "sessions": 0, "shared_topics": 0}
            assert httpx.get(f"{url}/health/live", trust_env=False).status_code == 503
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=120)
            assert process.returncode == 0
            assert "stopped; desks come back to another gateway" in out
        finally:
            process.kill()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--upstream", "there"], "--upstream: is 'there', expected such as http://127.0.0.1:8000"),
        (["--log-format", "xml"], "--log-format: is 'xml', expected json or text"),
        (["--proxy", "everywhere"], "--proxy: is 'everywhere', expected an address"),
        (["--certificate", "none.pem"], "there is no file none.pem"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_started(
    words: list[str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = CliRunner().invoke(app, ["gateway", *words])
    assert run.exit_code == 2, run.output
    (said,) = [line for line in run.stderr.splitlines() if line.startswith("workbench: ")]
    assert sentence in said
