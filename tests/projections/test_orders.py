"""Orders and their lives, against the exchange's own open orders and by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.projections.recordings import CASES, VENUES, recorded
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, OrderType, Phase, Place, Reason, Side, TimeInForce
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import DIVERGED, EVENT, FILL_EVENT, LIQUIDITY_MAKER, ORDER_EVENT, Records
from workbench.domain.states import OrderState
from workbench.engine.reference import ReferenceExchange
from workbench.errors import ProjectionError
from workbench.projections.orders import Orders

ANN, BOB, CARL = 2, 3, 4
SHARED = (
    "order_id",
    "client_order_id",
    "account",
    "instrument",
    "side",
    "order_type",
    "time_in_force",
    "order_state",
    "flags",
    "price_ticks",
    "quantity_lots",
    "leaves_lots",
    "display_lots",
    "expire_time_ns",
    "group_id",
    "group_place",
    "trail_ticks",
    "trail_micros",
    "watermark_ticks",
)
"""Fields that the exchange's open orders have under the same name."""

FILLS = (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED)


@pytest.mark.kernel
@pytest.mark.parametrize("street", [False, True])
@pytest.mark.parametrize(("venue", "profile"), [*CASES, ("bare", "terms"), ("bare frozen", "history")])
def test_open_orders_are_the_exchanges(
    venue: str, profile: str, street: bool, scaled: Callable[[int], int]
) -> None:
    projection = Orders(VENUES[venue], street=street)
    for piece in recorded(venue, profile, 0, scaled(400)).pieces:
        projection.apply(piece.events)
        got, expected = projection.orders(), piece.state.orders
        if not street:
            expected = expected[expected["account"] != 0]
        expected = expected[np.argsort(expected["order_id"])]
        assert got["order_id"].tolist() == expected["order_id"].tolist()
        for name in SHARED:
            ours, theirs = got[name], expected[name]
            if name == "flags":
                # No event says when history's belief about its own order becomes wrong, only a later one.
                ours, theirs = ours & ~np.uint16(DIVERGED), theirs & ~np.uint16(DIVERGED)
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
        np.testing.assert_array_equal(got["entered_ns"], expected["time_ns"])
        # Of a market order in a market queue the view shows the price that it is valued at.
        priced = expected["book"] != Place.MARKET_QUEUE
        np.testing.assert_array_equal(
            got["trigger_price_ticks"][priced], expected["trigger_price_ticks"][priced]
        )


@pytest.mark.kernel
@pytest.mark.parametrize(("venue", "profile"), CASES)
def test_rows_sum_to_what_the_events_say(venue: str, profile: str, scaled: Callable[[int], int]) -> None:
    events = recorded(venue, profile, 0, scaled(400)).events
    events = events[(events["account"] != 0) | ~np.isin(events["kind"], range(1, 19))]
    projection = Orders(VENUES[venue])
    projection.apply(recorded(venue, profile, 0, scaled(400)).events)
    ended, still = projection.take_rows(), projection.remaining_rows()
    rows = pl.concat([pl.DataFrame(ended), pl.DataFrame(still)]).sort("order_id")
    kinds = events["kind"]
    created = events[kinds == EventKind.ORDER_CREATED].view(ORDER_EVENT)
    replaced = events[kinds == EventKind.ORDER_REPLACED].view(ORDER_EVENT)
    ids = np.sort(np.concatenate([created["order_id"], replaced["successor_order_id"]]))
    assert rows["order_id"].to_list() == ids.tolist()
    fills = events[np.isin(kinds, FILLS)].view(FILL_EVENT)
    maker = fills["flags"] & LIQUIDITY_MAKER != 0
    for order in rows.iter_rows(named=True):
        own = fills["order_id"] == order["order_id"]
        assert order["fills"] == np.count_nonzero(own)
        assert order["fees_micros"] == fills["fee_micros"][own].sum()
        assert order["maker_lots"] == fills["last_quantity_lots"][own & maker].sum()
        assert order["taker_lots"] == fills["last_quantity_lots"][own & ~maker].sum()
        values = fills["last_price_ticks"][own] * fills["last_quantity_lots"][own]
        assert order["filled_value"] == values.sum()
        if own.any():
            assert (order["first_fill_seq"], order["last_fill_seq"]) == (
                fills["seq"][own][0],
                fills["seq"][own][-1],
            )
    assert (pl.DataFrame(ended)["ended_seq"].diff().drop_nulls() > 0).all()
    assert (pl.DataFrame(still)["ended_seq"] == 0).all()
    chained = rows.filter(pl.col("predecessor_order_id") != 0)
    assert chained["order_id"].to_list() == np.sort(replaced["successor_order_id"]).tolist()


def one_stock(**settings: Any) -> Venue:
    fees = FeeSchedule(maker_per_lot="-0.01", taker_per_lot="0.02")
    return Venue(
        [Instrument("ONE", "0.50", "20.00", fees=fees, **settings)],
        [Account(name, cash=10_000) for name in ("ann", "bob", "carl")],
    )


def lives(venue: Venue, *commands: Records) -> tuple[Orders, dict[int, dict[str, Any]]]:
    """The projection after some commands, and the rows of all orders by id."""
    projection = Orders(venue)
    projection.apply(ReferenceExchange(venue).step(make.batch(commands)))
    still = pl.DataFrame(projection.remaining_rows())
    rows = pl.concat([pl.DataFrame(projection.take_rows()), still])
    return projection, {row["order_id"]: row for row in rows.iter_rows(named=True)}


@pytest.mark.kernel
def test_the_life_of_an_order_that_is_replaced_and_filled() -> None:
    _, rows = lives(
        one_stock(),
        make.new_order(1_000, CARL, 0, Side.SELL, 7, 1_000),
        make.new_order(2_000, ANN, 0, Side.SELL, 50, 1_000, client_order_id=77),
        make.new_order(3_000, BOB, 0, Side.BUY, 27, 1_000),
        make.replace_order(
            4_000, ANN, order_id=2, quantity_lots=40, price_ticks=1_010, new_client_order_id=78
        ),
        make.new_order(5_000, BOB, 0, Side.BUY, 20, 1_010),
    )
    first, second = rows[2], rows[4]
    assert (first["account"], first["symbol"], first["side"], first["type"]) == (
        "ann",
        "ONE",
        "SELL",
        "LIMIT",
    )
    assert (first["client_order_id"], second["client_order_id"]) == (77, 78)
    assert (first["state"], first["reason"], first["time_in_force"]) == ("REPLACED", None, "DAY")
    assert (first["successor_order_id"], second["predecessor_order_id"], second["root_order_id"]) == (4, 2, 2)
    assert first["queue_ahead_lots"] == 7
    assert (first["quantity_lots"], first["executed_lots"], first["leaves_lots"]) == (50, 20, 0)
    # 20 at 10.00 are the first one's own; of the chain 40 have traded, for 20 * 10.00 + 20 * 10.10.
    assert (first["executed_value"], first["filled_value"]) == (20_000, 20_000)
    assert (second["executed_lots"], second["executed_value"]) == (40, 40_200)
    assert (second["filled_value"], second["maker_lots"], second["taker_lots"]) == (20_200, 20, 0)
    assert (second["state"], second["fills"], second["fees_micros"]) == ("FILLED", 1, -200_000)
    moments = ("entered", "created", "rested", "first_fill", "last_fill", "ended")
    at = {name: None if second[name] is None else second[name].microsecond for name in moments}
    assert at == {"entered": 2, "created": 4, "rested": 4, "first_fill": 5, "last_fill": 5, "ended": 5}
    assert second["triggered"] is None
    assert rows[5]["taker_lots"] == 20


@pytest.mark.kernel
def test_a_refused_order_says_why() -> None:
    _, rows = lives(
        one_stock(),
        make.new_order(1, 9, 5, Side.BUY, 10, 100),
        make.new_order(2, ANN, 0, Side.BUY, 10, 9_999),
    )
    assert (rows[1]["account"], rows[1]["symbol"]) == (None, None)
    assert (rows[1]["state"], rows[1]["reason"]) == ("REJECTED", "UNKNOWN_ACCOUNT")
    assert (rows[2]["reason"], rows[2]["reason_value"], rows[2]["reason_limit"]) == (
        Reason.PRICE_OUT_OF_BAND.name,
        9_999,
        2_000,
    )
    assert rows[2]["approved"] is None


@pytest.mark.kernel
def test_a_split_adjusts_an_open_order_and_leaves_its_value() -> None:
    _, rows = lives(
        one_stock(),
        make.new_order(1, ANN, 0, Side.BUY, 30, 900),
        make.new_order(2, BOB, 0, Side.SELL, 10, 900),
        make.split(3, 0, 3, 1),
        make.cancel_order(4, ANN, order_id=1, quantity_lots=6),
    )
    order = rows[1]
    assert (order["price_ticks"], order["created_lots"], order["quantity_lots"]) == (300, 30, 84)
    assert (order["executed_lots"], order["leaves_lots"], order["canceled_lots"]) == (30, 54, 6)
    # 10 at 9.00 are 30 at 3.00.
    assert (order["executed_value"], order["maker_lots"]) == (9_000, 10)


@pytest.mark.kernel
def test_a_halt_suspends_what_rests_and_not_what_is_held() -> None:
    stop = make.new_order(
        2,
        ANN,
        0,
        Side.SELL,
        5,
        order_type=OrderType.STOP,
        trigger_price_ticks=800,
        time_in_force=TimeInForce.GTC,
    )
    venue = one_stock()
    projection, _ = lives(
        venue, make.new_order(1, ANN, 0, Side.BUY, 5, 900), stop, make.set_phase(3, Phase.HALTED)
    )
    states = projection.orders()["order_state"].tolist()
    assert states == [OrderState.SUSPENDED, OrderState.HELD]
    again = Orders.restore(venue, projection.checkpoint())
    assert again.orders().tobytes() == projection.orders().tobytes()


@pytest.mark.kernel
def test_events_of_an_order_that_nobody_created_are_refused() -> None:
    events = np.zeros(1, dtype=EVENT)
    events["seq"], events["kind"], events["account"] = 1, EventKind.ORDER_RESTED, ANN
    events.view(ORDER_EVENT)["order_id"] = 42
    projection = Orders(one_stock())
    with pytest.raises(ProjectionError, match="event 1 tells of order 42, which no event before it created"):
        projection.apply(events)
