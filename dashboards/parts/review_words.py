"""How a review's numbers are written: with their unit, and with a dash and a reason where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from dashboards.parts.charts_time import duration

if TYPE_CHECKING:
    import polars as pl

CHIPS = (
    "net_pnl",
    "total_return",
    "max_drawdown",
    "max_drawdown_share",
    "trades",
    "win_rate",
    "profit_factor",
    "fees",
)
"""The statistics that the bar shows, as far as they are among those of the review."""
NONE = "\N{EN DASH}"
_MINUS = "\N{MINUS SIGN}"
_SHOWN = 0.005
_SIGNED = frozenset({"net_pnl", "gross_pnl", "total_return"})


class Chip(TypedDict):
    """One number of the bar."""

    label: str
    value: str
    unit: str
    about: str
    tone: str


def written(value: float | None, unit: str, currency: str, *, signed: bool = False) -> tuple[str, str]:
    """A number as people read it, and its unit.

    >>> written(1234.5, "currency", "USD", signed=True), written(0.1234, "share", "USD")
    (('+1,234.50', 'USD'), ('12.34', '%'))
    >>> written(3.0, "count", "USD"), written(None, "ratio", "USD") == (NONE, ""), written(75.0, "s", "USD")
    (('3', ''), True, ('1 min 15 s', ''))
    """
    if value is None:
        return NONE, ""
    # What is written as nothing is neither above nor below it.
    sign = "+" if signed and abs(value) * (100 if unit == "share" else 1) >= _SHOWN else ""
    if unit == "currency":
        text, name = f"{value:{sign},.2f}", currency
    elif unit == "share":
        # What is not nothing is not written as nothing.
        places = 2 if round(100 * value, 2) or not value else 4
        text, name = f"{100 * value:{sign},.{places}f}", "%"
    elif unit == "s":
        text, name = duration(value), ""
    elif unit == "count":
        text, name = f"{value:,.0f}", ""
    elif unit == "ratio":
        text, name = f"{value:,.2f}", ""
    else:
        text, name = f"{value:{sign},.2f}", unit
    return text.replace("-", _MINUS), name


def chips_of(summary: pl.DataFrame, currency: str) -> list[Chip]:
    """The numbers of the bar."""
    rows = {row["statistic"]: row for row in summary.iter_rows(named=True)}
    chips: list[Chip] = []
    for name in CHIPS:
        row = rows.get(name)
        if row is None:
            continue
        signed = name in _SIGNED
        text, unit = written(row["value"], row["unit"], currency, signed=signed)
        tone = "" if not signed or not row["value"] else "up" if row["value"] > 0 else "down"
        about = row["about"] if row["value"] is not None else f"{row['about']}. None: {row['reason']}"
        chips.append(Chip(label=row["label"], value=text, unit=unit, about=about, tone=tone))
    return chips
