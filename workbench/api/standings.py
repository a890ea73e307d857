"""The leaderboard of a session: what everybody is worth, and how far they fell on the way."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from time import monotonic
from typing import TYPE_CHECKING

from workbench.domain.codes import EventKind, Reason, SessionState
from workbench.projections.live.equity import EquitySample

if TYPE_CHECKING:
    from workbench.api.hub import Hub
    from workbench.projections.live.views import LiveViews
    from workbench.session.live.session import LiveSession

_THEN_FRESH_S = 1.0
_FRESH_S = 0.25
"""A class that asks all at once gets the same table for so long."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One account's place. `drawdown` is a fraction ≤ 0: the deepest fall below the peak before it."""

    rank: int
    account: int
    user: str
    equity_micros: int
    pnl_micros: int
    drawdown: float
    breaches: int
    fills: int
    open_orders: int
    state: str


@dataclass(slots=True)
class _Fall:
    """How far an equity curve has been followed."""

    seen: int = 0
    peak_micros: int = 0
    worst: float = 0.0
    upto_ns: int = 0

    def follow(self, samples: Sequence[EquitySample], start_micros: int) -> None:
        """Take in the samples since the last time."""
        if not self.seen:
            self.peak_micros = start_micros
        for sample in samples[self.seen :]:
            self.add(sample.equity_micros)
        self.seen = len(samples)

    def follow_to(self, samples: Sequence[EquitySample], start_micros: int, at_ns: int) -> None:
        """Take in the samples since the last time, up to a time."""
        if not self.seen:
            self.peak_micros = start_micros
        while self.seen < len(samples) and samples[self.seen].time_ns <= at_ns:
            self.add(samples[self.seen].equity_micros)
            self.seen += 1
        self.upto_ns = at_ns

    def add(self, equity_micros: int) -> None:
        """One more value of the curve."""
        if equity_micros >= self.peak_micros:
            self.peak_micros = equity_micros
        elif self.peak_micros > 0:
            self.worst = min(self.worst, equity_micros / self.peak_micros - 1)


def worth_then(views: LiveViews, number: int, at_ns: int) -> tuple[int, int]:
    """What an account was worth at a time, and what it had gained by then."""
    account, samples = views.accounts[number], views.equity(number)
    place = bisect_right(samples, at_ns, key=attrgetter("time_ns"))
    equity = samples[place - 1].equity_micros if place else account.start_cash_micros
    funded = account.start_cash_micros + sum(
        change.amount_micros
        for change in account.cash_changes
        if change.time_ns <= at_ns and change.reason in (Reason.DEPOSIT, Reason.WITHDRAWAL)
    )
    return equity, equity - funded


class Standings:
    """The leaderboard of one hub, made anew at most a few times a second."""

    def __init__(self, hub: Hub, now: Callable[[], float] = monotonic) -> None:
        self._hub = hub
        self._now = now
        self._falls: dict[int, _Fall] = {}
        self._made_s = float("-inf")
        self._made_of = (-1, -1)
        self._table: list[Standing] = []
        self._old_falls: dict[int, _Fall] = {}
        self._then_made_s = float("-inf")
        self._then_of = -1
        self._then: list[Standing] = []

    def table(self) -> list[Standing]:
        """Everybody with a seat, by profit; those with the same profit share a rank."""
        hub = self._hub
        seats = hub.session.seats()
        made_of = (hub.views.seq, len(seats))
        now = self._now()
        if made_of == self._made_of or (now - self._made_s < _FRESH_S and made_of[1] == self._made_of[1]):
            return self._table
        rows = []
        for seat in seats:
            number = seat.account
            account = hub.views.accounts[number]
            equity = hub.views.worth(number).equity_micros
            fall = self._falls.setdefault(number, _Fall())
            fall.follow(hub.views.equity(number), account.start_cash_micros)
            fall.add(equity)
            funded = account.start_cash_micros + account.deposits_micros - account.withdrawals_micros
            breaches = sum(notice.kind == EventKind.LIMIT_BREACHED for notice in account.notices)
            rows.append(
                Standing(
                    0,
                    number,
                    seat.name,
                    equity,
                    equity - funded,
                    fall.worst,
                    breaches,
                    len(account.fills),
                    len(hub.views.orders.open_of(number)),
                    account.state.name.lower(),
                )
            )
        rows.sort(key=lambda row: (-row.pnl_micros, row.account))
        self._table = _ranked(rows)
        self._made_of, self._made_s = made_of, now
        return self._table

    def then(self, at_ns: int) -> list[Standing]:
        """The same at a time that has passed, made at most once a second; what only teachers see is 0."""
        now = self._now()
        if now - self._then_made_s < _THEN_FRESH_S and self._then_of == len(self._hub.session.seats()):
            return self._then
        views, rows = self._hub.views, []
        for seat in self._hub.session.seats():
            equity, pnl = worth_then(views, seat.account, at_ns)
            fall = self._old_falls.get(seat.account)
            if fall is None or fall.upto_ns > at_ns:
                fall = self._old_falls[seat.account] = _Fall()
            fall.follow_to(views.equity(seat.account), views.accounts[seat.account].start_cash_micros, at_ns)
            rows.append(Standing(0, seat.account, seat.name, equity, pnl, fall.worst, 0, 0, 0, "active"))
        rows.sort(key=lambda row: (-row.pnl_micros, row.account))
        self._then, self._then_made_s, self._then_of = _ranked(rows), now, len(rows)
        return self._then


def shown_at(session: LiveSession, now_ns: int) -> int | None:
    """The time whose standings those see who do not run the session; None for now.

    From the close on nothing is late any more.
    """
    if not session.board_delay_ns or session.state in (SessionState.CLOSED, SessionState.DEBRIEF):
        return None
    return now_ns - session.board_delay_ns


def _ranked(rows: list[Standing]) -> list[Standing]:
    ranked: list[Standing] = []
    for place, row in enumerate(rows, start=1):
        same = ranked and ranked[-1].pnl_micros == row.pnl_micros
        rank = ranked[-1].rank if same else place
        ranked.append(
            Standing(
                rank,
                row.account,
                row.user,
                row.equity_micros,
                row.pnl_micros,
                row.drawdown,
                row.breaches,
                row.fills,
                row.open_orders,
                row.state,
            )
        )
    return ranked
