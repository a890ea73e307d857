"""A strategy in a live session of this process."""

from __future__ import annotations

import queue
import time
from typing import Any

from workbench.bus.port import Batch
from workbench.domain.codes import EventKind, OrderFlag, OrderType, Reason, SessionState, Side, TimeInForce
from workbench.domain.commands import batch, cancel_order, new_order
from workbench.domain.records import (
    FILL_EVENT,
    LIQUIDITY_MAKER,
    ORDER_EVENT,
    QUOTE_EVENT,
    SHADOW,
    TRADE_EVENT,
    Records,
)
from workbench.engine.exchange import Exchange
from workbench.engine.moments import Moment
from workbench.errors import SessionError
from workbench.session.live.session import LiveSession
from workbench.studies.desk import Desk
from workbench.studies.ending import FOREVER, end_ns
from workbench.studies.following import Followed, Follower, side_of
from workbench.studies.news import Action, Fill, Quote, Trade
from workbench.studies.strategy import Strategy

_POLL_SECONDS = 0.02
_TOLD_SECONDS = 10.0
_OVER = (SessionState.CLOSED, SessionState.DEBRIEF)
_FILLS = frozenset({EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED})
_ENDS = frozenset({EventKind.ORDER_CANCELED, EventKind.ORDER_EXPIRED, EventKind.ORDER_REJECTED})


def run_live(
    strategy: Strategy,
    session: LiveSession,
    account: int,
    symbol: str,
    *,
    until: Moment | None = None,
) -> Followed:
    """Have a strategy trade an account of a live session until the session is over; blocks.

    Orders take as long as the session takes to answer them; fees and fills are the session's own.

    Parameters
    ----------
    strategy
        The same object that `workbench.backtest` takes.
    session
        A session of this process; begin before its market opens, and the strategy hears all of it.
    account
        The number of the account that it trades.
    symbol
        What it trades.
    until
        When it stops, in exchange time (see `workbench.studies.ending`); its open orders are cancelled then.

    Raises
    ------
    ConfigError
        For a symbol or strategy that makes no sense.
    SessionError
        When the session fails. Whatever ends it, its open orders are cancelled as far as that can be done; a
        note on the error says how many.
    """
    return LiveRun(strategy, session, account, symbol).run(until)


class LiveRun:
    """One run; see `run_live`."""

    def __init__(self, strategy: Strategy, session: LiveSession, account: int, symbol: str) -> None:
        self._session = session
        self._account = account
        self._number = session.venue.instrument_number(symbol)
        self._batches: queue.SimpleQueue[Batch] = queue.SimpleQueue()
        from_seq = session.bus.last_seq(session.name) + 1
        self._seq = from_seq - 1
        now_ns = session.ask_and_wait(lambda exchange: exchange.time_ns)
        # Ids of an earlier run of the same account are lower: exchange time does not go back.
        self._first_id = max(now_ns, 1)
        desk = Desk(session.venue.instruments[self._number])
        self.follower = Follower(strategy, desk, now_ns)
        self.follower.close_ns = session.status().close_ns
        self._subscription = session.bus.subscribe("strategy", session.name, from_seq, self._batches.put)

    def run(self, until: Moment | None) -> Followed:
        """Follow the session to its end."""
        session = self._session
        until_ns = end_ns(until, session.zone, self.follower.desk.time_ns)
        self.follower.until_ns = until_ns
        try:
            self._follow(until_ns)
        except BaseException as error:
            self.follower.leave(error, self._cancel_all)
            raise
        finally:
            self._subscription.close()
        return self.follower.result("live, by the session's own latency, fees and book")

    def _follow(self, until_ns: int) -> None:
        session = self._session
        self._send()
        while True:
            self._take_waiting()
            now_ns, seq = session.ask_and_wait(_where)
            status = session.status()
            over = status.state in _OVER
            self.follower.close_ns = status.close_ns
            self._hear_until(seq)
            if until_ns != FOREVER and now_ns >= until_ns:
                self.follower.end(until_ns)
                self._send()
                self._cancel_all()
                # What these orders came to is noted before it is over.
                self._hear_until(session.ask_and_wait(_where)[1])
                return
            if over:
                self.follower.end(now_ns)
                return
            self.follower.clock(now_ns)
            self._send()

    def _hear_until(self, seq: int) -> None:
        """Take everything up to an event."""
        if self._subscription.wait_for(seq, _TOLD_SECONDS) is False:
            raise SessionError(
                f"events did not come in {_TOLD_SECONDS:g} s", self._session.name, "look at the server's log"
            )
        self._take_waiting()

    def _take_waiting(self) -> None:
        end = time.monotonic() + _POLL_SECONDS
        while True:
            try:
                found = self._batches.get(timeout=max(end - time.monotonic(), 0))
            except queue.Empty:
                break
            for piece in _instants(found.events):
                self._take(piece)
                self._send()
        self.follower.flush()
        self._send()

    def _take(self, events: Records) -> None:
        own = events["account"] == self._account
        told = (events["instrument"] == self._number) & (
            (events["kind"] == EventKind.QUOTE) | (events["kind"] == EventKind.TRADE) | own
        )
        follower = self.follower
        for event in events[told]:
            one = event.reshape(1)
            kind, time_ns = int(event["kind"]), int(event["time_ns"])
            if kind == EventKind.QUOTE:
                quote = one.view(QUOTE_EVENT)[0]
                follower.quote(Quote(time_ns, *(int(quote[name]) for name in Quote._fields[1:])))
            elif kind == EventKind.TRADE:
                trade = one.view(TRADE_EVENT)[0]
                if not int(event["flags"]) & SHADOW:
                    side = Side(int(event["side"]))
                    follower.trade(
                        Trade(time_ns, int(trade["price_ticks"]), int(trade["quantity_lots"]), side)
                    )
            elif kind in _FILLS:
                follower.filled(self._fill(one.view(FILL_EVENT)[0]))
            elif kind in _ENDS:
                why = Reason(int(event["reason"])).name if kind == EventKind.ORDER_REJECTED else ""
                order = int(one.view(ORDER_EVENT)[0]["client_order_id"]) - self._first_id
                follower.ended(time_ns, order, why)

    def _fill(self, fill: Any) -> Fill:
        return Fill(
            int(fill["time_ns"]),
            int(fill["client_order_id"]) - self._first_id,
            Side(int(fill["side"])),
            int(fill["last_price_ticks"]),
            int(fill["last_quantity_lots"]),
            int(fill["leaves_lots"]),
            int(fill["fee_micros"]),
            bool(int(fill["flags"]) & LIQUIDITY_MAKER),
        )

    def _send(self) -> None:
        requests = self.follower.take_requests()
        if not requests:
            return
        made = []
        for action, number, lots, ticks, post_only in requests:
            name = self._first_id + number
            if action == Action.CANCEL:
                made.append(cancel_order(0, self._account, client_order_id=name, instrument=self._number))
                continue
            made.append(
                new_order(
                    0,
                    self._account,
                    self._number,
                    side_of(action),
                    lots,
                    ticks,
                    client_order_id=name,
                    order_type=OrderType.LIMIT if ticks else OrderType.MARKET,
                    time_in_force=TimeInForce.DAY if ticks else TimeInForce.IOC,
                    flags=OrderFlag.POST_ONLY if post_only else OrderFlag(0),
                )
            )
        try:
            self._session.send_and_wait(batch(made))
        except SessionError:
            if self._session.status().state not in _OVER:
                raise
            # The market closed while it decided: what it asks for then cannot happen any more.
            for _, number, *_rest in requests:
                self.follower.desk.ended(number)
            self.follower.refused.append("MARKET_CLOSED")

    def _cancel_all(self) -> None:
        for number in list(self.follower.desk.working):
            self.follower.desk.cancel(number)
        self._send()


def _where(exchange: Exchange) -> tuple[int, int]:
    """Exchange time, and the last event."""
    return exchange.time_ns, int(exchange.counters()[0]["events"])


def _instants(events: Records) -> list[Records]:
    """Events of one moment each."""
    ends = (events["time_ns"][1:] != events["time_ns"][:-1]).nonzero()[0] + 1
    begins = [0, *ends.tolist()]
    return [events[a:b] for a, b in zip(begins, [*ends.tolist(), len(events)], strict=True)]
