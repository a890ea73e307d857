"""Many desks on one server, and what they cost it: `python -m benchmarks.desks_driver PLAN`; prints JSON.

Two makers trade a few times a second, so every desk is told as often. A delta's lag is the time from the
moment before the server encodes it, which the server's process writes down (`desks_process`), to the moment
at which a desk has read it; both are on the clock that all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import sys
import time
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import uvloop

from benchmarks.desks_files import more_files
from benchmarks.desks_lanes import LONGEST_S, PULL, BokehMessages, Desk, Seen, page_token
from benchmarks.server_driver import cpu_of, quantiles
from benchmarks.server_lanes import SocketLane

PRICE, TICK = 50.0, 0.01
_SETTLE_S = 1.5
_GONE_S = 60.0
_AT_ONCE = 8
_MIB = 1 << 20


def memory_of(pid: int) -> float:
    """Bytes of memory that are a process's own."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024.0
    raise RuntimeError("the system does not tell how much memory a process has")


class Makers:
    """Two accounts whose orders change quote, book, tape and candles `rate` times a second.

    Parameters
    ----------
    desks
        Theirs; only the streams are used.
    symbol, rate
        What they trade, and how often.
    """

    def __init__(self, desks: tuple[Desk, Desk], symbol: str, rate: float) -> None:
        self.refused: list[str] = []
        self.rounds = 0
        self._quoting, self._taking = desks
        self._symbol = symbol
        self._rate = rate
        self._random = random.Random(7)  # noqa: S311 - a load, no secret
        self._middle = round(PRICE / TICK)

    def _answered(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "refused":
            self.refused.append(frame["message"])

    def _place(self, desk: Desk, side: str, price: int, quantity: int, tif: str) -> None:
        order = {
            "symbol": self._symbol,
            "side": side,
            "type": "limit",
            "quantity": quantity,
            "limit_price": f"{price * TICK:.2f}",
            "time_in_force": tif,
        }
        desk.ask(self._answered, place=order)

    def fill_book(self) -> None:
        """Ten levels on each side."""
        self._quoting.ask(self._answered, cancel_all={"symbol": self._symbol})
        for away in range(1, 11):
            self._place(self._quoting, "buy", self._middle - away, 500, "day")
            self._place(self._quoting, "sell", self._middle + away, 500, "day")

    def _round(self) -> None:
        self.rounds += 1
        draw = self._random
        if self.rounds % 40 == 0:
            self._middle += draw.choice((-2, -1, 1, 2))
            self.fill_book()
            return
        self._place(self._quoting, "buy", self._middle - draw.randint(1, 10), draw.randint(1, 50), "day")
        self._place(self._quoting, "sell", self._middle + draw.randint(1, 10), draw.randint(1, 50), "day")
        side, price = draw.choice((("buy", self._middle + 5), ("sell", self._middle - 5)))
        self._place(self._taking, side, price, draw.randint(1, 20), "ioc")

    async def run(self) -> None:
        """Trade until this is cancelled."""
        start = time.perf_counter()
        for number in count(1):
            await asyncio.sleep(max(0.0, start + number / self._rate - time.perf_counter()))
            self._round()


class Orders:
    """Desks that order once a second each: a limit order beside the market, then its cancel."""

    def __init__(self, desks: list[Desk], symbol: str) -> None:
        self.answers_s: list[float] = []
        self.refused: list[str] = []
        self.sent = 0
        self._desks = desks
        self._symbol = symbol
        self._open: dict[Desk, int] = {}

    def _one(self, desk: Desk) -> None:
        start = time.perf_counter()
        number = self._open.pop(desk, None)

        def answered(frame: dict[str, Any]) -> None:
            self.answers_s.append(time.perf_counter() - start)
            if frame["type"] == "refused":
                self.refused.append(frame["message"])
            elif number is None:
                self._open[desk] = frame["orders"][0]["id"]

        self.sent += 1
        if number is not None:
            desk.ask(answered, cancel={"order": number})
            return
        price = PRICE - TICK * (12 + self.sent % 8)
        order = {"symbol": self._symbol, "side": "buy", "type": "limit", "quantity": 1}
        desk.ask(answered, place={**order, "limit_price": f"{price:.2f}"})

    async def run(self) -> None:
        """Order until this is cancelled, spread evenly over each second."""
        start, step = time.perf_counter(), 1 / len(self._desks)
        for number in count():
            await asyncio.sleep(max(0.0, start + number * step - time.perf_counter()))
            self._one(self._desks[number % len(self._desks)])


class Made:
    """Reads when the server made each delta."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._at = 0
        self.times: dict[tuple[str, int], float] = {}

    def read(self) -> None:
        """Take in what was written since."""
        with self._file.open() as log:
            log.seek(self._at)
            text = log.read()
        whole = text.rpartition("\n")[0]
        self._at += len(whole.encode()) + bool(whole)
        for line in whole.splitlines():
            topic, seq, moment = line.split()
            # A topic that changes without an event has the same seq again; such a frame is not measured.
            self.times.setdefault((topic, int(seq)), float(moment))


class Bench:
    """All of the measurements on one server."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.seen = Seen()
        self.pid: int = plan["pid"]
        self.symbol: str = plan["symbol"]
        self.made = Made(Path(plan["deltas"]))
        self.http = httpx.AsyncClient(
            base_url=plan["url"],
            timeout=LONGEST_S,
            trust_env=False,
            limits=httpx.Limits(max_connections=plan["http_connections"]),
        )

    def desk(self, number: int) -> Desk:
        """A desk that is not open yet, of the user with that number."""
        url = httpx.URL(self.plan["url"])
        return Desk(url, self.plan["session"], self.symbol, self.plan["cookies"][number], self.seen)

    async def makers(self) -> Makers:
        """The two that make the market; they have the last two users, and no page."""
        users = len(self.plan["names"])
        pair = (self.desk(users - 1), self.desk(users - 2))
        for each in pair:
            await each.follow()
        return Makers(pair, self.symbol, self.plan["rate"])

    async def opened(self, numbers: range) -> list[Desk]:
        """Desks, a few at a time."""
        turn = asyncio.Semaphore(_AT_ONCE)

        async def one(number: int) -> Desk:
            desk = self.desk(number)
            async with turn:
                await desk.open(self.http, self.plan["path"])
            return desk

        return list(await asyncio.gather(*(one(number) for number in numbers)))

    async def watched(
        self, desks: list[Desk], seconds: float, orders: Orders | None = None
    ) -> dict[str, Any]:
        """What `seconds` of the market cost with these desks, and how late they had it."""
        await asyncio.sleep(_SETTLE_S)
        self.seen.times.clear()
        late_s: list[float] = []
        before = [(desk.updates, desk.stream.bytes_read) for desk in desks]
        cpu, start = cpu_of(self.pid), time.perf_counter()
        own = time.process_time()
        tasks = [asyncio.create_task(lateness(late_s))]
        if orders is not None:
            tasks.append(asyncio.create_task(orders.run()))
        await asyncio.sleep(seconds)
        took_s = time.perf_counter() - start
        now, driver = cpu_of(self.pid), time.process_time() - own
        assert cpu is not None
        assert now is not None
        for task in tasks:
            task.cancel()
        got = [
            (desk.updates - told, desk.stream.bytes_read - read)
            for desk, (told, read) in zip(desks, before, strict=True)
        ]
        await asyncio.sleep(_SETTLE_S)
        self.made.read()
        lags, strangers = [], 0
        for key, moments in self.seen.times.items():
            made_s = self.made.times.get(key)
            if made_s is None:
                strangers += 1
                continue
            lags += [moment - made_s for moment in moments]
        updates = sum(told for told, _ in got)
        return {
            "desks": len(desks),
            "seconds": took_s,
            "lag_ms": quantiles(lags),
            "deltas_without_a_time": strangers,
            "updates_per_desk_s": updates / max(1, len(desks)) / took_s,
            "bytes_per_update": sum(read for _, read in got) / max(1, updates),
            "cpu": (now - cpu) / took_s,
            "cpu_ms_per_update": (now - cpu) * 1e3 / max(1, updates),
            "driver_cpu": driver / took_s,
            "driver_late_ms": quantiles(late_s),
            "answer_ms": quantiles(orders.answers_s) if orders else {},
            "orders": orders.sent if orders else 0,
            "refused": orders.refused[:3] if orders else [],
        }

    async def desks(self) -> dict[str, Any]:
        """Open, watch, order, close, and open and close many more."""
        plan = self.plan
        makers = await self.makers()
        makers.fill_book()
        trading = asyncio.create_task(makers.run())
        (await self.opened(range(1)))[0].close()
        await asyncio.sleep(_SETTLE_S)
        found: dict[str, Any] = {"empty": await self.watched([], plan["seconds"] / 2)}
        empty, cpu = memory_of(self.pid), cpu_of(self.pid)
        start = time.perf_counter()
        desks = await self.opened(range(plan["desks"]))
        opening = cpu_of(self.pid)
        found["open"] = {
            "seconds": time.perf_counter() - start,
            "connect_ms": quantiles([desk.took_s for desk in desks]),
            "cpu_ms": (opening - cpu) * 1e3 / len(desks),
            "document_bytes": max(desk.document_bytes for desk in desks),
        }
        found["watching"] = await self.watched(desks, plan["seconds"])
        full = memory_of(self.pid)
        ordering = Orders(desks[: plan["ordering"]], self.symbol)
        found["ordering"] = await self.watched(desks, plan["seconds"], ordering)
        found["lost"] = [desk.lost for desk in desks if desk.lost][:3]
        for desk in desks:
            desk.close()
        opened = len(desks)
        while opened < plan["churn"]:
            more = await self.opened(range(min(plan["desks"], plan["churn"] - opened)))
            opened += len(more)
            for desk in more:
                desk.close()
        trading.cancel()
        found["memory"] = {
            "empty_mib": empty / _MIB,
            "full_mib": full / _MIB,
            "kib_per_desk": (full - empty) / 1024 / len(desks),
            "opened": opened,
            **await self._gone(empty),
        }
        found["refused"] = makers.refused[:3]
        found["faults"] = self.seen.faults[:5]
        return found

    async def _gone(self, empty: float) -> dict[str, Any]:
        """What is left when all are gone, once it is little or after a while."""
        start = time.perf_counter()
        left = memory_of(self.pid)
        patience_s = _GONE_S if self.plan["churn"] else 0.0
        while time.perf_counter() - start < patience_s and left > empty * 1.02:
            await asyncio.sleep(1)
            left = min(left, memory_of(self.pid))
        return {"left_mib": left / _MIB, "after_s": time.perf_counter() - start, "left": left / empty}

    async def class_loads(self) -> dict[str, Any]:
        """A whole class logs in, loads its desks with all files, and trades, all at one moment."""
        makers = await self.makers()
        makers.fill_book()
        trading = asyncio.create_task(makers.run())
        cpu, start = cpu_of(self.pid), time.perf_counter()

        async def one(number: int) -> float:
            name = self.plan["names"][number]
            body = {"name": name, "password": self.plan["password"], "cookies": True}
            async with httpx.AsyncClient(
                base_url=self.plan["url"], timeout=LONGEST_S, trust_env=False
            ) as http:
                answer = await http.post("/api/auth/login", json=body)
                answer.raise_for_status()
                desk = self.desk(number)
                desk.cookie = "; ".join(f"{each.name}={each.value}" for each in http.cookies.jar)
                await desk.open(http, self.plan["path"], files=True)
            done: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
            order = {"symbol": self.symbol, "side": "buy", "quantity": 1, "limit_price": "49.80"}
            desk.ask(done.set_result, place={**order, "type": "limit"})
            frame = await done
            if frame["type"] != "ack":
                self.seen.faults.append(f"a first order was refused: {frame['message']}")
            return time.perf_counter() - start

        times = await asyncio.gather(*(one(number) for number in range(self.plan["desks"])))
        trading.cancel()
        now = cpu_of(self.pid)
        assert cpu is not None
        assert now is not None
        return {
            "trading_ms": quantiles(list(times)),
            "cpu_ms": (now - cpu) * 1e3 / len(times),
            "faults": self.seen.faults[:5],
        }

    async def obvious(self) -> dict[str, Any]:
        """A few of the obvious pages, which follow the same market; `pid` and `deltas` are theirs."""
        makers = await self.makers()
        makers.fill_book()
        trading = asyncio.create_task(makers.run())
        pages = []
        for _ in range(self.plan["desks"]):
            page = ObviousPage(httpx.URL(self.plan["panel_url"]), self.plan["panel_path"])
            await page.open()
            pages.append(page)
        await asyncio.sleep(_SETTLE_S)
        for page in pages:
            page.updates.clear()
        read = sum(page.socket.bytes_read for page in pages)
        cpu, start = cpu_of(self.pid), time.perf_counter()
        await asyncio.sleep(self.plan["seconds"])
        now, took_s = cpu_of(self.pid), time.perf_counter() - start
        trading.cancel()
        assert cpu is not None
        assert now is not None
        self.made.read()
        updates = [(seq, moment) for page in pages for seq, moment in page.updates]
        lags = [
            moment - self.made.times[key]
            for seq, moment in updates
            if (key := (self.plan["panel_path"].strip("/"), seq)) in self.made.times
        ]
        return {
            "desks": len(pages),
            "connect_ms": quantiles([page.took_s for page in pages]),
            "lag_ms": quantiles(lags),
            "updates_per_desk_s": len(updates) / len(pages) / took_s,
            "bytes_per_update": (sum(page.socket.bytes_read for page in pages) - read) / max(1, len(updates)),
            "cpu": (now - cpu) / took_s,
            "cpu_ms_per_update": (now - cpu) * 1e3 / max(1, len(updates)),
        }


class ObviousPage:
    """A page of `desks_panel`, pulled and followed over Bokeh's socket.

    Attributes
    ----------
    updates
        The `seq` of each update and the moment at which the last of it was here.
    """

    def __init__(self, url: httpx.URL, path: str) -> None:
        self.updates: list[tuple[int, float]] = []
        self.took_s = 0.0
        self.socket: Any = None
        self._url = url
        self._path = path
        self._document: asyncio.Event = asyncio.Event()

    async def open(self) -> None:
        """Load it and pull its document."""
        start = time.perf_counter()
        async with asyncio.timeout(LONGEST_S), httpx.AsyncClient(trust_env=False, timeout=LONGEST_S) as http:
            page = await http.get(self._url.join(self._path))
        token = page_token(page.text)
        origin = str(self._url).rstrip("/")
        headers = {"Origin": origin, "Sec-WebSocket-Protocol": f"bokeh, {token}"}
        host = f"{self._url.host}:{self._url.port}"
        told = BokehMessages(self._heard)
        loop = asyncio.get_running_loop()
        _, self.socket = await loop.create_connection(
            lambda: SocketLane(f"{self._path}/ws", headers, told, host=host), self._url.host, self._url.port
        )
        async with asyncio.timeout(LONGEST_S):
            await self.socket.opened
            for part in PULL:
                self.socket.send(part)
            await self._document.wait()
        self.took_s = time.perf_counter() - start

    def _heard(self, message: list[bytes]) -> None:
        now = time.perf_counter()
        if b"PULL-DOC-REPLY" in message[0]:
            self._document.set()
            return
        told = re.search(rb"seq=(\d+);", message[2])
        if told is not None:
            self.updates.append((int(told[1]), now))


async def lateness(found: list[float]) -> None:
    """How late this process is itself: what it adds to what it measures."""
    step = 0.005
    while True:
        due = time.perf_counter() + step
        await asyncio.sleep(step)
        found.append(time.perf_counter() - due)


async def drive(plan: dict[str, Any]) -> dict[str, Any]:
    """One kind of measurement."""
    bench = Bench(plan)
    async with bench.http:
        kinds = {"desks": bench.desks, "class": bench.class_loads, "obvious": bench.obvious}
        return await kinds[plan["kind"]]()


def main() -> int:
    """Run the plan in the file that is named."""
    more_files()
    plan = json.loads(Path(sys.argv[1]).read_text())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        found = runner.run(drive(plan))
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
