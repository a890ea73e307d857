"""A real `workbench serve` that can be killed, stopped and started again over the same data."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT

READY = b"Ctrl-C stops it."
START_S = 300.0
_PORTS = range(20_000, 32_000)
"""Below those that the system gives to connections and to who asks for any: see `free_port`."""


def free_port() -> int:
    """A port that nobody listens on, and that stays free until who asked for it listens there.

    One of those that the system gives away may be given to any connection meanwhile, even to one that tries
    to reach this very port while nobody listens; and a server that starts again needs the one it had.
    """
    for _ in range(1_000):
        port = random.SystemRandom().choice(_PORTS)
        with socket.socket() as free:
            try:
                free.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"no port of {_PORTS.start} to {_PORTS.stop} is free")


class ServerProcess:
    """One server after another, all over one data root and at one port.

    Parameters
    ----------
    data
        The data root.
    words
        Further options of `workbench serve`.
    environment
        Variables beside those of this process.
    """

    def __init__(self, data: Path, *words: str, environment: dict[str, str] | None = None) -> None:
        self.data = data
        self.port = free_port()
        self.url = f"{'https' if '--certificate' in words else 'http'}://127.0.0.1:{self.port}"
        self.log = data.parent / f"{data.name}-server.log"
        self.starts = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._words = words
        self._environment = {**os.environ, **(environment or {})}
        self._read_from = 0

    @property
    def pid(self) -> int:
        """Its process id."""
        assert self.process is not None
        return self.process.pid

    def launch(self) -> None:
        """Start it, without waiting."""
        self._read_from = self.log.stat().st_size if self.log.exists() else 0
        code = "from workbench.cli import app; app()"
        command = [sys.executable, "-c", code, "serve", "--data", str(self.data), "--port", str(self.port)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*command, "--log-format", "json", *self._words],
                cwd=ROOT,
                env=self._environment,
                stdout=log,
                stderr=log,
            )
        self.starts += 1

    def printed(self) -> bytes:
        """What this start has printed so far."""
        with self.log.open("rb") as log:
            log.seek(self._read_from)
            return log.read()

    async def answers(self) -> float:
        """Wait until it answers; how long that took, in seconds."""
        assert self.process is not None
        began = time.monotonic()
        while READY not in self.printed():
            if self.process.poll() is not None or time.monotonic() - began > START_S:
                raise RuntimeError(f"the server did not start: {self.printed()[-2000:].decode()}")
            await asyncio.sleep(0.02)
        return time.monotonic() - began

    async def kill(self) -> None:
        """Kill -9."""
        assert self.process is not None
        self.process.kill()
        await asyncio.to_thread(self.process.wait)

    async def stop(self) -> int:
        """End it in order; its exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self.process.wait, 120)

    def close(self) -> None:
        """End it if it still runs."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()

    def memory_mb(self) -> float:
        """Memory that it holds."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
