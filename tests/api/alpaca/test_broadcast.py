from __future__ import annotations

import asyncio
import json

import msgpack

from workbench.api.alpaca.broadcast import Broadcast, Message
from workbench.api.alpaca.codec import JSON, MSGPACK, Codec
from workbench.api.alpaca.data_protocol import STOCK_CHANNELS, Subscription
from workbench.api.alpaca.outbox import MOST_FRAMES, Outbox


def subscription(**symbols: str) -> Subscription:
    return tuple(frozenset(symbols.get(channel, "").split()) for channel in STOCK_CHANNELS)


class Kept:
    """An outbox whose frames are looked at."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed: list[tuple[int, str]] = []
        self.outbox = Outbox(self._send, self._close, b"farewell")

    async def _send(self, frame: bytes) -> None:
        self.frames.append(frame)

    async def _close(self, code: int, sentence: str) -> None:
        self.closed.append((code, sentence))

    async def settle(self) -> None:
        task = asyncio.create_task(self.outbox.run())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def message(channel: str, symbol: str, encoded: list[str]) -> Message:
    def write(codec: Codec) -> bytes:
        encoded.append(codec.name)
        return codec.encode({"S": symbol, "channel": channel})

    return Message(channel, (symbol,), write)


def test_each_message_is_encoded_once_per_codec_and_equal_clients_share_bytes() -> None:
    async def work() -> None:
        broadcast = Broadcast()
        same = [Kept() for _ in range(3)]
        for kept in same:
            broadcast.put(kept.outbox, STOCK_CHANNELS, subscription(trades="AAPL"), JSON)
        all_of_it, packed, nothing = Kept(), Kept(), Kept()
        broadcast.put(all_of_it.outbox, STOCK_CHANNELS, subscription(trades="*", quotes="SPY"), JSON)
        broadcast.put(packed.outbox, STOCK_CHANNELS, subscription(trades="AAPL"), MSGPACK)
        broadcast.put(nothing.outbox, STOCK_CHANNELS, subscription(bars="*"), JSON)
        assert (len(broadcast), broadcast.groups, broadcast.wanted) == (6, 4, {"trades", "quotes", "bars"})
        encoded: list[str] = []
        burst = [message("trades", "AAPL", encoded), message("trades", "SPY", encoded)]
        broadcast.send([*burst, message("quotes", "SPY", encoded), message("quotes", "AAPL", encoded)])
        assert sorted(encoded) == ["json"] * 3 + ["msgpack"]
        for kept in (*same, all_of_it, packed, nothing):
            await kept.settle()
        assert all(kept.frames[0] is same[0].frames[0] for kept in same)
        assert json.loads(same[0].frames[0]) == [{"S": "AAPL", "channel": "trades"}]
        assert [item["S"] for item in json.loads(all_of_it.frames[0])] == ["AAPL", "SPY", "SPY"]
        assert msgpack.unpackb(packed.frames[0]) == [{"S": "AAPL", "channel": "trades"}]
        assert nothing.frames == []
        broadcast.drop(all_of_it.outbox)
        broadcast.put(packed.outbox, STOCK_CHANNELS, subscription(), MSGPACK)
        assert (len(broadcast), broadcast.wanted) == (4, {"trades", "bars"})

    asyncio.run(work())


def test_arrays_of_every_length() -> None:
    for count in (0, 1, 15, 16, 65_535, 65_536):
        assert msgpack.unpackb(MSGPACK.array([b"\x01"] * count)) == [1] * count
    assert json.loads(JSON.array([])) == []


def test_a_slow_client_is_told_and_sent_away() -> None:
    async def work() -> None:
        kept = Kept()
        for number in range(MOST_FRAMES + 10):
            kept.outbox.push(str(number).encode())
        assert kept.outbox.slow
        await kept.outbox.run()
        assert kept.frames == [b"farewell"]
        assert kept.closed == [(1008, "slow client")]
        kept.outbox.push(b"late")
        assert len(kept.outbox) == 0

    asyncio.run(work())


def test_what_waits_is_sent_before_the_end() -> None:
    async def work() -> None:
        kept = Kept()
        kept.outbox.push(b"one")
        kept.outbox.end(1000, "done")
        kept.outbox.end(1001, "twice")
        await kept.outbox.run()
        assert (kept.frames, kept.closed) == ([b"one"], [(1000, "done")])

    asyncio.run(work())
