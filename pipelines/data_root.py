"""The data root's answer to which sessions there are, and who took part."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Protocol

from pipelines.archive import Session, Taker
from workbench.errors import SessionError, StoreError
from workbench.journal.place import session_names, strays
from workbench.reporting.selection import accounts_of, classes_of
from workbench.session.review_recording import stored_recording
from workbench.session.stored import StoredSession, open_session


class DataRoot:
    """The sessions of a data root."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def of_days(self, first: date, last: date) -> tuple[list[Session], list[str]]:
        """Those of some days."""
        return self._all(lambda stored: stored.is_within(first, last))

    def recorded(self, since_ns: int, until_ns: int) -> tuple[list[Session], list[str]]:
        """Those that were begun in some time."""
        return self._all(lambda stored: since_ns < stored.manifest.created_ns <= until_ns)

    def _all(self, wanted: _Wanted) -> tuple[list[Session], list[str]]:
        found: list[Session] = []
        doubts = [str(stray) for stray in strays(self._root)]
        for name in session_names(self._root):
            try:
                stored = open_session(name, self._root)
                if wanted(stored):
                    found.append(self._seen(stored))
            except (StoreError, SessionError) as error:
                doubts.append(str(error))
        return found, doubts

    def _seen(self, stored: StoredSession) -> Session:
        return Session(
            stored.name,
            stored.sealed,
            stored.manifest.created_ns,
            stored.first_day,
            stored.last_day,
            self._takers(stored) if stored.sealed else (),
            classes_of(stored),
        )

    def _takers(self, stored: StoredSession) -> tuple[Taker, ...]:
        """Whoever sat there; in a session without people, every account."""
        seats = stored_recording(stored.name, self._root).seats
        if seats:
            return tuple(dict.fromkeys(Taker(seat.name, seat.user) for seat in seats))
        return tuple(Taker(name) for name in accounts_of(stored))


class _Wanted(Protocol):
    def __call__(self, stored: StoredSession) -> bool: ...
