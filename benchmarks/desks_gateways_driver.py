"""Streams of many desks through gateways, or none: `python -m benchmarks.desks_gateways_driver PLAN`.

Desks here are their streams alone: what a page costs is measured by `desks_driver`. It prints JSON.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import httpx

from benchmarks.desks_driver import Bench
from benchmarks.desks_files import more_files
from benchmarks.desks_lanes import Desk
from benchmarks.desks_watch import SETTLE_S, memory_of
from benchmarks.plans import run_plan
from benchmarks.server_driver import cpu_of

_AT_ONCE = 20
_MIB = 1 << 20


async def drive(plan: dict[str, Any]) -> dict[str, Any]:
    """Open the desks, watch them, and say what each process spent."""
    bench = Bench(plan)
    urls = [httpx.URL(url) for url in plan["gateways"]] or [httpx.URL(plan["url"])]
    pids = [plan["pid"], *plan["gateway_pids"]]
    makers = await bench.makers()
    makers.fill_book()
    trading = asyncio.create_task(makers.run())
    await asyncio.sleep(SETTLE_S)
    empty = await spent(pids, plan["seconds"] / 2)
    before, start = [cpu_of(pid) or 0.0 for pid in pids], time.perf_counter()
    turn = asyncio.Semaphore(_AT_ONCE)

    async def opened(number: int) -> Desk:
        desk = Desk(
            urls[number % len(urls)], plan["session"], bench.symbol, plan["cookies"][number], bench.seen
        )
        async with turn:
            await desk.follow()
        return desk

    desks = list(await asyncio.gather(*(opened(number) for number in range(plan["desks"]))))
    opening_s = time.perf_counter() - start
    opening = [(cpu_of(pid) or 0.0) - was for pid, was in zip(pids, before, strict=True)]
    await asyncio.sleep(SETTLE_S)
    watch = bench.watch(makers, desks)
    shares = await spent(pids, plan["seconds"])
    found = await watch.end()
    trading.cancel()
    await bench.http.aclose()
    return {
        **found,
        "empty": empty,
        "shares": shares,
        "opening_s": opening_s,
        "opening_ms": [each * 1e3 / len(desks) for each in opening],
        "memory_mib": [memory_of(pid) / _MIB for pid in pids],
        "refused": makers.refused[:3],
        "lost": [desk.lost for desk in desks if desk.lost][:3],
        "faults": bench.seen.faults[:5],
    }


async def spent(pids: list[int], seconds: float) -> list[float]:
    """Of how much of a core each process has need."""
    before, start = [cpu_of(pid) or 0.0 for pid in pids], time.perf_counter()
    await asyncio.sleep(seconds)
    took_s = time.perf_counter() - start
    return [((cpu_of(pid) or 0.0) - was) / took_s for pid, was in zip(pids, before, strict=True)]


def main() -> int:
    """Run the plan in the file that is named."""
    more_files()
    return run_plan(drive)


if __name__ == "__main__":
    sys.exit(main())
