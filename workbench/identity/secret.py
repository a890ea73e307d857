"""The secret of an installation: what its tokens are signed with, in a file that nobody else can read."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from workbench.errors import ConfigError
from workbench.identity.signer import SECRET_BYTES_MIN

_BYTES = 64


def server_secret(file: Path) -> bytes:
    """Secret of a file, which is made when it is missing.

    Raises
    ------
    ConfigError
        When others can read the file, or it is too short to be one.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if not file.exists():
            _make(file)
        if file.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise ConfigError("can be read by others", str(file), f"run: chmod 600 {file}")
        secret = file.read_text("ascii").strip().encode()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be used as the server's secret ({error})", str(file)) from error
    if len(secret) < SECRET_BYTES_MIN:
        raise ConfigError(
            f"is {len(secret)} bytes long, expected {SECRET_BYTES_MIN} or more",
            str(file),
            "remove it, and a new one is made; everybody has to log in again",
        )
    return secret


def _make(file: Path) -> None:
    """Written whole under another name and linked: two servers that start at once get one secret."""
    draft = file.with_name(f".{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as out:
            out.write(secrets.token_hex(_BYTES) + "\n")
            out.flush()
            os.fsync(out.fileno())
        with suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
