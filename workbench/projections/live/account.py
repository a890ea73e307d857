"""One person's account: cash, positions, fills, and what was said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from workbench.domain.codes import AccountState, EventKind, FeeKind, LimitKind, Reason
from workbench.projections.live.pages import Pages


class Fill(NamedTuple):
    """One fill of an order of a person. `side` is the order's; `flags` are the event's.

    `leaves_lots` and `executed_lots` are the order's, `position_lots` the account's, all after it.
    """

    seq: int
    time_ns: int
    order_id: int
    root_order_id: int
    instrument: int
    side: int
    price_ticks: int
    quantity_lots: int
    fee_micros: int
    trade_id: int
    maker: bool
    flags: int
    leaves_lots: int
    executed_lots: int
    position_lots: int
    contra_order_id: int


class CashChange(NamedTuple):
    """Money other than a trade's: deposits, fines, dividends, interest (CASH_CHANGED)."""

    seq: int
    time_ns: int
    reason: Reason
    instrument: int
    amount_micros: int
    cash_micros: int
    position_lots: int
    price_ticks: int
    rate: int
    periods: int
    command_seq: int


class Notice(NamedTuple):
    """What an event said about an account; numbers that its kind has not are 0.

    Of LIMIT_CHANGED `limit_kind` says which, `value` is the limit now and `limit` what it was; of FEE_CHANGED
    `fee_kind` likewise.
    """

    seq: int
    time_ns: int
    kind: EventKind
    reason: Reason
    instrument: int
    value: int
    limit: int
    equity_micros: int = 0
    requirement_micros: int = 0
    deadline_ns: int = 0
    order_id: int = 0
    group: int = 0
    limit_kind: LimitKind | None = None
    fee_kind: FeeKind | None = None


@dataclass(slots=True, eq=False)
class LivePosition:
    """What an account holds of an instrument; totals as the ledger has them.

    `running_lots` is ahead of `position_lots` between a fill and its POSITION_CHANGED.
    """

    instrument: int
    position_lots: int = 0
    cost_micros: int = 0
    realised_average_micros: int = 0
    realised_fifo_micros: int = 0
    fees_micros: int = 0
    traded_lots: int = 0
    running_lots: int = 0
    updated_ns: int = 0
    updated_seq: int = 0


@dataclass(slots=True, eq=False)
class LiveAccount:
    """One person's account as the events so far describe it.

    Attributes
    ----------
    start_cash_micros
        Cash before the first event; deposits and withdrawals since then are sums.
    positions
        By instrument number, once it has traded there.
    state, suspended_reason
        Whether it may enter orders, and if not, why.
    margin_call, call_deadline_ns
        Whether a margin call is open, and until when.
    day_equity_micros
        Equity when the exchange's day began (at first the starting cash).
    limits
        Limits that were changed since the start, by kind.
    fees
        Fees that were changed since the start, by instrument and kind.
    """

    number: int
    name: str
    start_cash_micros: int
    cash_micros: int
    day_equity_micros: int
    state: AccountState = AccountState.ACTIVE
    suspended_reason: Reason = Reason.NONE
    margin_call: bool = False
    call_deadline_ns: int = 0
    deposits_micros: int = 0
    withdrawals_micros: int = 0
    fees_micros: int = 0
    positions: dict[int, LivePosition] = field(default_factory=dict)
    fills: Pages[Fill] = field(default_factory=lambda: Pages(Fill))
    cash_changes: list[CashChange] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    limits: dict[LimitKind, int] = field(default_factory=dict)
    fees: dict[tuple[int, FeeKind], int] = field(default_factory=dict)

    def position(self, instrument: int) -> LivePosition:
        """Its position in an instrument, which may be flat."""
        found = self.positions.get(instrument)
        if found is None:
            found = self.positions[instrument] = LivePosition(instrument)
        return found
