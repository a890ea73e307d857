"""What fills realised: lots matched first in, first out or last in, first out, or at average cost.

Quantities are counted in whole hundred-millionths, so that what was bought in three parts is sold in one
without a rest. A fill through zero is two: what closes, and what opens, with its fee shared by quantity.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import polars as pl

from workbench.analytics.columns import TIME, Table, flag, money, price, text, time, units, whole
from workbench.errors import ConfigError

METHODS = ("fifo", "lifo", "average")
"""How what was closed is chosen."""

STEP = 1e-8
"""Quantities are whole multiples of it."""

_MOST = 2**52

LOT_FILLS = Table(
    "lot_fills",
    "One row for each fill, as given and in the same order",
    (
        units("position", "Position after it, negative for a short"),
        money("cost", "What that cost by the method, negative for a short, without fees"),
        money("realised", "Profit or loss that it realised by the method, without fees"),
        whole("trip", "count", "The round trip that it opened or belongs to, from 1 over the frame"),
        flag("flip", "Whether it went through zero, and so ended the round trip before"),
    ),
)

LOT_MATCHES = Table(
    "lot_matches",
    "One row for each part of an opening fill and the fill that closed it; none by average cost",
    (
        text("symbol", "The instrument"),
        text("side", "BUY for a long lot, SELL for a short one"),
        units("quantity", "How much of it"),
        time("opened", "Time of the opening fill"),
        time("closed", "Time of the closing fill"),
        price("entry_price", "Price of the opening fill"),
        price("exit_price", "Price of the closing fill"),
        money("gross", "Profit or loss without fees"),
        money("fees", "This part's share of both fills' fees"),
        money("net", "Gross less fees"),
        whole("opened_row", "id", "Row of the opening fill, from 0"),
        whole("closed_row", "id", "Row of the closing fill, from 0"),
    ),
)

OPEN_LOTS = Table(
    "open_lots",
    "One row for each part of an opening fill that is still held; by average cost one for each position",
    (
        text("symbol", "The instrument"),
        units("quantity", "How much of it, negative for a short"),
        price("price", "Price of the opening fill; by average cost that"),
        whole("opened_row", "id", "Row of the opening fill, from 0; null by average cost"),
    ),
)

TRIP_ROWS: pl.Schema = pl.Schema(
    {
        "trip": pl.Int64,
        "symbol": pl.String,
        "side": pl.String,
        "opened": TIME,
        "closed": TIME,
        "opened_seq": pl.Int64,
        "closed_seq": pl.Int64,
        "fills": pl.Int64,
        "quantity": pl.Float64,
        "entry_quantity": pl.Float64,
        "entry_value": pl.Float64,
        "exit_quantity": pl.Float64,
        "exit_value": pl.Float64,
        "gross": pl.Float64,
        "fees": pl.Float64,
    }  # type: ignore[arg-type]
)
"""What `workbench.analytics.round_trips.round_trips` takes of round trips; values are price x quantity."""


class Lots(NamedTuple):
    """Fills with what they realised.

    Attributes
    ----------
    fills
        `LOT_FILLS`, a row for each fill.
    matches, open
        `LOT_MATCHES` and `OPEN_LOTS`.
    trips
        `TRIP_ROWS`, the round trips by when they began: from flat to flat, whatever the method, and with
        `gross` by average cost, which from flat to flat is the same by every method.
    """

    fills: pl.DataFrame
    matches: pl.DataFrame
    open: pl.DataFrame
    trips: pl.DataFrame


def lots_of(fills: pl.DataFrame, method: str = "fifo") -> Lots:
    """Match the fills of one account.

    Parameters
    ----------
    fills
        In order of time: `symbol`, `side` (BUY or SELL), `price`, `quantity` (above 0); `time`, `seq`, `fee`
        and `multiplier` where there are any (else none, the row's number from 1, 0 and 1).
    method
        One of `METHODS`.

    Raises
    ------
    ConfigError
        When there is no such method, or a price, side or quantity cannot be.

    Notes
    -----
    Takes time and memory in proportion to the fills, more than a million of them a second.

    Examples
    --------
    >>> fills = pl.DataFrame(
    ...     {
    ...         "symbol": "A",
    ...         "side": ["BUY", "BUY", "SELL"],
    ...         "price": [100.0, 110.0, 120.0],
    ...         "quantity": [10, 10, 15],
    ...     }
    ... )
    >>> [lots_of(fills, method).fills["realised"].sum() for method in ("fifo", "average")]
    [250.0, 225.0]
    """
    if method not in METHODS:
        raise ConfigError(
            f"lots cannot be matched by {method!r}", "lots", f"choose one of {', '.join(METHODS)}"
        )
    # Loading compiled code takes half a second: whoever asks for a table's columns does not wait for it.
    from workbench.analytics import lots_kernel as kernel  # noqa: PLC0415

    code = {"fifo": kernel.FIFO, "lifo": kernel.LIFO, "average": kernel.AVERAGE}[method]
    rows = _checked(fills)
    # Instruments one after the other, each in order of time, is what the kernel walks.
    order = (
        rows["symbol"].arg_sort() if rows["symbol"].n_unique() > 1 else pl.int_range(rows.height, eager=True)
    )
    walked = rows[order] if rows.height else rows
    prices, multipliers, fees = (walked[name].to_numpy().copy() for name in ("price", "multiplier", "fee"))
    steps = np.rint(walked["quantity"].to_numpy() / STEP).astype(np.int64)
    signed = np.where(walked["side"].to_numpy() == "BUY", steps, -steps)
    group = walked["symbol"].rle_id().cast(pl.Int64).to_numpy().copy()
    found = _Room.of(rows.height)
    counts = np.zeros(3, dtype=np.int64)
    kernel.match_fills(group, signed, prices, multipliers, fees, code, *found, counts)
    return _tables(walked, order.to_numpy(), found, counts, method)


class _Room(NamedTuple):
    """What the kernel writes; arrays of as many rows as there can be."""

    position: Any
    cost: Any
    realised: Any
    trip: Any
    flip: Any
    left: Any
    match_open: Any
    match_close: Any
    match_steps: Any
    trip_first: Any
    trip_last: Any
    trip_closed: Any
    trip_steps: Any
    trip_sums: Any

    @classmethod
    def of(cls, count: int) -> _Room:
        whole_, real = np.int64, np.float64
        return cls(
            np.zeros(count, whole_),
            np.zeros(count, real),
            np.zeros(count, real),
            np.zeros(count, whole_),
            np.zeros(count, np.uint8),
            np.zeros(count, whole_),
            np.zeros(2 * count, whole_),
            np.zeros(2 * count, whole_),
            np.zeros(2 * count, whole_),
            np.zeros(count, whole_),
            np.zeros(count, whole_),
            np.zeros(count, np.uint8),
            np.zeros(4 * count, whole_),
            np.zeros(4 * count, real),
        )


def _checked(fills: pl.DataFrame) -> pl.DataFrame:
    """The columns that are needed, with what may be left out."""
    instead = {
        "time": pl.lit(None, TIME),
        "seq": pl.int_range(1, pl.len() + 1),
        "fee": pl.lit(0.0),
        "multiplier": pl.lit(1.0),
    }
    missing = [name for name in ("symbol", "side", "price", "quantity") if name not in fills.columns]
    if missing:
        raise ConfigError(f"column {missing[0]!r} is missing", "fills", "give fills with a row for each")
    whole_frame = fills.with_columns(
        **{name: made for name, made in instead.items() if name not in fills.columns}
    )
    rows = whole_frame.select(
        "symbol",
        "side",
        "time",
        "seq",
        *(pl.col(n).cast(pl.Float64) for n in ("price", "quantity", "fee", "multiplier")),
    )
    wrong = rows.with_row_index("row").filter(
        ~pl.col("side").is_in(["BUY", "SELL"]).fill_null(value=False)
        | ~(pl.col("quantity").is_between(STEP, _MOST * STEP)).fill_null(value=False)
        | ~pl.all_horizontal(pl.col("price", "fee", "multiplier").is_finite().fill_null(value=False))
        | pl.col("symbol").is_null()
    )
    if wrong.height:
        row = wrong.row(0, named=True)
        raise ConfigError(
            f"row {row['row']} cannot be a fill: "
            f"{row['side']} {row['quantity']} {row['symbol']} at {row['price']}",
            "fills",
            "give a symbol, BUY or SELL, a finite price and a quantity above 0",
        )
    return rows


def _tables(walked: pl.DataFrame, order: Any, found: _Room, counts: Any, method: str) -> Lots:
    """The kernel's arrays as frames, back in the order of the given rows."""
    matches, trips, opened = (int(each) for each in counts)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    # Round trips are numbered by when they began.
    first, last = found.trip_first[:trips].copy(), found.trip_last[:trips].copy()
    begun = np.argsort(order[first], kind="stable")
    number = np.empty(trips + 1, dtype=np.int64)
    number[begun] = np.arange(1, trips + 1)
    fills = LOT_FILLS.frame(
        {
            "position": found.position[back] * STEP,
            "cost": found.cost[back],
            "realised": found.realised[back],
            "trip": number[found.trip[back]] if trips else found.trip,
            "flip": found.flip[back] != 0,
        }
    ).with_columns(pl.col("cost", "realised").round(6), pl.col("position").round(8))
    return Lots(
        fills,
        _matches(walked, order, found, matches),
        _open(walked, order, found, opened, method),
        _trips(walked, found, first[begun], last[begun], begun),
    )


def _matches(walked: pl.DataFrame, order: Any, found: _Room, count: int) -> pl.DataFrame:
    opening, closing = found.match_open[:count].copy(), found.match_close[:count].copy()
    quantity = found.match_steps[:count] * STEP
    entry, leaving = walked[opening], walked[closing]
    sign = pl.Series(np.where((entry["side"] == "BUY").to_numpy(), 1.0, -1.0))
    gross = (sign * (leaving["price"] - entry["price"]) * quantity * entry["multiplier"]).round(6)
    fees = (
        entry["fee"] / entry["quantity"] * quantity + leaving["fee"] / leaving["quantity"] * quantity
    ).round(6)
    rows = LOT_MATCHES.frame(
        {
            "symbol": entry["symbol"],
            "side": entry["side"],
            "quantity": pl.Series(quantity).round(8),
            "opened": entry["time"],
            "closed": leaving["time"],
            "entry_price": entry["price"],
            "exit_price": leaving["price"],
            "gross": gross,
            "fees": fees,
            "net": (gross - fees).round(6),
            "opened_row": order[opening],
            "closed_row": order[closing],
        }
    )
    return rows.sort("closed_row", maintain_order=True)


def _open(walked: pl.DataFrame, order: Any, found: _Room, count: int, method: str) -> pl.DataFrame:
    """What is left of opening fills; by average cost the last row of each instrument."""
    if method == "average":
        last = walked.with_row_index("at").group_by("symbol", maintain_order=True).agg(pl.col("at").last())
        at = last["at"].to_numpy().astype(np.int64)
        at = at[found.position[at] != 0]
        quantity = found.position[at] * STEP
        worth = quantity * walked["multiplier"].to_numpy()[at]
        prices, rows = found.cost[at] / worth, np.full(len(at), None)
    else:
        at = np.flatnonzero(found.left)
        quantity = found.left[at] * STEP
        prices, rows = walked["price"].to_numpy()[at], order[at]
    if method != "average" and len(at) != count:
        raise AssertionError("the kernel counted other open lots than it left")
    return OPEN_LOTS.frame(
        {
            "symbol": walked["symbol"].gather(at) if len(at) else pl.Series([], dtype=pl.String),
            "quantity": pl.Series(quantity, dtype=pl.Float64).round(8),
            "price": prices,
            "opened_row": pl.Series(rows.tolist(), dtype=pl.Int64),
        }
    ).sort("opened_row", maintain_order=True, nulls_last=True)


def _trips(walked: pl.DataFrame, found: _Room, first: Any, last: Any, begun: Any) -> pl.DataFrame:
    steps = found.trip_steps.reshape(-1, 4)[begun]
    sums = found.trip_sums.reshape(-1, 4)[begun]
    ended = pl.Series(found.trip_closed[begun] != 0)
    begin, end = walked[first], walked[last]
    return pl.DataFrame(
        {
            "trip": np.arange(1, len(begun) + 1),
            "symbol": begin["symbol"],
            "side": begin["side"],
            "opened": begin["time"],
            "closed": end["time"].set(~ended, None),
            "opened_seq": begin["seq"].cast(pl.Int64),
            "closed_seq": end["seq"].cast(pl.Int64).set(~ended, None),
            "fills": steps[:, 3],
            "quantity": steps[:, 0] * STEP,
            "entry_quantity": steps[:, 1] * STEP,
            "entry_value": sums[:, 0],
            "exit_quantity": steps[:, 2] * STEP,
            "exit_value": sums[:, 1],
            "gross": sums[:, 2],
            "fees": sums[:, 3],
        },
        schema_overrides=TRIP_ROWS,
    ).with_columns(
        pl.col("gross", "fees").round(6), pl.col("quantity", "entry_quantity", "exit_quantity").round(8)
    )
