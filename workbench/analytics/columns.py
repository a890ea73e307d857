"""What the frames of a review are made of: columns with their type, unit and meaning.

Prices, quantities and money are the doubles nearest to the exact decimals, as in the views of docs/data.md.
Null says that there is none; times are UTC with nanoseconds.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

TIME = pl.Datetime("ns", "UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a frame.

    Parameters
    ----------
    name
        Its name.
    type
        Its Polars type.
    unit
        What it counts: `currency`, `price`, `units`, `ticks`, `bp` (hundredths of a percent), `s`, `share`
        (1 is all), `UTC`, `id`, `name`, `count`, `text`, or `yes/no`.
    about
        What it means, in one sentence without its full stop.
    """

    name: str
    type: Any
    unit: str
    about: str


@dataclass(frozen=True, slots=True)
class Table:
    """A frame's columns.

    Parameters
    ----------
    name
        What it is called in addresses.
    about
        What a row is.
    columns
        In their order.
    """

    name: str
    about: str
    columns: tuple[Column, ...]

    @property
    def schema(self) -> pl.Schema:
        """Names and types of its columns."""
        return pl.Schema({column.name: column.type for column in self.columns})

    @property
    def names(self) -> list[str]:
        """Names of its columns."""
        return [column.name for column in self.columns]

    def empty(self) -> pl.DataFrame:
        """A frame without rows."""
        return pl.DataFrame(schema=self.schema)

    def frame(self, columns: Mapping[str, Any]) -> pl.DataFrame:
        """Columns, in any order, as a frame of this table; types are made its own.

        Raises
        ------
        polars.exceptions.PolarsError
            When one is missing, or cannot be of its type.
        """
        return self.shaped(pl.DataFrame(dict(columns)))

    def shaped(self, frame: pl.DataFrame) -> pl.DataFrame:
        """The columns of this table out of a frame, with its types."""
        return frame.select(pl.col(column.name).cast(column.type) for column in self.columns)


def time(name: str, about: str) -> Column:
    """A column of times."""
    return Column(name, TIME, "UTC", about)


def price(name: str, about: str) -> Column:
    """A column of prices."""
    return Column(name, pl.Float64, "price", about)


def units(name: str, about: str) -> Column:
    """A column of quantities: shares, contracts, coins."""
    return Column(name, pl.Float64, "units", about)


def money(name: str, about: str) -> Column:
    """A column of money."""
    return Column(name, pl.Float64, "currency", about)


def number(name: str, unit: str, about: str) -> Column:
    """A column of other numbers."""
    return Column(name, pl.Float64, unit, about)


def whole(name: str, unit: str, about: str) -> Column:
    """A column of ids or counts."""
    return Column(name, pl.Int64, unit, about)


def text(name: str, about: str) -> Column:
    """A column of names."""
    return Column(name, pl.String, "name", about)


def flag(name: str, about: str) -> Column:
    """A column that says yes or no."""
    return Column(name, pl.Boolean, "yes/no", about)
