import polars as pl
import pytest

from tests.analytics.hand import SECOND_NS, SIZES, START_NS, times
from workbench.analytics.markouts import markout_curve, markouts, mids_before
from workbench.analytics.tables import FILLS, MARKOUT_CURVE, MARKOUTS

END_NS = START_NS + 60 * SECOND_NS
QUOTES = pl.DataFrame(
    {
        "command_seq": [1, 5, 5, 8, 9],
        "time": times([0, 10, 10, 11, 20]),
        "mid": [10.0, 10.1, 10.2, None, 10.4],
    }
)


def fills() -> pl.DataFrame:
    """A buy of 100 that takes at 10.05 and a sale of 300 that makes at 10.10."""
    numbers = {
        "seq": [3, 6],
        "time": times([0, 10]),
        "symbol": ["ACME", "ACME"],
        "side": ["BUY", "SELL"],
        "liquidity": ["taker", "maker"],
        "price": [10.05, 10.10],
        "quantity": [100.0, 300.0],
        "mid": [10.0, 10.0],
    }
    blank = {name: pl.Series([None, None]) for name in FILLS.names if name not in numbers}
    return FILLS.frame({**numbers, **blank})


def test_the_middle_before_a_fill_is_none_of_its_own_command() -> None:
    asked = pl.DataFrame({"command_seq": [1, 2, 5, 6, 9]})
    assert mids_before(asked, QUOTES).to_list() == [None, 10.0, 10.0, 10.2, None]


def test_markouts_by_hand() -> None:
    found = markouts(fills(), {"ACME": QUOTES}, SIZES, END_NS)
    assert found.schema == MARKOUTS.schema
    said = found.select("seq", "horizon_s", "mid", "markout").rows()
    assert said == [
        (3, 1, 10.0, -0.05),
        # The last of two quotes at one time counts.
        (3, 10, 10.2, 0.15),
        # The end of the session is known, what comes after it is not.
        (3, 60, 10.4, 0.35),
        (3, 300, None, None),
        # One side was empty.
        (6, 1, None, None),
        (6, 10, 10.4, -0.3),
        (6, 60, None, None),
        (6, 300, None, None),
    ]
    row = found.row(1, named=True)
    assert (row["ticks"], row["value"]) == (pytest.approx(15), 15.0)
    assert row["bp"] == pytest.approx(10_000 * 0.15 / 10.05)


def test_the_curve_weights_by_quantity() -> None:
    curve = markout_curve(fills(), markouts(fills(), {"ACME": QUOTES}, SIZES, END_NS), SIZES)
    assert curve.schema == MARKOUT_CURVE.schema
    both = {row["horizon_s"]: row for row in curve.iter_rows(named=True) if row["liquidity"] == "all"}
    assert sorted(both) == [0, 1, 10, 60]
    # At the fill the taker is 5 ticks behind the middle and the maker 10 ahead of it.
    assert (both[0]["fills"], both[0]["quantity"], both[0]["value"]) == (2, 400.0, 25.0)
    assert both[0]["ticks"] == pytest.approx((-5 * 100 + 10 * 300) / 400)
    assert both[0]["bp"] == pytest.approx(10_000 * 25 / (1005 + 3030))
    assert both[10]["value"] == pytest.approx(15 - 90)
    maker = curve.filter(pl.col("liquidity") == "maker")
    assert maker["horizon_s"].to_list() == [0, 10]


def test_who_traded_nothing_has_no_markouts() -> None:
    none = fills().clear()
    found = markouts(none, {}, SIZES, END_NS)
    assert found.is_empty()
    assert markout_curve(none, found, SIZES).schema == MARKOUT_CURVE.schema
