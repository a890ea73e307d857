"""`workbench.connect()`: SQL over every session under a data root, those that still run too.

DuckDB runs inside this process and reads the sessions' Parquet. Before each query the manifests are looked
at, and where one is new the views are made anew, all of them in one transaction: so a query sees each session
as it was after some publish, in all of its tables, and never half of one.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import duckdb
import pyarrow as pa

from workbench.domain.config import RESERVED_NAMES
from workbench.domain.units import decimal
from workbench.errors import StoreError
from workbench.journal.history import (
    BARS_VIEW,
    COMMANDS_VIEW,
    HISTORY_VIEW,
    HISTORY_VIEWS,
    Dataset,
    bars_sql,
    commands_sql,
    dataset_rows,
    datasets,
)
from workbench.journal.manifest import CLOSED, ENDED, OPEN, Manifest, generation_of, read_manifest, venue_of
from workbench.journal.notional import value_micros
from workbench.journal.place import MANIFEST, data_root, session_folder, session_names, strays
from workbench.journal.proof import prove
from workbench.journal.remedies import ROOT, WITHOUT, rebuild, restore
from workbench.journal.tables import BUSTS, CANDLES, TABLES, TRADES
from workbench.journal.views import (
    ACCOUNTS,
    INNER,
    INSTRUMENTS,
    SESSION_VIEWS,
    SESSIONS,
    STORED,
    busts_sql,
    parts_sql,
    sql_path,
    sql_text,
    standing_sql,
    view_sql,
)

_CONFIG = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
_TRIES = 5
_TIMED = ("trades", "quotes", "events", "positions", "equity")

_TABLES = {
    "sessions": pa.schema(
        [(name, pa.string()) for name in ("session", "title", "kind", "state", "ended", "zone")]
        + [(name, pa.timestamp("ns")) for name in ("created", "written", "first_time", "last_time")]
        + [(name, pa.int64()) for name in ("seq", "commands", "events")]
        + [("state_hash", pa.string())]
        + [(name, pa.int64()) for name in ("rows", "files", "bytes")]
    ),
    "instruments": pa.schema(
        [("session", pa.string()), ("number", pa.int32()), ("symbol", pa.string()), ("currency", pa.string())]
        + [(name, pa.float64()) for name in ("tick_size", "lot_size", "multiplier")]
        + [
            (f"{scale}_{part}", pa.float64())
            for scale in ("tick", "lot", "value")
            for part in ("numerator", "denominator")
        ]
        + [("micros_numerator", pa.int64()), ("micros_denominator", pa.int64())]
    ),
    "accounts": pa.schema(
        [
            ("session", pa.string()),
            ("number", pa.int32()),
            ("account", pa.string()),
            ("cash", pa.float64()),
            ("cash_micros", pa.int64()),
        ]
    ),
    "history": pa.schema(
        [
            (name, pa.string())
            for name in ("dataset", "holds", "kind", "symbol", "zone", "first_day", "last_day")
        ]
        + [(name, pa.int64()) for name in ("commands", "rows", "bars")]
        + [("tick_size", pa.float64()), ("lot_size", pa.float64())]
        + [("source", pa.string()), ("imported", pa.string()), ("bytes", pa.int64())]
    ),
}


log = logging.getLogger(__name__)

VIEWS = {**SESSION_VIEWS, **HISTORY_VIEWS}
"""All views."""


class _Known(NamedTuple):
    """A manifest, and what its file looked like when it was read."""

    look: tuple[int, int, int]
    manifest: Manifest


class Catalog:
    """What there is under a data root, as views of a DuckDB database.

    Parameters
    ----------
    root
        The data root.
    sessions
        Names of the sessions to show; None for all there are, also those that begin later.
    database
        The database that the views are in.
    verified
        Whether files are read whole and held against their hashes before they are shown.
    """

    def __init__(
        self,
        root: Path,
        sessions: Sequence[str] | None,
        database: duckdb.DuckDBPyConnection,
        *,
        verified: bool = True,
    ) -> None:
        self.root = root
        self.verified = verified
        self.sessions = sessions
        self._database = database
        self._known: dict[str, _Known] = {}
        self._datasets: dict[str, Dataset] = {}
        self._made = False
        self._lock = threading.Lock()

    def refresh(self) -> None:
        """Make the views anew where a manifest is new."""
        with self._lock:
            known, found = self._look(), datasets(self.root, self._datasets)
            if self._made and known == self._known and found == self._datasets:
                return
            self._make([each.manifest for each in known.values()], list(found.values()))
            self._known, self._datasets, self._made = known, found, True

    def rows_of(self, table: str, files: Sequence[Path]) -> str:
        """What a view of a stored table is selected from: its files, and whatever else a subclass knows."""
        return parts_sql(TABLES[table], files)

    @property
    def manifests(self) -> dict[str, Manifest]:
        """The manifests that are shown now, by session."""
        return {name: known.manifest for name, known in self._known.items()}

    def _look(self) -> dict[str, _Known]:
        _check_root(self.root)
        names = session_names(self.root) if self.sessions is None else self.sessions
        known: dict[str, _Known] = {}
        for name in names:
            try:
                known[name] = self._session(name)
            except StoreError:
                # Retention may have taken the session away since its name was read.
                if self.sessions is not None or session_folder(self.root, name).is_dir():
                    raise
        return known

    def _session(self, name: str) -> _Known:
        folder = session_folder(self.root, name)
        before = self._known.get(name)
        for attempt in range(_TRIES):
            look = _look_of(folder)
            if before is not None and look == before.look and not _moved_on(folder, before.manifest):
                return before
            manifest = read_manifest(folder)
            try:
                check_files(folder, manifest)
                if self.verified:
                    prove(folder, manifest.session, manifest.parts)
            except StoreError:
                # The writer may have compacted and cleaned up since; then its manifest is another one.
                if attempt + 1 == _TRIES or generation_of(folder) == manifest.generation:
                    raise
                continue
            return _Known(look, manifest)
        raise AssertionError("the last attempt returns or raises")

    def _make(self, manifests: Sequence[Manifest], found: Sequence[Dataset]) -> None:
        contents = {**_rows(manifests), "history": dataset_rows(found)}
        rows = [pa.Table.from_pylist(list(each), schema=_TABLES[name]) for name, each in contents.items()]
        # Another cursor, so that a result that is still being read keeps its connection.
        with self._database.cursor() as cursor:
            cursor.begin()
            try:
                cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {INNER}")
                for name, table in zip(_TABLES, rows, strict=True):
                    cursor.register("incoming", table)
                    cursor.execute(f"CREATE OR REPLACE TABLE {INNER}.{name} AS FROM incoming")
                    cursor.unregister("incoming")
                for view in (SESSIONS, INSTRUMENTS, ACCOUNTS, HISTORY_VIEW):
                    cursor.execute(view_sql(view))
                cursor.execute(view_sql(BARS_VIEW, bars_sql(found)))
                cursor.execute(view_sql(COMMANDS_VIEW, commands_sql(found)))
                cursor.execute(busts_sql(self._files(manifests, BUSTS.name)))
                for name, view in STORED.items():
                    cursor.execute(view_sql(view, self._parts(manifests, name)))
                cursor.commit()
            except BaseException:
                cursor.rollback()
                raise

    def _files(self, manifests: Iterable[Manifest], table: str) -> list[Path]:
        """All files of a table."""
        return [
            session_folder(self.root, manifest.session) / part.path
            for manifest in manifests
            for part in manifest.parts
            if part.table == table
        ]

    def _parts(self, manifests: Sequence[Manifest], table: str) -> str:
        """What the view of a table is selected from."""
        if table != CANDLES.name:
            return self.rows_of(table, self._files(manifests, table))
        files = self._files(manifests, table)
        if not files or not self._files(manifests, BUSTS.name):
            return self.rows_of(table, files)
        return standing_sql(files, self._files(manifests, TRADES.name))


def _look_of(folder: Path) -> tuple[int, int, int]:
    try:
        found = (folder / MANIFEST).stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_ino, found.st_size, found.st_mtime_ns)


def _moved_on(folder: Path, manifest: Manifest) -> bool:
    """Whether an open session has a newer manifest: two of them can look the same within a clock tick."""
    return manifest.state == OPEN and generation_of(folder) != manifest.generation


def check_files(folder: Path, manifest: Manifest) -> None:
    """Refuse a session whose files are missing, of another size, or of another version's tables."""
    for part in manifest.parts:
        path = folder / part.path
        try:
            size = path.stat().st_size
        except OSError:
            raise StoreError(
                f"is missing, but session {manifest.session!r} has it in its manifest",
                str(path),
                f"{restore(manifest.session)}, or {WITHOUT}",
            ) from None
        if size != part.bytes:
            raise StoreError(
                f"has {size:,} bytes, but {part.bytes:,} in the manifest of session {manifest.session!r}: "
                "it was edited or damaged",
                str(path),
                f"{restore(manifest.session)}, or {WITHOUT}",
            )
        if part.table not in TABLES or part.schema != TABLES[part.table].hash:
            raise StoreError(
                f"has columns of another version of table {part.table!r}",
                str(path),
                f"{rebuild(manifest.session)}, or {WITHOUT}",
            )


def _rows(manifests: Iterable[Manifest]) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in ("sessions", "instruments", "accounts")}
    for manifest in manifests:
        venue = venue_of(manifest)
        rows["sessions"].append(_session_row(manifest))
        for number, instrument in enumerate(venue.instruments):
            tick, lot = decimal(instrument.tick_size), decimal(instrument.lot_size)
            multiplier = decimal(instrument.multiplier)
            row = {"session": manifest.session, "number": number, "symbol": instrument.symbol}
            row |= {"currency": instrument.currency, "tick_size": float(tick), "lot_size": float(lot)}
            row |= {"multiplier": float(multiplier)}
            for name, size in (("tick", tick), ("lot", lot), ("value", tick * lot * multiplier)):
                numerator, denominator = size.as_integer_ratio()
                row |= {f"{name}_numerator": float(numerator), f"{name}_denominator": float(denominator)}
            row["micros_numerator"], row["micros_denominator"] = value_micros(venue, number)
            rows["instruments"].append(row)
        cash = [(name, 0) for name in RESERVED_NAMES]
        cash += [(account.name, account.cash_micros) for account in venue.accounts]
        for number, (name, micros) in enumerate(cash):
            row = {"session": manifest.session, "number": number, "account": name}
            rows["accounts"].append({**row, "cash": micros / 1e6, "cash_micros": micros})
    return rows


def _session_row(manifest: Manifest) -> dict[str, Any]:
    # Candles begin before anything happens, and an order may have been created when time was not yet told.
    parts = [part for part in manifest.parts if part.table in _TIMED]
    return {
        "session": manifest.session,
        **{name: str(manifest.about.get(name, "")) for name in ("title", "kind", "zone")},
        "state": manifest.state,
        "ended": None if manifest.state == OPEN else str(manifest.more.get(ENDED, CLOSED)),
        "created": manifest.created_ns,
        "written": manifest.written_ns,
        "first_time": min((p.min_time_ns for p in parts if p.min_time_ns is not None), default=None),
        "last_time": max((p.max_time_ns for p in parts if p.max_time_ns is not None), default=None),
        "seq": manifest.seq,
        "commands": manifest.commands,
        "events": manifest.events,
        "state_hash": manifest.state_hash,
        "rows": sum(part.rows for part in manifest.parts),
        "files": len(manifest.parts),
        "bytes": manifest.bytes,
    }


class Connection:
    """A DuckDB connection whose views follow the sessions; all else is DuckDB's own.

    `sql`, `query`, `execute`, `executemany`, `table` and `view` look for new manifests first. Every other
    name is that of `duckdb`, the connection itself.

    Attributes
    ----------
    duckdb
        The connection of DuckDB.
    catalog
        The views; `catalog.refresh()` makes them anew when a session has published more.
    """

    def __init__(self, database: duckdb.DuckDBPyConnection, catalog: Catalog) -> None:
        self.duckdb = database
        self.catalog = catalog

    def sql(self, query: str, **options: Any) -> duckdb.DuckDBPyRelation:
        """The result of a query, as DuckDB's `sql` gives it: `.pl()`, `.to_arrow_table()`, `.fetchall()`."""
        self.catalog.refresh()
        return self.duckdb.sql(query, **options)

    def query(self, query: str, **options: Any) -> duckdb.DuckDBPyRelation:
        """The same as `sql`."""
        self.catalog.refresh()
        return self.duckdb.query(query, **options)

    def execute(self, query: Any, *parameters: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        """Run statements, as DuckDB's `execute` does."""
        self.catalog.refresh()
        return self.duckdb.execute(query, *parameters, **options)

    def executemany(self, query: Any, *parameters: Any, **options: Any) -> duckdb.DuckDBPyConnection:
        """Run a statement for each of many parameters, as DuckDB's `executemany` does."""
        self.catalog.refresh()
        return self.duckdb.executemany(query, *parameters, **options)

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """A table or view by name."""
        self.catalog.refresh()
        return self.duckdb.table(name)

    def view(self, name: str) -> duckdb.DuckDBPyRelation:
        """A view by name."""
        self.catalog.refresh()
        return self.duckdb.view(name)

    def cursor(self) -> Connection:
        """Another connection to the same views, for another thread or a second open result."""
        return Connection(self.duckdb.cursor(), self.catalog)

    def close(self) -> None:
        """Let go of DuckDB."""
        self.duckdb.close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.duckdb, name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def connect(
    data: str | Path | None = None,
    *,
    session: str | Sequence[str] | None = None,
    confined: bool = False,
    verify: bool = True,
    catalog: type[Catalog] = Catalog,
) -> Connection:
    """SQL over every session under a data root.

    Parameters
    ----------
    data
        The data root; $WORKBENCH_DATA or `var` unless given.
    session
        Name or names of the only sessions to show.
    confined
        Whether SQL may touch no file but those under the root, and no setting: for SQL that others wrote.
    verify
        Whether files that this process has not seen yet are read whole and held against their hashes. Without
        it a damaged file may give wrong answers.
    catalog
        What makes the views.

    Returns
    -------
    Connection
        A DuckDB connection in memory with the views that docs/data.md describes.

    Raises
    ------
    StoreError
        When the root or a session is missing, or a session is damaged; no session is left out silently.
    """
    root = data_root(data).absolute()
    _check_root(root)
    names = [session] if isinstance(session, str) else session
    for name in names or ():
        if not session_folder(root, name).is_dir():
            known = ", ".join(session_names(root)) or "none"
            raise StoreError(f"there is no session {name!r}", str(root), f"known are {known}")
    database = duckdb.connect(":memory:", config={**_CONFIG, "temp_directory": _spill_folder()})
    try:
        views = catalog(root, names, database, verified=verify)
        if confined:
            confine(database, root)
        views.refresh()
    except BaseException:
        database.close()
        raise
    if names is None and not confined:  # a command tells of them itself
        for stray in strays(root):
            log.warning("%s", stray)
    return Connection(database, views)


def _check_root(root: Path) -> None:
    if not root.is_dir():
        raise StoreError("is no folder", str(root), ROOT)


def _spill_folder() -> str:
    """Where DuckDB puts what does not fit in memory; it makes and removes the folder when it needs it."""
    return str(Path(tempfile.gettempdir()) / f"workbench-duckdb-{os.getpid()}-{time.monotonic_ns()}")


def confine(database: duckdb.DuckDBPyConnection, root: Path) -> None:
    """Keep SQL from every file outside the data root, and from changing that."""
    # DuckDB compares the views' paths as they are written, with their patterns' signs in brackets.
    folders = sorted({sql_text(str(root)), sql_path(root)})
    database.execute(f"SET allowed_directories = [{', '.join(folders)}]")
    database.execute("SET enable_external_access = false")
    database.execute("SET lock_configuration = true")
