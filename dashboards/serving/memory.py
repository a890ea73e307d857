"""Memory that was freed, given back to the system."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache


def trim() -> bool:
    """Have the C library give back whole pages that nothing lives in; whether it had any.

    It keeps what was freed between two things that live, some 30 MiB after a thousand desks. It takes some
    milliseconds without the interpreter, so do it on a thread: the loop goes on meanwhile. A C library that
    cannot (not GNU's) is asked for nothing.
    """
    give_back = _malloc_trim()
    return give_back is not None and bool(give_back(0))


@cache
def _malloc_trim() -> Callable[[int], int] | None:
    try:
        found = ctypes.CDLL(None).malloc_trim
    except (OSError, AttributeError, TypeError):
        return None
    found.argtypes, found.restype = [ctypes.c_size_t], ctypes.c_int
    given: Callable[[int], int] = found
    return given
