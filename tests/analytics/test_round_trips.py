import polars as pl
import pytest

from tests.analytics.hand import SECOND_NS, SIZES, START_NS, seconds, times
from workbench.analytics.excursions import excursions
from workbench.analytics.round_trips import round_trips
from workbench.analytics.tables import ROUND_TRIPS

END_NS = START_NS + 100 * SECOND_NS

MARKS = pl.DataFrame(
    {
        "seq": [1, 10, 15, 20, 30, 41, 50],
        "time": times([1, 10, 15, 20, 30, 41, 50]),
        "mark": [10.0, 10.0, 9.5, 11.0, 12.0, 12.5, 9.0],
    }
)
"""Events 10 and 20 are the trades of fills 11 and 21, and so on."""
POSITIONS = pl.DataFrame(
    {
        "seq": [11, 21, 31],
        "time": times([10, 20, 30]),
        "position": [100.0, 150.0, -50.0],
        "cost": [1000.0, 1550.0, -600.0],
        "realised": [0.0, 0.0, 250.0],
    }
)
"""Buys 100 at 10 and 50 at 11, sells 200 at 12: from long to short in one fill."""
TRIPS = pl.DataFrame({"trip": [7, 8], "opened_seq": [11, 31], "closed_seq": [31, None]})


def test_excursions_by_hand() -> None:
    long, short = excursions(MARKS, POSITIONS, TRIPS, 1.0).iter_rows(named=True)
    # 100 at 9.5 lose 50; 150 at 12, before the sale that ends it, are 250 ahead.
    assert (long["trip"], long["adverse"], long["favourable"]) == (7, -50.0, 250.0)
    assert (seconds(long["adverse_time"]), seconds(long["favourable_time"])) == (15, 30)
    # 50 short from 12: at 12.5 behind by 25, at 9 ahead by 150.
    assert (short["adverse"], short["favourable"], short["last"]) == (-25.0, 150.0, 150.0)
    assert (seconds(short["adverse_time"]), seconds(short["favourable_time"])) == (41, 50)


def test_without_a_mark_there_is_no_excursion() -> None:
    found = excursions(MARKS.clear(), POSITIONS, TRIPS, 1.0)
    assert found["adverse"].to_list() == [0.0, 0.0]
    assert found["adverse_time"].null_count() == found["last"].null_count() == 2


def test_the_price_of_the_last_fill_is_no_mark() -> None:
    marks = MARKS.head(2)
    sold = POSITIONS.head(2).with_columns(
        position=pl.Series([100.0, 0.0]), cost=pl.Series([1000.0, 0.0]), realised=pl.Series([0.0, 200.0])
    )
    found = excursions(marks, sold, TRIPS.head(1).with_columns(closed_seq=pl.lit(21)), 1.0)
    assert found["favourable"].to_list() == [0.0]


def rows() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "trip": [7, 8],
            "symbol": ["ACME", "ACME"],
            "side": ["BUY", "SELL"],
            "opened": times([10, 30]),
            "closed": times([30, None]),
            "opened_seq": [11, 31],
            "closed_seq": [31, None],
            "fills": [3, 1],
            "quantity": [150.0, 50.0],
            "entry_quantity": [150.0, 50.0],
            "entry_value": [1550.0, 600.0],
            "exit_quantity": [150.0, 0.0],
            "exit_value": [1800.0, 0.0],
            "gross": [250.0, 0.0],
            "fees": [4.0, 1.0],
        }
    )


def test_round_trips_by_hand() -> None:
    found = round_trips(rows(), excursions(MARKS, POSITIONS, TRIPS, 1.0), SIZES, END_NS)
    assert found.schema == ROUND_TRIPS.schema
    long, short = found.iter_rows(named=True)
    assert (long["number"], long["result"], long["net"], long["held_s"]) == (1, "win", 246.0, 20.0)
    assert (long["entry_price"], long["exit_price"]) == (pytest.approx(1550 / 150), 12.0)
    assert long["net_bp"] == pytest.approx(10_000 * 246 / 1550)
    # 250 of 150 units in steps of 0.01.
    assert long["mfe_ticks"] == pytest.approx(250 / 1.5)
    assert (long["capture"], long["give_back"]) == (1.0, 0.0)
    # What is open is valued at the last mark, and lasts to the end of the session.
    assert (short["result"], short["gross"], short["net"]) == ("open", 150.0, 149.0)
    assert (short["exit_price"], short["closed_seq"], short["capture"]) == (None, None, None)
    assert short["held_s"] == 70.0


@pytest.mark.parametrize(("gross", "result"), [(4.0, "scratch"), (3.9, "loss"), (4.1, "win")])
def test_a_win_is_one_after_fees(gross: float, result: str) -> None:
    changed = rows().with_columns(gross=pl.lit(gross))
    found = round_trips(changed, excursions(MARKS, POSITIONS, TRIPS, 1.0), SIZES, END_NS)
    assert found["result"][0] == result
