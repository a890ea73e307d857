"""One real server for the tests of a module: uvicorn on a free port, a market without agents, people."""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import warnings
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

with warnings.catch_warnings():
    # alpaca-py 0.44 uses the old half of websockets, which says so when it is imported.
    warnings.filterwarnings("ignore", message=".*legacy.*", category=DeprecationWarning)
    from alpaca.data.historical.crypto import CryptoHistoricalDataClient
    from alpaca.data.historical.news import NewsClient
    from alpaca.data.historical.screener import ScreenerClient
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.data.live.crypto import CryptoDataStream
    from alpaca.data.live.news import NewsDataStream
    from alpaca.data.live.stock import StockDataStream
    from alpaca.trading.client import TradingClient
    from alpaca.trading.stream import TradingStream

from alpaca.common.exceptions import APIError
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.models import Order
from alpaca.trading.requests import LimitOrderRequest, MarketOrderRequest

from workbench.api.running import Running, Start
from workbench.api.server import Server
from workbench.api.settings import ServerSettings
from workbench.domain.codes import SessionState
from workbench.identity.identity import Identity
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Role
from workbench.identity.settings import IdentitySettings, SignUp
from workbench.session.live.session import LiveSession

collect_ignore = ["clients"]
"""Programs for other environments, which this one cannot import."""

T = TypeVar("T")
PASSWORD = "correct horse battery"
WAIT_S = 60.0

SCENARIO = """
title = "Quiet"
date = 2026-01-05
zone = "America/New_York"

[[instrument]]
symbol = "AAPL"
price_min = 1
price_max = 500
reference_price = 100
fees = { maker_bps = "0", taker_bps = "1" }

[[instrument]]
symbol = "SPY"
price_min = 1
price_max = 900
reference_price = 400

[[instrument]]
symbol = "SIM/USD"
price_min = 1
price_max = 900
lot_size = 0.001
reference_price = 50

[seats]
count = 400
cash = 1_000_000
margin = true

[live]
epoch = "wall"
open = "09:30"
close = "21:30"
"""


@dataclass
class Person:
    """Somebody with an API key."""

    name: str
    user: str
    key: str
    secret: str
    url: str

    @property
    def headers(self) -> dict[str, str]:
        """The key as a request's headers."""
        return {"APCA-API-KEY-ID": self.key, "APCA-API-SECRET-KEY": self.secret}

    @property
    def trading(self) -> TradingClient:
        return TradingClient(self.key, self.secret, url_override=self.url)

    @property
    def stocks(self) -> StockHistoricalDataClient:
        return StockHistoricalDataClient(self.key, self.secret, url_override=self.url)

    @property
    def crypto(self) -> CryptoHistoricalDataClient:
        return CryptoHistoricalDataClient(self.key, self.secret, url_override=self.url)

    @property
    def news(self) -> NewsClient:
        return NewsClient(self.key, self.secret, url_override=self.url)

    @property
    def screener(self) -> ScreenerClient:
        return ScreenerClient(self.key, self.secret, url_override=self.url)

    def limit(self, symbol: str, side: str, qty: float, price: float, **more: Any) -> Order:
        """Enter a limit order."""
        more.setdefault("time_in_force", TimeInForce.DAY)
        return self.trading.submit_order(
            LimitOrderRequest(symbol=symbol, qty=qty, side=OrderSide(side), limit_price=price, **more)
        )

    def market(self, symbol: str, side: str, qty: float, **more: Any) -> Order:
        """Enter a market order."""
        more.setdefault("time_in_force", TimeInForce.DAY)
        return self.trading.submit_order(
            MarketOrderRequest(symbol=symbol, qty=qty, side=OrderSide(side), **more)
        )


def code_of(error: APIError) -> tuple[int, int]:
    """Status and code of a refusal."""
    return error.status_code, error.code


def until(what: Callable[[], Any], wait_s: float = 60.0) -> Any:
    """What `what` gives once that is true; fails when it never is."""
    end = time.monotonic() + wait_s
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"did not happen in {wait_s} s: {what}")
        time.sleep(0.01)


@contextlib.contextmanager
def streaming(stream: Any) -> Iterator[Any]:
    """Run one of alpaca-py's streams in a thread of its own."""
    thread = threading.Thread(target=stream.run, name="stream")
    thread.start()
    try:
        yield stream
    finally:
        until(lambda: stream._loop is not None)
        stream.stop()
        thread.join(60)
        assert not thread.is_alive()


@dataclass
class Served:
    """A running server."""

    url: str
    running: Running
    loop: asyncio.AbstractEventLoop
    names: list[str] = field(default_factory=list)

    @property
    def server(self) -> Server:
        assert self.running.server is not None
        return self.running.server

    @property
    def identity(self) -> Identity:
        return self.server.identity

    @property
    def session(self) -> LiveSession:
        return self.server.sessions.get("quiet")

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        """Run something on the server's loop, and wait until its views show what came of it."""

        async def seen() -> T:
            found = await work
            await self.server.caught_up()
            return found

        return asyncio.run_coroutine_threadsafe(seen(), self.loop).result(WAIT_S)

    def person(self, role: Role = Role.STUDENT, session: str = "") -> Person:
        """A new user with a key."""
        name = f"person{len(self.names)}"
        self.names.append(name)

        async def make() -> Person:
            user, _ = await self.identity.create_user(CONSOLE, name, role=role, password=PASSWORD)
            key = await self.identity.create_key(user.user_id, session=session)
            return Person(name, user.user_id, key.key_id, key.secret, self.url)

        return self.call(make())


@pytest.fixture(scope="module")
def scenario() -> str:
    """The scenario of this module's server; a module may have its own."""
    return SCENARIO


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, scenario: str) -> Iterator[Served]:
    """A running server whose session "quiet" is open."""
    folder: Path = tmp_path_factory.mktemp("served")
    file = folder / "quiet.toml"
    file.write_text(scenario)
    identity = IdentitySettings(sign_up=SignUp.OPEN, argon2_memory_kib=8, argon2_passes=1)
    settings = ServerSettings(data=folder / "data", limited=False)
    running = Running(settings, Start(port=0, identity=identity, name="quiet", scenario=file))
    found: list[Served] = []
    ready = threading.Event()
    failures: list[BaseException] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def note(each: Running) -> None:
            found.append(Served(each.url, each, loop))
            ready.set()

        await running.run(ready=note, signals=False)

    def run() -> None:
        try:
            asyncio.run(main())
        except BaseException as error:  # noqa: BLE001 - told by the fixture
            failures.append(error)
            ready.set()

    thread = threading.Thread(target=run, name="served")
    thread.start()
    ready.wait(300)
    if failures:
        raise failures[0]
    served = found[0]
    if served.session.state != SessionState.OPEN:
        served.call(served.session.move(SessionState.OPEN))
    yield served
    served.loop.call_soon_threadsafe(running.stop)
    thread.join(60)
    assert not thread.is_alive()
    assert not failures


@pytest.fixture(scope="module")
def maker(served: Served) -> Person:
    """Somebody who makes the market."""
    return served.person()


@pytest.fixture
def trader(served: Served, maker: Person) -> Iterator[Person]:
    """Somebody new for each test, in a market without orders."""
    person = served.person()
    yield person
    person.trading.cancel_orders()
    maker.trading.cancel_orders()


__all__ = [
    "CryptoDataStream",
    "NewsDataStream",
    "StockDataStream",
    "TradingStream",
]
