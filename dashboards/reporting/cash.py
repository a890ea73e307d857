"""Money that came or went without a trade, entry by entry."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import polars as pl

from dashboards.reporting.sections import Grid
from dashboards.reporting.words import cause, counted, money, upper
from workbench.reporting.days import Days

_MOST_ROWS = 40
_FEW = 0.005


def cash_grid(days: Days) -> Grid | None:
    """When which money came or went, and why; None where there was none.

    Those that come to a cent at least, deposits and withdrawals too; of very many the largest.
    """
    entries = days.table("cash").filter(pl.col("amount").abs() >= _FEW)
    if entries.is_empty():
        return None
    largest = entries.sort(pl.col("amount").abs(), descending=True, maintain_order=True).head(_MOST_ROWS)
    rest = len(entries) - len(largest)
    several, dated = days.of_class, len(days.dates) > 1
    rows = [
        [
            _when(row["time"], days.zone, dated=dated),
            *([row["name"]] if several else []),
            upper(" of ".join(each for each in (cause(row["reason"], one=True), row["symbol"]) if each)),
            row["text"] or "",
            money(row["amount"], days.currency),
        ]
        for row in largest.sort("time", "seq", maintain_order=True).iter_rows(named=True)
    ]
    if rest:
        left = float(entries["amount"].sum()) - float(largest["amount"].sum())
        blank = [""] * (2 if several else 1)
        rows.append(["", *blank, f"{counted(rest, 'smaller one')} together", money(left, days.currency)])
    heads = ("When", *(("Who",) if several else ()), "Money without a trade", "Why", "Amount")
    return Grid(heads, rows, left=len(heads) - 1)


def _when(at: datetime, zone: str, *, dated: bool) -> str:
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%d %b %H:%M:%S}" if dated else f"{local:%H:%M:%S}"
