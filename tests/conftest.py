"""What all tests share: the data beside the repository, the size of loads, and Hypothesis's profiles."""

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from tests.patience import be_patient

ROOT = Path(__file__).parents[1]
IN_CI = os.environ.get("CI") == "true"
SCALE = os.environ.get("WORKBENCH_TEST_SCALE") or ("ci" if IN_CI else "default")

# No deadlines: the first example of a kernel may compile it, which says nothing about the code under test.
# CI must not fail by luck of the draw, so its examples follow from the test alone; people draw new ones.
settings.register_profile("default", deadline=None, max_examples=100)
settings.register_profile("ci", deadline=None, max_examples=200, derandomize=True, print_blob=True)
settings.register_profile("small", deadline=None, max_examples=10, derandomize=True)

if SCALE not in ("default", "ci", "small"):
    raise pytest.UsageError(f"WORKBENCH_TEST_SCALE is {SCALE!r}, expected default, ci or small")
settings.load_profile(SCALE)

be_patient()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what reads shared data and what runs a twin alone; files with slow tests, and with many, go first.

    Several processes end together when what takes long does not begin last.
    """
    for item in items:
        if "shared" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.shared)
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        if "twin" in (value for value in parameters.values() if isinstance(value, str)):
            item.add_marker(pytest.mark.twin)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    size = Counter(item.path for item in items)
    items.sort(key=lambda item: (item.path not in slow, -size[item.path], str(item.path)))


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Leave logs as they were: what a test's command set up would write into that test's output for ever."""
    root, configured, kept = logging.getLogger(), structlog.is_configured(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    if handlers != root.handlers or level != root.level:
        root.handlers[:] = handlers
        root.setLevel(level)
    if structlog.is_configured() and not configured:
        structlog.reset_defaults()
    elif configured:
        structlog.configure(**kept)


@pytest.fixture(scope="session")
def shared() -> Path:
    """Path of the folder whose data/ is market data, `../shared` or $WORKBENCH_SHARED; skips without it."""
    path = Path(os.environ.get("WORKBENCH_SHARED") or ROOT.parent / "shared")
    if (path / "data").is_dir():
        return path
    reason = (
        f"no market data at {path / 'data'}: put it there or set WORKBENCH_SHARED to the folder above data/"
    )
    if IN_CI:
        pytest.fail(reason)  # CI that skips the oracles would be green for nothing.
    pytest.skip(reason)


@pytest.fixture(scope="session")
def scaled() -> Callable[[int], int]:
    """Size of a load for this run: `scaled(10_000)` is 10,000, or 500 when WORKBENCH_TEST_SCALE is small."""

    def size(full: int) -> int:
        return max(1, full // 20) if SCALE == "small" else full

    return size
