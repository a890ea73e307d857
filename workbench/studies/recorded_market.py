"""A recorded session as a market for a strategy: everybody's commands, and one account more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from workbench.domain.codes import CommandKind, FeeKind
from workbench.domain.config import FIRST_TRADER, Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.records import COMMAND, Records
from workbench.domain.times import MAX_TIME_NS
from workbench.domain.units import Number
from workbench.engine.exchange import Exchange
from workbench.errors import ConfigError
from workbench.session.altered import Altered, Ints, altered
from workbench.session.changes import changes_of
from workbench.session.lineage import Lineage
from workbench.session.renaming import LARGEST_BATCH, Renamer
from workbench.session.retrading import Trades
from workbench.session.stored import StoredSession

ACCOUNT = "strategy"
"""Name of the strategy's account; where somebody is called so, with a number after it."""

KIND = "session"


@dataclass(frozen=True)
class RecordedMarket:
    """A session's commands, for runs with a strategy among them.

    Nobody reacts to it: people, agents and history send what they sent. Their commands name the orders that
    they named, whatever numbers these have beside the strategy's.

    Attributes
    ----------
    commands
        `COMMAND` records with times that never fall; those that were refused for their time are left out.
    seqs
        For each the sequence number that it has in the recording; 0 for one that only lets time pass.
    venue
        Instruments, accounts and rules of the recording.
    number
        Which instrument the strategy trades.
    source
        The session's name, and who was left out.
    zone
        IANA time zone of its days.
    orders, trades
        Whose ids the commands name, in the recording.
    """

    commands: Records
    seqs: Ints
    venue: Venue
    number: int
    source: str
    zone: str
    orders: Lineage
    trades: Trades

    kind = KIND

    @property
    def instrument(self) -> Instrument:
        """What the strategy trades."""
        return self.venue.instruments[self.number]

    @property
    def mode(self) -> str:
        """The fill mode, which the session has."""
        return self.venue.replay_mode.name.lower()

    @cached_property
    def account(self) -> int:
        """Number of the strategy's account."""
        return FIRST_TRADER + len(self.venue.accounts)

    def first(self, count: int) -> RecordedMarket:
        """The same without what comes after the first `count` commands."""
        return replace(self, commands=self.commands[:count], seqs=self.seqs[:count])

    def exchange(self, cash: Number, fees: FeeSchedule | None) -> Exchange:
        """A fresh exchange with the strategy's account in it.

        Parameters
        ----------
        cash
            It starts with so much.
        fees
            Its fees; None: those of the session.
        """
        names = {account.name for account in self.venue.accounts}
        name = next(
            name for i in range(len(names) + 1) if (name := ACCOUNT + (f"-{i + 1}" if i else "")) not in names
        )
        exchange = Exchange(replace(self.venue, accounts=(*self.venue.accounts, Account(name, cash))))
        if fees is not None:
            exchange.step(self._set_fees(fees))
        return exchange

    def _set_fees(self, fees: FeeSchedule) -> Records:
        made = np.zeros(len(FeeKind), dtype=COMMAND)
        made["time_ns"] = self.venue.start_time_ns
        made["kind"] = CommandKind.SET_FEE
        made["account"], made["instrument"] = self.account, self.number
        made["group_place"] = [int(kind) for kind in FeeKind]
        made["amount_micros"] = [fees.value(kind) for kind in FeeKind]
        return made

    def renamer(self) -> Renamer:
        """What gives the commands the ids that their orders have in a run."""
        return Renamer(Altered(self.commands, self.seqs, 0, 0), self.orders, self.trades)


def read_recorded(stored: StoredSession, symbol: str = "", without: Any = ()) -> RecordedMarket:
    """A session's market.

    Parameters
    ----------
    stored
        The session.
    symbol
        What the strategy trades; needed where the session has several instruments.
    without
        Accounts whose orders are left out.

    Raises
    ------
    ConfigError
        For an instrument or account that the session does not have, or a session with a split in it.
    """
    venue, commands = stored.venue, stored.commands()
    symbols = [instrument.symbol for instrument in venue.instruments]
    if not symbol and len(symbols) > 1:
        raise ConfigError(
            f"it has {len(symbols)} instruments",
            f"session {stored.name!r}",
            f"give symbol=, one of {', '.join(symbols)}",
        )
    number = venue.instrument_number(symbol or symbols[0])
    split = (commands["kind"] == CommandKind.SPLIT) & (commands["instrument"] == number)
    if split.any():
        raise ConfigError(
            f"{symbols[number]} was split in it, which strategies are not told of",
            f"session {stored.name!r}",
            "choose another session, or end before the split",
        )
    orders, trades = Lineage(), Trades()
    exchange = Exchange(venue)
    busts = bool((commands["kind"] == CommandKind.BUST_TRADE).any())
    for start in range(0, len(commands), LARGEST_BATCH):
        events = exchange.step(commands[start : start + LARGEST_BATCH])
        orders.take(events)
        if busts:
            trades.take(events, orders.entered_by)
    left_out = changes_of(venue, without=without).without
    start_ns = int(venue.start_time_ns)
    given = altered(commands, without=left_out, latency_ns=0, latency_of=frozenset(), start_ns=start_ns)
    made = given.commands
    # What was refused for its time did nothing, and would come in time beside a strategy's own commands.
    reached = np.maximum.accumulate(np.where(made["time_ns"] > MAX_TIME_NS, start_ns, made["time_ns"]))
    good = (made["time_ns"] == np.maximum(reached, start_ns)) & (made["time_ns"] <= MAX_TIME_NS)
    names = [venue.accounts[each - FIRST_TRADER].name for each in sorted(left_out)]
    source = stored.name + (f" without {', '.join(names)}" if names else "")
    return RecordedMarket(made[good], given.seqs[good], venue, number, source, stored.zone, orders, trades)
