"""A machine whose wall clock jumps while a market is open, by hours, forwards and backwards."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import ClientConnection, connect

from tests.faults.server.kills import seat
from tests.faults.server.market import MARKET, SESSION
from tests.faults.server.people import PASSWORD, Headers, people
from tests.faults.server.process import ServerProcess
from tests.programs import missing
from workbench.session.rerun import rerun

PLACES = ("/usr/lib/*/faketime/libfaketime.so.1", "/usr/local/lib/faketime/libfaketime.so.1")
pytestmark = pytest.mark.slow
WALL = "wall"
HOUR_S = 3600
LATE_S = 60.0
ORDER = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 40}


def library() -> Path:
    """What lets a process see another wall clock; skips without it."""
    for place in PLACES:
        for found in sorted(Path("/").glob(place.removeprefix("/"))):
            return found
    missing("faketime")
    raise AssertionError


@dataclass
class Wall:
    """The wall clock that a server sees."""

    file: Path

    def jump(self, seconds: int) -> None:
        """From now on it is so far from the true time."""
        part = self.file.with_suffix(".part")
        part.write_text(f"{seconds:+d}s\n")
        part.rename(self.file)
        time.sleep(0.2)

    @property
    def environment(self) -> dict[str, str]:
        """What a process is started with."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_NO_CACHE": "1",
            # As on a machine that is set right: only the wall's clock jumps.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }


@dataclass
class Market:
    """A session as somebody sees it who looks again and again."""

    url: str
    name: str
    headers: Headers
    seen_s: list[tuple[float, float, float]] = field(default_factory=list)

    def look(self) -> None:
        """Note what time it is there, between two moments here."""
        before_s = time.monotonic()
        found = httpx.get(
            f"{self.url}/api/sessions/{self.name}", headers=self.headers, trust_env=False, timeout=30
        )
        at = datetime.fromisoformat(found.json()["time"][:26] + "+00:00").timestamp()
        self.seen_s.append((before_s, at, time.monotonic()))

    def check(self) -> None:
        """Its time never went back, and ran as fast as time does."""
        times = [at for _, at, _ in self.seen_s]
        assert times == sorted(times)
        self.check_pace(self.seen_s[0], self.seen_s[-1])

    @staticmethod
    def check_pace(one: tuple[float, float, float], other: tuple[float, float, float]) -> None:
        """Between two looks as much time passed there as here; a busy machine may be late to say so."""
        passed_s = other[1] - one[1]
        assert other[0] - one[2] - LATE_S < passed_s < other[2] - one[0] + 2.0


def opened(server: ServerProcess, headers: Headers, session: str = SESSION) -> ClientConnection:
    url = f"ws{server.url.removeprefix('http')}/api/sessions/{session}/stream"
    return connect(url, additional_headers=headers, compression=None, proxy=None)


def acked(stream: ClientConnection, number: int, **request: Any) -> dict[str, Any]:
    """The answer to a request."""
    stream.send(json.dumps({"id": number, **request}))
    end = time.monotonic() + 60
    while True:
        for frame in json.loads(stream.recv(end - time.monotonic())):
            if frame["type"] in ("ack", "refused") and frame["id"] == number:
                return dict(frame)


def flood(stream: ClientConnection) -> set[str]:
    """What the answers are when far more is asked at once than one person may, and cheap things alone.

    One after the other they would come as fast as the machine is, and a slow one would be allowed them all.
    """
    first, count = 10_000, 4_000
    for number in range(first, first + count):
        stream.send(json.dumps({"id": number, "unsubscribe": []}))
    kinds, end = set(), time.monotonic() + 300
    while True:
        for frame in json.loads(stream.recv(end - time.monotonic())):
            if frame["type"] in ("ack", "refused"):
                kinds.add(frame["type"])
                if frame["id"] == first + count - 1:
                    return kinds


@dataclass
class Site:
    server: ServerProcess
    wall: Wall
    teacher: Headers
    traders: list[Headers]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    wall = Wall(tmp_path / "wall")
    environment = wall.environment
    wall.jump(0)
    scenario = tmp_path / f"{SESSION}.toml"
    scenario.write_text(MARKET)
    who = asyncio.run(people(tmp_path / "data", 3))
    server = ServerProcess(tmp_path / "data", "--scenario", str(scenario), environment=environment)
    try:
        server.launch()
        asyncio.run(server.answers())
        asyncio.run(seat(server.url, who.traders))
        yield Site(server, wall, who.teacher, who.traders)
    finally:
        server.close()


def make_wall_session(site: Site) -> None:
    """A second market, whose time is the wall's."""
    text = MARKET.replace('epoch = "sim"', 'epoch = "wall"')
    with httpx.Client(base_url=site.server.url, headers=site.teacher, trust_env=False, timeout=60) as client:
        client.post("/api/sessions", json={"name": WALL, "scenario": text}).raise_for_status()
        client.post(f"/api/sessions/{WALL}/start").raise_for_status()


def test_nobody_notices_a_wall_clock_that_jumps(site: Site, tmp_path: Path) -> None:
    make_wall_session(site)
    server, (ann, bob, _) = site.server, site.traders
    markets = [Market(server.url, name, ann) for name in (SESSION, WALL)]
    names = []
    with (
        httpx.Client(base_url=server.url, trust_env=False, timeout=60) as client,
        opened(server, ann) as stream,
        opened(server, ann, WALL) as other,
    ):
        login = client.post("/api/auth/login", json={"name": "trader-1", "password": PASSWORD}).json()
        acked(stream, 1, subscribe=["orders"])
        number = 1
        for jump_s in (0, 2 * HOUR_S, -3 * HOUR_S, 5 * HOUR_S, 0):
            site.wall.jump(jump_s)
            for _ in range(5):
                number += 1
                names.append(f"clock-{number}")
                for each in (stream, other):
                    answer = acked(each, number, place={**ORDER, "client_order_id": names[-1]})
                    assert answer["type"] == "ack", answer
                placed = client.post(
                    f"/api/sessions/{SESSION}/orders",
                    json={**ORDER, "client_order_id": f"rest-{number}"},
                    headers=bob,
                )
                assert placed.status_code == 201, placed.text
                names.append(f"rest-{number}")
                for market in markets:
                    market.look()
            # Whoever logged in before it jumped stays logged in: a token that is over is renewed.
            renewed = client.post("/api/auth/refresh", json={"refresh": login["refresh"]})
            assert renewed.status_code == 200, (jump_s, renewed.text)
            login = renewed.json()
            me = client.get("/api/auth/me", headers={"Authorization": f"Bearer {login['access']}"})
            assert me.status_code == 200, (jump_s, me.text)
            # That the server does see the clock that jumps; it looks once a second for the header.
            end = time.monotonic() + 60
            while True:
                ready = client.get("/health/ready")
                seen = parsedate_to_datetime(ready.headers["date"]).timestamp()
                if abs(seen - time.time() - jump_s) < 60 and ready.status_code == 200:
                    break
                assert time.monotonic() < end, (jump_s, ready.headers["date"], ready.text)
                time.sleep(0.1)
            # Who asks too often is still told so, and may ask again a moment later.
            assert "refused" in flood(other)
            time.sleep(1.0)
            assert acked(other, 2_000, ping=False, subscribe=["orders"])["type"] == "ack"
        for market in markets:
            market.check()
    assert server.process is not None
    assert asyncio.run(server.stop()) == 0
    assert b"Traceback" not in server.printed()
    for name in (SESSION, WALL):
        assert rerun(name, data=tmp_path / "data").identical


def test_a_market_goes_on_where_it_was_when_the_wall_clock_went_back_while_it_was_down(
    site: Site, tmp_path: Path
) -> None:
    make_wall_session(site)
    server, ann = site.server, site.traders[0]
    markets = [Market(server.url, name, ann) for name in (SESSION, WALL)]
    for market in markets:
        market.look()
    asyncio.run(server.kill())
    site.wall.jump(-2 * HOUR_S)
    server.launch()
    asyncio.run(server.answers())
    for market in markets:
        market.look()
        # Time stood while nobody was there to see it pass, or went on as it does.
        (began_s, before, _), (_, after, ended_s) = market.seen_s[-2:]
        assert before - 1.0 <= after < before + (ended_s - began_s) + 2.0
    with opened(server, ann) as stream, opened(server, ann, WALL) as other:
        for each in (stream, other):
            assert acked(each, 1, place=ORDER)["type"] == "ack"
    assert asyncio.run(server.stop()) == 0
    for name in (SESSION, WALL):
        assert rerun(name, data=tmp_path / "data").identical
