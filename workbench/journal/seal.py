"""A session being written: rows become parts, parts become visible, and the session is sealed at its end."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa

from workbench.domain.config import Venue
from workbench.errors import StoreError
from workbench.journal.compaction import merged
from workbench.journal.manifest import (
    OPEN,
    SEALED,
    Manifest,
    Part,
    Retired,
    read_manifest,
    venue_of,
    write_manifest,
)
from workbench.journal.notional import without_what_follows
from workbench.journal.parts import Written, checked, ordered, write_part
from workbench.journal.place import LOCK, MANIFEST, session_folder
from workbench.journal.remedies import restore
from workbench.journal.tables import CANDLES, INTERVALS, TABLES, Table
from workbench.journal.whole import PARTIAL, digest, make_folders, sync_folder, writing

PARTS = "part-*.parquet"
"""What parts are called, in the folders of their tables."""

GRACE_SECONDS = 300.0
"""How long files that a compaction replaced stay for those who still read them."""


class SessionStore:
    """The one writer of a session's tables.

    Rows that are added become files at once, but readers see them only from the next `publish` on, all of
    them or none. Use `create` or `open`; `close`, `finish` or the end of a `with` lets the session go.

    Attributes
    ----------
    folder
        The session's folder.
    manifest
        What is published.
    """

    def __init__(self, folder: Path, manifest: Manifest, lock: int) -> None:
        self.folder = folder
        self.manifest = manifest
        self._added: list[Part] = []
        self._next_part = manifest.next_part
        self._known_venue: Venue | None = None
        # A writer that is dropped without `close` must not keep the session locked.
        self._release = weakref.finalize(self, os.close, lock)

    @classmethod
    def create(
        cls,
        root: str | Path,
        session: str,
        about: dict[str, Any],
        *,
        journal: str = "",
        created_ns: int = 0,
        next_part: int = 1,
    ) -> Self:
        """Begin a session; its folder appears with its manifest in it.

        Parameters
        ----------
        root
            The data root.
        session
            Its name.
        about
            `venue` (as `workbench.domain.config.venue_to_json` has it), `zone`, `title`, `names` (account,
            client order id and name of each named order), `kind` (`scenario`, `replay`, ...).
        journal
            Identity of its journal, 32 hex digits.
        created_ns
            When it was begun, if not now.
        next_part
            Number of its first file.

        Raises
        ------
        StoreError
            When there is a session of that name, or the place cannot be written.
        """
        folder = session_folder(root, session)
        if "venue" not in about:
            raise StoreError("is about no venue", f"session {session!r}", "give about={'venue': ...}")
        now = time.time_ns()
        manifest = Manifest(
            session,
            dict(about),
            created_ns=created_ns or now,
            written_ns=now,
            next_part=next_part,
            journal=journal,
        )
        with writing(folder):
            make_folders(folder.parent)
            making = Path(tempfile.mkdtemp(prefix=f".{session}-", suffix=PARTIAL, dir=folder.parent))
            try:
                lock = lock_session(making)
                try:
                    manifest = write_manifest(making, manifest)
                    making.chmod(0o755)
                    _appear(making, folder)
                except BaseException:
                    os.close(lock)
                    raise
            finally:
                if making.exists():
                    shutil.rmtree(making, ignore_errors=True)
        return cls(folder, manifest, lock)

    @classmethod
    def open(cls, root: str | Path, session: str) -> Self:
        """Go on writing a session: from event `manifest.seq` on; parts never published are gone.

        Raises
        ------
        StoreError
            When another writer has the session, or its manifest is missing or damaged.
        """
        folder = session_folder(root, session)
        manifest = read_manifest(folder)
        with writing(folder):
            lock = lock_session(folder)
        try:
            # Another writer may have published between the two.
            manifest = read_manifest(folder)
            store = cls(folder, manifest, lock)
        except BaseException:
            os.close(lock)
            raise
        with writing(folder):
            store._drop_leftovers()
        return store

    @property
    def seq(self) -> int:
        """Last event that the published tables know of."""
        return self.manifest.seq

    def add(
        self,
        table: str,
        rows: pa.Table,
        *,
        first_seq: int,
        last_seq: int,
        sorted_by: Sequence[str] | None = None,
        interval: str = "",
    ) -> None:
        """Write rows as a new part, which readers see from the next `publish` on.

        Parameters
        ----------
        table
            A name in `workbench.journal.tables.TABLES`.
        rows
            Exactly the columns of that table, without `session`; in any order.
        first_seq, last_seq
            The events that these rows come from. Events up to `seq` are published; only rows that the end of
            the session makes final may still come from them, with `last_seq` equal to `seq`.
        sorted_by
            Columns that the rows are sorted by already, to save the work.
        interval
            Of candles, one of `workbench.journal.tables.INTERVALS`.

        Raises
        ------
        StoreError
            For rows of another schema, events already published, or a place that cannot be written.
        """
        self._check_writable()
        layout = TABLES.get(table)
        if layout is None:
            raise StoreError(f"no table is called {table!r}", remedy=f"known are {', '.join(TABLES)}")
        if (layout is CANDLES) != (interval in INTERVALS) or (interval and interval not in INTERVALS):
            raise StoreError(
                f"interval {interval!r} does not fit",
                f"table {table!r}",
                f"candles have one of {', '.join(INTERVALS)}",
            )
        seq = self.manifest.seq
        if last_seq < seq or first_seq <= seq < last_seq or first_seq > last_seq + 1:
            raise StoreError(
                f"was given rows of events {first_seq} to {last_seq}, but events up to {seq} are published",
                f"session {self.manifest.session!r}, table {table!r}",
                f"go on from event {seq + 1}",
            )
        rows = checked(layout, rows)
        if not rows.num_rows:
            return
        rows = without_what_follows(layout, rows, self._venue())
        if sorted_by is None or tuple(sorted_by) != layout.sort:
            rows = ordered(layout, rows)
        self._added.append(self._write(layout, interval, [rows], first_seq, last_seq))

    def publish(
        self,
        *,
        seq: int,
        state: str = "",
        commands: int | None = None,
        events: int | None = None,
        names: list[Any] | None = None,
        **more: Any,
    ) -> None:
        """Let readers see everything added since the last time, in one moment.

        Parameters
        ----------
        seq
            Last event that the tables now know of.
        state
            Hash of the exchange's state after it, if it was taken.
        commands, events
            How many there were; as before unless given.
        names
            Names of orders, in the place of those given before.
        more
            Anything else to be kept in the manifest, as JSON has it.
        """
        self._check_writable()
        old = self.manifest
        if seq < old.seq:
            raise StoreError(
                f"event {seq} is to be published, but events up to {old.seq} are",
                f"session {old.session!r}",
                f"go on from event {old.seq + 1}",
            )
        self._replace(
            parts=(*old.parts, *self._added),
            seq=seq,
            state_hash=state,
            commands=old.commands if commands is None else commands,
            events=old.events if events is None else events,
            about=old.about if names is None else {**old.about, "names": names},
            more={**old.more, **more},
        )
        self._added.clear()

    def compact(self, *, below_rows: int | None = None, grace_seconds: float = GRACE_SECONDS) -> None:
        """Put the published parts of each table together, sorted; readers see all of it happen at once.

        Parameters
        ----------
        below_rows
            Take only parts of fewer rows: what a running session does now and then, without writing
            everything anew each time.
        grace_seconds
            How long the parts that are replaced stay for those who still read them. Those of earlier
            compactions whose time is over are removed.
        """
        self._check_open()
        old = self.manifest
        kept: list[Part] = []
        retired: list[Part] = []
        for (table, interval), group in groupby(sorted(old.parts, key=_kind), key=_kind):
            parts = list(group)
            small = [part for part in parts if below_rows is None or part.rows < below_rows]
            if len(small) < 2:  # noqa: PLR2004 - one part is compact
                kept += parts
                continue
            layout = TABLES[table]
            for part in small:
                self._check_whole(part)
            first, last = min(part.first_seq for part in small), max(part.last_seq for part in small)
            whole = self._write(layout, interval, merged(self.folder, layout, small), first, last)
            kept += [*(part for part in parts if part not in small), whole]
            retired += small
        if retired:
            now = time.time_ns()
            gone = tuple(Retired(part.path, part.bytes, now) for part in retired)
            self._replace(parts=tuple(kept), retired=(*old.retired, *gone))
        self.sweep(grace_seconds)

    def sweep(self, grace_seconds: float = GRACE_SECONDS) -> None:
        """Remove files that compactions replaced at least so long ago."""
        self._check_open()
        until = time.time_ns() - int(grace_seconds * 1e9)
        over = [each for each in self.manifest.retired if each.time_ns <= until]
        if not over:
            return
        with writing(self.folder):
            for each in over:
                (self.folder / each.path).unlink(missing_ok=True)
        # Only now may they be forgotten: a crash before this leaves names of files that are gone already.
        self._replace(retired=tuple(each for each in self.manifest.retired if each not in over))

    def finish(
        self, *, commands: int, events: int, state_hash: str, seq: int | None = None, compact: bool = True
    ) -> None:
        """Publish what was added, put the parts together and seal the session: it never changes again.

        Parameters
        ----------
        commands, events
            How many there were in all.
        state_hash
            Hash of the exchange's last state.
        seq
            Last event; as published before unless given.
        compact
            Whether to put the parts together.
        """
        self._check_writable()
        last = max([self.manifest.seq, *(part.last_seq for part in self._added)]) if seq is None else seq
        if self._added or last != self.manifest.seq:
            self.publish(seq=last, state=state_hash, commands=commands, events=events)
        if compact:
            self.compact()
        self._replace(state=SEALED, commands=commands, events=events, state_hash=state_hash)
        self.close()

    def close(self) -> None:
        """Let the session go, as it was last published."""
        self._release()

    def discard(self) -> None:
        """Take back a session in which nothing has been published, and let it go: its name is free again."""
        if self.manifest.seq or self.manifest.commands or self.manifest.parts:
            raise StoreError("has rows already", f"session {self.manifest.session!r}", "keep it")
        hidden = Path(
            tempfile.mkdtemp(prefix=f".{self.manifest.session}-", suffix=PARTIAL, dir=self.folder.parent)
        )
        self.folder.rename(hidden)
        self.close()
        shutil.rmtree(hidden)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _venue(self) -> Venue:
        if self._known_venue is None:
            self._known_venue = venue_of(self.manifest)
        return self._known_venue

    def _check_open(self) -> None:
        if not self._release.alive:
            raise StoreError("is closed", f"session {self.manifest.session!r}", "open it again")

    def _check_writable(self) -> None:
        self._check_open()
        if self.manifest.state != OPEN:
            raise StoreError(
                "is sealed, and never changes again",
                f"session {self.manifest.session!r}",
                "begin another session",
            )

    def _replace(self, **changed: Any) -> None:
        newer = replace(self.manifest, written_ns=time.time_ns(), next_part=self._next_part, **changed)
        with writing(self.folder / MANIFEST):
            self.manifest = write_manifest(self.folder, newer)

    def _write(
        self, table: Table, interval: str, pieces: Iterable[pa.Table], first_seq: int, last_seq: int
    ) -> Part:
        place = f"{table.name}/interval={interval}" if interval else table.name
        path = f"{place}/part-{self._next_part:08d}.parquet"
        self._next_part += 1
        with writing(self.folder / path):
            make_folders(self.folder / place)
            written: Written = write_part(self.folder / path, table, self.manifest.session, pieces)
        return Part(
            table=table.name,
            interval=interval,
            path=path,
            schema=table.hash,
            first_seq=first_seq,
            last_seq=last_seq,
            rows=written.rows,
            bytes=written.bytes,
            sha256=written.sha256,
            min_time_ns=written.min_time_ns,
            max_time_ns=written.max_time_ns,
        )

    def _check_whole(self, part: Part) -> None:
        """Refuse a damaged part: put together with others it would get a hash that says it is whole."""
        path = self.folder / part.path
        if not path.is_file():
            what = "is missing"
        elif digest(path) != part.sha256:
            what = "was edited or damaged: its content does not have the manifest's hash"
        else:
            return
        raise StoreError(what, str(path), restore(self.manifest.session))

    def _drop_leftovers(self) -> None:
        """Remove parts that a writer made and never published before it ended."""
        known = {part.path for part in self.manifest.parts} | {part.path for part in self.manifest.retired}
        for path in part_files(self.folder):
            if path.relative_to(self.folder).as_posix() not in known:
                path.unlink()
        for path in self.folder.rglob(f".*{PARTIAL}"):
            path.unlink()


def part_files(folder: Path) -> list[Path]:
    """All files in a session's folder that are called as parts are, published or not."""
    return sorted(path for table in TABLES for path in (folder / table).rglob(PARTS))


def _kind(part: Part) -> tuple[str, str]:
    return part.table, part.interval


def lock_session(folder: Path, *, make: bool = True) -> int:
    """Become the one writer of the session in a folder; closing the handle lets it go."""
    # Whoever only asks whether it is locked may do so on a disk that cannot be written.
    flags = os.O_RDWR | os.O_CREAT if make else os.O_RDONLY
    handle = os.open(folder / LOCK, flags | os.O_CLOEXEC, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise StoreError(
            "is being written by another process",
            f"session {folder.name!r}",
            "wait until it ends, or stop it",
        ) from None
    return handle


def is_being_written(folder: Path) -> bool:
    """Whether a writer has the session in a folder."""
    try:
        os.close(lock_session(folder, make=False))
    except StoreError:
        return True
    except FileNotFoundError:
        return False
    return False


def _appear(making: Path, folder: Path) -> None:
    """Give a folder that is made its name; into one that is there without a manifest, put what was made."""
    try:
        making.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
        if (folder / MANIFEST).exists():
            raise StoreError(
                "there is a session of that name already", str(folder), "choose another name"
            ) from None
        # The journal may have been begun first.
        (making / LOCK).replace(folder / LOCK)
        (making / MANIFEST).replace(folder / MANIFEST)
        sync_folder(folder)
    sync_folder(folder.parent)
