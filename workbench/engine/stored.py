"""Sources that were imported: datasets by name or folder, and files whose content a dataset was made from."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import polars as pl

from workbench.errors import SourceError
from workbench.feed import bars as bar_files
from workbench.feed.catalog import Catalog
from workbench.feed.columns import Layout
from workbench.feed.contents import identity
from workbench.feed.dataset import Dataset
from workbench.feed.history import History
from workbench.feed.lobster_book import LobsterName
from workbench.feed.manifest import MANIFEST, Manifest
from workbench.feed.open import kind_of
from workbench.feed.open import open_history as open_files
from workbench.journal.place import data_root

File = str | os.PathLike[str]

log = logging.getLogger(__name__)

BARS = "bars"
"""Kind of the files that are read as bars."""


@dataclass(frozen=True, slots=True)
class Request:
    """Files to read, and what their reader is given.

    Attributes
    ----------
    files
        The file, and those that belong to it.
    kind
        Name of the format; "" finds out.
    options
        What the reader takes besides.
    """

    files: tuple[File, ...]
    kind: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)

    def read(self) -> History:
        """What the reader makes of them."""
        return open_files(*self.files, kind=self.kind or None, **self.options)

    @property
    def known_kind(self) -> str:
        """The kind, told from the first file when it was not given."""
        return self.kind or kind_of(self.files[0]) or ""

    @property
    def read_files(self) -> tuple[File, ...]:
        """The files that the reader reads: LOBSTER's finds the order book file beside its messages."""
        said = LobsterName.parse(self.files[0])
        if len(self.files) > 1 or said is None or self.known_kind != "lobster":
            return self.files
        book = said.sibling(self.files[0])
        return self.files if book is None or book == Path(self.files[0]) else (*self.files, book)

    def identity(self, digests: Sequence[str]) -> str:
        """Digest of the question that this is, given those of `read_files`."""
        return identity(self.known_kind, list(zip(self.read_files, digests, strict=True)), self.options)


@dataclass(frozen=True, slots=True)
class Opened:
    """A history and where it was read from.

    Attributes
    ----------
    history
        The history.
    dataset
        Manifest of the dataset that it was read from; None when it was read from its source.
    """

    history: History
    dataset: Manifest | None = None


def catalog_of(data: str | os.PathLike[str] | None = None) -> Catalog:
    """The datasets below a data root: as given, else $WORKBENCH_DATA, else `var` in the current folder."""
    return Catalog(data_root(None if data is None else os.fspath(data)))


def named(source: Any, catalog: Catalog) -> Dataset | None:
    """The dataset that a source is the name or the folder of; a file of that name goes before it.

    Raises
    ------
    SourceError
        For a name that is neither a file nor a dataset but nearly one, and for a dataset that cannot be used.
    """
    if not isinstance(source, (str, os.PathLike)):
        return None
    path = Path(source)
    if path.is_dir():
        return Dataset.open(path) if (path / MANIFEST).exists() else None
    name = os.fspath(source)
    if path.exists() or path.name != name:
        return None
    if name in catalog:
        return catalog.dataset(name)
    near = catalog.near(name)
    if near:
        raise SourceError(
            name, None, "there is no such file or dataset", f"did you mean {' or '.join(near)}?"
        )
    return None


def open_named(dataset: Dataset) -> Opened:
    """The history of a dataset; its source is where it was when it was imported."""
    paths = [content.path for content in dataset.manifest.sources]
    return Opened(_moved(dataset.history(), dataset.manifest, paths), dataset.manifest)


def open_request(request: Request, catalog: Catalog | None) -> Opened:
    """What a reader makes of files, read from a dataset if they were imported with the same options."""
    dataset = None if catalog is None else imported(request, catalog)
    if dataset is None:
        return Opened(request.read())
    try:
        history = _moved(dataset.history(), dataset.manifest, request.read_files)
    except SourceError as damage:
        # The file itself is there and whole, so nobody needs to do without it.
        log.warning("%s. The file itself is read.", damage)
        return Opened(request.read())
    return Opened(history, dataset.manifest)


def imported(request: Request, catalog: Catalog) -> Dataset | None:
    """The dataset that this version of the workbench made of these files with these options, if any."""
    if not catalog.manifests():
        return None
    now_ns = time.time_ns()
    digests = []
    for file in request.read_files:
        content = catalog.known_content(file, now_ns)
        if content is None:
            return None
        digests.append(content.sha256)
    made = catalog.answering(request.identity(digests))
    return None if made is None or not made.is_current else Dataset(catalog.folder / made.name, made)


def _moved(history: History, manifest: Manifest, paths: Sequence[File]) -> History:
    """A history whose rows are said to be in the files at `paths`, which have the content it was made of."""
    at = dict(zip((Path(content.path).name for content in manifest.sources), paths, strict=True))
    files = history.files
    if len(files) == len(paths):
        files = tuple(os.fspath(path) for path in paths)
    source = os.fspath(at.get(Path(history.source).name, history.source))
    return replace(history, source=source, files=files)


def open_history(*paths: File, kind: str | None = None, data: File | None = None, **options: Any) -> History:
    """The order flow that a file or a dataset holds.

    Parameters
    ----------
    paths
        The file, and those that belong to it (LOBSTER's order book file beside its messages); or the name
        or folder of a dataset.
    kind
        One of `workbench.feed.open.kinds()`; told from the first file's name and content when left out.
    data
        The data root whose datasets are meant (see `catalog_of`).
    options
        What the reader of that kind takes besides.

    Raises
    ------
    SourceError
        When the file is of no known kind, or is not what its kind should be; when a dataset is damaged.
    """
    if len(paths) == 1 and kind is None and not options:
        dataset = named(paths[0], catalog_of(data))
        if dataset is not None:
            return open_named(dataset).history
    return open_files(*paths, kind=kind, **options)


def read_bars(
    path: File,
    *,
    columns: Mapping[str, str | int] | None = None,
    layout: Layout | None = None,
    exact: bool = False,
    data: File | None = None,
) -> pl.DataFrame:
    """Bars of a file or a dataset, one row each, in order of time.

    Parameters
    ----------
    path
        A text table (plain, .gz, .xz, .zst or .zip), a Lean zip of trade or quote bars, or the name or folder
        of a dataset of bars.
    columns, layout, exact
        As for `workbench.feed.bars.read_bars`, whose table this is.
    data
        The data root whose datasets are meant (see `catalog_of`).
    """
    dataset = named(path, catalog_of(data))
    if dataset is not None:
        return dataset.bars(exact=exact)
    return bar_files.read_bars(path, columns=columns, layout=layout, exact=exact)
