"""A strategy that trades over the API: in any session, on any machine."""

from __future__ import annotations

import time
from decimal import Decimal

from workbench.client.client import Client
from workbench.client.market import SessionClient
from workbench.client.models import Session
from workbench.client.stream import Stream
from workbench.domain.instruments import Instrument
from workbench.engine.moments import Moment
from workbench.errors import StreamError
from workbench.studies.api_times import api_ns
from workbench.studies.client_orders import ClientOrders
from workbench.studies.client_tape import ClientTape, Own, Piece
from workbench.studies.desk import Desk
from workbench.studies.ending import FOREVER, end_ns
from workbench.studies.following import Followed, Follower
from workbench.studies.news import Quote
from workbench.studies.outage import patiently
from workbench.studies.strategy import Strategy

_POLL_SECONDS = 0.1
_PAUSE_SECONDS = 0.025
"""Between two looks at the market, so that one strategy does not ask for most of what a user may."""
_SURE_SECONDS = 3.0
"""When nothing has happened for so long after the server's clock has said a time, nothing more will until
then: a busy server may be behind its clock, but then its events go on coming.
"""
_TOLD_SECONDS = 30.0
"""How long the stream may take to tell what the server knows of own orders."""
_OVER = ("closed", "debrief")
_HIGHEST_PRICE_TICKS = 1 << 24


def run_client(
    strategy: Strategy,
    client: Client,
    session: str,
    symbol: str,
    *,
    until: Moment | None = None,
) -> Followed:
    """Have a strategy trade over the API until the session is over; blocks.

    It hears every quote, every trade and every event of its own orders, in the order in which they happened,
    as late as the network and the server's frames make it (some tens of milliseconds). Orders take as long
    as the network and the session take. A server that is away for a while is waited for (60 s), and each
    order is sent once.

    Parameters
    ----------
    strategy
        The same object that `workbench.backtest` takes.
    client
        Logged in as somebody who has a seat, or may take one.
    session, symbol
        Where it trades what; begin before the market opens, and it hears all of it.
    until
        When it stops, in exchange time (see `workbench.studies.ending`); its open orders are cancelled then.

    Raises
    ------
    ApiError, ClientError, StreamError
        As the client does. Whatever ends it, its open orders are cancelled as far as the server can be
        reached; a note on the error says how many.
    """
    market = client.session(session)
    market.join()
    about = market.instrument(symbol)
    tick, lot = Decimal(str(about.tick_size)), Decimal(str(about.lot_size))
    instrument = Instrument(
        symbol,
        tick,
        tick * _HIGHEST_PRICE_TICKS,
        tick_size=tick,
        lot_size=lot,
        multiplier=Decimal(str(about.multiplier)),
    )
    with market.stream([f"trades:{symbol}", f"market:{symbol}", "orders"]) as stream:
        return ClientRun(strategy, market, stream, instrument).run(until)


class ClientRun:
    """One run; see `run_client`."""

    def __init__(
        self, strategy: Strategy, market: SessionClient, stream: Stream, instrument: Instrument
    ) -> None:
        self._market = market
        status = market.status()
        self._zone = status.zone
        self.tape = ClientTape(market, stream, instrument, status.seq)
        # Own orders are heard of from here on, and none is sent before.
        begun = self.tape.read()
        self.follower = Follower(strategy, Desk(instrument), api_ns(status.time))
        self.follower.close_ns = api_ns(status.closes) if status.closes else 0
        self.orders = ClientOrders(market, instrument, self.follower, self.tape)
        self._begun = begun
        self._sure: tuple[float, int] | None = None
        self._quiet_since = (time.monotonic(), -1)

    def run(self, until: Moment | None) -> Followed:
        """Follow the session to its end."""
        self.follower.until_ns = end_ns(until, self._zone, self.follower.desk.time_ns)
        try:
            self._follow()
        except BaseException as error:
            self.follower.leave(error, self.orders.leave)
            raise
        return self.follower.result("over the API, by the session's own latency, fees and book")

    def _follow(self) -> None:
        standing = self.tape.standing()
        if standing is not None:
            self.follower.begin(standing)
        self.orders.send()
        self._tell(self._begun)
        until_ns = self.follower.until_ns
        polled = reached = 0.0
        while True:
            self.tape.wait(_POLL_SECONDS)
            time.sleep(_PAUSE_SECONDS)
            now = time.monotonic()
            status: Session | None = None
            if now - polled >= _POLL_SECONDS:
                polled = now
                status = patiently(self._market.status)
                self.follower.close_ns = api_ns(status.closes) if status.closes else 0
            # Read after the state was asked for: of a session that is over nothing is missing then.
            self._tell(self.tape.read())
            if status is None:
                continue
            self._listen(now)
            time_ns = api_ns(status.time)
            if status.state in _OVER:
                self._settle()
                self.follower.end(time_ns)
                return
            if until_ns != FOREVER and time_ns >= until_ns:
                # All is told once the market itself is beyond it, or is quiet.
                reached = reached or now
                quiet = now - max(self._quiet_since[0], reached)
                if self.tape.time_ns <= until_ns and quiet < _SURE_SECONDS:
                    continue
                self.follower.end(until_ns)
                self.orders.send()
                self.orders.cancel_all()
                self._settle()
                return
            self._wait_for_sure(now, time_ns)

    def _tell(self, pieces: list[Piece]) -> None:
        """Tell what has happened, a moment at a time, and send what the strategy asks for at each."""
        follower = self.follower
        told_ns = pieces[0][1].time_ns if pieces else 0
        for _, piece in pieces:
            if piece.time_ns != told_ns:
                told_ns = piece.time_ns
                follower.flush()
                self.orders.send()
            if isinstance(piece, Own):
                self.orders.tell(piece)
            elif isinstance(piece, Quote):
                follower.quote(piece)
            else:
                follower.trade(piece)
        follower.flush()
        self.orders.send()

    def _settle(self) -> None:
        """Wait until the stream has told all that the server knows of own orders."""
        end = time.monotonic() + _TOLD_SECONDS
        while untold := self.orders.untold():
            if time.monotonic() > end:
                raise StreamError(
                    f"the stream has not told what became of {len(untold)} of its orders "
                    f"within {_TOLD_SECONDS:g} s",
                    f"session {self._market.name}",
                    "look at the server's log, and at the orders themselves",
                )
            self.tape.wait(_POLL_SECONDS)
            self._tell(self.tape.read())

    def _listen(self, now: float) -> None:
        """Note that something has happened since the last time."""
        if self.tape.seq != self._quiet_since[1]:
            self._quiet_since = (now, self.tape.seq)
            self._sure = None

    def _wait_for_sure(self, now: float, time_ns: int) -> None:
        """Where nothing happens, the clock alone ends a bar; the tape is complete some time later."""
        due_ns = self.follower.due_ns()
        if self._sure is None:
            if due_ns and due_ns <= time_ns:
                self._sure = (now + _SURE_SECONDS, time_ns)
        elif now >= self._sure[0]:
            self.follower.clock(self._sure[1])
            self._sure = None
            self.orders.send()
