from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import workbench as wb
from tests.projections.streams_of_events import (
    EVERY_PROFILE,
    EVERY_VENUE,
    VENUES,
    assert_is_a_fold,
    recorded,
    split,
)
from workbench.domain.codes import EventKind
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import AUCTION, EVENT, QUOTE_EVENT, SHADOW, TRADE_EVENT
from workbench.errors import ProjectionError
from workbench.projections.columns import BLOCK_ROWS
from workbench.projections.event_rows import event_rows, events_from_rows
from workbench.projections.prints import MarketQuotes, MarketTrades, quote_rows, trade_rows

NAME = pa.dictionary(pa.int32(), pa.string())


def plain(rows: pa.Table) -> list[dict[str, Any]]:
    """Rows with times as numbers, since Python's own times end at microseconds."""
    place = rows.schema.get_field_index("time")
    return rows.set_column(place, "time", rows["time"].cast(pa.int64())).to_pylist()  # type: ignore[no-any-return]


def names_of(venue: Venue, number: int) -> str:
    names = ["street", "house", *(account.name for account in venue.accounts)]
    return str(number) if venue.bare else names[number]


@EVERY_PROFILE
@EVERY_VENUE
def test_trades_and_quotes_row_by_row(venue: str, profile: str, scaled: Callable[[int], int]) -> None:
    built = VENUES[venue]
    events = recorded(venue, profile, 1, scaled(600)).events
    symbols = [instrument.symbol for instrument in built.instruments]
    trades = events[events["kind"] == EventKind.TRADE].view(TRADE_EVENT)
    rows = plain(trade_rows(events, built))
    assert rows == [
        {
            "seq": int(trade["seq"]),
            "time": int(trade["time_ns"]),
            "symbol": symbols[trade["instrument"]],
            "trade_id": int(trade["trade_id"]),
            "side": (None, "BUY", "SELL")[trade["side"]],
            "price_ticks": int(trade["price_ticks"]),
            "quantity_lots": int(trade["quantity_lots"]),
            "notional_micros": int(trade["notional_micros"]),
            "taker": names_of(built, int(trade["account"])),
            "maker": names_of(built, int(trade["maker_account"])),
            "taker_order_id": int(trade["taker_order_id"]),
            "maker_order_id": int(trade["maker_order_id"]),
            "shadow": bool(trade["flags"] & SHADOW),
            "auction": bool(trade["flags"] & AUCTION),
        }
        for trade in trades
    ]
    quotes = events[events["kind"] == EventKind.QUOTE].view(QUOTE_EVENT)
    rows = plain(quote_rows(events, built))
    fields = [f"{side}_{what}" for side in ("bid", "ask") for what in ("price_ticks", "lots", "orders")]
    assert rows == [
        {
            "seq": int(quote["seq"]),
            "time": int(quote["time_ns"]),
            "symbol": symbols[quote["instrument"]],
            **{name: int(quote[name]) for name in (*fields, "last_price_ticks")},
        }
        for quote in quotes
    ]


def test_types_of_columns() -> None:
    none = np.zeros(0, EVENT)
    venue = VENUES["full"]
    for made in (trade_rows(none, venue), quote_rows(none, venue), event_rows(none)):
        assert made.num_rows == 0
        assert made.schema.field("time").type == pa.timestamp("ns")
    for name in ("symbol", "side", "taker", "maker"):
        assert trade_rows(none, venue).schema.field(name).type == NAME


@pytest.mark.kernel
@pytest.mark.parametrize("projection", [MarketTrades, MarketQuotes])
@EVERY_VENUE
def test_prints_are_a_fold(
    venue: str, projection: type[MarketTrades] | type[MarketQuotes], scaled: Callable[[int], int]
) -> None:
    assert_is_a_fold(projection, VENUES[venue], recorded(venue, "day", 1, scaled(600)).events, seed=8)


@EVERY_VENUE
def test_rows_are_taken_once_and_none_is_lost(venue: str, scaled: Callable[[int], int]) -> None:
    built = VENUES[venue]
    events = recorded(venue, "history", 1, scaled(600)).events
    for make, rows_of in ((MarketTrades, trade_rows), (MarketQuotes, quote_rows)):
        folded = make(built)
        taken = []
        for number, some in enumerate(split(events, 9, 200)):
            folded.apply(some)
            if number % 2:
                taken.append(folded.take_rows())
            else:
                folded = make.restore(built, folded.checkpoint())
        taken += [folded.take_rows(), folded.take_rows()]
        assert taken[-1].num_rows == 0
        assert plain(pa.concat_tables(taken)) == plain(rows_of(events, built))


def test_events_of_another_venue_have_no_names() -> None:
    one = Venue([Instrument("ONE", "1", "100")], [Account("ann")])
    events = recorded("full", "calm", 1, 600).events
    assert (events["instrument"] > 0).any()
    with pytest.raises(ProjectionError, match="has no name among 1 of the venue"):
        quote_rows(events, one)


@EVERY_PROFILE
def test_events_come_back_byte_for_byte(profile: str, scaled: Callable[[int], int]) -> None:
    events = recorded("full", profile, 1, scaled(600)).events
    for some in (events[:0], events[:1], events):
        assert events_from_rows(event_rows(some)).tobytes() == some.tobytes()
    pieces = pa.concat_tables([event_rows(some) for some in split(events, 10, 300)])
    more = pieces.append_column("session", pa.array(["monday"] * len(events)))
    assert events_from_rows(more).tobytes() == events.tobytes()


def test_every_bit_of_an_event_comes_back() -> None:
    random = np.random.default_rng(11)
    count = 2 * BLOCK_ROWS + 1
    events = np.frombuffer(random.bytes(count * EVENT.itemsize), EVENT)
    assert events_from_rows(event_rows(events)).tobytes() == events.tobytes()


@pytest.mark.parametrize(
    ("spoil", "part"),
    [
        (lambda rows: rows.drop_columns(["word_3"]), "column 'word_3' is missing, expected int64"),
        (
            lambda rows: rows.set_column(3, "kind", rows["kind"].cast(pa.int64())),
            "column 'kind' is int64, expected uint8 without nulls",
        ),
        (
            lambda rows: rows.set_column(0, "seq", pa.nulls(rows.num_rows, pa.int64())),
            "column 'seq' has nulls",
        ),
    ],
)
def test_rows_that_are_no_events_are_refused(spoil: Callable[[pa.Table], pa.Table], part: str) -> None:
    rows = event_rows(recorded("full", "calm", 1, 600).events)
    assert rows.column_names[3] == "kind"
    with pytest.raises(ProjectionError, match=part):
        events_from_rows(spoil(rows))


def test_a_real_day(shared: Path) -> None:
    market = wb.replay(shared / "data/lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst").run()
    trades, shown = trade_rows(market.events, market.venue), market.trades()
    assert trades["seq"].to_pylist() == shown["seq"].to_list()
    assert trades["side"].to_pylist() == shown["side"].to_list()
    assert trades["symbol"].to_pylist() == shown["symbol"].to_list()
    assert quote_rows(market.events, market.venue)["seq"].to_pylist() == market.quotes()["seq"].to_list()
    assert events_from_rows(event_rows(market.events)).tobytes() == market.events.tobytes()
