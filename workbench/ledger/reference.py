"""The plain ledger: what a fill does to cash, cost, realised profit and FIFO lots, in Python integers."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from workbench.domain.codes import HOUSE_ACCOUNT, STREET_ACCOUNT, Side
from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.costs import PPM
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


class Terms:
    """What one instrument's trades are worth and cost."""

    def __init__(self, instrument: Instrument) -> None:
        fees = instrument.fees
        self.value = instrument.value
        self.maker = Rates(fees.maker_per_lot_micros, fees.maker_ppm)
        self.taker = Rates(fees.taker_per_lot_micros, fees.taker_ppm)
        self.reserve = Rates(
            max(fees.maker_per_lot_micros, fees.taker_per_lot_micros, 0),
            max(fees.maker_ppm, fees.taker_ppm, 0),
        )

    def notional(self, price_ticks: int, quantity_lots: int) -> int:
        """Value in micros, rounded down."""
        return price_ticks * quantity_lots * self.value.numerator // self.value.denominator

    def required(self, notional_micros: int, quantity_lots: int) -> int:
        """Money for an order that opens `quantity_lots`: its value and the dearest fee it may pay."""
        return notional_micros + self.reserve.fee(notional_micros, quantity_lots)


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


class Ledger:
    """Positions and cash of every account of a venue."""

    def __init__(self, venue: Venue) -> None:
        self.terms = [Terms(instrument) for instrument in venue.instruments]
        self.purses = [Purse() for _ in range(FIRST_TRADER)]
        self.purses += [Purse(account.cash_micros) for account in venue.accounts]
        self.positions: dict[tuple[int, int], Position] = {}

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
        terms = self.terms[instrument]
        return (terms.maker if maker else terms.taker).fee(notional_micros, quantity_lots)

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
