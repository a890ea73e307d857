"""Attempts at a password: counted before the outcome is known, and taken back when there is none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from workbench.errors import AuthError, IdentityError
from workbench.identity.hashing import Hasher
from workbench.identity.throttle import Throttle


class Attempts:
    """Passwords that are tried.

    Parameters
    ----------
    hasher
        Knows whether a password is that of a hash.
    throttle
        Slows down who guesses, by a text such as `name:ann`.
    """

    def __init__(self, hasher: Hasher, throttle: Throttle) -> None:
        self._hasher = hasher
        self._throttle = throttle

    @contextmanager
    def counted(self, key: str) -> Iterator[None]:
        """Count an attempt, unless the database could not be asked; AuthError("locked") after too many.

        It is counted first, so that many guesses at the same moment are counted too.
        """
        self._throttle.check(key)
        self._throttle.fail(key)
        try:
            yield
        except IdentityError:
            self._throttle.forgive(key)
            raise

    async def holds(self, key: str, stored: str, password: str) -> bool:
        """Whether this is the password of a hash; what could not be looked at is no failure."""
        try:
            return await self._hasher.check(stored, password)
        except AuthError:
            self._throttle.forgive(key)
            raise

    def succeeded(self, key: str) -> None:
        """The right password was given, so nothing counts any more."""
        self._throttle.forget(key)
