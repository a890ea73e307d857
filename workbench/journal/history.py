"""Imported market data beside the sessions: views over the data sets under the data root."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from enum import IntEnum
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow.parquet as pq

from workbench.domain.codes import CommandKind, OrderType, Side, TimeInForce
from workbench.errors import StoreError
from workbench.journal.place import HISTORY, MANIFEST
from workbench.journal.views import INNER, PARTS, View, ViewColumn, code_name, sql_path, sql_text

COMMANDS, BARS = "commands.parquet", "bars.parquet"
_PRICES = ("open", "high", "low", "close")
_BAR_COLUMNS = (
    *_PRICES,
    "volume",
    *(f"{side}_{name}" for side in ("bid", "ask") for name in (*_PRICES, "quantity")),
)
_NUMBERS = ("order_id", "client_order_id", "new_client_order_id", "row", "origin")
_AGAIN = "import it again with `workbench import`, or move its folder away"


class Dataset(NamedTuple):
    """A data set: its folder, what its manifest looked like, and what it says."""

    folder: Path
    look: tuple[int, int, int]
    about: dict[str, Any]

    def has(self, table: str) -> bool:
        """Whether it has a table of that name."""
        return any(each["name"] == table for each in self.about["tables"])


def datasets(root: Path, known: Mapping[str, Dataset]) -> dict[str, Dataset]:
    """All data sets under a root by name; those that look as they did when they were `known` are not read."""
    folder = root / HISTORY
    found: dict[str, Dataset] = {}
    for place in sorted(folder.iterdir()) if folder.is_dir() else ():
        if place.name.startswith(".") or not place.is_dir():
            continue
        look = _look_of(place)
        before = known.get(place.name)
        found[place.name] = before if before is not None and before.look == look else _read(place, look)
    return found


def _look_of(folder: Path) -> tuple[int, int, int]:
    try:
        seen = (folder / MANIFEST).stat()
    except OSError:
        return (0, 0, 0)
    return (seen.st_ino, seen.st_size, seen.st_mtime_ns)


def _read(folder: Path, look: tuple[int, int, int]) -> Dataset:
    path = folder / MANIFEST
    try:
        about = json.loads(path.read_bytes())
        told = about.pop("digest")
        whole = told == hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
        tables = [(each["name"], each["bytes"]) for each in about["tables"]]
    except OSError as error:
        raise StoreError(
            f"data set {folder.name!r} has no manifest that can be read: {error.strerror}", str(path), _AGAIN
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise StoreError(f"is no manifest of data set {folder.name!r}", str(path), _AGAIN) from None
    if not whole:
        raise StoreError(
            "was edited or damaged: it does not have the digest that it states", str(path), _AGAIN
        )
    for name, size in tables:
        file = folder / name
        if not file.is_file() or file.stat().st_size != size:
            what = "has another size than" if file.is_file() else "is missing, but"
            raise StoreError(f"{what} the manifest of data set {folder.name!r} says", str(file), _AGAIN)
    return Dataset(folder, look, about)


def dataset_rows(found: Iterable[Dataset]) -> list[dict[str, Any]]:
    """A row of the view `history` for each data set."""
    rows = []
    for each in found:
        about, (tick, lot) = each.about, _sizes(each)
        days, counts = about["days"], about["counts"]
        rows.append(
            {
                "dataset": each.folder.name,
                **{name: about[name] for name in ("holds", "kind", "symbol", "zone", "source", "imported")},
                "first_day": days[0] if days else None,
                "last_day": days[-1] if days else None,
                **{name: counts.get(name) for name in ("commands", "rows", "bars")},
                "tick_size": None if tick is None else float(tick),
                "lot_size": None if lot is None else float(lot),
                "bytes": sum(table["bytes"] for table in about["tables"]),
            }
        )
    return rows


def _sizes(dataset: Dataset) -> tuple[Decimal | None, Decimal | None]:
    instrument = dataset.about["instrument"]
    if instrument is None:
        return None, None
    tick, lot = (instrument[name] for name in ("tick_size", "lot_size"))
    return tuple(Decimal(size["decimal"] if isinstance(size, dict) else size) for size in (tick, lot))  # type: ignore[return-value]


def bars_sql(found: Iterable[Dataset]) -> str:
    """What the view `bars` is selected from."""
    selects = []
    for dataset in found:
        if dataset.has(BARS):
            path = dataset.folder / BARS
            there = set(pq.read_schema(path).names)
            symbol = "symbol::VARCHAR" if "symbol" in there else sql_text(str(dataset.about["symbol"]))
            values = [
                f'{name}::DOUBLE AS "{name}"' if name in there else f'NULL::DOUBLE AS "{name}"'
                for name in _BAR_COLUMNS
            ]
            selects.append(_select(dataset, symbol, "time::TIMESTAMP_NS AS time", values, path))
    nothing = ", ".join(f'NULL::DOUBLE AS "{name}"' for name in _BAR_COLUMNS)
    return _union(selects, f"NULL::TIMESTAMP_NS AS time, {nothing}")


def commands_sql(found: Iterable[Dataset]) -> str:
    """What the view `history_commands` is selected from."""
    selects = []
    names = [
        "kind", "side", "order_type", "time_in_force", "flags", "quantity_lots", "price_ticks",
        "trigger_price_ticks", *_NUMBERS,
    ]  # fmt: skip
    for dataset in found:
        if dataset.has(COMMANDS):
            path = dataset.folder / COMMANDS
            sizes = []
            for name, size in zip(("tick", "lot"), _sizes(dataset), strict=True):
                numerator, denominator = (size or Decimal(1)).as_integer_ratio()
                sizes += [f"{float(numerator)!r}::DOUBLE AS {name}_numerator"]
                sizes += [f"{float(denominator)!r}::DOUBLE AS {name}_denominator"]
            symbol = sql_text(str(dataset.about["symbol"]))
            values = [*(f'{name}::BIGINT AS "{name}"' for name in names), *sizes]
            selects.append(_select(dataset, symbol, "make_timestamp_ns(time_ns) AS time", values, path))
    nothing = [f'NULL::BIGINT AS "{name}"' for name in names]
    parts = [f"{name}_{part}" for name in ("tick", "lot") for part in ("numerator", "denominator")]
    nothing += [f"NULL::DOUBLE AS {name}" for name in parts]
    return _union(selects, f"NULL::TIMESTAMP_NS AS time, {', '.join(nothing)}")


def _select(dataset: Dataset, symbol: str, time: str, values: Sequence[str], path: Path) -> str:
    name = sql_text(dataset.folder.name)
    columns = ", ".join([f"{name} AS dataset", f"{symbol} AS symbol", time, *values])
    return f"SELECT {columns} FROM read_parquet([{sql_path(path)}], hive_partitioning=false)"  # noqa: S608


def _union(selects: Sequence[str], nothing: str) -> str:
    none = f"SELECT NULL::VARCHAR AS dataset, NULL::VARCHAR AS symbol, {nothing} LIMIT 0"
    return f"({' UNION ALL '.join([*selects, f'({none})'])})"


def _column(name: str, kind: str, unit: str, about: str, sql: str = "") -> ViewColumn:
    return ViewColumn(name, kind, unit, about, sql or f't."{name}"')


def _counted(name: str, unit: str, about: str) -> ViewColumn:
    scale = {"ticks": "tick", "lots": "lot"}[unit]
    sql = f't."{name}_{unit}" * t.{scale}_numerator / t.{scale}_denominator'
    return _column(name, "DOUBLE", {"ticks": "currency", "lots": "units"}[unit], about, f"nullif({sql}, 0)")


def _code(name: str, about: str, field: str, codes: type[IntEnum]) -> ViewColumn:
    return _column(name, "VARCHAR", "name", about, code_name(f't."{field}"', codes))


_DATASET = _column("dataset", "VARCHAR", "name", "Name of the data set, and of its folder")
_SYMBOL = _column("symbol", "VARCHAR", "name", "Its instrument")

HISTORY_VIEW = View(
    "history",
    "One row for each imported data set",
    (
        _DATASET,
        _column("holds", "VARCHAR", "name", "history (order flow, trades or quotes) or bars"),
        _column("kind", "VARCHAR", "name", "Format of its source"),
        _SYMBOL,
        _column("zone", "VARCHAR", "name", "IANA time zone of its market"),
        _column("first_day", "VARCHAR", "date", "First day on the market's calendar"),
        _column("last_day", "VARCHAR", "date", "Last day on the market's calendar"),
        _column("commands", "BIGINT", "count", "Commands of the street; null for bars"),
        _column("rows", "BIGINT", "count", "Rows of the source; null for bars"),
        _column("bars", "BIGINT", "count", "Bars; null for a history"),
        _column("tick_size", "DOUBLE", "currency", "Price of one tick; null for bars"),
        _column("lot_size", "DOUBLE", "units", "Quantity of one lot; null for bars"),
        _column("source", "VARCHAR", "path", "What it was imported from"),
        _column("imported", "VARCHAR", "UTC", "Clock time at which it was imported, ISO 8601"),
        _column("bytes", "BIGINT", "bytes", "Size of its tables"),
    ),
    f"{INNER}.history t",
)

BARS_VIEW = View(
    "bars",
    "One row for each imported bar",
    (
        _DATASET,
        _SYMBOL,
        _column("time", "TIMESTAMP_NS", "UTC", "Start of the bar"),
        *(
            _column(
                name,
                "DOUBLE",
                "units" if name in ("volume", "bid_quantity", "ask_quantity") else "currency",
                f"{name.replace('_', ' ').capitalize()} of the bar; null where the source has none",
            )
            for name in _BAR_COLUMNS
        ),
    ),
    f"{PARTS} t",
)

COMMANDS_VIEW = View(
    "history_commands",
    "One row for each command of the street that an imported history was turned into",
    (
        _DATASET,
        _SYMBOL,
        _column("time", "TIMESTAMP_NS", "UTC", "When it happened"),
        _code("command", "Kind of command (see rules.md)", "kind", CommandKind),
        _code("side", "Side; null for none", "side", Side),
        _code("type", "Order type; null for none", "order_type", OrderType),
        _code("time_in_force", "Time in force; null for none", "time_in_force", TimeInForce),
        _column("flags", "BIGINT", "bits", "Flags of the command (see rules.md)"),
        *(
            _column(name, "BIGINT", "id", about, f'nullif(t."{name}", 0)')
            for name, about in (
                ("order_id", "Order that it names by the exchange's id; null for none"),
                ("client_order_id", "Order that it names by the source's id; null for none"),
                ("new_client_order_id", "The source's id of an order that takes its place; null for none"),
            )
        ),
        _counted("quantity", "lots", "Quantity; null for none"),
        _counted("price", "ticks", "Price; null for none"),
        _counted("trigger_price", "ticks", "Trigger price; null for none"),
        _column("row", "BIGINT", "number", "Row of the source that it comes from"),
        _column("origin", "BIGINT", "code", "How it came from that row"),
        _column("quantity_lots", "BIGINT", "lots", "The same as `quantity`, exactly"),
        _column("price_ticks", "BIGINT", "ticks", "The same as `price`, exactly"),
        _column("trigger_price_ticks", "BIGINT", "ticks", "The same as `trigger_price`, exactly"),
    ),
    f"{PARTS} t",
)

HISTORY_VIEWS: dict[str, View] = {view.name: view for view in (HISTORY_VIEW, BARS_VIEW, COMMANDS_VIEW)}
"""Views of imported market data."""
