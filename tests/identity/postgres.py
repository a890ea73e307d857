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
from pathlib import Path

MISSING = (
    "PostgreSQL is not installed here, so identity was tested on SQLite alone: run `make services` as root"
)


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


@contextmanager
def postgres_server(programs: Path) -> Iterator[str]:
    """URL of the database `postgres` of a new server, which is reached by a socket in its folder."""
    # Not pytest's folder: PostgreSQL refuses to be root, and root's folders are closed to everybody else.
    folder = Path(tempfile.mkdtemp(prefix="wb-pg-"))
    user = _unprivileged()
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    who = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": str(folder)}
    data = folder / "data"
    server = None
    try:
        subprocess.run(
            [programs / "initdb", "-D", data, "-U", "workbench", "-A", "trust", "-E", "UTF8", "--no-sync"],
            check=True,
            capture_output=True,
            cwd=folder,
            env=environment,
            **who,
        )
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "fsync": "off",
            "max_connections": "200",
            "deadlock_timeout": "100ms",
        }
        arguments = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen(
                [programs / "postgres", "-D", data, *arguments],
                stdout=log,
                stderr=log,
                cwd=folder,
                env=environment,
                **who,
            )
        url = f"postgresql://workbench@/postgres?host={folder}"
        _wait(server, url, folder / "log")
        yield url
    finally:
        if server is not None:
            server.send_signal(signal.SIGINT)  # Fast shutdown: connections that are left are closed.
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
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
