from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.analytics.hand import times
from tests.analytics.test_trades_beside import rows
from workbench.analytics.shortfall import (
    SHORTFALL,
    SLIPPAGE,
    middles_at,
    sent_orders,
    shortfall,
    slippage,
    standing_orders,
)
from workbench.analytics.tables import FILLS, ORDERS, TRADES


def order(**changed: Any) -> pl.DataFrame:
    """Buy 1,000, decided at 100.00, sent at 100.10, 600 at 100.20 and 200 at 100.40, end 101, fees 8."""
    known = {
        "order_id": 1,
        "symbol": "ACME",
        "side": "BUY",
        "created": None,
        "quantity": 1000.0,
        "filled": 800.0,
        "decision": 100.0,
        "arrival": 100.1,
        "average_price": (600 * 100.2 + 200 * 100.4) / 800,
        "end": 101.0,
        "fees": 8.0,
        "multiplier": 1.0,
    } | changed
    return pl.DataFrame({name: [value] for name, value in known.items()})


def test_the_hand_vector() -> None:
    found = shortfall(order())
    assert found.schema == SHORTFALL.schema
    row = found.row(0, named=True)
    parts = [row[name] for name in ("delay", "impact", "opportunity", "fees")]
    assert parts == pytest.approx([80, 120, 200, 8])
    assert (row["shortfall"], row["worth"], row["shortfall_bp"]) == pytest.approx((408, 100_000, 40.8))


def test_a_sale_gains_where_a_purchase_loses_and_the_multiplier_counts() -> None:
    row = shortfall(order(side="SELL", multiplier=50.0, fees=0.0)).row(0, named=True)
    assert row["shortfall"] == pytest.approx(-50 * 400)
    assert row["shortfall_bp"] == pytest.approx(-40)


def test_without_a_fill_there_is_only_what_was_missed() -> None:
    row = shortfall(order(filled=0.0, average_price=None, fees=0.0)).row(0, named=True)
    assert (row["delay"], row["impact"], row["opportunity"], row["shortfall"]) == (0, 0, 1000, 1000)
    assert shortfall(order(arrival=None)).is_empty()


price = st.integers(50, 150).map(float)


@given(
    side=st.sampled_from(["BUY", "SELL"]),
    quantity=st.integers(1, 100),
    share=st.floats(0, 1),
    decision=price,
    arrival=price,
    paid=price,
    end=price,
)
def test_its_parts_are_perolds_sum(
    side: str, quantity: int, share: float, decision: float, arrival: float, paid: float, end: float
) -> None:
    filled = float(round(quantity * share))
    found = shortfall(
        order(
            side=side,
            quantity=float(quantity),
            filled=filled,
            decision=decision,
            arrival=arrival,
            average_price=paid if filled else None,
            end=end,
        )
    ).row(0, named=True)
    sign = 1 if side == "BUY" else -1
    expected = sign * (filled * (paid - decision) + (quantity - filled) * (end - decision)) + 8
    assert found["shortfall"] == pytest.approx(expected)


def orders() -> pl.DataFrame:
    """Orders 1, 2 and 4 are one chain of replaces; 3 was refused."""
    return rows(
        ORDERS,
        order_id=[1, 2, 3, 4],
        order=["mm-1", "mm-1b", None, "mm-1c"],
        symbol=["ACME"] * 4,
        side=["BUY"] * 4,
        type=["LIMIT"] * 4,
        state=["REPLACED", "REPLACED", "REJECTED", "FILLED"],
        created=times([0, 10, 15, 20]),
        created_seq=[1, 10, 15, 20],
        ended=times([10, 20, 15, 40]),
        first_fill=times([5, None, None, 30]),
        last_fill=times([6, None, None, 40]),
        quantity=[100.0, 60.0, 5.0, 50.0],
        filled=[40.0, 0.0, 0.0, 50.0],
        average_price=[10.0, None, None, 11.0],
        fees=[1.0, 0.0, 0.0, 2.0],
        queue_ahead=[None, 300.0, None, 7.0],
        replaces=[None, 1, None, 2],
    )


def test_a_chain_of_replaces_is_one_order() -> None:
    found = sent_orders(orders())
    assert found["order_id"].to_list() == [1, 3]
    row = found.row(0, named=True)
    # 40 of the first, and the 50 that the last asked for.
    assert (row["quantity"], row["filled"], row["fees"], row["replaces"]) == (90.0, 90.0, 3.0, 2)
    assert row["average_price"] == pytest.approx((400 + 550) / 90)
    assert (row["state"], row["order"], row["queue_ahead"], row["to_first_fill_s"]) == (
        "FILLED",
        "mm-1",
        300.0,
        5.0,
    )
    assert found["average_price"][1] is None


def test_slippage_by_hand() -> None:
    quotes = pl.DataFrame({"time": times([-10, 0, 20]), "mid": [9.0, 99.0, 12.0]})
    tape = rows(
        TRADES,
        time=times([-1, 5, 6, 25, 40, 50]),
        price=[50.0, 10.0, 12.0, 99.0, 11.0, 13.0],
        quantity=[500.0, 40.0, 100.0, 500.0, 50.0, 1.0],
        own_side=[None, "BUY", None, None, "BUY", None],
        busted=[False, False, False, True, False, False],
    )
    found = slippage(sent_orders(orders()), {"ACME": quotes}, {"ACME": tape})
    assert found.schema == SLIPPAGE.schema
    row = found.row(0, named=True)
    paid = 950 / 90
    # The quote of the very time at which it was sent may be its own.
    assert (found.height, row["arrival"], row["vwap"], row["close"]) == (1, 9.0, 12.0, 13.0)
    assert row["arrival_bp"] == pytest.approx(10_000 * (paid - 9) / 9)
    assert row["vwap_bp"] == pytest.approx(10_000 * (paid - 12) / 12)
    assert row["close_bp"] == pytest.approx(10_000 * (paid - 13) / 13)
    assert row["participation"] == pytest.approx(90 / 190)


def test_of_an_instrument_without_quotes_and_trades_nothing_is_known() -> None:
    row = slippage(sent_orders(orders()), {}, {}).row(0, named=True)
    assert row["filled"] == 90.0
    assert [row[name] for name in ("arrival", "vwap", "close", "participation")] == [None] * 4


def test_what_a_busted_trade_filled_is_no_part_of_its_order() -> None:
    fills = rows(
        FILLS,
        order_id=[1, 1, 4],
        time=times([5, 6, 40]),
        liquidity=["taker", "maker", "taker"],
        price=[9.0, 11.0, 11.0],
        quantity=[20.0, 20.0, 50.0],
        fee=[0.6, 0.4, 2.0],
        busted=[True, False, True],
    )
    whole = orders().with_columns(maker_quantity=pl.Series([20.0, 0.0, 0.0, 0.0]))
    found = standing_orders(whole, fills)
    assert found.schema == whole.schema
    first, last = found.row(0, named=True), found.row(3, named=True)
    assert (first["filled"], first["maker_quantity"]) == (20.0, 20.0)
    assert (first["average_price"], first["fees"]) == pytest.approx((11.0, 0.4))
    assert [first["first_fill"], first["last_fill"]] == times([6, 6]).to_list()
    assert (last["filled"], last["average_price"], last["fees"], last["state"]) == (0.0, None, 0.0, "FILLED")
    assert last["first_fill"] is last["last_fill"] is last["to_first_fill_s"] is None
    assert found[1:3].equals(whole[1:3])
    assert standing_orders(whole, fills.with_columns(busted=False)).equals(whole)


def test_a_middle_is_the_last_one_and_may_be_none() -> None:
    quotes = pl.DataFrame({"time": times([10, 20]), "mid": [1.0, None]})
    asked = times([20, 5, 15, None, 10])
    assert middles_at(asked, quotes, before=False).to_list() == [None, None, 1.0, None, 1.0]
    assert middles_at(asked, quotes, before=True).to_list() == [1.0, None, 1.0, None, None]
