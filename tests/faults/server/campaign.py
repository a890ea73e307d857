"""The long form of the faults of a whole server: `make serverfaults ARGS="--kills 100"` prints its tables."""

from __future__ import annotations

import argparse
import sys

from tests.faults.server import abuse, kills


def main(arguments: list[str] | None = None) -> int:
    """Kill, then abuse; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.server.campaign", description=__doc__)
    parser.add_argument("--kills", type=int, default=100, help="servers to kill; 0 for none")
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each abuse lasts; 0 for none")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    broken = 0
    if options.kills:
        broken += kills.main(["--kills", str(options.kills), "--seed", str(options.seed)])
    if options.seconds:
        broken += abuse.main(["--seconds", str(options.seconds)])
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
