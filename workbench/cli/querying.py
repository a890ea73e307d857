"""`workbench sql` and `workbench sessions`: questions about stored sessions, and their answers."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from workbench.cli.errors import DIFFERENT, writing
from workbench.errors import ConfigError, StoreError
from workbench.journal.catalog import Connection, check_files, connect
from workbench.journal.manifest import read_manifest, venue_of
from workbench.journal.place import data_root, session_folder, session_names, strays
from workbench.journal.seal import is_being_written
from workbench.journal.whole import partial_of

if TYPE_CHECKING:
    from duckdb import DuckDBPyRelation

FORMATS = ("table", "csv", "json", "parquet")

_BATCH = 10_000
_WORD = re.compile(r'"(?:[^"\\]|\\.)*"|-?(?:NaN|Infinity)')
_NUMBERS = ("INT", "DOUBLE", "FLOAT", "DECIMAL", "REAL")

_SESSIONS = """
SELECT session, state, kind, ended, title, strftime(created, '%Y-%m-%d %H:%M') AS created,
       (first_time::VARCHAR)[:19] AS first, (last_time::VARCHAR)[:19] AS last, commands, events, rows, bytes
FROM sessions ORDER BY sessions.created DESC, session
"""


def run_sql(
    query: str,
    data: Path | None,
    sessions: list[str],
    form: str,
    out: Path | None,
    limit: int,
    *,
    force: bool,
    verify: bool,
) -> None:
    """Print or write what a query finds."""
    form = _form(form, out)
    if out is not None and out.resolve().is_relative_to(data_root(data).resolve()):
        raise StoreError(
            f"is inside the data root {data_root(data)}, where nothing but sessions and datasets is written",
            str(out),
            "name a file elsewhere",
        )
    if out is not None and out.exists() and (out.is_dir() or not force):
        what = "is a directory, expected a file" if out.is_dir() else "is there already"
        raise StoreError(what, str(out), "name another file" + ("" if out.is_dir() else ", or give --force"))
    with connect(data, session=sessions or None, confined=True, verify=verify) as connection:
        try:
            found = _asked(connection, query)
            if out is not None:
                _write(found, form, out)
            elif form == "table":
                _show(found, limit)
            else:
                _print(found, form)
        except duckdb.Error as error:
            raise _refusal(error) from None
    for stray in [] if sessions else strays(data_root(data)):
        typer.echo(f"workbench: not asked: {stray}", err=True)


def list_sessions(data: Path | None, *, as_json: bool) -> None:
    """Print all sessions, the newest first; what is damaged or none is a sentence, the others are listed."""
    root = data_root(data)
    whole, wrong = _sorted_out(root)
    wrong += strays(root)
    # The list is made of manifests alone, so nothing is read that could be damaged.
    with connect(data, session=whole, verify=False) as connection:
        found = connection.sql(
            "SELECT * FROM sessions ORDER BY created DESC, session" if as_json else _SESSIONS
        )
        if as_json:
            _print(found, "json")
        else:
            _show(found, sys.maxsize)
    for error in wrong:
        typer.echo(f"workbench: not listed: {error}", err=True)
    if wrong:
        raise typer.Exit(DIFFERENT)


def _sorted_out(root: Path) -> tuple[list[str], list[StoreError]]:
    """Sessions that can be shown, and what is wrong with the others."""
    whole: list[str] = []
    wrong: list[StoreError] = []
    for name in session_names(root):
        folder = session_folder(root, name)
        try:
            manifest = read_manifest(folder)
            venue_of(manifest)
            check_files(folder, manifest)
        except StoreError as error:
            # A session that runs may have replaced its files, and retention may have taken one away.
            if folder.is_dir() and not is_being_written(folder):
                wrong.append(error)
                continue
            if not folder.is_dir():
                continue
        whole.append(name)
    return whole, wrong


def _form(form: str, out: Path | None) -> str:
    if not form:
        suffix = out.suffix.removeprefix(".").lower() if out is not None else "table"
        form = {"jsonl": "json", "ndjson": "json"}.get(suffix, suffix)
        if not form:
            raise ConfigError(
                "its name does not end in .csv, .json or .parquet", f"--out {out}", "give --format too"
            )
    if form not in FORMATS:
        raise ConfigError(f"{form!r} is no format", "--format", f"choose one of {', '.join(FORMATS)}")
    if form == "parquet" and out is None:
        raise ConfigError("parquet is not for a terminal", "--format", "give --out FILE")
    if form == "table" and out is not None:
        raise ConfigError("a table is for a terminal", "--format", "write csv, json or parquet")
    return form


def _asked(connection: Connection, query: str) -> DuckDBPyRelation:
    """The answer to one question; whatever would change something is refused."""
    statements = connection.duckdb.extract_statements(query)
    kinds = [statement.type.name for statement in statements]
    if kinds != ["SELECT"]:
        found = " and ".join(kinds) or "nothing"
        raise ConfigError(
            f"expected one SELECT, DESCRIBE, SHOW or SUMMARIZE, found {found}",
            "sql",
            "this command only asks and writes with --out; Python's workbench.connect() can do anything",
        )
    return connection.sql(query)


def _refusal(error: duckdb.Error) -> StoreError:
    # DuckDB shows the place in the query on lines of its own, which one sentence has no room for.
    said = str(error).partition("\n\nLINE")[0].partition("\nLINE")[0].rstrip(". \n")
    return StoreError(said, "sql", "docs/data.md lists the views; DESCRIBE view lists its columns")


def _text_rows(found: DuckDBPyRelation) -> Iterator[tuple[str | None, ...]]:
    # As text DuckDB keeps nanoseconds and exact decimals, which Python's own types would cut.
    yield from _fetched(found, "COLUMNS(*)::VARCHAR")


def _whole(found: DuckDBPyRelation) -> str:
    """What an answer is called in SQL: no name of its columns, since DuckDB would take it for the column."""
    return "answer" + "_" * max(map(len, found.columns), default=0)


def _fetched(found: DuckDBPyRelation, columns: str) -> Iterator[tuple[str | None, ...]]:
    """Something of each row of an answer, made of its columns or of `_whole`."""
    # Only texts of this module are put into the statement.
    # DuckDB's types say that a relation's method `query` is a relation.
    asked: Any = found
    whole = _whole(found)
    result = asked.query(whole, f"SELECT {columns} FROM {whole}")  # noqa: S608
    for batch in result.to_arrow_reader(_BATCH):
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _show(found: DuckDBPyRelation, limit: int) -> None:
    names, kinds = found.columns, [str(kind) for kind in found.types]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name, kind in zip(names, kinds, strict=True):
        table.add_column(
            Text(name),
            justify="right" if kind.startswith(_NUMBERS) or "INT" in kind else "left",
            no_wrap=True,
        )
    count, widths = 0, [len(name) for name in names]
    for row in _text_rows(found):
        count += 1
        if count <= limit:
            cells = ["" if cell is None else cell for cell in row]
            widths = [max(width, len(cell)) for width, cell in zip(widths, cells, strict=True)]
            table.add_row(*map(Text, cells))
    # Wide answers run over the terminal's edge rather than lose columns.
    Console(width=max(sum(widths) + 2 * len(widths), 20), highlight=False).print(table)
    rest = f", {count - limit:,} of them not shown (--limit)" if count > limit else ""
    typer.echo(f"{count:,} row{'' if count == 1 else 's'}{rest}", err=True)


def _print(found: DuckDBPyRelation, form: str) -> None:
    for line in _lines(found, form):
        typer.echo(line)


def _lines(found: DuckDBPyRelation, form: str) -> Iterator[str]:
    if form == "json":
        whole = _whole(found)
        rows = _fetched(found, f"to_json({whole})::VARCHAR")
        yield from (_WORD.sub(_without_nan, str(text)) for (text,) in rows)
        return
    yield _csv(found.columns)
    for cells in _text_rows(found):
        yield _csv(cells)


def _without_nan(word: re.Match[str]) -> str:
    """Texts as they are; numbers that are none, for which JSON has no word, as null."""
    return word[0] if word[0].startswith('"') else "null"


def _csv(cells: Any) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _write(found: DuckDBPyRelation, form: str, out: Path) -> None:
    partial = partial_of(out)
    with writing(out):
        try:
            if form == "parquet":
                _write_parquet(found, partial, out)
            else:
                with partial.open("w", newline="") as file:
                    file.writelines(f"{line}\n" for line in _lines(found, form))
            partial.replace(out)
        finally:
            partial.unlink(missing_ok=True)


def _write_parquet(found: DuckDBPyRelation, partial: Path, out: Path) -> None:
    reader = found.to_arrow_reader(_BATCH * 10)
    try:
        with pq.ParquetWriter(partial, reader.schema, compression="zstd") as writer:
            for batch in reader:
                writer.write_batch(batch)
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
        raise StoreError(f"Parquet cannot hold a column: {error}", str(out), "cast it in the query") from None
