"""What accounts are worth, now and through the session."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from workbench.domain.costs import PPM
from workbench.projections.live.account import LiveAccount
from workbench.projections.live.bars import MINUTE_NS
from workbench.projections.live.market import LiveMarket
from workbench.projections.live.pages import Pages


class EquitySample(NamedTuple):
    """What an account was worth at a time."""

    time_ns: int
    equity_micros: int
    cash_micros: int


class Worth(NamedTuple):
    """What an account is worth at the marks, as the exchange values it.

    The mark of an instrument is its setting `mark`: the last price, the middle of the quote or the close
    price, then its reference price; a position without a mark is worth what it cost. Longs are positive,
    shorts negative; equity is cash and both of them. The margins are what its positions would need, whether
    it is a margin account or not.
    """

    cash_micros: int
    long_value_micros: int
    short_value_micros: int
    equity_micros: int
    cost_micros: int
    unrealised_micros: int
    realised_average_micros: int
    realised_fifo_micros: int
    initial_margin_micros: int
    maintenance_margin_micros: int


class EquityCurves:
    """Samples of every account's equity.

    One is taken after each command that changed the account's cash or a position, and one of every account at
    the first full minute after anything moved; one that would only repeat the account's last is left out.
    The sample of a command is taken when the next command's event comes, and that of a minute when the
    minute is over, so that both are of a state that anybody could have seen.
    """

    def __init__(self, accounts: dict[int, LiveAccount], markets: list[LiveMarket]) -> None:
        self._accounts = accounts
        self._markets = markets
        self._samples = {number: Pages(EquitySample) for number in accounts}
        self._touched: dict[int, None] = {}
        self._moved = False
        self._time_ns = 0

    def of(self, account: int) -> Sequence[EquitySample]:
        """Samples of an account in order; they are the curves' own."""
        return self._samples.get(account, ())

    def equity_micros(self, account: LiveAccount) -> int:
        """Cash and positions at their marks."""
        markets = self._markets
        return account.cash_micros + sum(
            markets[number].position_value_micros(position.position_lots, position.cost_micros)
            for number, position in account.positions.items()
        )

    def note_touched(self, account: int) -> None:
        """Cash or a position of an account has changed."""
        self._touched[account] = None
        self._moved = True

    def note_moved(self) -> None:
        """A mark may have changed."""
        self._moved = True

    def begin_command(self, time_ns: int) -> None:
        """A command's first event is next: what came before is complete."""
        if self._touched:
            self._take(self._touched, self._time_ns)
            self._touched.clear()
        self.pass_time(time_ns)

    def pass_time(self, time_ns: int) -> None:
        """Take the samples of the first minute that has passed since the last event."""
        if self._moved:
            minute = -(-self._time_ns // MINUTE_NS) * MINUTE_NS
            if time_ns > minute:
                self._moved = False
                self._take(self._accounts, minute)

    def end_event(self, time_ns: int) -> None:
        """An event of this time has been taken in."""
        self._time_ns = time_ns

    def _take(self, accounts: Iterable[int], time_ns: int) -> None:
        for number in accounts:
            account = self._accounts[number]
            samples = self._samples[number]
            equity = self.equity_micros(account)
            if samples:
                last = samples[-1]
                if last.equity_micros == equity and last.cash_micros == account.cash_micros:
                    continue
            samples.append(EquitySample(time_ns, equity, account.cash_micros))


def worth_of(account: LiveAccount, markets: list[LiveMarket]) -> Worth:
    """What an account is worth now."""
    longs = shorts = cost = average = fifo = initial = maintenance = 0
    for number, position in account.positions.items():
        lots = position.position_lots
        average += position.realised_average_micros
        fifo += position.realised_fifo_micros
        cost += position.cost_micros
        value = markets[number].position_value_micros(lots, position.cost_micros)
        rates = markets[number].instrument.margin
        if lots > 0:
            longs += value
            ppm = rates.initial_long_ppm, rates.maintenance_long_ppm
        else:
            shorts += value
            ppm = rates.initial_short_ppm, rates.maintenance_short_ppm
        initial += -(-abs(value) * ppm[0] // PPM)
        maintenance += -(-abs(value) * ppm[1] // PPM)
    value = longs + shorts
    return Worth(
        account.cash_micros,
        longs,
        shorts,
        account.cash_micros + value,
        cost,
        value - cost,
        average,
        fifo,
        initial,
        maintenance,
    )
