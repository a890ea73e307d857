"""`workbench journal`: verify, show, repair, migrate and archive journals."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import typer

from workbench.cli.errors import DIFFERENT
from workbench.cli.journal_remarks import remark_lines
from workbench.domain.codes import SessionState
from workbench.errors import JournalError
from workbench.journal.archive import archive
from workbench.journal.migrations import migrate
from workbench.journal.place import JOURNAL, data_root, session_folder
from workbench.journal.reader import about, read_remarks
from workbench.journal.repair import repair
from workbench.journal.verify import SegmentReport, Verdict, verify
from workbench.session.live.opening import KIND, stored_classes
from workbench.session.live.remarks import unpack_remark

_NANOS = 1_000_000_000


def journal_folder(given: str, data: Path | None) -> Path:
    """The folder of a journal: given itself, or that of a session, given as a folder or by its name."""
    folder = Path(given)
    if folder.is_dir():
        return folder / JOURNAL if (folder / JOURNAL).is_dir() else folder
    if "/" in given or folder.exists():
        raise JournalError("there is no such folder", given, "name the folder of a journal, or a session")
    named = session_folder(data_root(data), given)
    if not named.is_dir():
        raise JournalError(
            f"there is no folder and no session {given!r}",
            str(named),
            "`workbench sessions` lists the sessions; --data names another place",
        )
    if not (named / JOURNAL).is_dir():
        raise JournalError("the session has no journal", str(named))
    return named / JOURNAL


def verify_journal(given: str, data: Path | None) -> None:
    """Read every byte and say what is wrong."""
    folder = journal_folder(given, data)
    verdict = verify(folder)
    _say_findings(verdict)
    if not verdict.ok:
        typer.echo(
            f"{folder}: DAMAGED; "
            + (f"commands 1 to {verdict.last_seq} are whole" if verdict.last_seq else "no command is whole")
            + (f" of {verdict.known_seq} acknowledged" if verdict.known_seq > verdict.last_seq else "")
            + "; `workbench journal repair` says what it would keep"
        )
        raise typer.Exit(DIFFERENT)
    typer.echo(
        f"{folder}: whole; {_counted(verdict.last_seq, 'command')} in "
        f"{_counted(sum(report.frames for report in verdict.segments), 'frame')} of "
        f"{_counted(len(verdict.segments), 'segment')}, {_counted(len(verdict.snapshots), 'snapshot')}"
    )


def show_journal(given: str, data: Path | None, *, remarks: bool = False) -> None:
    """Print what is in a journal, with every remark if they are wanted."""
    folder = journal_folder(given, data)
    verdict = verify(folder)
    said = about(folder) if verdict.segments[0].chained else {}
    title = said.get("title")
    typer.echo(f"{folder}" + (f": {title}" if title else ""))
    heads = (
        "segment",
        "first",
        "last",
        "commands",
        "remarks",
        "frames",
        "bytes",
        "epoch",
        "ends",
        "from",
        "to",
    )
    rows = [heads, *(_row(report) for report in verdict.segments)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(heads))]
    for row in rows:
        cells = [
            cell.ljust(w) if i == 0 else cell.rjust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        ]
        typer.echo("  ".join(cells).rstrip())
    for snapshot in verdict.snapshots:
        typer.echo(
            f"snapshot of command {snapshot.seq}: {len(snapshot.data):,} bytes, "
            f"state hash {snapshot.state_hash}"
        )
    if verdict.ok and KIND in said:
        _say_live(folder, said)
    _say_findings(verdict)
    if not verdict.ok:
        raise typer.Exit(DIFFERENT)
    if remarks:
        for line in remark_lines(folder):
            typer.echo(line)


def _say_live(folder: Path, said: dict[str, Any]) -> None:
    """Print what the remarks of a live session come to."""
    seats = news = 0
    state, speed, hidden = SessionState.DRAFT, "", False
    for stored in read_remarks(folder):
        remark = unpack_remark(stored.data, folder)
        seats += len(remark.seats)
        news += len(remark.news)
        state = state if remark.state is None else SessionState(remark.state)
        if remark.speed is not None:
            speed = "max" if remark.speed[0] is None else f"{remark.speed[0]:g}"
        hidden = hidden if remark.board_hidden is None else remark.board_hidden
    board = "hidden" if hidden else "shown"
    typer.echo(
        f"live session in {state.name}: {_counted(seats, 'seat')} taken, {_counted(news, 'announcement')}, "
        + (f"speed set to {speed}, " if speed else "")
        + f"leaderboard {board}"
    )
    classes = stored_classes(said)
    typer.echo(f"for the classes {', '.join(classes)}" if classes else "for everybody on its server")


def _row(report: SegmentReport) -> tuple[str, ...]:
    return (
        report.file.name,
        str(report.first_seq),
        str(report.last_seq),
        f"{report.commands:,}",
        f"{report.remarks:,}",
        f"{report.frames:,}",
        f"{report.bytes:,}",
        str(report.epoch),
        report.ended or "-",
        _time(report.first_time_ns),
        _time(report.last_time_ns),
    )


def _time(time_ns: int | None) -> str:
    if time_ns is None:
        return "-"
    try:
        seconds, nanos = divmod(time_ns, _NANOS)
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{nanos:09}Z"
    except (OverflowError, ValueError, OSError):
        return f"{time_ns} ns"


def _say_findings(verdict: Verdict) -> None:
    if verdict.torn_tail:
        typer.echo(f"{verdict.torn_tail}; opening the journal cuts it off")
    for warning in verdict.warnings:
        typer.echo(f"note: {warning}")
    for problem in verdict.problems:
        typer.echo(f"damaged: {problem}")


def repair_journal(given: str, out: Path | None, data: Path | None, *, yes: bool) -> None:
    """Say what a repair would keep, or do it."""
    done = repair(journal_folder(given, data), out=out, yes=yes)
    for problem in done.problems:
        typer.echo(f"damaged: {problem}")
    typer.echo(str(done))
    if not yes:
        typer.echo("nothing was changed; give --yes to do it")


def migrate_journal(given: str, out: Path, data: Path | None) -> None:
    """Rewrite a journal of an earlier layout beside the old one."""
    done = migrate(journal_folder(given, data), out)
    steps = ", ".join(done.names)
    typer.echo(
        f"{done.out}: {_counted(done.last_seq, 'command')}, rewritten by {steps}; the old one is as it was"
    )


def archive_journal(given: str, data: Path | None) -> None:
    """Compress the closed segments."""
    folder = journal_folder(given, data)
    archived = archive(folder)
    for each in archived:
        typer.echo(f"{each.file}: {each.bytes:,} bytes of {each.plain_bytes:,}, sha256 {each.sha256}")
    if not archived:
        typer.echo(f"{folder}: no closed segment that is not archived")


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
