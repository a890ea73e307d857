"""`workbench data`: verify, compact and retain stored sessions."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import typer

from workbench.cli.errors import DIFFERENT, WRONG
from workbench.errors import ConfigError, StoreError
from workbench.journal.audit import audit, leftovers
from workbench.journal.place import data_root, session_folder, session_names, strays
from workbench.journal.retention import Rules, finish_removals, plan, remove
from workbench.journal.seal import SessionStore, is_being_written

_SIZES = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}


def verify_sessions(names: list[str], data: Path | None) -> None:
    """Check sessions, one line each and one for each thing that is wrong."""
    root = _root(data)
    wrong = 0
    for name in _chosen(root, names):
        problems = audit(root, name)
        typer.echo(f"{name}: " + (f"{len(problems)} wrong" if problems else "as its manifest says"))
        for problem in problems:
            typer.echo(f"  {problem}")
        wrong += len(problems)
    if not names:
        for problem in leftovers(root):
            typer.echo(problem)
            wrong += 1
    if wrong:
        raise typer.Exit(DIFFERENT)


def compact_sessions(names: list[str], data: Path | None) -> None:
    """Compact sessions; those that run are left to their writers unless they are named."""
    root = _root(data)
    failed: list[StoreError] = []
    for name in _chosen(root, names):
        if not names and is_being_written(session_folder(root, name)):
            typer.echo(f"{name}: is being written, left alone")
            continue
        try:
            with SessionStore.open(root, name) as store:
                before = len(store.manifest.parts), store.manifest.bytes
                store.compact()
                after = len(store.manifest.parts), store.manifest.bytes
        except StoreError as error:
            failed.append(error)
            continue
        typer.echo(
            f"{name}: {before[0]:,} files of {_size(before[1])}, now {after[0]:,} of {_size(after[1])}"
        )
    for stray in [] if names else strays(root):
        typer.echo(f"left alone: {stray}")
    _fail(failed)


def retain_sessions(
    newest: int | None, days: float | None, most: str, data: Path | None, *, yes: bool
) -> None:
    """Say which sessions go, and remove them if told to."""
    root = _root(data)
    rules = Rules(newest, days, _bytes(most) if most else None)
    if yes:
        for name in finish_removals(root):
            typer.echo(f"{name}: what was left of it is removed")
    found = plan(root, rules, time.time_ns())
    for doubt in found.kept_in_doubt:
        typer.echo(f"kept in doubt: {doubt}")
    failed: list[StoreError] = []
    for removal in found.removals:
        try:
            if yes:
                remove(root, removal.session)
        except StoreError as error:
            failed.append(error)
            continue
        says = "removed" if yes else "would be removed"
        typer.echo(f"{removal.session}: {says}, {removal.reason} ({_size(removal.bytes)})")
    if not found.removals:
        typer.echo("every session is kept")
    elif not yes:
        typer.echo("nothing was removed; give --yes to remove them", err=True)
    _fail(failed)


def _fail(failed: list[StoreError]) -> None:
    """Say what went wrong with some sessions, once all the others are done."""
    for error in failed:
        typer.echo(f"workbench: {error}", err=True)
    if failed:
        raise typer.Exit(WRONG)


def _root(data: Path | None) -> Path:
    root = data_root(data)
    if not root.is_dir():
        raise StoreError("is no folder", str(root), "name the data root with --data or $WORKBENCH_DATA")
    return root


def _chosen(root: Path, names: list[str]) -> Iterator[str]:
    known = session_names(root)
    for name in names:
        if name not in known:
            listed = ", ".join(known) or "none"
            raise StoreError(f"there is no session {name!r}", str(root), f"known are {listed}")
    yield from names or known


def _bytes(size: str) -> int:
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([KMGT]?B|)", size.strip(), re.IGNORECASE)
    if found is None:
        raise ConfigError(f"{size!r} is no size", "--max-bytes", "give a number with B, KB, MB, GB or TB")
    return int(float(found[1]) * _SIZES[found[2].upper()])


def _size(count: int) -> str:
    size = float(count)
    for unit in ("bytes", "KB", "MB", "GB"):
        if size < 1000 or unit == "GB":  # noqa: PLR2004 - each unit is a thousand of the one before
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    raise AssertionError("the last unit takes any size")
