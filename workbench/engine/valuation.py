"""What accounts and positions are worth now, at the marks of their instruments: for people to read."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.memory import Memory
from workbench.domain.records import ACCOUNT_VALUE, POSITION_VALUE, Records
from workbench.engine.accounts import equity, free_cash, margins, unrealised
from workbench.engine.step import MEMORY_TYPE
from workbench.jit import array_of, by_reference, entry
from workbench.ledger.marks import mark, position_value


@entry(MEMORY_TYPE, array_of(ACCOUNT_VALUE))
def _value_accounts(arrays: Memory, out: Any) -> None:
    memory = by_reference(arrays)
    for account in range(out.size):
        view = out[account]
        view["account"] = account
        view["equity_micros"] = equity(memory, account)
        view["available_micros"] = free_cash(memory, account)
        view["initial_margin_micros"] = margins(memory, account, True)
        view["maintenance_margin_micros"] = margins(memory, account, False)


@entry(MEMORY_TYPE, array_of(POSITION_VALUE))
def _value_positions(arrays: Memory, out: Any) -> int:
    memory = by_reference(arrays)
    instruments = memory.world[0]["instruments"]
    count = 0
    for number in range(memory.positions.size):
        position = memory.positions[number]
        if position["position_lots"] == 0:
            continue
        if count < out.size:
            instrument = memory.instruments[number % instruments]
            view = out[count]
            view["account"] = number // instruments
            view["instrument"] = number % instruments
            view["position_lots"] = position["position_lots"]
            view["mark_ticks"] = mark(instrument)
            view["value_micros"] = position_value(instrument, position)
            view["unrealised_micros"] = unrealised(instrument, position)
        count += 1
    return count


def account_values(memory: Memory) -> Records:
    """`ACCOUNT_VALUE` of each account, by number; empty for a bare venue."""
    out = np.zeros(len(memory.accounts), dtype=ACCOUNT_VALUE)
    _value_accounts(memory, out)
    return out


def position_values(memory: Memory) -> Records:
    """`POSITION_VALUE` of each position that is not flat, by account and instrument."""
    out = np.zeros(int(_value_positions(memory, np.zeros(0, dtype=POSITION_VALUE))), dtype=POSITION_VALUE)
    _value_positions(memory, out)
    return out
