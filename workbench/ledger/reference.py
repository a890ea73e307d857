"""The plain ledger: what a fill does to cash, cost, realised profit and FIFO lots, in Python integers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.domain.codes import HOUSE_ACCOUNT, STREET_ACCOUNT, Side
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.costs import PPM, FeeSchedule
from workbench.domain.instruments import Instrument


@dataclass(frozen=True, slots=True)
class Rates:
    """A fee: micros per lot and parts per million of the notional; negative numbers are rebates."""

    per_lot_micros: int
    ppm: int

    def fee(self, notional_micros: int, quantity_lots: int) -> int:
        """The fee in micros; the ceiling favours the house.

        >>> Rates(0, 300).fee(1_001, 1), Rates(0, -300).fee(1_001, 1)
        (1, 0)
        """
        return self.per_lot_micros * quantity_lots - (-notional_micros * self.ppm // PPM)


def part_of(micros: int, ppm: int) -> int:
    """Parts per million of an amount ≥ 0, rounded up.

    >>> part_of(1_001, 500_000)
    501
    """
    return -(-micros * ppm // PPM)


class Ratio(NamedTuple):
    """A split: `old` lots become `new` ones. Prices change the other way, up to a cap."""

    new: int
    old: int
    price_cap_ticks: int

    def price(self, price_ticks: int) -> int:
        """A price that is kept, rounded down to a tick.

        >>> Ratio(3, 1, 10**9).price(100)
        33
        """
        return min(self.price_cap_ticks, max(1, price_ticks * self.old // self.new))

    def known_price(self, price_ticks: int) -> int:
        """The same of a price that there may not be (0)."""
        return self.price(price_ticks) if price_ticks else 0

    def order_price(self, side: Side, price_ticks: int, increment_ticks: int) -> int:
        """Price of an order: a buy's rounded down to a multiple of the increment, a sell's up.

        >>> Ratio(3, 1, 10**9).order_price(Side.SELL, 100, 5)
        35
        """
        step = self.new * increment_ticks
        if side == Side.BUY:
            return price_ticks * self.old // step * increment_ticks
        return -(-price_ticks * self.old // step) * increment_ticks


class Terms:
    """What one instrument's trades are worth and cost."""

    def __init__(self, instrument: Instrument, fees: FeeSchedule | None = None) -> None:
        fees = fees or instrument.fees
        self.fees = fees
        self.has_order_fees = fees.has_order_fees
        self.margin = instrument.margin
        self.borrow_ppm_year = instrument.borrow_ppm_year
        self.value_of_tick = instrument.value
        self.maker = Rates(fees.maker_per_lot_micros, fees.maker_ppm)
        self.taker = Rates(fees.taker_per_lot_micros, fees.taker_ppm)
        self.reserve = Rates(
            max(fees.maker_per_lot_micros, fees.taker_per_lot_micros, 0),
            max(fees.maker_ppm, fees.taker_ppm, 0),
        )

    def notional(self, price_ticks: int, quantity_lots: int) -> int:
        """Value in micros, rounded down."""
        return self.value(price_ticks, quantity_lots)

    def dearest_fee(self, notional_micros: int, quantity_lots: int) -> int:
        """The most that an order for `quantity_lots` may pay in fees."""
        fee = self.reserve.fee(notional_micros, quantity_lots)
        if not quantity_lots or not self.has_order_fees:
            return fee
        return max(self.fees.per_order_micros + fee, self.fees.minimum_micros)

    def required(self, notional_micros: int, quantity_lots: int) -> int:
        """Money for an order that opens `quantity_lots`: its value and the dearest fee it may pay."""
        return notional_micros + self.dearest_fee(notional_micros, quantity_lots)

    def required_margin(self, side: Side, notional_micros: int, quantity_lots: int) -> int:
        """Equity for the same in a margin account."""
        rates = self.margin
        rate = rates.initial_long_ppm if side == Side.BUY else rates.initial_short_ppm
        return part_of(notional_micros, rate) + self.dearest_fee(notional_micros, quantity_lots)

    def order_total(self, raw_fee_micros: int, traded_micros: int) -> int:
        """What an order has to pay in all, given its fills' own fees and what it has traded."""
        total = self.fees.per_order_micros + raw_fee_micros
        if self.fees.minimum_micros:
            total = max(total, self.fees.minimum_micros)
        if self.fees.cap_ppm:
            total = min(total, part_of(traded_micros, self.fees.cap_ppm))
        return total

    def value(self, price_ticks: int, position_lots: int) -> int:
        """Value of a position, negative for a short; rounded down in both cases."""
        return price_ticks * position_lots * self.value_of_tick.numerator // self.value_of_tick.denominator


@dataclass(slots=True)
class Lot:
    """Lots bought or sold at one price and not closed yet; both numbers are positive."""

    price_ticks: int
    quantity_lots: int
    cost_micros: int


@dataclass(slots=True)
class Position:
    """One account's position in one instrument; a short has negative lots and cost."""

    position_lots: int = 0
    cost_micros: int = 0
    realised_average_micros: int = 0
    realised_fifo_micros: int = 0
    fees_micros: int = 0
    traded_lots: int = 0
    adverse_micros: int = 0
    favourable_micros: int = 0
    lots: deque[Lot] = field(default_factory=deque)

    @property
    def short_cost_micros(self) -> int:
        """Cost of a short position as a positive number; 0 for a long one."""
        return max(0, -self.cost_micros)

    def fill(self, terms: Terms, side: Side, price_ticks: int, quantity_lots: int, keeps_lots: bool) -> None:
        """Book one fill; `side` is the account's own."""
        direction = 1 if side == Side.BUY else -1
        before = self.position_lots
        sign = (before > 0) - (before < 0)
        notional = terms.notional(price_ticks, quantity_lots)
        closing = min(quantity_lots, abs(before)) if sign == -direction else 0
        n_close = notional if closing == quantity_lots else terms.notional(price_ticks, closing)
        n_open = notional - n_close

        if closing:
            removed = abs(self.cost_micros) * closing // abs(before)
            self.cost_micros -= sign * removed
            self.realised_average_micros += sign * (n_close - removed)
        self.cost_micros += direction * n_open
        self.position_lots += direction * quantity_lots
        self.traded_lots += quantity_lots

        if keeps_lots:
            if closing:
                self.realised_fifo_micros += sign * (n_close - self._close_oldest(closing))
            if quantity_lots > closing:
                self._open(price_ticks, quantity_lots - closing, n_open)

    def split(self, terms: Terms, ratio: Ratio, price_ticks: int) -> int:
        """Turn old lots into new ones and sell the fraction at a price (0: at cost); returns the proceeds."""
        before, cost = abs(self.position_lots), abs(self.cost_micros)
        sign = 1 if self.position_lots > 0 else -1
        after, fraction = divmod(before * ratio.new, ratio.old)
        removed = cost * fraction // (before * ratio.new)
        proceeds = terms.notional(price_ticks, fraction) // ratio.old if price_ticks else removed
        self.position_lots = sign * after
        self.cost_micros -= sign * removed
        self.realised_average_micros += sign * (proceeds - removed)
        self.realised_fifo_micros += sign * (proceeds - self._split_lots(ratio, after))
        if not after:
            self.forget_excursions()
        return sign * proceeds

    def _split_lots(self, ratio: Ratio, after_lots: int) -> int:
        """The same for FIFO lots, of which the newest make the fraction; returns what that had cost."""
        split: deque[Lot] = deque()
        removed_sum = carried = running = 0
        for lot in self.lots:
            start, running = running, running + lot.quantity_lots
            taken = max(0, running * ratio.new - max(start * ratio.new, after_lots * ratio.old))
            removed = lot.cost_micros * taken // (lot.quantity_lots * ratio.new)
            removed_sum += removed
            carried += lot.cost_micros - removed
            lots = running * ratio.new // ratio.old - start * ratio.new // ratio.old
            if lots:
                split.append(Lot(ratio.price(lot.price_ticks), lots, carried))
                carried = 0
        self.lots = split
        return removed_sum

    def balance(self, position_lots: int, proceeds_micros: int) -> None:
        """Take whatever position a split leaves, for what the fractions of the others cost."""
        cost = self.cost_micros - proceeds_micros
        kept = cost if position_lots * cost > 0 else 0
        self.realised_average_micros += kept - cost
        self.cost_micros = kept
        self.position_lots = position_lots

    def sample(self, unrealised_micros: int) -> None:
        """Let the excursions reach an unrealised PnL."""
        self.adverse_micros = min(self.adverse_micros, unrealised_micros)
        self.favourable_micros = max(self.favourable_micros, unrealised_micros)

    def forget_excursions(self) -> None:
        """Begin the excursions of another position."""
        self.adverse_micros = self.favourable_micros = 0

    def _close_oldest(self, closing_lots: int) -> int:
        """Take lots off the oldest end; returns what they had cost."""
        removed_sum = 0
        while closing_lots:
            lot = self.lots[0]
            closed = min(closing_lots, lot.quantity_lots)
            removed = lot.cost_micros * closed // lot.quantity_lots
            lot.quantity_lots -= closed
            lot.cost_micros -= removed
            removed_sum += removed
            closing_lots -= closed
            if not lot.quantity_lots:
                self.lots.popleft()
        return removed_sum

    def _open(self, price_ticks: int, quantity_lots: int, cost_micros: int) -> None:
        if self.lots and self.lots[-1].price_ticks == price_ticks:
            self.lots[-1].quantity_lots += quantity_lots
            self.lots[-1].cost_micros += cost_micros
        else:
            self.lots.append(Lot(price_ticks, quantity_lots, cost_micros))


@dataclass(slots=True)
class Purse:
    """Money of one account."""

    cash_micros: int = 0
    fees_micros: int = 0
    short_cost_micros: int = 0
    other_micros: int = 0
    """All that was added to cash by neither trades nor their fees; only the invariants look at it."""


class Ledger:
    """Positions and cash of every account of a venue."""

    def __init__(self, venue: Venue) -> None:
        self.terms = [Terms(instrument) for instrument in venue.instruments]
        self.purses = [Purse() for _ in range(FIRST_TRADER)]
        self.purses += [Purse(account.cash_micros) for account in venue.accounts]
        self.positions: dict[tuple[int, int], Position] = {}
        self.own_terms: dict[tuple[int, int], Terms] = {}
        self._instruments = venue.instruments

    def terms_of(self, account: int, instrument: int) -> Terms:
        """What an account's trades in an instrument are worth and cost."""
        return self.own_terms.get((account, instrument), self.terms[instrument])

    def set_fees(self, account: int, instrument: int, fees: FeeSchedule) -> None:
        """Have an account pay by another schedule from now on."""
        self.own_terms[account, instrument] = Terms(self._instruments[instrument], fees)

    def position_lots(self, account: int, instrument: int) -> int:
        """Signed position."""
        position = self.positions.get((account, instrument))
        return position.position_lots if position else 0

    def fee(
        self, account: int, instrument: int, notional_micros: int, quantity_lots: int, *, maker: bool
    ) -> int:
        """Fee of one side of a fill; the street pays none."""
        if account == STREET_ACCOUNT:
            return 0
        terms = self.terms_of(account, instrument)
        return (terms.maker if maker else terms.taker).fee(notional_micros, quantity_lots)

    def unbook(
        self, account: int, instrument: int, side: Side, price_ticks: int, quantity_lots: int, fee_micros: int
    ) -> None:
        """Take back what one side of a trade did to cash, fees and the quantity traded."""
        notional = self.terms[instrument].notional(price_ticks, quantity_lots)
        returned = notional if side == Side.BUY else -notional
        purse, position = self.purses[account], self.positions[account, instrument]
        purse.cash_micros += returned + fee_micros
        purse.fees_micros -= fee_micros
        self.purses[HOUSE_ACCOUNT].cash_micros -= fee_micros
        position.fees_micros -= fee_micros
        position.traded_lots -= quantity_lots
        if account == STREET_ACCOUNT:
            before = position.short_cost_micros
            lots = quantity_lots if side == Side.BUY else -quantity_lots
            position.balance(position.position_lots - lots, returned)
            purse.short_cost_micros += position.short_cost_micros - before

    def book(
        self, account: int, instrument: int, side: Side, price_ticks: int, quantity_lots: int, fee_micros: int
    ) -> Position:
        """Book one side of a fill: cash, fee (credited to the house) and position."""
        terms = self.terms[instrument]
        purse = self.purses[account]
        notional = terms.notional(price_ticks, quantity_lots)
        purse.cash_micros += (-notional if side == Side.BUY else notional) - fee_micros
        purse.fees_micros += fee_micros
        self.purses[HOUSE_ACCOUNT].cash_micros += fee_micros

        position = self.positions.setdefault((account, instrument), Position())
        short_cost_before = position.short_cost_micros
        position.fees_micros += fee_micros
        position.fill(terms, side, price_ticks, quantity_lots, keeps_lots=account != STREET_ACCOUNT)
        purse.short_cost_micros += position.short_cost_micros - short_cost_before
        return position
