"""Zips in the layout of QuantConnect's Lean: their columns, day, time zone and unit of price.

Such a zip holds one table without a header whose name tells symbol, day, resolution and kind. Prices of US
equities are ten-thousandths of a dollar, all others are plain decimals; times are milliseconds from midnight
of the day in the market's zone.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from workbench.errors import SourceError
from workbench.feed.columns import Layout

_MEMBER = re.compile(
    r"^(?P<day>\d{8})_(?P<symbol>[A-Za-z0-9.]+)_(?:(?P<resolution>minute|second|hour|daily|tick)_)?"
    r"(?P<kind>trade|quote)(?:_(?P<late>tick|minute|second|hour|daily))?\.csv$",
    re.IGNORECASE,
)
_PLAIN = re.compile(r"^(?P<symbol>[A-Za-z0-9.]+)\.csv$", re.IGNORECASE)

_BAR = ("time", "open", "high", "low", "close", "volume")
_QUOTE_BAR = (
    "time",
    *(f"bid_{name}" for name in ("open", "high", "low", "close", "quantity")),
    *(f"ask_{name}" for name in ("open", "high", "low", "close", "quantity")),
)
_ORDERS: Mapping[tuple[str, int], tuple[str, ...]] = {
    ("trade tick", 6): ("time", "price", "quantity", "", "condition", "suspicious"),
    ("trade tick", 3): ("time", "price", "quantity"),
    ("quote tick", 8): (
        "time",
        "bid_price",
        "bid_quantity",
        "ask_price",
        "ask_quantity",
        "",
        "",
        "suspicious",
    ),
    ("quote tick", 5): ("time", "bid_price", "bid_quantity", "ask_price", "ask_quantity"),
    ("quote tick", 3): ("time", "bid_price", "ask_price"),
    ("trade bar", 6): _BAR,
    ("quote bar", 11): _QUOTE_BAR,
}
"""Columns of each kind of table by their number; "" is left out."""

_PRICE_ENDINGS = ("price", "open", "high", "low", "close")

_ZONES = {
    "equity": "America/New_York",
    "fxcm": "Etc/GMT+5",
    "oanda": "UTC",
    "coinbase": "UTC",
    "gdax": "UTC",
    "bitfinex": "UTC",
    "binance": "UTC",
    "crypto": "UTC",
    "comex": "UTC",
}
"""Time zone by a word in the path, as in Lean's own table of market hours."""


@dataclass(frozen=True, slots=True)
class LeanFile:
    """What the name of a Lean zip and its first row say.

    Attributes
    ----------
    symbol
        Upper case.
    kind
        `"trade tick"`, `"quote tick"`, `"trade bar"` or `"quote bar"`.
    market
        `"equity"`, or the word in the path that told the zone.
    layout
        Day, zone and units.
    order
        Our names of the columns.
    one_sided
        Whether each quote tells one side and leaves the other as it was.
    """

    symbol: str
    kind: str
    market: str
    layout: Layout
    order: tuple[str, ...]
    one_sided: bool


def is_lean(path: str) -> bool:
    """Whether the file at `path` is a zip whose only member is named as Lean names them."""
    member = _member(path)
    return bool(_MEMBER.match(member) or _PLAIN.match(member))


def lean_file(path: str, data: bytes, layout: Layout) -> LeanFile | None:
    """Recognise the content `data` of the zip at `path`; None when it is no Lean zip.

    What the caller's `layout` says about the zone goes before what the path says.
    """
    member = _member(path)
    named = _MEMBER.match(member) or _PLAIN.match(member)
    if not named:
        return None
    first = data.split(b"\n", 1)[0].decode(errors="replace").strip().split(",")
    parts = named.groupdict()
    if not re.fullmatch(r"\d[\d. :]*", first[0]):
        return None
    ticks = (
        "tick" in (parts.get("resolution") or "", (parts.get("late") or "").lower())
        or "_tick" in member.lower()
    )
    kind = f"{(parts.get('kind') or 'trade').lower()} {'tick' if ticks else 'bar'}"
    order = _ORDERS.get((kind, len(first)))
    if order is None:
        return None
    day = parts.get("day")
    if day is None and not re.fullmatch(r"\d{8} \d\d:\d\d", first[0]):
        return None
    prices = [cell for cell, name in zip(first, order, strict=True) if name.endswith(_PRICE_ENDINGS)]
    # Only equities have whole numbers: ten-thousandths of a dollar.
    equity = b"." not in data[:65536] and all(cell.isdecimal() for cell in prices)
    market = "equity" if equity else named_market(path)
    zone = layout.zone or _ZONES.get(market, "")
    if not zone:
        raise SourceError(
            path,
            None,
            "this looks like a Lean zip, but not of which market, so the time zone is unknown",
            "give the zone, such as UTC",
        )
    made = replace(
        layout,
        header=False,
        zone=zone,
        price_unit=Decimal("0.0001") if equity else Decimal(1),
        time_unit="ms" if day else "iso",
        date=_day(path, day) if day else None,
    )
    one_sided = kind == "quote tick" and equity
    return LeanFile(parts["symbol"].upper(), kind, market or "other", made, order, one_sided)


def named_market(path: str) -> str:
    """The market that a word in a path names, on which the time zone depends; "" for none.

    >>> named_market("ticks/fx/fxcm_eurusd_20140508_quote.zip")
    'fxcm'
    """
    words = re.split(r"[^a-z0-9]+", path.lower())
    return next((word for word in _ZONES if word in words), "")


def _day(path: str, day: str) -> date:
    try:
        return datetime.strptime(day, "%Y%m%d").replace(tzinfo=ZoneInfo("UTC")).date()
    except ValueError:
        raise SourceError(path, None, f"its name has the day {day}, which does not exist") from None


def _member(path: str) -> str:
    """Name of the only file in a zip; "" for any other file."""
    try:
        with zipfile.ZipFile(Path(path)) as archive:
            names = [info.filename for info in archive.infolist() if not info.is_dir()]
    except (OSError, zipfile.BadZipFile):
        return ""
    return Path(names[0]).name if len(names) == 1 else ""
