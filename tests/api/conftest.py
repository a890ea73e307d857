"""The server that tests of the API share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.served import Served, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A real server with a small market that is open; all tests of a process share it."""
    with serving(tmp_path_factory.mktemp("served") / "data") as running:
        yield running
