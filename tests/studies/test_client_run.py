"""What a strategy is told over the API, and in what order, when the stream is behind the server or breaks."""

from __future__ import annotations

from types import SimpleNamespace

import polars as pl
import pytest

from tests.studies.examples import Cross
from workbench.client.state import Change
from workbench.domain.frames import Pong
from workbench.domain.instruments import Instrument
from workbench.errors import ApiError, ClientError, StreamError, UnansweredError
from workbench.studies import client_run, outage
from workbench.studies.api_times import api_ns
from workbench.studies.client_run import ClientRun
from workbench.studies.outage import patiently

DAY = "2025-03-18T13:3"
COLUMNS = {"trades": ("price", "quantity", "side"), "quotes": ("bid", "bid_quantity", "ask", "ask_quantity")}


def at(time):
    return f"{DAY}{time}Z"


class Market:
    """A server: rows of its tapes up to `seq`, and how the only order stands."""

    name = "monday"

    def __init__(self):
        self.rows = {"trades": [], "quotes": [], "fills": []}
        self.leaves = 10.0
        self.placed = []
        self.errors = []

    def status(self):
        return SimpleNamespace(zone="UTC", seq=1, time=at("0:00"), closes=None)

    def _page(self, what, after_seq):
        names = ("seq", "time", *COLUMNS[what])
        frame = pl.DataFrame(
            [row for row in self.rows[what] if row[0] > after_seq],
            names,
            orient="row",
            infer_schema_length=None,
        )
        return frame.with_columns(
            pl.col("time").cast(pl.String).str.to_datetime(time_unit="ns", time_zone="UTC")
        )

    def trades(self, symbol, *, after_seq=0, limit):
        return self._page("trades", after_seq)

    def quotes(self, symbol, *, after_seq=0, limit):
        return self._page("quotes", after_seq)

    def fills(self, *, symbol, before, limit):
        return pl.DataFrame(self.rows["fills"][::-1])

    def order(self, order):
        return SimpleNamespace(id=7, is_open=self.leaves > 0, leaves=self.leaves)

    def place(self, *_, client_order_id, **terms):
        self.placed.append(client_order_id)
        if self.errors:
            raise self.errors.pop(0)
        return SimpleNamespace(id=7)


class Told:
    """A stream that tells what it is given, and has told everything up to `seq`."""

    def __init__(self):
        self.changes = []
        self.pongs = [(1, "0:00")]

    def next(self, timeout_s=None):
        return self.changes.pop(0) if self.changes else None

    def catch_up(self):
        seq, time = self.pongs.pop(0) if len(self.pongs) > 1 else self.pongs[0]
        return Pong(id=1, seq=seq, time=at(time))


class Keeps(Cross):
    def on_start(self, desk):
        self.seen = []
        desk.buy(10)

    def on_quote(self, desk, quote):
        self.seen.append(("quote", quote.bid_price_ticks))

    def on_trade(self, desk, trade):
        self.seen.append(("trade", trade.price_ticks))

    def on_bar(self, desk, bar):
        self.seen.append(("bar", bar.close_ticks, bar.volume_lots))

    def on_fill(self, desk, fill):
        self.seen.append(("fill", fill.quantity_lots))

    def on_end(self, desk, order):
        self.seen.append(("end", order))


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setattr(outage, "_PAUSE_SECONDS", 0.001)
    made = ClientRun(Keeps(), Market(), Told(), Instrument("HARBOR", 1, 1000))
    made.orders.send()
    return made


@pytest.fixture
def tapes(run):
    return run._market.rows


def seen(run):
    return run.follower.strategy.seen


def read(run, seq, time, *changes):
    run.tape._stream.changes += changes
    run.tape._stream.pongs = [(seq, time)]
    run._tell(run.tape.read())


def own(run, seq, time, event="filled", **more):
    row = {"id": 7, "seq": seq, "time": at(time), "event": event, "last_price": 20.0, "reason": "none"}
    row |= {"client_order_id": f"{run.orders.name}-1", "last_quantity": 10.0, "leaves": 0.0, "fee": 0.0}
    return Change("orders", "delta", seq, [row | {"maker": False} | more])


def test_all_is_told_in_the_order_in_which_it_happened(run, tapes):
    tapes["trades"] += [(3, at("0:10"), 20.0, 1.0, "buy"), (7, at("0:50"), 21.0, 4.0, "sell")]
    tapes["quotes"] += [(n, at("0:20"), 19.0 + n / 10, 5.0, None, None) for n in (4, 5)]
    tapes["quotes"].append((9, at("1:10"), 18.0, 5.0, 22.0, 1.0))
    # An own fill of later than what the server was asked for waits.
    read(run, 6, "0:20", own(run, 8, "1:05"))
    # Of one instant the last quote.
    assert seen(run) == [("trade", 2000), ("quote", 1950)]
    read(run, 9, "1:10")
    assert seen(run)[2:] == [("trade", 2100), ("bar", 2100, 5), ("fill", 10), ("quote", 1800)]


def test_the_quote_that_stands_is_known_at_the_beginning(run, tapes):
    assert run.tape.standing() is None
    tapes["quotes"] += [(1, at("0:00"), 19.0, 5.0, 20.0, 5.0)]
    assert run.tape.standing().bid_price_ticks == 1900
    run.follower.begin(run.tape.standing())
    assert seen(run) == [("quote", 1900)]
    tapes["quotes"] += [(2, at("0:01"), 18.0, 5.0, 20.0, 5.0)]
    tapes["quotes"].pop(0)
    assert run.tape.standing() is None


def test_it_does_not_end_before_the_stream_has_told_what_became_of_its_orders(run, monkeypatch):
    run._settle()
    run._market.leaves = 0.0
    with monkeypatch.context() as hasty:
        hasty.setattr(client_run, "_TOLD_SECONDS", 0.05)
        with pytest.raises(StreamError, match="has not told what became of 1 of its orders within 0"):
            run._settle()
    run.tape._stream.pongs = [(1, "0:00"), (4, "1:05")]
    run.tape._stream.changes = [own(run, 4, "1:05")]
    run._settle()
    assert [fill.quantity_lots for fill in run.follower.fills] == [10]


def test_after_its_end_no_callback_is_called(run, tapes):
    run.follower.until_ns = api_ns(at("1:00"))
    tapes["trades"] += [(2, at("0:10"), 20.0, 1.0, "buy"), (5, at("1:00"), 22.0, 1.0, "buy")]
    tapes["trades"].append((6, at("1:10"), 21.0, 1.0, "buy"))
    # What happens at the last moment is told, and what was due by then; the fill of later is noted alone.
    read(run, 7, "1:20", own(run, 7, "1:20", "partially_filled", leaves=4.0, last_quantity=6.0))
    assert seen(run) == [("trade", 2000), ("bar", 2000, 1), ("trade", 2200)]
    run.follower.end(api_ns(at("1:00")))
    read(run, 8, "1:30", own(run, 8, "1:30", "canceled"))
    assert len(seen(run)) == 3
    assert [fill.quantity_lots for fill in run.follower.fills] == [6]
    assert run.follower.desk.position_lots == 6
    assert not run.follower.desk.working


def test_own_events_that_a_reset_leaves_out_are_asked_for(run, tapes):
    fill = {"seq": 5, "time": at("0:30"), "order": 7, "price": 20.0, "quantity": 4.0, "leaves": 6.0}
    tapes["fills"] += [{**fill, "seq": 1}, {**fill, "fee": 0.0, "maker": True}]
    row = {"id": 7, "seq": 6, "time": at("0:40"), "state": "canceled", "reason": "none"}
    row["client_order_id"] = f"{run.orders.name}-1"
    read(run, 2, "0:10", Change("orders", "snapshot", 1, []))
    read(run, 7, "0:50", Change("orders", "reset", 7, [row]))
    assert seen(run) == [("fill", 4), ("end", 1)]


def test_an_order_whose_answer_was_lost_is_sent_once(run):
    gone = UnansweredError("no answer came")
    there = ApiError(422, "refused", "it exists", details={"reason": "DUPLICATE_CLIENT_ORDER_ID"})
    run._market.errors = [
        gone,
        ClientError("no connection"),
        ApiError(503, "no_exchange", "in a moment"),
        there,
    ]
    run.follower.desk.sell(3)
    run.orders.send()
    assert run._market.placed[1:] == [f"{run.orders.name}-2"] * 4
    assert not run.follower.refused


@pytest.mark.parametrize("error", [ApiError(401, "expired", "log in"), StreamError("over")], ids=repr)
def test_what_will_not_pass_is_raised_at_once(run, error):
    run._market.errors = [error]
    run.follower.desk.sell(3)
    with pytest.raises(type(error)):
        run.orders.send()


def test_patience_ends(monkeypatch):
    monkeypatch.setattr(outage, "_PAUSE_SECONDS", 0.01)
    tries = []

    def ask():
        tries.append(1)
        raise ClientError("no connection")

    with pytest.raises(ClientError):
        patiently(ask, 2.0)
    assert len(tries) >= 2


def test_a_session_that_is_behind_what_it_has_told_is_waited_for(run, monkeypatch):
    read(run, 9, "0:10")
    run.tape._stream.pongs = [(3, "0:05"), (4, "0:05"), (9, "0:10"), (12, "0:20")]
    run._tell(run.tape.read())
    assert run.tape.seq == 9
    run.tape._stream.pongs = [(3, "0:05")]
    monkeypatch.setattr("workbench.studies.client_tape._BEHIND_SECONDS", 0.05)
    with pytest.raises(StreamError, match="is at event 3, and has told event 9 before"):
        run.tape.read()
