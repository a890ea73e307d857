"""One account's day, to look at once the market has closed."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import Any

import numpy as np
import polars as pl

from workbench.analytics.equity import drawdowns, equity_curve
from workbench.analytics.excursions import SCHEMA as EXCURSIONS
from workbench.analytics.excursions import excursions
from workbench.analytics.markouts import markout_curve, markouts, mids_before
from workbench.analytics.records import About, BookAt, WithoutAccount
from workbench.analytics.round_trips import round_trips
from workbench.analytics.shortfall import standing_orders
from workbench.analytics.splits import marks_with_positions, of_symbol
from workbench.analytics.statistic import AccountDay
from workbench.analytics.summary import summary
from workbench.analytics.tables import (
    FILLS,
    LEVELS,
    WHAT_IF_ACCOUNTS,
    WHAT_IF_AFTER_FILLS,
    WHAT_IF_IMPACT,
    WHAT_IF_INSTRUMENTS,
    WHAT_IF_POSITIONS,
    WHAT_IF_PRICES,
    WORKING,
)
from workbench.domain.config import FIRST_TRADER
from workbench.domain.records import Records
from workbench.errors import ConfigError
from workbench.projections.candles import INTERVALS_NS
from workbench.session import review_frames as frames
from workbench.session.changes import changes_of
from workbench.session.review_books import BookState
from workbench.session.review_day import ReviewDay
from workbench.session.review_trading import Trading, trading_of
from workbench.session.whatif import HELD_FIXED, WhatIf, compare

_BP = 10_000
_PRICE_POINTS = 600
"""How many times of the what-if's prices there are at most, for each instrument."""


class Review:
    """What an account did in a session, and what the market did around it.

    All calls may be made from any thread, answer from memory, and give frames that nobody changes (Polars
    frames never do). The columns are those of `workbench.analytics.tables`, table by table of the same name.
    `what_if` runs the session twice and takes seconds on a long one; all others take milliseconds.

    Parameters
    ----------
    day
        The session.
    account
        The account's number.
    everybody
        Whether `what_if` may tell of other accounts.

    Attributes
    ----------
    about
        Whose day it is, and when it was.
    """

    def __init__(self, day: ReviewDay, account: int, *, everybody: bool = False) -> None:
        recording, venue = day.recording, day.venue
        if not FIRST_TRADER <= account < FIRST_TRADER + len(venue.accounts):
            raise ConfigError(f"there is no account {account}", f"session {recording.name!r}")
        self._day, self._account, self._everybody = day, account, everybody
        self._name = venue.accounts[account - FIRST_TRADER].name
        self._tapes: dict[int, pl.DataFrame] = {}
        self._running = Lock()
        seat = recording.seat_in(account)
        currencies = [instrument.currency for instrument in venue.instruments]
        self.about = About(
            session=recording.name,
            title=recording.title,
            account=self._name,
            user="" if seat is None else seat.name,
            zone=recording.zone,
            currency=currencies[0] if currencies else "",
            start_ns=day.start_ns,
            open_ns=day.open_ns,
            end_ns=day.end_ns,
            sealed=recording.sealed,
            seq=day.seq,
        )

    # ------------------------------------------------------------------ the market

    def instruments(self) -> pl.DataFrame:
        """`INSTRUMENTS`."""
        return self._instruments

    def candles(self, symbol: str, interval: str = "1min") -> pl.DataFrame:
        """`CANDLES` of an instrument at `1s`, `1min`, `5min`, `1h` or `1d`.

        Raises
        ------
        ConfigError
            When there is no such instrument or interval.
        """
        if interval not in INTERVALS_NS:
            raise ConfigError(
                f"there are no candles of {interval!r}", "Review", f"choose one of {', '.join(INTERVALS_NS)}"
            )
        return frames.candles(self._day, self._number(symbol), interval)

    def trades(self, symbol: str) -> pl.DataFrame:
        """`TRADES`: those of the whole market, the account's own marked.

        Raises
        ------
        ConfigError
            When there is no such instrument.
        """
        number = self._number(symbol)
        if number not in self._tapes:
            self._tapes[number] = frames.tape(self._day, number, self._account)
        return self._tapes[number]

    # ------------------------------------------------------------------ the account

    def equity(self) -> pl.DataFrame:
        """`EQUITY`."""
        return self._equity

    def drawdowns(self) -> pl.DataFrame:
        """`DRAWDOWNS`."""
        return self._drawdowns

    def cash_entries(self) -> pl.DataFrame:
        """`CASH_ENTRIES`."""
        return self._cash_entries

    def round_trips(self) -> pl.DataFrame:
        """`ROUND_TRIPS`."""
        return self._round_trips

    def fills(self) -> pl.DataFrame:
        """`FILLS`."""
        return self._fills

    def orders(self) -> pl.DataFrame:
        """`ORDERS`."""
        return self._orders

    def markouts(self) -> pl.DataFrame:
        """`MARKOUTS`."""
        return self._markouts

    def markout_curve(self) -> pl.DataFrame:
        """`MARKOUT_CURVE`."""
        return self._markout_curve

    def summary(self) -> pl.DataFrame:
        """`SUMMARY`."""
        return self._summary

    def trading(self) -> Trading:
        """What statistics of trades, execution and inventory are computed from (docs/metrics.md)."""
        return self._trading

    # ------------------------------------------------------------------ instants

    def book(self, symbol: str, at_ns: int, levels: int = 15) -> BookAt:
        """The book as it was after everything that happened until `at_ns` (ns since 1970 UTC), included.

        Raises
        ------
        ConfigError
            When there is no such instrument.
        """
        number = self._number(symbol)
        state = self._day.books.at(number, int(at_ns), levels)
        queued = state.orders[state.orders["account"] == self._account]
        own = self._working(number, state.seq, queued)
        tape = self.trades(symbol).filter(~pl.col("busted"))
        place = _until(tape["seq"], state.seq)
        positions = self._positions.filter(pl.col("symbol") == symbol)
        held = _until(positions["seq"], state.seq)
        worth = _until(self._equity["seq"], state.seq)
        return BookAt(
            symbol=symbol,
            at_ns=int(at_ns),
            seq=state.seq,
            time_ns=state.time_ns,
            phase=self._day.phase(number, state.seq),
            last_price=float(tape["price"][place - 1]) if place else None,
            bids=self._levels(number, state, queued, bids=True)[:levels],
            asks=self._levels(number, state, queued, bids=False)[:levels],
            own=own,
            position=float(positions["position"][held - 1]) if held else 0.0,
            equity=float(self._equity["equity"][worth - 1]) if worth else None,
        )

    def tape(self, symbol: str, at_ns: int, rows: int = 50) -> pl.DataFrame:
        """`TRADES`: the last ones until an instant, the newest first."""
        every = self.trades(symbol)
        until = _until(every["time"].cast(pl.Int64), int(at_ns))
        return every[max(0, until - rows) : until].reverse()

    def what_if(self) -> WithoutAccount:
        """The market without the account's orders; the second time from memory."""
        with self._running:
            return self._what_if

    # ------------------------------------------------------------------ how

    def _number(self, symbol: str) -> int:
        return self._day.venue.instrument_number(symbol)

    @cached_property
    def _instruments(self) -> pl.DataFrame:
        return frames.instruments(self._day, self._fill_rows.filter(~pl.col("busted")))

    @cached_property
    def _sizes(self) -> pl.DataFrame:
        return self._instruments.select("symbol", "multiplier", "increment", "volume")

    @cached_property
    def _equity(self) -> pl.DataFrame:
        cash = self._day.venue.accounts[self._account - FIRST_TRADER].cash_micros / frames.MICROS
        return equity_curve(frames.equity_rows(self._day, self._name), self._day.start_ns, cash)

    @cached_property
    def _drawdowns(self) -> pl.DataFrame:
        return drawdowns(self._equity, self._day.end_ns)

    @cached_property
    def _cash_entries(self) -> pl.DataFrame:
        return frames.cash_entries(self._day, self._account)

    @cached_property
    def _positions(self) -> pl.DataFrame:
        return frames.position_rows(self._day, self._name)

    @cached_property
    def _fill_rows(self) -> pl.DataFrame:
        return frames.fill_rows(self._day, self._account, self._day.recording.names)

    @cached_property
    def _round_trips(self) -> pl.DataFrame:
        rows = frames.trip_rows(self._day, self._name)
        found, splits = [pl.DataFrame(schema=EXCURSIONS)], frames.splits(self._day)
        for symbol in rows["symbol"].unique(maintain_order=True):
            mine = pl.col("symbol") == symbol
            marks, changes = (
                frames.mark_rows(self._day, self._number(symbol)),
                self._positions.filter(mine),
            )
            found.append(
                excursions(
                    marks_with_positions(marks, changes, of_symbol(splits, symbol)),
                    changes,
                    rows.filter(mine).select("trip", "opened_seq", "closed_seq"),
                    float(self._sizes.filter(mine)["multiplier"][0]),
                )
            )
        # The amounts of those that have ended are the recorded ones, exact to the micro; a recorded one that
        # is open has not looked at the marks since its last fill.
        kept = rows.select("trip", kept_adverse="adverse", kept_favourable="favourable", ended="closed_seq")
        ended = pl.col("ended").is_not_null()
        known = (
            pl.concat(found)
            .join(kept, on="trip", how="left")
            .with_columns(
                adverse=pl.when(ended).then("kept_adverse").otherwise("adverse"),
                favourable=pl.when(ended).then("kept_favourable").otherwise("favourable"),
            )
            .select(EXCURSIONS.names())
        )
        return round_trips(rows.drop("adverse", "favourable"), known, self._sizes, self._day.end_ns)

    @cached_property
    def _fills(self) -> pl.DataFrame:
        changes = self._positions.select(
            "symbol", "trade_id", "side", "position", pl.col("seq").alias("changed_seq"), realised="change"
        )
        rows = self._fill_rows.join(
            changes, on=["symbol", "trade_id", "side"], how="left", maintain_order="left"
        )
        trips = self._round_trips.select(
            "symbol", pl.col("opened_seq"), round_trip="number", until="closed_seq"
        ).sort("opened_seq")
        rows = (
            rows.sort("changed_seq", nulls_last=True)
            .join_asof(
                trips,
                left_on="changed_seq",
                right_on="opened_seq",
                by="symbol",
                strategy="backward",
                check_sortedness=False,
            )
            .sort("seq")
        )
        mids = [pl.DataFrame(schema={"seq": pl.Int64, "mid": pl.Float64})]
        for symbol in rows["symbol"].unique(maintain_order=True):
            own = rows.filter(pl.col("symbol") == symbol)
            mid = mids_before(own, self._day.middles(self._number(symbol)))
            mids.append(pl.DataFrame({"seq": own["seq"], "mid": mid}))
        rows = rows.join(pl.concat(mids), on="seq", how="left", maintain_order="left")
        sign = pl.when(pl.col("side") == "BUY").then(1.0).otherwise(-1.0)
        spread = 2 * _BP * sign * (pl.col("price") - pl.col("mid")) / pl.col("mid")
        return FILLS.shaped(rows.with_columns(spread_bp=spread))

    @cached_property
    def _standing(self) -> pl.DataFrame:
        """The fills that were not busted."""
        return self._fills.filter(~pl.col("busted"))

    @cached_property
    def _orders(self) -> pl.DataFrame:
        every = frames.order_rows(self._day, self._account, self._name, self._day.recording.names)
        return standing_orders(every, self._fill_rows)

    @cached_property
    def _ended(self) -> pl.DataFrame:
        return frames.ended_seqs(self._day, self._name)

    @cached_property
    def _markouts(self) -> pl.DataFrame:
        symbols = self._standing["symbol"].unique(maintain_order=True)
        quotes = {symbol: self._day.middles(self._number(symbol)) for symbol in symbols}
        return markouts(self._standing, quotes, self._sizes, self._day.end_ns)

    @cached_property
    def _markout_curve(self) -> pl.DataFrame:
        return markout_curve(self._standing, self._markouts, self._sizes)

    @cached_property
    def _summary(self) -> pl.DataFrame:
        return summary(
            AccountDay(
                curve=self._equity,
                drawdowns=self._drawdowns,
                round_trips=self._round_trips,
                fills=self._standing,
                orders=self._orders,
                markout_curve=self._markout_curve,
                sizes=self._sizes,
                start_ns=self._day.open_ns or self._day.start_ns,
                end_ns=self._day.end_ns,
            )
        )

    @cached_property
    def _trading(self) -> Trading:
        return trading_of(self, self._day, self._account, self._name)

    def _levels(self, number: int, state: BookState, queued: Records, *, bids: bool) -> pl.DataFrame:
        """One side of a book, the account's own part marked."""
        side = frames.SIDE_CODES["BUY" if bids else "SELL"]
        mine = queued[queued["side"] == side]
        found = np.concatenate(state.bids if bids else state.asks)
        book = pl.DataFrame({name: found[name].copy() for name in ("price_ticks", "quantity_lots", "orders")})
        # Live orders of a frozen venue stand beside history at the same prices.
        book = book.group_by("price_ticks").sum()
        own = (
            pl.DataFrame({name: mine[name].copy() for name in ("price_ticks", "shown_lots")})
            .group_by("price_ticks")
            .agg(own_lots=pl.col("shown_lots").sum(), own_orders=pl.len())
        )
        every = book.join(own, on="price_ticks", how="left").sort("price_ticks", descending=bids)
        every = every.filter(pl.col("price_ticks") != 0)
        which = np.full(every.height, number)
        scales = self._day.scales
        return LEVELS.frame(
            {
                "price": scales.price(every["price_ticks"].to_numpy(), which),
                "quantity": scales.quantity(every["quantity_lots"].to_numpy(), which),
                "orders": every["orders"],
                "own_quantity": scales.quantity(every["own_lots"].fill_null(0).to_numpy(), which),
                "own_orders": every["own_orders"].fill_null(0),
            }
        )

    def _working(self, number: int, seq: int, queued: Records) -> pl.DataFrame:
        """The account's open orders in an instrument after an event."""
        symbol = self._day.venue.instruments[number].symbol
        ended = pl.col("ended_seq")
        every = self._orders.join(self._ended, on="order_id", how="left", maintain_order="left").filter(
            (pl.col("symbol") == symbol)
            & (pl.col("created_seq") <= seq)
            & ((ended == 0) | (ended > seq))
            & (pl.col("state") != "REJECTED")
        )
        which, scales = np.full(len(queued), number), self._day.scales
        queue = pl.DataFrame(
            {
                "order_id": queued["order_id"].copy(),
                "queued_price": scales.price(queued["price_ticks"], which),
                "leaves": scales.quantity(queued["leaves_lots"], which),
                "shown": scales.quantity(queued["shown_lots"], which),
                "orders_ahead": queued["orders_ahead"].copy(),
                "quantity_ahead": scales.quantity(queued["lots_ahead"], which),
            }
        )
        rests = pl.col("leaves").is_not_null()
        joined = every.join(queue, on="order_id", how="left", maintain_order="left").with_columns(
            place=pl.when(rests).then(pl.lit("book")).otherwise(pl.lit("held")),
            price=pl.coalesce("queued_price", "price"),
            since=pl.col("created"),
        )
        return WORKING.shaped(joined.sort("price", descending=True, nulls_last=True, maintain_order=True))

    @cached_property
    def _what_if(self) -> WithoutAccount:
        recording, venue = self._day.recording, self._day.venue
        changes = changes_of(venue, without=[self._name])
        made = compare(venue, recording.commands(), changes, zone=recording.zone)
        own = pl.col("account") == self._name
        everybody = pl.lit(value=True) if self._everybody else own
        return WithoutAccount(
            account=self._name,
            held_fixed=HELD_FIXED,
            left_out=made.left_out,
            missed=made.missed,
            identical=made.identical,
            accounts=WHAT_IF_ACCOUNTS.shaped(made.accounts.filter(everybody)),
            positions=WHAT_IF_POSITIONS.shaped(made.positions.filter(everybody)),
            instruments=WHAT_IF_INSTRUMENTS.shaped(made.instruments),
            impact=WHAT_IF_IMPACT.shaped(made.impact),
            after_fills=WHAT_IF_AFTER_FILLS.shaped(made.after_fills),
            prices=_prices(made),
        )


def _prices(made: WhatIf) -> pl.DataFrame:
    """`WHAT_IF_PRICES` of all instruments."""
    every = [WHAT_IF_PRICES.empty()]
    every += [WHAT_IF_PRICES.shaped(made.path(each.symbol, _PRICE_POINTS)) for each in made.venue.instruments]
    return pl.concat(every)


def _until(values: pl.Series, last: Any) -> int:
    """How many ascending values are not above `last`."""
    return int(values.search_sorted(last, side="right"))
