from __future__ import annotations

import polars as pl
import pytest

from tests.analytics.hand import SECOND_NS, START_NS, times
from workbench.analytics.breakdowns import breakdown
from workbench.analytics.summary import summary
from workbench.analytics.trades_fills import trades_of_fills
from workbench.errors import ConfigError


def fills() -> pl.DataFrame:
    """A win of 98 with two units of fees, that turns into an open short."""
    return pl.DataFrame(
        {
            "symbol": ["ACME"] * 3,
            "side": ["BUY", "SELL", "SELL"],
            "price": [10.0, 11.0, 11.0],
            "quantity": [100.0, 150.0, 50.0],
            "multiplier": [1.0] * 3,
            "fee": [1.0, 1.5, 0.5],
            "order": ["mr-1", "trend-2", "x"],
            "time": times([0, 60, 90]),
        }
    )


def test_round_trips_of_fills_by_hand() -> None:
    trades = trades_of_fills(fills(), "America/New_York", START_NS + 100 * SECOND_NS)
    won, still = trades.rows.iter_rows(named=True)
    assert (won["result"], won["gross"], won["net"], round(won["held_s"], 9), won["tag"]) == (
        "win",
        100.0,
        98.0,
        60.0,
        "mr",
    )
    assert (still["result"], still["side"], still["quantity"], still["tag"]) == (
        "open",
        "SELL",
        100.0,
        "trend",
    )
    assert (round(still["held_s"], 9), still["fees"], still["mae"]) == (40.0, 1.0, None)
    assert trades.zone == "America/New_York"
    assert breakdown(trades, "half_hour")["group"].to_list() == ["09:30"]
    values = dict(summary(trades).select("statistic", "value").iter_rows())
    assert (values["net_pnl"], values["open_trades"], values["average_mae"]) == (98, 1, None)


def test_the_last_fill_is_the_end_where_none_is_given() -> None:
    assert trades_of_fills(fills().drop("order")).rows["held_s"].to_list() == pytest.approx([60.0, 30.0])


def test_times_are_needed_and_fills_are_not() -> None:
    with pytest.raises(ConfigError, match="a fill has no time"):
        trades_of_fills(fills().drop("time"))
    assert trades_of_fills(fills().clear()).rows.is_empty()
