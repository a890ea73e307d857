"""Requests that come at one moment begin one after the other, and the loop does other things in between."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from dashboards.serving.turns import Turns

START = {"type": "http.response.start", "status": 200, "headers": []}
BODY = {"type": "http.response.body", "body": b""}


async def nothing() -> Any:
    raise AssertionError("nobody reads")


async def sent(_: Any) -> None:
    pass


def test_others_have_their_turn_between_two_pages() -> None:
    async def play() -> None:
        loop, turn, made = asyncio.get_running_loop(), 0, []

        def ticks() -> None:
            nonlocal turn
            turn += 1
            if len(made) < 20:
                loop.call_soon(ticks)

        async def app(scope: Any, _: Any, send: Any) -> None:
            made.append((scope["number"], turn))
            await send(START)
            await send(BODY)

        turns = Turns(app)
        loop.call_soon(ticks)
        await asyncio.gather(*(turns({"number": number}, nothing, sent) for number in range(20)))
        assert [number for number, _ in made] == list(range(20))
        moments = [moment for _, moment in made]
        assert len(set(moments)) == 20, moments

    asyncio.run(play())


def test_who_takes_a_page_slowly_or_breaks_it_holds_up_nobody() -> None:
    async def play() -> None:
        done: list[int] = []

        async def app(scope: Any, _: Any, send: Any) -> None:
            if scope["number"] == 1:
                raise RuntimeError("broken")
            await send(START)
            done.append(scope["number"])

        async def never(_: Any) -> None:
            await asyncio.Event().wait()

        turns = Turns(app)
        slow = asyncio.ensure_future(turns({"number": 0}, nothing, never))
        broken = asyncio.ensure_future(turns({"number": 1}, nothing, sent))
        gone = asyncio.ensure_future(turns({"number": 2}, nothing, sent))
        await asyncio.sleep(0)
        gone.cancel()
        async with asyncio.timeout(60):
            await turns({"number": 3}, nothing, sent)
        with pytest.raises(RuntimeError, match="broken"):
            await broken
        assert done == [3]
        slow.cancel()

    asyncio.run(play())
