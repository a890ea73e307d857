"""Spread, intervals and imbalance of quotes written by hand."""

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from workbench.analytics.quoting import imbalance_edge, imbalances, periods, spreads
from workbench.errors import AnalyticsError

NOON = datetime(2025, 3, 18, 12, tzinfo=UTC)


def quotes(*rows: tuple[float, float | None, float | None, float, float]) -> pl.DataFrame:
    """Seconds after noon, bid, ask, and the quantities at them."""
    return pl.DataFrame(
        [
            (NOON + timedelta(seconds=at), "ACME", bid_lots, bid, ask, ask_lots)
            for at, bid, ask, bid_lots, ask_lots in rows
        ],
        schema={
            "time": pl.Datetime("ns", "UTC"),
            "symbol": pl.String,
            "bid_quantity": pl.Float64,
            "bid_price": pl.Float64,
            "ask_price": pl.Float64,
            "ask_quantity": pl.Float64,
        },
        orient="row",
    )


def trades(*rows: tuple[float, float]) -> pl.DataFrame:
    made = [(NOON + timedelta(seconds=at), quantity) for at, quantity in rows]
    return pl.DataFrame(made, schema={"time": pl.Datetime("ns", "UTC"), "quantity": pl.Float64}, orient="row")


def test_a_spread_counts_for_as_long_as_it_stood() -> None:
    found = spreads(
        quotes(
            (0, 10.00, 10.01, 1, 1),
            (6, 10.00, 10.03, 1, 1),
            # Nothing is bid: no spread, and no time.
            (8, None, 10.03, 0, 1),
            # Of one instant the last counts.
            (9, 10.00, 10.09, 1, 1),
            (9, 10.00, 10.01, 1, 1),
            (11, 10.00, 10.02, 1, 1),
        ),
        0.01,
    )
    assert found.rows() == [(1, 8.0, 0.8), (3, 2.0, 0.2)]


def test_a_quote_across_a_border_counts_on_both_sides() -> None:
    found = periods(
        quotes((50, 10.00, 10.02, 5, 5), (80, 10.00, 10.05, 10, 20), (100, 10.0, 10.01, 1, 1)),
        trades((55, 7), (70, 2), (71, 3)),
        every="1min",
    )
    start = [NOON, NOON + timedelta(minutes=1)]
    assert found["start"].to_list() == start
    assert found["quoted_s"].to_list() == [10.0, 40.0]
    assert found["spread"].to_list() == pytest.approx([0.02, (20 * 0.02 + 20 * 0.05) / 40])
    assert found["touch"].to_list() == pytest.approx([10, (20 * 10 + 20 * 30) / 40])
    assert found.select("changes", "trades", "volume").rows() == [(1, 1, 7.0), (2, 2, 5.0)]


def test_the_queue_half_way_through_a_price_is_the_observation() -> None:
    rows = [
        # A middle price from 0 to 10 s; at 5 s nearly all is bid, and it rises.
        (0, 10.00, 10.02, 1, 9),
        (4, 10.00, 10.02, 9, 1),
        (6, 10.00, 10.02, 1, 9),
        # From 10 s on nearly all is offered, and it falls.
        (10, 10.01, 10.03, 1, 9),
        (12, 10.00, 10.02, 5, 5),
    ]
    found = imbalances(quotes(*rows), groups=2)
    assert found.select("low", "high", "prices", "up").rows() == [(-1.0, 0.0, 1, 0.0), (0.0, 1.0, 1, 1.0)]
    assert imbalance_edge(found) == 1.0


def test_equal_queues_say_nothing() -> None:
    steps = [(2 * k, 10 + k / 100, 10.01 + k / 100, 5, 5) for k in range(5)]
    found = imbalances(quotes(*steps))
    assert found["prices"].to_list() == [4]
    assert found["up"].to_list() == [1.0]
    assert imbalance_edge(found) == 0.5


def test_quotes_of_two_instruments_are_refused() -> None:
    both = quotes((0, 10.0, 10.01, 1, 1), (1, 10.0, 10.01, 1, 1)).with_columns(symbol=pl.Series(["A", "B"]))
    with pytest.raises(AnalyticsError, match=r"several instruments \(A, B\): filter one"):
        spreads(both, 0.01)


def test_one_range_is_refused() -> None:
    with pytest.raises(AnalyticsError, match="2 ranges or more, not 1"):
        imbalances(quotes(), groups=1)


def test_no_quotes_give_no_rows() -> None:
    assert spreads(quotes(), 0.01).is_empty()
    assert periods(quotes(), trades()).is_empty()
    assert imbalances(quotes()).is_empty()
