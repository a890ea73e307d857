"""SET_LIMIT: the limits of accounts while the market runs."""

from __future__ import annotations

from workbench.domain.codes import AccountFlag, EventKind, LimitKind, Reason
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.limits import MONEY_LIMITS, NS_PER_SECOND, Limits
from workbench.domain.units import LARGEST
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit, refuse
from workbench.engine.reference.marks import equity
from workbench.engine.reference.naming import check_late, check_trader
from workbench.engine.reference.state import TwinState
from workbench.risk.reference import Refusal

_KINDS = tuple(LimitKind)
_RATE = (LimitKind.ORDERS_PER_SECOND, LimitKind.ORDER_BURST)


def set_limit(twin: TwinState, command: Command) -> None:
    """SET_LIMIT."""
    refusal = check_late(twin, command)
    if not refusal and command.account != ALL:
        refusal = check_trader(twin, command.account)
    if not refusal and command.group_place not in _KINDS:
        refusal = Refusal(Reason.UNKNOWN_LIMIT, command.group_place)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    everyone = range(FIRST_TRADER, len(twin.standings))
    accounts = everyone if command.account == ALL else [command.account]
    kind = LimitKind(command.group_place)
    value = command.amount_micros if kind in MONEY_LIMITS else command.quantity_lots
    refusal = _check_value(kind, value)
    for account in accounts:
        refusal = refusal or _check_rate(twin.standings[account].limits, kind, value)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    for account in accounts:
        standing = twin.standings[account]
        before = standing.limits.value(kind)
        standing.set_limits(standing.limits.changed(kind, value))
        payload = (kind, value, before, _watch(twin, account))
        emit(twin, EventKind.LIMIT_CHANGED, payload, account=account, instrument=ALL)


def _check_value(kind: LimitKind, value: int) -> Refusal | None:
    most = NS_PER_SECOND if kind == LimitKind.ORDERS_PER_SECOND else LARGEST
    least = 1 if kind == LimitKind.ORDER_BURST else 0
    if value > most:
        return Refusal(Reason.INVALID_LIMIT, value, most)
    if value < least:
        return Refusal(Reason.INVALID_LIMIT, value, least)
    return None


def _check_rate(limits: Limits, kind: LimitKind, value: int) -> Refusal | None:
    """Rate and burst are set one by one, and must go together each time."""
    if kind not in _RATE:
        return None
    per_second = value if kind == LimitKind.ORDERS_PER_SECOND else limits.orders_per_second
    burst = value if kind == LimitKind.ORDER_BURST else limits.order_burst
    if not per_second:
        return None
    most = LARGEST // (NS_PER_SECOND // per_second)
    return Refusal(Reason.INVALID_LIMIT, burst, most) if burst > most else None


def _watch(twin: TwinState, account: int) -> int:
    """Begin or cease to watch an account, as its limits want; the equity that it begins with, or 0."""
    standing = twin.standings[account]
    limits = standing.limits
    wanted = bool(
        standing.flags & AccountFlag.MARGIN or limits.max_daily_loss_micros or limits.max_drawdown_micros
    )
    if wanted == standing.monitored:
        return 0
    standing.monitored = wanted
    # What was done before, by what fell due, is no loss of an account that nobody watched.
    twin.moved.discard(account)
    worth = equity(twin, account) if wanted else 0
    standing.peak_equity_micros = standing.day_start_equity_micros = worth
    return worth
