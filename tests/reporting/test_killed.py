"""Nothing outlives a caller that was killed (kill -9): no process, no half of a report."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.reporting.test_catalog import notebook
from tests.reporting.test_rendering import DONE
from workbench.reporting.catalog import read_kind
from workbench.reporting.forks import forks_here
from workbench.reporting.rendering import render_kind

pytestmark = pytest.mark.skipif(not forks_here(), reason="kernels are forked on Linux")

PATIENCE_S = 60.0

BEGIN = """
import time
from workbench.reporting.forks import SERVER
SERVER.begin()
print(SERVER._process.pid, flush=True)
time.sleep(3600)
"""
HANG = """
import os, time
from pathlib import Path
Path("{pids}").write_text(f"{{os.getppid()}} {{os.getpid()}}")
time.sleep(3600)
"""
RENDER = """
import threading
from pathlib import Path
from workbench.reporting.catalog import read_kind
from workbench.reporting.rendering import render_kind
kind = read_kind(Path("{notebook}"))
# As pipelines do: in threads of their own, of which one has ended.
first = read_kind(Path("{first}")), {{}}, Path("{out}").with_name("first")
one = threading.Thread(target=render_kind, args=first)
one.start()
one.join()
threading.Thread(target=render_kind, args=(kind, {{}}, Path("{out}"))).start()
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that waits to be fetched by its parent does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def stopped(*pids: int) -> None:
    """Have processes do nothing more by themselves, as in a long import: only a kill ends them."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)


def gone(*pids: int) -> bool:
    """Whether processes that were stopped have been killed; they are not left over."""
    until = time.monotonic() + PATIENCE_S
    while any(alive(pid) for pid in pids):
        if time.monotonic() > until:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            return False
        time.sleep(0.02)
    return True


def listens(server: int) -> bool:
    """Whether a server has asked the system to be killed when its owner's pipe ends, which it does first."""
    pipe = Path(f"/proc/{server}/cmdline").read_bytes().split(b"\0")[-2].decode()
    try:
        told = Path(f"/proc/{server}/fdinfo/{pipe}").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    (flags,) = [int(line.split()[1], 8) for line in told.splitlines() if line.startswith("flags:")]
    return bool(flags & os.O_ASYNC)


def python(code: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_a_server_that_is_still_importing_ends_with_its_caller() -> None:
    with python(BEGIN) as caller:
        assert caller.stdout is not None
        server = int(caller.stdout.readline())
        until = time.monotonic() + PATIENCE_S
        while not listens(server):
            assert time.monotonic() < until, "it listens for no end of its owner"
            time.sleep(0.002)
        stopped(server)
        assert alive(server)
        caller.kill()
        caller.wait()
        assert gone(server)


def test_server_and_kernel_end_with_their_caller_and_the_next_report_is_whole(tmp_path: Path) -> None:
    line = ["n: int = 1  # a number"]
    pids = tmp_path / "pids"
    first = notebook(tmp_path / "short.ipynb", line, [DONE])
    hang = notebook(tmp_path / "hangs.ipynb", line, [HANG.format(pids=pids), DONE])
    out = tmp_path / "reports" / "out"
    with python(RENDER.format(notebook=hang, first=first, out=out)) as caller:
        until = time.monotonic() + 240
        while not (pids.exists() and pids.read_text()) and time.monotonic() < until:
            time.sleep(0.05)
        server, kernel = (int(each) for each in pids.read_text().split())
        assert server != os.getpid()
        assert alive(server)
        assert alive(kernel)
        stopped(server, kernel)
        caller.kill()
        caller.wait()
        assert gone(server, kernel)
    # The thread that started the server had ended long before.
    assert (out.with_name("first") / "report.html").exists()
    assert not out.exists()
    assert render_kind(read_kind(first), {}, out).html.exists()
