"""Peers that behave badly, in a process of their own: `python -m tests.faults.server.abusers KIND PLAN`.

Each runs for the seconds of its plan and prints one JSON object with what became of it.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import select
import socket
import sys
import time
from collections import Counter
from typing import Any

Plan = dict[str, Any]
MARKET_TOPICS = [
    f"{kind}:{symbol}" for kind in ("market", "depth", "trades") for symbol in ("QUIET", "HARBOR")
]
WEBSOCKETS = ("/api/sessions/market/stream", "/stream", "/v2/iex")
SMALL_BUFFER = 4096
ASK_S = 1.0
"""How often a slow reader asks for everything once more."""
AGAIN_S = 0.05
ESTABLISHED = 1
"""As Linux numbers the states of a connection."""


def handshake(path: str, headers: dict[str, str]) -> bytes:
    """What opens a WebSocket."""
    lines = [f"GET {path} HTTP/1.1", "Host: server", "Upgrade: websocket", "Connection: Upgrade"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def frame(content: bytes, first: int = 0x81) -> bytes:
    """A masked frame."""
    size = len(content)
    head = bytes((first, 0x80 | size)) if size < 126 else bytes((first, 0xFE)) + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + content


def connected(plan: Plan, *, small: bool = False) -> socket.socket:
    """A connection; a small buffer lets little wait on this side."""
    link = socket.socket()
    if small:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL_BUFFER)
    link.settimeout(60)
    link.connect(("127.0.0.1", plan["port"]))
    return link


def opened(plan: Plan, path: str, *, small: bool = False) -> socket.socket:
    """A WebSocket, after its handshake."""
    link = connected(plan, small=small)
    link.sendall(handshake(path, plan["headers"]))
    said = b""
    while b"\r\n\r\n" not in said:
        if not (piece := link.recv(1)):
            break
        said += piece
    if b" 101 " not in said:
        link.close()
        raise ConnectionError(said)
    return link


def subscribing(path: str) -> list[bytes]:
    """What asks a WebSocket for as much as there is."""
    if path == "/stream":
        return [frame(json.dumps({"action": "listen", "data": {"streams": ["trade_updates"]}}).encode())]
    if path == "/v2/iex":
        every = {"action": "subscribe", "trades": ["*"], "quotes": ["*"], "bars": ["*"]}
        return [frame(json.dumps(every).encode())]
    asked = {"id": 1, "subscribe": [*MARKET_TOPICS, "orders", "positions", "account"], "from_seq": 1}
    return [frame(json.dumps(asked).encode())]


def still_open(link: socket.socket) -> bool:
    """Whether the server has not ended a connection; nothing is read of it."""
    return link.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == ESTABLISHED


def slow(plan: Plan) -> dict[str, Any]:
    """Ask for everything, again and again, and never read."""
    links = []
    for path in WEBSOCKETS:
        for _ in range(plan["count"]):
            link = opened(plan, path, small=True)
            for asked in subscribing(path):
                link.sendall(asked)
            links.append((link, path))
    for _ in range(plan["count"]):
        link = connected(plan, small=True)
        head = "".join(f"{name}: {value}\r\n" for name, value in plan["headers"].items())
        request = f"GET /api/sessions/market/orders?limit=1000 HTTP/1.1\r\nHost: server\r\n{head}\r\n"
        link.sendall(request.encode() * 20)
        links.append((link, "http"))
    pings, again = frame(b"p" * 100, 0x89) * 50, subscribing(WEBSOCKETS[0])[0]
    end, asked_s = time.monotonic() + plan["seconds"], 0.0
    while time.monotonic() < end:
        now = time.monotonic()
        content = pings if now - asked_s < ASK_S else pings + again
        asked_s = asked_s if content is pings else now
        for link, path in links:
            if path == WEBSOCKETS[0]:
                link.setblocking(False)
                try:
                    link.send(content)
                except OSError:
                    continue
        time.sleep(0.05)
    return {"connections": len(links), "ended by the server": sum(not still_open(link) for link, _ in links)}


def silent(plan: Plan) -> dict[str, Any]:
    """Subscribe to everything, say so, and wait to be stopped by a signal."""
    links = []
    for path in WEBSOCKETS:
        for _ in range(plan["count"]):
            link = opened(plan, path, small=True)
            for asked in subscribing(path):
                link.sendall(asked)
            links.append(link)
    sys.stdout.write(json.dumps({"connections": len(links), "pid": os.getpid()}) + "\n")
    sys.stdout.flush()
    time.sleep(3600)
    return {}


def again(plan: Plan) -> dict[str, Any]:
    """Ask for everything from the first event on, over and over, and read what comes."""
    links = [opened(plan, WEBSOCKETS[0]) for _ in range(plan["count"])]
    asked = 0
    end = time.monotonic() + plan["seconds"]
    for link in links:
        link.setblocking(False)
    while time.monotonic() < end:
        for link in links:
            try:
                link.send(subscribing(WEBSOCKETS[0])[0])
                asked += 1
            except OSError:
                continue
        # What is read meanwhile is as much work for nobody else.
        until = time.monotonic() + AGAIN_S
        while (left := until - time.monotonic()) > 0:
            for link in select.select(links, (), (), left)[0]:
                if not link.recv(1 << 16):
                    links.remove(link)
    return {"connections": len(links), "requests to be told everything again": asked}


def garbage(plan: Plan) -> dict[str, Any]:
    """Bytes, requests and frames that make no sense, on all faces."""
    draw, sent = random.Random(7), Counter[str]()
    end = time.monotonic() + plan["seconds"]
    while time.monotonic() < end:
        path = draw.choice((*WEBSOCKETS, "http", "bytes"))
        try:
            link = connected(plan) if path in ("http", "bytes") else opened(plan, path)
            with link:
                link.settimeout(0.2)
                for piece in _nonsense(path, draw):
                    link.sendall(piece)
                answer = link.recv(1 << 16)
                if answer.startswith(b"HTTP/1.1 5"):
                    sent["answered with 5xx"] += 1
        except TimeoutError:
            sent["without an answer"] += 1
        except OSError:
            sent["cut off"] += 1
        sent[path] += 1
        time.sleep(0.005)
    return dict(sent)


def _nonsense(path: str, draw: random.Random) -> list[bytes]:
    if path == "bytes":
        return [draw.randbytes(draw.randint(1, 5000))]
    if path == "http":
        return [
            draw.choice(
                [
                    b"POST /api/sessions/market/orders HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n",
                    b"POST /v2/orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
                    b"GET /%ff%fe%00 HTTP/1.1\r\nHost: x\r\n\r\n",
                    b"GET " + b"/a" * 40_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
                    b"GET / HTTP/1.1\r\n" + b"X-A: b\r\n" * 5_000 + b"\r\n",
                    b"BREW /pot HTTP/9.9\r\n\r\n",
                    b"POST /v2/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n\xff\xff{[[[[[[",
                ]
            )
        ]
    kinds = (
        frame(draw.randbytes(60)),
        frame(draw.randbytes(60), 0x82),
        frame(b"[" * 10_000),
        frame(b'{"id": 1, "subscribe": 7}'),
        frame(b'{"action": {"a": []}, "data": null}'),
        frame(b'{"id": 2, "place": {"symbol": null, "quantity": "NaN"}}'),
        frame(b'{"action": "subscribe", "trades": [1, null, {}]}'),
        b"\x81\x05hello",  # Not masked.
        b"\x8b\x80\0\0\0\0",  # No such opcode.
        b"\x81\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",  # Said to be 2^63 bytes long.
        b"\x89\xfe\x01\x00\0\0\0\0" + b"x" * 256,  # A ping of 256 bytes.
        b"\x01\x81\0\0\0\0a" * 3,  # A message that begins thrice.
        draw.randbytes(2000),
    )
    return [draw.choice(kinds) for _ in range(draw.randint(1, 30))]


def many(plan: Plan) -> dict[str, Any]:
    """So many connections at once; half of them ask for something, the others idle."""

    async def one(number: int, done: Counter[str]) -> None:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", plan["port"])
        except OSError:
            done["refused"] += 1
            return
        try:
            if number % 2:
                writer.write(b"GET /health/live HTTP/1.1\r\nHost: server\r\n\r\n")
                answer = await asyncio.wait_for(reader.readline(), 60)
                done["answered"] += b" 200 " in answer
            else:
                done["idle"] += 1
            await asyncio.sleep(plan["seconds"])
        except (OSError, TimeoutError):
            done["not answered"] += 1
        finally:
            writer.close()

    async def all_of_them() -> Counter[str]:
        done = Counter[str]()
        await asyncio.gather(*(one(number, done) for number in range(plan["count"])))
        return done

    return dict(asyncio.run(all_of_them()))


KINDS = {"slow": slow, "silent": silent, "again": again, "garbage": garbage, "many": many}


def main() -> int:
    """Behave badly."""
    sys.stdout.write(json.dumps(KINDS[sys.argv[1]](json.loads(sys.argv[2]))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
