"""The long form of all fault tests, with tables to read.

`python -m tests.faults.campaign --seeds 5000 --kills 1000` runs histories on the simulated disk, demands that
every planted fault is found, kills real processes, and damages a real journal in every place.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

from tests.faults import damage, kills
from tests.faults.history import FOLDER, BrokenPromiseError, History
from tests.faults.log import quiet
from tests.faults.market import Market
from tests.faults.mutants import MUTANTS
from tests.faults.planting import planted

MUTANT_SEEDS = 2_000
"""Within so many histories every planted fault must be found."""
MARKET_EVERY = 25
"""Every so many histories one is of an exchange and compares state hashes; the others compare bytes."""
CHUNK = 50


def history(seed: int) -> Counter[str]:
    """One history of the journal as it is; raises `BrokenPromiseError`."""
    return History(seed, Market(seed) if seed % MARKET_EVERY == 0 else None).run()


def histories(seeds: range) -> tuple[Counter[str], list[str]]:
    """What was counted in these histories, and what was found."""
    counts, found = Counter[str](), []
    with quiet():
        for seed in seeds:
            try:
                counts += history(seed)
            except BrokenPromiseError as error:
                found.append(str(error))
            counts["histories"] += 1
    return counts, found


def seeds_until_found(name: str, limit: int, first: int = 1) -> tuple[int, str]:
    """How many histories, from seed `first` on, find a mutant, and what gave it away; 0 when none did."""
    mutant = next(mutant for mutant in MUTANTS if mutant.name == name)
    with quiet(), planted(mutant):
        for seed in range(first, first + limit):
            try:
                history(seed)
            except BrokenPromiseError as error:
                return seed - first + 1, str(error)
    return 0, ""


def shown(error: str) -> str:
    """A finding in the width of a table, without its seed."""
    text = re.sub(r"^seed \d+: ", "", error).split(" (acknowledged", maxsplit=1)[0].replace(f"{FOLDER}/", "")
    return text if len(text) <= 90 else text[:87] + "..."


def run_histories(pool: ProcessPoolExecutor, first: int, count: int) -> bool:
    """Run and print; whether nothing was found."""
    begun, counts, found = time.monotonic(), Counter[str](), []
    chunks = [range(at, min(at + CHUNK, first + count)) for at in range(first, first + count, CHUNK)]
    for some, broken in pool.map(histories, chunks):
        counts += some
        found += broken
    seconds = time.monotonic() - begun
    say(f"Simulated disk: {count:,} histories from seed {first} in {seconds:.0f} s\n")
    say(kills.table(counts, sorted(counts)))
    say(f"  {'promises broken':36}{len(found):>12,}\n\n")
    for error in found[:10]:
        say(f"  BROKEN {error}\n")
    return not found


def run_mutants(pool: ProcessPoolExecutor, limit: int) -> bool:
    """Run and print; whether each was found."""
    begun = time.monotonic()
    results = list(pool.map(seeds_until_found, [mutant.name for mutant in MUTANTS], [limit] * len(MUTANTS)))
    say(f"Planted faults: {len(MUTANTS)} in {time.monotonic() - begun:.0f} s\n")
    say(f"  {'planted':42} {'seeds until found':>17}  found by\n")
    for mutant, (seeds, error) in zip(MUTANTS, results, strict=True):
        say(f"  {mutant.name:42} {seeds or 'NOT FOUND':>17}  {shown(error)}\n")
    say("\n")
    return all(seeds for seeds, _ in results)


def say(text: str) -> None:
    """Print at once, for some parts take minutes."""
    sys.stdout.write(text)
    sys.stdout.flush()


def parts_of(text: str) -> list[str]:
    """Names between commas."""
    return text.split(",")


def main(arguments: Iterable[str] | None = None) -> int:
    """Run all parts; 1 when any found what must not be."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5_000, help="histories on the simulated disk")
    parser.add_argument("--first", type=int, default=1, help="seed of the first of them")
    parser.add_argument("--kills", type=int, default=1_000, help="processes to kill")
    parser.add_argument("--bits", type=int, default=1_000, help="bits to turn over in each damaged journal")
    parser.add_argument("--step", type=int, default=1, help="cut files at every so many bytes")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--parts", type=parts_of, default=["histories", "mutants", "kills", "damage"])
    options = parser.parse_args(None if arguments is None else list(arguments))
    good = True
    with ProcessPoolExecutor(options.workers, get_context("spawn")) as pool:
        if "histories" in options.parts:
            good &= run_histories(pool, options.first, options.seeds)
        if "mutants" in options.parts:
            good &= run_mutants(pool, MUTANT_SEEDS)
    if "kills" in options.parts:
        numbers = {"--kills": options.kills, "--seed": options.first, "--workers": options.workers}
        good &= kills.main([str(word) for pair in numbers.items() for word in pair]) == 0
        say("\n")
    if "damage" in options.parts:
        good &= damage.main(["--bits", str(options.bits), "--step", str(options.step)]) == 0
    say(f"\n{'Nothing was lost.' if good else 'SOMETHING WAS FOUND, see above.'}\n")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
