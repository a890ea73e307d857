"""How the settings of a sweep are dealt out: so many at a time as take about a second."""

from __future__ import annotations

from collections.abc import Callable

from workbench.studies.sweep_work import Done, Task

BATCH_SECONDS = 1.0
"""So much is lost of each worker when a sweep is killed, and so often is told how far it is."""
_SHARE = 0.25
"""Of what is left for a worker, a batch is at most so much: all are to end together."""


class Batches:
    """Tasks of one source each, made when a worker wants one.

    Parameters
    ----------
    pieces
        For each source how many settings are left, and the function that makes a task of a part of them.
    workers
        How many take them.
    """

    def __init__(self, pieces: list[tuple[int, Callable[[int, int], Task]]], workers: int) -> None:
        self._pieces = [(count, make) for count, make in pieces if count]
        self._workers = workers
        self._at = 0
        self._seconds = self._done = 0.0
        self.left = sum(count for count, _ in self._pieces)

    def took(self, done: Done) -> None:
        """Note how long some settings have taken."""
        self._seconds += done.seconds
        self._done += len(done.rows)

    def next(self) -> Task | None:
        """The next task; None when all is dealt out."""
        if not self._pieces:
            return None
        count, make = self._pieces[0]
        size = 1
        if self._done:
            size = int(BATCH_SECONDS * self._done / max(self._seconds, 1e-9))
        size = max(1, min(size, int(_SHARE * self.left / self._workers), count - self._at))
        task = make(self._at, self._at + size)
        self._at += size
        self.left -= size
        if self._at == count:
            self._pieces.pop(0)
            self._at = 0
        return task
