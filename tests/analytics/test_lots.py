"""Lots against hand vectors, an accounting program that nobody here wrote, and exact arithmetic."""

from __future__ import annotations

from collections import deque
from fractions import Fraction
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tolerances
from tests.analytics import lots_oracles
from tests.analytics.installed import installed
from tests.analytics.lots_oracles import Fills, frame
from workbench.analytics.lots import LOT_FILLS, LOT_MATCHES, METHODS, OPEN_LOTS, TRIP_ROWS, lots_of
from workbench.errors import ConfigError

HAND: list[tuple[Fills, dict[str, tuple[float, list[tuple[float, float]]]]]] = [
    (
        [(10, 100), (10, 110), (-15, 120)],
        {"fifo": (250, [(5, 110)]), "lifo": (250 - 50, [(5, 100)]), "average": (225, [(5, 105)])},
    ),
    (
        [(10, 100), (10, 110), (-15, 120), (-5, 90)],
        {"fifo": (150, []), "lifo": (150, []), "average": (150, [])},
    ),
    ([(10, 100), (-15, 110)], {method: (100, [(-5, 110)]) for method in METHODS}),
    ([(-10, 100), (-10, 90), (15, 95)], {"fifo": (25, [(-5, 90)]), "average": (0, [(-5, 95)])}),
    ([(5, 10), (-10, 12), (10, 11)], {method: (15, [(5, 11)]) for method in METHODS}),
]


@pytest.mark.parametrize("case", range(len(HAND)))
def test_the_hand_vectors(case: int) -> None:
    fills, expected = HAND[case]
    for method, (realised, left) in expected.items():
        found = lots_of(frame(fills), method)
        assert found.fills["realised"].sum() == realised, method
        assert found.open.select("quantity", "price").rows() == left, method


def test_what_is_held_costs_what_its_lots_did() -> None:
    costs = {method: lots_of(frame(HAND[0][0]), method).fills["cost"].to_list() for method in METHODS}
    assert costs == {"fifo": [1000, 2100, 550], "lifo": [1000, 2100, 500], "average": [1000, 2100, 525]}
    assert lots_of(frame(HAND[3][0])).fills["cost"].to_list() == [-1000, -1900, -450]


def test_frames_have_their_columns_with_and_without_fills() -> None:
    for found in (lots_of(frame([])), lots_of(frame(HAND[1][0]))):
        assert found.fills.schema == LOT_FILLS.schema
        assert found.matches.schema == LOT_MATCHES.schema
        assert found.open.schema == OPEN_LOTS.schema
        assert found.trips.schema == TRIP_ROWS


def test_a_flip_ends_one_round_trip_and_begins_another_and_shares_its_fee() -> None:
    found = lots_of(frame([(10, 100), (-15, 110), (5, 100)], fee=[1.0, 3.0, 0.5]))
    assert found.trips.select(
        "side", "fills", "quantity", "entry_value", "exit_value", "gross", "fees", "opened_seq", "closed_seq"
    ).rows() == [
        ("BUY", 2, 10.0, 1000.0, 1100.0, 100.0, 3.0, 1, 2),
        ("SELL", 2, 5.0, 550.0, 500.0, 50.0, 1.5, 2, 3),
    ]
    assert found.fills["flip"].to_list() == [False, True, False]
    assert found.fills["trip"].to_list() == [1, 2, 2]
    assert found.matches.select("quantity", "gross", "fees").rows() == [(10.0, 100.0, 3.0), (5.0, 50.0, 1.5)]


def test_three_tenths_are_sold_in_one() -> None:
    found = lots_of(
        frame([(1, 10.0)] * 3 + [(-1, 11.0)]).with_columns(quantity=pl.Series([0.1, 0.1, 0.1, 0.3]))
    )
    assert found.open.is_empty()
    assert found.fills["position"].to_list() == [0.1, 0.2, 0.3, 0.0]


def test_instruments_do_not_mix_and_rows_keep_their_order() -> None:
    one, other = frame([(10, 100), (-10, 101)], "A"), frame([(-7, 50), (7, 40)], "B")
    mixed = pl.concat([other[:1], one[:1], other[1:], one[1:]])
    found = lots_of(mixed)
    assert found.fills["realised"].to_list() == [0.0, 0.0, 70.0, 10.0]
    assert found.trips["symbol"].to_list() == ["B", "A"]
    assert found.fills["trip"].to_list() == [1, 2, 1, 2]
    assert found.matches.select("opened_row", "closed_row").rows() == [(0, 2), (1, 3)]


def exactly(fills: Fills, method: str) -> tuple[Fraction, list[tuple[Fraction, Fraction]]]:
    """Realised PnL and open lots, one lot at a time in fractions."""
    lots: deque[list[Fraction]] = deque()
    realised = Fraction(0)
    for quantity, price in fills:
        rest, paid = Fraction(quantity), Fraction(price)
        while rest and lots and lots[0][0] * rest < 0:
            lot = lots[-1] if method == "lifo" else lots[0]
            taken = min(abs(rest), abs(lot[0])) * (1 if lot[0] > 0 else -1)
            realised += taken * (paid - lot[1])
            lot[0] -= taken
            rest += taken
            if not lot[0]:
                lots.remove(lot)
        if rest and method == "average" and lots:
            held, cost = lots[0]
            lots[0] = [held + rest, (held * cost + rest * paid) / (held + rest)]
        elif rest:
            lots.append([rest, paid])
    return realised, [(lot[0], lot[1]) for lot in lots]


many = st.lists(
    st.tuples(st.integers(-20, 20).filter(bool), st.integers(800, 1200).map(lambda eighths: eighths / 8)),
    max_size=30,
)


@given(fills=many, method=st.sampled_from(list(METHODS)))
def test_the_kernel_agrees_with_exact_arithmetic(fills: Fills, method: str) -> None:
    found = lots_of(frame(fills), method)
    realised, left = exactly(fills, method)
    assert found.fills["realised"].sum() == pytest.approx(float(realised), abs=1e-5)
    said = [(quantity, price) for quantity, price in found.open.select("quantity", "price").iter_rows()]
    assert said == [(float(quantity), pytest.approx(float(price))) for quantity, price in left]
    if method != "average":
        assert found.matches["gross"].sum() == pytest.approx(float(realised), abs=1e-5)


@given(fills=many, last=st.integers(100, 150))
def test_realised_and_unrealised_together_are_the_same_by_every_method(fills: Fills, last: int) -> None:
    totals = []
    for method in METHODS:
        found = lots_of(frame(fills), method)
        open_pnl = float((found.open["quantity"] * (last - found.open["price"])).sum())
        totals.append(float(found.fills["realised"].sum()) + open_pnl)
    cash = sum(-quantity * price for quantity, price in fills)
    held = sum(quantity for quantity, _ in fills)
    assert totals == pytest.approx([cash + held * last] * len(METHODS), abs=1e-5)


@given(fills=many, data=st.data())
def test_a_fill_in_two_parts_changes_nothing(fills: Fills, data: st.DataObject) -> None:
    parts: Fills = []
    for quantity, price in fills:
        cut = data.draw(st.integers(0, abs(quantity))) * (1 if quantity > 0 else -1)
        parts += [(part, price) for part in (cut, quantity - cut) if part]
    for method in METHODS:
        whole, cut_up = lots_of(frame(fills), method), lots_of(frame(parts), method)
        assert cut_up.fills["realised"].sum() == pytest.approx(whole.fills["realised"].sum(), abs=1e-5)
        columns = ["side", "quantity", "entry_value", "exit_value", "gross"]
        assert cut_up.trips.select(columns).rows() == [
            tuple(pytest.approx(each, abs=1e-5) for each in row) for row in whole.trips.select(columns).rows()
        ]


@pytest.mark.parametrize(
    ("column", "value"),
    [("side", "buy"), ("side", None), ("quantity", 0.0), ("quantity", float("nan")), ("price", float("inf"))],
)
def test_what_cannot_be_a_fill_is_refused_by_its_row(column: str, value: Any) -> None:
    wrong = frame([(10, 100), (-10, 101)]).with_columns(
        pl.when(pl.int_range(pl.len()) == 1).then(pl.lit(value)).otherwise(column).alias(column)
    )
    with pytest.raises(ConfigError, match="row 1 cannot be a fill"):
        lots_of(wrong)


def test_an_unknown_method_or_a_missing_column_is_refused() -> None:
    with pytest.raises(ConfigError, match="cannot be matched by 'hifo'"):
        lots_of(frame([]), "hifo")
    with pytest.raises(ConfigError, match="'price' is missing"):
        lots_of(frame([]).drop("price"))


@pytest.mark.parametrize("method", ["fifo", "lifo"])
def test_beancount_books_the_hand_vector_so(method: str) -> None:
    installed("beancount")
    assert lots_oracles.beancount(HAND[0][0], method)[0] == {"fifo": 250, "lifo": 200}[method]


@pytest.mark.parametrize("method", ["fifo", "lifo"])
@given(fills=many)
def test_lots_are_those_of_beancount(method: str, fills: Fills) -> None:
    installed("beancount")
    asked = lots_oracles.reducing(fills)
    realised, left = lots_oracles.beancount(asked, method)
    found = lots_of(frame(asked), method)
    assert found.fills["realised"].sum() == pytest.approx(float(realised), abs=tolerances.LOTS)
    assert found.open.select("quantity", "price").rows() == [
        (float(quantity), float(price)) for quantity, price in left
    ]


@given(fills=many)
@settings(max_examples=25)
def test_matches_are_the_round_trips_of_pyfolio(fills: Fills) -> None:
    installed("pyfolio")
    asked = lots_oracles.in_turns(fills)
    found = lots_of(frame(asked))
    if found.matches.height:
        pnl, trips = lots_oracles.pyfolio(asked)
        assert found.matches["gross"].sum() == pytest.approx(pnl, abs=tolerances.LOTS)
        assert found.matches["closed_row"].n_unique() == trips


def test_the_differences_that_the_page_tells_are_within_their_tolerance() -> None:
    installed("pyfolio")
    assert max(lots_oracles.compare().values()) <= tolerances.LOTS
