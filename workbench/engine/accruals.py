"""What time costs: borrowing what was sold short, and interest."""

from __future__ import annotations

from workbench.domain.codes import HOUSE_ACCOUNT
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import REASON_BORROW_COST, REASON_INTEREST
from workbench.engine.cash import change_cash
from workbench.engine.orders import position_number
from workbench.jit import leaf
from workbench.ledger.cash import part_each
from workbench.ledger.marks import mark, position_value

HOUSE = HOUSE_ACCOUNT
TRADERS = FIRST_TRADER
NOWHERE = ALL
_PPM = 1_000_000


@leaf
def accrue(memory: Memory, events: EventBuffer) -> None:
    """Charge every interval that has ended since the last CLOCK."""
    world = memory.world[0]
    interval = world["accrual_interval_ns"]
    boundary = world["time_ns"] // interval * interval
    before = world["accrued_to_ns"]
    began = world["accruing"] != 0
    world["accruing"] = 1
    world["accrued_to_ns"] = boundary
    if began and boundary > before:
        periods = (boundary - before) // interval
        for account in range(TRADERS, world["accounts"]):
            charge_shorts(memory, events, account, periods)
            charge_interest(memory, events, account, periods)


@leaf
def charge_shorts(memory: Memory, events: EventBuffer, account: int, periods: int) -> None:
    """Borrow costs of an account's short positions."""
    world = memory.world[0]
    year = world["accruals_a_year"]
    for number in range(world["instruments"]):
        position = memory.positions[position_number(memory, account, number)]
        lots = position["position_lots"]
        if lots >= 0:
            continue
        instrument = memory.instruments[number]
        rate = instrument["borrow_ppm_year"]
        amount = periods * part_each(-position_value(instrument, position), rate, year)
        memory.accounts[HOUSE]["cash_micros"] += amount
        price = mark(instrument)
        change_cash(memory, events, account, number, REASON_BORROW_COST, -amount, lots, price, rate, periods)


@leaf
def charge_interest(memory: Memory, events: EventBuffer, account: int, periods: int) -> None:
    """Interest on an account's cash, whichever sign it has."""
    world = memory.world[0]
    year = world["accruals_a_year"]
    cash = memory.accounts[account]["cash_micros"]
    if cash < 0:
        rate = world["debit_interest_ppm"]
        amount = -periods * part_each(-cash, rate, year)
    else:
        rate = world["credit_interest_ppm"]
        whole = cash // _PPM
        amount = periods * ((whole * rate + (cash - whole * _PPM) * rate // _PPM) // year)
    memory.accounts[HOUSE]["cash_micros"] -= amount
    change_cash(memory, events, account, NOWHERE, REASON_INTEREST, amount, 0, 0, rate, periods)
