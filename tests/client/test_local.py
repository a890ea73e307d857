"""A server for as long as a block lasts."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

import workbench as wb
from tests.conftest import ROOT
from workbench.errors import ClientError

pytestmark = pytest.mark.slow


def test_a_local_server_answers_until_its_block_is_over() -> None:
    with wb.LocalServer("--no-session") as server:
        with wb.Client(server.url) as client:
            client.sign_up("ann", "correct horse battery")
            client.login("ann", "correct horse battery")
            assert client.get("/api/sessions")["sessions"] == []
        folder = Path(server._folder.name if server._folder else "")
        assert folder.is_dir()
    assert not folder.exists()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)
    server.close()


def test_one_that_cannot_start_says_why() -> None:
    with pytest.raises(
        ClientError, match=r"ended at once; it said: .*there is none: is no folder; give .* with --scenarios$"
    ):
        wb.LocalServer("--scenarios", "there is none")


def test_it_ends_with_whoever_started_it(tmp_path: Path) -> None:
    """A kernel that is killed leaves no server behind."""
    code = (
        "import sys, time, workbench as wb\n"
        f"server = wb.LocalServer('--no-session', data={str(tmp_path)!r})\n"
        "print(server._process.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert holder.stdout is not None
    try:
        pid = int(holder.stdout.readline())
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()
    until = time.monotonic() + 60
    while runs(pid):
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            pytest.fail("the server outlived its holder")
        time.sleep(0.05)


def runs(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False
