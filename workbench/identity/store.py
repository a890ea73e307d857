"""The database: SQLite or PostgreSQL by URL, brought to the present layout, asked off the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy.engine import URL, Connection, CursorResult, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError

from workbench.errors import AuthError, ConfigError, IdentityError, WorkbenchError

T = TypeVar("T")

log = structlog.get_logger("workbench.identity")

MIGRATIONS = Path(__file__).with_name("migrations")
"""How the database of identity came to its layout."""

_BUSY_SECONDS = 3.0
"""How long a statement waits for another writer of the file, or for a server that does not answer."""
_TELL_SECONDS = 10.0
"""The log is told of a database in trouble so often, however many ask for it."""
_QUEUE_SECONDS = 5.0
"""Work that waited longer for its thread is refused unseen: whoever asked has given up, or soon will."""
_ATTEMPTS = 4
_DISK_FULL = "53100"
"""PostgreSQL's word for it."""
_MIGRATION_LOCK = 0x776F726B  # PostgreSQL's advisory locks are numbers; this one is ours.


class Transaction:
    """One change of the database: all of it or nothing.

    Attributes
    ----------
    now_ns
        The time of everything in it.
    """

    def __init__(self, connection: Connection, now_ns: int) -> None:
        self.connection = connection
        self.now_ns = now_ns
        self.refusal: AuthError | None = None
        self.afterwards: list[Callable[[], None]] = []

    def execute(self, statement: sa.Executable, rows: Any = None) -> CursorResult[Any]:
        """Run one statement."""
        result = self.connection.execute(statement, rows)
        assert isinstance(result, CursorResult)
        return result

    def lock_table(self, table: sa.Table) -> None:
        """Let nobody else change the table until this transaction ends; SQLite has one writer anyway."""
        if self.connection.dialect.name == "postgresql":
            name = self.connection.dialect.identifier_preparer.format_table(table)
            self.connection.exec_driver_sql(f"LOCK TABLE {name} IN SHARE ROW EXCLUSIVE MODE")

    def after_commit(self, action: Callable[[], None]) -> None:
        """Do this once the change is durable, in the same thread, whoever still waits for it."""
        self.afterwards.append(action)

    def refuse(self, error: AuthError) -> None:
        """Keep the change, and then raise this."""
        self.refusal = error


class Store:
    """Reads and writes in threads of their own.

    Parameters
    ----------
    url
        `sqlite:///path/identity.db` or `postgresql://user@host/database`.
    now_ns
        The clock.
    threads
        How many statements run at the same time.
    make
        Whether a file that is not there is made; ConfigError otherwise.
    name, error
        What the database is called in messages, and what is raised when it cannot be used.
    no_room
        What is raised when its disk is full; `error` unless given.
    """

    def __init__(
        self,
        url: str,
        *,
        now_ns: Callable[[], int],
        threads: int,
        make: bool = True,
        name: str = "identity",
        error: type[WorkbenchError] = IdentityError,
        no_room: type[WorkbenchError] | None = None,
    ) -> None:
        self.now_ns = now_ns
        self.name = name
        self.error = error
        self._no_room = error if no_room is None else no_room
        self.engine = _engine(url, threads, make, name, error)
        # SQLite has one writer at a time: queue here, in order, rather than in its sleeping retries.
        self._writing = threading.Lock() if self.engine.dialect.name == "sqlite" else None
        self._told_s = -_TELL_SECONDS
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="identity-db")

    async def read(self, work: Callable[[Connection], T]) -> T:
        """Run a reading function in one transaction."""
        return await self._run(self.read_now, work)

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run a changing function in one transaction, durable when this returns.

        A waiting task that is cancelled does not undo a change that began.
        """
        return await self._run(self.write_now, work)

    async def _run(self, act: Callable[[Any], T], work: Any) -> T:
        """Do it in a thread, unless those are busy for so long that the database must be in trouble."""
        asked_s = time.monotonic()

        def run() -> T:
            if time.monotonic() - asked_s > _QUEUE_SECONDS:
                raise self.error("the database has fallen behind", self.name, "try again in a moment")
            return act(work)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, run)
        except self.error as error:
            if asked_s - self._told_s > _TELL_SECONDS:
                self._told_s = asked_s
                log.warning("identity.unreachable", error=str(error))
            raise

    def read_now(self, work: Callable[[Connection], T]) -> T:
        """`read` for a thread that may block."""
        try:
            with self._in_a_sentence(), self.engine.connect() as connection, connection.begin():
                return work(connection)
        except OperationalError as error:
            raise self.error(f"the database gave up: {error.orig}", self.name) from error

    def write_now(self, work: Callable[[Transaction], T]) -> T:
        """`write` for a thread that may block."""
        for attempt in range(_ATTEMPTS):
            try:
                with self._in_a_sentence(), self._turn():
                    return self._write_once(work)
            except OperationalError as error:
                if attempt == _ATTEMPTS - 1:
                    raise self.error(f"the database gave up: {error.orig}", self.name) from error
        raise AssertionError("unreachable: the last attempt returns or raises")

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for one's turn to write."""
        if self._writing is None:
            yield
            return
        if not self._writing.acquire(timeout=_BUSY_SECONDS):
            raise self.error("the database has fallen behind", self.name, "try again in a moment")
        try:
            yield
        finally:
            self._writing.release()

    def _write_once(self, work: Callable[[Transaction], T]) -> T:
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            transaction = Transaction(connection, self.now_ns())
            result = work(transaction)
        for action in transaction.afterwards:
            action()
        if transaction.refusal is not None:
            raise transaction.refusal
        return result

    @contextmanager
    def _in_a_sentence(self) -> Iterator[None]:
        """Turn what a driver raises into a sentence; what may be repeated, or callers answer, passes."""
        try:
            yield
        except sa.exc.IntegrityError:
            raise
        except OperationalError as error:
            if _may_be_repeated(error):
                raise
            if _is_full(error):
                raise self._no_room(
                    f"the disk of the database is full ({error.orig})", self.name, "free room on it"
                ) from error
            raise self.error(f"the database cannot be used ({error.orig})", self.name) from error
        except DBAPIError as error:
            raise self.error(f"the database refused a statement ({error.orig})", self.name) from error
        except (sa.exc.TimeoutError, sa.exc.InvalidRequestError) as error:
            # No connection came free in time, or the one at hand broke between two statements.
            raise self.error(f"the database cannot be used ({error})", self.name) from error

    def require_layout(self) -> None:
        """Refuse a database that nobody has made users in, before anything is made there."""
        with self._in_a_sentence(), self.engine.connect() as connection:
            if not sa.inspect(connection).has_table("users"):
                raise _no_users(self.engine.url.render_as_string(hide_password=True))

    def migrate(self, migrations: Path = MIGRATIONS) -> None:
        """Bring the database to the present layout; of several servers that start at once, one does it."""
        config = Config()
        # Alembic's options are read by configparser, to which % is special.
        location = migrations.as_posix().replace("%", "%%")
        config.set_main_option("script_location", location)
        with (
            self._in_a_sentence(),
            self.engine.connect().execution_options(writes=True) as connection,
            connection.begin(),
        ):
            if self.engine.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            config.attributes["connection"] = connection
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise self.error(
                    f"the layout of the database is not known here ({error})",
                    self.engine.url.render_as_string(hide_password=True),
                    "it was probably written by a newer workbench: use that one",
                ) from error

    def close(self) -> None:
        """Finish what runs and let go of the database."""
        self._pool.shutdown(wait=True)
        self.engine.dispose()


def _no_users(place: str) -> ConfigError:
    return ConfigError("holds no users", place, "name the database of a server; its first start makes users")


def _engine(url: str, threads: int, make: bool, name: str, error_type: type[WorkbenchError]) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise ConfigError(
            "is no URL of a database, expected sqlite:///... or postgresql://...", url
        ) from error
    family = parsed.get_backend_name()
    if family == "sqlite":
        return _sqlite(parsed, threads, make, name, error_type)
    if family != "postgresql":
        raise ConfigError(f"{family} is not supported, expected sqlite or postgresql", f"{name} database")
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
    try:
        return sa.create_engine(
            parsed,
            pool_size=threads,
            max_overflow=2,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": round(_BUSY_SECONDS),
                # A server whose machine is gone sends nothing, not even that.
                "tcp_user_timeout": round(1_000 * _BUSY_SECONDS),
            },
        )
    except ImportError as error:
        raise ConfigError(
            "the driver for PostgreSQL is not installed",
            f"{name} database",
            "pip install 'trading-workbench[postgres]'",
        ) from error


def _sqlite(url: URL, threads: int, make: bool, name: str, error_type: type[WorkbenchError]) -> Engine:
    if not url.database or url.database == ":memory:":
        raise ConfigError(
            "a database in memory would be gone with its connection, expected a file as in sqlite:///users.db",
            f"{name} database",
        )
    file = Path(url.database)
    if not make and not file.is_file():
        raise _no_users(str(file))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # Nobody else's business: it holds password hashes.
        file.touch(mode=0o600)
    except OSError as error:
        raise error_type(f"cannot be made ({error.strerror})", str(file)) from error
    engine = sa.create_engine(url, pool_size=threads, max_overflow=2)

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # Transactions are begun below and not by the driver's guess.
        for pragma in (
            f"busy_timeout={round(1_000 * _BUSY_SECONDS)}",
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later would fail when another writes in between.
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _is_full(error: OperationalError) -> bool:
    """Whether the database finds no room on its disk."""
    if getattr(error.orig, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
        return True
    return getattr(error.orig, "sqlstate", None) == _DISK_FULL


def _may_be_repeated(error: OperationalError) -> bool:
    """Whether PostgreSQL gave up this transaction for another's sake, so that trying again helps."""
    state = None
    with suppress(AttributeError):
        state = error.orig.sqlstate  # type: ignore[union-attr]
    return state in ("40001", "40P01")
