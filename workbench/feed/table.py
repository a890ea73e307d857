"""Rows of a text table whose columns are known: cells as exact integers, errors that name the row."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa

from workbench.errors import SourceError
from workbench.feed.columns import Column, Layout, by_header, by_position, has_header, likely_delimiter
from workbench.feed.times import TIME_UNITS, TimeFaultError, parse_times

Integers = npt.NDArray[np.int64]

MAX_DIGITS = 18
"""Digits of a decimal, before and after the point together, that fit into 64 bits."""

_SHOWN_LENGTH_MAX = 60

_DECIMAL = r"^-?(\d+\.?\d*|\.\d+)$"


@dataclass(frozen=True, slots=True)
class Decimals:
    """Decimals as integers: cell i is `values[i]` x 10^-`places`; `missing` marks empty cells (0)."""

    values: Integers
    places: int
    missing: npt.NDArray[np.bool_]

    def as_units(self, unit: Decimal) -> tuple[Integers, npt.NDArray[np.bool_]]:
        """Every cell as a number of `unit`, and where it is not a whole number of them that fits."""
        ratio = Fraction(1, 10**self.places) / Fraction(unit)
        too_many = np.abs(self.values) > (1 << 62) // ratio.numerator
        scaled = np.where(too_many, 0, self.values) * ratio.numerator
        return scaled // ratio.denominator, (scaled % ratio.denominator != 0) | too_many


class Table:
    """The rows of a text table whose columns have been found.

    Attributes
    ----------
    file
        Path, for messages.
    rows
        Row of each record as an editor counts it, from 1.
    names
        Our names of the columns that the file has.
    """

    def __init__(
        self, file: str, frame: pl.DataFrame, rows: Integers, titles: Mapping[str, str], layout: Layout
    ) -> None:
        self.file = file
        self.rows = rows
        self.layout = layout
        self._frame = frame
        self._titles = dict(titles)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def names(self) -> tuple[str, ...]:
        """Our names of the columns that the file has."""
        return tuple(self._titles)

    def title(self, name: str) -> str:
        """How the file calls the column `name`."""
        return self._titles[name]

    def refuse(self, index: int, reason: str, remedy: str = "") -> SourceError:
        """The error for record `index`, ready to be raised."""
        return SourceError(self.file, int(self.rows[index]), reason, remedy)

    def refuse_where(self, wrong: npt.NDArray[np.bool_], name: str, expected: str, remedy: str = "") -> None:
        """Raise for the first record that is `wrong`, quoting its cell in column `name`."""
        if wrong.any():
            index = int(np.argmax(wrong))
            cell = self.text(name)[index] or ""
            shown = cell if len(cell) <= _SHOWN_LENGTH_MAX else f"{cell[:_SHOWN_LENGTH_MAX]}…"
            raise self.refuse(index, f"{self._titles[name]} is {shown!r}, expected {expected}", remedy)

    def select(self, keep: npt.NDArray[np.bool_]) -> Table:
        """The records marked in `keep`."""
        return Table(
            self.file, self._frame.filter(pl.Series(keep)), self.rows[keep], self._titles, self.layout
        )

    def text(self, name: str) -> pl.Series:
        """Cells as they stand, without blanks at either end; empty ones are null."""
        cells = self._frame[name].str.strip_chars()
        return cells.set(cells == "", None)

    def decimals(self, name: str) -> Decimals:
        """Cells as exact decimals; empty cells are marked, anything else that is no number is refused."""
        cells = self.text(name)
        missing = cells.is_null().to_numpy()
        plain = cells.str.contains(_DECIMAL).fill_null(value=True)
        if not plain.all():
            cells = cells.set(~plain, None).zip_with(
                plain, cells.map_elements(_plain_decimal, return_dtype=pl.String)
            )
        parts = cells.fill_null("0").str.splitn(".", 2).struct.unnest()
        whole, fraction = parts.to_series(0), parts.to_series(1).fill_null("").str.strip_chars_end("0")
        places = int(fraction.str.len_bytes().max() or 0)  # type: ignore[arg-type]
        digits = whole + fraction.str.pad_end(places, "0")
        values = digits.cast(pl.Int64, strict=False)
        self.refuse_where(
            (~cells.str.contains(_DECIMAL).fill_null(value=True)).to_numpy(), name, "a decimal number"
        )
        too_long = values.is_null() | (digits.str.strip_chars_start("-0").str.len_bytes() > MAX_DIGITS)
        if too_long.any():
            # One cell of many decimals makes all others long, so it is the one to show.
            longest = fraction.str.len_bytes() == places if places > MAX_DIGITS // 2 else too_long
            self.refuse_where(
                longest.to_numpy(), name, f"at most {MAX_DIGITS} digits, with {places} decimals in every row"
            )
        return Decimals(values.to_numpy().astype(np.int64), places, missing)

    def floats(self, name: str) -> pl.Series:
        """Cells as the nearest doubles; empty cells are null, anything else that is no number is refused."""
        cells = self.text(name)
        values = cells.cast(pl.Float64, strict=False)
        wrong = (values.is_null() & cells.is_not_null()) | ~values.is_finite().fill_null(value=True)
        self.refuse_where(wrong.to_numpy(), name, "a decimal number")
        return values

    def times_ns(self, name: str = "time") -> Integers:
        """Cells as nanoseconds since 1970 UTC, never decreasing."""
        cells, layout = self.text(name), self.layout
        self.refuse_where(cells.is_null().to_numpy(), name, "a time")
        try:
            times_ns = parse_times(cells, layout.time_unit, layout.zone, layout.date)
        except TimeFaultError as fault:
            if fault.index is None:
                raise SourceError(
                    self.file, None, f"{self._titles[name]}: {fault.reason}", fault.remedy
                ) from None
            raise self.refuse(
                fault.index, f"{self._titles[name]} is {cells[fault.index]!r}, {fault.reason}", fault.remedy
            ) from None
        backwards = np.flatnonzero(np.diff(times_ns) < 0)
        if len(backwards):
            index = int(backwards[0]) + 1
            raise self.refuse(
                index,
                f"{self._titles[name]} is {cells[index]}, before {cells[index - 1]} in the row above",
                "sort the file by time",
            )
        return times_ns


def decimal_series(mantissas: Integers, places: int) -> pl.Series:
    """`mantissas` x 10^-`places` as a Decimal series."""
    words = np.empty((len(mantissas), 2), dtype=np.int64)
    words[:, 0] = mantissas
    words[:, 1] = np.where(words[:, 0] < 0, -1, 0)
    array = pa.Array.from_buffers(pa.decimal128(38, places), len(words), [None, pa.py_buffer(words)])
    series = pl.from_arrow(array)
    assert isinstance(series, pl.Series)
    return series


def _plain_decimal(cell: str) -> str | None:
    """A number in scientific notation written out; anything else stays as it is and will be refused."""
    try:
        number = Decimal(cell)
    except InvalidOperation:
        return cell
    return f"{number:f}" if number.is_finite() and abs(number.adjusted()) < MAX_DIGITS else cell


def read_table(
    data: bytes, file: str, known: Sequence[Column], layout: Layout, order: Sequence[str] = ()
) -> Table:
    """The table in `data`, its columns found by the layout, by name or by alias.

    Parameters
    ----------
    data
        The text of the file, UTF-8.
    file
        Its path, for messages.
    known
        The columns that the reader understands.
    layout
        What the caller says about the file.
    order
        Our names of the columns of a file without header, first to last ("" for one to leave out).
    """
    delimiter = layout.delimiter or likely_delimiter(data.lstrip(b"\xef\xbb\xbf\r\n"))
    if len(delimiter.encode()) != 1:
        raise SourceError(file, None, f"the delimiter is {delimiter!r}, expected one character")
    if layout.time_unit not in ("", *TIME_UNITS):
        raise SourceError(
            file, None, f"the time unit is {layout.time_unit!r}, expected one of {', '.join(TIME_UNITS)}"
        )
    data = data.removeprefix(b"\xef\xbb\xbf")
    above = len(data) - len(data.lstrip(b"\r\n"))
    frame = _cells(data[above:], file, delimiter)
    rows = np.arange(1, len(frame) + 1, dtype=np.int64) + data[:above].count(b"\n")
    filled = (
        ~frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
        if frame.width
        else rows > 0
    )
    frame, rows = frame.filter(pl.Series(filled)), rows[filled]
    if not len(frame):
        raise SourceError(file, None, "the file is empty, expected a table", "is this the right file?")
    first = [cell or "" for cell in frame.row(0)]
    known_names = [column.name for column in known]
    unknown = sorted(set(layout.columns) - set(known_names))
    if unknown:
        raise SourceError(
            file, None, f"no column is called {unknown[0]!r} here", f"map one of {', '.join(known_names)}"
        )
    header = has_header(first) if layout.header is None else layout.header
    places = (
        by_header(first, file, known, layout) if header else by_position(frame.width, file, layout, order)
    )
    if header:
        frame, rows = frame.slice(1), rows[1:]
        if not len(frame):
            raise SourceError(file, None, "there is a header but no row below it", "is this the right file?")
    _refuse_ragged(frame, rows, data, file, delimiter)
    titles = {
        name: (first[place].strip() or name) if header else f"column {place + 1} ({name})"
        for name, place in places.items()
    }
    return Table(
        file, frame.select(pl.nth(place).alias(name) for name, place in places.items()), rows, titles, layout
    )


def _cells(data: bytes, file: str, delimiter: str) -> pl.DataFrame:
    """Every cell as text."""
    if not data.strip():
        raise SourceError(file, None, "the file is empty, expected a table", "is this the right file?")
    try:
        return pl.read_csv(
            io.BytesIO(data),
            has_header=False,
            infer_schema=False,
            separator=delimiter,
            quote_char='"',
            raise_if_empty=False,
        )
    except pl.exceptions.PolarsError as error:
        _refuse_line(data, file, delimiter)
        reason = str(error).split("\n", 1)[0]
        raise SourceError(
            file, None, f"this is no table of text: {reason}", "is this the right file?"
        ) from None


def _refuse_line(data: bytes, file: str, delimiter: str) -> None:
    """Raise for the first line that is no text, or has another number of cells than the first line."""
    width = 0
    for row, line in enumerate(data.split(b"\n"), start=1):
        try:
            text = line.decode()
        except UnicodeDecodeError:
            raise SourceError(file, row, "this is no UTF-8 text", "is this the right file?") from None
        if not text.strip() or '"' in text:
            continue
        count = text.count(delimiter) + 1
        width = width or count
        if count != width:
            raise SourceError(file, row, f"has {count} cells, expected {width} as in the first row")


def _refuse_ragged(frame: pl.DataFrame, rows: Integers, data: bytes, file: str, delimiter: str) -> None:
    """Short rows are filled with nulls at the end; tell them from rows that end with an empty cell."""
    if frame.width > 1 and frame.to_series(-1).null_count():
        short = frame.to_series(-1).is_null().to_numpy()
        lines = data.split(b"\n")
        if len(lines) >= int(rows[-1]) and b'"' not in data:
            commas = delimiter.encode()
            for row in rows[short].tolist():
                count = lines[row - 1].count(commas) + 1
                if count != frame.width:
                    raise SourceError(
                        file, row, f"has {count} cells, expected {frame.width} as in the first row"
                    )
