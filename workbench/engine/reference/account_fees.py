"""SET_FEE: what accounts pay while the market runs."""

from __future__ import annotations

from workbench.domain.codes import EventKind, FeeKind, Reason
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.costs import PPM, RATES, FeeSchedule, fees_fit
from workbench.domain.units import LARGEST
from workbench.engine.reference.command import Command
from workbench.engine.reference.emit import emit, refuse
from workbench.engine.reference.naming import check_instrument, check_late, check_trader
from workbench.engine.reference.orders import reserve
from workbench.engine.reference.state import TwinState
from workbench.risk.reference import Refusal

_KINDS = tuple(FeeKind)


def set_fee(twin: TwinState, command: Command) -> None:
    """SET_FEE."""
    refusal = check_late(twin, command)
    if not refusal and command.account != ALL:
        refusal = check_trader(twin, command.account)
    refusal = refusal or check_instrument(twin, command.instrument, or_all=True)
    if not refusal and command.group_place not in _KINDS:
        refusal = Refusal(Reason.UNKNOWN_FEE, command.group_place)
    refusal = refusal or _check_value(command)
    if refusal:
        refuse(twin, EventKind.COMMAND_REJECTED, command, refusal)
        return
    kind, value = FeeKind(command.group_place), command.amount_micros
    everyone = range(FIRST_TRADER, len(twin.standings))
    accounts = everyone if command.account == ALL else [command.account]
    schedules = {
        (account, instrument): twin.ledger.terms_of(account, instrument).fees
        for account in accounts
        for instrument in twin.instruments(command.instrument)
    }
    for (_, instrument), fees in schedules.items():
        if not fees_fit(fees.changed(kind, value), twin.rules[instrument].max_order_lots):
            refuse(twin, EventKind.COMMAND_REJECTED, command, Refusal(Reason.INVALID_FEE, value))
            return
    for (account, instrument), fees in schedules.items():
        _set(twin, account, instrument, fees, kind, value)
    # What an open order may cost is reserved by the new schedule at once.
    for order in twin.open_in_order():
        if (order.account, order.instrument) in schedules:
            reserve(twin, order)


def _set(
    twin: TwinState, account: int, instrument: int, fees: FeeSchedule, kind: FeeKind, value: int
) -> None:
    twin.ledger.set_fees(account, instrument, fees.changed(kind, value))
    payload = (kind, value, fees.value(kind))
    emit(twin, EventKind.FEE_CHANGED, payload, account=account, instrument=instrument)


def _check_value(command: Command) -> Refusal | None:
    kind, value = FeeKind(command.group_place), command.amount_micros
    most = PPM if kind in RATES else LARGEST
    least = 0 if kind >= FeeKind.PER_ORDER else -most
    if value > most:
        return Refusal(Reason.INVALID_FEE, value, most)
    if value < least:
        return Refusal(Reason.INVALID_FEE, value, least)
    return None
