"""What people keep here beside their orders, in one SQLite file: configurations, locks, watchlists."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (
    owner TEXT NOT NULL,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (owner, kind, name)
) WITHOUT ROWID
"""


class Store:
    """Named JSON values by owner and kind. They are read once and then kept in memory; writes are durable.

    Parameters
    ----------
    path
        The file; it is made when something is first kept.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[tuple[str, str], dict[str, Any]] = {}
        self._lock = asyncio.Lock()

    async def all(self, owner: str, kind: str) -> dict[str, Any]:
        """Everything that somebody keeps of a kind, by name; not to be changed."""
        known = self._known.get((owner, kind))
        if known is None:
            async with self._lock:
                known = self._known.get((owner, kind))
                if known is None:
                    known = await asyncio.to_thread(self._read, owner, kind)
                    self._known[owner, kind] = known
        return known

    async def put(self, owner: str, kind: str, name: str, value: Any) -> None:
        """Keep a value; it is durable when this returns."""
        await self.all(owner, kind)
        async with self._lock:
            await asyncio.to_thread(self._write, owner, kind, name, value)
            self._known[owner, kind] = {**self._known[owner, kind], name: value}

    async def remove(self, owner: str, kind: str, name: str) -> None:
        """Keep a value no longer."""
        await self.all(owner, kind)
        async with self._lock:
            await asyncio.to_thread(self._delete, owner, kind, name)
            rest = {other: value for other, value in self._known[owner, kind].items() if other != name}
            self._known[owner, kind] = rest

    def _open(self) -> sqlite3.Connection:
        """A connection of one operation: they are rare, and a file that nobody holds can be copied."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute(_SCHEMA)
        return connection

    def _read(self, owner: str, kind: str) -> dict[str, Any]:
        if not self._path.exists():
            return {}
        with closing(self._open()) as connection:
            asked = "SELECT name, body FROM kept WHERE owner = ? AND kind = ?"
            return {
                name: msgspec.json.decode(body) for name, body in connection.execute(asked, (owner, kind))
            }

    def _write(self, owner: str, kind: str, name: str, value: Any) -> None:
        body = msgspec.json.encode(value)
        with closing(self._open()) as connection:
            connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)", (owner, kind, name, body))

    def _delete(self, owner: str, kind: str, name: str) -> None:
        with closing(self._open()) as connection:
            connection.execute(
                "DELETE FROM kept WHERE owner = ? AND kind = ? AND name = ?", (owner, kind, name)
            )
