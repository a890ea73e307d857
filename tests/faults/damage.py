"""Every file of a small real journal cut at every byte, and with single bits turned over.

`python -m tests.faults.damage` prints what reading, verifying and opening made of each case. Commands that
come back must be those that were written, with their remarks, and whoever gets fewer than were acknowledged
must be told so.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.log import quiet
from tests.faults.market import tape, venue
from workbench.domain.config import venue_to_json
from workbench.domain.records import COMMAND
from workbench.engine.exchange import Exchange
from workbench.errors import JournalError
from workbench.journal import reader, snapshots, verify, writer

SIZE = COMMAND.itemsize
SEGMENT_BYTES = 4096
OUTCOMES = ("whole", "flagged", "refused", "wrong", "short", "unclear")
"""All that was acknowledged came; a right beginning and then a refusal; a refusal alone; other commands than
were written; fewer than were acknowledged without a word; a refusal that does not name the file."""


@dataclass
class Sample:
    """A small journal in files, and what is known of it."""

    folder: Path
    closed: bool
    files: dict[str, bytes] = field(default_factory=dict)
    acked: int = 0
    written: int = 0
    log: bytes = b""
    states: dict[int, str] = field(default_factory=dict)
    notes: list[tuple[int, bytes]] = field(default_factory=list)
    acked_notes: int = 0

    def __post_init__(self) -> None:
        """Three segments or so, two snapshots; some frames in doubt when it is not closed."""
        made = self.folder.with_name(self.folder.name + "-made")
        rows, exchange = tape(5, 200), Exchange(venue())
        about = {"venue": venue_to_json(venue())}
        journal = writer.Journal.create(made, about, segment_bytes=SEGMENT_BYTES)
        draw, seq = random.Random(5), 0
        while seq < 70:
            count = draw.randint(1, 9)
            journal.append(rows[seq : seq + count], self._noted(draw, seq))
            if draw.random() < 0.2:
                journal.append(rows[:0], self._noted(draw, seq + count, always=True))
            journal.sync()
            exchange.step(rows[seq : seq + count])
            seq += count
            self.states[seq] = exchange.state_hash()
            if len(self.states) in (5, 12):
                journal.save_snapshot(exchange.snapshot()[:900], seq, self.states[seq])
        journal.append(rows[:0], self._noted(draw, seq, always=True))
        journal.sync()
        self.acked, self.acked_notes = seq, len(self.notes)
        self.written = seq
        if self.closed:
            journal.close()
        else:
            for count in (3, 4):
                remark = self._noted(draw, self.written, always=True)
                journal.append(rows[self.written : self.written + count], remark)
                self.written += count
        self.log = rows[: self.written].tobytes()
        # As a killed process leaves it: copied before the writer lets go of it.
        shutil.copytree(made, self.folder)
        if not self.closed:
            journal.close()
        shutil.rmtree(made)
        self.files = {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in sorted(self.folder.rglob("*"))
            if path.is_file()
        }

    def _noted(self, draw: random.Random, seq: int, *, always: bool = False) -> bytes:
        """A remark behind a command, or none."""
        if not always and draw.random() < 0.6:
            return b""
        self.notes.append((seq + 1, draw.randbytes(draw.randint(1, 40))))
        return self.notes[-1][1]

    def restore(self) -> None:
        """Undo all damage and whatever was done about it."""
        for path in self.folder.rglob("*"):
            if path.is_file() and str(path.relative_to(self.folder)) not in self.files:
                path.unlink()
        for name, data in self.files.items():
            path = self.folder / name
            if not path.exists() or path.read_bytes() != data:
                path.write_bytes(data)

    def damage(self, name: str, data: bytes) -> dict[str, str]:
        """What read, verify and open make of the journal when a file holds `data`."""
        (self.folder / name).write_bytes(data)
        found = {"read": self._read(name), "verify": self._verify(name), "open": self._open(name)}
        self.restore()
        return found

    def _told(self, error: object, name: str) -> bool:
        return Path(name).name in str(error) or str(self.folder) in str(error)

    def _read(self, name: str) -> str:
        seq = 0
        try:
            for first_seq, commands in reader.read(self.folder, batch=7):
                expected = self.log[seq * SIZE : (seq + len(commands)) * SIZE]
                if first_seq != seq + 1 or commands.tobytes() != expected:
                    return "wrong"
                seq += len(commands)
            notes = [(remark.seq, remark.data) for remark in reader.read_remarks(self.folder)]
        except JournalError as error:
            if not self._told(error, name):
                return "unclear"
            return "flagged" if seq else "refused"
        if notes != self.notes[: len(notes)] or sum(note[0] <= seq for note in self.notes) > len(notes):
            return "wrong"
        return "whole" if seq >= self.acked and len(notes) >= self.acked_notes else "short"

    def _verify(self, name: str) -> str:
        try:
            verdict = verify.verify(self.folder)
        except JournalError as error:
            return "refused" if self._told(error, name) else "unclear"
        if not verdict.ok:
            return "flagged" if any(self._told(said, name) for said in verdict.problems) else "unclear"
        notes = sum(report.remarks for report in verdict.segments)
        return "whole" if verdict.last_seq >= self.acked and notes >= self.acked_notes else "short"

    def _open(self, name: str) -> str:
        try:
            journal = writer.Journal.open(self.folder, segment_bytes=SEGMENT_BYTES)
        except JournalError as error:
            return "refused" if self._told(error, name) else "unclear"
        try:
            if journal.last_seq < self.acked:
                return "short"
            found = snapshots.latest_snapshot(self.folder)
            if journal.last_seq > self.written or (found and self.states.get(found.seq) != found.state_hash):
                return "wrong"
            # Opening begins at the snapshot; what is damaged before it is for those who read it.
            return self._read(name)
        finally:
            journal.close()


def cuts(sample: Sample, step: int) -> Iterator[tuple[str, str, bytes]]:
    """Each file cut at every `step`-th byte."""
    for name, data in sample.files.items():
        for size in range(0, len(data), step):
            yield f"{kind_of(name)}, cut", name, data[:size]


def flips(sample: Sample, count: int, seed: int) -> Iterator[tuple[str, str, bytes]]:
    """Single bits turned over, in the parts of the files that hold anything, each file its share."""
    draw = random.Random(seed)
    used = {name: max(1, len(data.rstrip(b"\0"))) for name, data in sample.files.items() if data}
    for name, size in used.items():
        share = max(count // 20, -(-count * size // sum(used.values())))
        for bit in draw.sample(range(size * 8), min(share, size * 8)):
            data = bytearray(sample.files[name])
            data[bit // 8] ^= 1 << (bit % 8)
            yield f"{kind_of(name)}, bit", name, bytes(data)


def kind_of(name: str) -> str:
    """Which of the journal's files it is."""
    stem = Path(name).name.split(".")
    return stem[-1] if len(stem) > 1 else stem[0].rstrip("0123456789-")


@dataclass
class Table:
    """Cases by file, damage and what looked at it."""

    cases: Counter[str] = field(default_factory=Counter)
    found: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, kind: str, found: dict[str, str]) -> None:
        """Count a case."""
        self.cases[kind] += 1
        for who, outcome in found.items():
            self.found[kind, who, outcome] += 1

    def bad(self) -> int:
        """Cases that must not be."""
        return sum(n for (_, _, outcome), n in self.found.items() if outcome in ("wrong", "short", "unclear"))

    def __str__(self) -> str:
        lines = [f"{'damage':30}{'by':8}{'cases':>8}" + "".join(f"{name:>10}" for name in OUTCOMES)]
        for kind in sorted(self.cases):
            for who in ("read", "verify", "open"):
                numbers = "".join(f"{self.found[kind, who, name]:10,}" for name in OUTCOMES)
                lines.append(f"{kind if who == 'read' else '':30}{who:8}{self.cases[kind]:8,}{numbers}")
        return "\n".join(lines) + "\n"


def in_memory() -> Path | None:
    """A folder without a disk below, where there is one: tens of thousands of journals need none."""
    memory = Path("/dev/shm")
    return memory if memory.is_dir() else None


def campaign(folder: Path, *, step: int, bits: int, seed: int = 1) -> Table:
    """Damage a journal left by a killed process and one that was closed."""
    table = Table()
    for closed in (False, True):
        sample = Sample(folder / ("closed" if closed else "killed"), closed)
        for kind, name, data in (*cuts(sample, step), *flips(sample, bits, seed)):
            if data != sample.files[name]:
                with quiet():
                    found = sample.damage(name, data)
                table.add(f"{'closed' if closed else 'killed'}: {kind}", found)
    return table


def main(arguments: list[str] | None = None) -> int:
    """Do all damage and print the table; 1 when anything was wrong, short or unclear."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.damage", description=__doc__)
    parser.add_argument("--step", type=int, default=1, help="cut at every so many bytes")
    parser.add_argument("--bits", type=int, default=1_000, help="how many bits to turn over in each journal")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="workbench-damage-", dir=in_memory()) as folder:
        table = campaign(Path(folder), step=options.step, bits=options.bits, seed=options.seed)
    sys.stdout.write(str(table))
    total, bad = sum(table.cases.values()), table.bad()
    sys.stdout.write(f"{total:,} cases in {time.monotonic() - begun:.0f} s; wrong, short or unclear: {bad}\n")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
