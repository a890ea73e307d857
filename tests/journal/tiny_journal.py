"""Journals of a few commands, and the damage that is done to them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.journal.faulty_disk import HASTY
from workbench.domain.records import COMMAND, Records
from workbench.errors import JournalError
from workbench.journal.reader import read
from workbench.journal.writer import Journal

ABOUT = {"venue": {"instruments": ["ACME"]}, "title": "tiny"}


def some_commands(count: int, seed: int = 1) -> Records:
    """Records of random bytes: the journal does not look into them."""
    raw = np.random.default_rng(seed).bytes(count * COMMAND.itemsize)
    return np.frombuffer(raw, dtype=COMMAND).copy()


def write_journal(
    folder: Path,
    batches: Sequence[int] = (3, 1, 4, 1, 5),
    *,
    segment_bytes: int = 1 << 20,
    crashed: bool = False,
    snapshot_at: int | None = None,
) -> Records:
    """A journal with one frame for each batch, each synced; closed, or as a killed writer leaves it."""
    commands = some_commands(sum(batches))
    journal = Journal.create(folder, ABOUT, segment_bytes=segment_bytes, disk=HASTY)
    at = 0
    for count in batches:
        journal.append(commands[at : at + count])
        journal.sync()
        at += count
        if at == snapshot_at:
            journal.save_snapshot(b"state at %d" % at, at, "hash")
    if crashed:
        let_go(journal)
    else:
        journal.close()
    return commands


def reopen(folder: Path, segment_bytes: int = 4096) -> Journal:
    """Open a small journal without waiting for the disk."""
    return Journal.open(folder, segment_bytes=segment_bytes, disk=HASTY)


def let_go(journal: Journal) -> None:
    """Leave the files as they are, as if the process had been killed."""
    journal._release()


def read_all(folder: Path, **settings: int) -> bytes:
    """All commands as bytes."""
    return b"".join(commands.tobytes() for _, commands in read(folder, **settings))


def readable(folder: Path) -> tuple[bytes, str]:
    """What is given before the end or the first error, and that error."""
    got = b""
    try:
        for _, commands in read(folder, batch=1):
            got += commands.tobytes()
    except JournalError as error:
        return got, str(error)
    return got, ""


def used_bytes(path: Path) -> int:
    """Length of a file without the zeros at its end."""
    return len(path.read_bytes().rstrip(b"\0"))


def copy(folder: Path, to: Path) -> Path:
    """A fresh copy of a journal, without what was allocated and never written."""
    shutil.rmtree(to, ignore_errors=True)
    shutil.copytree(folder, to)
    return to


def only_segment(folder: Path) -> Path:
    """The one segment of a small journal."""
    (path,) = folder.glob("*.wbj")
    return path
