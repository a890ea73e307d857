"""The server that tests share, and a gateway before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.served import Served, serving
from tests.gateway.through import Through, gateway_to


@pytest.fixture(scope="session")
def exchange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The server itself."""
    with serving(tmp_path_factory.mktemp("exchange") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def gateway(exchange: Served) -> Iterator[Through]:
    """A gateway before it."""
    with gateway_to(exchange.url) as running:
        yield running


@pytest.fixture(scope="session")
def served(exchange: Served, gateway: Through) -> Served:
    """The server as it is seen through the gateway: what tests of the API are given here."""
    return gateway.seen(exchange)
