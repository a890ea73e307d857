"""`workbench demo`: a market to sign in to at once, which ends when it is told to."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from tests.cli.test_serve import workbench
from tests.conftest import ROOT
from workbench.cli import demonstrating


def started(*words: str) -> tuple[subprocess.Popen[str], str]:
    process = subprocess.Popen(
        workbench("demo", "--port", "0", *words),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )
    printed = ""
    assert process.stdout is not None
    while "Ctrl-C" not in printed:
        line = process.stdout.readline()
        assert line, printed
        printed += line
    return process, printed


@pytest.mark.slow
def test_the_demonstration_can_be_signed_in_to_as_printed(tmp_path: Path) -> None:
    process, printed = started("--data", str(tmp_path / "kept"))
    try:
        assert f"it is kept in {tmp_path / 'kept'} and goes on at the next start" in printed
        url = re.search(r"open at (\S+)", printed)[1]  # type: ignore[index]
        people = re.findall(r"sign in as (\S+) +password (\S+)", printed)
        assert [name for name, _ in people] == ["student", "instructor"]
        for (name, password), home in zip(people, ("/desk", "/control"), strict=True):
            with httpx.Client(base_url=url, trust_env=False, timeout=60) as browser:
                who = {"name": name, "password": password, "cookies": True}
                assert browser.post("/api/auth/login", json=who).status_code == 200
                answer = browser.get("/", headers={"Accept": "text/html"})
                assert answer.headers["location"] == home
                assert browser.get(home).status_code == 200
                session = browser.get("/api/sessions/demo").json()
                assert session["state"] == "open"
                instruments = browser.get("/api/sessions/demo/instruments").json()["instruments"]
                assert len(instruments) == 3
                deadline = time.monotonic() + 60
                while not browser.get("/api/sessions/demo/news").json()["news"]:
                    assert time.monotonic() < deadline
                    time.sleep(0.1)
                candles = browser.get("/api/sessions/demo/instruments/HARBOR/candles?interval=1m").json()
                assert len(candles["time"]) >= 45
                assert (session["speed"], session["time"][11:13]) == (1.0, "14")
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=120)
    assert process.returncode == 0, rest
    assert "Traceback" not in rest
    # What was kept goes on, with the same people.
    process, _ = started("--data", str(tmp_path / "kept"), "--seconds", "0.1")
    rest, _ = process.communicate(timeout=120)
    assert process.returncode == 0, rest


def test_it_ends_by_itself_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    process, printed = started("--seconds", "1")
    rest, _ = process.communicate(timeout=120)
    assert process.returncode == 0, rest
    assert not list(tmp_path.glob("workbench-demo-*"))
    assert "nothing of it is kept" in printed


def refused(*words: str) -> str:
    done = subprocess.run(
        workbench("demo", *words), cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 2, done.stdout + done.stderr
    return done.stderr


def test_it_is_not_opened_to_others_without_being_told() -> None:
    said = refused("--host", "0.0.0.0", "--port", "0")
    assert "0.0.0.0 can be reached by others" in said
    assert "give --demo" in said


def test_a_picture_needs_the_sample_day(tmp_path: Path) -> None:
    assert "give --engine too" in refused("--svg", str(tmp_path / "a.svg"))


def test_its_scenario_is_committed_and_makes_sense() -> None:
    file = demonstrating._scenario()
    assert file == ROOT / "data" / "scenarios" / "demo.toml"
    text = file.read_text()
    assert all(symbol in text for _, _, _, symbols in demonstrating._NEWS for symbol in symbols)


def test_without_what_pages_need_a_sentence_is_said_and_the_api_is_served(tmp_path: Path) -> None:
    hidden = (
        "import sys; sys.modules['panel'] = sys.modules['papermill'] = None; "
        "from workbench.cli import app; app()"
    )
    serve = ("serve", "--no-session", "--port", "0")
    for words, said in (((), True), (("--no-pages",), False)):
        process = subprocess.Popen(
            [sys.executable, "-c", hidden, *serve, "--data", str(tmp_path / "data"), *words],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            bufsize=1,
        )
        printed = ""
        assert process.stdout is not None
        while "Ctrl-C" not in printed:
            line = process.stdout.readline()
            assert line, printed
            printed += line
        url = re.search(r"answers at (\S+)", printed)[1]  # type: ignore[index]
        assert httpx.get(f"{url}/health/live", trust_env=False).status_code == 200
        assert httpx.get(f"{url}/desk", trust_env=False).status_code == 404
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=120)
        assert ("no pages, because panel is not installed" in printed) is said
        assert ("no reports, because papermill is not installed" in printed) is said
        assert "Traceback" not in printed
