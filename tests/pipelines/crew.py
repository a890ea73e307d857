"""A worker's process, of which the downtime test starts four: `… tests.pipelines.crew URL FOLDER NOW STUCK`.

It ticks and works as `python -m pipelines work --forever` does, with a clock that shows another day and a
renderer that is small.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pipelines.house import House
from pipelines.jobs import Channel, Pipelines
from pipelines.ledger import Ledger
from pipelines.serving import run, until_told
from tests.pipelines.conftest import CALENDAR, DAILY, at_ns, job
from tests.pipelines.small import EveryDay, Pages
from workbench.api.logs import set_up_logs

LEASE_S = 15.0
"""Longer than a busy machine keeps a worker from renewing one."""
NIGHTLY = job(DAILY, deliver=frozenset({Channel.PAGE, Channel.FOLDER}), backoff_s=0.1, timeout_s=600.0)


def house(url: str, folder: Path, now: str, stuck: str) -> House:
    ahead_ns = at_ns(now) - time.time_ns()
    ledger = Ledger(url, now_ns=lambda: time.time_ns() + ahead_ns)
    said = Pipelines(url, folder / "reports", folder, {NIGHTLY.name: NIGHTLY}, folder=folder / "delivered")
    day, _, account = stuck.partition("/")
    return House(said, ledger, EveryDay(CALENDAR), Pages(folder / "log", frozenset({(day, account)})))


def main() -> None:
    url, folder, now, stuck = sys.argv[1:]
    set_up_logs()
    made = house(url, Path(folder), now, stuck)
    with until_told() as stop:
        run(made, stop, tick_s=0.2, idle_s=0.05, lease_s=LEASE_S, grace_s=60.0)
    made.ledger.close()
    sys.stdout.write("stopped\n")


if __name__ == "__main__":
    main()
