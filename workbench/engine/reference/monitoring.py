"""Accounts that are watched: daily loss, drawdown and margin calls."""

from __future__ import annotations

from workbench.domain.codes import AccountFlag, AccountState, EventKind, Reason
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit, refuse
from workbench.engine.reference.groups import cancel
from workbench.engine.reference.marks import equity, maintenance_margin
from workbench.engine.reference.naming import check_late, check_trader
from workbench.engine.reference.state import TwinState
from workbench.risk.reference import Refusal, Standing


def start_day(twin: TwinState, command: Command) -> None:
    """START_DAY."""
    refusal = check_late(twin, command)
    if not refusal and command.account != ALL:
        refusal = check_trader(twin, command.account)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    everyone = range(FIRST_TRADER, len(twin.standings))
    for account in everyone if command.account == ALL else [command.account]:
        standing = twin.standings[account]
        if standing.monitored:
            standing.day_start_equity_micros = equity(twin, account)
            payload = (0, 0, standing.day_start_equity_micros)
            emit(twin, EventKind.DAY_STARTED, payload, account=account, instrument=ALL)


def begin_anew(twin: TwinState, account: int) -> None:
    """A reinstated account has its losses behind it."""
    standing = twin.standings[account]
    if standing.monitored:
        standing.peak_equity_micros = standing.day_start_equity_micros = equity(twin, account)


def evaluate_all(twin: TwinState) -> None:
    """Look at every monitored account."""
    twin.moved = set(range(FIRST_TRADER, len(twin.standings)))
    evaluate_moved(twin)


def evaluate_moved(twin: TwinState) -> None:
    """Look at the monitored accounts that have moved since they were last looked at."""
    moved = sorted(twin.moved)
    twin.moved.clear()
    for account in moved:
        if twin.standings[account].monitored:
            _evaluate(twin, account)


def _evaluate(twin: TwinState, account: int) -> None:
    standing, worth = twin.standings[account], equity(twin, account)
    standing.peak_equity_micros = max(standing.peak_equity_micros, worth)
    if standing.state == AccountState.ACTIVE:
        refusal = _lost_too_much(standing, worth)
        if refusal:
            standing.state = AccountState.SUSPENDED
            payload = (refusal.value, refusal.limit, worth)
            kind, reason = EventKind.ACCOUNT_SUSPENDED, refusal.reason
            emit(twin, kind, payload, reason=reason, account=account, instrument=ALL)
            cancel_all(twin, account, reason)
    if standing.flags & AccountFlag.MARGIN:
        _check_margin(twin, account, worth)


def _lost_too_much(standing: Standing, equity_micros: int) -> Refusal | None:
    for reason, limit, start in (
        (Reason.DAILY_LOSS, standing.limits.max_daily_loss_micros, standing.day_start_equity_micros),
        (Reason.DRAWDOWN, standing.limits.max_drawdown_micros, standing.peak_equity_micros),
    ):
        if limit and start - equity_micros > limit:
            return Refusal(reason, start - equity_micros, limit)
    return None


def _check_margin(twin: TwinState, account: int, equity_micros: int) -> None:
    """Open a margin call, or close it when it is met."""
    standing, needed = twin.standings[account], maintenance_margin(twin, account)
    if (equity_micros < needed) == standing.margin_call:
        return
    standing.margin_call = equity_micros < needed
    standing.call_deadline_ns = twin.time_ns + standing.grace_ns if standing.margin_call else 0
    kind = EventKind.MARGIN_CALL if standing.margin_call else EventKind.MARGIN_CALL_MET
    payload = (0, 0, equity_micros, needed, standing.call_deadline_ns)
    emit(twin, kind, payload, account=account, instrument=ALL)


def cancel_all(twin: TwinState, account: int, reason: Reason) -> None:
    """Cancel an account's open orders."""
    for order in twin.open_in_order():
        if order.account == account:
            cancel(twin, order, reason)
