"""A day of history in an exchange, with our own orders in it: what `workbench.replay` returns."""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date as Date  # noqa: N812 - `date` is a parameter
from datetime import datetime
from decimal import Decimal
from numbers import Integral
from typing import Any

import numpy as np
import polars as pl

from workbench.domain.calendars import SECOND_NS
from workbench.domain.codes import OrderFlag, Phase, Side, TimeInForce
from workbench.domain.commands import cancel_order, clock, new_order, replace_order, set_phase
from workbench.domain.config import FIRST_TRADER, ReplayMode, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.records import EVENT, ORDER_EVENT, Records
from workbench.domain.units import Number, as_printed
from workbench.engine.blotter import Blotter, Order
from workbench.engine.divergence import divergence_frame, history_venue
from workbench.engine.exchange import Exchange
from workbench.engine.explain import Explanation, explain
from workbench.engine.frames import (
    Scales,
    book_frame,
    events_frame,
    fills_frame,
    order_events_frame,
    quotes_frame,
    trades_frame,
)
from workbench.engine.moments import Moment, check_market_zone, local_time, moment_ns
from workbench.engine.portfolio import pnl_frame, positions_frame
from workbench.engine.sources import Source, check_is, chosen, grouped, opened, replay_venue
from workbench.engine.summary import Summary, summarise
from workbench.engine.words import Names
from workbench.errors import ConfigError
from workbench.feed.bar_path import SYNTHETIC_BARS, BarPath
from workbench.feed.columns import Layout
from workbench.feed.history import History
from workbench.feed.merge import merge
from workbench.feed.oracle import Report, compare, follow, read_oracle
from workbench.feed.ticks import TickRules

CHUNK_COMMANDS = 20_000
"""Commands between two reports of progress; results do not depend on it."""

Progress = Callable[[int, int], None]
"""Called with the commands done and the commands there are."""

Price = Number | float
"""A price; a float is taken as it prints, so 12.51 is 12.51."""


class Replay:
    """History, the exchange it runs in, and one account of our own.

    Parameters
    ----------
    commands
        History of all instruments, in order of time.
    histories
        What the commands were made from, one for each instrument.
    venue
        Instruments in the same order, our account first among the traders.
    zone
        IANA time zone for times given and shown without one.
    exact
        Whether tables hold Decimal instead of Float64.

    Attributes
    ----------
    exchange
        The exchange itself, for whoever wants commands and events.
    position
        Commands of history that have been applied.
    wall_seconds
        Time the exchange has spent so far.
    names
        What people call orders, by account number and client order id.
    """

    def __init__(
        self,
        commands: Records,
        histories: Sequence[History],
        venue: Venue,
        zone: str = "UTC",
        *,
        exact: bool = False,
    ) -> None:
        self.commands = commands
        self.histories = tuple(histories)
        self.names: Names = {}
        self.venue = venue
        self.zone = check_market_zone(zone)
        self.exchange = Exchange(venue)
        self.position = 0
        self.wall_seconds = 0.0
        self._scales = Scales(venue, exact=exact)
        self._exact = exact
        self._account = FIRST_TRADER
        self._blotter = Blotter(self._account, tuple(venue.instruments))
        self._parts: list[Records] = []
        self._sent = 0
        self._pure: Exchange | None = None
        self._pure_position = 0

    # Time

    @property
    def time_ns(self) -> int:
        """Exchange time in nanoseconds since 1970 UTC."""
        return int(self.exchange.time_ns)

    @property
    def time(self) -> datetime:
        """Exchange time on the market's wall clock, to the microsecond."""
        return local_time(self.time_ns, self.zone)

    @property
    def finished(self) -> bool:
        """Whether all of history has happened."""
        return self.position == len(self.commands)

    def run_until(self, when: Moment, *, progress: Progress | None = None) -> Replay:
        """Let history happen up to `when`, included, and move the clock there.

        Parameters
        ----------
        when
            `"10:30"` on the market's wall clock, an ISO time, a datetime, or nanoseconds since 1970 UTC.
            Before anything has happened, an earlier moment of the same day is the start.
        progress
            Called after each chunk of commands.
        """
        until_ns = moment_ns(when, self.zone, self.time_ns)
        if until_ns < self.time_ns:
            if not self.position and local_time(until_ns, self.zone).date() == self.time.date():
                return self
            now = f"{self.time:%Y-%m-%d %H:%M:%S}.{self.time_ns % SECOND_NS:09}"
            raise ConfigError(
                f"{when!r} is past, it is {now} in {self.zone}", remedy="replay anew to go back"
            )
        end = int(np.searchsorted(self.commands["time_ns"], until_ns, side="right"))
        self._advance(end, CHUNK_COMMANDS, progress)
        if until_ns > self.time_ns:
            self._step(clock(until_ns))
        return self

    def run(self, *, progress: Progress | None = None, chunk_commands: int = CHUNK_COMMANDS) -> Replay:
        """Let the rest of history happen; our orders that are open then stay so (see `close`)."""
        self._advance(len(self.commands), chunk_commands, progress)
        return self

    def close(self) -> Replay:
        """End the day now: open DAY orders expire, and further orders are refused with MARKET_CLOSED.

        Rows of history that are still to come would be refused as well.
        """
        self._step(set_phase(self.time_ns, Phase.CLOSED))
        return self

    def _advance(self, end: int, chunk_commands: int, progress: Progress | None) -> None:
        while self.position < end:
            chunk = self.commands[self.position : min(self.position + chunk_commands, end)]
            self._step(chunk)
            self.position += len(chunk)
            if progress is not None:
                progress(self.position, len(self.commands))

    def _step(self, commands: Records) -> Records:
        start = time.perf_counter()
        events = self.exchange.step(commands)
        self.wall_seconds += time.perf_counter() - start
        self._sent += len(commands)
        # The kernel hands out part of a larger block, which would be kept alive with it.
        self._parts.append(events if events.base is None else events.copy())
        self._blotter.take(events)
        return events

    # Orders

    def buy(
        self,
        quantity: Price,
        symbol: str | None = None,
        *,
        limit: Price | None = None,
        tif: str = "DAY",
        post_only: bool = False,
    ) -> Order:
        """Send a buy order at the present time: at `limit`, or at the market without one.

        Parameters
        ----------
        quantity
            Units, not lots.
        symbol
            The instrument; may be left out when there is only one.
        limit
            Limit price.
        tif
            Time in force: `"DAY"`, `"GTC"`, `"IOC"` or `"FOK"`.
        post_only
            Refuse the order rather than take liquidity.

        Returns
        -------
        Order
            Follows the order as time passes; a refused order has state `"REJECTED"` and a reason.
        """
        return self._send(Side.BUY, quantity, symbol, limit, tif, post_only=post_only)

    def sell(
        self,
        quantity: Price,
        symbol: str | None = None,
        *,
        limit: Price | None = None,
        tif: str = "DAY",
        post_only: bool = False,
    ) -> Order:
        """Send a sell order at the present time; as `buy`."""
        return self._send(Side.SELL, quantity, symbol, limit, tif, post_only=post_only)

    def _send(
        self,
        side: Side,
        quantity: Price,
        symbol: str | None,
        limit: Price | None,
        tif: str,
        *,
        post_only: bool,
    ) -> Order:
        number = self._number(symbol)
        instrument = self.venue.instruments[number]
        if str(tif).upper() not in TimeInForce.__members__:
            raise ConfigError(f"{tif!r} is no time in force", "tif", "give DAY, GTC, IOC or FOK")
        command = new_order(
            self.time_ns,
            self._account,
            number,
            side,
            instrument.quantity_to_lots(as_printed(quantity, "quantity")),
            0 if limit is None else instrument.price_to_ticks(as_printed(limit, "limit")),
            time_in_force=TimeInForce[tif.upper()],
            flags=OrderFlag.POST_ONLY if post_only else OrderFlag(0),
        )
        if limit is not None and not command["price_ticks"][0]:
            raise ConfigError("a limit of 0 is no price", "limit", "leave it out for a market order")
        events = self._step(command)
        return self._blotter[int(events[:1].view(ORDER_EVENT)["order_id"][0])]

    def cancel(self, order: Order | int) -> Order:
        """Cancel what is open of an order; when that is refused its state stays, and its reason says why."""
        order = self._order(order)
        self._step(cancel_order(self.time_ns, self._account, order_id=order.id))
        return order

    def replace(
        self, order: Order | int, *, quantity: Price | None = None, limit: Price | None = None
    ) -> Order:
        """Change an order's total quantity or limit; it keeps its place if it neither grows nor moves.

        Returns
        -------
        Order
            The same order. When the change is refused its state stays, and its reason names the rule.
        """
        order = self._order(order)
        if quantity is None and limit is None:
            raise ConfigError("nothing to change", "replace", "give a quantity or a limit")
        instrument = order.instrument
        lots = 0 if quantity is None else instrument.quantity_to_lots(as_printed(quantity, "quantity"))
        ticks = 0 if limit is None else instrument.price_to_ticks(as_printed(limit, "limit"))
        # Zero tells the exchange to leave a term as it is.
        if quantity is not None and not lots:
            raise ConfigError("a quantity of 0 is no order", "quantity", "cancel it instead")
        if limit is not None and not ticks:
            raise ConfigError("a limit of 0 is no price", "limit", "leave it out to keep the present one")
        command = replace_order(
            self.time_ns, self._account, order_id=order.id, quantity_lots=lots, price_ticks=ticks
        )
        self._step(command)
        return order

    def _order(self, order: Order | int) -> Order:
        if isinstance(order, Order):
            if order.id not in self._blotter or self._blotter[order.id] is not order:
                raise ConfigError(
                    f"order {order.id} of {order.symbol} is not this market's",
                    "order",
                    "give it to the market that it was sent to",
                )
            return order
        if not isinstance(order, Integral) or order not in self._blotter:
            raise ConfigError(f"no order of ours has the id {order!r}", "order", "orders() lists them")
        return self._blotter[order]

    def _number(self, symbol: str | None) -> int:
        if symbol is not None:
            return self.venue.instrument_number(symbol)
        if len(self.venue.instruments) > 1:
            known = ", ".join(instrument.symbol for instrument in self.venue.instruments)
            raise ConfigError("there are several instruments", "symbol", f"name one of {known}")
        return 0

    def explain(self, order: Order | int) -> Explanation:
        """What became of an order of ours, or by its id of anybody's, and why: to print or to ask."""
        if isinstance(order, Order):
            order = self._order(order).id
        return explain(self.events, order, self.venue, zone=self.zone, names=self.names)

    # Tables

    @property
    def instruments(self) -> tuple[Instrument, ...]:
        """What is traded, by number."""
        return tuple(self.venue.instruments)

    @property
    def events(self) -> Records:
        """All events so far, as `EVENT` records."""
        if len(self._parts) != 1:
            self._parts = [np.concatenate([np.zeros(0, dtype=EVENT), *self._parts])]
        return self._parts[0]

    def book(self, symbol: str | None = None, *, levels: int = 10) -> pl.DataFrame:
        """The ladder now, best prices first (see `workbench.engine.frames.book_frame`)."""
        number = self._number(symbol)
        given: Any = levels
        if isinstance(given, bool) or not isinstance(given, Integral) or levels < 0:
            raise ConfigError(f"{levels!r} is no number of levels", "levels", "give a whole number")
        sides = [self.exchange.depth(number, side, levels) for side in (Side.BUY, Side.SELL)]
        return book_frame(sides[0], sides[1], self.venue.instruments[number], exact=self._exact)

    def trades(self) -> pl.DataFrame:
        """All trades so far (see `workbench.engine.frames.trades_frame`)."""
        return trades_frame(self.events, self._scales)

    def quotes(self) -> pl.DataFrame:
        """All changes of the best bid and offer so far (see `workbench.engine.frames.quotes_frame`)."""
        return quotes_frame(self.events, self._scales)

    def event_table(self) -> pl.DataFrame:
        """All events so far, of every kind (see `workbench.engine.frames.events_frame`)."""
        return events_frame(self.events, self._scales)

    def fills(self) -> pl.DataFrame:
        """Our fills (see `workbench.engine.frames.fills_frame`)."""
        return fills_frame(self._own(), self._scales)

    def orders(self) -> pl.DataFrame:
        """Our orders as they stand (see `workbench.engine.blotter.Blotter.frame`)."""
        return self._blotter.frame(self._scales)

    def order_events(self) -> pl.DataFrame:
        """What happened to our orders, refusals too (see `workbench.engine.frames.order_events_frame`)."""
        return order_events_frame(self._own(), self._scales)

    def positions(self) -> pl.DataFrame:
        """Our positions (see `workbench.engine.portfolio.positions_frame`)."""
        return positions_frame(self.exchange.positions(self._account), self.venue, self._scales)

    def pnl(self) -> pl.DataFrame:
        """Our profit and loss by instrument (see `workbench.engine.portfolio.pnl_frame`)."""
        return pnl_frame(
            self.exchange.positions(self._account), self.exchange.instruments(), self.venue, self._scales
        )

    @property
    def cash(self) -> Decimal:
        """Our cash, in account currency."""
        accounts = self.exchange.accounts()
        micros = int(accounts["cash_micros"][accounts["account"] == self._account][0])
        return Decimal(micros).scaleb(-6)

    def _own(self) -> Records:
        return self.events[self.events["account"] == self._account]

    # History

    @property
    def divergence(self) -> pl.DataFrame:
        """How far the market has moved from history (see `workbench.engine.divergence.divergence_frame`).

        The first time it is asked for, history runs alone up to the present beside this market.
        """
        if self._pure is None:
            self._pure = Exchange(history_venue(self.venue))
        self._pure.step(self.commands[self._pure_position : self.position])
        self._pure_position = self.position
        return divergence_frame(self.exchange, self._pure, self.venue)

    def verify(self, book: str | os.PathLike[str], symbol: str | None = None) -> Report:
        """Compare the exchange's book with the source's own, row by row.

        History runs alone from its beginning in a venue of this market's mode; this market is not touched.

        Parameters
        ----------
        book
            The source's book: a LOBSTER order book file, or a Databento mbp file.
        symbol
            The instrument; may be left out when there is only one.
        """
        history = self.histories[self._number(symbol)]
        oracle = read_oracle(book, history)
        alone = Exchange(Venue([history.instrument], bare=True, replay_mode=self.venue.replay_mode))
        return compare(oracle, follow(history, alone, oracle))

    def summary(self) -> Summary:
        """Counts and averages of what happened so far (see `workbench.engine.summary.Summary`)."""
        return summarise(
            self.events,
            self.venue,
            self.exchange,
            self.histories,
            commands=self._sent,
            rows=self._rows_done(),
            wall_seconds=self.wall_seconds,
        )

    def _rows_done(self) -> int:
        if not self.position:
            return 0
        if self.finished:
            return sum(history.row_count for history in self.histories)
        return sum(int(np.searchsorted(h.row_times_ns, self.time_ns, side="right")) for h in self.histories)

    def __repr__(self) -> str:
        names = ", ".join(instrument.symbol for instrument in self.venue.instruments)
        mode = ReplayMode(self.venue.replay_mode).name.lower()
        made = ", synthetic" if any(history.kind == SYNTHETIC_BARS for history in self.histories) else ""
        return (
            f"<Replay of {names}, {mode}{made}: {self.time:%Y-%m-%d %H:%M:%S} {self.zone}, "
            f"{self.position:,} of {len(self.commands):,} commands>"
        )


def replay(
    *sources: Source,
    cash: Price = 100_000,
    mode: str | ReplayMode = "responsive",
    symbol: str = "",
    date: Date | None = None,
    zone: str = "",
    columns: Mapping[str, str | int] | None = None,
    layout: Layout | None = None,
    rules: TickRules | None = None,
    bars: str | BarPath = "",
    limits: Limits | None = None,
    fees: FeeSchedule | None = None,
    short: bool = True,
    account: str = "me",
    exact: bool = False,
) -> Replay:
    """Put recorded history into an exchange and give us an account in it.

    Parameters
    ----------
    sources
        Files of order flow, trades or quotes, each of one instrument; a tuple of files that belong together;
        or histories. Files of trades and quotes whose names differ in that word alone are put together.
    cash
        Our cash at the start, in account currency.
    mode
        `"responsive"`: our orders move the market. `"frozen"`: history happens as recorded, and our orders
        fill by their place in its queues.
    symbol, date
        The stock of an ITCH file to replay, and the file's day where its name does not tell it; the same of
        tables of trades and quotes.
    zone
        IANA time zone of the market; told from the kind of source unless given.
    columns
        Our name of a column to the file's, for text tables of trades and quotes (see docs/csv.md).
    layout, rules
        What else such tables do not say by themselves.
    bars
        "synthetic", or a `BarPath`: have files of bars replayed along an invented path inside each bar, which
        is no recorded history. Bars are refused unless given.
    limits, fees, short
        Pre-trade limits of our account, fees of all instruments, and whether we may sell short.
    account
        Name of our account.
    exact
        Whether tables hold Decimal instead of Float64.

    Raises
    ------
    SourceError
        For a file that cannot be read.
    """
    if not sources:
        raise ConfigError("nothing to replay", remedy="name at least one file")
    check_is(layout, Layout, "layout")
    check_is(rules, TickRules, "rules")
    check_is(columns, Mapping, "columns")
    layout, rules = (layout or Layout()).with_columns(columns), rules or TickRules()
    if bars:
        rules = dataclasses.replace(rules, bars=bars)
    if zone and not layout.zone:
        layout = dataclasses.replace(layout, zone=zone)
    groups = grouped(sources)
    layout, rules = chosen(groups, layout, rules, symbol, date)
    histories = [opened(source, layout, rules) for source in groups]
    venue = replay_venue(histories, mode, cash=cash, account=account, limits=limits, fees=fees, short=short)
    return Replay(merge(histories).commands, histories, venue, zone or histories[0].zone, exact=exact)
