"""Which column of a text table is what: by mapping, by name, by alias or by position, and never by guessing.

Every reader of trades, quotes, ticks and bars goes through here and `workbench.feed.table`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal

from workbench.domain.units import Number
from workbench.errors import SourceError


@dataclass(frozen=True, slots=True)
class Column:
    """A column that a reader understands.

    Parameters
    ----------
    name
        Our name for it.
    aliases
        Names by which it is recognised in a header, lower case, every other sign an underscore.
    """

    name: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """How a table of text is laid out; what is left out is found from the header, or refused.

    Parameters
    ----------
    columns
        Our name of a column to the file's: a name in its header, or a position counted from 1.
    header
        Whether the first row names the columns; None finds out.
    delimiter
        What stands between two cells; the comma, semicolon, tab or bar that is most frequent in the first row
        unless given.
    time_unit
        `"iso"`, or what a number in the time column counts: `"s"`, `"ms"`, `"us"` or `"ns"`; "" finds out.
    zone
        IANA time zone of times that do not carry their own, such as "America/New_York".
    date
        The day, when times are counted from midnight (in `zone`) rather than from 1970.
    price_unit, quantity_unit
        What 1 in a price or quantity column is worth ("0.0001" where prices are ten-thousandths).
    """

    columns: Mapping[str, str | int] = field(default_factory=dict)
    header: bool | None = None
    delimiter: str = ""
    time_unit: str = ""
    zone: str = ""
    date: date | None = None
    price_unit: Number = Decimal(1)
    quantity_unit: Number = Decimal(1)

    def with_columns(self, columns: Mapping[str, str | int] | None) -> Layout:
        """The same layout with further columns mapped; a mapping given here goes before its own."""
        return replace(self, columns={**self.columns, **columns}) if columns else self


def normal(title: str) -> str:
    """A column's title in the form in which aliases are written.

    >>> normal(" Bid Price ")
    'bid_price'
    """
    return re.sub(r"[^a-z0-9]+", "_", title.strip().lower()).strip("_")


def has_header(first: Sequence[str]) -> bool:
    """Whether the first row names columns: a row of data has a number somewhere, a header none.

    >>> has_header(["time", "price"]), has_header(["2024-05-01", "10.5"])
    (True, False)
    """
    return not any(re.fullmatch(r"-?[\d.]+", cell.strip()) for cell in first if cell)


def header_cells(data: bytes, delimiter: str = "") -> list[str]:
    """Cells of the first line, for telling kinds of files apart."""
    delimiter = delimiter or likely_delimiter(data)
    line = data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n").split(b"\n", 1)[0]
    return [cell.strip().strip('"') for cell in line.decode(errors="replace").strip("\r").split(delimiter)]


def likely_delimiter(data: bytes) -> str:
    """The comma, semicolon, tab or bar that is most frequent in the first line."""
    line = data.split(b"\n", 1)[0]
    return max(",;\t|", key=lambda sign: line.count(sign.encode()))


def by_header(first: Sequence[str], file: str, known: Sequence[Column], layout: Layout) -> dict[str, int]:
    """Positions of the columns in a file with a header."""
    exact = [cell.strip() for cell in first]
    titles = [normal(cell) for cell in first]
    places: dict[str, int] = {}
    for name, title in layout.columns.items():
        if str(title) in exact:
            places[name] = exact.index(str(title))
        elif normal(str(title)) in titles and normal(str(title)):
            places[name] = titles.index(normal(str(title)))
        elif str(title).isdecimal() and 1 <= int(title) <= len(first):
            places[name] = int(title) - 1
        else:
            raise SourceError(
                file, 1, f"no column {title!r} in the header", f"it has {', '.join(filter(None, exact))}"
            )
    for column in known:
        found = [
            i
            for i, title in enumerate(titles)
            if title in (column.name, *column.aliases) and i not in places.values()
        ]
        if column.name in places or not found:
            continue
        own = [i for i in found if titles[i] == column.name]
        if len({exact[i] for i in found}) < len(found):
            raise SourceError(file, 1, f"column {exact[found[0]]!r} occurs twice", "rename one of them")
        if len(found) > 1 and len(own) != 1:
            both = " and ".join(repr(exact[i]) for i in found)
            raise SourceError(
                file,
                1,
                f"both {both} could be the {column.name}",
                f"say which: {column.name}={exact[found[0]]}",
            )
        places[column.name] = (own or found)[0]
    return places


def by_position(width: int, file: str, layout: Layout, order: Sequence[str]) -> dict[str, int]:
    """Positions of the columns in a file without a header."""
    places = {name: place for place, name in enumerate(order) if name and place < width}
    for name, title in layout.columns.items():
        if not str(title).isdecimal() or not 1 <= int(title) <= width:
            raise SourceError(
                file,
                None,
                f"no column {title!r}: the file has no header",
                f"give {name}= a position from 1 to {width}",
            )
        places = {known: place for known, place in places.items() if place != int(title) - 1}
        places[name] = int(title) - 1
    if not places:
        raise SourceError(
            file,
            1,
            "there is no header, and nothing says what the columns are",
            "map them by position: time=1, price=2",
        )
    return places
