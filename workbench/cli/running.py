"""`workbench run`."""

from __future__ import annotations

from pathlib import Path

import typer

from workbench.cli.output import check_output, whole_directory, write_replay
from workbench.cli.recording import check_session, recording
from workbench.cli.replaying import progress_bar
from workbench.cli.tables import console, summary_table
from workbench.engine.moments import local_time
from workbench.journal.place import data_root, session_folder
from workbench.session.run import run
from workbench.session.scenario import read_scenario


def run_scenario(file: Path, out: Path | None, session: str, data: Path | None, *, force: bool) -> None:
    """Run a scenario file, write what came of it, and print its summary."""
    check_session(session, data)
    if out is not None:
        check_output(out, force=force)
    scenario = read_scenario(file, data=data)
    with recording(session, data), progress_bar("running") as progress:
        market = run(scenario, session=session, data=data, progress=progress)
    if out is not None:
        with whole_directory(out, force=force) as directory:
            write_replay(market, directory)
    if scenario.title:
        typer.echo(f"{scenario.title}\n")
    summary = market.summary()
    form = "%Y-%m-%d %H:%M:%S"
    start, end = (local_time(ns, market.zone).strftime(form) for ns in (summary.start_ns, summary.end_ns))
    console().print(summary_table(summary, market.zone, start, end))
    if out is not None:
        typer.echo(f"written    {out}")
    if session:
        typer.echo(f"recorded   {session_folder(data_root(data), session)}")
