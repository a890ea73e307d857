"""Spread + position - fees - borrow + other = net PnL, whatever the middles are and however fills are cut."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.analytics.attribution import ATTRIBUTION, attribution
from workbench.analytics.tables import CASH_ENTRIES
from workbench.errors import ConfigError

SIZES = pl.DataFrame({"symbol": ["ACME", "ZEN"], "multiplier": [1.0, 50.0]})
LAST = pl.DataFrame({"symbol": ["ACME", "ZEN"], "price": [104.0, 97.0]})
_MULTIPLIERS = dict(SIZES.iter_rows())
_PRICES = dict(LAST.iter_rows())

Fill = tuple[str, int, float, float | None, str]


def frame(fills: list[Fill], fee: float = 0.25) -> pl.DataFrame:
    """Symbol, signed quantity, price, middle before it, liquidity; a fee for each unit."""
    return pl.DataFrame(
        {
            "symbol": [each[0] for each in fills],
            "side": ["BUY" if each[1] > 0 else "SELL" for each in fills],
            "quantity": [abs(float(each[1])) for each in fills],
            "price": [each[2] for each in fills],
            "mid": [each[3] for each in fills],
            "liquidity": [each[4] for each in fills],
            "fee": [fee * abs(each[1]) for each in fills],
        },
        schema={
            "symbol": pl.String,
            "side": pl.String,
            "quantity": pl.Float64,
            "price": pl.Float64,
            "mid": pl.Float64,
            "liquidity": pl.String,
            "fee": pl.Float64,
        },
    )


def entries(*each: tuple[str, str | None, float]) -> pl.DataFrame:
    """Reason, symbol and amount of what other money there was."""
    return CASH_ENTRIES.frame(
        {
            "seq": list(range(len(each))),
            "time": [None] * len(each),
            "reason": pl.Series([one[0] for one in each], dtype=pl.String),
            "symbol": pl.Series([one[1] for one in each], dtype=pl.String),
            "amount": pl.Series([one[2] for one in each], dtype=pl.Float64),
            "text": [None] * len(each),
        }
    )


FINED = entries(("FINE", None, -2.0))


def test_a_makers_day_by_hand() -> None:
    # Buys below and sells above the middle, which rises by 1 while 10 are held; 5 are short into the end.
    found = attribution(
        frame(
            [
                ("ACME", 10, 99.0, 100.0, "maker"),
                ("ACME", -10, 102.0, 101.0, "maker"),
                ("ACME", -5, 100.5, 101.0, "taker"),
            ]
        ),
        SIZES,
        LAST,
        cash=FINED,
    )
    assert found.schema == ATTRIBUTION.schema
    maker, taker, acme, account = found.iter_rows(named=True)
    assert (maker["liquidity"], maker["fills"], maker["spread"], maker["position"]) == (
        "maker",
        2,
        20.0,
        None,
    )
    assert (taker["liquidity"], taker["spread"]) == ("taker", -2.5)
    # 10 x 1 while long; 5 x -3 while short from 101 to 104.
    assert (acme["spread"], acme["position"], acme["fees"], acme["total"]) == (17.5, -5.0, 6.25, 6.25)
    assert (account["symbol"], account["other"], account["total"]) == (None, -2.0, 4.25)


def test_without_a_middle_the_price_stands_for_it() -> None:
    found = attribution(frame([("ACME", 10, 99.0, None, "taker")]), SIZES, LAST)
    assert found.row(-1, named=True) | {"total": 0} == {
        "symbol": None,
        "liquidity": "all",
        "fills": 1,
        "spread": 0.0,
        "position": 50.0,
        "fees": 2.5,
        "borrow": 0.0,
        "dividends": 0.0,
        "interest": 0.0,
        "fines": 0.0,
        "other": 0.0,
        "total": 0,
        "without_middle": 1,
    }


def test_what_is_held_needs_a_price_and_what_is_not_needs_none() -> None:
    none = LAST.clear()
    flat = frame([("ACME", 10, 99.0, 100.0, "maker"), ("ACME", -10, 101.0, 100.0, "maker")])
    assert attribution(flat, SIZES, none)["total"][-1] == 15.0
    with pytest.raises(ConfigError, match="ACME was held in the end"):
        attribution(flat[:1], SIZES, none)


def test_who_traded_nothing_made_what_else_there_was() -> None:
    found = attribution(frame([]), SIZES, LAST, entries(("INTEREST", None, 3.0)))
    assert found.select("fills", "spread", "other", "total").rows() == [(0, 0.0, 3.0, 3.0)]


def test_borrowing_is_apart_from_dividends_interest_and_fines() -> None:
    cash = entries(
        ("DEPOSIT", None, 1000.0),
        ("BORROW_COST", "ZEN", -4.0),
        ("BORROW_COST", "ZEN", -1.0),
        ("DIVIDEND", "ZEN", -3.0),
        ("DIVIDEND", "ACME", 10.0),
        ("INTEREST", None, 0.5),
        ("FINE", None, -7.0),
        ("CASH_IN_LIEU", "ACME", 9.0),
        ("WITHDRAWAL", None, -500.0),
    )
    names = ["symbol", "borrow", "dividends", "interest", "fines", "other", "total"]
    found = attribution(frame([("ACME", 10, 104.0, 104.0, "maker")], fee=0), SIZES, LAST, cash)
    assert found.filter(pl.col("liquidity") == "all").select(names).rows() == [
        ("ACME", 0.0, 10.0, None, None, 10.0, 10.0),
        # Who was short of it has no fill that stands, and pays all the same.
        ("ZEN", 5.0, -3.0, None, None, -3.0, -8.0),
        (None, 5.0, 7.0, 0.5, 7.0, 0.5, -4.5),
    ]


def test_the_fraction_that_a_split_left_is_sold_and_no_fill() -> None:
    # 5 at 10 are 7.5 at 6.67 after three for two; the half is sold at the mark of 6.66.
    rows = frame([("ACME", 1, 10 / 1.5, 10 / 1.5, "maker"), ("ACME", -1, 6.66, 6.66, "maker")], fee=0)
    rows = rows.with_columns(quantity=pl.Series([7.5, 0.5]), liquidity=pl.Series(["maker", None]))
    last = pl.DataFrame({"symbol": ["ACME"], "price": [6.66]})
    found = attribution(rows, SIZES, last)
    assert found.select("liquidity", "fills").rows() == [("maker", 1), ("all", 1), ("all", 1)]
    assert found["total"][-1] == pytest.approx(7 * 6.66 + 3.33 - 50)


prices = st.integers(80, 120).map(float)
many = st.lists(
    st.tuples(
        st.sampled_from(["ACME", "ZEN"]),
        st.integers(-9, 9).filter(bool),
        prices,
        st.none() | prices,
        st.sampled_from(["maker", "taker", "auction"]),
    ),
    max_size=25,
)


def sums(fills: list[Fill]) -> dict[str, Any]:
    return attribution(
        frame(fills), SIZES, LAST, entries(("BORROW_COST", "ZEN", -4.5), ("DIVIDEND", "ZEN", 3.0))
    ).row(-1, named=True)


@given(fills=many)
def test_its_parts_are_cash_and_what_positions_are_worth(fills: list[Fill]) -> None:
    row = sums(fills)
    worth = sum(_MULTIPLIERS[each[0]] * each[1] * (_PRICES[each[0]] - each[2]) for each in fills)
    paid = sum(0.25 * abs(each[1]) for each in fills)
    assert row["total"] == pytest.approx(worth - paid - 1.5)
    parts = row["spread"] + row["position"] - row["fees"] - row["borrow"] + row["other"]
    assert parts == pytest.approx(row["total"])


@given(fills=many, data=st.data())
def test_a_fill_in_two_parts_changes_no_sum(fills: list[Fill], data: st.DataObject) -> None:
    parts: list[Fill] = []
    for symbol, quantity, price, mid, liquidity in fills:
        cut = data.draw(st.integers(0, abs(quantity))) * (1 if quantity > 0 else -1)
        parts += [(symbol, part, price, mid, liquidity) for part in (cut, quantity - cut) if part]
    one, two = sums(fills), sums(parts)
    names = ("spread", "position", "fees", "borrow", "other", "total")
    assert [two[name] for name in names] == pytest.approx([one[name] for name in names])
