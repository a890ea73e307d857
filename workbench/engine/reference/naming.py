"""Whom and what a command names, and the checks that every command shares."""

from __future__ import annotations

from workbench.domain.codes import HOUSE_ACCOUNT, AccountState, Phase, Reason
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.times import MAX_TIME_NS
from workbench.engine.reference.command import Command
from workbench.engine.reference.state import TwinState, client_key
from workbench.matching.reference import Order
from workbench.risk.reference import Refusal


def named_order(twin: TwinState, command: Command) -> Order | None:
    """The open order that a cancel, replace or execution names."""
    if command.order_id:
        return twin.open_orders.get(command.order_id)
    if command.client_order_id:
        key = client_key(command.account, command.instrument, command.client_order_id)
        return twin.client_ids.get(key)
    return None


def check_late(twin: TwinState, command: Command) -> Refusal | None:
    """Time runs forward."""
    return Refusal(Reason.TIME_BACKWARDS, command.time_ns, twin.time_ns) if twin.late else None


def check_account(twin: TwinState, account: int) -> Refusal | None:
    """The street, a trader, or in a bare venue any number."""
    if account < 0 or (not twin.venue.bare and (account == HOUSE_ACCOUNT or account >= len(twin.standings))):
        return Refusal(Reason.UNKNOWN_ACCOUNT, account, len(twin.standings))
    return None


def check_trader(twin: TwinState, account: int) -> Refusal | None:
    """A trader."""
    if FIRST_TRADER <= account < len(twin.standings):
        return None
    return Refusal(Reason.UNKNOWN_ACCOUNT, account, len(twin.standings))


def check_instrument(twin: TwinState, instrument: int, *, or_all: bool = False) -> Refusal | None:
    """One of the venue's, or all of them where a command may mean them."""
    if 0 <= instrument < len(twin.rules) or (or_all and instrument == ALL):
        return None
    return Refusal(Reason.UNKNOWN_INSTRUMENT, instrument, len(twin.rules))


def check_open_for(twin: TwinState, account: int, instrument: int, *, historical: bool) -> Refusal | None:
    """Whether the account may trade and the instrument is traded at present."""
    trader = twin.trader(account)
    if trader and trader.state == AccountState.SUSPENDED:
        return Refusal(Reason.ACCOUNT_SUSPENDED)
    if twin.rules[instrument].phase == Phase.CLOSED:
        return Refusal(Reason.MARKET_CLOSED)
    if twin.rules[instrument].phase == Phase.HALTED and not historical:
        return Refusal(Reason.INSTRUMENT_HALTED)
    return None


def check_expire_time(twin: TwinState, time_ns: int) -> Refusal | None:
    """A time that something will happen at is later than now."""
    if twin.time_ns < time_ns <= MAX_TIME_NS:
        return None
    return Refusal(Reason.INVALID_EXPIRE_TIME, time_ns, twin.time_ns)


def check_client_id(twin: TwinState, account: int, instrument: int, client_order_id: int) -> Refusal | None:
    """An open order's client order id is not used again."""
    if client_order_id:
        other = twin.client_ids.get(client_key(account, instrument, client_order_id))
        if other:
            return Refusal(Reason.DUPLICATE_CLIENT_ORDER_ID, client_order_id, other.order_id)
    return None
