"""Many desks on one server, and what they cost it: `python -m benchmarks.desks_driver PLAN`; prints JSON.

Two makers trade a few times a second, so every desk is told as often. A delta's lag is the time from the
moment before the server encodes it, which the server's process writes down (`desks_process`), to the moment
at which a desk has read it; both are on the clock that all processes of a machine share.
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.desks_files import more_files
from benchmarks.desks_lanes import LONGEST_S, PULL, READY, BokehMessages, Desk, Seen, page_token
from benchmarks.desks_traders import Makers, Orders
from benchmarks.desks_watch import SETTLE_S, Made, Watch, memory_of
from benchmarks.plans import run_plan
from benchmarks.server_driver import cpu_of, quantiles
from benchmarks.server_lanes import SocketLane

_GONE_S = 30.0
_AT_ONCE = 8
_MIB = 1 << 20


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
        plan = self.plan
        pages = plan.get("pages")
        return Desk(
            httpx.URL(plan["url"]),
            plan["session"],
            self.symbol,
            plan["cookies"][number],
            self.seen,
            httpx.URL(pages) if pages else None,
        )

    async def makers(self) -> Makers:
        """The two that make the market; they have the last two users, and no page."""
        users = len(self.plan["names"])
        pair = (self.desk(users - 1), self.desk(users - 2))
        for each in pair:
            await each.follow()
        return Makers(pair, self.symbol, self.plan["rate"])

    async def opened(self, numbers: range, at_once: int = _AT_ONCE) -> list[Desk]:
        """Desks, a few at a time."""
        turn = asyncio.Semaphore(at_once)

        async def one(number: int) -> Desk:
            desk = self.desk(number)
            async with turn:
                await desk.open(self.http, self.plan["path"])
            return desk

        return list(await asyncio.gather(*(one(number) for number in numbers)))

    def watch(self, makers: Makers, desks: list[Desk]) -> Watch:
        """A stretch of time that begins now."""
        return Watch(self.pid, self.seen, self.made, makers.taken, desks)

    async def watched(
        self, makers: Makers, desks: list[Desk], seconds: float, orders: Orders | None = None
    ) -> dict[str, Any]:
        """What `seconds` of the market cost with these desks, and how late they had it."""
        await asyncio.sleep(SETTLE_S)
        watch = self.watch(makers, desks)
        ordering = None if orders is None else asyncio.create_task(orders.run())
        await asyncio.sleep(seconds)
        if ordering is not None:
            ordering.cancel()
        found = await watch.end()
        if orders is not None:
            found |= {
                "answer_ms": quantiles(orders.answers_s),
                "orders": orders.sent,
                "refused": orders.refused[:3],
            }
        return found

    async def desks(self) -> dict[str, Any]:
        """Open, watch, order, open more, close, and open and close many more."""
        plan = self.plan
        makers = await self.makers()
        makers.fill_book()
        trading = asyncio.create_task(makers.run())
        (await self.opened(range(1)))[0].close()
        await asyncio.sleep(SETTLE_S)
        found: dict[str, Any] = {"empty": await self.watched(makers, [], plan["seconds"] / 2)}
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
        found["watching"] = await self.watched(makers, desks, plan["seconds"])
        full = memory_of(self.pid)
        if plan["ordering"]:
            ordering = Orders(desks[: plan["ordering"]], self.symbol)
            found["ordering"] = await self.watched(makers, desks, plan["seconds"], ordering)
        if plan["more"]:
            found["joined"] = await self._joined(makers, desks)
        if plan["fast"]:
            makers.rate = plan["fast"]
            found["fast"] = await self.watched(makers, desks, plan["seconds"])
            makers.rate = plan["rate"]
        found["lost"] = [desk.lost for desk in desks if desk.lost][:3]
        for desk in desks:
            desk.close()
        first = await self._come_and_gone(len(desks), empty)
        waves = [await self._come_and_gone(0, first) for _ in range(plan["waves"])]
        trading.cancel()
        found["memory"] = {
            "empty_mib": empty / _MIB,
            "full_mib": full / _MIB,
            "kib_per_desk": (full - empty) / 1024 / len(desks),
            "first_mib": first / _MIB,
            "waves_mib": [each / _MIB for each in waves],
            "left": max(waves, default=first) / first,
        }
        found["refused"] = makers.refused[:3]
        found["faults"] = self.seen.faults[:5]
        return found

    async def _joined(self, makers: Makers, desks: list[Desk]) -> dict[str, Any]:
        """How late the others' data is while `more` desks open, all at one moment."""
        count = self.plan["more"]
        await asyncio.sleep(SETTLE_S)
        watch, start = self.watch(makers, desks), time.perf_counter()
        more = await self.opened(range(len(desks), len(desks) + count), count)
        took_s = time.perf_counter() - start
        found = await watch.end()
        for desk in more:
            desk.close()
        return {**found, "open_s": took_s, "connect_ms": quantiles([desk.took_s for desk in more])}

    async def most(self) -> dict[str, Any]:
        """More and more desks, until data is too late or there are as many as are wanted."""
        plan = self.plan
        makers = await self.makers()
        makers.fill_book()
        trading = asyncio.create_task(makers.run())
        desks: list[Desk] = []
        steps: list[dict[str, Any]] = []
        while len(desks) < plan["desks"]:
            more = min(plan["step"], plan["desks"] - len(desks))
            desks += await self.opened(range(len(desks), len(desks) + more))
            steps.append(await self.watched(makers, desks, plan["seconds"]))
            if not steps[-1]["lag_ms"] or steps[-1]["lag_ms"]["p99"] > plan["late_ms"]:
                break
        trading.cancel()
        lost = [desk.lost for desk in desks if desk.lost][:3]
        return {"steps": steps, "lost": lost, "faults": self.seen.faults[:5]}

    async def spread(self) -> dict[str, Any]:
        """What opening desks costs the exchange, and each of the processes that make their pages."""
        plan = self.plan
        # The first page of a process costs what no other does.
        await self.opened(range(4 * len(plan["workers"])))
        pids = [self.pid, *plan["workers"]]
        before, start = [cpu_of(pid) for pid in pids], time.perf_counter()
        desks = await self.opened(range(plan["desks"]))
        took_s = time.perf_counter() - start
        spent = [cpu_of(pid) - was for pid, was in zip(pids, before, strict=True)]
        return {
            "desks": len(desks),
            "seconds": took_s,
            "connect_ms": quantiles([desk.took_s for desk in desks]),
            "exchange_ms": spent[0] * 1e3 / len(desks),
            "pages_ms": [each * 1e3 / len(desks) for each in spent[1:]],
            "lost": [desk.lost for desk in desks if desk.lost][:3],
            "faults": self.seen.faults[:5],
        }

    async def _come_and_gone(self, opened: int, before: float) -> float:
        """Bytes that are left when `churn` desks have come and gone, once it is little or after a while."""
        plan = self.plan
        while opened < plan["churn"]:
            more = await self.opened(range(min(plan["desks"], plan["churn"] - opened)))
            opened += len(more)
            for desk in more:
                desk.close()
        start = time.perf_counter()
        left = memory_of(self.pid)
        patience_s = _GONE_S if plan["churn"] else 0.0
        while time.perf_counter() - start < patience_s and left > before * 1.02:
            await asyncio.sleep(1)
            left = min(left, memory_of(self.pid))
        return left

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
        await asyncio.sleep(SETTLE_S)
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
        self._greeted: asyncio.Event = asyncio.Event()
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
            lambda: SocketLane(f"{self._path}/ws", headers, told, host=host),
            self._url.host,
            self._url.port or 80,
        )
        async with asyncio.timeout(LONGEST_S):
            await self.socket.opened
            # Until it has greeted, Bokeh's server reads nothing, and ends the connection that sends.
            await self._greeted.wait()
            for part in PULL:
                self.socket.send(part)
            await self._document.wait()
            for part in READY:
                self.socket.send(part)
        self.took_s = time.perf_counter() - start

    def _heard(self, message: list[bytes]) -> None:
        now = time.perf_counter()
        if b'"ACK"' in message[0]:
            self._greeted.set()
            return
        if b"PULL-DOC-REPLY" in message[0]:
            self._document.set()
            return
        told = re.search(rb"seq=(\d+);", message[2])
        if told is not None:
            self.updates.append((int(told[1]), now))


async def drive(plan: dict[str, Any]) -> dict[str, Any]:
    """One kind of measurement."""
    bench = Bench(plan)
    async with bench.http:
        kinds = {
            "desks": bench.desks,
            "most": bench.most,
            "spread": bench.spread,
            "class": bench.class_loads,
            "obvious": bench.obvious,
        }
        return await kinds[plan["kind"]]()


def main() -> int:
    """Run the plan in the file that is named."""
    more_files()
    return run_plan(drive)


if __name__ == "__main__":
    sys.exit(main())
