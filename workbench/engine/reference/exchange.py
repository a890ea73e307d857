"""The twin itself: one command after the other, each to the function that carries it out."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from workbench.domain.codes import CommandKind, EventKind, Reason, Side
from workbench.domain.config import Venue
from workbench.domain.records import COMMAND, EVENT, Records
from workbench.domain.times import MAX_TIME_NS
from workbench.domain.views import ExchangeState, state_digest
from workbench.engine.reference.account_fees import set_fee
from workbench.engine.reference.account_limits import set_limit
from workbench.engine.reference.busting import bust_trade
from workbench.engine.reference.cash import fine, transfer_cash
from workbench.engine.reference.changing import cancel_order, replace_order
from workbench.engine.reference.command import Command
from workbench.engine.reference.controlling import (
    clock,
    kill_switch,
    mass_cancel,
    reinstate_account,
    restrict_short_sales,
    schedule_phase,
    set_auction_collar,
    set_phase,
    set_price_band,
    suspend_account,
)
from workbench.engine.reference.crossing import cross_orders
from workbench.engine.reference.dividends import dividend
from workbench.engine.reference.emit import refuse
from workbench.engine.reference.entering import new_order
from workbench.engine.reference.executing import execute_order
from workbench.engine.reference.limits import look_at_limits
from workbench.engine.reference.monitoring import start_day
from workbench.engine.reference.naming import check_late
from workbench.engine.reference.session_state import announce, set_session_state
from workbench.engine.reference.settle import end_of_command
from workbench.engine.reference.splits import split
from workbench.engine.reference.state import TwinState
from workbench.engine.reference.timing import pass_time
from workbench.engine.reference.views import depth, whole_state
from workbench.errors import CommandError
from workbench.risk.reference import Refusal

Handler = Callable[[TwinState, Command], None]
"""Carries out one command, or refuses it."""

_HANDLERS: dict[int, Handler] = {
    CommandKind.NEW_ORDER: new_order,
    CommandKind.CANCEL_ORDER: cancel_order,
    CommandKind.REPLACE_ORDER: replace_order,
    CommandKind.MASS_CANCEL: mass_cancel,
    CommandKind.EXECUTE_ORDER: execute_order,
    CommandKind.SUSPEND_ACCOUNT: suspend_account,
    CommandKind.REINSTATE_ACCOUNT: reinstate_account,
    CommandKind.KILL_SWITCH: kill_switch,
    CommandKind.SET_PHASE: set_phase,
    CommandKind.SET_PRICE_BAND: set_price_band,
    CommandKind.CLOCK: clock,
    CommandKind.SCHEDULE_PHASE: schedule_phase,
    CommandKind.CROSS_ORDERS: cross_orders,
    CommandKind.RESTRICT_SHORT_SALES: restrict_short_sales,
    CommandKind.SET_AUCTION_COLLAR: set_auction_collar,
    CommandKind.TRANSFER_CASH: transfer_cash,
    CommandKind.FINE: fine,
    CommandKind.DIVIDEND: dividend,
    CommandKind.SPLIT: split,
    CommandKind.START_DAY: start_day,
    CommandKind.SET_LIMIT: set_limit,
    CommandKind.SET_FEE: set_fee,
    CommandKind.BUST_TRADE: bust_trade,
    CommandKind.SET_SESSION_STATE: set_session_state,
    CommandKind.ANNOUNCE: announce,
}
_NOT_FOR_BARE = (
    CommandKind.SUSPEND_ACCOUNT,
    CommandKind.REINSTATE_ACCOUNT,
    CommandKind.KILL_SWITCH,
    CommandKind.TRANSFER_CASH,
    CommandKind.FINE,
    CommandKind.DIVIDEND,
    CommandKind.SPLIT,
    CommandKind.START_DAY,
    CommandKind.SET_LIMIT,
    CommandKind.SET_FEE,
    CommandKind.BUST_TRADE,
)


class ReferenceExchange(TwinState):
    """One exchange: `step` turns commands into events.

    Parameters
    ----------
    venue
        Instruments, accounts and rules.

    Examples
    --------
    >>> from workbench.domain.codes import Side
    >>> from workbench.domain.commands import new_order
    >>> from workbench.domain.config import Instrument, Venue
    >>> exchange = ReferenceExchange(Venue([Instrument("AAPL", "1", "2")], bare=True))
    >>> events = exchange.step(new_order(0, 2, 0, Side.BUY, 100, 150))
    >>> [EventKind(kind).name for kind in events["kind"]]
    ['ORDER_CREATED', 'ORDER_RESTED', 'QUOTE']
    """

    def __init__(self, venue: Venue) -> None:
        super().__init__(venue)
        left_out = _NOT_FOR_BARE if venue.bare else ()
        self._handlers = {kind: handler for kind, handler in _HANDLERS.items() if kind not in left_out}

    def step(self, commands: Records) -> Records:
        """Carry out a one-dimensional `COMMAND` array and return the events as an `EVENT` array."""
        if commands.dtype != COMMAND or commands.ndim != 1:
            raise CommandError(
                what="expected a one-dimensional array of COMMAND records",
                where="commands",
                remedy="make them with workbench.domain.commands",
            )
        self.events = []
        for command in map(Command._make, commands.tolist()):
            self.command_count += 1
            self.late = not self.time_ns <= command.time_ns <= MAX_TIME_NS
            # Time passes with refused commands too, so that the times of events never fall.
            if not self.late:
                self.time_ns = command.time_ns
                pass_time(self)
                look_at_limits(self, command)
            handler = self._handlers.get(command.kind, _unknown_command)
            handler(self, command)
            end_of_command(self)
        events = np.array(self.events, dtype=EVENT)
        self.events = []
        return events

    def depth(self, instrument: int, side: Side, levels: int = 10, book: int = 0) -> Records:
        """Price levels of one side as `LEVEL_VIEW`, best first."""
        return depth(self, instrument, side, levels, book)

    def state(self) -> ExchangeState:
        """The whole state in canonical form."""
        return whole_state(self)

    def state_hash(self) -> str:
        """Digest of `state()`."""
        return state_digest(self.state())


def _unknown_command(twin: TwinState, command: Command) -> None:
    refusal = check_late(twin, command) or Refusal(Reason.UNKNOWN_COMMAND)
    refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
