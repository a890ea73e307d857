"""What sealed sessions come to, kept in the data root: folding a day's events for each report takes seconds.

One folder for each session, of one state of its files and of one version of the code; whatever is older is
removed. Nothing here is needed: without it, or where it cannot be written, sessions are folded again.
"""

from __future__ import annotations

import fcntl
import io
import json
import logging
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import polars as pl

from workbench.analytics.statistic import AccountDay
from workbench.reporting.days import Day, Source
from workbench.reporting.version import sources
from workbench.session.stored import StoredSession

log = logging.getLogger(__name__)

FOLDER = "cache"
"""In the data root."""

_TABLES = ("curve", "drawdowns", "round_trips", "fills", "orders", "markout_curve", "sizes")
_OWN = ("markouts", "shortfall", "cash", "paths", "summary")


@dataclass(frozen=True, slots=True)
class Index:
    """What is known of a session: its origin, zone, currency, and who belongs to its class."""

    source: Source
    zone: str
    currency: str
    everybody: list[int]


@dataclass(frozen=True, slots=True)
class Folded:
    """A session as far as it was asked for."""

    source: Source
    zone: str
    currency: str
    days: list[Day]


class Kept:
    """What is kept of one session.

    Parameters
    ----------
    stored
        The session, sealed.
    """

    def __init__(self, stored: StoredSession) -> None:
        key = blake2b((stored.folder / "manifest.json").read_bytes(), digest_size=8, key=sources())
        self._all = stored.folder.parents[1] / FOLDER / "reports" / stored.name
        self._folder = self._all / key.hexdigest()

    @property
    def begun(self) -> bool:
        """Whether anything is kept."""
        return (self._folder / "index.json").exists()

    def read(self, account: int | None) -> Folded | None:
        """An account's days, or of None everybody's of the class; None when not all of it is there."""
        try:
            said = json.loads((self._folder / "index.json").read_text(encoding="utf-8"))
            index = Index(Source(**said["source"]), said["zone"], said["currency"], said["everybody"])
            numbers = index.everybody if account is None else [account]
            days = [day for number in numbers for day in _unpack(self._file(number).read_bytes())]
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, pl.exceptions.PolarsError) as error:
            log.warning("%s is damaged and is made again: %s", self._folder, error)
            shutil.rmtree(self._folder, ignore_errors=True)
            return None
        return Folded(index.source, index.zone, index.currency, days)

    def write(self, index: Index, days: Mapping[int, Sequence[Day]]) -> None:
        """Keep days; a root that cannot be written keeps nothing."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for number, each in days.items():
                self._replace(self._file(number), _pack(each))
            self._replace(self._folder / "index.json", json.dumps(asdict(index)).encode())
            for other in self._all.iterdir():
                if other.is_dir() and other != self._folder:
                    shutil.rmtree(other, ignore_errors=True)
        except OSError as error:
            log.warning(
                "%s cannot be written, so the next report folds the session again: %s", self._all, error
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While this is held no other process computes the same."""
        try:
            self._all.mkdir(parents=True, exist_ok=True)
            lock = os.open(self._all / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        except OSError:
            yield
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _file(self, account: int) -> Path:
        return self._folder / f"{account}.ipc"

    @staticmethod
    def _replace(path: Path, content: bytes) -> None:
        hidden = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}")
        hidden.write_bytes(content)
        hidden.replace(path)


def _pack(days: Sequence[Day]) -> bytes:
    """Days as one Arrow file: a row for each table, the rest in its own words."""
    rows: list[dict[str, Any]] = []
    for each in days:
        tables = {name: getattr(each.tables, name) for name in _TABLES}
        tables |= {name: getattr(each, name) for name in _OWN}
        about = {
            "session": each.session,
            "account": each.account,
            "user": each.user,
            "user_id": each.user_id,
            "date": each.date.isoformat(),
            "start_ns": each.tables.start_ns,
            "end_ns": each.tables.end_ns,
        }
        rows.extend(about | {"table": name, "content": _ipc(frame)} for name, frame in tables.items())
    return _ipc(pl.DataFrame(rows, schema=_SCHEMA))


_COLUMNS: dict[str, Any] = {
    "session": pl.String,
    "account": pl.String,
    "user": pl.String,
    "user_id": pl.String,
    "date": pl.String,
    "start_ns": pl.Int64,
    "end_ns": pl.Int64,
    "table": pl.String,
    "content": pl.Binary,
}
_SCHEMA = pl.Schema(_COLUMNS)


def _ipc(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_ipc(out)
    return out.getvalue()


def _unpack(content: bytes) -> list[Day]:
    rows = pl.read_ipc(io.BytesIO(content))
    days = []
    for group in rows.partition_by("date", maintain_order=True):
        first = group.row(0, named=True)
        tables: dict[str, Any] = {
            name: pl.read_ipc(io.BytesIO(content))
            for name, content in group.select("table", "content").iter_rows()
        }
        days.append(
            Day(
                session=first["session"],
                account=first["account"],
                user=first["user"],
                user_id=first["user_id"],
                date=date.fromisoformat(first["date"]),
                tables=AccountDay(
                    **{name: tables[name] for name in _TABLES},
                    start_ns=first["start_ns"],
                    end_ns=first["end_ns"],
                ),
                **{name: tables[name] for name in _OWN},
            )
        )
    return days
