"""What a sweep has found so far, in a file that survives being broken off."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from workbench.errors import SweepError

if sys.platform != "win32":
    import fcntl

Row = dict[str, Any]


class Ledger:
    """Results by key, appended to a file as they come.

    Parameters
    ----------
    path
        One JSON object a line; None keeps nothing. A last line that is not whole is cut off. One sweep at a
        time has it.

    Attributes
    ----------
    rows
        What is known.
    """

    def __init__(self, path: Path | None) -> None:
        self.rows: dict[str, Row] = {}
        self._path = path
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        if self._path is not None:
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self._path.open("a+b")
            except OSError as error:
                raise SweepError(
                    f"cannot be written: {error.strerror or error}",
                    str(self._path.parent),
                    "name a folder that can be made and written",
                ) from None
            try:
                self._lock(self._file)
                self._read(self._file)
            except BaseException:
                self._file.close()
                raise
        return self

    def _lock(self, file: IO[bytes]) -> None:
        """Have the file alone for as long as it is open; whoever is killed lets go of it."""
        if sys.platform == "win32":
            return
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SweepError(
                "another sweep writes there", str(self._path), "wait for it, or take another folder"
            ) from None
        except OSError:
            # Some file systems of networks know no locks.
            return

    def _read(self, file: IO[bytes]) -> None:
        file.seek(0)
        content = file.read()
        whole = content.rfind(b"\n") + 1
        file.truncate(whole)
        for number, line in enumerate(content[:whole].splitlines(), 1):
            try:
                entry = json.loads(line)
                self.rows[entry["key"]] = entry["row"]
            except (ValueError, KeyError, TypeError):
                raise SweepError(
                    f"line {number} is no result", str(self._path), "remove the line, or take another folder"
                ) from None

    def add(self, found: list[tuple[str, Row]]) -> None:
        """Take results; they are on disk when this returns."""
        self.rows.update(found)
        if self._file is not None:
            lines = [json.dumps({"key": key, "row": row}, allow_nan=False) + "\n" for key, row in found]
            self._file.write("".join(lines).encode())
            self._file.flush()
            os.fsync(self._file.fileno())

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()
