from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from tests.analytics.hand import SIZES, times
from workbench.analytics.columns import Table
from workbench.analytics.splits import SPLITS
from workbench.analytics.tables import CANDLES, FILLS, ORDERS, ROUND_TRIPS
from workbench.analytics.trades_beside import FIRST_STOPS, edges, efficiencies, risks, tag_of, tags


def rows(table: Table, **known: Any) -> pl.DataFrame:
    """Rows of a table of which only some columns are known."""
    count = len(next(iter(known.values())))
    blank = {name: pl.Series([None] * count) for name in table.names if name not in known}
    return table.frame({**known, **blank})


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("mm-17", "mm"),
        ("breakout3", "breakout"),
        ("MeanRev_2025_1", "MeanRev"),
        ("pairs", "pairs"),
        ("a1b:7", "a1b"),
        ("17", None),
        ("-x", None),
        ("", None),
        (None, None),
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", None),
    ],
)
def test_a_tag_is_how_a_name_begins(name: str | None, tag: str | None) -> None:
    frame = pl.DataFrame({"order": pl.Series([name], dtype=pl.String)})
    assert frame.select(tag_of(pl.col("order")))["order"][0] == tag


def test_a_trade_has_the_tag_of_its_first_fill() -> None:
    fills = rows(FILLS, seq=[3, 1, 2, 4], order=["exit-1", "mm-1", "mr-1", None], round_trip=[1, 1, 1, 2])
    trips = rows(ROUND_TRIPS, number=[2, 1, 3])
    assert tags(trips, fills).to_list() == [None, "mm", None]


def trips() -> pl.DataFrame:
    """A long one from 10 to 12, a short one from 20 that is open."""
    return rows(
        ROUND_TRIPS,
        number=[1, 2],
        symbol=["ACME", "ACME"],
        side=["BUY", "SELL"],
        opened=times([10, 100]),
        closed=times([50, None]),
        quantity=[100.0, 50.0],
        entry_price=[10.0, 20.0],
        exit_price=[12.0, None],
        opened_seq=[10, 100],
        closed_seq=[50, None],
    )


ENTRIES = rows(
    ORDERS,
    symbol=["ACME", "ACME"],
    side=["BUY", "SELL"],
    created=times([9, 90]),
    first_fill=times([10, 100]),
)
"""The orders that opened them."""


def stops(*each: tuple[float, float, str]) -> pl.DataFrame:
    """Time, trigger price and side; the event's number is the second."""
    return FIRST_STOPS.frame(
        {
            "seq": [round(one[0]) for one in each],
            "time": times([one[0] for one in each]),
            "symbol": ["ACME"] * len(each),
            "side": pl.Series([one[2] for one in each], dtype=pl.String),
            "trigger_price": pl.Series([one[1] for one in each], dtype=pl.Float64),
        }
    )


@pytest.mark.parametrize(
    ("placed", "expected"),
    [
        ([], [None, None]),
        # Half a unit below, for 100; the second stop is none of the first's business.
        ([(12, 9.5, "SELL"), (20, 9.9, "SELL")], [50.0, None]),
        # With the order that opened it, before it was filled.
        ([(9, 9.0, "SELL")], [100.0, None]),
        # Before that order: of another trade.
        ([(8, 9.0, "SELL")], [None, None]),
        # On the winning side it is no stop.
        ([(12, 10.5, "SELL"), (13, 9.0, "SELL")], [100.0, None]),
        # A short one's is a buy above; after the first trade's end a sale is no stop of it.
        ([(60, 9.0, "SELL"), (95, 21.0, "BUY")], [None, 50.0]),
    ],
)
def test_the_initial_risk_is_that_of_the_first_stop(placed: list[Any], expected: list[Any]) -> None:
    assert risks(trips(), ENTRIES, stops(*placed), SIZES, SPLITS.empty()).to_list() == expected


def test_a_stop_of_before_a_split_is_counted_in_units_of_after_it() -> None:
    splits = SPLITS.frame(
        {"symbol": ["ACME"] * 2, "seq": [30, 99], "time": times([30, 99]), "ratio": [2.0, 10.0]}
    )
    # 19 was 9.50 when the first trade ended; 210 was 21 before the second had a fill.
    found = risks(trips(), ENTRIES, stops((12, 19.0, "SELL"), (95, 210.0, "BUY")), SIZES, splits)
    assert found.to_list() == [50.0, 50.0]


def test_efficiencies_by_hand() -> None:
    marks = pl.DataFrame({"seq": [5, 20, 30, 60], "mark": [14.0, 8.0, 13.0, 99.0]})
    found = efficiencies(trips(), marks)
    # The mark when it opened counts, what came after its end does not: between 8 and 14.
    assert found.row(0) == (pytest.approx(4 / 6), pytest.approx(4 / 6))
    assert found.row(1) == (None, None)
    short = trips().with_columns(side=pl.lit("SELL"))
    assert efficiencies(short, marks).row(0) == (pytest.approx(2 / 6), pytest.approx(2 / 6))
    still = trips().with_columns(exit_price=pl.col("entry_price"))
    assert efficiencies(still, marks.clear()).row(0) == (None, None)


def test_edges_by_hand() -> None:
    # Fourteen minutes with a range of 2 each end at 840 s.
    starts: list[float | None] = [60.0 * minute for minute in range(14)]
    candles = rows(
        CANDLES, time=times(starts), open=[10.0] * 14, high=[11.0] * 14, low=[9.0] * 14, close=[10.0] * 14
    )
    marks = pl.DataFrame({"time": times([900, 1000, 1100, 1300]), "mark": [10.5, 14.0, 9.0, 50.0]})
    entered = rows(
        ROUND_TRIPS, side=["BUY", "SELL", "BUY"], opened=times([900, 900, 839]), entry_price=[10.0] * 3
    )
    found = edges(entered, marks, candles, minutes=5)
    assert found.rows() == [(2.0, 0.5), (0.5, 2.0), (None, None)]
