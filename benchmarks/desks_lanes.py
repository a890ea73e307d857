"""One desk as a browser opens it: the page, the Bokeh socket with its document, and the stream."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import msgspec

from benchmarks.server_lanes import SocketLane

MARKET_TOPICS = ("market", "depth", "trades", "candles")
OWN_TOPICS = ("orders", "positions", "account", "news", "session")
LONGEST_S = 90.0
PULL = (b'{"msgid": "1", "msgtype": "PULL-DOC-REQ"}', b"{}", b"{}")
"""The pieces of the message with which Bokeh's client asks for its document."""
READY = (
    b'{"msgid": "2", "msgtype": "PATCH-DOC"}',
    b"{}",
    (
        b'{"events": [{"kind": "MessageSent", "msg_type": "bokeh_event", "msg_data": '
        b'{"type": "event", "name": "document_ready", "values": {"type": "map", "entries": []}}}]}'
    ),
)
"""Those of the message with which it says that the document is shown; Panel waits for it with all updates."""
_TOKEN = re.compile(r'"token"\s*:\s*"([^"]+)"')
_FILES = re.compile(r'(?:src|href)="([^"]+\.(?:js|css|mjs)[^"]*)"')

_decode = msgspec.json.decode


class DeskError(RuntimeError):
    """A desk could not be opened; the message says why."""


def page_token(page: str) -> str:
    """The token with which a page opens its Bokeh socket.

    Raises
    ------
    DeskError
        When there is none.
    """
    found = _TOKEN.search(page)
    if found is None:
        raise DeskError(f"a page came without a token: {page[:200]!r}")
    return found[1]


class Seen:
    """When each delta of the market reached each desk, and what else all desks were told.

    Attributes
    ----------
    times
        (topic, seq) and the moments at which desks had it.
    faults
        What a desk found wrong.
    """

    def __init__(self) -> None:
        self.times: dict[tuple[str, int], list[float]] = {}
        self.faults: list[str] = []
        self._parsed: dict[bytes, list[Any]] = {}

    def read(self, content: bytes) -> list[Any]:
        """A message; the same bytes come to many and are read once."""
        found = self._parsed.get(content)
        if found is None:
            if len(self._parsed) > 256:
                self._parsed.clear()
            found = self._parsed[content] = _decode(content)
        return found


class BokehMessages:
    """Joins what comes over a Bokeh socket to messages: header, metadata, content, then buffers.

    Parameters
    ----------
    told
        Takes each whole message.
    """

    def __init__(self, told: Callable[[list[bytes]], None]) -> None:
        self._told = told
        self._pieces: list[bytes] = []
        self._count = 3

    def __call__(self, content: bytes) -> None:
        """Take a piece."""
        if not self._pieces:
            self._count = 3 + 2 * _decode(content).get("num_buffers", 0)
        self._pieces.append(content)
        if len(self._pieces) == self._count:
            pieces, self._pieces = self._pieces, []
            self._told(pieces)


class Desk:
    """One desk.

    Parameters
    ----------
    url, session, symbol
        Where, and what it shows.
    cookie
        Makes its requests somebody's.
    seen
        Takes what it was told.
    pages
        Where the page comes from, when that is not where the market is.
    """

    def __init__(
        self,
        url: httpx.URL,
        session: str,
        symbol: str,
        cookie: str,
        seen: Seen,
        pages: httpx.URL | None = None,
    ) -> None:
        self.cookie = cookie
        self.took_s = 0.0
        self.document_bytes = 0
        self.updates = 0
        self.bokeh: Any = None
        self.stream: Any = None
        self._url = url
        self._pages = pages or url
        self._session = session
        self._symbol = symbol
        self._seen = seen
        self._waiting: set[str] = set()
        self._ready: asyncio.Event = asyncio.Event()
        self._at: dict[str, int] = {}
        self._asked: dict[int, Callable[[dict[str, Any]], None]] = {}
        self._number = 0
        self._greeted: asyncio.Event = asyncio.Event()
        self._document: asyncio.Event = asyncio.Event()

    @property
    def topics(self) -> list[str]:
        """What a desk follows."""
        market = [f"{kind}:{self._symbol}" for kind in MARKET_TOPICS]
        market[-1] += ":1m"
        return [*market, *OWN_TOPICS]

    async def open(self, http: httpx.AsyncClient, path: str, *, files: bool = False) -> None:
        """Load the page, pull its document, follow the topics and wait for the snapshot of each."""
        start = time.perf_counter()
        async with asyncio.timeout(LONGEST_S):
            page = await http.get(self._pages.join(path), headers={"Cookie": self.cookie})
            if page.status_code != 200:
                raise DeskError(f"GET {path} gave {page.status_code}")
            token = page_token(page.text)
            if files:
                await self._files(http, page.text)
            await self._pull(path, token)
            await self.follow()
        self.took_s = time.perf_counter() - start

    async def _files(self, http: httpx.AsyncClient, page: str) -> None:
        """Scripts and styles that a browser with an empty cache fetches, the first time of a class."""
        for file in _FILES.findall(page):
            where = self._pages.join(file)
            if where.host == self._pages.host:
                answer = await http.get(where)
                if answer.status_code != 200:
                    self._seen.faults.append(f"{file} gave {answer.status_code}")

    async def _socket(
        self, where: httpx.URL, path: str, protocol: str, told: Callable[[bytes], None]
    ) -> SocketLane:
        headers = {"Cookie": self.cookie, "Origin": str(self._pages).rstrip("/")}
        if protocol:
            headers["Sec-WebSocket-Protocol"] = protocol
        loop = asyncio.get_running_loop()
        host = f"{where.host}:{where.port}"
        _, lane = await loop.create_connection(
            lambda: SocketLane(path, headers, told, host=host), where.host, where.port or 80
        )
        await lane.opened
        return lane

    async def _pull(self, path: str, token: str) -> None:
        """The document over Bokeh's own socket, as its client pulls it."""
        self.bokeh = await self._socket(
            self._pages,
            f"{path.partition('?')[0]}/ws",
            f"bokeh, {token}",
            BokehMessages(self._heard_bokeh),
        )
        await self._greeted.wait()
        for part in PULL:
            self.bokeh.send(part)
        await self._document.wait()
        for part in READY:
            self.bokeh.send(part)

    def _heard_bokeh(self, message: list[bytes]) -> None:
        kind = _decode(message[0])["msgtype"]
        if kind == "ACK":
            self._greeted.set()
        elif kind == "PULL-DOC-REPLY":
            self.document_bytes = sum(len(each) for each in message)
            self._document.set()
        elif kind == "ERROR":
            self._seen.faults.append(f"Bokeh said {message[2][:200]!r}")

    async def follow(self) -> None:
        """The stream, and a snapshot of every topic."""
        self._waiting = set(self.topics)
        self.stream = await self._socket(self._url, f"/api/sessions/{self._session}/stream", "", self._heard)
        self.stream.send(json.dumps({"id": 0, "subscribe": self.topics}).encode())
        await self._ready.wait()

    def _heard(self, content: bytes) -> None:
        now = time.perf_counter()
        told = False
        for frame in self._seen.read(content):
            kind = frame["type"]
            if kind == "delta":
                topic = frame["topic"]
                before = self._at.get(topic)
                if before is None or frame["prev"] > before:
                    self._seen.faults.append(f"a gap in {topic}: {frame['prev']} after {before}")
                self._at[topic] = frame["seq"]
                if ":" in topic:
                    told = True
                    self._seen.times.setdefault((topic, frame["seq"]), []).append(now)
            elif kind == "snapshot":
                self._at[frame["topic"]] = frame["seq"]
                self._waiting.discard(frame["topic"])
                if not self._waiting:
                    self._ready.set()
                if frame.get("conflated"):
                    self._seen.faults.append(f"{frame['topic']} was conflated")
            elif kind in ("ack", "refused") and frame["id"]:
                answer = self._asked.pop(frame["id"], None)
                if answer is not None:
                    answer(frame)
            elif kind == "error":
                self._seen.faults.append(f"an error frame: {frame}")
        self.updates += told

    def ask(self, answer: Callable[[dict[str, Any]], None], **what: Any) -> None:
        """Send a request over the stream; `answer` gets its frame."""
        self._number += 1
        self._asked[self._number] = answer
        self.stream.send(json.dumps({"id": self._number, **what}).encode())

    @property
    def lost(self) -> str:
        """Why a socket of it has ended, if one has."""
        return next(
            (lane.closed for lane in (self.bokeh, self.stream) if lane is not None and lane.closed), ""
        )

    def close(self) -> None:
        """Go away, as a browser does when its tab is closed."""
        for lane in (self.bokeh, self.stream):
            if lane is not None:
                lane.leave()
