# ruff: noqa: ASYNC240 - nothing else runs while a folder is made
"""kill -9 of a whole server under load, over and over, and a check that nothing answered was lost.

Clients trade by REST, by Alpaca's REST and over WebSockets; the server is killed at random moments, also
while it starts, and started again over the same data. In the end everything that clients saw is compared
with the journal. `python -m tests.faults.server.kills --kills 100`.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvloop

from tests.faults.server.checker import check
from tests.faults.server.journaled import Journaled
from tests.faults.server.market import MARKET, RECORDED, SESSION, TOPICS
from tests.faults.server.people import Headers, people
from tests.faults.server.process import ServerProcess
from tests.faults.server.record import Truth
from tests.faults.server.traders import Crowd, told_anew
from workbench.session.rerun import rerun

STARTING = 0.15
"""So many of the kills are of a server that is starting."""
AGENTS, HISTORY = "a market of agents", "a market that replays history"


@dataclass
class Outcome:
    """What a campaign found.

    Attributes
    ----------
    wrong
        All that must not be, in sentences.
    counts
        What was done, for the table.
    what
        Which market it was.
    restart_s, first_ack_s
        From the start of a killed server until it answers, and until it acknowledges an order.
    """

    wrong: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    what: str = AGENTS
    restart_s: list[float] = field(default_factory=list)
    first_ack_s: list[float] = field(default_factory=list)
    seconds: float = 0.0


async def campaign(
    folder: Path,
    *,
    kills: int,
    accounts: int = 30,
    rate: float = 300.0,
    seed: int = 1,
    longest_s: float = 2.0,
    market: str = MARKET,
    say: bool = False,
) -> Outcome:
    """Kill so many servers, one after the other over the same data, and check everything.

    Parameters
    ----------
    folder
        Where the data root is made.
    kills
        How many.
    accounts, rate
        Who trade, and their orders a second while the server can be reached.
    seed
        Of what is drawn.
    longest_s
        A server lives so long at most once everybody is connected.
    market
        The scenario's text.
    say
        Whether progress is printed.
    """
    outcome, begun, draw = Outcome(), time.monotonic(), random.Random(seed)
    outcome.what = HISTORY if market == RECORDED else AGENTS
    data, scenario = folder / "data", folder / f"{SESSION}.toml"
    folder.mkdir(parents=True, exist_ok=True)
    scenario.write_text(market)
    who = await people(data, accounts)
    server = ServerProcess(data, "--scenario", str(scenario), "--no-rate-limits")
    server.launch()
    await server.answers()
    await seat(server.url, who.traders)
    crowd = Crowd(who.traders, server.port, rate, seed)
    crowd.start()
    starting = 0
    try:
        for number in range(kills):
            await crowd.ready()
            await asyncio.sleep(draw.uniform(0.05, longest_s))
            await server.kill()
            if number + 1 < kills and draw.random() < STARTING:
                server.launch()
                await asyncio.sleep(draw.uniform(0.5, 4.5))
                await server.kill()
                starting += 1
            killed_s, before = time.monotonic(), len(crowd.history.acks)
            server.launch()
            outcome.restart_s.append(await server.answers())
            while len(crowd.history.acks) == before:  # noqa: ASYNC110 - the crowd trades by itself
                await asyncio.sleep(0.005)
            outcome.first_ack_s.append(crowd.history.acks[before].acked_s - killed_s)
            if say and (number + 1) % 10 == 0:
                write(f"  {number + 1} kills, {len(crowd.history.acks):,} orders acknowledged\n")
        await crowd.ready()
        await asyncio.sleep(longest_s)
        crowd.trading = False
        await crowd.settled()
        await control(server.url, who.teacher, "close")
        await crowd.settled()
        for trader in crowd.traders:
            crowd.history.final.update(await told_anew(trader))
        await crowd.stop()
        await control(server.url, who.teacher, "debrief")
        code = await server.stop()
        if code:
            outcome.wrong.append(f"the last server ended with exit code {code}")
    finally:
        await crowd.stop()
        server.close()
    conclude(outcome, crowd, data)
    outcome.counts |= {"kills under load": kills, "kills while starting": starting}
    outcome.counts["tracebacks in the log"] = server.log.read_bytes().count(b"Traceback")
    outcome.seconds = time.monotonic() - begun
    return outcome


def conclude(outcome: Outcome, crowd: Crowd, data: Path) -> None:
    """Compare what clients saw with the journal, and count."""
    history = crowd.history
    journaled = Journaled(SESSION, data, history.sent)
    truth: Truth = journaled.truth(TOPICS)
    outcome.wrong += check(history, truth)
    outcome.wrong += journaled.unsound()
    found = rerun(SESSION, data=data)
    if not found.identical:
        outcome.wrong.append(f"rerun: {found}")
    for trader in crowd.traders:
        outcome.wrong += [f"account {trader.account}: {error}" for error in trader.errors]
    acked = {ack.name for ack in history.acks}
    answered = acked.union(history.refused)
    unanswered = [name for name in history.sent if name not in answered]
    outcome.counts |= {
        "orders sent": len(history.sent),
        "acknowledged": len(acked),
        "refused": len(history.refused),
        "not answered": len(unanswered),
        "not answered, in the journal": sum(name in truth.orders for name in unanswered),
        "cancels acknowledged": len(history.cancels),
        "connections of streams": sum(trader.life for trader in crowd.traders),
        "own events told": sum(len(p.rows) for pieces in history.streams.values() for p in pieces),
        "commands in the journal": found.commands,
        "events rerun, identical": found.events if found.identical else 0,
    }
    for face in ("rest", "socket", "alpaca"):
        outcome.counts[f"acknowledged by {face}"] = sum(history.sent[name].face == face for name in acked)


async def seat(url: str, traders: list[Headers]) -> None:
    """Sit everybody down."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        for headers in traders:
            (await client.post(f"/api/sessions/{SESSION}/join", headers=headers)).raise_for_status()


async def control(url: str, teacher: Headers, verb: str) -> Any:
    """Start, close or debrief the session."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        answer = await client.post(f"/api/sessions/{SESSION}/{verb}", headers=teacher)
        answer.raise_for_status()
        return answer.json()


def quantile(values: list[float], part: float) -> float:
    """A quantile of some values; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def table(outcome: Outcome) -> str:
    """The outcome, to read."""
    lines = [f"kill -9 of the server with {outcome.what}: {outcome.seconds:.0f} s"]
    lines += [f"  {name:36}{count:>12,}" for name, count in outcome.counts.items()]
    for name, values in (
        ("restart, until it answers", outcome.restart_s),
        ("restart, until an order is durable", outcome.first_ack_s),
    ):
        shown = " / ".join(f"{quantile(values, part):.2f}" for part in (0.5, 0.9, 1.0))
        lines.append(f"  {name:36}{shown:>24} s (p50 / p90 / longest)")
    lines.append(f"  {'promises broken':36}{len(outcome.wrong):>12,}")
    return "\n".join([*lines, *(f"  WRONG {sentence}" for sentence in outcome.wrong[:20]), ""])


def write(text: str) -> None:
    """Print at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    """Kill, check, and print what was found; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.server.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--accounts", type=int, default=30)
    parser.add_argument("--rate", type=float, default=300.0, help="orders a second")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--folder", type=Path, help="where the data root is made and kept")
    parser.add_argument("--recorded", action="store_true", help="in a market that replays history")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="workbench-kills-") as temporary:
        folder = options.folder or Path(temporary)
        write(f"kill -9 of a whole server, seed {options.seed}\n")
        run = campaign(
            folder,
            kills=options.kills,
            accounts=options.accounts,
            rate=options.rate,
            seed=options.seed,
            market=RECORDED if options.recorded else MARKET,
            say=True,
        )
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            outcome = runner.run(run)
    write(table(outcome))
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
