"""A session that is written, and read while it is: each in a process of its own.

`python -m tests.journal.busy_session write ROOT SESSION SECONDS` and `read ROOT SECONDS`.
Seconds are the most that it is written for, and the least that it is read.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import monotonic

from tests.journal.tiny_store import rows
from tests.patience import PATIENCE_S
from workbench.journal.catalog import connect
from workbench.journal.seal import SessionStore

BATCH = 50
COMPACT_EVERY = 4
GRACE_SECONDS = 5.0
COUNTS = 6
"""So many different counts a reader sees before it ends."""
ENOUGH = "enough"
"""A file in the root that tells the writer to end."""


def write(root: Path, session: str, seconds: float) -> None:
    """As many trades as quotes, published together and compacted now and then."""
    end = monotonic() + seconds
    with SessionStore.open(root, session) as store:
        print("writing", flush=True)  # noqa: T201 - it tells who started it
        turn = 0
        while monotonic() < end and not (root / ENOUGH).exists():
            first, last = store.seq + 1, store.seq + BATCH
            for table in ("trades", "quotes"):
                store.add(table, rows(table, first, BATCH), first_seq=first, last_seq=last)
            store.publish(seq=last, events=last)
            turn += 1
            if turn % COMPACT_EVERY == 0:
                below = None if turn % (2 * COMPACT_EVERY) == 0 else 4 * BATCH
                store.compact(below_rows=below, grace_seconds=GRACE_SECONDS)


def read(root: Path, seconds: float) -> None:
    """Ask in a loop; what was seen, as JSON."""
    end = monotonic() + seconds
    seen: list[tuple[int, ...]] = []
    with connect(root) as connection:
        while monotonic() < end or (
            len({row[0] for row in seen}) < COUNTS and monotonic() < end + PATIENCE_S
        ):
            found = connection.sql(
                "SELECT (SELECT count(*) FROM trades), (SELECT count(*) FROM quotes),"
                " (SELECT sum(seq) FROM trades), (SELECT sum(seq) FROM quotes),"
                " (SELECT max(seq) FROM sessions), (SELECT sum(rows) FROM sessions)"
            ).fetchall()
            seen += found
    print(json.dumps(seen, default=int))  # noqa: T201 - it tells who started it


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(Path(sys.argv[2]), sys.argv[3], float(sys.argv[4]))
    else:
        read(Path(sys.argv[2]), float(sys.argv[3]))
