"""Mass cancel, suspension, kill switch, phases, bands, short sale restrictions, collars and the clock."""

from __future__ import annotations

from workbench.domain.codes import AccountState, EventKind, Phase, Reason
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.instruments import MAX_LADDER_TICKS
from workbench.engine.reference.accruals import accrue
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit, emit_market, refuse
from workbench.engine.reference.groups import cancel
from workbench.engine.reference.liquidation import liquidate_all
from workbench.engine.reference.marks import sample_all
from workbench.engine.reference.monitoring import begin_anew, evaluate_all
from workbench.engine.reference.naming import (
    check_account,
    check_expire_time,
    check_instrument,
    check_late,
    check_trader,
)
from workbench.engine.reference.phases import change_phase, expire_day_orders
from workbench.engine.reference.state import TwinState
from workbench.risk.reference import Refusal

_PHASES = tuple(Phase)


def mass_cancel(twin: TwinState, command: Command) -> None:
    """MASS_CANCEL."""
    refusal = (
        check_late(twin, command)
        or check_account(twin, command.account)
        or check_instrument(twin, command.instrument, or_all=True)
    )
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    instruments = twin.instruments(command.instrument)
    for order in twin.open_in_order():
        if order.account == command.account and order.instrument in instruments:
            cancel(twin, order, Reason.MASS_CANCEL)


def suspend_account(twin: TwinState, command: Command) -> None:
    """SUSPEND_ACCOUNT."""
    _set_account_state(twin, command, AccountState.SUSPENDED)


def reinstate_account(twin: TwinState, command: Command) -> None:
    """REINSTATE_ACCOUNT."""
    _set_account_state(twin, command, AccountState.ACTIVE)


def _set_account_state(twin: TwinState, command: Command, state: AccountState) -> None:
    refusal = check_late(twin, command) or check_trader(twin, command.account)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    _put_account_state(twin, command.account, state)


def _put_account_state(twin: TwinState, account: int, state: AccountState) -> None:
    suspended = state == AccountState.SUSPENDED
    kind = EventKind.ACCOUNT_SUSPENDED if suspended else EventKind.ACCOUNT_REINSTATED
    twin.standings[account].state = state
    if not suspended:
        begin_anew(twin, account)
    emit(twin, kind, account=account, instrument=ALL)


def kill_switch(twin: TwinState, command: Command) -> None:
    """KILL_SWITCH."""
    refusal = check_late(twin, command)
    if not refusal and command.account != ALL:
        refusal = check_trader(twin, command.account)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    everyone = range(FIRST_TRADER, len(twin.standings))
    accounts = everyone if command.account == ALL else [command.account]
    for account in accounts:
        _put_account_state(twin, account, AccountState.SUSPENDED)
    for order in twin.open_in_order():
        if order.account in accounts:
            cancel(twin, order, Reason.KILL_SWITCH)


def set_phase(twin: TwinState, command: Command) -> None:
    """SET_PHASE."""
    refusal = _check_phase(twin, command)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    phase = Phase(command.flags)
    instruments = twin.instruments(command.instrument)
    for instrument in instruments:
        twin.calendars[instrument].schedule = None
    changed = [each for each in instruments if change_phase(twin, each, phase, Reason.NONE)]
    if phase == Phase.CLOSED:
        expire_day_orders(twin, changed)


def schedule_phase(twin: TwinState, command: Command) -> None:
    """SCHEDULE_PHASE."""
    refusal = _check_phase(twin, command)
    if not refusal and command.expire_time_ns:
        refusal = check_expire_time(twin, command.expire_time_ns)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    schedule = (command.expire_time_ns, Phase(command.flags)) if command.expire_time_ns else None
    for instrument in twin.instruments(command.instrument):
        twin.calendars[instrument].schedule = schedule
        emit_market(twin, EventKind.PHASE_SCHEDULED, instrument)


def _check_phase(twin: TwinState, command: Command) -> Refusal | None:
    refusal = check_late(twin, command) or check_instrument(twin, command.instrument, or_all=True)
    if not refusal and command.flags not in _PHASES:
        refusal = Refusal(Reason.INVALID_FLAGS)
    return refusal


def set_price_band(twin: TwinState, command: Command) -> None:
    """SET_PRICE_BAND."""
    low, high = command.price_ticks, command.trigger_price_ticks
    refusal = check_late(twin, command) or check_instrument(twin, command.instrument)
    if not refusal and not 1 <= low <= high:
        refusal = Refusal(Reason.INVALID_PRICE)
    if not refusal:
        rules = twin.rules[command.instrument]
        window_low = min(low, rules.window_low_ticks)
        window_high = max(high, rules.window_high_ticks)
        width = window_high - window_low + 1
        if high > rules.price_cap_ticks:
            refusal = Refusal(Reason.PRICE_OUT_OF_BAND, high, rules.price_cap_ticks)
        elif width > MAX_LADDER_TICKS:
            refusal = Refusal(Reason.PRICE_OUT_OF_BAND, width, MAX_LADDER_TICKS)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    rules.band_low_ticks, rules.band_high_ticks = low, high
    rules.window_low_ticks, rules.window_high_ticks = window_low, window_high
    emit_market(twin, EventKind.PRICE_BAND_CHANGED, command.instrument)


def restrict_short_sales(twin: TwinState, command: Command) -> None:
    """RESTRICT_SHORT_SALES."""
    refusal = check_late(twin, command) or check_instrument(twin, command.instrument, or_all=True)
    if not refusal and command.flags not in (0, 1):
        refusal = Refusal(Reason.INVALID_FLAGS)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    restricted = bool(command.flags)
    for instrument in twin.instruments(command.instrument):
        if twin.rules[instrument].short_sales_restricted != restricted:
            twin.rules[instrument].short_sales_restricted = restricted
            emit_market(twin, EventKind.SHORT_SALE_RESTRICTION_CHANGED, instrument)


def set_auction_collar(twin: TwinState, command: Command) -> None:
    """SET_AUCTION_COLLAR."""
    low, high = command.price_ticks, command.trigger_price_ticks
    refusal = check_late(twin, command) or check_instrument(twin, command.instrument)
    if not refusal and (low or high) and not 1 <= low <= high:
        refusal = Refusal(Reason.INVALID_PRICE)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    twin.calendars[command.instrument].collar = (low, high) if low else None
    # What an auction in progress would do may be another thing now.
    twin.touched.add(command.instrument)
    emit_market(twin, EventKind.AUCTION_COLLAR_CHANGED, command.instrument)


def clock(twin: TwinState, command: Command) -> None:
    """CLOCK: what has fallen due is done already; what depends on the time that has passed happens now."""
    refusal = check_late(twin, command)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
    elif not twin.venue.bare:
        accrue(twin)
        sample_all(twin)
        evaluate_all(twin)
        liquidate_all(twin)
