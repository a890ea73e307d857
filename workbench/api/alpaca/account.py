"""An account as Alpaca's clients read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from workbench.api.alpaca.amounts import integer_text, money_text
from workbench.api.alpaca.moments import moment_text
from workbench.api.alpaca.wall import wall_text
from workbench.domain.codes import AccountState

if TYPE_CHECKING:
    from workbench.api.alpaca.configuration import Configuration
    from workbench.api.alpaca.names import Names
    from workbench.domain.config import Account as AccountSettings
    from workbench.projections.live.account import LiveAccount
    from workbench.projections.live.equity import Worth

_ZERO = "0"


class TradeAccount(msgspec.Struct):
    """An account: money is decimal strings of the account currency."""

    id: str
    account_number: str
    status: str
    crypto_status: str
    currency: str
    cash: str
    equity: str
    last_equity: str
    portfolio_value: str
    position_market_value: str
    long_market_value: str
    short_market_value: str
    buying_power: str
    regt_buying_power: str
    daytrading_buying_power: str
    non_marginable_buying_power: str
    options_buying_power: str
    initial_margin: str
    maintenance_margin: str
    last_maintenance_margin: str
    sma: str
    multiplier: str
    accrued_fees: str
    pending_transfer_in: str
    pending_transfer_out: str
    pattern_day_trader: bool
    trading_blocked: bool
    transfers_blocked: bool
    account_blocked: bool
    trade_suspended_by_user: bool
    shorting_enabled: bool
    daytrade_count: int
    options_approved_level: int
    options_trading_level: int
    created_at: str
    balance_asof: str
    session_id: str
    sim_time: str
    wall_timestamp: str
    seq: int


def write_account(
    names: Names,
    account: LiveAccount,
    settings: AccountSettings,
    worth: Worth,
    available_micros: int,
    configuration: Configuration,
    *,
    seq: int,
    time_ns: int,
) -> TradeAccount:
    """An account as it is now.

    Parameters
    ----------
    names
        The session's names.
    account, settings, worth
        What the events say of it, what the scenario does, and what it is worth.
    available_micros
        What the exchange would let it spend on new orders.
    configuration
        What its owner set.
    seq, time_ns
        The last event that all of this knows, and its time.
    """
    session = names.session
    equity = money_text(worth.equity_micros)
    available = money_text(max(0, available_micros))
    market_value = worth.long_value_micros + worth.short_value_micros
    last_equity = account.day_equity_micros
    multiplier = _multiplier(names) if settings.margin else "1"
    return TradeAccount(
        id=names.account_id(account.number),
        account_number=f"{session.name}-{account.number}",
        status="ACTIVE",
        crypto_status="ACTIVE",
        currency=session.venue.instruments[0].currency,
        cash=money_text(worth.cash_micros),
        equity=equity,
        last_equity=money_text(last_equity),
        portfolio_value=equity,
        position_market_value=money_text(market_value),
        long_market_value=money_text(worth.long_value_micros),
        short_market_value=money_text(worth.short_value_micros),
        buying_power=available,
        regt_buying_power=available,
        daytrading_buying_power=available,
        non_marginable_buying_power=money_text(max(0, min(available_micros, worth.cash_micros))),
        options_buying_power=_ZERO,
        initial_margin=money_text(worth.initial_margin_micros),
        maintenance_margin=money_text(worth.maintenance_margin_micros),
        last_maintenance_margin=_ZERO,
        sma=_ZERO,
        multiplier=multiplier,
        accrued_fees=_ZERO,
        pending_transfer_in=_ZERO,
        pending_transfer_out=_ZERO,
        pattern_day_trader=False,
        trading_blocked=account.state == AccountState.SUSPENDED,
        transfers_blocked=True,
        account_blocked=False,
        trade_suspended_by_user=configuration.suspend_trade,
        shorting_enabled=settings.short_permitted and not configuration.no_shorting,
        daytrade_count=0,
        options_approved_level=0,
        options_trading_level=0,
        created_at=moment_text(session.open_ns),
        balance_asof=moment_text(session.open_ns)[:10],
        session_id=session.name,
        sim_time=moment_text(time_ns),
        wall_timestamp=wall_text(),
        seq=seq,
    )


def _multiplier(names: Names) -> str:
    """How many times its equity a margin account may hold, by the instrument that allows most."""
    least_ppm = min((each.margin.initial_long_ppm for each in names.session.venue.instruments), default=0)
    return integer_text(1_000_000 * 100 // least_ppm, 2) if least_ppm else "1"
