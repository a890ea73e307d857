"""The gate between what a client missed and what comes meanwhile."""

from __future__ import annotations

import asyncio

from workbench.api.alpaca import order_replay
from workbench.api.alpaca.order_replay import Gate
from workbench.api.alpaca.outbox import MOST_FRAMES, Outbox


class Client:
    """Takes frames, if it takes any."""

    def __init__(self, *, reads: bool = True) -> None:
        self.taken: list[bytes] = []
        self.closed = ""
        self._reads = reads

    async def send(self, frame: bytes) -> None:
        if not self._reads:
            await asyncio.Event().wait()
        self.taken.append(frame)
        await asyncio.sleep(0)

    async def close(self, code: int, sentence: str) -> None:
        self.closed = f"{code} {sentence}"


def frames(first: int, last: int) -> list[bytes]:
    return [str(number).encode() for number in range(first, last)]


def test_far_more_than_an_outbox_holds_arrives_in_order() -> None:
    missed, meanwhile, later = frames(0, 5 * MOST_FRAMES), frames(-9, 0), frames(-99, -90)

    async def story() -> list[bytes]:
        client = Client()
        outbox = Outbox(client.send, client.close)
        writer = asyncio.create_task(outbox.run())
        gate = Gate(outbox)
        for frame in meanwhile:
            gate.push(frame)
        await gate.open(missed)
        for frame in later:
            gate.push(frame)
        outbox.end(1000, "done")
        await writer
        return client.taken

    assert asyncio.run(story()) == [*missed, *meanwhile, *later]


def test_a_client_that_does_not_read_is_sent_away() -> None:
    async def story() -> bool:
        client = Client(reads=False)
        outbox = Outbox(client.send, client.close)
        writer = asyncio.create_task(outbox.run())
        gate = Gate(outbox)
        opening = asyncio.create_task(gate.open(frames(0, 5 * MOST_FRAMES)))
        await asyncio.sleep(0.01)
        for frame in frames(0, order_replay._MOST_WAITING + 1):
            gate.push(frame)
        await asyncio.wait_for(opening, 60)
        writer.cancel()
        return outbox.ended

    assert asyncio.run(story())
