"""What the twin holds: rules, books, accounts, money, open orders and counters."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

from workbench.domain.codes import STREET_ACCOUNT, Phase, SessionState, Side, TradeState
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER, ReplayMode, Venue
from workbench.domain.states import OrderState
from workbench.engine.reference.held import Held
from workbench.engine.reference.rolling import PriceLimits
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
    indicative: tuple[int, int, int] = (0, 0, 0)
    close_price_ticks: int = 0
    reference_price_ticks: int = 0


@dataclass(slots=True)
class Calendar:
    """What an instrument's phases are going to be, and what its last ones leave to do; None: nothing.

    `collecting` is the latest collecting phase since it was last CONTINUOUS or CLOSED, or 0. `collar` is the
    lowest and the highest price that the next uncross may have.
    """

    schedule: tuple[int, Phase] | None = None
    reopening_ns: int | None = None
    collecting: int = 0
    collar: tuple[int, int] | None = None


@dataclass(slots=True)
class KeptTrade:
    """A `TRADE_VIEW` as Python integers, in the record's order."""

    trade_id: int
    instrument: int
    taker_account: int
    maker_account: int
    side: int
    state: TradeState
    flags: int
    price_ticks: int
    quantity_lots: int
    taker_order_id: int
    maker_order_id: int
    taker_fee_micros: int
    maker_fee_micros: int
    number: int
    previous_price_ticks: int


class Stage(IntEnum):
    """How far a group is."""

    COLLECTING = 1
    WAITING = 2
    LEGS = 3


@dataclass(slots=True, eq=False)
class Group:
    """Orders that depend on each other, the open ones by their place; `parent` is the place of the parent."""

    account: int
    instrument: int
    stage: Stage = Stage.COLLECTING
    members: dict[int, Order] = field(default_factory=dict)
    parent: int = 0

    def in_order(self) -> list[Order]:
        """The open members in order of place."""
        return [self.members[place] for place in sorted(self.members)]


class TwinState:
    """All that commands change, and the look-ups that every kind of command needs.

    Attributes
    ----------
    rules, markets, tapes
        One for each instrument: what it accepts, its books, what it has published.
    held, calendars, price_limits
        One for each instrument: orders that are held, phases to come, price limits where there are any.
    standings, ledger
        What checks know of each account (empty in a bare venue); positions and money.
    open_orders, client_ids
        Orders in the books and held ones by order id and by `client_key`.
    groups
        The group of each order that is in one, by order id.
    expiries
        Heap of expire time and order id; orders that are gone are still in it.
    kept
        The latest trades of accounts, oldest first.
    late
        Whether the present command's time is refused.
    events, touched, limit_states
        Events of the present step; instruments that the present command changed; those in a limit state.
    moved
        Accounts whose position or cash has changed since they were last evaluated.
    left_crossed
        Instruments in whose last uncross orders were cut or ended otherwise, or whose price had a collar,
        which may have left others that cross. Only invariants look at it.
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
        self.held = [Held() for _ in venue.instruments]
        self.calendars = [Calendar() for _ in venue.instruments]
        self.price_limits = [PriceLimits.of(each, venue.start_time_ns) for each in venue.instruments]

        self.open_orders: dict[int, Order] = {}
        self.client_ids: dict[tuple[int, int, int], Order] = {}
        self.groups: dict[int, Group] = {}
        self.expiries: list[tuple[int, int]] = []

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

        self.session_state = SessionState.DRAFT
        self.kept: deque[KeptTrade] = deque(maxlen=0 if venue.bare else venue.kept_trades)

        self.late = False
        self.events: list[Event] = []
        self.touched: set[int] = set()
        self.limit_states: set[int] = set()
        self.left_crossed: set[int] = set()
        self.moved: set[int] = set()

    def trader(self, account: int) -> Standing | None:
        """What account checks look at; None where there are none: the street and bare venues."""
        return None if self.venue.bare or account == STREET_ACCOUNT else self.standings[account]

    def instruments(self, instrument: int) -> list[int]:
        """The instruments that a command means."""
        return list(range(len(self.rules))) if instrument == ALL else [instrument]

    def open_in_order(self) -> Iterator[Order]:
        """Open orders by ascending order id; those that end meanwhile are passed over."""
        for order_id in sorted(self.open_orders):
            order = self.open_orders.get(order_id)
            if order:
                yield order

    def is_continuous(self, instrument: int) -> bool:
        """Whether orders trade as they come."""
        return self.rules[instrument].phase == Phase.CONTINUOUS

    def state_of(self, order: Order) -> OrderState:
        """State of an order that is open or comes in."""
        if order.is_held:
            return OrderState.HELD
        halted = self.rules[order.instrument].phase == Phase.HALTED
        if halted and not order.is_street and order.order_id in self.open_orders:
            return OrderState.SUSPENDED
        return OrderState.PARTIALLY_FILLED if order.executed_lots else OrderState.NEW


def client_key(account: int, instrument: int, client_order_id: int) -> tuple[int, int, int]:
    """A client order id is unique within its account; the street's within its instrument."""
    return (account, instrument if account == STREET_ACCOUNT else ALL, client_order_id)
