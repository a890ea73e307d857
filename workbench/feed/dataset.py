"""A dataset: market data that was read once, as Parquet in a folder of its own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa

from workbench.errors import ConfigError, SourceError
from workbench.feed.contents import Content, plain_options
from workbench.feed.dataset_tables import (
    BARS,
    COMMANDS,
    EXACT_BARS,
    ROWS,
    Stored,
    bars_table,
    history_tables,
    read_bars_table,
    read_columns,
    to_records,
    write_durably,
)
from workbench.feed.history import History
from workbench.feed.manifest import (
    BARS as HOLDS_BARS,
)
from workbench.feed.manifest import (
    HISTORY,
    MANIFEST,
    Manifest,
    days_of,
    history_manifest,
    instrument_from_json,
    read_manifest,
)


@dataclass(frozen=True, slots=True)
class Dataset:
    """A folder with a manifest and the tables that it names.

    Attributes
    ----------
    folder
        Where it is.
    manifest
        What it holds.
    """

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: str | os.PathLike[str]) -> Dataset:
        """The dataset in a folder; its tables are read, and checked, when they are asked for.

        Raises
        ------
        SourceError
            When the folder holds none, or one of an older layout.
        """
        made = cls(Path(folder), read_manifest(Path(folder)))
        if made.manifest.is_older:
            raise SourceError(
                made.folder,
                None,
                f"was imported by workbench {made.manifest.workbench}, whose commands had another layout",
                f"import it again from {made.manifest.origin}",
            )
        return made

    @property
    def name(self) -> str:
        """Its name in the catalog."""
        return self.manifest.name

    def history(self) -> History:
        """The history, equal to what the reader made of the source.

        Raises
        ------
        SourceError
            When a table is missing, truncated or edited, or holds bars.
        """
        about = self.manifest
        if about.holds != HISTORY or about.instrument is None:
            raise SourceError(
                self.folder,
                None,
                "holds bars, which do not tell in which order prices came, so they cannot be replayed",
                f"read them with workbench.read_bars({self.name!r}); an invented path inside them is "
                f"replayed from their file: --bars synthetic {about.origin}",
            )
        # Both are verified before either is parsed: who is refused has started no threads of Arrow's.
        data = [(name, self._bytes(name)) for name in (COMMANDS, ROWS)]
        commands, rows = (self._columns(name, read) for name, read in data)
        try:
            return History(
                commands=to_records(commands),
                rows=commands["row"],
                row_times_ns=rows["time_ns"],
                instrument=instrument_from_json(about.instrument),
                quirks=dict(about.quirks),
                source=about.source,
                kind=about.kind,
                origins=commands["origin"],
                zone=about.zone,
                first_row=about.first_row,
                places=np.column_stack((rows["file"], rows["number"])) if "file" in rows else None,
                files=about.files,
            )
        except (KeyError, ValueError, TypeError, ConfigError) as error:
            raise SourceError(
                self.folder, None, f"cannot be read as a history: {error}", self._again
            ) from None

    def bars(self, *, exact: bool = False) -> pl.DataFrame:
        """The bars, equal to what `workbench.feed.bars.read_bars` made of the source."""
        about = self.manifest
        if about.holds != HOLDS_BARS:
            raise SourceError(self.folder, None, "holds order flow, not bars", f"replay {self.name}")
        if exact and about.exact_refused:
            raise SourceError(self.folder, None, f"has no exact bars: {about.exact_refused}")
        name = EXACT_BARS if exact else BARS
        try:
            return read_bars_table(self._bytes(name))
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._damaged(name, f"cannot be read: {error}") from None

    def check(self) -> None:
        """Raise for the first table that is not as it was written."""
        for table in self.manifest.tables:
            self._bytes(table["name"])

    @property
    def _again(self) -> str:
        return f"import it again from {self.manifest.origin}"

    def _damaged(self, name: str, what: str) -> SourceError:
        return SourceError(self.folder / name, None, what, self._again)

    def _columns(self, name: str, data: bytes) -> Mapping[str, Any]:
        try:
            columns = read_columns(data)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._damaged(name, f"cannot be read: {error}") from None
        wanted = self._said(name)["rows"]
        found = len(next(iter(columns.values()))) if columns else 0
        if found != wanted:
            raise self._damaged(name, f"has {found:,} rows, expected {wanted:,}")
        return columns

    def _said(self, name: str) -> Mapping[str, Any]:
        for table in self.manifest.tables:
            if table["name"] == name:
                return table
        raise self._damaged(name, "is not in the manifest")

    def _bytes(self, name: str) -> bytes:
        said = self._said(name)
        try:
            data = (self.folder / name).read_bytes()
        except FileNotFoundError:
            raise self._damaged(name, "is missing") from None
        except OSError as error:
            raise self._damaged(name, f"cannot be read: {error.strerror}") from None
        if len(data) != said["bytes"]:
            raise self._damaged(name, f"has {len(data):,} bytes, expected {said['bytes']:,}")
        if hashlib.sha256(data).hexdigest() != said["sha256"]:
            raise self._damaged(name, "was edited or is damaged: its sha256 is not the one in the manifest")
        return data


@dataclass(frozen=True, slots=True)
class Draft:
    """A dataset that is not written yet.

    Attributes
    ----------
    manifest
        All of it but the name.
    tables
        What to write.
    """

    manifest: Manifest
    tables: tuple[Stored, ...]

    def write(self, folder: Path) -> None:
        """Write the tables into an empty folder."""
        for table in self.tables:
            write_durably(folder / table.name, table.data)

    def seal(self, folder: Path, name: str) -> Manifest:
        """Write the manifest, which makes a dataset of the folder."""
        made = self.manifest.called(name)
        write_durably(folder / MANIFEST, made.to_bytes())
        return made


def history_draft(
    history: History,
    sources: Sequence[Content],
    options: Mapping[str, Any],
    identities: Sequence[str],
) -> Draft:
    """A history, ready to be written.

    Parameters
    ----------
    history
        What a reader made.
    sources, options
        What the reader made it of.
    identities
        Digests of the questions that it answers.
    """
    tables = tuple(history_tables(history))
    said = [table.to_json() for table in tables]
    return Draft(history_manifest(history, sources, plain_options(options), identities, said), tables)


def bars_draft(
    bars: pl.DataFrame,
    exact: pl.DataFrame | str,
    symbol: str,
    zone: str,
    sources: Sequence[Content],
    options: Mapping[str, Any],
    identities: Sequence[str],
) -> Draft:
    """Bars, ready to be written.

    Parameters
    ----------
    bars, exact
        The same bars as floats and as decimals; instead of the latter why they cannot be had.
    symbol, zone
        What they are called by, and the zone whose calendar gives their days.
    sources, options, identities
        As for `history_draft`.
    """
    tables = [bars_table(BARS, bars)]
    if not isinstance(exact, str):
        tables.append(bars_table(EXACT_BARS, exact))
    manifest = Manifest(
        name="",
        holds=HOLDS_BARS,
        kind="bars" if "close" in bars.columns else "quote-bars",
        symbol=symbol,
        zone=zone,
        days=days_of(bars["time"].to_physical().to_numpy(), zone),
        instrument=None,
        source=sources[0].path,
        files=(),
        first_row=1,
        quirks={},
        sources=tuple(sources),
        options=plain_options(options),
        identities=tuple(identities),
        counts={"bars": len(bars)},
        tables=tuple(table.to_json() for table in tables),
        exact_refused=exact if isinstance(exact, str) else "",
    )
    return Draft(manifest, tuple(tables))
