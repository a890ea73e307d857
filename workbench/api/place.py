"""The server's own folder in the data root, and the lock that lets one server have the root."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from workbench.errors import ConfigError

_PRIVATE = 0o600


def server_folder(data: Path) -> Path:
    """Where a server keeps what is its own; made when missing.

    Raises
    ------
    ConfigError
        When the data root cannot be written.
    """
    folder = data / "server"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise ConfigError(
            f"cannot be written: {error.strerror or error}", str(data), "give another folder with --data"
        ) from None
    return folder


def take_lock(folder: Path) -> int:
    """Take the data root for this process; whoever holds the result holds it, and ending lets it go.

    Raises
    ------
    ConfigError
        When another server has it.
    """
    handle = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        owner = os.pread(handle, 32, 0).decode(errors="replace").strip() or "another process"
        os.close(handle)
        raise ConfigError(
            f"is in use by the server that is process {owner}",
            str(folder.parent),
            "stop that one, or give another folder with --data",
        ) from None
    os.ftruncate(handle, 0)
    # On a full disk it is held all the same, and only the sentence above does not know by whom.
    with suppress(OSError):
        os.pwrite(handle, str(os.getpid()).encode(), 0)
    return handle


def secret_file(folder: Path) -> Path:
    """Where the secret that tokens are signed with is kept."""
    return folder / "secret"


def database_url(data: Path, given: str = "") -> str:
    """Where users are kept: SQLite in the data root unless told otherwise."""
    return given or f"sqlite:///{(data / 'identity.db').resolve().as_posix()}"
