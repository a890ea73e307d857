"""`workbench serve` as a process: it starts, says so, stops, goes on, and refuses in one sentence."""

from __future__ import annotations

import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from tests.api.served import MARKET
from tests.conftest import ROOT
from tests.faults.server.abuse import disk_refused, fill
from workbench.cli import app, compiling, serving
from workbench.cli.serving import scenario_folder

START_SECONDS = 300


def workbench(*words: str) -> list[str]:
    return [sys.executable, "-c", "from workbench.cli import app; app()", *words]


class Process:
    """A server that answers, and all that it has printed."""

    def __init__(self, process: subprocess.Popen[str], printed: str) -> None:
        self.process = process
        self.printed = printed
        self.url = re.search(r"answers at (\S+)", printed)[1]  # type: ignore[index]

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Exit code and everything it printed."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=120)
        return self.process.returncode, self.printed + out


@contextmanager
def serve(data: Path, *words: str) -> Iterator[Process]:
    scenario = data.parent / "market.toml"
    scenario.write_text(MARKET)
    command = workbench("serve", "--data", str(data), "--port", "0", *words)
    if "--no-session" not in words:
        command += ["--scenario", str(scenario)]
    process = subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1
    )
    try:
        printed = ""
        deadline = time.monotonic() + START_SECONDS
        assert process.stdout is not None
        while "Ctrl-C" not in printed:
            line = process.stdout.readline()
            assert line, printed
            assert time.monotonic() < deadline, printed
            printed += line
        yield Process(process, printed)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=120)


def refused(*words: str) -> str:
    run = subprocess.run(
        workbench("serve", *words),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=START_SECONDS,
        check=False,
    )
    assert run.returncode == 2, run.stdout + run.stderr
    (sentence,) = [line for line in run.stderr.splitlines() if line.startswith("workbench: ")]
    assert "Traceback" not in run.stderr
    return sentence


def refused_before_it_runs(monkeypatch: pytest.MonkeyPatch, *words: str) -> str:
    """The same sentence from this process: options are looked at before anything is made or started."""

    def started(*_: object, **__: object) -> None:
        raise AssertionError(f"a server was started with {words}")

    monkeypatch.setattr(serving, "serve", started)
    run = CliRunner().invoke(app, ["serve", *words])
    assert run.exit_code == 2, run.output
    (sentence,) = [line for line in run.stderr.splitlines() if line.startswith("workbench: ")]
    return sentence


def test_a_server_starts_stops_and_goes_on_with_what_was_answered(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serve(data) as first:
        password = re.search(r"shown only now, is\s+(\S+)", first.printed)[1]  # type: ignore[index]
        login = {"name": "admin", "password": password}
        tokens = httpx.post(f"{first.url}/api/auth/login", json=login, trust_env=False).json()
        headers = {"Authorization": f"Bearer {tokens['access']}"}
        order = {
            "symbol": "QUIET",
            "side": "buy",
            "type": "limit",
            "quantity": 3,
            "limit_price": 33,
            "time_in_force": "gtc",
        }
        path = "/api/sessions/market/orders"
        join = "/api/sessions/market/join"
        assert httpx.post(first.url + join, headers=headers, trust_env=False).status_code == 200
        placed = httpx.post(first.url + path, json=order, headers=headers, trust_env=False).json()
        assert placed["state"] == "new"
        assert "is in use by the server" in refused("--data", str(data), "--port", "0")
        assert stat.S_IMODE((data / "server" / "secret").stat().st_mode) == 0o600
        code, printed = first.stop()
    assert code == 0, printed
    assert "Traceback" not in printed
    with serve(data) as second:
        assert "shown only now" not in second.printed
        again = httpx.get(f"{second.url}{path}/{placed['id']}", headers=headers, trust_env=False).json()
        assert (again["state"], again["leaves"], again["created"]) == ("new", 3.0, placed["created"])
        code, printed = second.stop(signal.SIGINT)
    assert code == 0, printed
    assert password not in printed


def test_a_market_that_cannot_go_on_for_a_full_disk_is_named_and_nothing_is_opened_in_its_place(
    tmp_path: Path,
) -> None:
    if why := disk_refused():
        pytest.skip(why)
    data = tmp_path / "data"
    data.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256m", "none", str(data)], check=True)
    try:
        with serve(data) as first:
            password = re.search(r"shown only now, is\s+(\S+)", first.printed)[1]  # type: ignore[index]
            login = {"name": "admin", "password": password}
            tokens = httpx.post(f"{first.url}/api/auth/login", json=login, trust_env=False).json()
            headers = {"Authorization": f"Bearer {tokens['access']}"}
            first.stop(signal.SIGKILL)
        before = sorted(path.name for path in (data / "sessions").iterdir())
        fill(data / "ballast")
        with serve(data) as full:
            assert "session market cannot go on: " in full.printed
            for path in ("/api/reviews", "/api/auth/me"):
                answer = httpx.get(full.url + path, headers=headers, trust_env=False)
                assert answer.status_code == 200, answer.text
            ready = httpx.get(f"{full.url}/health/ready", trust_env=False)
            assert ready.status_code == 503
            assert ready.json()["sessions"]["market"].startswith("cannot go on: ")
            code, printed = full.stop()
        assert code == 0, printed
        assert sorted(path.name for path in (data / "sessions").iterdir()) == before
        (data / "ballast").unlink()
        with serve(data) as well:
            assert "cannot go on" not in well.printed
            deadline = time.monotonic() + START_SECONDS
            while (ready := httpx.get(f"{well.url}/health/ready", trust_env=False)).status_code != 200:
                assert time.monotonic() < deadline, ready.text
                time.sleep(0.1)
    finally:
        subprocess.run(["umount", "-l", str(data)], check=False)


def until_refused(host: str, port: int) -> None:
    """Wait until a server takes no connections any more, which is the first thing that a signal does."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection((host, port)).close()
        except ConnectionRefusedError:
            return
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_second_signal_ends_it_at_once(tmp_path: Path) -> None:
    with serve(tmp_path / "data", "--no-session") as server:
        host, port = server.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as waiting:
            # A request whose body is still to come keeps the first signal waiting.
            waiting.sendall(b"POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{")
            # What came earlier was begun with when a later one is answered.
            assert httpx.get(f"{server.url}/health/live", trust_env=False).status_code == 200
            server.process.send_signal(signal.SIGTERM)
            until_refused(host, int(port))
            code, _ = server.stop()
    assert code == 130


def test_a_port_that_is_taken_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"port {port} of 127.0.0.1 cannot be had" in refused(
            "--data", str(tmp_path / "data"), "--port", str(port)
        )


def test_a_data_root_that_cannot_be_written_is_said() -> None:
    assert "cannot be written" in refused("--data", "/proc/workbench", "--port", "0")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--sign-up", "maybe"), "--sign-up"),
        (("--speed", "fast"), "--speed"),
        (("--no-session", "--lobby"), "--no-session"),
        (("--origin", "example.org"), "--origin"),
        (("--certificate", "none.pem"), "--certificate"),
        (("--scenarios", "none"), "none"),
        (("--log-format", "xml"), "--log-format"),
        (("--proxy", "nonsense"), "--proxy"),
        (("--allowed-host", "http://desk"), "--allowed-host"),
    ],
)
def test_options_that_make_no_sense_are_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], said: str
) -> None:
    data = tmp_path / "data"
    assert said in refused_before_it_runs(monkeypatch, "--data", str(data), "--port", "0", *words)


@pytest.mark.parametrize(
    ("words", "said"), [(("--scenario", "none.toml"), "none.toml"), (("--host", "no such host"), "--host")]
)
def test_so_is_what_shows_when_it_starts(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    assert said in refused("--data", str(tmp_path / "data"), "--port", "0", *words)


def test_a_certificate_that_is_none_is_said_before_anything_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, bad = tmp_path / "data", tmp_path / "bad.pem"
    bad.write_text("no certificate")
    words = ("--data", str(data), "--port", "0", "--certificate", str(bad), "--private-key", str(bad))
    said = refused_before_it_runs(monkeypatch, *words)
    assert said == f"workbench: --certificate: {bad} holds no certificate in PEM; give a certificate in PEM"
    bad.write_text(
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"
    )
    said = refused_before_it_runs(monkeypatch, *words)
    assert "cannot be used for TLS" in said
    assert not data.exists()


def test_a_wrong_data_root_is_said_and_not_made(tmp_path: Path) -> None:
    root = tmp_path / "typo"
    for words in (("users", "list"), ("users", "disable", "ann"), ("keys", "list", "ann")):
        done = subprocess.run(
            workbench(*words, "--data", str(root)), capture_output=True, text=True, cwd=ROOT, check=False
        )
        assert done.returncode == 2
        assert "holds no users" in done.stderr
    assert not root.exists()


def test_scenarios_of_the_working_folder_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert scenario_folder(None) is None
    (tmp_path / "scenarios").mkdir()
    assert scenario_folder(None) == Path("scenarios")
    (tmp_path / "data" / "scenarios").mkdir(parents=True)
    assert scenario_folder(None) == Path("data/scenarios")


def test_the_first_wait_is_announced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compiling, "COMPILED", True)
    monkeypatch.setattr(compiling, "cache_folder", lambda: tmp_path)
    heard: list[Any] = []
    monkeypatch.setattr(compiling.event, "register", lambda _, listener: heard.append(listener))
    compiling.say_if_compiling()
    assert "compiling the exchange, once" in capsys.readouterr().err
    # A kernel that calls helpers counts as what it is: several functions.
    assert 400 < compiling.function_count() < 1000
    for _ in range(250):
        heard[0].on_end(None)
    total = compiling.function_count()
    assert capsys.readouterr().err.splitlines() == [
        f"compiling the exchange: {done} of about {total} functions" for done in (100, 200)
    ]
    kept = tmp_path / compiling.kernel_folder()
    kept.mkdir()
    (kept / "step.run-61.py311.nbi").touch()
    compiling.say_if_compiling()
    assert capsys.readouterr().err == ""


@pytest.mark.slow
def test_users_and_keys_are_managed_beside_the_server(tmp_path: Path) -> None:
    data = tmp_path / "data"

    def run(*words: str, code: int = 0) -> str:
        done = CliRunner().invoke(app, [*words, "--data", str(data)])
        assert done.exit_code == code, done.output
        return done.output

    with serve(data, "--no-session") as server:
        password = run("users", "add", "lee", "--role", "instructor").split()[-1]
        login = {"name": "lee", "password": password}
        answer = httpx.post(f"{server.url}/api/auth/login", json=login, trust_env=False).json()
        assert answer["user"]["must_change_password"]
        run("users", "role", "lee", "assistant")
        made = run("keys", "add", "lee", "--scope", "read_market", "--label", "bot").split()
        headers = {"APCA-API-KEY-ID": made[1], "APCA-API-SECRET-KEY": made[3]}
        me = httpx.get(f"{server.url}/api/auth/me", headers=headers, trust_env=False)
        # Somebody who has a password to use once changes it first; until then the key is good for nothing.
        assert me.status_code in (200, 401, 403)
        assert made[1] in run("keys", "list", "lee")
        run("keys", "revoke", made[1])
        assert "revoked" in run("keys", "list", "lee")
        assert "there is no API key 'PKNONE'" in run("keys", "revoke", "PKNONE", code=2)
        assert "there is no session 'nosuch'" in run("keys", "add", "lee", "--session", "nosuch", code=2)
        run("users", "disable", "lee")
        assert "disabled" in run("users", "list")
        run("users", "enable", "lee")
        run("users", "reset-password", "lee")
        assert "no user is called" in run("users", "disable", "nobody", code=2)
        assert "expected" in run("users", "add", "bob", "--role", "king", code=2)
        server.stop()
