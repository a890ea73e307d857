"""The long comparison of the kernel with its plain-Python twin.

`python -m tests.twins.campaign --commands 2_000_000 --seed 7` runs every venue with every profile in
processes, prints what was compared and what the streams reached, and leaves a reproducer under out/ for each
difference. With `--alone` the twin runs without the kernel, and its invariants are checked all the time.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from tests.twins.compare import describe_command, event_difference, state_difference
from tests.twins.ledger_streams import every_venue as venues
from tests.twins.ledger_streams import stream
from tests.twins.streams import PROFILES
from workbench.domain.codes import CommandKind, EventKind, Reason
from workbench.domain.config import Venue
from workbench.domain.records import COMMAND, Records
from workbench.engine.reference import ReferenceExchange, check_invariants

OUT = Path(__file__).parents[2] / "out" / "twins"
PER_STREAM = 20_000
REDUCING_SECONDS = 120.0
"""How long a difference is reduced; what is not found by then stays in its reproducer."""


@dataclass
class Result:
    """What one stream's comparison found."""

    venue: str
    profile: str
    seed: int
    commands: int = 0
    events: int = 0
    difference: str = ""
    kinds: Counter[int] = field(default_factory=Counter)
    reasons: Counter[int] = field(default_factory=Counter)

    def add(self, commands: Records, events: Records) -> None:
        """Count a chunk."""
        self.commands += len(commands)
        self.events += len(events)
        self.kinds.update(events["kind"].tolist())
        self.reasons.update(events["reason"].tolist())


def difference_of(venue: Venue, commands: Records) -> str | None:
    """Run both exchanges over `commands` from the start; the first difference, or None."""
    from workbench.engine.exchange import Exchange

    twin, kernel = ReferenceExchange(venue), Exchange(venue)
    difference = event_difference(commands, twin.step(commands), kernel.step(commands))
    return difference or state_difference(twin.state(), kernel.state())


def smallest_prefix(venue: Venue, commands: Records, until: float) -> Records:
    """The shortest start of `commands` that still differs; a longer one once it is `until`."""
    low, high = 0, len(commands)
    while high - low > 1 and time.monotonic() < until:
        middle = (low + high) // 2
        if difference_of(venue, commands[:middle]):
            high = middle
        else:
            low = middle
    return commands[:high]


def idle(commands: Records) -> Records:
    """As many commands that change nothing but count as many orders: new orders of no account."""
    nothing = np.zeros(len(commands), dtype=COMMAND)
    nothing["time_ns"] = commands["time_ns"]
    nothing["kind"] = CommandKind.NEW_ORDER
    nothing["account"] = -1
    return nothing


def without_idlers(venue: Venue, commands: Records, until: float) -> Records:
    """`commands` with every command idle that the difference does not need; order ids stay as they are.

    Once it is `until`, those not tried yet stay too.
    """
    size = len(commands) // 2
    while size:
        for place in range(0, len(commands), size):
            if time.monotonic() >= until:
                return commands
            fewer = commands.copy()
            fewer[place : place + size] = idle(fewer[place : place + size])
            if fewer.tobytes() != commands.tobytes() and difference_of(venue, fewer):
                commands = fewer
        size //= 2
    return commands


def run_alone(venue_name: str, profile: str, seed: int, count: int) -> Result:
    """Run one stream through the twin alone."""
    result = Result(venue_name, profile, seed)
    twin = ReferenceExchange(venues()[venue_name])
    for commands, events in stream(twin, profile, seed, count):
        check_invariants(twin)
        result.add(commands, events)
    return result


def run(venue_name: str, profile: str, seed: int, count: int) -> Result:
    """Compare one stream, chunk by chunk, and keep the commands when the exchanges differ."""
    from workbench.engine.exchange import Exchange

    venue = venues()[venue_name]
    result = Result(venue_name, profile, seed)
    twin, kernel = ReferenceExchange(venue), Exchange(venue)
    chunks: list[Records] = []
    for number, (commands, events) in enumerate(stream(twin, profile, seed, count)):
        chunks.append(commands)
        difference = event_difference(commands, events, kernel.step(commands), result.commands + 1)
        if not difference and number % 50 == 0:
            difference = state_difference(twin.state(), kernel.state())
            check_invariants(twin)
        result.add(commands, events)
        if difference:
            break
    else:
        difference = state_difference(twin.state(), kernel.state())
        if not difference and twin.state_hash() != kernel.state_hash():
            difference = "equal states have different hashes"
    if difference:
        every = np.concatenate(chunks)
        until = time.monotonic() + REDUCING_SECONDS
        again = difference_of(venue, every)
        if again:
            every = without_idlers(venue, smallest_prefix(venue, every, until), until)
            again = difference_of(venue, every)
        result.difference = f"{again or difference}\n" + save(result, every)
    return result


def guarded(alone: bool, venue_name: str, profile: str, seed: int, count: int) -> Result:
    """One stream; when an implementation raises, that is its difference, and the other streams go on."""
    try:
        return run_alone(venue_name, profile, seed, count) if alone else run(venue_name, profile, seed, count)
    except Exception:  # noqa: BLE001 - whatever it is, it is a finding about this stream
        return Result(venue_name, profile, seed, difference=traceback.format_exc())


def save(result: Result, commands: Records) -> str:
    """Keep a reproducer; returns where it is and, when it is short, the commands in words."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{result.venue}-{result.profile}-{result.seed}.npy".replace(" ", "-")
    np.save(path, commands)
    lines = [f"reproducer: {path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path}"]
    needed = [at for at in range(len(commands)) if commands[at : at + 1] != idle(commands[at : at + 1])]
    lines += [f"  {at}: {describe_command(commands[at : at + 1])}" for at in needed[-40:]]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign; 1 when the exchanges differed anywhere."""
    parser = argparse.ArgumentParser(prog="python -m tests.twins.campaign", description=__doc__)
    parser.add_argument("--commands", type=int, default=1_000_000, help="how many in all")
    parser.add_argument("--seed", type=int, default=0, help="of the first stream of each venue and profile")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--alone", action="store_true", help="run the twin without the kernel")
    parser.add_argument("--venue", choices=list(venues()), action="append", help="only this one (repeatable)")
    options = parser.parse_args(arguments)

    cases = [(venue, profile) for venue in options.venue or venues() for profile in PROFILES]
    per_case = -(-options.commands // len(cases))
    per_stream = min(per_case, PER_STREAM)
    streams = -(-per_case // per_stream)
    started = time.perf_counter()
    results: list[Result] = []
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        jobs = [
            pool.submit(guarded, options.alone, venue, profile, options.seed + number, per_stream)
            for number in range(streams)
            for venue, profile in cases
        ]
        results.extend(job.result() for job in as_completed(jobs))
    seconds = time.perf_counter() - started

    write = sys.stdout.write
    write(f"{'venue':16} {'profile':12} {'commands':>12} {'events':>12} {'differences':>12}\n")
    for venue, profile in cases:
        mine = [result for result in results if (result.venue, result.profile) == (venue, profile)]
        numbers = (
            sum(r.commands for r in mine),
            sum(r.events for r in mine),
            sum(bool(r.difference) for r in mine),
        )
        write(f"{venue:16} {profile:12} {numbers[0]:12,} {numbers[1]:12,} {numbers[2]:12,}\n")
    commands, differences = sum(r.commands for r in results), [r for r in results if r.difference]
    write(f"{'all':29} {commands:12,} {sum(r.events for r in results):12,} {len(differences):12,}\n")
    write(f"{len(results)} streams in {seconds:.1f} s, {commands / seconds:,.0f} commands/s\n\n")
    kinds = sum((result.kinds for result in results), Counter())
    reasons = sum((result.reasons for result in results), Counter())
    for title, counts, names in (("event", kinds, EventKind), ("reason", reasons, Reason)):
        write(f"{title:32} {'count':>12}\n")
        for name in names:
            write(f"  {name.name:30} {counts[name]:12,}\n")
    never = [name.name for name in EventKind if not kinds[name]]
    never += [name.name for name in Reason if not reasons[name]]
    write(f"never: {', '.join(never) or 'none'}\n")
    for result in differences:
        write(f"\n{result.venue}, {result.profile}, seed {result.seed}: {result.difference}\n")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
