"""What the twin holds: rules, books, accounts, money, open orders and counters."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.domain.codes import STREET_ACCOUNT, Side
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER, ReplayMode, Venue
from workbench.domain.states import OrderState
from workbench.ledger.reference import Ledger
from workbench.matching.reference import Market, Order
from workbench.risk.reference import Rules, Standing

Event = tuple[int, int, int, int, int, int, int, int, int, int, int, int, tuple[int, ...]]
"""An `EVENT` as Python integers, in the record's order."""

SIDES = (Side.BUY, Side.SELL)


@dataclass(slots=True)
class Tape:
    """What an instrument has published, and how far it has moved from history."""

    last_price_ticks: int = 0
    volume_lots: int = 0
    trades: int = 0
    quote: tuple[int, int, int, int, int, int] = (0, 0, 0, 0, 0, 0)
    divergence_lots: int = 0
    divergence_orders: int = 0
    close_price_ticks: int = 0
    reference_price_ticks: int = 0


class TwinState:
    """All that commands change, and the look-ups that every kind of command needs.

    Attributes
    ----------
    rules, markets, tapes
        One for each instrument: what it accepts, its books, what it has published.
    standings, ledger
        What checks know of each account (empty in a bare venue); positions and money.
    open_orders, client_ids
        Orders in the books by order id and by `client_key`.
    late
        Whether the present command's time is refused.
    events, touched
        Events of the present step; instruments in whose book 0 the present command changed something.
    moved
        Accounts whose position or cash the present command has changed.
    """

    def __init__(self, venue: Venue) -> None:
        self.venue = venue
        self.frozen = venue.replay_mode == ReplayMode.FROZEN
        self.rules = [Rules(instrument) for instrument in venue.instruments]
        self.markets = [Market(self.frozen) for _ in venue.instruments]
        self.tapes = [Tape(reference_price_ticks=each.reference_price_ticks) for each in venue.instruments]
        self.standings: list[Standing] = []
        if not venue.bare:
            self.standings = [Standing() for _ in range(FIRST_TRADER)]
            self.standings += [Standing.of(account) for account in venue.accounts]
        self.ledger = Ledger(venue)

        self.open_orders: dict[int, Order] = {}
        self.client_ids: dict[tuple[int, int, int], Order] = {}

        self.time_ns = venue.start_time_ns
        self.command_count = 0
        self.event_count = 0
        self.order_count = 0
        self.trade_count = 0
        self.priority_count = 0
        self.funding_micros = 0
        self.accruing = venue.accrues and venue.start_time_ns != 0
        self.accrued_to_ns = 0
        if self.accruing:
            interval = venue.accrual_interval_ns
            self.accrued_to_ns = venue.start_time_ns // interval * interval

        self.late = False
        self.events: list[Event] = []
        self.touched: set[int] = set()
        self.moved: set[int] = set()

    def trader(self, account: int) -> Standing | None:
        """What account checks look at; None where there are none: the street and bare venues."""
        return None if self.venue.bare or account == STREET_ACCOUNT else self.standings[account]

    def instruments(self, instrument: int) -> list[int]:
        """The instruments that a command means."""
        return list(range(len(self.rules))) if instrument == ALL else [instrument]

    def open_in_order(self) -> list[Order]:
        """Open orders by ascending order id."""
        return [self.open_orders[order_id] for order_id in sorted(self.open_orders)]


def client_key(account: int, instrument: int, client_order_id: int) -> tuple[int, int, int]:
    """A client order id is unique within its account; the street's within its instrument."""
    return (account, instrument if account == STREET_ACCOUNT else ALL, client_order_id)


def state_of(order: Order) -> OrderState:
    """State of an order that is open."""
    return OrderState.PARTIALLY_FILLED if order.executed_lots else OrderState.NEW
