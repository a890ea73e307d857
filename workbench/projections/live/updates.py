"""What the views tell those who listen, at the event that it happens at."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from workbench.domain.codes import EventKind, Phase, Reason, SessionState

if TYPE_CHECKING:
    from workbench.projections.live.account import CashChange, Notice
    from workbench.projections.live.bars import Bar
    from workbench.projections.live.market import Bust, Indication, Quote, Trade
    from workbench.projections.live.order import LiveOrder


class News(StrEnum):
    """What an event means to the order's owner; in the words of order streams."""

    NOTHING = ""
    """A detail: terms, queue position."""
    PENDING_NEW = "pending_new"
    """It was received."""
    ACCEPTED = "accepted"
    """It waits for the closing auction."""
    HELD = "held"
    """It waits for its group."""
    NEW = "new"
    """It works, or waits for its trigger; comes once, and before any fill."""
    TRIGGERED = "triggered"
    TRAILED = "trailed"
    """Its trigger price followed the market."""
    PARTIAL_FILL = "partial_fill"
    FILL = "fill"
    CANCELED = "canceled"
    EXPIRED = "expired"
    REPLACED = "replaced"
    """It ended; NEW (or HELD, ACCEPTED) of its successor is next."""
    REDUCED = "reduced"
    """Part of it was cancelled; the rest works on."""
    RESTATED = "restated"
    """A split changed its terms."""
    REJECTED = "rejected"
    CANCEL_REJECTED = "order_cancel_rejected"
    REPLACE_REJECTED = "order_replace_rejected"


class OrderUpdate(NamedTuple):
    """One event of an order of a person; `order` has taken it in and goes on changing.

    `last_price_ticks`, `last_lots`, `trade_id`, `fee_micros`, `maker` are a fill's, `position_lots` the
    account's position after it; 0 otherwise. `reason` is why it was refused, ended or reduced; `value` and
    `limit` are the numbers of a refusal.
    """

    seq: int
    time_ns: int
    kind: EventKind
    order: LiveOrder
    last_price_ticks: int
    last_lots: int
    trade_id: int
    fee_micros: int
    position_lots: int
    reason: Reason
    news: News
    value: int = 0
    limit: int = 0
    maker: bool = False


class Observer:
    """Somebody who is told of events as they are folded; what is not overridden is not called.

    All calls come from inside `LiveViews.apply`, in the order of the events, when the views have taken the
    event in; an observer must not raise, must not block, and must not call `apply`.
    """

    def order(self, update: OrderUpdate) -> None:
        """Something happened to an order of a person."""

    def trade(self, instrument: int, trade: Trade) -> None:
        """The market traded."""

    def bust(self, bust: Bust) -> None:
        """A trade was undone."""

    def quote(self, instrument: int, quote: Quote) -> None:
        """The best bid or ask changed."""

    def bar(self, instrument: int, bar: Bar) -> None:
        """A minute that had trades is over, and its bar is final."""

    def phase(self, instrument: int, phase: Phase, reason: Reason, time_ns: int) -> None:
        """An instrument changed its trading phase."""

    def market(self, instrument: int, kind: EventKind, time_ns: int) -> None:
        """An instrument's band, limits, schedule, collar or short sale rule changed, or it was split."""

    def auction(self, instrument: int, indication: Indication) -> None:
        """An auction's indicative price changed, or it uncrossed."""

    def session(self, state: SessionState, time_ns: int) -> None:
        """The session went to another state."""

    def announced(self, number: int, instrument: int, time_ns: int) -> None:
        """An announcement was made, about an instrument or (-1) all."""

    def account(self, account: int, notice: Notice) -> None:
        """An account was suspended, called for margin, limited and the like."""

    def cash(self, account: int, change: CashChange) -> None:
        """Money other than a trade's was added to an account's cash."""

    def position(self, account: int, instrument: int) -> None:
        """A position and the account's cash changed by a fill or a split."""

    def batch(self, last_seq: int) -> None:
        """A batch has been folded, and every read shows it."""


HOOKS = tuple(name for name in vars(Observer) if not name.startswith("_"))
"""Names of what an observer can be told."""
