"""The long form of the faults of a whole server: `make serverfaults ARGS="--kills 100"` prints one table."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

import uvloop

from tests.faults.server import abuse, kills
from tests.faults.server.full_tables import TABLES, full_tables
from tests.faults.server.market import MARKET, RECORDED

RECORDED_PART = 5
"""One kill of a market that replays history for so many of one that agents make."""


def main(arguments: list[str] | None = None) -> int:
    """Kill, then abuse; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.server.campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="servers to kill; 0 for none")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each abuse lasts; 0 for none")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    with (
        tempfile.TemporaryDirectory(prefix="workbench-faults-") as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        table, broken = runner.run(run(Path(folder), options.kills, options.seconds, options.seed))
    kills.write(table)
    return 1 if broken else 0


async def run(folder: Path, count: int, seconds: float, seed: int) -> tuple[str, int]:
    """The table of everything, and how many promises were broken."""
    began, outcomes, findings = time.monotonic(), [], []
    if count:
        markets = ((MARKET, count), (RECORDED, -(-count // RECORDED_PART)))
        for number, (market, times) in enumerate(markets):
            kills.write(f"{times} kills, seed {seed} ...\n")
            place = folder / f"kills-{number}"
            outcomes.append(await kills.campaign(place, kills=times, seed=seed, market=market, say=True))
    if seconds:
        kills.write(f"abuse for {seconds:.0f} s each ...\n")
        findings = await abuse.tried(folder / "abuse", seconds)
        why = abuse.disk_refused()
        tables = folder / "tables"
        findings.append(
            abuse.Finding(TABLES, f"not tried: {why}") if why else await full_tables(tables, seconds / 2)
        )
    broken = sum(len(each.wrong) for each in (*outcomes, *findings))
    parts = [kills.table(outcome) for outcome in outcomes]
    if findings:
        parts.append(abuse.table(findings))
    took_s = time.monotonic() - began
    end = f"Faults of a whole server: {took_s / 60:.1f} minutes, {broken} promises broken\n"
    return "\n".join(["", *parts, end]), broken


if __name__ == "__main__":
    sys.exit(main())
