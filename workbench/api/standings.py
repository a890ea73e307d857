"""The leaderboard of a session: what everybody is worth, and how far they fell on the way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING

from workbench.domain.codes import EventKind
from workbench.projections.live.equity import EquitySample

if TYPE_CHECKING:
    from workbench.api.hub import Hub

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

    def follow(self, samples: Sequence[EquitySample], start_micros: int) -> None:
        """Take in the samples since the last time."""
        if not self.seen:
            self.peak_micros = start_micros
        for sample in samples[self.seen :]:
            self.add(sample.equity_micros)
        self.seen = len(samples)

    def add(self, equity_micros: int) -> None:
        """One more value of the curve."""
        if equity_micros >= self.peak_micros:
            self.peak_micros = equity_micros
        elif self.peak_micros > 0:
            self.worst = min(self.worst, equity_micros / self.peak_micros - 1)


class Standings:
    """The leaderboard of one hub, made anew at most a few times a second."""

    def __init__(self, hub: Hub, now: Callable[[], float] = monotonic) -> None:
        self._hub = hub
        self._now = now
        self._falls: dict[int, _Fall] = {}
        self._made_s = float("-inf")
        self._made_of = (-1, -1)
        self._table: list[Standing] = []

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
