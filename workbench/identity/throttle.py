"""Slows down whoever guesses: failures are counted, and beyond some of them each doubles the wait."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable

from workbench.errors import AuthError

_FIRST_LOCK_S = 2.0
_SECOND_NS = 1_000_000_000
_LOOKED_AT = 16


class _Failures:
    __slots__ = ("at_ns", "count", "until_ns")

    def __init__(self, now_ns: int) -> None:
        self.count = 0.0
        self.at_ns = now_ns
        self.until_ns = 0


class Throttle:
    """Failures by name, address or key, in bounded memory.

    Parameters
    ----------
    now_ns
        The clock.
    free
        Failures without a consequence.
    leak_s
        After how many seconds one failure is forgotten.
    lock_s_max
        The longest wait.
    entries_max
        How many are remembered; a flood of others pushes out those with the fewest failures first.
    what
        What is said to be too many.
    """

    def __init__(
        self,
        now_ns: Callable[[], int],
        *,
        free: int,
        leak_s: float,
        lock_s_max: float,
        entries_max: int,
        what: str,
    ) -> None:
        self._now_ns = now_ns
        self._free = free
        self._leak_ns = leak_s * _SECOND_NS
        self._lock_s_max = lock_s_max
        self._entries_max = entries_max
        self._what = what
        self._failures: OrderedDict[str, _Failures] = OrderedDict()

    def check(self, key: str) -> None:
        """Raise AuthError("locked") while the key has to wait."""
        failures = self._failures.get(key)
        if failures is None:
            return
        wait_ns = failures.until_ns - self._now_ns()
        if wait_ns > 0:
            wait_s = wait_ns / _SECOND_NS
            raise AuthError(
                "locked",
                f"too many {self._what}",
                remedy=f"try again in {max(1, round(wait_s))} s",
                retry_after_s=wait_s,
            )

    def fail(self, key: str) -> None:
        """Count one failure."""
        if not key:
            return
        now_ns = self._now_ns()
        failures = self._failures.get(key)
        if failures is None:
            self._make_room()
            failures = self._failures[key] = _Failures(now_ns)
        else:
            self._failures.move_to_end(key)
        leaked = (now_ns - failures.at_ns) / self._leak_ns
        failures.count = max(0.0, failures.count - leaked) + 1.0
        failures.at_ns = now_ns
        beyond = failures.count - self._free
        if beyond > 0:
            # 2**60 s is longer than any lock; a larger exponent would overflow.
            lock_s = min(self._lock_s_max, _FIRST_LOCK_S * 2.0 ** min(60.0, beyond - 1.0))
            failures.until_ns = max(failures.until_ns, now_ns + int(lock_s * _SECOND_NS))

    def forget(self, key: str) -> None:
        """Start anew with a key: the right password was given."""
        self._failures.pop(key, None)

    def forgive(self, key: str) -> None:
        """Take back one failure, that was counted before the outcome was known."""
        failures = self._failures.get(key)
        if failures is not None:
            failures.count = max(0.0, failures.count - 1.0)

    def __len__(self) -> int:
        return len(self._failures)

    def _make_room(self) -> None:
        if len(self._failures) < self._entries_max:
            return
        oldest = [key for key, _ in zip(self._failures, range(_LOOKED_AT), strict=False)]
        victim = min(oldest, key=lambda key: self._failures[key].count)
        del self._failures[victim]
        for key in oldest:
            if key != victim:
                self._failures.move_to_end(key)
