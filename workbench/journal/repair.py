"""Keeping what is whole of a damaged journal. The originals stay, and nothing is done unasked."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from workbench.errors import JournalError
from workbench.journal.archive import write_sums
from workbench.journal.cursor import Cursor
from workbench.journal.disk import REAL, Disk, read_file, write_file
from workbench.journal.fence import Fence
from workbench.journal.growing import Growing
from workbench.journal.place import JOURNAL
from workbench.journal.refusals import disk_errors
from workbench.journal.segments import CLOSED, Position, Segment, Walk, opened, read_header
from workbench.journal.verify import SegmentReport, Verdict, verify

_WORK: Final = "repairing"
_ASIDE: Final = "damaged-"


def is_kept_aside(name: str) -> bool:
    """Whether a folder of this name is what a repair of a session's journal has kept.

    >>> is_kept_aside("journal.damaged-2"), is_kept_aside("journal.old")
    (True, False)
    """
    return name.startswith(f"{JOURNAL}.{_ASIDE}")


@dataclass(slots=True)
class Repair:
    """What a repair keeps and drops.

    Parameters
    ----------
    folder
        The journal.
    out
        Where the repaired one is, or would be.
    aside
        Where the originals are, or would be; the same as `folder` when the repaired one goes elsewhere.
    kept_seq
        Last command that is kept.
    known_seq
        Last command that the cursor or a snapshot knows as acknowledged; what is missing of it is lost.
    dropped
        What is not kept: sentences with file and offset.
    problems
        Why: what `verify` found.
    done
        Whether it has been done; if not, this is only what would be done.
    """

    folder: Path
    out: Path
    aside: Path
    kept_seq: int
    known_seq: int = 0
    dropped: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    done: bool = False

    def __str__(self) -> str:
        did = "kept" if self.done else "would keep"
        lines = [f"{self.folder}: {did} commands 1 to {self.kept_seq}" if self.kept_seq else ""]
        if not self.kept_seq:
            lines = [f"{self.folder}: {did} what the journal is about, and no commands"]
        if self.known_seq > self.kept_seq:
            lines.append(
                f"lost: commands {self.kept_seq + 1} to {self.known_seq}, which had been acknowledged"
            )
        lines += [f"not kept: {sentence}" for sentence in self.dropped]
        if self.aside != self.folder:
            lines.append(f"the originals {'are' if self.done else 'would go'} in {self.aside}")
        lines.append(f"the repaired journal {'is' if self.done else 'would be'} in {self.out}")
        return "\n".join(lines)


def repair(
    folder: Path | str, *, out: Path | str | None = None, yes: bool = False, disk: Disk = REAL
) -> Repair:
    """Keep the valid beginning of a journal.

    Without `out` the repaired journal takes the folder's place, and the folder with all that was in it is
    renamed to `<name>.damaged-<n>`. Nothing is changed without `yes`.

    Parameters
    ----------
    folder
        The journal.
    out
        A folder for the repaired one, which must not be there; the originals then stay where they are.
    yes
        Do it, instead of saying what would be done.
    disk
        Where.

    Raises
    ------
    JournalError
        When nothing is damaged, nothing can be kept, or somebody is writing.
    """
    folder = Path(folder)
    verdict = verify(folder, disk=disk)
    if verdict.ok:
        raise JournalError(
            "nothing is damaged" + (" but the tail, which opening cuts off" if verdict.torn_tail else ""),
            str(folder),
            "open it as it is",
        )
    kept = [report for report in verdict.segments if report.chained]
    end = verdict.end
    if not kept or end is None or end.seq < 0:
        raise JournalError(
            f"nothing can be kept, for its beginning is damaged ({verdict.problems[0]})",
            str(folder),
            "bring the file back from a copy",
        )
    plan = _plan(disk, folder, out, verdict, end)
    if not yes:
        return plan
    fence = Fence(disk, folder)
    try:
        with disk_errors(folder, "the repair cannot be written"):
            _carry_out(disk, plan, verdict, kept, end)
    finally:
        fence.release()
    plan.done = True
    return plan


def _plan(disk: Disk, folder: Path, out: Path | str | None, verdict: Verdict, end: Position) -> Repair:
    if out is None:
        number = 1
        while disk.exists(folder.with_name(f"{folder.name}.{_ASIDE}{number}")):
            number += 1
        target, aside = folder, folder.with_name(f"{folder.name}.{_ASIDE}{number}")
    else:
        target, aside = Path(out), folder
        if disk.exists(target):
            raise JournalError("is there already", str(target), "name a folder that is not")
    plan = Repair(folder, target, aside, max(end.seq, 0), verdict.known_seq, [], list(verdict.problems))
    for report in verdict.segments:
        if not report.chained:
            plan.dropped.append(_said(report, "nothing leads to it any more"))
        elif report.strays:
            plan.dropped.append(_said(report, "behind the damage"))
    plan.dropped += [
        f"{snapshot.path}: a snapshot of command {snapshot.seq}, which is not kept"
        for snapshot in verdict.snapshots
        if snapshot.seq > end.seq
    ]
    return plan


def _said(report: SegmentReport, why: str) -> str:
    frames = report.strays if report.chained else report.frames + report.strays
    return f"{report.file}, offset {report.bytes if report.chained else 0}: {frames} undamaged frames, {why}"


def _carry_out(disk: Disk, plan: Repair, verdict: Verdict, kept: list[SegmentReport], end: Position) -> None:
    """Write the repaired journal beside, then give it its name; the originals are only read and renamed."""
    work = plan.out.with_name(f"{plan.out.name}.{_WORK}")
    if disk.exists(work):
        for name in disk.list(work):
            disk.remove(work / name)
    disk.make_folder(work)
    for report in kept:
        write_file(disk, work / report.file.name, read_file(disk, report.file))
    last = kept[-1]
    if last.ended == CLOSED:
        position = end
    else:
        position = _close(disk, Segment(work / last.file.name, read_header(disk, last.file)), end)
    write_sums(disk, work)
    for snapshot in verdict.snapshots:
        if snapshot.seq <= end.seq:
            write_file(disk, work / snapshot.path.name, read_file(disk, snapshot.path))
    header = read_header(disk, kept[0].file)
    epoch = max(report.epoch for report in verdict.segments)
    cursor = Cursor(disk, work, header.journal, epoch, 0)
    for _ in range(2):
        cursor.write(position)
    cursor.sync()
    cursor.close()
    disk.sync_folder(work)
    if plan.aside != plan.folder:
        disk.rename(plan.folder, plan.aside)
    disk.rename(work, plan.out)
    disk.sync_folder(plan.out.parent)


def _close(disk: Disk, segment: Segment, end: Position) -> Position:
    """Cut a copy of the damaged segment behind its last good frame and close it there."""
    commands = end.seq - max(segment.header.first_seq, 1) + 1
    growing = Growing(disk, segment.path, segment.header, end, commands)
    try:
        growing.leave()
        if growing.names_nothing:
            # It holds remarks alone, so the next writer goes on with it.
            return end
        growing.finish(epoch=segment.header.epoch, durable=end)
    finally:
        growing.close()
    with opened(disk, segment.path) as source:
        walk = Walk(source, segment)
        for _ in walk:
            pass
    assert walk.ended == CLOSED
    return walk.at
