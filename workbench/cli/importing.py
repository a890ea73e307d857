"""`workbench import` and `workbench history`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from workbench.cli.errors import WRONG
from workbench.cli.tables import console
from workbench.engine.importing import Outcome, import_sources
from workbench.engine.stored import catalog_of
from workbench.errors import ConfigError, SourceError
from workbench.feed.catalog import Added, Catalog, check_name, listed
from workbench.feed.columns import Layout
from workbench.feed.manifest import Manifest
from workbench.feed.ticks import TickRules

_KILO = 1000


class _Bar:
    """Tells a progress bar what an import does."""

    def __init__(self, bar: Progress) -> None:
        self._bar = bar
        self._task: TaskID = bar.add_task("", total=None, unit="")

    def begin(self, what: str, total: int | None, unit: str) -> None:
        """A new stage; the one before is done."""
        self._bar.remove_task(self._task)
        self._task = self._bar.add_task(what, total=total, unit=unit)

    def advance(self, count: int) -> None:
        """So much of it is done."""
        self._bar.advance(self._task, count)

    def say(self, line: str, *, err: bool) -> None:
        """Print a line where the bar is; stdout may lead elsewhere."""
        self._bar.stop()
        typer.echo(line, err=err)
        self._bar.start()


class _Speed(ProgressColumn):
    """How much is done, and how much in a second."""

    def render(self, task: Task) -> Text:
        """The cell of a task."""
        speed = f", {task.speed:,.0f}/s" if task.speed else ""
        return Text(f"{task.completed:,.0f} {task.fields['unit']}{speed}" if task.completed else "")


@contextmanager
def _listening() -> Iterator[_Bar | None]:
    """A progress bar on stderr; nothing when that is no terminal."""
    err = console(stderr=True)
    if not err.is_terminal:
        yield None
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        _Speed(),
        TimeElapsedColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=err, transient=True, redirect_stdout=False, redirect_stderr=False) as bar:
        yield _Bar(bar)


def run_import(
    sources: Sequence[Path],
    data: Path | None,
    name: str,
    symbols: Sequence[str],
    zone: str,
    layout: Layout,
    rules: TickRules,
    kind: str = "",
) -> None:
    """Import sources one by one, a line for each; what cannot be imported is told, and the rest goes on."""
    catalog = catalog_of(data)
    if name:
        check_name(name)
        if len(sources) > 1 or sources[0].is_dir() or len(symbols) > 1:
            raise ConfigError(
                "is for one dataset", "--name", "import the sources one by one, or leave it out"
            )
    failed = made = 0
    with _listening() as progress:
        for outcome in import_sources(
            sources,
            catalog,
            layout=layout,
            rules=rules,
            symbols=symbols,
            kind=kind,
            zone=zone,
            name=name,
            progress=progress,
        ):
            failed += outcome.error is not None
            made += outcome.added is not None
            for line in _lines(outcome):
                (typer.echo if progress is None else progress.say)(line, err=outcome.error is not None)
    if failed:
        raise typer.Exit(WRONG)
    if not made:
        raise SourceError(
            sources[0],
            None,
            "holds nothing that can be imported",
            "docs/feeds.md and docs/csv.md list what can",
        )


def _lines(outcome: Outcome) -> Iterator[str]:
    if outcome.error is not None:
        yield f"workbench: {outcome.error}"
        return
    if outcome.added is None:
        yield f"skipped    {_said_once(outcome)}"
        return
    added, manifest = outcome.added, outcome.added.dataset.manifest
    if added.outcome == "already":
        yield f"already imported as {manifest.name}: {outcome.source}"
        return
    if added.outcome == "replaced":
        yield f"replaced   {manifest.name}, which was of no use any more: {added.reason}"
    yield f"imported   {manifest.name}: {_content(manifest)}, {_sizes(added)}, {_time(outcome)}"


def _said_once(outcome: Outcome) -> str:
    """Why a source was left out; most reasons name its file already."""
    first = outcome.source.split(", ", 1)[0]
    return outcome.skipped if outcome.skipped.startswith(first) else f"{outcome.source}: {outcome.skipped}"


def _content(manifest: Manifest) -> str:
    counts = manifest.counts
    if "bars" in counts:
        return f"{counts['bars']:,} bars"
    return f"{manifest.kind}, {counts['commands']:,} commands of {counts['rows']:,} rows"


def _time(outcome: Outcome) -> str:
    counts = outcome.added.dataset.manifest.counts if outcome.added is not None else {}
    rows = counts.get("rows", counts.get("bars", 0))
    return f"{outcome.seconds:.2f} s ({rows / max(outcome.seconds, 1e-9):,.0f} rows/s)"


def _sizes(added: Added) -> str:
    manifest = added.dataset.manifest
    after = sum(table["bytes"] for table in manifest.tables)
    return f"{_bytes(after)} of Parquet"


def _bytes(count: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if count < _KILO:
            return f"{count:,.0f} {unit}" if unit == "bytes" else f"{count:,.1f} {unit}"
        count /= _KILO
    return f"{count:,.1f} GB"


def note_datasets(manifests: Iterable[Manifest | None]) -> None:
    """Say, a line each, which files were not read themselves, but the datasets that were made of them."""
    for manifest in manifests:
        if manifest is not None:
            day = manifest.imported[:10]
            typer.echo(
                f"read from the dataset {manifest.name}, imported {day} from {manifest.origin}", err=True
            )


def show_history(data: Path | None, names: Sequence[str], remove: Sequence[str], *, check: bool) -> None:
    """List datasets, after removing some; with `check` read each one whole."""
    catalog = catalog_of(data)
    for name in remove:
        catalog.remove(name)
        typer.echo(f"removed    {name}")
    if remove and not names:
        return
    rows = listed(catalog, names)
    if not rows:
        typer.echo(f"no datasets in {catalog.folder}; workbench import makes them")
        return
    failed = _show(catalog, rows, check=check)
    for problem in failed:
        typer.echo(f"workbench: {problem}", err=True)
    if failed:
        raise typer.Exit(WRONG)


def _show(catalog: Catalog, rows: Sequence[tuple[str, Manifest | str]], *, check: bool) -> list[str]:
    """Print the table of datasets; returns what is wrong with them."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("name", overflow="fold")
    table.add_column("kind", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    if check:
        table.add_column("whole", no_wrap=True)
    failed = []
    for name, manifest in rows:
        if isinstance(manifest, str):
            failed.append(manifest)
            table.add_row(name, "damaged or of an older version")
            continue
        cells = [
            name,
            manifest.kind,
            f"{manifest.counts.get('rows', manifest.counts.get('bars', 0)):,}",
            _bytes(sum(item["bytes"] for item in manifest.tables)),
        ]
        if check:
            try:
                catalog.dataset(name).check()
                cells.append("yes")
            except SourceError as error:
                failed.append(str(error))
                cells.append("no")
        table.add_row(*cells)
    show = console()
    if not show.is_terminal:
        # A name in two pieces can neither be searched for nor copied.
        unbounded = show.options.update(max_width=1_000)
        show.width = max(show.width, show.measure(table, options=unbounded).maximum)
    show.print(table)
    return failed
