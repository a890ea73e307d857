"""Streams without their busted trades, against the exchange that busted them and against other folds."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.projections.recordings import CASES, Recording, recorded
from tests.projections.streams_of_events import split
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, SelfTradePrevention, Side
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import POSITION_EVENT, TRADE_EVENT, Records
from workbench.engine.reference import ReferenceExchange
from workbench.projections.candles import Candles
from workbench.projections.equity import Equity
from workbench.projections.positions import Positions
from workbench.projections.prints import of_kind
from workbench.projections.standings import Standings
from workbench.projections.trades import Trades
from workbench.projections.undone import Undone, busts_in

ANN, BOB, CARL = 2, 3, 4
TOTALS = ("position_lots", "cost_micros", "realised_average_micros", "realised_fifo_micros", "fees_micros")
EVERY_CASE = pytest.mark.parametrize(("venue", "profile"), CASES)


def without_busts(venue: Venue, events: Records, seed: int = 0) -> Records:
    """The stream without its busted trades, to its end through the same arithmetic."""
    undone = Undone(venue, busts_in([events]))
    # What stands behind the last bust is the exchange's own word, which is compared here.
    undone._last_seq = int(events["seq"][-1])
    return np.concatenate([undone.rewrite(batch) for batch in split(events, seed, 300)])


def busted(recording: Recording) -> Records:
    return busts_in([recording.events])


@pytest.mark.kernel
@EVERY_CASE
def test_after_its_busts_a_stream_without_them_is_the_exchanges(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    recording = recorded(venue, profile, 0, scaled(400))
    state, rules = recording.pieces[-1].state, recording.venue
    events = without_busts(rules, recording.events)
    ids = busted(recording)["trade_id"]
    assert not np.isin(of_kind(events, EventKind.TRADE).view(TRADE_EVENT)["trade_id"], ids).any()
    told = {}
    for each in of_kind(events, EventKind.POSITION_CHANGED).view(POSITION_EVENT):
        told[int(each["account"]), int(each["instrument"])] = each
    for position in state.positions[state.positions["account"] > 1]:
        key = int(position["account"]), int(position["instrument"])
        expected = [int(position[name]) for name in TOTALS]
        assert [int(told[key][name]) if key in told else 0 for name in TOTALS] == expected
    # Trades books each fill by itself and refuses another position, Equity adds the money up.
    trades, equity, positions = Trades(rules), Equity(rules, interval_ns=7_000_000), Positions(rules)
    for projection in (trades, equity, positions):
        projection.apply(events)
    assert trades.lots().tobytes() == state.lots.tobytes()
    assert equity.accounts()["equity_micros"].tolist() == recording.pieces[-1].equity_micros
    np.testing.assert_array_equal(equity.accounts()["cash_micros"], state.accounts["cash_micros"])
    rows, start = equity.take_records(), equity.purses()["start_cash_micros"]
    gains = rows["realised_average_micros"] + rows["unrealised_micros"] - rows["fees_micros"]
    funding = rows["deposits_micros"] - rows["withdrawals_micros"] + rows["other_cash_micros"]
    np.testing.assert_array_equal(start[rows["account"]] + gains + funding, rows["equity_micros"])
    held = positions.positions()
    traders = state.positions[state.positions["account"] > 1]
    assert held["traded_lots"][held["account"] > 1].sum() == traders["traded_lots"].sum()


@pytest.mark.kernel
@EVERY_CASE
def test_busts_are_booked_as_the_exchange_does(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    recording = recorded(venue, profile, 0, scaled(400))
    positions, trades = Positions(recording.venue), Trades(recording.venue)
    for piece in recording.pieces:
        positions.apply(piece.events)
        trades.apply(piece.events)
        if not (piece.events["kind"] == EventKind.TRADE_BUSTED).any():
            continue
        told = piece.state.positions
        expected = {(int(p["account"]), int(p["instrument"])): p for p in told}
        none = np.zeros(1, told.dtype)[0]
        for held in positions.positions():
            if held["account"] > 1:
                other = expected.get((int(held["account"]), int(held["instrument"])), none)
                for name in (*TOTALS, "traded_lots"):
                    assert held[name] == other[name], name


def test_there_are_busts_to_look_at(scaled: Callable[[int], int]) -> None:
    found = [len(busted(recorded(venue, profile, 0, scaled(400)))) for venue, profile in CASES]
    assert sum(found) > len(CASES)
    assert max(found) > 4


def market(**fees: str) -> Venue:
    instrument = Instrument("ONE", "0.01", "2.00", reference_price="1.00", fees=FeeSchedule(**fees))
    accounts = [Account(name, cash=1_000) for name in ("ann", "bob", "carl")]
    return Venue([instrument], accounts, self_trade_prevention=SelfTradePrevention.ALLOW, kept_trades=100)


def trade(time: int, buyer: int, seller: int, lots: int, price: int) -> list[Records]:
    return [
        make.new_order(time, seller, 0, Side.SELL, lots, price),
        make.new_order(time, buyer, 0, Side.BUY, lots, price),
    ]


@pytest.mark.kernel
@pytest.mark.parametrize("wrong", [(ANN, CARL), (CARL, ANN), (ANN, ANN), (BOB, CARL)])
def test_it_is_as_if_the_busted_trade_had_never_been(wrong: tuple[int, int]) -> None:
    """The same commands without the trade and its bust, which no other command looks at."""
    venue = market(taker_bps="10", maker_bps="-5")
    second = 1_000_000_000
    before = [*trade(1, ANN, BOB, 10, 100), *trade(second, ANN, BOB, 5, 104)]
    mistake = trade(2 * second, *wrong, 3, 50)
    between = [
        make.transfer_cash(2 * second + 1, ANN, 1_000_000),
        *trade(3 * second, BOB, ANN, 12, 108),
        *trade(4 * second, CARL, ANN, 7, 103),
    ]
    bust = [make.bust_trade(5 * second, 3)]
    after = [*trade(6 * second, ANN, CARL, 9, 99), make.clock(9 * second)]
    exchange, clean = ReferenceExchange(venue), ReferenceExchange(venue)
    events = exchange.step(make.batch([*before, *mistake, *between, *bust, *after]))
    never = clean.step(make.batch([*before, *between, *after]))
    undone = Undone(venue, busts_in([events]))
    rewritten = np.concatenate([undone.rewrite(batch) for batch in split(events, 3, 7)])
    assert undone.trade_ids == [3]
    for make_one in (Candles, Equity, Trades, Positions, Standings):
        got, wanted = make_one(venue), make_one(venue)
        got.apply(rewritten)
        wanted.apply(never)
        assert said(got) == said(wanted), make_one.__name__


def said(projection: Candles | Equity | Trades | Positions | Standings) -> list[list[dict[str, object]]]:
    """All rows, without the numbers of events, orders and trades, which the two streams count differently."""
    match projection:
        case Candles():
            tables = [projection.take_rows("1s"), projection.remaining_rows("1d")]
        case Equity():
            tables = [projection.take_rows(), projection.remaining_rows()]
        case Trades():
            tables = [projection.take_round_trips(), projection.take_closed_lots()]
            tables.append(projection.remaining_round_trips())
        case Positions():
            tables = [projection.take_rows()]
        case Standings():
            # The orders of the mistake stay what they were.
            tables = [projection.table().drop_columns(["orders"])]
    counted = ("seq", "order_id", "trade_id", "round_trip")
    return [
        [{k: v for k, v in row.items() if not k.endswith(counted)} for row in table.to_pylist()]
        for table in tables
    ]
