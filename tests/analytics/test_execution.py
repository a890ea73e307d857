from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from tests.analytics.hand import SECOND_NS, START_NS, times
from tests.analytics.test_trades_beside import rows
from workbench.analytics.attribution import ATTRIBUTION
from workbench.analytics.breaches import BREACHES, breaches
from workbench.analytics.execution import CAPTURES, SPREADS, Execution, captures, mean_equity, spreads
from workbench.analytics.inventory import INVENTORY, inventory
from workbench.analytics.shortfall import SHORTFALL, SLIPPAGE
from workbench.analytics.summary import summary
from workbench.analytics.tables import CASH_ENTRIES, EQUITY, FILLS, MARKOUTS, ORDERS


def fills() -> pl.DataFrame:
    """A buy that takes at 10.05 and a sale that makes at 10.10, both of a middle of 10."""
    return rows(
        FILLS,
        seq=[3, 6],
        time=times([0, 10]),
        symbol=["ACME", "ACME"],
        side=["BUY", "SELL"],
        liquidity=["taker", "maker"],
        price=[10.05, 10.10],
        quantity=[100.0, 300.0],
        value=[1005.0, 3030.0],
        mid=[10.0, 10.0],
        spread_bp=[100.0, -200.0],
    )


def test_effective_is_realised_spread_and_impact() -> None:
    markouts = rows(MARKOUTS, seq=[3, 3, 6], horizon_s=[1, 10, 1], mid=[10.02, None, 10.3])
    found = spreads(fills(), markouts)
    assert found.schema == SPREADS.schema
    taker, maker = found.select("effective_bp", "realised_bp", "impact_bp").rows()
    assert taker == pytest.approx((100, 60, 40))
    assert maker == pytest.approx((-200, 400, -600))


def test_a_maker_at_the_touch_earns_half_the_spread() -> None:
    quotes = pl.DataFrame({"command_seq": [1, 5, 6], "bid": [9.9, 9.95, 1.0], "ask": [10.1, 10.05, 2.0]})
    found = captures(fills().with_columns(command_seq=pl.Series([4, 6])), {"ACME": quotes})
    assert found.schema == CAPTURES.schema
    # The quotes before the fill's own command: 0.1 and 0.05 to the middle.
    assert found["capture"].to_list() == pytest.approx([-0.5, 2.0])
    one_sided = quotes.with_columns(ask=pl.lit(None, pl.Float64))
    none = captures(fills().with_columns(command_seq=pl.Series([4, 6])), {"ACME": one_sided})
    assert none["capture"].to_list() == [None, None]


def test_equity_is_averaged_over_time() -> None:
    curve = rows(EQUITY, time=times([0, 10]), equity=[100.0, 200.0])
    assert mean_equity(curve, START_NS + 40 * SECOND_NS) == pytest.approx((100 * 10 + 200 * 30) / 40)
    assert mean_equity(curve[:1], START_NS) is None


def execution(**changed: Any) -> Execution:
    """An account that did nothing but what is given."""
    orders = pl.DataFrame(
        schema={
            "order_id": pl.Int64,
            "state": pl.String,
            "quantity": pl.Float64,
            "filled": pl.Float64,
            "queue_ahead": pl.Float64,
            "to_first_fill_s": pl.Float64,
        }
    )
    empty: dict[str, Any] = {
        "fills": CAPTURES.empty(),
        "spreads": SPREADS.empty(),
        "orders": orders,
        "slippage": SLIPPAGE.empty(),
        "shortfall": SHORTFALL.empty(),
        "inventory": INVENTORY.empty(),
        "attribution": ATTRIBUTION.empty(),
        "cash": CASH_ENTRIES.empty(),
        "equity": pl.Series([1000.0]),
    }
    return Execution(**(empty | changed))


def values(subject: Execution) -> dict[str, Any]:
    found = summary(subject)
    assert (found["value"].is_null() == found["reason"].is_not_null()).all()
    return dict(found.select("statistic", "value").iter_rows())


def test_statistics_of_orders_by_hand() -> None:
    orders = pl.DataFrame(
        {
            "order_id": [1, 2, 3, 4, 5],
            "state": ["FILLED", "CANCELED", "REJECTED", "CANCELED", "CANCELED"],
            "quantity": [100.0, 100.0, 50.0, 100.0, 50.0],
            "filled": [100.0, 50.0, 0.0, 0.0, 10.0],
            "queue_ahead": [0.0, 100.0, None, 200.0, None],
            "to_first_fill_s": [1.0, 3.0, None, None, 11.0],
        }
    )
    found = values(execution(orders=orders))
    assert (found["sent"], found["fill_ratio"], found["order_fill_rate"]) == (5, 0.4, 0.6)
    assert (found["cancel_to_fill"], found["reject_rate"]) == (1.0, 0.2)
    assert (found["first_fill_s"], found["first_fill_90_s"]) == (3, pytest.approx(3 + 0.8 * 8))
    assert (found["queue_ahead"], found["queue_ahead_90"]) == (100, pytest.approx(180))


def test_statistics_of_fills_and_slippage_are_weighted() -> None:
    slipped = rows(
        SLIPPAGE,
        order_id=[1, 2],
        filled=[100.0, 300.0],
        average_price=[10.0, 10.0],
        arrival_bp=[8.0, None],
        vwap_bp=[4.0, 0.0],
        close_bp=[-4.0, -8.0],
        participation=[0.5, 0.1],
    )
    missed = rows(SHORTFALL, order_id=[1, 2], shortfall=[408.0, -8.0], worth=[100_000.0, 100_000.0])
    found = values(
        execution(
            fills=captures_of(fills(), [-0.5, 1.0]),
            spreads=spreads(fills(), rows(MARKOUTS, seq=[3, 6], horizon_s=[1, 1], mid=[10.02, 10.3])),
            slippage=slipped,
            shortfall=missed,
        )
    )
    # Only the taker's, and only the maker's.
    assert (found["effective_spread_bp"], found["spread_capture"]) == (pytest.approx(100), pytest.approx(1))
    assert (found["realised_spread_1s_bp"], found["impact_1s_bp"]) == (pytest.approx(60), pytest.approx(40))
    assert found["realised_spread_10s_bp"] is None
    assert (found["arrival_bp"], found["vwap_bp"], found["close_bp"]) == (8, 1, -7)
    assert found["order_participation"] == pytest.approx(0.2)
    assert (found["shortfall"], found["shortfall_bp"]) == (400, pytest.approx(20))
    assert found["turnover_ratio"] == pytest.approx(4.035)


def captures_of(given: pl.DataFrame, earned: list[float]) -> pl.DataFrame:
    return CAPTURES.shaped(given.with_columns(capture=pl.Series(earned)))


def test_an_account_that_did_nothing_has_reasons() -> None:
    found = values(execution(equity=pl.Series([None], dtype=pl.Float64)))
    nothing = {
        "sent",
        "shortfall",
        "overnight",
        "spread_pnl",
        "position_pnl",
        "fees",
        "borrow",
        "dividends",
        "interest",
        "fines",
        "other_pnl",
        "total_pnl",
    }
    assert {name for name, value in found.items() if value is not None} == nothing
    assert {found[name] for name in nothing} == {0.0}


END_NS = START_NS + 100 * SECOND_NS


def test_inventory_by_hand() -> None:
    positions = pl.DataFrame(
        {"symbol": ["ACME"] * 4, "time": times([10, 30, 50, 60]), "position": [100.0, -50.0, 0.0, 20.0]}
    )
    found = inventory(positions, START_NS, END_NS)
    assert found.schema == INVENTORY.schema
    row = found.row(0, named=True)
    # 20 s of 100, 20 s of -50, 40 s of 20 and 20 s of nothing.
    assert (row["mean"], row["mean_size"], row["largest"]) == pytest.approx((18, 38, 100))
    assert row["squared"] == pytest.approx(20 * 10_000 + 20 * 2_500 + 40 * 400)
    assert (row["flat"], row["sides"], row["end"]) == (pytest.approx(0.2), 2, 20.0)
    assert inventory(positions.clear(), START_NS, END_NS).schema == INVENTORY.schema


def test_positions_before_the_open_count_from_it_on() -> None:
    positions = pl.DataFrame({"symbol": ["ACME"], "time": times([-50]), "position": [10.0]})
    row = inventory(positions, START_NS, END_NS).row(0, named=True)
    assert (row["mean"], row["flat"], row["half_life_s"]) == (10.0, 0.0, None)


def test_the_half_life_of_a_position_that_goes_back_by_a_tenth_a_second() -> None:
    seconds = [each / 10 for each in range(4_000)]
    positions = pl.DataFrame(
        {
            "symbol": ["ACME"] * len(seconds),
            "time": times(list(seconds)),
            "position": [1000.0 * 0.9**each for each in seconds],
        }
    )
    found = inventory(positions, START_NS, START_NS + 400 * SECOND_NS)["half_life_s"][0]
    # ln 2 / -ln 0.9, of steps of a tenth of a second.
    assert found == pytest.approx(6.58, rel=0.05)


def test_breaches_by_hand() -> None:
    orders = rows(
        ORDERS,
        order_id=[1, 2, 3, 4, 5, 6],
        symbol=["ACME"] * 6,
        state=["REJECTED", "REJECTED", "REJECTED", "CANCELED", "CANCELED", "FILLED"],
        reason=["POSITION_LIMIT", "POSITION_LIMIT", "INVALID_PRICE", "LIQUIDATION", "BY_REQUEST", None],
        created=times([1, 2, 3, 4, 5, 6]),
    )
    curve = rows(EQUITY, time=times([0, 3.5, 4.5]), pnl=[0.0, -99.0, -100.0])
    found = breaches(orders, curve)
    assert found.schema == BREACHES.schema
    assert found.select("kind", "reason", "orders").rows() == [
        ("limit", "POSITION_LIMIT", 2),
        ("cancelled", "LIQUIDATION", 1),
        ("rejected", "INVALID_PRICE", 1),
    ]
    assert found.select("first", "last").row(0) == tuple(times([1, 2]))
    late = breaches(orders, curve, daily_stop=100.0).filter(pl.col("kind") == "after_stop")
    assert late["orders"].to_list() == [2]
    assert breaches(orders, curve, daily_stop=101.0).equals(found)
