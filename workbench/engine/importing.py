"""Reading sources once, for good: what is new becomes a dataset, what is known is only recognised."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import polars as pl

from workbench.engine.sources import ITCH, File, Source, asked, grouped, may_be_table
from workbench.engine.stored import BARS, Request
from workbench.errors import SourceError
from workbench.feed.bars import is_bars, read_bars
from workbench.feed.catalog import Added, Catalog
from workbench.feed.columns import Layout
from workbench.feed.contents import Content
from workbench.feed.dataset import Draft, bars_draft, history_draft
from workbench.feed.files import read_head
from workbench.feed.itch_stocks import Stocks, passes, read_itch_histories, stocks_of
from workbench.feed.lean import is_lean, lean_file
from workbench.feed.manifest import MANIFEST
from workbench.feed.open import kind_of
from workbench.feed.ticks import TickRules


class Progress(Protocol):
    """Who wants to know how far an import is."""

    def begin(self, what: str, total: int | None, unit: str) -> None:
        """Something begins, `total` of `unit` long; None when nobody knows."""

    def advance(self, count: int) -> None:
        """So many of them are done."""


class _Silent:
    def begin(self, what: str, total: int | None, unit: str) -> None:
        """Nobody listens."""

    def advance(self, count: int) -> None:
        """Nobody listens."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a source, or of one stock of it.

    Attributes
    ----------
    source
        Its file or files, and the stock.
    added
        The dataset and whether it is new; None when there is none.
    skipped
        Why a file of a folder was left out; "" for all others.
    error
        Why a source could not be imported.
    seconds
        How long it took.
    """

    source: str
    added: Added | None = None
    skipped: str = ""
    error: SourceError | None = None
    seconds: float = 0.0


def import_sources(
    sources: Sequence[File],
    catalog: Catalog,
    *,
    layout: Layout | None = None,
    rules: TickRules | None = None,
    symbols: Sequence[str] = (),
    kind: str = "",
    zone: str = "",
    name: str = "",
    progress: Progress | None = None,
) -> Iterator[Outcome]:
    """Make datasets of sources, one by one; what is finished stays whatever happens to the rest.

    Parameters
    ----------
    sources
        Files and folders; files that belong together are put together.
    catalog
        Where to.
    layout, rules, kind, zone
        What their readers are given (see `workbench.engine.sources.asked`).
    symbols
        Stocks of ITCH files, all of them unless given; the instrument of tables.
    name
        What to call the only dataset; after its instrument and day unless given.
    progress
        Is told how far it is.

    Raises
    ------
    WorkbenchError
        When the catalog cannot be written: nothing further can be imported.
    """
    catalog.check_writable()
    work = _Import(
        catalog,
        layout or Layout(),
        rules or TickRules(),
        tuple(symbols),
        kind,
        zone,
        name,
        progress or _Silent(),
    )
    files, foreign = expanded(sources)
    for group in grouped(list(files)):
        together = [group] if isinstance(group, (str, os.PathLike)) else list(_files(group))
        yield from work.of_group(together, lenient=all(Path(file) in foreign for file in together))


def _files(group: Source) -> Iterator[File]:
    if isinstance(group, Sequence) and not isinstance(group, str):
        yield from group


def expanded(sources: Sequence[File]) -> tuple[list[Path], set[Path]]:
    """The sources, in place of folders all files in and below them; and which files come from folders."""
    files: list[Path] = []
    foreign: set[Path] = set()
    for source in sources:
        path = Path(source)
        if not path.is_dir():
            files.append(path)
            continue
        if (path / MANIFEST).exists():
            raise SourceError(path, None, "is a dataset or a session already", "name what it was made from")
        found = [
            file
            for file in path.rglob("*")
            if file.is_file() and not any(part.startswith(".") for part in file.relative_to(path).parts)
        ]
        if not found:
            raise SourceError(path, None, "is a folder without files")
        # Trades before quotes, as the other commands are told of them.
        found.sort(
            key=lambda file: (str(file.parent), re.sub("trade|quote", "*", file.name), "quote" in file.name)
        )
        files += found
        foreign.update(found)
    return files, foreign


@dataclass(frozen=True, slots=True)
class _Import:
    """One call of `import_sources`."""

    catalog: Catalog
    layout: Layout
    rules: TickRules
    symbols: tuple[str, ...]
    kind: str
    zone: str
    name: str
    progress: Progress

    def of_group(self, files: list[File], *, lenient: bool) -> Iterator[Outcome]:
        """Import files that belong together."""
        label = ", ".join(os.fspath(file) for file in files)
        try:
            # Folders may hold anything, so a file of no kind is no error there.
            if lenient and not self.kind and kind_of(files[0]) is None and not is_bars(files[0], self.layout):
                yield Outcome(label, skipped="is of no known kind")
                return
            if self.kind == BARS or (not self.kind and is_bars(files[0], self.layout)):
                for file in files:
                    yield from self._bars(file, lenient=lenient)
                return
            request = self._request(files)
            if request.known_kind == ITCH:
                yield from self._stocks(request, label, lenient=lenient)
                return
            yield self._history(request, label)
        except SourceError as error:
            yield _refused(label, error, lenient=lenient)

    def _request(self, files: list[File]) -> Request:
        """What the reader is given; options of tables are refused where there is no table, as by `replay`."""
        rules = replace(self.rules, symbol=self.symbols[0] if len(self.symbols) == 1 else "")
        if not self.kind:
            plain = (replace(self.layout, zone=""), rules) == (Layout(), TickRules())
            of_itch = kind_of(files[0]) == ITCH and (
                replace(self.layout, zone="", date=None),
                replace(rules, symbol=""),
            ) == (Layout(), TickRules())
            if not plain and not of_itch and not may_be_table(files[0]):
                raise SourceError(
                    files[0], None, "is no table of trades or quotes", "leave out options of tables"
                )
        return asked(files, self.layout, rules, self.kind, self.zone)

    def _contents(self, files: Sequence[File]) -> list[Content]:
        made = []
        for file in files:
            size = Path(file).stat().st_size if Path(file).is_file() else 0
            self.progress.begin(f"checking {Path(file).name}", size, "bytes")
            made.append(Content.of(file, time.time_ns(), self.progress.advance))
        return made

    def _history(self, request: Request, label: str) -> Outcome:
        began = time.perf_counter()
        if len(self.symbols) > 1:
            raise SourceError(label, None, "holds one instrument", "give one --symbol, or none")
        contents = self._contents(request.read_files)
        identities = [request.identity([content.sha256 for content in contents])]
        known = self.catalog.usable(identities)
        if known is not None:
            return Outcome(label, Added(known, "already"), seconds=time.perf_counter() - began)
        self.progress.begin(f"reading {Path(request.files[0]).name}", None, "rows")
        history = request.read()
        self.progress.advance(history.row_count)
        return self._add(history_draft(history, contents, request.options, identities), label, began)

    def _add(self, draft: Draft, label: str, began: float) -> Outcome:
        for content in draft.manifest.sources:
            content.check_unchanged()
        self.progress.begin(f"writing {draft.manifest.symbol}", None, "rows")
        added = self.catalog.add(draft, self.name)
        return Outcome(label, added, seconds=time.perf_counter() - began)

    def _bars(self, file: File, *, lenient: bool) -> Iterator[Outcome]:
        label = os.fspath(file)
        began = time.perf_counter()
        request = Request((file,), BARS, {"layout": self.layout})
        try:
            contents = self._contents([file])
            identities = [request.identity([contents[0].sha256])]
            known = self.catalog.usable(identities)
            if known is not None:
                yield Outcome(label, Added(known, "already"), seconds=time.perf_counter() - began)
                return
            self.progress.begin(f"reading {Path(file).name}", None, "rows")
            yield self._add(self._bars_draft(file, contents, identities), label, began)
        except SourceError as error:
            yield _refused(label, error, lenient=lenient)

    def _bars_draft(self, file: File, contents: list[Content], identities: list[str]) -> Draft:
        bars = read_bars(file, layout=self.layout)
        self.progress.advance(len(bars))
        exact: pl.DataFrame | str
        try:
            exact = read_bars(file, layout=self.layout, exact=True)
        except SourceError as error:
            exact = str(error.reason)
        lean = (
            lean_file(os.fspath(file), read_head(file, 1 << 16), self.layout)
            if is_lean(os.fspath(file))
            else None
        )
        zone = self.layout.zone or (lean.layout.zone if lean is not None else "") or "UTC"
        named = bars["symbol"].drop_nulls().unique().to_list() if "symbol" in bars.columns else []
        symbol = "".join(self.symbols) or (
            str(named[0]) if len(named) == 1 else Path(file).name.split(".", 1)[0]
        )
        return bars_draft(bars, exact, symbol, zone, contents, {"layout": self.layout}, identities)

    def _stocks(self, request: Request, label: str, *, lenient: bool) -> Iterator[Outcome]:
        """Stocks of an ITCH file, each as it is ready; those that are there already are not read again."""
        began = time.perf_counter()
        file, contents = request.files[0], self._contents(request.read_files)
        digests = [content.sha256 for content in contents]
        date = request.options.get("date")
        counts = dict.fromkeys(self.symbols, 0)
        found: Stocks | None = None
        if not self.symbols:
            self.progress.begin(f"counting messages of {Path(file).name}", None, "messages")
            found = stocks_of(file, self.progress.advance)
            counts = dict(found.orders)
            if not counts:
                raise SourceError(file, None, "has no message that enters an order or tells a trade")
            if found.nameless:
                reason = f"{found.nameless:,} of its messages tell of stocks that it does not name"
                yield Outcome(label, skipped=reason)
        identities: dict[str, list[str]] = {}
        alone = found is not None and len(counts) == 1 and not found.nameless
        for symbol in list(counts):
            options = {"symbol": symbol, "date": date}
            identities[symbol] = [Request(request.files, ITCH, options).identity(digests)]
            if alone:
                # Who asks for the only stock need not name it.
                identities[symbol].append(Request(request.files, ITCH, {"date": date}).identity(digests))
            known = self.catalog.usable(identities[symbol])
            if known is not None:
                del counts[symbol]
                yield Outcome(
                    f"{label} {symbol}", Added(known, "already"), seconds=time.perf_counter() - began
                )
        for group in passes(counts):
            what = group[0] if len(group) == 1 else f"{len(group)} stocks"
            total = None if found is None else found.messages
            self.progress.begin(f"reading {what} of {Path(file).name}", total, "messages")
            histories = read_itch_histories(file, group, date=date, progress=self.progress.advance)
            for symbol, history in zip(group, histories, strict=True):
                of_stock = f"{label} {symbol}"
                if isinstance(history, SourceError):
                    yield _refused(of_stock, history, lenient=lenient)
                    continue
                options = {"symbol": symbol, "date": date}
                draft = history_draft(history, contents, options, identities[symbol])
                yield self._add(draft, of_stock, began)
                began = time.perf_counter()


def _refused(label: str, error: SourceError, *, lenient: bool) -> Outcome:
    return Outcome(label, skipped=str(error)) if lenient else Outcome(label, error=error)
