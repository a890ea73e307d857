"""A server of one's own, for as long as a notebook or a program runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import threading
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Self

from workbench.errors import ClientError

_READY = "Ctrl-C stops it."
_ADDRESS = re.compile(r"workbench answers at (\S+)")
_LAST_LINES = 20
_STOP_S = 30.0

_SERVE = """
import os, signal, threading
def end():
    while os.read(0, 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
threading.Thread(target=end, daemon=True).start()
from workbench.cli import app
app()
"""
"""Whoever holds its standard input ends it by closing that, and by dying: no server is left behind."""


class LocalServer:
    """`workbench serve` in a process of its own, at a free port of this machine; over when the block is.

    Parameters
    ----------
    options
        Of `workbench serve`, such as `"--speed", "10"` ([cli.md](cli.md#serve)).
    data
        The data root; a temporary folder, which goes with the server, unless given.
    timeout_s
        How long to wait until it answers. The first start of an installation compiles the exchange.

    Attributes
    ----------
    url
        Where it answers.

    Raises
    ------
    ClientError
        When it does not start; the sentence ends with what it said last.

    Examples
    --------
    >>> import workbench as wb
    >>> with wb.LocalServer() as server:  # doctest: +SKIP
    ...     client = wb.Client(server.url)
    """

    def __init__(self, *options: str, data: str | os.PathLike[str] | None = None, timeout_s: float = 300.0):
        self._folder = tempfile.TemporaryDirectory(prefix="workbench-") if data is None else None
        root = Path(data) if data is not None else Path(self._folder.name if self._folder else "")
        package = str(Path(__file__).parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        words = ["serve", "--port", "0", "--data", str(root), "--no-pages", "--log-format", "json", *options]
        self._process = subprocess.Popen(  # noqa: S603 - this Python, and options of whoever calls
            [sys.executable, "-c", _SERVE, *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._said: deque[str] = deque(maxlen=_LAST_LINES)
        self._ready = threading.Event()
        self.url = ""
        # Read to the end: a full pipe would stop the server.
        self._reader = threading.Thread(target=self._read, name="output of the local server", daemon=True)
        self._reader.start()
        self._ready.wait(timeout_s)
        if not self.url:
            # What it says ends with it, a moment before its own end can be seen.
            ended = self._ready.is_set()
            self.close()
            what = "the local server ended at once" if ended else f"no local server within {timeout_s:g} s"
            raise ClientError(f"{what}; it said: {' '.join(self._said) or 'nothing'}")

    def _read(self) -> None:
        assert self._process.stdout is not None
        url = ""
        for line in self._process.stdout:
            self._said.append(line.strip())
            found = _ADDRESS.search(line)
            url = found[1] if found else url
            if _READY in line:
                self.url = url
                self._ready.set()
        self._ready.set()

    def close(self) -> None:
        """End it in order; a second call does nothing."""
        process = self._process
        if process.stdin is not None and not process.stdin.closed:
            process.stdin.close()
        try:
            process.wait(_STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._reader.join(_STOP_S)
        if process.stdout is not None:
            process.stdout.close()
        if self._folder is not None:
            self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"LocalServer({self.url})"
