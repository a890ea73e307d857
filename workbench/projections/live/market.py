"""One instrument's market as the events so far describe it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from operator import attrgetter
from typing import Any, NamedTuple

from workbench.domain.codes import Mark, Phase, Reason
from workbench.domain.config import ReplayMode, Venue
from workbench.domain.costs import PPM
from workbench.domain.instruments import Instrument
from workbench.projections.live.bars import MINUTE_NS, Bar, Days, Timeframe, Unit, bar_of, between, joined


class Trade(NamedTuple):
    """A trade of the market; `side` is the taker's (0 in an auction of history), `flags` the event's."""

    seq: int
    time_ns: int
    price_ticks: int
    quantity_lots: int
    trade_id: int
    side: int
    flags: int


class Bust(NamedTuple):
    """A trade that was undone; `account` and `side` are the taker's, numbers are those of the trade."""

    seq: int
    time_ns: int
    trade_id: int
    instrument: int
    account: int
    maker_account: int
    side: int
    price_ticks: int
    quantity_lots: int


class BustedOrder(NamedTuple):
    """An order right after a bust of what it, or one that it replaced, had traded.

    `executed_lots` still count, and `busted_lots` are all that was undone of it by then.
    """

    account: int
    order_id: int
    executed_lots: int
    busted_lots: int


class Undone(NamedTuple):
    """What busts undid of an order's fills: lots, price in ticks times lots, fees, and the latest bust."""

    lots: int
    value: int
    fees_micros: int
    seq: int
    time_ns: int

    def joined(self, other: Undone) -> Undone:
        """Both together."""
        return Undone(
            self.lots + other.lots,
            self.value + other.value,
            self.fees_micros + other.fees_micros,
            max(self.seq, other.seq),
            max(self.time_ns, other.time_ns),
        )


NOTHING_UNDONE = Undone(0, 0, 0, 0, 0)


def trade_of(row: Any) -> Trade:
    """A row of the tape."""
    return Trade(
        int(row["seq"]),
        int(row["time_ns"]),
        int(row["price_ticks"]),
        int(row["quantity_lots"]),
        int(row["trade_id"]),
        int(row["side"]),
        int(row["flags"]),
    )


class Halt(NamedTuple):
    """A halt or a pause by a price limit, or its end, by the phase that the instrument went to."""

    seq: int
    time_ns: int
    instrument: int
    phase: Phase
    reason: Reason


class Quote(NamedTuple):
    """Best bid and ask; an empty side is 0."""

    seq: int
    time_ns: int
    bid_price_ticks: int
    bid_lots: int
    bid_orders: int
    ask_price_ticks: int
    ask_lots: int
    ask_orders: int


class Indication(NamedTuple):
    """What an auction would do now, or has done (`uncrossed`); the imbalance is wanted less offered."""

    seq: int
    time_ns: int
    price_ticks: int
    paired_lots: int
    imbalance_lots: int
    wanted_lots: int
    offered_lots: int
    reference_ticks: int
    uncrossed: bool


NO_QUOTE = Quote(0, 0, 0, 0, 0, 0, 0, 0)
NO_INDICATION = Indication(0, 0, 0, 0, 0, 0, 0, 0, False)


class LiveMarket:
    """One instrument: phase, last trade, quote, limits and bars. Prices of 0 are prices that there are not.

    Attributes
    ----------
    number, instrument, symbol
        Which one it is.
    phase, phase_reason, phase_ns
        Its trading phase, why it changed last, and when.
    next_phase, next_phase_ns
        The next change that is scheduled; time 0 when none is.
    last, last_price_ticks
        The latest trade of the market, and the price that counts as the last one (a split scales it).
    volume_lots, trades
        Of the session, without trades beside frozen history and those that were busted.
    busts
        How many of its trades were busted.
    quote
        Best bid and ask.
    minutes, days
        Bars in order; the last one of each is still being made while its interval lasts.
    indication, uncrossed
        What the auction would do now (all 0 outside of auctions), and what the latest one did.
    band_low_ticks, band_high_ticks
        Prices that limit orders may have.
    reference_ticks, limit_down_ticks, limit_up_ticks
        Rolling reference and limits of price; 0 without.
    collar_low_ticks, collar_high_ticks
        Bounds of the next uncross; 0 without.
    window_low_ticks, window_high_ticks
        Prices that the book can hold.
    close_price_ticks
        Last price when it closed, where that is its mark.
    """

    def __init__(self, venue: Venue, number: int, days: Days) -> None:
        instrument: Instrument = venue.instruments[number]
        self.number = number
        self.instrument = instrument
        self.symbol = instrument.symbol
        self._days = days
        self._mark = instrument.mark
        value = instrument.value
        self.value_numerator, self.value_denominator = value.numerator, value.denominator
        self._price_cap_ticks = instrument.price_cap_ticks
        self._numerator = self._denominator = 1
        self.phase = Phase.CONTINUOUS
        self.phase_reason = Reason.NONE
        self.phase_ns = self.phase_seq = 0
        self.next_phase = Phase.CONTINUOUS
        self.next_phase_ns = 0
        self.last: Trade | None = None
        self.last_price_ticks = 0
        self.volume_lots = self.trades = self.busts = 0
        self.quote = NO_QUOTE
        self.minutes: list[Bar] = []
        self.days: list[Bar] = []
        self.indication = self.uncrossed = NO_INDICATION
        self.band_low_ticks, self.band_high_ticks = instrument.band_low_ticks, instrument.band_high_ticks
        self.window_low_ticks, self.window_high_ticks = instrument.price_min_ticks, instrument.price_max_ticks
        self.reference_price_ticks = instrument.reference_price_ticks
        self.reference_ticks = self.limit_down_ticks = self.limit_up_ticks = 0
        if instrument.price_limit_ppm and venue.replay_mode == ReplayMode.RESPONSIVE:
            self.reference_ticks = self.reference_price_ticks
            width = self.reference_ticks * instrument.price_limit_ppm // PPM
            self.limit_down_ticks = self.reference_ticks - width
            self.limit_up_ticks = self.reference_ticks + width
        self.collar_low_ticks = self.collar_high_ticks = 0
        self.short_sales_restricted = False
        self.close_price_ticks = 0
        self.closing = False

    # ------------------------------------------------------------------ views

    @property
    def halted(self) -> bool:
        """Whether only cancels are taken."""
        return self.phase == Phase.HALTED

    @property
    def day(self) -> Bar | None:
        """The bar of the latest day that had trades."""
        return self.days[-1] if self.days else None

    @property
    def mark_ticks(self) -> int:
        """The price that positions are valued at, by the instrument's `mark` as the exchange has it."""
        price = self.last_price_ticks
        if self._mark == Mark.MID:
            quote = self.quote
            if quote.bid_price_ticks and quote.ask_price_ticks:
                price = (quote.bid_price_ticks + quote.ask_price_ticks) // 2
        elif self._mark == Mark.CLOSE and self.close_price_ticks:
            price = self.close_price_ticks
        return price or self.reference_price_ticks

    def notional_micros(self, price_ticks: int, lots: int) -> int:
        """Value of lots at a price, rounded down (of negative lots: away from 0)."""
        return price_ticks * self.value_numerator * lots // self.value_denominator

    def position_value_micros(self, lots: int, cost_micros: int) -> int:
        """Value of a position at the mark; what it cost where there is none."""
        mark = self.mark_ticks
        return self.notional_micros(mark, lots) if mark and lots else cost_micros

    def bars(self, frame: Timeframe, start_ns: int = 0, end_ns: int = 1 << 62) -> list[Bar]:
        """Bars of a timeframe that begin from `start_ns` on and before `end_ns`; the last may go on."""
        if frame.unit in (Unit.MINUTE, Unit.HOUR):
            source = self.minutes
            if frame == _MINUTE:
                return list(between(source, start_ns, end_ns))
        else:
            source = self.days
        first = self._days.frame_ns(max(start_ns, 0), frame) if source else 0
        made = joined(between(source, first, 1 << 62), frame, self._days)
        return list(between(made, start_ns, end_ns))

    def scaled(self, price_ticks: int) -> int:
        """A price that is kept, after the latest split; 0, which is none, stays."""
        if price_ticks == 0:
            return 0
        return min(self._price_cap_ticks, max(1, price_ticks * self._denominator // self._numerator))

    # ------------------------------------------------------------------ events

    def add_trade(self, trade: Trade, in_uncross: bool) -> None:
        """Take in a trade of the market; that of an uncross at the close moves the close price."""
        price, lots = trade.price_ticks, trade.quantity_lots
        self.last = trade
        self.last_price_ticks = price
        self.volume_lots += lots
        self.trades += 1
        start = trade.time_ns - trade.time_ns % MINUTE_NS
        minutes = self.minutes
        if minutes and minutes[-1].start_ns == start:
            minutes[-1].add(price, lots)
        else:
            minutes.append(Bar(start, price, price, price, price, lots, 1, price * lots))
        day_ns = self._days.start_ns(trade.time_ns)
        if self.days and self.days[-1].start_ns == day_ns:
            self.days[-1].add(price, lots)
        else:
            self.days.append(Bar(day_ns, price, price, price, price, lots, 1, price * lots))
        if self.closing and in_uncross:
            self.close_price_ticks = price

    def bust(self, trade: Trade, earlier: Trade | None, last_price_ticks: int, day: Iterable[Trade]) -> None:
        """Take a trade off the market again.

        Parameters
        ----------
        trade
            Which one.
        earlier
            The latest trade that stands.
        last_price_ticks
            The last price from now on.
        day
            The trades of its day that stand, in order.
        """
        self.last = earlier
        self.last_price_ticks = last_price_ticks
        self.volume_lots -= trade.quantity_lots
        self.trades -= 1
        self.busts += 1
        of_day = list(day)
        minute_ns = trade.time_ns - trade.time_ns % MINUTE_NS
        of_minute = [one for one in of_day if minute_ns <= one.time_ns < minute_ns + MINUTE_NS]
        for bars, start_ns, made_of in (
            (self.minutes, minute_ns, of_minute),
            (self.days, self._days.start_ns(trade.time_ns), of_day),
        ):
            place = bisect_left(bars, start_ns, key=attrgetter("start_ns"))
            flat_ticks = bars[place - 1].close_ticks if place else last_price_ticks or trade.price_ticks
            pairs = [(one.price_ticks, one.quantity_lots) for one in made_of]
            bars[place] = bar_of(start_ns, pairs, flat_ticks)

    def day_of(self, time_ns: int) -> int:
        """When the day of a time began."""
        return self._days.start_ns(time_ns)

    def change_band(self, low_ticks: int, high_ticks: int) -> None:
        """The band of accepted prices; the window grows to hold it and never shrinks."""
        self.band_low_ticks, self.band_high_ticks = low_ticks, high_ticks
        self.window_low_ticks = min(self.window_low_ticks, low_ticks)
        self.window_high_ticks = max(self.window_high_ticks, high_ticks)

    def change_phase(self, phase: Phase, reason: Reason, time_ns: int, seq: int) -> None:
        """PHASE_CHANGED."""
        self.phase, self.phase_reason, self.phase_ns, self.phase_seq = phase, reason, time_ns, seq
        self.indication = NO_INDICATION
        self.closing = False
        if phase == Phase.CLOSED and self._mark == Mark.CLOSE:
            self.closing = True
            self.close_price_ticks = self.last_price_ticks

    def split(self, numerator: int, denominator: int, prices: tuple[int, ...]) -> None:
        """INSTRUMENT_SPLIT: band, window, last and reference price are those after it."""
        self._numerator, self._denominator = numerator, denominator
        self.band_low_ticks, self.band_high_ticks, self.window_low_ticks, self.window_high_ticks = prices[:4]
        self.last_price_ticks, self.reference_price_ticks = prices[4:6]
        self.close_price_ticks = self.scaled(self.close_price_ticks)


_MINUTE = Timeframe(1, Unit.MINUTE)
