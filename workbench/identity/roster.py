"""Rosters: the list of a class as a CSV file, read line by line and written again."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator

from msgspec import Struct

from workbench.errors import AuthError, RosterError
from workbench.identity.names import email_of, line_of, name_key, shown_name

COLUMNS = ("name", "email", "number")
BYTES_MAX = 2_000_000
LINES_MAX = 2_000
NUMBER_CHARACTERS_MAX = 40
_REMEDY = "save the file as CSV in UTF-8"
# What a spreadsheet takes for a formula: such a cell gets an apostrophe, and loses it on the way back.
_FORMULA = ("=", "+", "-", "@", "\t", "'")


class RosterLine(Struct, frozen=True):
    """One person of a roster; `number` is the school's own, such as a matriculation number."""

    line: int
    name: str
    email: str
    number: str


def read_roster(content: bytes | str, file: str = "roster.csv") -> list[RosterLine]:
    """People of a CSV file with a column `name`, and `email` and `number` if it likes.

    Raises
    ------
    RosterError
        With every line that is wrong.
    """
    text = _text_of(content, file)
    problems: list[tuple[int, str]] = []
    people: list[RosterLine] = []
    lines_by_name: dict[str, int] = {}
    places: list[str] = []
    try:
        for line, cells in _records(text):
            if not places:
                places = _header(cells, file)
            elif any(cell.strip() for cell in cells):
                try:
                    person = _person(line, cells, places)
                except AuthError as error:
                    problems.append((line, f"{error.where} {error.what}"))
                    continue
                first = lines_by_name.setdefault(name_key(person.name), line)
                if first != line:
                    problems.append((line, f"name {person.name!r} is that of line {first} too"))
                people.append(person)
            if len(people) > LINES_MAX:
                raise RosterError(file, ((line, f"there are more than {LINES_MAX} people"),))
    except _UnreadableError as error:
        problems.append((error.line, error.reason))
    if not places:
        raise RosterError(file, ((1, f"is empty, expected a header such as {','.join(COLUMNS)}"),))
    if problems:
        raise RosterError(file, tuple(problems))
    return people


def write_roster(rows: Iterable[Iterable[str]], header: Iterable[str]) -> str:
    """CSV of a roster; no cell is a formula to a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    writer.writerows([f"'{cell}" if cell.startswith(_FORMULA) else cell for cell in row] for row in rows)
    return out.getvalue()


class _UnreadableError(Exception):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


def _text_of(content: bytes | str, file: str) -> str:
    if len(content) > BYTES_MAX:
        raise RosterError(file, ((1, f"is longer than {BYTES_MAX} bytes"),))
    if isinstance(content, str):
        return content.removeprefix("\ufeff")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RosterError(file, ((line, f"is not UTF-8 text; {_REMEDY}"),)) from error


def _records(text: str) -> Iterator[tuple[int, list[str]]]:
    """Records with the line on which each begins."""
    head = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise _UnreadableError(line, f"is no CSV ({error})") from error
        yield line, cells
        line = reader.line_num + 1


def _header(cells: list[str], file: str) -> list[str]:
    places = [cell.strip().casefold() for cell in cells]
    places = ["email" if place == "e-mail" else place for place in places]
    known = ", ".join(COLUMNS)
    for place in places:
        if place not in COLUMNS:
            raise RosterError(file, ((1, f"has a column {place!r}, expected {known}"),))
        if places.count(place) > 1:
            raise RosterError(file, ((1, f"has two columns {place!r}"),))
    if "name" not in places:
        raise RosterError(file, ((1, f"has no column 'name', expected {known}"),))
    return places


def _person(line: int, cells: list[str], places: list[str]) -> RosterLine:
    if len(cells) != len(places):
        raise AuthError("invalid", f"has {len(cells)} cells, expected {len(places)}", "line")
    by_place = {place: _unquoted(cell) for place, cell in zip(places, cells, strict=True)}
    return RosterLine(
        line,
        shown_name(by_place["name"]),
        email_of(by_place.get("email", "")),
        line_of(by_place.get("number", ""), "number", NUMBER_CHARACTERS_MAX),
    )


def _unquoted(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_FORMULA) else cell
