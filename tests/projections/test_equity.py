"""Equity against the exchange's valuation, and the rows written of it."""

from collections.abc import Callable

import numpy as np
import polars as pl
import pytest

from tests.projections.recordings import CASES, VENUES, recorded
from workbench.domain import commands as make
from workbench.domain.codes import EventKind, Mark, Phase, Side
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.engine.reference import ReferenceExchange
from workbench.errors import ConfigError
from workbench.projections.equity import Equity

ANN, BOB, CARL = 2, 3, 4
EVERY_CASE = pytest.mark.parametrize(("venue", "profile"), CASES)
MILLISECOND = 1_000_000


def explained(rows: Records, start_cash: Records) -> Records:
    """Equity by where it came from."""
    funding = rows["deposits_micros"] - rows["withdrawals_micros"]
    gains = rows["realised_average_micros"] + rows["unrealised_micros"] - rows["fees_micros"]
    return start_cash[rows["account"]] + funding + gains + rows["other_cash_micros"]


@pytest.mark.kernel
@EVERY_CASE
def test_every_account_is_worth_what_the_exchange_says(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    projection = Equity(VENUES[venue], interval_ns=7 * MILLISECOND)
    for piece in recorded(venue, profile, 0, scaled(400)).pieces:
        projection.apply(piece.events)
        got, accounts = projection.accounts(), piece.state.accounts
        assert got["equity_micros"].tolist() == piece.equity_micros
        assert got["unrealised_micros"].tolist() == piece.unrealised_micros
        np.testing.assert_array_equal(got["cash_micros"], accounts["cash_micros"])
        np.testing.assert_array_equal(got["fees_micros"], accounts["fees_micros"])
        traders = got[2:]
        start = projection.purses()["start_cash_micros"]
        np.testing.assert_array_equal(explained(traders, start), traders["equity_micros"])


@pytest.mark.kernel
@pytest.mark.parametrize("venue", ["money", "money frozen"])
def test_the_compiled_exchange_says_the_same(venue: str, scaled: Callable[[int], int]) -> None:
    exchange, projection = Exchange(VENUES[venue]), Equity(VENUES[venue])
    for piece in recorded(venue, "day", 0, scaled(400)).pieces:
        projection.apply(exchange.step(piece.commands))
        values = exchange.account_values()["equity_micros"]
        np.testing.assert_array_equal(projection.accounts()["equity_micros"], values)


@pytest.mark.kernel
@EVERY_CASE
def test_rows_are_what_accounts_were_worth_at_the_time(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    recording = recorded(venue, profile, 0, scaled(200))
    interval = 9 * MILLISECOND
    rows = Equity(recording.venue, interval_ns=interval)
    rows.apply(recording.events)
    taken = rows.take_records()
    events = recording.events
    last = np.append(events["command_seq"][1:] != events["command_seq"][:-1], True)
    ends = set(events["seq"][last].tolist())
    start = rows.purses()["start_cash_micros"]
    np.testing.assert_array_equal(explained(taken, start), taken["equity_micros"])
    assert set(taken["seq"].tolist()) <= ends
    assert (np.diff(taken["seq"]) >= 0).all()
    assert (np.diff(taken["time_ns"]) >= 0).all()
    assert (taken["time_ns"][taken["on_grid"] == 1] % interval == 0).all()
    # As of the event of each row a fold that stops there says the same, but for the peak in between.
    now, at = Equity(recording.venue, interval_ns=interval), 0
    for row in taken[:: max(1, len(taken) // 40)]:
        now.apply(events[at : row["seq"]])
        at = int(row["seq"])
        there = now.accounts()[row["account"]]
        for name in ("cash_micros", "equity_micros", "realised_fifo_micros", "unrealised_micros"):
            assert there[name] == row[name]
    assert (taken["peak_equity_micros"] >= taken["equity_micros"]).all()
    np.testing.assert_array_equal(
        taken["drawdown_micros"], taken["equity_micros"] - taken["peak_equity_micros"]
    )
    for account in range(2, len(start)):
        mine = taken[taken["account"] == account]
        assert rows.purses()["max_drawdown_micros"][account] == mine["drawdown_micros"].min(initial=0)


@pytest.mark.kernel
def test_every_command_that_moves_money_has_its_row(scaled: Callable[[int], int]) -> None:
    recording = recorded("money", "calm", 0, scaled(400))
    projection = Equity(recording.venue, interval_ns=10**15)
    projection.apply(recording.events)
    rows = pl.concat([pl.DataFrame(projection.take_rows()), pl.DataFrame(projection.remaining_rows())])
    events = recording.events
    moved = np.isin(events["kind"], (EventKind.POSITION_CHANGED, EventKind.CASH_CHANGED))
    moved &= events["account"] > 1
    accounts = np.array(["street", "house", *(account.name for account in recording.venue.accounts)])
    command_of = dict(zip(events["seq"].tolist(), events["command_seq"].tolist(), strict=True))
    told = {
        (command_of[seq], account)
        for seq, account, grid in rows.select("seq", "account", "on_grid").iter_rows()
        if not grid
    }
    expected = set(
        zip(
            events["command_seq"][moved].tolist(),
            accounts[events["account"][moved]].tolist(),
            strict=True,
        )
    )
    # Commands that leave an account exactly as it was need no row.
    assert told <= expected
    assert len(told) > 0.95 * len(expected)


def venue_of(mark: Mark, reference: str = "0") -> Venue:
    instrument = Instrument("ONE", "0.01", "100.00", mark=mark, reference_price=reference)
    accounts = [Account(name, cash=100) for name in ("ann", "bob", "carl")]
    return Venue([instrument], accounts)


def trade(time: int, price: int, lots: int = 1, buyer: int = CARL, seller: int = BOB) -> list[Records]:
    return [
        make.new_order(time, seller, 0, Side.SELL, lots, price),
        make.new_order(time, buyer, 0, Side.BUY, lots, price),
    ]


def equity_of_ann(projection: Equity) -> int:
    return int(projection.accounts()["equity_micros"][ANN])


@pytest.mark.kernel
def test_the_middle_counts_while_both_sides_quote_and_the_last_price_otherwise() -> None:
    exchange, projection = ReferenceExchange(venue_of(Mark.MID)), Equity(venue_of(Mark.MID))

    def then(*commands: Records) -> int:
        projection.apply(exchange.step(make.batch(commands)))
        return equity_of_ann(projection)

    assert then(*trade(1, 1_000, 2, buyer=ANN)) == 100_000_000
    assert then(make.new_order(2, BOB, 0, Side.SELL, 1, 1_100)) == 100_000_000
    # The middle of 9.01 and 11.00 is 10.005, so 10.00; of 10.99 and 11.00 it is 10.99.
    assert then(make.new_order(3, CARL, 0, Side.BUY, 1, 901)) == 100_000_000
    assert then(make.new_order(4, CARL, 0, Side.BUY, 1, 1_099)) == 101_980_000


@pytest.mark.kernel
def test_the_close_counts_from_the_close_on_with_its_uncross() -> None:
    venue = venue_of(Mark.CLOSE)
    exchange, projection = ReferenceExchange(venue), Equity(venue)

    def then(*commands: Records) -> int:
        projection.apply(exchange.step(make.batch(commands)))
        return equity_of_ann(projection)

    assert then(*trade(1, 1_000, 2, buyer=ANN)) == 100_000_000
    assert then(*trade(2, 1_100)) == 102_000_000
    auction = make.set_phase(3, Phase.CLOSING_AUCTION), *trade(3, 1_200), make.set_phase(4, Phase.CLOSED)
    assert then(*auction) == 104_000_000
    assert then(make.set_phase(5, Phase.CONTINUOUS), *trade(6, 1_500)) == 104_000_000
    assert then(make.set_phase(7, Phase.CLOSED)) == 110_000_000


@pytest.mark.kernel
def test_before_the_first_trade_there_is_the_reference_price() -> None:
    venue = venue_of(Mark.LAST, "12.00")
    projection = Equity(venue)
    assert projection.accounts()["equity_micros"].tolist() == [0, 0, *[100_000_000] * 3]
    assert projection._marks["mark_ticks"].tolist() == [1_200]
    assert len(projection.take_records()) == 0


@pytest.mark.kernel
def test_deposits_are_no_gain_and_withdrawals_no_drawdown() -> None:
    venue = venue_of(Mark.LAST)
    commands = [
        *trade(1, 1_000, 2, buyer=ANN),
        *trade(2, 1_500),
        make.transfer_cash(3, ANN, 50_000_000),
        *trade(4, 1_200),
        make.transfer_cash(5, ANN, -80_000_000),
        make.fine(6, ANN, 1_000_000),
    ]
    projection = Equity(venue, interval_ns=1)
    projection.apply(ReferenceExchange(venue).step(make.batch(commands)))
    ann = projection.accounts()[ANN]
    # 100 + 2 * 5 is the peak; the price falls by 3 and the fine is 1: 7 below it.
    assert (ann["deposits_micros"], ann["withdrawals_micros"]) == (50_000_000, 80_000_000)
    assert (ann["equity_micros"], ann["peak_equity_micros"]) == (73_000_000, 80_000_000)
    assert (ann["drawdown_micros"], ann["other_cash_micros"]) == (-7_000_000, -1_000_000)
    rows = pl.concat([pl.DataFrame(projection.take_rows()), pl.DataFrame(projection.remaining_rows())])
    rows = rows.filter(pl.col("account") == "ann")
    assert rows["drawdown_micros"].to_list() == [0, 0, 0, -6_000_000, -6_000_000, -7_000_000]
    assert rows["on_grid"].to_list() == [False, True, False, True, False, False]


@pytest.mark.kernel
def test_a_grid_row_comes_once_for_each_time_something_moved() -> None:
    venue = venue_of(Mark.LAST)
    second = 1_000_000_000
    projection = Equity(venue, interval_ns=second)
    commands = [
        *trade(second // 2, 1_000, 2, buyer=ANN),
        *trade(second, 1_100),
        *trade(second + 1, 1_200),
        *trade(9 * second + 1, 1_300),
        make.clock(20 * second),
    ]
    projection.apply(ReferenceExchange(venue).step(make.batch(commands)))
    rows = pl.concat([pl.DataFrame(projection.take_rows()), pl.DataFrame(projection.remaining_rows())])
    rows = rows.filter((pl.col("account") == "ann") & pl.col("on_grid"))
    times = rows["time"].to_physical()
    assert times.to_list() == [second, 2 * second, 10 * second]
    assert rows["equity_micros"].to_list() == [102_000_000, 104_000_000, 106_000_000]


def test_an_interval_must_be_a_time() -> None:
    for interval in (0, -1, True, 0.5):
        with pytest.raises(ConfigError, match="is no time; give whole nanoseconds"):
            Equity(VENUES["full"], interval_ns=interval)  # type: ignore[arg-type]
