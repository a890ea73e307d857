"""The long comparison with the conformance suite's own engine.

`python -m tests.conformance.campaign --seeds 10` runs generated traces through the twin and the kernel.
"""

from __future__ import annotations

import argparse
import json
import sys
from functools import partial
from pathlib import Path

from tracebook.conformance import run_campaign, write_campaign_corpus

from tests.conformance.adapter import FAULTS, Adapter

OUT = Path(__file__).parents[2] / "out" / "conformance"


def main(arguments: list[str] | None = None) -> int:
    """Run the campaign; 1 at the first difference, whose reduced trace is kept under out/."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.campaign", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many seeds")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--traces", type=int, default=25, help="traces of each seed")
    parser.add_argument("--events", type=int, default=200, help="events of each trace")
    parser.add_argument("--profile", default="fifo-full-v1")
    parser.add_argument("--engine", choices=["kernel", "twin"], action="append", help="both unless given")
    parser.add_argument("--fault", choices=FAULTS, default="", help="put this fault in, to see it found")
    options = parser.parse_args(arguments)
    sys.stdout.write(f"{'engine':8} {'seed':>6} {'traces':>8} {'events':>10} {'trades':>8}\n")
    for engine in options.engine or ("twin", "kernel"):
        factory = partial(Adapter, engine=engine, fault=options.fault)
        for seed in range(options.first, options.first + options.seeds):
            result = run_campaign(factory, options.profile, seed, options.traces, options.events)
            coverage = result.semantic_coverage
            numbers = f"{len(result.traces):8} {coverage.compared_events:10,} {coverage.trades:8,}"
            sys.stdout.write(f"{engine:8} {seed:6} {numbers}\n")
            if not result.conformant:
                OUT.mkdir(parents=True, exist_ok=True)
                where = write_campaign_corpus(result, OUT)
                sys.stdout.write(f"{json.dumps(result.to_dict()['failure'], indent=1)}\n{where}\n")
                return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
