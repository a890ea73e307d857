"""Libraries that others wrote and that results are held against: CI does without none of them."""

from __future__ import annotations

import warnings
from importlib import import_module
from types import ModuleType

import pytest

from tests import conftest


def installed(name: str) -> ModuleType:
    """A library by its name; skips with a reason where it is not installed, which CI does not accept."""
    # What they warn of while they are imported (pyfolio: that zipline is missing) is not for who uses them.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return import_module(name)
        except ModuleNotFoundError as error:
            why = f"there is no {error.name}, which results are held against: install it (make setup)"
    if conftest.IN_CI:
        pytest.fail(why)
    pytest.skip(why)
