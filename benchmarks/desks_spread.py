"""Desks whose pages come from processes of their own: `panel serve --num-procs` beside one exchange."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.environment import ROOT
from benchmarks.server import pinned

HOST = "127.0.0.1"
_START_S = 180.0
_PAGES = ("dashboards/trading.py", "dashboards/instructor.py")


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        port: int = found.getsockname()[1]
        return port


@contextmanager
def page_servers(folder: Path, exchange_url: str, port: int, count: int) -> Iterator[list[int]]:
    """Processes that make pages, on one port; gives their ids."""
    command = [sys.executable, "-m", "panel", "serve", *_PAGES, "--auth-module", "dashboards/auth.py"]
    command += ["--address", HOST, "--port", str(port), "--num-procs", str(count)]
    command += ["--allow-websocket-origin", f"{HOST}:{port}"]
    environment = {**os.environ, "WORKBENCH_URL": exchange_url}
    log = folder / f"pages-{count}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            pinned(command),
            cwd=ROOT,
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + _START_S
        while not _answers(port):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"panel serve did not start: {log.read_text()[-1000:]}")
            time.sleep(0.2)
        yield _children(process.pid) or [process.pid]
    finally:
        # The first of them does not pass a signal on.
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _answers(port: int) -> bool:
    try:
        httpx.get(f"http://{HOST}:{port}/trading", timeout=60, trust_env=False)
    except httpx.ConnectError:
        return False
    return True


def _children(pid: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
