"""Round trips and closed lots, against the exchange's FIFO lots and by hand."""

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from tests.projections.recordings import CASES, VENUES, recorded
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, Mark, SelfTradePrevention, Side
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import FILL_EVENT, POSITION_EVENT, Records
from workbench.domain.views import ExchangeState
from workbench.engine.reference import ReferenceExchange
from workbench.errors import ProjectionError
from workbench.projections.round_trips import MOST
from workbench.projections.trades import Trades

ANN, BOB = 2, 3
FILLS = (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED)
EVERY_CASE = pytest.mark.parametrize(("venue", "profile"), CASES)


def busted_positions(events: Records) -> set[tuple[int, int]]:
    """Accounts and instruments whose lots a bust has made anew."""
    changes = events[events["kind"] == EventKind.POSITION_CHANGED].view(POSITION_EVENT)
    changes = changes[(changes["side"] == 0) & (changes["trade_id"] != 0)]
    return set(zip(changes["account"].tolist(), changes["instrument"].tolist(), strict=True))


def assert_lots_are(lots: Records, state: ExchangeState, rebuilt: set[tuple[int, int]]) -> None:
    """Lots are the exchange's; those of a position that met a bust together, and one by one in `Undone`."""
    anew = [(int(lot["account"]), int(lot["instrument"])) in rebuilt for lot in lots]
    theirs = [(int(lot["account"]), int(lot["instrument"])) in rebuilt for lot in state.lots]
    assert lots[~np.array(anew, bool)].tobytes() == state.lots[~np.array(theirs, bool)].tobytes()
    for account, instrument in rebuilt:
        for name in ("quantity_lots", "cost_micros"):
            ours, exchanges = (
                int(rows[name][(rows["account"] == account) & (rows["instrument"] == instrument)].sum())
                for rows in (lots, state.lots)
            )
            assert ours == exchanges, name


@pytest.mark.kernel
@EVERY_CASE
def test_open_lots_are_the_exchanges(venue: str, profile: str, scaled: Callable[[int], int]) -> None:
    projection, rebuilt = Trades(VENUES[venue]), set[tuple[int, int]]()
    for piece in recorded(venue, profile, 0, scaled(400)).pieces:
        projection.apply(piece.events)
        rebuilt |= busted_positions(piece.events)
        assert_lots_are(projection.lots(), piece.state, rebuilt)


@pytest.mark.kernel
@EVERY_CASE
def test_every_micro_is_in_one_closed_lot_and_one_round_trip(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    recording = recorded(venue, profile, 0, scaled(400))
    projection = Trades(VENUES[venue])
    projection.apply(recording.events)
    lots, trips = projection.take_closed_lot_records(), projection.take_round_trip_records()
    still = projection.open_round_trips()
    kept = projection._kept_lots()
    positions = recording.pieces[-1].state.positions
    for position in positions[positions["account"] > 1]:
        account, instrument = position["account"], position["instrument"]

        def of(rows: Records, name: str, account: int = account, instrument: int = instrument) -> int:
            mine = (rows["account"] == account) & (rows["instrument"] == instrument)
            return int(rows[name][mine].sum())

        fifo, fees = position["realised_fifo_micros"], position["fees_micros"]
        assert of(lots, "pnl_micros") == fifo
        assert of(trips, "gross_micros") + of(still, "gross_micros") == fifo
        assert of(trips, "fees_micros") + of(still, "fees_micros") == fees
        number = int(account) * len(VENUES[venue].instruments) + int(instrument)
        unpaid = kept["fee_micros"][kept["holding"] == number].sum()
        assert of(lots, "open_fee_micros") + of(lots, "close_fee_micros") + unpaid == fees
    for trip in trips:
        mine = lots["round_trip"] == trip["round_trip"]
        assert trip["gross_micros"] == lots["pnl_micros"][mine].sum()
        assert trip["adverse_micros"] <= 0 <= trip["favourable_micros"]
        assert trip["net_micros"] == trip["gross_micros"] - trip["fees_micros"]
    assert len(np.unique(np.concatenate([trips["round_trip"], still["round_trip"]]))) == len(trips) + len(
        still
    )


@pytest.mark.kernel
@EVERY_CASE
def test_round_trips_are_the_episodes_of_the_positions(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    recording = recorded(venue, profile, 0, scaled(400))
    projection = Trades(VENUES[venue])
    projection.apply(recording.events)
    changes = recording.events[recording.events["kind"] == EventKind.POSITION_CHANGED]
    positions: dict[tuple[int, int], int] = {}
    opened: dict[tuple[int, int], int] = {}
    expected = []
    for change in changes[changes["account"] > 1]:
        key = (int(change["account"]), int(change["instrument"]))
        before, after, seq = positions.get(key, 0), int(change["payload"][0]), int(change["seq"])
        positions[key] = after
        if before and np.sign(after) != np.sign(before):
            side = Side.BUY if before > 0 else Side.SELL
            expected.append((*key, int(side), opened[key], seq))
        if after and np.sign(after) != np.sign(before):
            opened[key] = seq
    trips = projection.take_round_trip_records()
    got = trips[["account", "instrument", "side", "opened_seq", "closed_seq"]]
    assert got.tolist() == expected
    still = projection.open_round_trips()
    assert {(t["account"], t["instrument"]): t["opened_seq"] for t in still} == {
        key: seq for key, seq in opened.items() if positions[key]
    }


def market(mark: Mark = Mark.LAST, **fees: Any) -> Venue:
    instrument = Instrument("ONE", "0.01", "2.00", tick_size="0.01", mark=mark, fees=FeeSchedule(**fees))
    accounts = [Account(name, cash_checked=False) for name in ("ann", "bob", "carl")]
    return Venue([instrument], accounts, self_trade_prevention=SelfTradePrevention.ALLOW)


def traded(
    fills: list[tuple[int, int]], venue: Venue | None = None, then: tuple[Records, ...] = ()
) -> Trades:
    """After ann has bought (or, negative, sold) quantities at prices of bob."""
    commands = []
    for time, (lots, price) in enumerate(fills, start=1):
        hers, his = (Side.BUY, Side.SELL) if lots > 0 else (Side.SELL, Side.BUY)
        commands.append(make.new_order(time, BOB, 0, his, abs(lots), price))
        commands.append(make.new_order(time, ANN, 0, hers, abs(lots), price))
    venue = venue or market()
    projection = Trades(venue)
    projection.apply(ReferenceExchange(venue).step(make.batch([*commands, *then])))
    return projection


def of_ann(table: Any) -> list[dict[str, Any]]:
    return pl.DataFrame(table).filter(pl.col("account") == "ann").to_dicts()


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("fills", "realised", "still"),
    [
        ([(10, 100), (10, 110), (-15, 120)], 250, [(110, 5)]),
        ([(10, 100), (10, 110), (-15, 120), (-5, 90)], 150, []),
        ([(10, 100), (-15, 110)], 100, [(110, -5)]),
        ([(-10, 100), (-10, 90), (15, 95)], 25, [(90, -5)]),
        ([(5, 10), (-10, 12), (10, 11)], 15, [(11, 5)]),
    ],
)
def test_lots_are_matched_first_in_first_out(
    fills: list[tuple[int, int]], realised: int, still: list[tuple[int, int]]
) -> None:
    projection = traded(fills)
    lots = projection.lots()
    lots = lots[lots["account"] == ANN]
    assert list(zip(lots["price_ticks"].tolist(), lots["quantity_lots"].tolist(), strict=True)) == still
    # Ticks are cents, so 100 of them are 1.00.
    assert sum(row["pnl_micros"] for row in of_ann(projection.take_closed_lots())) == realised * 10_000


@pytest.mark.kernel
def test_a_fill_through_zero_ends_one_round_trip_and_begins_another() -> None:
    projection = traded([(10, 100), (4, 106), (-20, 110)], market(taker_per_lot="0.01"))
    (trip,) = of_ann(projection.take_round_trips())
    assert (trip["side"], trip["fills"], trip["peak_lots"], trip["duration_ns"]) == ("BUY", 3, 14, 2)
    assert (trip["entry_lots"], trip["entry_value"], trip["exit_lots"], trip["exit_value"]) == (
        14,
        1_424,
        14,
        1_540,
    )
    # 15.40 - 14.24; fees of 0.01 on 14 bought and 14 of the 20 sold.
    assert (trip["gross_micros"], trip["fees_micros"], trip["net_micros"]) == (1_160_000, 280_000, 880_000)
    (still,) = of_ann(projection.remaining_round_trips())
    assert (still["side"], still["entry_lots"], still["entry_value"], still["fees_micros"]) == (
        "SELL",
        6,
        660,
        60_000,
    )
    assert still["closed"] is None
    first, second = of_ann(projection.take_closed_lots())
    assert (first["open_price_ticks"], first["quantity_lots"], first["pnl_micros"]) == (100, 10, 1_000_000)
    assert (second["open_price_ticks"], second["quantity_lots"], second["pnl_micros"]) == (106, 4, 160_000)
    assert (first["open_fee_micros"], first["close_fee_micros"]) == (100_000, 100_000)


@pytest.mark.kernel
def test_shares_of_a_fee_sum_to_it_whichever_way_it_goes() -> None:
    for fee in ("0.000007", "-0.000007"):
        schedule = {"per_order": 0, "taker_bps": 0, "taker_per_lot": fee}
        projection = traded([(1, 100), (1, 101), (1, 102), (-3, 110)], market(**schedule))
        rows = of_ann(projection.take_closed_lots())
        sign = 1 if fee[0] == "0" else -1
        assert [row["open_fee_micros"] for row in rows] == [7 * sign] * 3
        assert sum(row["close_fee_micros"] for row in rows) == 21 * sign
    # 3.30 at -4 millionths are a rebate of 13; of that 2 of the 3 lots carry 8.67, rounded towards 0.
    projection = traded([(3, 110), (-2, 110), (-1, 110)], market(taker_bps="-0.04"))
    assert [row["open_fee_micros"] for row in of_ann(projection.take_closed_lots())] == [-8, -5]


@pytest.mark.kernel
def test_excursions_are_those_of_the_marks_while_it_was_open() -> None:
    carl = 4

    def at(time: int, price: int) -> list[Records]:
        sell = make.new_order(time, carl, 0, Side.SELL, 1, price)
        return [sell, make.new_order(time, carl, 0, Side.BUY, 1, price)]

    between = [*at(2, 90), *at(3, 120), *at(4, 105)]
    venue = market()
    commands = [
        *at(1, 50),
        make.new_order(1, BOB, 0, Side.SELL, 10, 100),
        make.new_order(1, ANN, 0, Side.BUY, 10, 100),
        *between,
        make.new_order(5, BOB, 0, Side.BUY, 4, 104),
        make.new_order(5, ANN, 0, Side.SELL, 4, 104),
        *at(6, 130),
        make.new_order(7, BOB, 0, Side.BUY, 6, 110),
        make.new_order(7, ANN, 0, Side.SELL, 6, 110),
        *at(8, 190),
    ]
    projection = Trades(venue)
    projection.apply(ReferenceExchange(venue).step(make.batch(commands)))
    rows = of_ann(projection.take_round_trips())
    # 10 bought at 1.00: at 0.90 they lose 1.00; at 1.30 the 6 left make 1.80 and the 4 sold have made 0.16.
    assert [(row["adverse_micros"], row["favourable_micros"]) for row in rows] == [(-1_000_000, 2_000_000)]


@pytest.mark.kernel
def test_excursions_reach_over_a_split() -> None:
    carl = 4
    commands = [
        make.new_order(1, BOB, 0, Side.SELL, 10, 100),
        make.new_order(1, ANN, 0, Side.BUY, 10, 100),
        make.new_order(2, carl, 0, Side.SELL, 1, 150),
        make.new_order(2, carl, 0, Side.BUY, 1, 150),
        make.split(3, 0, 2, 1),
        make.new_order(4, BOB, 0, Side.BUY, 20, 70),
        make.new_order(4, ANN, 0, Side.SELL, 20, 70),
    ]
    projection = Trades(market())
    projection.apply(ReferenceExchange(market()).step(make.batch(commands)))
    (row,) = of_ann(projection.take_round_trips())
    # 10 at 1.50 make 5.00 before the split; 20 at 0.70 make 4.00 after it.
    assert (row["adverse_micros"], row["favourable_micros"], row["gross_micros"]) == (0, 5_000_000, 4_000_000)


@pytest.mark.kernel
def test_an_excursion_after_a_partial_close_counts_what_was_realised() -> None:
    projection = traded([(10, 100), (-4, 104), (-6, 150)])
    (row,) = of_ann(projection.take_round_trips())
    # At 1.50 the 6 left make 3.00, and the 4 sold have made 0.16.
    assert (row["adverse_micros"], row["favourable_micros"]) == (0, 3_160_000)


@pytest.mark.kernel
def test_a_split_sells_a_fraction_and_can_end_a_round_trip() -> None:
    projection = traded([(5, 100)], then=(make.split(2, 0, 1, 2),))
    (row,) = of_ann(projection.take_closed_lots())
    # 5 become 2 and a half; the half of a new lot is sold at half of 2.00, and cost a fifth of 5.00.
    assert (row["by_split"], row["quantity_lots"], row["cost_micros"], row["proceeds_micros"]) == (
        True,
        0,
        1_000_000,
        1_000_000,
    )
    (still,) = of_ann(projection.remaining_round_trips())
    assert (still["entry_lots"], still["entry_value"], still["in_lieu_micros"]) == (2, 500, 1_000_000)
    assert still["peak_lots"] == 2
    projection = traded([(1, 100)], then=(make.split(2, 0, 1, 3),))
    (row,) = of_ann(projection.take_round_trips())
    assert (row["by_split"], row["exit_lots"], row["in_lieu_micros"]) == (True, 0, 1_000_000)
    assert (row["gross_micros"], row["closed_seq"] != 0) == (0, True)


@pytest.mark.kernel
def test_sums_too_large_to_keep_are_null() -> None:
    projection = traded([(10, 100), (-10, 100)])
    projection._trips["entry_value"][0] = MOST
    rows = pl.DataFrame(projection.take_round_trips())
    assert rows["entry_value"].to_list() == [None, 1_000]
    assert rows["exit_value"].to_list() == [1_000, 1_000]


@pytest.mark.kernel
def test_many_marks_and_lots_need_more_room() -> None:
    steps = [(1, price) for price in range(1, 200)] + [(-199, 100)]
    projection = traded(steps)
    rows = of_ann(projection.take_closed_lots())
    assert len(rows) == 199
    assert sum(row["pnl_micros"] for row in rows) == sum(100 - price for price in range(1, 200)) * 10_000


@pytest.mark.kernel
def test_events_of_another_venue_are_noticed() -> None:
    recording = recorded("money", "calm", 0, 400)
    events = recording.events.copy()
    fill = np.flatnonzero(np.isin(events["kind"], FILLS) & (events["account"] > 1))[5]
    events.view(FILL_EVENT)["last_price_ticks"][fill] += 1
    with pytest.raises(ProjectionError, match="says another position than its fills make"):
        Trades(recording.venue).apply(events)
