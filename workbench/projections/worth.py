"""What each event does to what accounts are worth, and when that is written down."""

from __future__ import annotations

from typing import Any

import numba
import numpy as np

from workbench.domain.codes import HOUSE_ACCOUNT
from workbench.domain.config import FIRST_TRADER
from workbench.domain.memory import EventBuffer
from workbench.domain.numbers import (
    EVENT_CASH_CHANGED,
    EVENT_POSITION_CHANGED,
    REASON_CASH_IN_LIEU,
    REASON_DEPOSIT,
    REASON_DIVIDEND,
    REASON_WITHDRAWAL,
)
from workbench.jit import array_of, entry, int64, leaf
from workbench.ledger.marks import value_at
from workbench.projections.base import EVENTS_TYPE
from workbench.projections.marks import MARK, follow_mark

HELD_VALUE = np.dtype(
    [
        ("position_lots", "i8"),
        ("cost_micros", "i8"),
        ("realised_average_micros", "i8"),
        ("realised_fifo_micros", "i8"),
        ("fees_micros", "i8"),
    ]
)
"""A position, as its last event left it."""

PURSE = np.dtype(
    [
        ("cash_micros", "i8"),
        ("cost_micros", "i8"),
        ("realised_average_micros", "i8"),
        ("realised_fifo_micros", "i8"),
        ("fees_micros", "i8"),
        ("deposits_micros", "i8"),
        ("withdrawals_micros", "i8"),
        ("other_cash_micros", "i8"),
        ("start_cash_micros", "i8"),
        ("peak_equity_micros", "i8"),
        ("max_drawdown_micros", "i8"),
        ("max_drawdown_ns", "i8"),
        ("touched", "i8"),
        ("written", "i8"),
        ("written_equity_micros", "i8"),
        ("written_cash_micros", "i8"),
        ("written_realised_micros", "i8"),
    ]
)
"""An account's money.

`other_cash_micros` are dividends, interest, borrow costs and fines; cash in lieu of a fraction of a lot is
realised PnL. `touched` until the command that changed it is over; `written` are numbers of its last row.
"""

EQUITY_ROW = np.dtype(
    [
        ("time_ns", "i8"),
        ("seq", "i8"),
        ("account", "i4"),
        ("on_grid", "u1"),
        ("unused", "u1"),
        ("unused_2", "u2"),
        ("cash_micros", "i8"),
        ("position_value_micros", "i8"),
        ("equity_micros", "i8"),
        ("realised_average_micros", "i8"),
        ("realised_fifo_micros", "i8"),
        ("unrealised_micros", "i8"),
        ("fees_micros", "i8"),
        ("deposits_micros", "i8"),
        ("withdrawals_micros", "i8"),
        ("other_cash_micros", "i8"),
        ("peak_equity_micros", "i8"),
        ("drawdown_micros", "i8"),
    ]
)
"""What an account was worth after event `seq`.

equity = cash + position value
= starting cash + deposits - withdrawals + realised average + unrealised - fees + other cash.
"""

EQUITY_ROOM = np.dtype(
    [
        ("rows", "i8"),
        ("command_seq", "i8"),
        ("time_ns", "i8"),
        ("seq", "i8"),
        ("touched", "i8"),
        ("moved", "i8"),
        ("interval_ns", "i8"),
    ]
)
"""Rows in use, the last event, how many accounts its command touched, and whether anything moved since the
last grid row.
"""

HOUSE = HOUSE_ACCOUNT
TRADERS = FIRST_TRADER


@leaf
def value_held(held: Any, marks: Any, account: int) -> int:
    """Value of all positions of an account at the marks; what they cost where there is no mark."""
    total = int64(0)
    first = account * marks.size
    for number in range(marks.size):
        position = held[first + number]
        lots = position["position_lots"]
        if lots != 0:
            mark = marks[number]
            price = mark["mark_ticks"]
            total += position["cost_micros"] if price == 0 else value_at(mark, price, lots)
    return total


@leaf
def write_worth(purse: Any, row: Any, account: int, value_micros: int) -> None:
    """A row of an account, with the peak that this makes."""
    equity = purse["cash_micros"] + value_micros
    peak = max(purse["peak_equity_micros"], equity)
    row["account"] = account
    row["on_grid"] = 0
    row["cash_micros"] = purse["cash_micros"]
    row["position_value_micros"] = value_micros
    row["equity_micros"] = equity
    row["realised_average_micros"] = purse["realised_average_micros"]
    row["realised_fifo_micros"] = purse["realised_fifo_micros"]
    row["unrealised_micros"] = value_micros - purse["cost_micros"]
    row["fees_micros"] = purse["fees_micros"]
    row["deposits_micros"] = purse["deposits_micros"]
    row["withdrawals_micros"] = purse["withdrawals_micros"]
    row["other_cash_micros"] = purse["other_cash_micros"]
    row["peak_equity_micros"] = peak
    row["drawdown_micros"] = equity - peak


@leaf
def write_down(
    purses: Any, held: Any, marks: Any, rows: Any, room: Any, account: int, time_ns: int, on_grid: int
) -> None:
    """A row of an account, unless nothing has changed since its last one."""
    purse = purses[account]
    value = value_held(held, marks, account)
    equity = purse["cash_micros"] + value
    if (
        purse["written"] != 0
        and purse["written_equity_micros"] == equity
        and purse["written_cash_micros"] == purse["cash_micros"]
        and purse["written_realised_micros"] == purse["realised_average_micros"]
    ):
        return
    row = rows[room["rows"]]
    room["rows"] += 1
    write_worth(purse, row, account, value)
    row["time_ns"] = time_ns
    row["seq"] = room["seq"]
    row["on_grid"] = on_grid
    purse["written"] = 1
    purse["written_equity_micros"] = equity
    purse["written_cash_micros"] = purse["cash_micros"]
    purse["written_realised_micros"] = purse["realised_average_micros"]
    purse["peak_equity_micros"] = row["peak_equity_micros"]
    if row["drawdown_micros"] < purse["max_drawdown_micros"]:
        purse["max_drawdown_micros"] = row["drawdown_micros"]
        purse["max_drawdown_ns"] = time_ns


@leaf
def end_command(purses: Any, held: Any, marks: Any, rows: Any, room: Any, touched: Any) -> None:
    """Rows of the accounts that the command touched, in the order in which it did."""
    for place in range(room["touched"]):
        account = touched[place]
        purses[account]["touched"] = 0
        write_down(purses, held, marks, rows, room, account, room["time_ns"], 0)
    room["touched"] = 0


@leaf
def pass_time(purses: Any, held: Any, marks: Any, rows: Any, room: Any, time_ns: int) -> None:
    """Rows of the first grid time that has passed since the last event; after it nothing changed any more."""
    interval = room["interval_ns"]
    grid = -(-room["time_ns"] // interval) * interval
    if room["moved"] == 0 or time_ns <= grid:
        return
    room["moved"] = 0
    for account in range(TRADERS, purses.size):
        write_down(purses, held, marks, rows, room, account, grid, 1)


@leaf
def note_touched(purses: Any, room: Any, touched: Any, account: int) -> None:
    """An account's position or cash has changed."""
    room["moved"] = 1
    if account >= TRADERS and purses[account]["touched"] == 0:
        purses[account]["touched"] = 1
        touched[room["touched"]] = account
        room["touched"] += 1


@leaf
def note_position(event: Any, purses: Any, position: Any) -> None:
    """POSITION_CHANGED; the house has what others pay in fees."""
    purse = purses[event["account"]]
    paid = event["fees_micros"] - position["fees_micros"]
    purses[HOUSE]["cash_micros"] += paid
    purse["fees_micros"] += paid
    purse["cost_micros"] += event["cost_micros"] - position["cost_micros"]
    purse["realised_average_micros"] += event["realised_average_micros"] - position["realised_average_micros"]
    purse["realised_fifo_micros"] += event["realised_fifo_micros"] - position["realised_fifo_micros"]
    purse["cash_micros"] = event["cash_micros"]
    position["position_lots"] = event["position_lots"]
    position["cost_micros"] = event["cost_micros"]
    position["realised_average_micros"] = event["realised_average_micros"]
    position["realised_fifo_micros"] = event["realised_fifo_micros"]
    position["fees_micros"] = event["fees_micros"]


@leaf
def note_cash(event: Any, purses: Any) -> None:
    """CASH_CHANGED; what comes from outside is neither gained nor lost, so it moves the peak."""
    purse = purses[event["account"]]
    amount = event["amount_micros"]
    reason = int64(event["reason"])
    purse["cash_micros"] = event["cash_micros"]
    if reason == REASON_DEPOSIT or reason == REASON_WITHDRAWAL:
        if amount > 0:
            purse["deposits_micros"] += amount
        else:
            purse["withdrawals_micros"] -= amount
        purse["peak_equity_micros"] += amount
    elif reason != REASON_CASH_IN_LIEU:
        purse["other_cash_micros"] += amount
        if reason != REASON_DIVIDEND:
            purses[HOUSE]["cash_micros"] -= amount


@entry(
    EVENTS_TYPE,
    array_of(PURSE),
    array_of(HELD_VALUE),
    array_of(MARK),
    array_of(EQUITY_ROW),
    array_of("i8"),
    array_of(EQUITY_ROOM),
    numba.types.int64,
)
def follow_worth(
    events: EventBuffer, purses: Any, held: Any, marks: Any, rows: Any, touched: Any, rooms: Any, start: int
) -> int:
    """Follow events from place `start`; stops where rows are short, and returns where."""
    room = rooms[0]
    for at in range(start, events.order.size):
        event = events.order[at]
        if room["rows"] + 2 * purses.size > rows.size:
            return at
        if event["command_seq"] != room["command_seq"]:
            end_command(purses, held, marks, rows, room, touched)
            pass_time(purses, held, marks, rows, room, event["time_ns"])
        kind = event["kind"]
        if kind == EVENT_POSITION_CHANGED:
            account = int64(event["account"])
            note_position(
                events.position[at], purses, held[account * marks.size + int64(event["instrument"])]
            )
            note_touched(purses, room, touched, account)
        elif kind == EVENT_CASH_CHANGED:
            note_cash(events.cash[at], purses)
            note_touched(purses, room, touched, int64(event["account"]))
        elif follow_mark(events, at, marks) >= 0:
            room["moved"] = 1
        room["command_seq"] = event["command_seq"]
        room["time_ns"] = event["time_ns"]
        room["seq"] = event["seq"]
    return events.order.size


@entry(
    array_of(PURSE),
    array_of(HELD_VALUE),
    array_of(MARK),
    array_of(EQUITY_ROW),
    array_of("i8"),
    array_of(EQUITY_ROOM),
)
def finish_rows(purses: Any, held: Any, marks: Any, rows: Any, touched: Any, rooms: Any) -> None:
    """The rows that would be written if time went on without another event."""
    room = rooms[0]
    end_command(purses, held, marks, rows, room, touched)
    pass_time(purses, held, marks, rows, room, room["time_ns"] + 2 * room["interval_ns"])


@entry(array_of(PURSE), array_of(HELD_VALUE), array_of(MARK), array_of(EQUITY_ROW))
def read_worth(purses: Any, held: Any, marks: Any, out: Any) -> None:
    """What every account is worth now."""
    for account in range(purses.size):
        write_worth(purses[account], out[account], account, value_held(held, marks, account))
