"""What the tests say of themselves: they wait as long as a slow machine needs."""

from __future__ import annotations

import inspect

import httpx
import pytest
import websockets.asyncio.client
import websockets.sync.client

from tests.faults.server.process import free_port
from tests.patience import PATIENCE_S


def test_requests_that_do_not_say_how_long_wait_as_long_as_tests_do() -> None:
    with httpx.Client(trust_env=False) as client:
        assert client.timeout == httpx.Timeout(PATIENCE_S)
    assert inspect.signature(httpx.get).parameters["timeout"].default == httpx.Timeout(PATIENCE_S)


@pytest.mark.parametrize("connect", [websockets.sync.client.connect, websockets.asyncio.client.connect])
def test_so_do_streams(connect: object) -> None:
    asked = inspect.signature(connect).parameters  # type: ignore[arg-type]
    assert (asked["open_timeout"].default, asked["ping_timeout"].default) == (PATIENCE_S, PATIENCE_S)


def test_a_free_port_is_none_that_the_system_gives_away() -> None:
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:  # noqa: PTH123 - no file that is kept
        first, _ = map(int, file.read().split())
    assert all(1_024 < free_port() < first for _ in range(50))
