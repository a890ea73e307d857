"""An open-loop load on a server: orders at fixed times whether answers come or not, and every stream checked.

A latency is counted from the time at which an order was to be sent, so a driver or server that falls behind
shows it in full. Run as `python -m benchmarks.server_driver PLAN`; the result is one JSON object.
"""

from __future__ import annotations

import asyncio
import json
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.plans import run_plan
from benchmarks.server_lanes import HttpLane, SocketLane

TICK_S = 0.001
QUIET_S = 1.0
LONGEST_S = 60.0
WATCH_S = 0.1

_decode = msgspec.json.decode


class Streams:
    """What the streams of all accounts said, and what was wrong with it."""

    def __init__(self) -> None:
        self.faults: Counter[str] = Counter()
        self.examples: list[str] = []
        self.heard_s = 0.0
        self.first_fill_s: dict[int, float] = {}
        self.market_delays_s: list[float] = []
        self.mid = 0.0
        self._parsed: dict[bytes, Any] = {}

    def quoted(self, frame: Any) -> None:
        """Note where the market is, of an instrument's own topic."""
        for row in frame["rows"]:
            bid, ask = row.get("bid"), row.get("ask")
            if bid and ask:
                self.mid = (bid + ask) / 2

    def fault(self, what: str, example: object = "") -> None:
        """Note that something is wrong."""
        self.faults[what] += 1
        if len(self.examples) < 10:
            self.examples.append(f"{what}: {example}"[:300])

    def read(self, content: bytes) -> Any:
        """A message; the same bytes come to many and are read once."""
        found = self._parsed.get(content)
        if found is None:
            if len(self._parsed) > 64:
                self._parsed.clear()
            found = self._parsed[content] = _decode(content)
        return found


class Chain:
    """One topic of one stream: whether each frame follows on the one before it."""

    def __init__(self, streams: Streams, counted: bool) -> None:
        self.streams = streams
        self.counted = counted
        self.seq = -1
        self.count = 0
        self.conflated = 0

    def take(self, frame: Any) -> list[Any]:
        """Check a frame; gives the rows that are new."""
        if frame["type"] == "snapshot":
            self.conflated += bool(frame.get("conflated"))
            self.seq, self.count = frame["seq"], frame.get("n", 0)
            return []
        if self.seq < 0 or frame["prev"] > self.seq:
            self.streams.fault("a gap in a stream", f"{frame['topic']} {frame['prev']} after {self.seq}")
        rows: list[Any] = frame["rows"]
        if self.counted and frame.get("n", 0) != self.count + len(rows):
            self.streams.fault(
                "events missing or twice", f"{frame['topic']} {frame.get('n')} after {self.count}"
            )
        self.seq, self.count = max(self.seq, frame["seq"]), frame.get("n", 0)
        return rows


class Trader:
    """One account: its order stream, its data stream, its REST connection."""

    def __init__(self, number: int, streams: Streams) -> None:
        self.number = number
        self.streams = streams
        self.rest: Any = None
        self.orders: Any = None
        self.data: Any = None
        self.chains: dict[str, Chain] = {}
        self.known: dict[int, str] = {}
        self.created_s: dict[str, float] = {}
        self.asked: dict[int, Any] = {}
        self.final = -1

    def heard_orders(self, content: bytes) -> None:
        """A message of the order stream."""
        now = time.perf_counter()
        self.streams.heard_s = now
        for frame in _decode(content):
            kind = frame["type"]
            if kind in ("snapshot", "delta"):
                self._topic(frame, now)
            elif kind in ("ack", "refused"):
                answer = self.asked.pop(frame["id"], None)
                if answer is None:
                    self.streams.fault("an answer that nobody waits for", frame)
                else:
                    answer(201 if kind == "ack" else 422, content)
            elif kind == "error":
                self.streams.fault("an error frame", frame)

    def _topic(self, frame: Any, now: float) -> None:
        topic = frame["topic"]
        chain = self.chains.get(topic)
        if chain is None:
            chain = self.chains[topic] = Chain(self.streams, counted=True)
        elif frame["type"] == "snapshot" and topic == "orders":
            self.final = frame.get("n", 0)
            if self.final != chain.count:
                self.streams.fault("events missing at the end", f"{chain.count} of {self.final}")
        rows = chain.take(frame)
        if topic != "orders":
            return
        for row in rows:
            event, order = row["event"], row["id"]
            if event == "created":
                if order in self.known:
                    self.streams.fault("an order created twice", row)
                self.known[order] = row["client_order_id"]
                self.created_s.setdefault(row["client_order_id"], now)
            elif order not in self.known:
                self.streams.fault("an event before its order's creation", row)
            if "trade_id" in row:
                self.streams.first_fill_s.setdefault(row["trade_id"], now)

    def heard_data(self, content: bytes) -> None:
        """A message of the data stream."""
        now = time.perf_counter()
        self.streams.heard_s = now
        for frame in self.streams.read(content):
            if frame["type"] not in ("snapshot", "delta"):
                continue
            topic = frame["topic"]
            if topic.startswith("market:"):
                self.streams.quoted(frame)
            chain = self.chains.get(topic)
            if chain is None:
                chain = self.chains[topic] = Chain(self.streams, counted=topic.startswith("trades:"))
            rows = chain.take(frame)
            if topic.startswith("trades:"):
                seen = self.streams.first_fill_s
                self.streams.market_delays_s += [now - seen[row["id"]] for row in rows if row["id"] in seen]


class Load:
    """Orders at fixed times, and what became of each."""

    def __init__(self, plan: dict[str, Any], traders: list[Trader]) -> None:
        self.plan = plan
        self.traders = traders
        self.bare = bool(plan["bare"])
        self.total = int(plan["rate"] * plan["seconds"])
        self.rest_s: list[float] = []
        self.socket_s: list[float] = []
        self.delays_s: list[float] = []
        self.errors: Counter[str] = Counter()
        self.examples: list[str] = []
        self.acknowledged = 0
        self.intended_s: dict[str, tuple[Trader, float]] = {}
        self._random = random.Random(plan.get("seed", 7))  # noqa: S311 - a load, no secret
        self._run = f"{int(time.time()):x}"
        self.behind_s = 0.0

    def _body(self, name: str, number: int) -> dict[str, Any]:
        """An order near the price that the book is around: most of them trade sooner or later."""
        draw = self._random
        buys = bool((number // len(self.traders) + number) % 2)
        away = draw.choice((-2, -1, 0, 0, 1, 2, 3))
        around = self.plan["price_ticks"] or round(self.traders[0].streams.mid / self.plan["tick"])
        price = around + (-away if buys else away)
        fields = {
            "symbol": draw.choice(self.plan["symbols"]),
            "side": "buy" if buys else "sell",
            "type": "limit",
            "quantity": draw.randint(1, 5) * self.plan["lot"],
            "limit_price": f"{price * self.plan['tick']:.10g}",
            "time_in_force": "ioc" if number % 5 == 0 else "day",
            "client_order_id": name,
        }
        return {key: str(value) if key == "quantity" else value for key, value in fields.items()}

    def fire(self, number: int, due_s: float) -> None:
        """Send an order that was to be sent at `due_s`."""
        trader = self.traders[number % len(self.traders)]
        name = f"{self._run}-{number}"
        body = self._body(name, number)
        self.intended_s[name] = (trader, due_s)
        # Half of each account's orders by REST, half over its socket.
        by_rest = (number + number // len(self.traders)) % 2 == 0
        times = self.rest_s if by_rest else self.socket_s
        answered = False

        def answer(status: int, content: bytes) -> None:
            nonlocal answered
            now = time.perf_counter()
            if answered:
                self.errors["answered twice"] += 1
            answered = True
            if status in (200, 201):
                self.acknowledged += 1
                times.append(now - due_s)
            else:
                self.errors[f"status {status}"] += 1
                if len(self.examples) < 5:
                    self.examples.append(content.decode(errors="replace")[:300])

        if by_rest:
            trader.rest.post(msgspec.json.encode(body), answer)
        else:
            trader.asked[number + 1] = answer
            trader.orders.send(msgspec.json.encode({"id": number + 1, "place": body}))

    async def run(self) -> None:
        """Send all of them, each at its time."""
        start = time.perf_counter() + 0.1
        step = 1.0 / self.plan["rate"]
        sent = 0
        while sent < self.total:
            now = time.perf_counter()
            while sent < self.total and start + sent * step <= now:
                self.fire(sent, start + sent * step)
                self.behind_s = max(self.behind_s, time.perf_counter() - start - sent * step)
                sent += 1
            await asyncio.sleep(max(0.0, min(TICK_S, start + sent * step - time.perf_counter())))


class ClockWatch:
    """How far a session's clock, as it answers who asks, is behind the wall's times its speed.

    The wall and the session need not agree on when it began: what counts is how much further behind an
    answer is than the one that was least so. The time that an answer takes counts too.
    """

    def __init__(self, lane: HttpLane, speed: float) -> None:
        self._lane = lane
        self._speed = speed
        self.behind_s: list[float] = []

    def ask(self) -> None:
        """Ask what time it is."""

        def answer(_: int, content: bytes) -> None:
            reached_s = seconds_of(_decode(content)["time"])
            self.behind_s.append(time.perf_counter() - reached_s / self._speed)

        self._lane.post(b"", answer)

    def found(self) -> dict[str, float]:
        """The last lag and the largest, in seconds of the wall."""
        least = min(self.behind_s)
        lags = [each - least for each in self.behind_s]
        return {"last": lags[-1], "max": max(lags), "answers": len(lags)}

    async def run(self) -> None:
        """Ask until this is cancelled."""
        while True:
            self.ask()
            await asyncio.sleep(WATCH_S)


def seconds_of(text: str) -> float:
    """A time in ISO 8601 with nanoseconds, in seconds since the day began.

    >>> seconds_of("2012-06-21T13:30:00.500000000Z")
    48600.5
    """
    hours, minutes, seconds = text.partition("T")[2].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)


async def watch(plan: dict[str, Any]) -> ClockWatch | None:
    """A watch on the session's clock, if the plan wants one."""
    if not plan.get("speed"):
        return None
    headers = plan["accounts"][0]["headers"]
    lines = [f"GET {plan['session_path']} HTTP/1.1", "Host: server"]
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), ""]).encode()
    _, lane = await asyncio.get_running_loop().create_connection(
        lambda: HttpLane(head), plan["host"], plan["port"]
    )
    return ClockWatch(lane, plan["speed"])


async def drive(plan: dict[str, Any]) -> dict[str, Any]:
    """Connect, load, check."""
    loop = asyncio.get_running_loop()
    streams = Streams()
    traders = [Trader(number, streams) for number in range(len(plan["accounts"]))]
    await connect(plan, traders)
    load = Load(plan, traders)
    clock = await watch(plan)
    if clock is not None:
        async with asyncio.timeout(LONGEST_S):
            while not streams.mid:  # noqa: ASYNC110 - it happens once
                await asyncio.sleep(0.02)
    watching = None if clock is None else loop.create_task(clock.run())
    before, before_s = cpu_of(plan.get("pid")), time.perf_counter()
    own = resource.getrusage(resource.RUSAGE_SELF)
    await load.run()
    deadline = loop.time() + LONGEST_S
    while loop.time() < deadline:
        done = load.acknowledged + sum(load.errors.values()) >= load.total
        if done and (plan["bare"] or time.perf_counter() - streams.heard_s > QUIET_S):
            break
        await asyncio.sleep(0.05)
    if watching is not None:
        watching.cancel()
    seconds = time.perf_counter() - before_s
    now = resource.getrusage(resource.RUSAGE_SELF)
    server = cpu_of(plan.get("pid"))
    if not plan["bare"]:
        await finish(load, traders, streams)
    for trader in traders:
        for lane in (trader.orders, trader.data):
            if lane is not None and lane.closed:
                streams.fault("a stream ended", lane.closed)
    sockets = [lane for trader in traders for lane in (trader.orders, trader.data) if lane is not None]
    return {
        "offered": load.total,
        "acknowledged": load.acknowledged,
        "errors": dict(load.errors),
        "error_examples": load.examples,
        "faults": dict(streams.faults),
        "fault_examples": streams.examples,
        "seconds": seconds,
        "ack_ms": quantiles(load.rest_s + load.socket_s),
        "rest_ms": quantiles(load.rest_s),
        "socket_ms": quantiles(load.socket_s),
        "stream_ms": quantiles(load.delays_s),
        "market_ms": quantiles(streams.market_delays_s),
        "driver_behind_ms": load.behind_s * 1e3,
        "driver_cpu": (now.ru_utime + now.ru_stime - own.ru_utime - own.ru_stime) / seconds,
        "server_cpu": None if server is None or before is None else (server - before) / seconds,
        "messages": sum(lane.messages for lane in sockets),
        "megabytes": sum(lane.bytes_read for lane in sockets) / 1e6,
        "conflated": sum(chain.conflated for trader in traders for chain in trader.chains.values()),
        "clock": None if clock is None else clock.found(),
        "events": sum(trader.chains["orders"].count for trader in traders if "orders" in trader.chains),
    }


async def connect(plan: dict[str, Any], traders: list[Trader]) -> None:
    """Open every connection, and wait for each stream's first snapshots."""
    loop = asyncio.get_running_loop()
    host, port = plan["host"], plan["port"]
    for trader, account in zip(traders, plan["accounts"], strict=True):
        lines = [f"POST {plan['orders_path']} HTTP/1.1", "Host: server", "Content-Type: application/json"]
        lines += [f"{name}: {value}" for name, value in account["headers"].items()]
        head = ("\r\n".join(lines) + "\r\n").encode()
        _, trader.rest = await loop.create_connection(lambda head=head: HttpLane(head), host, port)
        heard = echoed(trader) if plan["bare"] else trader.heard_orders
        for attribute, told in (("orders", heard), ("data", trader.heard_data)):
            headers = account["headers"]
            _, lane = await loop.create_connection(
                lambda headers=headers, told=told: SocketLane(plan["stream_path"], headers, told), host, port
            )
            await lane.opened
            setattr(trader, attribute, lane)
        if not plan["bare"]:
            trader.orders.send(json.dumps({"subscribe": plan["own_topics"]}).encode())
            trader.data.send(json.dumps({"subscribe": plan["data_topics"]}).encode())
            trader.asked[0] = lambda _status, _content: None
    if plan["bare"]:
        return
    wanted = len(plan["own_topics"]) + len(plan["data_topics"])
    async with asyncio.timeout(LONGEST_S):
        while any(len(trader.chains) < wanted for trader in traders):  # noqa: ASYNC110 - it happens once
            await asyncio.sleep(0.02)


def echoed(trader: Trader) -> Any:
    """Takes what a server that only echoes sends back."""

    def told(content: bytes) -> None:
        answer = trader.asked.pop(_decode(content)["id"], None)
        if answer is not None:
            answer(201, content)

    return told


async def finish(load: Load, traders: list[Trader], streams: Streams) -> None:
    """Whether every order was told of, and whether each account's stream had every event."""
    for name, (trader, due_s) in load.intended_s.items():
        created_s = trader.created_s.get(name)
        if created_s is None:
            streams.fault("an order that its stream never told of", name)
        else:
            load.delays_s.append(created_s - due_s)
    for trader in traders:
        trader.asked[0] = lambda _status, _content: None
        trader.orders.send(json.dumps({"subscribe": ["orders"]}).encode())
    for _ in range(200):
        if all(trader.final >= 0 for trader in traders):
            return
        await asyncio.sleep(0.05)
    streams.fault("no snapshot at the end")


def quantiles(values_s: list[float]) -> dict[str, float]:
    """p50, p90, p99 and the largest, in milliseconds."""
    if not values_s:
        return {}
    ordered = sorted(values_s)
    last = len(ordered) - 1
    found = {f"p{part}": ordered[min(last, len(ordered) * part // 100)] * 1e3 for part in (50, 90, 99)}
    return {**found, "max": ordered[last] * 1e3}


def cpu_of(pid: int | None) -> float | None:
    """Seconds of processor time of a process, all of its threads; None where that is not told."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    import os

    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> int:
    """Run the plan in the file that is named."""
    return run_plan(drive)


if __name__ == "__main__":
    sys.exit(main())
