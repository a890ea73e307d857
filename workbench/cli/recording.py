"""Recorded sessions at the command line: free names, and `workbench recover`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from workbench.errors import ConfigError
from workbench.journal.place import check_name, data_root, session_folder
from workbench.session.rebuild import rebuild
from workbench.session.recovery import recover


def recorded_name(given: str | None) -> str:
    """The name that --session gave; "" when it was not given. An empty one is refused."""
    return "" if given is None else check_name(given)


def check_session(name: str, data: Path | None) -> None:
    """Refuse a name that is taken: before the work, so that nobody waits for nothing."""
    if not name:
        return
    folder = session_folder(data_root(data), name)
    if folder.exists():
        raise ConfigError(f"there is a session {name!r} already", str(folder), "choose another name")


@contextmanager
def recording(name: str, data: Path | None) -> Iterator[None]:
    """Say what to do with a session whose recording does not come to its end."""
    try:
        yield
    except BaseException:
        if name and session_folder(data_root(data), name).is_dir():
            typer.echo(
                f"workbench: session {name!r} is as far as it came; `workbench recover {name}` completes it",
                err=True,
            )
        raise


def recover_session(name: str, data: Path | None) -> None:
    """Seal a session that a crash left open, and say what was found."""
    found = recover(name, data=data)
    if found.sealed_before:
        typer.echo(f"{name} is sealed already: {found.commands:,} commands, {found.events:,} events")
        return
    begin = (
        f"the snapshot after command {found.from_command:,}" if found.from_command else "the first command"
    )
    typer.echo(f"recovered  {name}: {found.commands:,} commands, {found.events:,} events, from {begin}")
    if found.torn_tail:
        typer.echo(f"cut off    {found.torn_tail}")
    added = found.events - found.published_before
    typer.echo(f"tables     {found.published_before:,} events were in them, {added:,} were added")
    typer.echo(f"state      {found.state_hash}")
    typer.echo(f"sealed     {found.folder}")


def rebuild_session(name: str, data: Path | None) -> None:
    """Make a session's tables anew from its journal, and say what was found and where the old ones are."""
    made = rebuild(name, data=data)
    typer.echo(f"rebuilt    {name}: {made.commands:,} commands, {made.events:,} events")
    if made.torn_tail:
        typer.echo(f"cut off    {made.torn_tail}")
    if made.lost:
        typer.echo(
            f"lost       {made.lost:,} commands that the old tables knew of are not in the journal any more"
        )
    compared = "the one of the old manifest too" if made.compared else "compared with nothing"
    typer.echo(f"state      {made.state_hash}, {compared}")
    if made.unreadable:
        typer.echo(f"manifest   could not be read: {made.unreadable}")
    if made.aside is not None:
        typer.echo(f"kept       {made.aside}: the old manifest and tables")
    typer.echo(f"sealed     {made.folder}")
