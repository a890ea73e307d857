"""Real processes on a real disk, killed with `kill -9` while they write a journal.

`python -m tests.faults.kills --kills 1000 --seed 1` forks a child that takes commands of a tape as they fall
due, appends, syncs, steps the exchange, saves snapshots and tells over a pipe what it acknowledged. The
parent kills it at a random moment, recovers, compares with the straight run over the same tape, and lets the
next child go on with the same journal.
"""

from __future__ import annotations

import argparse
import os
import random
import select
import signal
import struct
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from tests.faults.log import quiet
from tests.faults.market import tape, venue
from workbench.domain.config import venue_to_json
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.errors import WorkbenchError
from workbench.journal import reader, snapshots, verify, writer

REPORT = struct.Struct("<cxxxIQ")
"""What happened (Opened, Acknowledged, Snapshot, Ended, Fault), checksum of all commands so far, sequence; or
Noted, checksum of all remarks so far, and how many.
"""
TAPE = 400_000
LIFE_SECONDS = 0.08
START_SECONDS = 5.0
"""How long a child may take to open the journal on a busy machine before it is killed anyhow."""


class LossError(AssertionError):
    """Something acknowledged is gone, or something is there that should not be."""


Note = tuple[int, bytes]
"""A remark: before which command, and its bytes, which begin with that number and whether it stands alone."""


def checksum_of(notes: list[Note], before: int = 0) -> int:
    """Checksum of remarks, going on with that of those before them."""
    for note in notes:
        before = zlib.crc32(repr(note).encode(), before)
    return before


@dataclass
class Run:
    """One journal, and what the parent knows of it."""

    folder: Path
    seed: int
    commands: Records = field(init=False)
    acked: int = 0
    saved: int = 0
    notes: list[Note] = field(default_factory=list)
    """Remarks recovered after the latest kill."""
    noted: tuple[int, int] = (0, 0)
    """How many remarks were acknowledged, and their checksum."""
    seq: int = 0
    """Commands recovered after the latest kill."""
    straight: Exchange = field(default_factory=lambda: Exchange(venue()))
    """The exchange that steps the tape and knows no journal; it stands at `seq`."""
    counts: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.commands = tape(self.seed, TAPE)
        self.segment_bytes = random.Random(self.seed).choice((1 << 15, 1 << 18, 1 << 22))

    def digest(self, seq: int) -> int:
        """Checksum of the first commands of the tape."""
        return zlib.crc32(self.commands[:seq].tobytes())

    def over(self) -> bool:
        """Whether the tape has nearly run out."""
        return self.seq > TAPE - 50_000


# ---------------------------------------------------------------------- the child


def child(run: Run, pipe: int, seed: int) -> None:
    """Go on with the journal until somebody kills this process."""
    draw = random.Random(seed)
    digest = run.digest(run.seq)

    def tell(what: bytes, seq: int) -> None:
        os.write(pipe, REPORT.pack(what, digest, seq))

    if not reader_finds(run.folder):
        journal = writer.Journal.create(
            run.folder, {"venue": venue_to_json(venue())}, segment_bytes=run.segment_bytes
        )
    else:
        journal = writer.Journal.open(run.folder, segment_bytes=run.segment_bytes)
    seq = journal.last_seq
    tell(b"O", seq)
    rate = draw.choice((2e4, 1e5, 4e5))
    every = draw.choice((300, 2_000, 10_000))
    exchange, next_snapshot = run.straight, seq + every
    notes = [(remark.seq, remark.data) for remark in reader.read_remarks(run.folder)]

    def remark(before_seq: int, kind: bytes) -> bytes:
        if draw.random() < 0.7:
            return b""
        data = b"%d %s " % (before_seq, kind) + draw.randbytes(draw.choice((0, 10, 5_000)))
        notes.append((before_seq, data))
        return data

    begun, first = time.monotonic(), seq
    while True:
        # Natural batching: everything that fell due while the last sync ran, in one batch or in some.
        due = min(first + 1 + int((time.monotonic() - begun) * rate), TAPE)
        cuts = sorted(draw.sample(range(seq, due), min(draw.randint(0, 2), due - seq))) if due > seq else []
        for start, stop in zip([seq, *cuts], [*cuts, due], strict=True):
            if stop > start:
                journal.append(run.commands[start:stop], remark(start + 1, b"bound"))
            journal.append(run.commands[:0], remark(stop + 1, b"alone"))
        if journal.sync() != due:
            raise LossError(f"sync says {journal.durable_seq}, and {due} were appended")
        digest = zlib.crc32(run.commands[seq:due].tobytes(), digest)
        exchange.step(run.commands[seq:due])
        seq = due
        tell(b"A", seq)
        os.write(pipe, REPORT.pack(b"N", checksum_of(notes), len(notes)))
        if seq >= next_snapshot:
            journal.save_snapshot(exchange.snapshot(), seq, exchange.state_hash())
            tell(b"S", seq)
            next_snapshot = seq + every
        if seq == TAPE or draw.random() < 0.002:
            journal.close()
            tell(b"E", seq)
            time.sleep(3600)


def reader_finds(folder: Path) -> bool:
    """Whether a journal is there, as far as a reader can tell."""
    try:
        reader.about(folder)
    except WorkbenchError:
        return False
    return True


def fork(run: Run, seed: int) -> tuple[int, int]:
    """Start a child; returns its process id and the pipe it reports on."""
    out, into = os.pipe()
    pid = os.fork()
    if pid:
        os.close(into)
        return pid, out
    try:
        os.close(out)
        child(run, into, seed)
    except BaseException:  # noqa: BLE001 - nothing of the parent may run in the child
        os.write(into, REPORT.pack(b"F", 0, 0) + traceback.format_exc().encode())
    finally:
        os._exit(1)


# ---------------------------------------------------------------------- the parent


def kill_one(run: Run, draw: random.Random) -> None:
    """One child, its end, and what it left."""
    pid, pipe = fork(run, draw.getrandbits(60))
    try:
        heard = b""
        if draw.random() < 0.75:
            # Most are killed while they write, the others also while they open the journal.
            heard = listen(pipe, START_SECONDS, first=True)
        heard += listen(pipe, draw.random() * LIFE_SECONDS)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    heard += b"".join(iter(lambda: os.read(pipe, 1 << 16), b""))
    os.close(pipe)
    take_in(run, heard)
    run.counts["kills"] += 1
    if reader_finds(run.folder):
        recover(run, draw)
    elif run.acked or run.counts["opened"]:
        raise LossError("the journal is gone")
    else:
        run.counts["killed before there was a journal"] += 1


def listen(pipe: int, wait_seconds: float, *, first: bool = False) -> bytes:
    """What the child tells until its time is over, or (`first`) until it tells anything."""
    until, heard = time.monotonic() + wait_seconds, b""
    while (left := until - time.monotonic()) > 0:
        if select.select([pipe], [], [], left)[0]:
            more = os.read(pipe, 1 << 16)
            if not more:
                break
            heard += more
            if first:
                break
    return heard


def take_in(run: Run, heard: bytes) -> None:
    """Believe what the child acknowledged, as its clients would."""
    for at in range(0, len(heard) - REPORT.size + 1, REPORT.size):
        what, digest, seq = REPORT.unpack_from(heard, at)
        if what == b"F":
            raise LossError(f"the writer failed: {heard[at + REPORT.size :].decode(errors='replace')}")
        if what == b"O" and seq != run.seq:
            raise LossError(f"opened with {seq} commands, and {run.seq} were recovered")
        if what in b"AE":
            if run.digest(seq) != digest:
                raise LossError(f"acknowledged other commands up to {seq}")
            run.acked = seq
        if what == b"S":
            run.saved = seq
        if what == b"N":
            run.noted = seq, digest
            continue
        run.counts[{b"O": "opened", b"A": "syncs", b"S": "snapshots", b"E": "closed"}[what]] += 1


def recover(run: Run, draw: random.Random) -> None:
    """What a recovery does, compared with the straight run; at times the next child is left to do it."""
    seq = read_all(run)
    if seq < run.acked:
        raise LossError(f"acknowledged {run.acked}, read {seq}")
    verdict = verify.verify(run.folder)
    if not verdict.ok or verdict.last_seq < seq:
        raise LossError(f"verify counts {verdict.last_seq} of {seq} and says {verdict.problems}")
    run.counts["torn tails"] += bool(verdict.torn_tail)
    run.counts["recovered more than acknowledged"] += verdict.last_seq > run.acked
    if verdict.last_seq < run.seq:
        raise LossError(f"recovered {verdict.last_seq}, and it was {run.seq} before")
    run.straight.step(run.commands[run.seq : verdict.last_seq])
    run.seq = verdict.last_seq
    if draw.random() < 0.3:
        run.counts["left as it was for the next writer"] += 1
        return
    journal = writer.Journal.open(run.folder, segment_bytes=run.segment_bytes)
    journal.close()
    if journal.last_seq != run.seq or read_all(run) != run.seq:
        raise LossError(f"opened with {journal.last_seq} commands, and verify counted {run.seq}")


def read_all(run: Run) -> int:
    """Every command a reader gets, stepped from the start and from the latest snapshot; returns the last."""
    seq, again = 0, Exchange(venue())
    for first_seq, commands in reader.read(run.folder):
        if first_seq != seq + 1:
            raise LossError(f"command {first_seq} follows {seq}")
        if commands.tobytes() != run.commands[seq : seq + len(commands)].tobytes():
            raise LossError(f"commands {first_seq} to {seq + len(commands)} are not those that were written")
        again.step(commands)
        seq += len(commands)
    read_notes(run, seq)
    straight = run.straight if seq == run.seq else Exchange(venue())
    if straight is not run.straight:
        straight.step(run.commands[:seq])
    expected = straight.state_hash()
    if again.state_hash() != expected:
        raise LossError(f"the commands up to {seq} lead to another state")
    check_snapshot(run, seq, expected)
    run.counts["state hashes equal"] += 2
    return seq


def read_notes(run: Run, seq: int) -> None:
    """Every remark a reader gets: those acknowledged are there, and none without the command it came with."""
    notes = [(remark.seq, remark.data) for remark in reader.read_remarks(run.folder)]
    count, checksum = run.noted
    if len(notes) < count or checksum_of(notes[:count]) != checksum:
        raise LossError(f"{count} remarks were acknowledged, and {len(notes)} are there or are others")
    if notes[: len(run.notes)] != run.notes:
        raise LossError("remarks that were recovered before are gone or are others")
    for before_seq, data in notes:
        named, kind, _ = data.split(b" ", 2)
        if int(named) != before_seq or (kind == b"bound" and before_seq > seq):
            raise LossError(f"the remark {data[:20]!r} stands before command {before_seq} of {seq}")
    run.notes = notes
    run.counts["remarks read"] += len(notes)


def check_snapshot(run: Run, seq: int, expected: str) -> None:
    """Snapshot and tail lead to the same state."""
    found = snapshots.latest_snapshot(run.folder)
    if (found.seq if found else 0) < run.saved:
        raise LossError(f"the latest snapshot is {found and found.seq}, and {run.saved} was saved")
    exchange: Any = Exchange.restore(found.data) if found else Exchange(venue())
    if found and exchange.state_hash() != found.state_hash:
        raise LossError(f"the snapshot of {found.seq} is not of the state it names")
    for _, commands in reader.read(run.folder, after_seq=found.seq if found else 0):
        exchange.step(commands)
    if exchange.state_hash() != expected:
        raise LossError(f"snapshot of {found and found.seq} and tail up to {seq} lead to another state")
    run.counts["recovered from a snapshot"] += found is not None


def campaign(kills: int, seed: int, folder: Path) -> Counter[str]:
    """Kill so many children; returns what was counted, raises `LossError` at the first loss."""
    # Compile and warm before the first fork, so that children start at once.
    Exchange(venue()).step(tape(0, 100))
    draw, counts, number = random.Random(seed), Counter[str](), 0
    run: Run | None = None
    for done in range(kills):
        if run is None or run.over():
            if run is not None:
                counts += closing(run)
            number += 1
            run = Run(folder / f"journal-{seed}-{number}", seed * 1_000 + number)
        try:
            with quiet():
                kill_one(run, draw)
        except (LossError, WorkbenchError) as loss:
            raise LossError(f"kill {done + 1} with seed {seed}, {run.folder}: {loss}") from loss
    return counts + closing(run) if run else counts


def closing(run: Run) -> Counter[str]:
    """The counts of a journal that is done with."""
    run.counts["commands recovered"] += run.seq
    run.counts["commands acknowledged"] += run.acked
    run.counts["journals"] += 1
    return run.counts


def table(counts: Counter[str], names: Iterable[str]) -> str:
    """One line per count."""
    return "".join(f"  {name:36}{counts[name]:>12,}\n" for name in names)


def main(arguments: list[str] | None = None) -> int:
    """Kill, recover, and print what was found; 1 when anything was lost."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=int(time.time()) % 100_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="journals at the same time")
    parser.add_argument("--folder", type=Path, help="where the journals are written and kept")
    options = parser.parse_args(arguments)
    write, begun = sys.stdout.write, time.monotonic()
    shares = [len(range(at, options.kills, options.workers)) for at in range(options.workers)]
    seeds = range(options.seed, options.seed + options.workers)
    counts, losses = Counter[str](), 0
    with (
        tempfile.TemporaryDirectory(prefix="workbench-kills-") as temporary,
        ProcessPoolExecutor(options.workers, get_context("spawn")) as pool,
    ):
        folder = options.folder or Path(temporary)
        jobs = [pool.submit(campaign, share, seed, folder) for share, seed in zip(shares, seeds, strict=True)]
        for job in jobs:
            try:
                counts += job.result()
            except LossError as loss:
                losses += 1
                write(f"LOST: {loss}\n")
    seconds = time.monotonic() - begun
    write(f"kill -9: {counts['kills']:,} kills with seeds from {options.seed} in {seconds:.0f} s\n")
    write(table(counts, sorted(counts)))
    write(f"  {'acknowledged and lost, or wrong':36}{losses:>12,}\n")
    return 1 if losses else 0


if __name__ == "__main__":
    sys.exit(main())
