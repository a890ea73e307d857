"""A process that writes a journal until it is killed: `python -m tests.journal.writing FOLDER SEED`.

After each sync it says on its output how much was acknowledged.
"""

from __future__ import annotations

import sys

import numpy as np

from tests.journal.tiny_journal import some_commands
from workbench.errors import JournalError
from workbench.journal.writer import Journal

COUNT = 200_000


def say(what: object) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def main(folder: str, seed: str) -> None:
    commands = some_commands(COUNT)
    sizes = np.random.default_rng(int(seed))
    try:
        journal = Journal.open(folder, segment_bytes=1 << 18)
    except JournalError as error:
        say(f"refused {error}")
        return
    say("ready")
    try:
        while journal.last_seq < COUNT:
            for size in sizes.integers(1, 400, size=int(sizes.integers(1, 4))):
                journal.append(commands[journal.last_seq : journal.last_seq + int(size)])
            say(journal.sync())
            if journal.durable_seq % 7 == 0:
                journal.save_snapshot(b"state", journal.durable_seq, "hash")
    except JournalError as error:
        say(f"refused {error}")


if __name__ == "__main__":
    main(*sys.argv[1:])
