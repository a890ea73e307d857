"""One history of a journal on a simulated disk, drawn from a seed and checked against a model.

The model knows every command that was ever handed to the journal and how many of them it acknowledged:
`append` returned and so did `sync`. After each end of the process, of the machine or of nothing at all, the
journal must give back every acknowledged command byte for byte, in order, and nothing that nobody wrote. The
same holds for remarks, and no command comes back without the remark that it was written with, nor that remark
without the command.
"""

from __future__ import annotations

import copy
import random
import traceback
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from tests.faults.disk import Down, SimDisk
from workbench.domain.records import COMMAND, Records
from workbench.errors import JournalError
from workbench.journal import cursor, frames, growing, reader, repair, snapshots, verify, writer

SIZE = COMMAND.itemsize
FOLDER = Path("/sim/session/journal")
DAMAGES = (
    "flip",
    "flip",
    "flip",
    "cut",
    "cut between frames",
    "wipe",
    "old bytes",
    "file gone",
    "whole flip",
)


class BrokenPromiseError(AssertionError):
    """The journal did not do what it promises."""


class Note(NamedTuple):
    """A remark as the model knows it.

    Attributes
    ----------
    seq, data
        Before which command, and which bytes.
    bound
        Whether it was written with that command.
    end
        Where the frame ends that it came with.
    """

    seq: int
    data: bytes
    bound: bool
    end: tuple[int, int] = (-1, 0)


class Fold:
    """The cheapest state machine: a running checksum of the commands, whatever batches they come in."""

    def __init__(self, seq: int = 0, value: int = 0) -> None:
        self.seq, self.value = seq, value

    def step(self, commands: Records) -> None:
        """Take commands in."""
        self.seq, self.value = self.seq + len(commands), zlib.crc32(commands.tobytes(), self.value)

    def snapshot(self) -> bytes:
        """The state as bytes, with some ballast so that it spans sectors."""
        return f"{self.seq} {self.value} ".encode().ljust(700 + self.value % 700, b".")

    def state_hash(self) -> str:
        """Digest of the state."""
        return f"{self.seq}-{self.value:08x}"

    @classmethod
    def restore(cls, data: bytes) -> Fold:
        """The state a snapshot was taken of."""
        seq, value, _ = data.split(maxsplit=2)
        return cls(int(seq), int(value))


class Noise:
    """Commands of random bytes, and the fold that steps them."""

    def __init__(self, seed: int) -> None:
        self.about: dict[str, Any] = {"venue": {"name": "noise"}, "made": "by a history of faults"}
        self.random = np.random.default_rng(seed)

    def commands(self, count: int) -> Records:
        """Some more."""
        return np.frombuffer(self.random.bytes(count * SIZE), dtype=COMMAND)

    def machine(self) -> Any:
        """A state machine at its start."""
        return Fold()

    def restored(self, data: bytes) -> Any:
        """A state machine as its snapshot says."""
        return Fold.restore(data)


@dataclass
class History:
    """What happens to one journal, and what the model knows of it."""

    seed: int
    source: Any = None
    draw: random.Random = field(init=False)
    disk: SimDisk = field(init=False)
    log: bytearray = field(default_factory=bytearray)
    acked: int = 0
    created: bool = False
    snapshots: dict[int, tuple[bytes, str]] = field(default_factory=dict)
    saved: int = 0
    retry: list[Records] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    in_doubt: list[Records] = field(default_factory=list)
    firm: int = 0
    """Acknowledged commands that more than their own frame on the disk itself knows of."""
    notes: list[Note] = field(default_factory=list)
    """Remarks ever handed to the journal that may still be there."""
    acked_notes: int = 0
    firm_notes: int = 0
    """Of remarks the same as of commands."""
    recovered: bool = True
    """Whether the journal was opened since the power last failed."""
    frames: dict[Path, list[int]] = field(default_factory=dict)
    """Where frames end, by segment."""
    elsewhere: list[tuple[Path, int, int, bytes]] = field(default_factory=list)
    """Frames that were written to the same place in another course of things."""

    def __post_init__(self) -> None:
        self.draw = random.Random(self.seed)
        self.disk = SimDisk(self.draw.getrandbits(60), FOLDER.parents[1])
        self.source = self.source or Noise(self.seed)
        self.segment_bytes = self.draw.choice((2048, 4096, 8192, 1 << 16))
        self.largest = self.draw.choice((1, 3, 8, 30))
        if self.draw.random() < 0.7:
            self.disk.make_folder(FOLDER.parent)
            self.disk.sync_folder(FOLDER.parents[1])
        self.lives = self.draw.randint(2, 6)
        self.doing = ""
        self.remarks = self.draw.choice((0.0, 0.2, 0.6))
        """Chance that a batch has a remark."""
        self.remarks_alone = self.draw.choice((0.0, 0.05, 0.3))
        """How often one stands alone."""
        self.batches_in_flight = 1.0
        """Chance that a batch waits for another before both are synced."""

    # ------------------------------------------------------------------ model

    @property
    def written(self) -> int:
        """Commands ever handed to the journal that may still be there."""
        return len(self.log) // SIZE

    def state_at(self, seq: int) -> Any:
        """The state machine after `seq` commands, stepped straight."""
        machine = self.source.machine()
        machine.step(np.frombuffer(bytes(self.log[: seq * SIZE]), dtype=COMMAND))
        return machine

    def ensure(self, held: bool, what: str) -> None:
        """Complain when a promise is broken."""
        if not held:
            raise BrokenPromiseError(
                f"seed {self.seed}: {what} (acknowledged {self.acked}, written {self.written})"
            )

    # ------------------------------------------------------------------ reading

    def read(self, disk: SimDisk, after_seq: int = 0, folder: Path = FOLDER, **options: Any) -> int:
        """Read from a sequence on and compare with the model; returns the last sequence that came."""
        last = after_seq
        for first_seq, commands in reader.read(folder, after_seq=after_seq, disk=disk, **options):
            self.ensure(first_seq == last + 1, f"read gives command {first_seq} after {last}")
            self.ensure(len(commands) > 0, f"read gives an empty batch at {first_seq}")
            self.ensure(commands.dtype == COMMAND, "read gives records of another dtype")
            upto = last + len(commands)
            self.ensure(upto <= self.written, f"read gives commands up to {upto}, which nobody wrote")
            expected = self.log[last * SIZE : upto * SIZE]
            self.ensure(commands.tobytes() == expected, f"read gives wrong bytes in {last + 1} to {upto}")
            last = upto
        if options.get("upto_seq") is None:
            self.read_notes(disk, last, after_seq, folder)
        return last

    def read_notes(
        self, disk: SimDisk, last_seq: int | None, after_seq: int = 0, folder: Path = FOLDER, least: int = 0
    ) -> int:
        """Read remarks and compare with the model; returns how many there are of all that were written.

        All before a command that is there (up to `last_seq`, when that is known) must be there too, and none
        that was bound to one that is not.
        """
        skipped = sum(note.seq <= after_seq for note in self.notes)
        found = list(reader.read_remarks(folder, after_seq, disk=disk))
        there = skipped + len(found)
        self.ensure(there <= len(self.notes), f"there are {there} remarks, which nobody wrote")
        for note, remark in zip(self.notes[skipped:there], found, strict=True):
            self.ensure(note[:2] == tuple(remark), f"the remark before {note.seq} reads {tuple(remark)}")
            alone = note.bound and last_seq is not None and note.seq > last_seq
            self.ensure(not alone, f"a remark is there without its command {note.seq}")
        due = max(least, sum(note.seq <= (last_seq or 0) for note in self.notes))
        self.ensure(there >= due, f"{due - there} remarks up to command {last_seq} are gone")
        return there

    def check_snapshot(self, disk: SimDisk, last_seq: int, *, damaged: bool) -> None:
        """The latest snapshot is one that was saved, and with the tail it leads to the model's state."""
        found = snapshots.latest_snapshot(FOLDER, disk=disk)
        if found is None:
            self.ensure(damaged or not self.saved, f"the snapshot of {self.saved} is gone")
            machine, seq = self.source.machine(), 0
        else:
            seq = found.seq
            known = self.snapshots.get(seq)
            self.ensure(known is not None, f"there is a snapshot of {seq}, which nobody saved")
            self.ensure(
                (found.data, found.state_hash) == known, f"the snapshot of {seq} holds something else"
            )
            self.ensure(seq <= last_seq, f"there is a snapshot of {seq}, and the journal ends at {last_seq}")
            self.ensure(damaged or seq >= self.saved, f"the latest snapshot is {seq}, not {self.saved}")
            machine = self.source.restored(found.data)
            self.ensure(
                machine.state_hash() == found.state_hash, f"the snapshot of {seq} is of another state"
            )
        self.read_into(machine, disk, seq)
        expected = self.state_at(last_seq).state_hash()
        self.ensure(machine.state_hash() == expected, f"snapshot of {seq} and tail lead to another state")

    def read_into(self, machine: Any, disk: SimDisk, after_seq: int) -> None:
        """Step a machine over what follows."""
        for _, commands in reader.read(FOLDER, after_seq=after_seq, disk=disk):
            machine.step(commands)

    # ------------------------------------------------------------------ a life

    def run(self) -> Counter[str]:
        """Live all lives; raises `BrokenPromiseError` when the journal breaks a promise."""
        with self.small_world():
            return self.lives_and_end()

    @contextmanager
    def small_world(self) -> Iterator[None]:
        """Limits so low that short histories reach them, and no randomness but the seed's."""
        with ExitStack() as stack:
            for module, name, values in (
                (writer, "LARGEST_FRAME", (5, 1 << 18)),
                (growing, "_COPIED_BYTES", (300, 1 << 16)),
                (writer, "_POSITIONS_KEPT", (3, 1 << 16)),
            ):
                stack.enter_context(mock.patch.object(module, name, self.draw.choice(values)))
            stack.enter_context(mock.patch("os.urandom", self.draw.randbytes))
            stack.enter_context(mock.patch("os.getpid", return_value=7))
            yield

    def lives_and_end(self) -> Counter[str]:
        """Every life, the end of each, and the last look."""
        for _ in range(self.lives):
            self.guarded(self.life)
            self.disk.calm()
            power = self.draw.random() < 0.6
            self.counts["power losses" if power else "ends of the process"] += 1
            self.restart(power=power)
            if self.draw.random() < 0.3:
                # Twice in a row, the second time while recovering.
                self.disk.crash_after = self.draw.randint(0, 40)
                self.guarded(self.recover_only)
                self.disk.calm()
                self.restart(power=power or self.draw.random() < 0.5)
            self.guarded(self.after)
        self.guarded(self.last)
        self.counts.update({f"fault: {name}": count for name, count in self.disk.injected.items()})
        self.counts["operations"] += self.disk.operations
        self.counts["acknowledged"] += self.acked
        return self.counts

    def restart(self, *, power: bool) -> None:
        """The process is gone, or the machine."""
        self.disk.restart(power=power)
        if power:
            self.recovered = False

    def guarded(self, part: Callable[[], None]) -> None:
        """Run a part; what it may raise is a refusal that a fault explains, or the end."""
        faults = self.disk.injected.total() - self.disk.injected["short"] - self.disk.injected["writeback"]
        try:
            part()
        except Down:
            self.counts["crashes"] += 1
        except JournalError as error:
            now = self.disk.injected.total() - self.disk.injected["short"] - self.disk.injected["writeback"]
            self.ensure(now > faults, f"refused without a fault: {error}")
            self.counts["refusals after a fault"] += 1
        except BrokenPromiseError:
            raise
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__} at {Path(where.filename).name}:{where.lineno}: {error}"
            raise BrokenPromiseError(f"seed {self.seed}: {text}") from error

    def open_on(self, disk: SimDisk) -> writer.Journal:
        """Open the journal for writing."""
        return writer.Journal.open(FOLDER, segment_bytes=self.segment_bytes, disk=disk)

    def make(self) -> writer.Journal:
        """A new journal."""
        return writer.Journal.create(
            FOLDER, self.source.about, segment_bytes=self.segment_bytes, disk=self.disk
        )

    def opened(self) -> writer.Journal:
        """The journal, opened or made; what it says after that is what it must keep."""
        if not self.created:
            try:
                journal = self.open_on(self.disk)
            except JournalError:
                journal = self.make()
        else:
            journal = self.open_on(self.disk)
            self.counts["reopened"] += 1
        self.created = True
        notes = self.read_notes(self.disk, journal.last_seq, least=self.acked_notes)
        self.accept(journal.last_seq, journal.durable_seq)
        self.counts["remarks recovered in doubt"] += notes - self.acked_notes
        del self.notes[notes:]
        self.acked_notes = self.firm_notes = notes
        self.ensure(journal.about == self.source.about, "about is not what the journal was made with")
        return journal

    def accept(self, last_seq: int, durable_seq: int) -> None:
        """After a recovery the journal says how far it goes; what it no longer has may be appended anew."""
        self.ensure(last_seq >= self.acked, f"recovered up to {last_seq}: acknowledged commands are lost")
        self.ensure(last_seq <= self.written, f"recovered up to {last_seq}: more than was written")
        self.ensure(durable_seq <= last_seq, f"durable up to {durable_seq} of {last_seq}")
        self.counts["recovered in doubt"] += last_seq > self.acked
        self.retry = self.lost_batches(last_seq)
        del self.log[last_seq * SIZE :]
        self.in_doubt.clear()
        self.snapshots = {seq: what for seq, what in self.snapshots.items() if seq <= last_seq}
        self.acked = self.firm = max(self.acked, durable_seq)
        self.recovered = True

    def lost_batches(self, last_seq: int) -> list[Records]:
        """The batches in doubt that did not survive; their clients send them again, or not."""
        if self.draw.random() < 0.4:
            return []
        lost, seq = [], self.written
        for batch in reversed(self.in_doubt):
            seq -= len(batch)
            if seq >= last_seq:
                lost.append(batch)
        return lost[::-1]

    def draw_faults(self) -> None:
        """What may go wrong in this life."""
        self.batches_in_flight = self.draw.choice((0.0, 0.6, 0.9))
        mood = self.draw.choice(("calm", "crash", "crash", "crash", "short", "full", "sync", "all"))
        rates: dict[str, float] = {"writeback": self.draw.choice((0.0, 0.02, 0.2))}
        if mood in ("short", "all"):
            rates["short"] = self.draw.choice((0.05, 0.5))
        if mood in ("full", "all"):
            rates |= {"full": 0.02, "no room": 0.1}
        if mood in ("sync", "all"):
            rates |= {"sync": 0.03, "gone after a failed sync": self.draw.choice((0.0, 0.8))}
        self.disk.rates = rates
        if mood in ("crash", "all"):
            self.disk.crash_after = self.draw.randint(0, self.draw.choice((30, 100, 300)))

    def life(self) -> None:
        """Open, work, and maybe close."""
        self.draw_faults()
        journal = self.opened()
        try:
            for _ in range(self.draw.randint(1, self.draw.choice((5, 20, 60)))):
                self.act(journal)
            if self.draw.random() < 0.4:
                journal.close()
                self.acked = self.firm = self.written
                self.acked_notes = self.firm_notes = len(self.notes)
                self.counts["closed"] += 1
        except JournalError as error:
            # A journal that failed stays so.
            if journal.failure or self.doing in ("append", "sync"):
                self.refuses(lambda: journal.append(self.source.commands(1)), f"append after {error}")
                self.refuses(journal.sync, f"sync after {error}")
            raise

    def refuses(self, call: Callable[[], Any], what: str) -> str:
        """The sentence of a call that must be refused."""
        try:
            call()
        except JournalError as error:
            return str(error)
        raise BrokenPromiseError(f"seed {self.seed}: not refused: {what}")

    def act(self, journal: writer.Journal) -> None:
        """One thing that happens."""
        what = self.draw.random()
        self.doing = ""
        if self.draw.random() < self.remarks_alone:
            self.remark_alone(journal)
        elif what < 0.8:
            self.append(journal)
            if self.draw.random() >= self.batches_in_flight:
                self.sync(journal)
        elif what < 0.85:
            self.sync(journal)
        elif what < 0.91:
            self.save_snapshot(journal)
        elif what < 0.95:
            self.look(journal)
            if self.draw.random() < 0.3:
                self.look_slowly(journal)
        elif what < 0.965:
            self.refuses(lambda: self.open_on(self.disk), "a second writer")
            self.counts["second writers refused"] += 1
        elif what < 0.975:
            self.refuses(
                lambda: writer.Journal.create(FOLDER, self.source.about, disk=self.disk, segment_bytes=4096),
                "a second journal",
            )
        elif what < 0.98:
            self.refuses(
                lambda: journal.save_snapshot(b"", self.written + 1, ""), "a snapshot of what is to come"
            )
        elif what < 0.99:
            self.other_course(journal)
        elif what < 0.995:
            self.append(journal, np.zeros(0, dtype=COMMAND))
        else:
            self.take_over(journal)

    def remark(self) -> bytes:
        """Some bytes, now and then more than are copied or than a segment takes."""
        return self.draw.randbytes(self.draw.choice((1, 8, 16, 40, 400, 3000)))

    def remark_alone(self, journal: writer.Journal) -> None:
        """Some remarks in a row without commands, and now and then the end."""
        each = self.draw.choice((0.3, 1.0))
        for _ in range(self.draw.choice((1, 1, 2, 4))):
            self.append(journal, np.zeros(0, dtype=COMMAND), self.remark())
            if self.draw.random() < each:
                self.sync(journal)
        if self.draw.random() < 0.2:
            self.save_snapshot(journal)
        if self.draw.random() < 0.2:
            raise Down

    def append(
        self, journal: writer.Journal, commands: Records | None = None, remark: bytes | None = None
    ) -> None:
        """Append a batch; from the first byte on it may be there or not."""
        if remark is None:
            remark = self.remark() if self.draw.random() < self.remarks else b""
        if commands is None:
            commands = (
                self.retry.pop(0) if self.retry else self.source.commands(self.draw.randint(1, self.largest))
            )
        if remark:
            self.notes.append(Note(self.written + 1, remark, len(commands) > 0))
            self.counts["remarks"] += 1
        self.log += commands.tobytes()
        self.in_doubt.append(commands)
        self.doing = "append"
        before = journal._end
        last_seq = journal.append(commands, remark)
        self.doing = ""
        self.ensure(last_seq == self.written, f"append returned {last_seq}")
        self.ensure(
            journal.last_seq == last_seq, f"append returned {last_seq}, last_seq is {journal.last_seq}"
        )
        if len(commands):
            self.ensure(journal.durable_seq < last_seq, f"durable_seq is {journal.durable_seq} before a sync")
        end = journal._end
        if remark:
            self.notes[-1] = self.notes[-1]._replace(end=end[1:3])
        places = self.frames.setdefault(FOLDER / f"{end.segment:020d}.wbj", [])
        if remark and len(commands):
            start = before.offset if before.segment == end.segment else frames.HEADER_BYTES
            places.append(start + frames.FRAME_BYTES + len(remark))
        places.append(end.offset)
        self.counts["batches"] += 1

    def sync(self, journal: writer.Journal) -> None:
        """Everything appended so far is acknowledged."""
        self.doing = "sync"
        durable_seq = journal.sync()
        self.doing = ""
        self.ensure(durable_seq == self.written, f"sync returned {durable_seq}")
        self.ensure(journal.durable_seq == durable_seq, f"after sync durable_seq is {journal.durable_seq}")
        if durable_seq > self.acked or len(self.notes) > self.acked_notes:
            # A frame says what was durable before it; of the last one only the cursor knows, which need not
            # be on the disk itself when nothing else was in flight.
            self.firm, self.firm_notes = self.acked, self.acked_notes
        self.acked, self.acked_notes = durable_seq, len(self.notes)
        self.in_doubt.clear()
        self.counts["syncs"] += 1

    def save_snapshot(self, journal: writer.Journal) -> None:
        """Keep the state of some durable command."""
        if not self.acked:
            return
        seq = self.acked if self.draw.random() < 0.7 else self.draw.randint(1, self.acked)
        machine = self.state_at(seq)
        self.snapshots[seq] = (machine.snapshot(), machine.state_hash())
        try:
            journal.save_snapshot(machine.snapshot(), seq, machine.state_hash())
        except JournalError as error:
            # Commands are durable without snapshots, so the journal may go on.
            if journal.failure or not self.disk.injected.total():
                raise
            self.counts["snapshots not taken"] += bool(error)
            return
        self.saved = max(self.saved, seq)
        self.counts["snapshots"] += 1

    def look(self, journal: writer.Journal) -> None:
        """A reader without the lock, while the journal is being written."""
        after_seq = self.draw.randint(0, self.acked)
        upto_seq = self.draw.choice((None, self.draw.randint(after_seq, self.written)))
        batch = self.draw.choice((1, 7, 1 << 18))
        last = self.read(self.disk, after_seq, upto_seq=upto_seq, batch=batch)
        least = self.acked if upto_seq is None else min(self.acked, upto_seq)
        self.ensure(last >= least, f"a reader came to {last} alone")
        self.ensure(
            upto_seq is None or last <= max(after_seq, upto_seq), f"a reader came to {last} of {upto_seq}"
        )
        self.ensure(
            last <= max(after_seq, journal.durable_seq), f"a reader came to {last} before it was durable"
        )
        self.ensure(journal.last_seq == self.written, f"last_seq is {journal.last_seq}")
        notes = self.read_notes(self.disk, journal.durable_seq, after_seq)
        self.ensure(notes >= self.acked_notes, f"a reader finds {notes} remarks of {self.acked_notes} alone")
        # Of a large batch the first frame, which has the remark, may be durable before the last.
        durable = sum(
            note.seq <= journal.durable_seq if note.bound else note.end <= journal._durable[1:3]
            for note in self.notes
        )
        self.ensure(notes <= durable, "a reader finds a remark before it was durable")
        self.counts["reads beside the writer"] += 1

    def look_slowly(self, journal: writer.Journal) -> None:
        """A reader that is in the middle while the writer goes on."""
        least, last = self.acked, 0
        reading = reader.read(FOLDER, batch=self.draw.choice((1, 5, 40)), disk=self.disk)
        with closing(reading):
            for number, (first_seq, commands) in enumerate(reading):
                self.ensure(first_seq == last + 1, f"a slow reader gets command {first_seq} after {last}")
                upto = last + len(commands)
                same = commands.tobytes() == self.log[last * SIZE : upto * SIZE]
                self.ensure(same, f"a slow reader gets wrong bytes in {first_seq} to {upto}")
                last = upto
                if number % 3 == 0 and self.draw.random() < 0.5:
                    self.append(journal)
                    self.sync(journal)
        self.ensure(least <= last <= journal.durable_seq, f"a slow reader came to {last} of {least}")
        self.counts["reads across writes"] += 1

    def take_over(self, journal: writer.Journal) -> None:
        """The locks are lost without the writer knowing, and another one opens the journal."""
        for path in (FOLDER, FOLDER / "lock"):
            self.disk.break_lock(path)
        try:
            other = self.opened()
        except JournalError as error:
            if not self.disk.injected.total():
                raise
            raise Down from error
        self.append(other)
        draw = self.draw.random()
        if draw < 0.5:
            self.sync(other)
        self.refuses(lambda: journal.append(self.source.commands(1)), "append of a writer that was replaced")
        self.refuses(journal.sync, "sync of a writer that was replaced")
        self.sync(other)
        journal.close()
        self.append(other)
        self.sync(other)
        self.counts["writers replaced"] += 1
        raise Down

    def other_course(self, journal: writer.Journal) -> None:
        """Write the same frames with other commands on a copy of the disk: bytes that could get misplaced."""
        size = len(self.remark()) if self.draw.random() < self.remarks else 0
        # A remark alone is one of the frames that may get misplaced.
        count = self.draw.randint(0 if size else 1, self.largest if self.draw.random() < 0.5 else 1)
        other, disk = copy.deepcopy((journal, self.disk))
        disk.calm()
        before = journal._end
        self.sync(journal)
        other.append(self.source.commands(count), self.draw.randbytes(size))
        other.sync()
        self.append(journal, self.source.commands(count), self.draw.randbytes(size))
        self.sync(journal)
        after = journal._end
        path = FOLDER / f"{after.segment:020d}.wbj"
        if before.segment == after.segment and other._end[:3] == after[:3]:
            self.elsewhere.append((path, before.offset, after.offset, disk.data(path)))
        if self.draw.random() < 0.3:
            # Nothing follows that would tell.
            raise Down

    # ------------------------------------------------------------------ after the end

    def recover_only(self) -> None:
        """Open and be gone."""
        self.disk.rates = {"writeback": 0.05}
        self.opened()

    def after(self) -> None:
        """The journal as the next process finds it, and as it would be with one thing damaged."""
        if not self.created:
            return
        last_seq = self.read(self.disk)
        # After a power loss the cursor may be behind, and readers with it, until the journal is opened again.
        least = self.acked if self.recovered else 0
        self.ensure(last_seq >= least, f"a reader finds commands up to {last_seq} alone")
        if self.recovered:
            self.read_notes(self.disk, last_seq, least=self.acked_notes)
        verdict = verify.verify(FOLDER, disk=self.disk)
        self.ensure(verdict.ok, f"verify finds {verdict.problems} where nothing is damaged")
        self.ensure(verdict.last_seq >= self.acked, f"verify counts {verdict.last_seq}")
        remarks = sum(report.remarks for report in verdict.segments)
        self.ensure(remarks >= self.acked_notes, f"verify counts {remarks} of {self.acked_notes} remarks")
        self.counts["torn tails"] += bool(verdict.torn_tail)
        if self.draw.random() < 0.5:
            self.damage()

    def last(self) -> None:
        """Recover for good and look at everything."""
        journal = self.opened()
        # What the journal called durable on opening must live through the worst.
        if self.draw.random() < 0.7:
            self.restart(power=True)
            journal = self.opened()
        last_seq = self.read(self.disk)
        self.ensure(last_seq == self.written, f"a reader comes to {last_seq}")
        self.check_snapshot(self.disk, last_seq, damaged=False)
        self.append(journal)
        self.sync(journal)
        journal.close()
        self.ensure(reader.about(FOLDER, disk=self.disk) == self.source.about, "about changed")
        self.ensure(self.read(self.disk) == self.written, "a closed journal is not whole")
        self.read_notes(self.disk, self.written, least=len(self.notes))
        verdict = verify.verify(FOLDER, disk=self.disk)
        self.ensure(verdict.ok and not verdict.torn_tail, f"verify finds {verdict.problems} after close")
        for _ in range(4):
            self.damage()
        self.other_schema()

    def other_schema(self) -> None:
        """A journal whose records are laid out in another way is refused, never misread."""
        folder = FOLDER.with_name("other")
        with mock.patch.object(writer, "SCHEMA", "0123456789abcdef"):
            journal = writer.Journal.create(folder, self.source.about, disk=self.disk, segment_bytes=4096)
            journal.append(self.source.commands(3))
            journal.sync()
            journal.close()
        said = self.refuses(lambda: list(reader.read(folder, disk=self.disk)), "reading another layout")
        self.ensure("0123456789abcdef" in said, f"the refusal of another layout says: {said}")
        self.refuses(lambda: writer.Journal.open(folder, disk=self.disk), "opening another layout")

    # ------------------------------------------------------------------ damage

    def damage(self) -> None:
        """Damage one file of a copy of the disk: the answer is right, or a refusal that says where."""
        disk = self.disk.fork()
        what, path = self.hurt(disk)
        if what == "":
            return
        self.counts[f"damage: {what}"] += 1
        label = f"after {what} of {path.name}"
        # What the cursor on the disk itself did not know when the power failed, its own frame alone knows.
        firm = self.acked if self.recovered else self.firm if what == "flip" else self.marked()
        known = sum(note.seq <= firm for note in self.notes)
        notes = self.acked_notes if self.recovered else self.firm_notes if what == "flip" else known
        # In small batches what comes before damage is given; a misplaced frame shows by the one behind it.
        batch = 1 << 18 if what == "misplaced frame" else 3
        checks: list[tuple[str, int, Callable[[], int]]] = [
            ("about", 0, lambda: self.told(disk)),
            ("read", self.acked if self.recovered else 0, lambda: self.read(disk, batch=batch)),
            ("remarks", 0, lambda: self.noted(disk)),
            ("verify", firm, lambda: self.verified(disk, notes)),
            ("open", firm, lambda: self.reopened(disk, notes)),
        ]
        for name, least, check in checks:
            try:
                last_seq = check()
            except JournalError as error:
                self.counts[f"{name} refused damage"] += 1
                told = any(file in str(error) for file in (path.name, str(FOLDER)))
                self.ensure(told, f"{label} {name} names no file: {error}")
                # Whether a misplaced frame is wrong or the one behind it, nobody can tell.
                if name == "open" and what != "misplaced frame":
                    self.repaired(disk, label)
            except BrokenPromiseError as error:
                raise BrokenPromiseError(f"{label} {name}: {error}") from error
            else:
                self.ensure(last_seq >= least, f"{label} {name} silently ends at {last_seq}")
                self.counts[f"{name} lived with damage"] += 1

    def marked(self) -> int:
        """What the cursor on the disk itself knows."""
        mark = cursor.read_cursor(self.disk, FOLDER)
        return mark.position.seq if mark else 0

    def told(self, disk: SimDisk) -> int:
        """What the journal says of itself."""
        self.ensure(reader.about(FOLDER, disk=disk) == self.source.about, "about is another")
        return 0

    def noted(self, disk: SimDisk) -> int:
        """All remarks; what a reader leaves out without a word may not be acknowledged."""
        self.read_notes(disk, None, least=self.acked_notes if self.recovered else 0)
        return 0

    def verified(self, disk: SimDisk, notes: int) -> int:
        """What verify counts; damage that it tells is as good as a refusal."""
        verdict = verify.verify(FOLDER, disk=disk)
        if not verdict.ok:
            self.ensure(len(verdict.problems) > 0, "verify is not content and does not say why")
            raise JournalError(" ".join(map(str, verdict.problems)))
        remarks = sum(report.remarks for report in verdict.segments)
        self.ensure(remarks >= notes, f"verify counts {remarks} of {notes} remarks and is content")
        return int(verdict.last_seq)

    def reopened(self, disk: SimDisk, notes: int) -> int:
        """Open for writing and read all of it."""
        journal = self.open_on(disk)
        last_seq = journal.last_seq
        self.ensure(last_seq <= self.written, f"opened with {last_seq}")
        self.ensure(journal.about == self.source.about, "about is another")
        self.ensure(self.read(disk) == last_seq, "open and read differ")
        self.read_notes(disk, last_seq, least=notes)
        self.check_snapshot(disk, last_seq, damaged=True)
        return last_seq

    def repaired(self, disk: SimDisk, label: str) -> None:
        """What can be kept of a damaged journal is a right beginning of it, and the originals stay."""
        before = {path: disk.data(path) for path in disk.files()}
        out = FOLDER.with_name("repaired")
        try:
            done = repair.repair(FOLDER, out=out, yes=True, disk=disk)
        except JournalError:
            self.counts["repair refused"] += 1
            return
        for path, data in before.items():
            same = path in disk.names and (disk.data(path) == data or path.name == "lock")
            self.ensure(same, f"{label} repair changed {path.name}")
        last_seq = self.read(disk, folder=out)
        self.ensure(last_seq == done.kept_seq, f"{label} repair kept {last_seq}, not {done.kept_seq}")
        journal = writer.Journal.open(out, segment_bytes=self.segment_bytes, disk=disk)
        self.ensure(journal.last_seq == last_seq, f"{label} what was repaired opens with {journal.last_seq}")
        self.counts["repaired"] += 1

    def more(self, disk: SimDisk, path: Path, offset: int) -> bool:
        """Whether frames follow, or nothing at all; a closing frame alone tells readers too late."""
        data = disk.data(path)
        return max(self.frames.get(path, [0])) > offset or not any(data[offset : offset + 4])

    def hurt(self, disk: SimDisk) -> tuple[str, Path]:
        """Damage one file that holds anything; returns what was done and to which."""
        draw = self.draw
        # The last frame's place is known by the cursor alone, of which a power loss may leave an older state.
        there = [other for other in self.elsewhere if other[0] in disk.names and self.recovered]
        there = [
            (path, start, stop, data) for path, start, stop, data in there if self.more(disk, path, stop)
        ]
        if there and draw.random() < 0.5:
            path, start, stop, other = draw.choice((there[-1], draw.choice(there)))
            data = bytearray(disk.data(path))
            data[start:stop] = other[start:stop]
            disk.replace(path, bytes(data))
            return "misplaced frame", path
        alone = [note for note in self.notes[: self.firm_notes] if not note.bound][-3:]
        if alone and draw.random() < 0.15:
            # A remark alone, of which no sequence tells that it was acknowledged.
            note = draw.choice(alone)
            path, stop = FOLDER / f"{note.end[0]:020d}.wbj", note.end[1]
            if path in disk.names and stop <= len(disk.data(path)):
                disk.flip(path, draw.randrange((stop - frames.FRAME_BYTES - len(note.data)) * 8, stop * 8))
                return "flip", path
        path = draw.choice([path for path in disk.files() if disk.data(path)])
        ends = sorted(set(self.frames.get(max(self.frames, default=path), [])))
        if draw.random() < 0.2 and len(ends) > 3 and max(self.frames) in disk.names:
            # One of the last frames, which fewer others know of.
            path = max(self.frames)
            start, stop = ends[-4], ends[-1]
            if draw.random() < 0.5:
                # In the head of a frame, which is small beside its commands.
                start = draw.choice(ends[:-1])
                stop = start + frames.FRAME_BYTES
            bit = draw.randrange(start * 8, stop * 8)
            if bit < len(disk.data(path)) * 8:
                disk.flip(path, bit)
                return "flip", path
        data = disk.data(path)
        used = len(data.rstrip(b"\0")) or 1
        what = draw.choice(DAMAGES)
        if what == "flip":
            disk.flip(path, draw.randrange(used * 8))
        elif what == "whole flip":
            disk.flip(path, draw.randrange(len(data) * 8))
        elif what == "cut":
            disk.cut(path, draw.randrange(used))
        elif what == "cut between frames":
            disk.cut(path, draw.choice([0, *self.frames.get(path, [])]))
        elif what == "wipe":
            start = draw.randrange(used)
            disk.wipe(path, start, start + draw.choice((1, 64, 512, 4096)))
        elif what == "old bytes":
            # The tail never reached the platter although sync said so.
            disk.wipe(path, draw.choice([draw.randrange(used), *self.frames.get(path, [])]), len(data))
        else:
            disk.lose_file(path)
        if path in disk.names and disk.data(path) == data:
            return "", path
        return what.removeprefix("whole "), path
