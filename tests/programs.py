"""Programs beside Python that some tests use; `make services` installs them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.conftest import IN_CI

_PLACES = ("/usr/sbin", "/usr/local/sbin", "/sbin")


def program(name: str) -> str:
    """Path of a program; skips with a reason where there is none, which CI does not accept."""
    found = shutil.which(name)
    for place in _PLACES:
        if found is None and (Path(place) / name).is_file():
            found = str(Path(place) / name)
    return found or missing(name)


def missing(name: str) -> str:
    """Skip for want of something."""
    why = f"there is no {name}: install it (make services does so on Debian)"
    if IN_CI:
        pytest.fail(why)
    pytest.skip(why)
