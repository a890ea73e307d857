"""Password hashes: Argon2id, a bounded number at once, off the event loop."""

from __future__ import annotations

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from workbench.errors import AuthError
from workbench.identity.settings import IdentitySettings

_BYTES_MAX = 4_096


class Hasher:
    """Makes and checks password hashes in threads of its own.

    Each one takes tens of megabytes for tens of milliseconds, so a rush of logins waits in line, and a
    flood is refused as busy.
    """

    def __init__(self, settings: IdentitySettings) -> None:
        self._argon2 = PasswordHasher(
            time_cost=settings.argon2_passes,
            memory_cost=settings.argon2_memory_kib,
            parallelism=settings.argon2_lanes,
        )
        self._pool = ThreadPoolExecutor(settings.hashes_at_once, thread_name_prefix="identity-hash")
        self._waiting = 0
        self._waiting_max = settings.hashes_waiting + settings.hashes_at_once
        # What an unknown user's password is checked against, so that the answer takes as long.
        self._nobody = self._argon2.hash(secrets.token_bytes(16))

    async def hash(self, password: str) -> str:
        """Hash of a password, with its salt and costs."""
        return str(await self._in_turn(self._argon2.hash, _bytes_of(password)))

    async def check(self, stored: str, password: str) -> bool:
        """Whether this is the password; an empty `stored` takes as long and is always wrong."""
        return bool(await self._in_turn(self._check, stored, _bytes_of(password)))

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other costs than today's."""
        return self._argon2.check_needs_rehash(stored)

    def close(self) -> None:
        """Finish what runs."""
        self._pool.shutdown(wait=True)

    def _check(self, stored: str, password: bytes) -> bool:
        try:
            self._argon2.verify(stored or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(stored)

    async def _in_turn(self, function: object, *arguments: object) -> object:
        if self._waiting >= self._waiting_max:
            raise AuthError(
                "busy", "too many logins are waiting", remedy="try again in some seconds", retry_after_s=5.0
            )
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, function, *arguments)  # type: ignore[arg-type]
        finally:
            self._waiting -= 1


def _bytes_of(password: str) -> bytes:
    """Bytes that are hashed: NFC, so that a letter composed on another keyboard is the same letter."""
    return unicodedata.normalize("NFC", password[:_BYTES_MAX]).encode("utf-8", "surrogatepass")
