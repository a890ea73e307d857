"""A private PostgreSQL for one test run: its own folder, its own socket, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

MISSING = (
    "PostgreSQL is not installed here, so identity was tested on SQLite alone: run `make services` as root"
)
_NUMBERS = count(1)


def postgres_programs() -> Path | None:
    """Folder of initdb and postgres, or None when PostgreSQL is not installed."""
    named = os.environ.get("WORKBENCH_POSTGRES_BIN")
    on_path = shutil.which("initdb")
    debian = sorted(
        Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name), reverse=True
    )
    places = [Path(named)] if named else [*([Path(on_path).resolve().parent] if on_path else []), *debian]
    return next(
        (place for place in places if (place / "initdb").exists() and (place / "postgres").exists()), None
    )


class Postgres:
    """A server, which can be stopped in the middle of whatever it does and started again.

    Attributes
    ----------
    url
        Its database `postgres`, which is reached by a socket in its folder.
    """

    def __init__(
        self, programs: Path, folder: Path, who: dict[str, Any], environment: dict[str, str]
    ) -> None:
        self.url = f"postgresql://workbench@/postgres?host={folder}"
        self._programs = programs
        self._folder = folder
        self._how = {"cwd": folder, "env": environment, **who}
        self._server: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "fsync": "off",
            "max_connections": "200",
            "deadlock_timeout": "100ms",
        }
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        log = self._folder / "log"
        with log.open("ab") as output:
            self._server = subprocess.Popen(
                [self._programs / "postgres", "-D", self._folder / "data", *arguments],
                stdout=output,
                stderr=output,
                **self._how,
            )
        _wait(self._server, self.url, log)

    def stop_at_once(self) -> None:
        """Stop it as a crash would: connections break off in the middle."""
        assert self._server is not None
        subprocess.run(
            [self._programs / "pg_ctl", "stop", "-D", self._folder / "data", "-m", "immediate", "-w"],
            check=True,
            capture_output=True,
            **self._how,
        )
        self._server.wait(60)
        self._server = None

    def end(self) -> None:
        """Stop it for good."""
        if self._server is None:
            return
        self._server.send_signal(signal.SIGINT)  # Fast shutdown: connections that are left are closed.
        try:
            self._server.wait(60)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()


@contextmanager
def postgres_server(programs: Path) -> Iterator[Postgres]:
    """A new server in a folder of its own."""
    # Not pytest's folder: PostgreSQL refuses to be root, and root's folders are closed to everybody else.
    folder = Path(tempfile.mkdtemp(prefix="wb-pg-"))
    user = _unprivileged()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    who = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    server = Postgres(programs, folder, who, environment)
    try:
        subprocess.run(
            [
                programs / "initdb",
                "-D",
                folder / "data",
                *("-U", "workbench", "-A", "trust", "-E", "UTF8", "--no-sync"),
            ],
            check=True,
            capture_output=True,
            cwd=folder,
            env=environment,
            **who,
        )
        server.start()
        yield server
    finally:
        server.end()
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> pwd.struct_passwd | None:
    """Whom the server runs as when we are root, None when we are not."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def _wait(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    import time

    import psycopg

    until = time.monotonic() + 60
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"PostgreSQL did not start:\n{log.read_text()}") from None
            time.sleep(0.05)
        else:
            return


@contextmanager
def empty_database(request: pytest.FixtureRequest, file: Path) -> Iterator[str]:
    """URL of an empty database of the kind that a fixture is asked for; gone at the end.

    Parameters
    ----------
    request
        Of a fixture whose parameter is `sqlite` or `postgresql`, beside the fixture `postgres`.
    file
        Where SQLite keeps it; PostgreSQL's is named after it.
    """
    if request.param == "sqlite":
        yield f"sqlite:///{file}"
        return
    import psycopg

    server = request.getfixturevalue("postgres")
    name = f"{file.stem}{next(_NUMBERS)}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    yield server.replace("/postgres?", f"/{name}?")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
