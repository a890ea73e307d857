"""Many small parts into one sorted one, with memory for some million rows at a time.

A query for one instrument reads the few row groups that hold it; of five hundred small parts it must open
every one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa

from workbench.journal.manifest import Part
from workbench.journal.parts import open_part, ordered
from workbench.journal.tables import NAME, Table

MOST_ROWS = 4_000_000
"""Rows in memory at a time, unless one name has more."""

Runs = dict[str | None, tuple[int, int]]
"""Where the rows of each name begin and end in a part."""


def merged(
    folder: Path, table: Table, parts: Sequence[Part], most_rows: int = MOST_ROWS
) -> Iterator[pa.Table]:
    """All rows of some parts of a session's folder, in the table's order, some million at a time."""
    files = [folder / part.path for part in parts]
    leading = table.sort[0]
    if table.schema.field(leading).type == NAME:
        yield from _by_name(table, files, leading, most_rows)
        return
    # Parts of a table without such a name follow one another, as events do; else they are sorted together.
    in_turn = sorted(zip(parts, files, strict=True), key=lambda pair: pair[0].first_seq)
    if all(a.last_seq < b.first_seq for (a, _), (b, _) in pairwise(in_turn)):
        for _, file in in_turn:
            yield from _row_groups(table, file)
    else:
        yield ordered(table, pa.concat_tables(rows for file in files for rows in _row_groups(table, file)))


def _row_groups(table: Table, file: Path) -> Iterator[pa.Table]:
    with open_part(file) as part:
        for group in range(part.num_row_groups):
            yield part.read_row_group(group, columns=table.schema.names)


def _by_name(table: Table, files: list[Path], leading: str, most_rows: int) -> Iterator[pa.Table]:
    runs = [_runs(file, leading) for file in files]
    totals: dict[str | None, int] = {}
    for run in runs:
        for name, (start, end) in run.items():
            totals[name] = totals.get(name, 0) + end - start
    for names in _batches(totals, most_rows):
        pieces = []
        for file, run in zip(files, runs, strict=True):
            there = [run[name] for name in names if name in run]
            if there:
                pieces.append(_rows(table, file, there[0][0], there[-1][1]))
        yield ordered(table, pa.concat_tables(pieces))


def _batches(totals: dict[str | None, int], most_rows: int) -> Iterator[list[str | None]]:
    """Names in order, as many at a time as have not more rows than that."""
    batch: list[str | None] = []
    rows = 0
    for name in sorted(totals, key=lambda name: (name is None, name or "")):
        if batch and rows + totals[name] > most_rows:
            yield batch
            batch, rows = [], 0
        batch.append(name)
        rows += totals[name]
    if batch:
        yield batch


def _runs(file: Path, leading: str) -> Runs:
    """Where each name's rows are in a file that is sorted by it."""
    runs: Runs = {}
    row = 0
    with open_part(file) as part:
        for group in range(part.num_row_groups):
            column = part.read_row_group(group, columns=[leading]).column(0)
            for chunk in column.chunks:
                names = [*chunk.dictionary.to_pylist(), None]
                codes = chunk.indices.fill_null(-1).to_numpy(zero_copy_only=False)
                starts = np.flatnonzero(np.diff(codes, prepend=codes[0] - 1)) if len(codes) else codes
                for start, end in zip(starts, [*starts[1:], len(codes)], strict=True):
                    name = names[codes[start]]
                    first = runs[name][0] if name in runs else row + int(start)
                    runs[name] = (first, row + int(end))
                row += len(codes)
    return runs


def _rows(table: Table, file: Path, start: int, end: int) -> pa.Table:
    """Rows of a part from `start` to before `end`."""
    with open_part(file) as part:
        sizes = [part.metadata.row_group(group).num_rows for group in range(part.num_row_groups)]
        ends = np.cumsum(sizes)
        first, last = int(np.searchsorted(ends, start, side="right")), int(np.searchsorted(ends, end))
        rows = part.read_row_groups(list(range(first, last + 1)), columns=table.schema.names)
    return rows.slice(start - (int(ends[first]) - sizes[first]), end - start)
