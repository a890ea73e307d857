"""Gateways in threads of the test's process, in front of the server that tests of the API share."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.api.served import Served
from tests.looping import OnLoop, looping
from workbench.gateway.app import Gateway
from workbench.gateway.running import GatewayStart, RunningGateway


class Through(OnLoop):
    """A gateway that answers at `url`; touch its parts on its loop alone, by `call`."""

    def __init__(self, running: RunningGateway, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.url = running.url
        self.gateway: Gateway = running.gateway
        self.running = running

    def seen(self, served: Served) -> Served:
        """A server as it is seen through this gateway."""
        there = copy.copy(served)
        there.url = self.url
        return there


@contextmanager
def gateway_to(upstream: str, **start: Any) -> Iterator[Through]:
    """A gateway to an exchange, stopped at the end."""
    running = RunningGateway(GatewayStart(upstream, port=start.pop("port", 0), **start))
    # A second call ends the process.
    with looping(running, "gateway", start_s=60, ended=lambda: bool(running._signals)) as loop:
        yield Through(running, loop)
