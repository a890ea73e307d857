"""Lots and round trips as beancount and pyfolio make them of the same fills, and how far ours are off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl

from tests import tolerances
from workbench.analytics.lots import lots_of

Fills = list[tuple[int, float]]
"""Signed quantities at prices."""

SERIES = 40
FILLS = 30
"""How many random series are compared, and of how many fills."""


def frame(fills: Fills, symbol: str = "ACME", **columns: Any) -> pl.DataFrame:
    """What `lots_of` takes."""
    return pl.DataFrame(
        {
            "symbol": [symbol] * len(fills),
            "side": ["BUY" if quantity > 0 else "SELL" for quantity, _ in fills],
            "quantity": [abs(float(quantity)) for quantity, _ in fills],
            "price": [float(price) for _, price in fills],
            **columns,
        },
        schema_overrides={"symbol": pl.String, "side": pl.String},
    )


def reducing(fills: Fills) -> Fills:
    """The same, but what would go through zero ends flat: beancount knows no more."""
    held, kept = 0, []
    for quantity, price in fills:
        sized = -held if held * quantity < 0 and abs(quantity) > abs(held) else quantity
        kept.append((sized, price))
        held += sized
    return kept


def in_turns(fills: Fills) -> Fills:
    """The same without those on the side of the one before: pyfolio merges them at their average price."""
    return [each for at, each in enumerate(fills) if not at or each[0] * fills[at - 1][0] < 0]


def beancount(fills: Fills, method: str) -> tuple[Decimal, list[tuple[Decimal, Decimal]]]:
    """Realised PnL, and quantity and price of open lots, of fills that do not go through zero."""
    data, amount, inventory, position, full = (
        import_module(f"beancount.{name}")
        for name in ("core.data", "core.amount", "core.inventory", "core.position", "parser.booking_full")
    )
    booking = data.Booking[method.upper()]
    held, realised = inventory.Inventory(), Decimal(0)
    start = dt.date(2025, 3, 18)
    for day, (quantity, price) in enumerate(fills):
        units = amount.Amount(Decimal(quantity), "ACME")
        date = start + dt.timedelta(days=day)
        size = sum((lot.units.number for lot in held), Decimal(0))
        if size * quantity >= 0:
            held.add_amount(units, position.Cost(Decimal(str(price)), "USD", date, None))
            continue
        any_lot = position.CostSpec(None, None, None, None, None, False)
        posting = data.Posting("Assets:Stock", units, any_lot, None, None, {})
        entry = data.Transaction({}, date, "*", None, "", frozenset(), frozenset(), [posting])
        made, errors = full.book_reductions(
            entry, [posting], {"Assets:Stock": held}, {"Assets:Stock": booking}
        )
        if errors:
            raise ValueError(str(errors[0]))
        for each in made:
            realised += -each.units.number * (Decimal(str(price)) - each.cost.number)
            held.add_amount(each.units, each.cost)
    lots = sorted(held, key=lambda lot: lot.cost.date)
    return realised, [(lot.units.number, lot.cost.number) for lot in lots]


def pyfolio(fills: Fills) -> tuple[float, int]:
    """PnL of its round trips, and how many there are: one for each fill that closes something."""
    pandas = import_module("pandas")
    start = pandas.Timestamp("2025-03-18 14:30")
    index = pandas.DatetimeIndex([start + pandas.Timedelta(minutes=at) for at in range(len(fills))])
    rows = {
        "amount": [each[0] for each in fills],
        "price": [each[1] for each in fills],
        "symbol": ["ACME"] * len(fills),
    }
    trips = import_module("pyfolio.round_trips").extract_round_trips(pandas.DataFrame(rows, index))
    return float(trips["pnl"].sum()), len(trips)


def compare() -> dict[tuple[str, str], float]:
    """The largest difference of realised PnL over all series, in money, by method and oracle."""
    draw = np.random.default_rng(7)
    found = {(method, "beancount"): 0.0 for method in ("fifo", "lifo")} | {("fifo", "pyfolio"): 0.0}
    for _ in range(SERIES):
        sizes = draw.integers(1, 20, FILLS) * draw.choice([-1, 1], FILLS)
        prices = (100 + draw.normal(0, 1, FILLS)).round(2)
        fills = [(int(size), float(price)) for size, price in zip(sizes, prices, strict=True)]
        for method, oracle in found:
            asked = reducing(fills) if oracle == "beancount" else in_turns(fills)
            ours = float(lots_of(frame(asked), method).fills["realised"].sum())
            theirs = float(beancount(asked, method)[0]) if oracle == "beancount" else pyfolio(asked)[0]
            found[method, oracle] = max(found[method, oracle], abs(ours - theirs))
    return found


def section() -> Iterator[str]:
    """Its lines of docs/oracles.md."""
    yield "## Lots"
    yield ""
    yield f"Realised PnL of {SERIES} random series of {FILLS} fills each: the largest difference in money."
    yield "beancount is given fills that reduce a position and never turn it, and pyfolio none that follow on"
    yield "one of the same side, for it merges these. Hypothesis draws more, and compares open lots too."
    yield f"The tolerance: `LOTS` of `tests/tolerances.py`, {tolerances.LOTS:.0e}."
    yield ""
    yield "| method | oracle | largest difference | tolerance |"
    yield "|---|---|---|---|"
    for (method, oracle), largest in compare().items():
        yield f"| `{method}` | {oracle} | {largest:.1e} | `LOTS` |"
