"""Kernels out of a process that has imported everything already."""

from __future__ import annotations

import atexit
import json
import logging
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

log = logging.getLogger(__name__)

_START_S = 120.0
_ANSWER_S = 30.0
_BYTES = 4096
_ROOT = Path(__file__).resolve().parents[2]


class Forked:
    """A kernel's process, with what `subprocess.Popen` offers for one.

    Its end is known by a pipe that it holds open, for it is the child of another process.

    Parameters
    ----------
    pid
        Its process id, and that of its group.
    alive
        The end of the pipe to read from.
    """

    stdin = stdout = stderr = None

    def __init__(self, pid: int, alive: int) -> None:
        self.pid = pid
        self._alive = alive
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """None while it runs."""
        if self.returncode is None and select.select([self._alive], [], [], 0)[0]:
            os.close(self._alive)
            self.returncode = 1
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Until it has ended.

        Raises
        ------
        subprocess.TimeoutExpired
            When it has not by then.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                raise subprocess.TimeoutExpired("kernel", timeout or 0)
            select.select([self._alive], [], [], left)
        return code

    def send_signal(self, number: int) -> None:
        """To all of its group, unless it has ended."""
        if self.poll() is None:
            try:
                os.killpg(self.pid, number)
            except ProcessLookupError:
                self.wait(_ANSWER_S)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class ForkServer:
    """The process that forks kernels, started when it is first needed; used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._requests: socket.socket | None = None
        self._held = -1
        self._ready = False
        self._owner = 0

    def begin(self) -> None:
        """Start it, without waiting until it is ready."""
        with self._lock:
            self._begin()

    def kernel(self, connection_file: str, folder: Path, environment: Mapping[str, str]) -> Forked:
        """A new kernel.

        Parameters
        ----------
        connection_file
            Says on which sockets it listens.
        folder
            Its working folder.
        environment
            Variables beside those of this process.

        Raises
        ------
        OSError
            When there is no such server, or it does not answer; a fresh kernel is then the way.
        """
        with self._lock:
            self._begin()
            requests = self._requests
            assert requests is not None
            try:
                if not self._ready:
                    requests.settimeout(_START_S)
                    if not requests.recv(1):
                        raise ConnectionError("the process that forks kernels ended while it started")
                    self._ready = True
                requests.settimeout(_ANSWER_S)
                alive, held = os.pipe()
                try:
                    asked = {
                        "connection_file": connection_file,
                        "cwd": str(folder),
                        "environment": dict(environment),
                    }
                    socket.send_fds(requests, [json.dumps(asked).encode()], [held])
                    answer = requests.recv(_BYTES)
                except BaseException:
                    os.close(alive)
                    raise
                finally:
                    os.close(held)
                if not answer:
                    os.close(alive)
                    raise ConnectionError("the process that forks kernels has ended")
            except OSError:
                self._end()
                raise
            return Forked(int(json.loads(answer)["pid"]), alive)

    def end(self) -> None:
        """End it, and all kernels with it."""
        with self._lock:
            self._end()

    def _begin(self) -> None:
        if self._owner != os.getpid():
            # What a parent of this process started is the parent's, and ends with it.
            if self._held >= 0:
                os.close(self._held)
            self._process = self._requests = None
            self._held, self._ready = -1, False
        if self._process is not None and self._process.poll() is None:
            return
        self._end()
        ours, theirs = socket.socketpair()
        tells, self._held = os.pipe()
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 - this program itself
                    [sys.executable, "-m", "workbench.reporting.fork_server", str(tells)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    cwd=_ROOT,
                    env={**os.environ, "PYTHONPATH": python_path()},
                    pass_fds=[tells],
                )
        finally:
            os.close(tells)
        self._requests, self._owner, self._ready = ours, os.getpid(), False

    def _end(self) -> None:
        if self._owner != os.getpid():
            return
        if self._requests is not None:
            self._requests.close()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._held >= 0:
            os.close(self._held)
        self._process = self._requests = None
        self._held, self._ready = -1, False


SERVER = ForkServer()
"""The one of this process."""

atexit.register(SERVER.end)


def python_path() -> str:
    """`PYTHONPATH` of kernels: what this process imports they can import too."""
    return os.pathsep.join(dict.fromkeys([str(_ROOT), *(each for each in sys.path if each)]))


def forks_here() -> bool:
    """Whether this system can fork with threads of a library about; elsewhere each kernel is a fresh one."""
    return sys.platform.startswith("linux") and not os.environ.get("WORKBENCH_FRESH_KERNELS")
