"""`workbench replay` and `workbench book`."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import typer
from rich.console import RenderableType
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

import workbench
from workbench.cli.errors import DIFFERENT
from workbench.cli.importing import note_datasets
from workbench.cli.output import check_output, whole_directory, write_replay
from workbench.cli.recording import check_session, recording
from workbench.cli.tables import console, ladder_table, summary_table
from workbench.domain.codes import EventKind, Reason
from workbench.engine.moments import local_time
from workbench.engine.replay import Progress as Report
from workbench.engine.replay import Replay
from workbench.engine.sources import ITCH, Source, asked, grouped, may_be_table
from workbench.engine.stored import catalog_of, named, open_named, open_request
from workbench.errors import SourceError
from workbench.feed.bar_path import SYNTHETIC_BARS
from workbench.feed.catalog import Catalog
from workbench.feed.columns import Layout
from workbench.feed.history import History
from workbench.feed.lobster_book import LobsterName
from workbench.feed.merge import merge
from workbench.feed.open import kind_of
from workbench.feed.oracle import book_symbol
from workbench.feed.ticks import TickRules
from workbench.journal.place import data_root, session_folder


@contextmanager
def progress_bar(what: str) -> Iterator[Report | None]:
    """A progress bar on stderr; nothing when that is no terminal."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def report(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        yield report


def summary_of(market: Replay, clock: str = "%H:%M:%S") -> RenderableType:
    """The summary of a replay, its times of day in the form of `clock`."""
    summary = market.summary()
    form = f"%Y-%m-%d {clock}"
    start, end = (local_time(ns, market.zone).strftime(form) for ns in (summary.start_ns, summary.end_ns))
    return summary_table(summary, market.zone, start, end)


def run_replay(
    sources: list[Path],
    mode: str,
    zone: str,
    layout: Layout,
    rules: TickRules,
    verify: Path | None,
    out: Path | None,
    *,
    kind: str = "",
    force: bool,
    data: Path | None = None,
    imported: bool = True,
    session: str = "",
) -> None:
    """Replay, compare, print and write; what is written appears last and whole."""
    check_session(session, data)
    if out is not None:
        check_output(out, force=force)
    groups: list[Source] = list(sources) if verify is None else _with_book(sources, verify)
    catalog = catalog_of(data)
    groups = _of_kind(groups, kind, zone, layout, rules, catalog, imported=imported)
    market = workbench.replay(
        *groups,
        mode=mode,
        zone=zone,
        layout=layout,
        rules=rules,
        data=data,
        imported=imported,
        session=session,
    )
    note_datasets(market.datasets)
    report = None if verify is None else market.verify(verify, _symbol_of_book(market, verify))
    with recording(session, data), progress_bar("replaying") as progress:
        market.run(progress=progress)
        market.seal()
    _refuse_refused(market)
    if out is not None:
        with whole_directory(out, force=force) as directory:
            write_replay(market, directory)
    console().print(summary_of(market))
    if out is not None:
        typer.echo(f"written    {out}")
    if session:
        typer.echo(f"recorded   {session_folder(data_root(data), session)}")
    if report is not None:
        typer.echo(f"verified   {report}")
        if report.determined_equal < report.determined:
            raise typer.Exit(DIFFERENT)


def _with_book(sources: list[Path], book: Path) -> list[Source]:
    """The sources, LOBSTER's messages together with the order book file that they are compared with."""
    said = LobsterName.parse(book)
    if said is None or said.what != "orderbook" or book in sources:
        return list(sources)
    wanted = dataclasses.replace(said, what="message")
    return [(path, book) if LobsterName.parse(path) == wanted else path for path in sources]


def _of_kind(
    sources: list[Source],
    kind: str,
    zone: str,
    layout: Layout,
    rules: TickRules,
    catalog: Catalog,
    *,
    imported: bool,
) -> list[Source]:
    """The sources read as the kind that was given; options of tables are refused where there is no table.

    Datasets that are named are read here, whatever the kind.
    """
    found = [(source, named(source, catalog)) for source in sources]
    sources = [source if dataset is None else open_named(dataset).history for source, dataset in found]
    if not kind:
        _refuse_unused(sources, layout, rules)
        return sources
    made: list[Source] = []
    for source in grouped(sources):
        if isinstance(source, History):
            made.append(source)
            continue
        opened = open_request(asked(source, layout, rules, kind, zone), catalog if imported else None)
        note_datasets([opened.dataset])
        made.append(opened.history)
    return made


def _refuse_unused(sources: list[Source], layout: Layout, rules: TickRules) -> None:
    """Refuse options of tables where there is no table; an ITCH file takes the symbol and the date."""
    layout = dataclasses.replace(layout, zone="")
    files = [path for path in sources if isinstance(path, Path)]
    if (layout, rules) == (Layout(), TickRules()) or len(files) < len(sources):
        return
    kinds = [kind_of(path) for path in files]
    left = dataclasses.replace(layout, date=None), dataclasses.replace(rules, symbol="")
    if (ITCH in kinds and left == (Layout(), TickRules())) or any(map(may_be_table, files)):
        return
    raise SourceError(files[0], None, "is no table of trades or quotes", "leave out options of tables")


def _symbol_of_book(market: Replay, book: Path) -> str:
    """The instrument whose book the file is."""
    symbols = [instrument.symbol for instrument in market.instruments]
    kinds = [history.kind in ("lobster", "databento-mbo") for history in market.histories]
    if len(symbols) == 1:
        return symbols[0]
    said = book_symbol(book)
    if said in symbols:
        return said
    if sum(kinds) == 1 and not said:
        return symbols[kinds.index(True)]
    whose = said or "no instrument that it names"
    raise SourceError(
        book,
        None,
        f"is the book of {whose}, but the sources are of {', '.join(symbols)}",
        "replay the source that it belongs to alone",
    )


_SAID = {EventKind.ORDER_REJECTED, EventKind.REPLACE_REJECTED, EventKind.COMMAND_REJECTED}
_HARMLESS = {Reason.UNKNOWN_ORDER}
"""History may name orders that are gone; what the exchange cannot hold is another matter."""


def _refuse_refused(market: Replay) -> None:
    """Refuse history of which the exchange refused a command: what is counted without it would be wrong."""
    events = market.events
    refused = events[np.isin(events["kind"], list(_SAID)) & ~np.isin(events["reason"], list(_HARMLESS))]
    refused = refused[refused["command_seq"] > 0]
    if not len(refused):
        return
    merged = merge(market.histories)
    at = int(refused["command_seq"][0]) - 1
    reason = Reason(int(refused["reason"][0])).name
    history = market.histories[int(merged.sources[at])]
    raise SourceError(
        *history.place(int(merged.rows[at])),
        f"the exchange refuses what the row says: {reason}",
        f"so it did {len(refused)} times in all; docs/rules.md lists the reasons",
    )


def show_book(
    sources: list[Path],
    at: str,
    levels: int,
    zone: str,
    layout: Layout,
    rules: TickRules,
    kind: str = "",
    *,
    data: Path | None = None,
    imported: bool = True,
) -> None:
    """Replay up to a moment and print each instrument's ladder."""
    catalog = catalog_of(data)
    groups = _of_kind(list(sources), kind, zone, layout, rules, catalog, imported=imported)
    market = workbench.replay(*groups, zone=zone, layout=layout, rules=rules, data=data, imported=imported)
    note_datasets(market.datasets)
    with progress_bar("replaying") as progress:
        market.run_until(at, progress=progress)
    _refuse_refused(market)
    for instrument, history in zip(market.instruments, market.histories, strict=True):
        book = market.book(instrument.symbol, levels=levels)
        title = f"{instrument.symbol} at {market.time:%Y-%m-%d %H:%M:%S} ({market.zone})"
        if history.kind == SYNTHETIC_BARS:
            title += ", synthetic"
        console().print(ladder_table(book, instrument, title))
