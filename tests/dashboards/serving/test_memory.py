"""Memory that was freed goes back to the system."""

from __future__ import annotations

import ctypes
import platform
from pathlib import Path

import pytest

from dashboards.serving.memory import trim

BLOCK, COUNT = 60_000, 500


def own_bytes() -> int:
    text = Path("/proc/self/status").read_text()
    return int(next(line.split()[1] for line in text.splitlines() if line.startswith("RssAnon:"))) * 1024


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has another way")
def test_what_was_freed_below_something_that_lives_goes_back() -> None:
    library = ctypes.CDLL(None)
    library.malloc.restype = ctypes.c_void_p
    blocks = [library.malloc(ctypes.c_size_t(BLOCK)) for _ in range(COUNT)]
    for block in blocks:
        ctypes.memset(block, 1, BLOCK)
    try:
        for block in blocks[:-1]:
            library.free(ctypes.c_void_p(block))
        kept = own_bytes()
        assert trim()
        assert kept - own_bytes() > BLOCK * COUNT * 0.8
    finally:
        library.free(ctypes.c_void_p(blocks[-1]))


def test_a_library_that_cannot_is_asked_for_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboards.serving.memory._malloc_trim", lambda: None)
    assert not trim()
