"""The small functions that make commands: which fields they fill, and that nothing is cut to fit."""

from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from workbench.domain import commands as make
from workbench.domain.codes import (
    CommandKind,
    LimitKind,
    OrderFlag,
    OrderType,
    Phase,
    SessionState,
    Side,
    SplitFlag,
    TimeInForce,
)
from workbench.domain.records import COMMAND, Records
from workbench.errors import CommandError


def filled(command: Records) -> dict[str, int]:
    """The fields of a single command that are not 0."""
    assert (command.dtype, command.shape) == (COMMAND, (1,))
    return {name: int(command[name][0]) for name in COMMAND.names or () if command[name][0] != 0}


def test_each_fills_the_fields_of_its_kind() -> None:
    assert filled(make.new_order(9, 2, 1, Side.SELL, 5, 100, client_order_id=7)) == {
        "time_ns": 9,
        "kind": CommandKind.NEW_ORDER,
        "account": 2,
        "instrument": 1,
        "side": Side.SELL,
        "order_type": OrderType.LIMIT,
        "quantity_lots": 5,
        "price_ticks": 100,
        "client_order_id": 7,
    }
    assert filled(make.cancel_order(9, 2, order_id=4, quantity_lots=3)) == {
        "time_ns": 9,
        "kind": CommandKind.CANCEL_ORDER,
        "account": 2,
        "order_id": 4,
        "quantity_lots": 3,
    }
    assert filled(make.replace_order(9, 2, client_order_id=4, price_ticks=8, new_client_order_id=5)) == {
        "time_ns": 9,
        "kind": CommandKind.REPLACE_ORDER,
        "account": 2,
        "client_order_id": 4,
        "price_ticks": 8,
        "new_client_order_id": 5,
    }
    assert filled(make.execute_order(9, 1, Side.BUY, 5, 100, client_order_id=7)) == {
        "time_ns": 9,
        "kind": CommandKind.EXECUTE_ORDER,
        "instrument": 1,
        "side": Side.BUY,
        "quantity_lots": 5,
        "price_ticks": 100,
        "client_order_id": 7,
        "flags": OrderFlag.HISTORICAL,
    }
    assert filled(make.set_price_band(9, 1, 5, 6)) == {
        "time_ns": 9,
        "kind": CommandKind.SET_PRICE_BAND,
        "instrument": 1,
        "price_ticks": 5,
        "trigger_price_ticks": 6,
    }
    assert filled(make.suspend_account(9, 3)) == {"time_ns": 9, "kind": 6, "account": 3}
    assert filled(make.reinstate_account(9, 3)) == {"time_ns": 9, "kind": 7, "account": 3}
    assert filled(make.clock(9)) == {"time_ns": 9, "kind": CommandKind.CLOCK}
    assert filled(make.transfer_cash(9, 3, -5)) == {
        "time_ns": 9,
        "kind": CommandKind.TRANSFER_CASH,
        "account": 3,
        "amount_micros": -5,
    }
    assert filled(make.fine(9, 3, 5)) == {"time_ns": 9, "kind": 21, "account": 3, "amount_micros": 5}
    assert filled(make.dividend(9, 1, 5)) == {"time_ns": 9, "kind": 22, "instrument": 1, "amount_micros": 5}
    assert filled(make.split(9, 1, 2, 3, SplitFlag.CANCEL_ORDERS)) == {
        "time_ns": 9,
        "kind": CommandKind.SPLIT,
        "instrument": 1,
        "quantity_lots": 2,
        "display_lots": 3,
        "flags": SplitFlag.CANCEL_ORDERS,
    }


def test_all_is_minus_one() -> None:
    assert filled(make.mass_cancel(0, 2)) == {"kind": 4, "account": 2, "instrument": -1}
    assert filled(make.mass_cancel(0, 2, 3)) == {"kind": 4, "account": 2, "instrument": 3}
    assert filled(make.kill_switch(0)) == {"kind": 8, "account": -1}
    assert filled(make.start_day(0)) == {"kind": 24, "account": -1}
    assert filled(make.start_day(0, 3)) == {"kind": 24, "account": 3}
    assert filled(make.set_phase(0, Phase.CLOSED)) == {"kind": 9, "instrument": -1, "flags": Phase.CLOSED}


def test_what_an_instructor_does() -> None:
    assert filled(make.set_session_state(9, SessionState.OPEN)) == {"time_ns": 9, "kind": 30, "flags": 3}
    assert filled(make.announce(9, 4)) == {"time_ns": 9, "kind": 31, "order_id": 4, "instrument": -1}
    assert filled(make.announce(9, 4, 1)) == {"time_ns": 9, "kind": 31, "order_id": 4, "instrument": 1}
    lots = {"kind": 25, "account": -1, "group_place": 1, "quantity_lots": 5}
    assert filled(make.set_limit(0, make.ALL, LimitKind.MAX_ORDER_LOTS, 5)) == lots
    money = {"kind": 25, "account": 3, "group_place": 8, "amount_micros": 5}
    assert filled(make.set_limit(0, 3, LimitKind.MAX_DRAWDOWN, 5)) == money


def test_an_order_without_a_price_is_a_market_order() -> None:
    assert filled(make.new_order(0, 2, 0, Side.BUY, 5))["order_type"] == OrderType.MARKET
    limit = make.new_order(0, 2, 0, Side.BUY, 5, order_type=OrderType.LIMIT, time_in_force=TimeInForce.IOC)
    assert filled(limit)["order_type"] == OrderType.LIMIT
    assert filled(limit)["time_in_force"] == TimeInForce.IOC


def test_batch_keeps_the_order() -> None:
    rows = make.batch(make.clock(time_ns) for time_ns in (3, 1, 2))
    assert rows["time_ns"].tolist() == [3, 1, 2]
    assert make.batch([rows, rows])["time_ns"].tolist() == [3, 1, 2, 3, 1, 2]
    assert (make.batch([]).dtype, len(make.batch([]))) == (COMMAND, 0)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        *((value, "is not a whole number") for value in (1.5, 1.0, "7", None, Decimal(7), np.float64(3))),
        *(
            (value, "does not fit, expected -9,223,372,036,854,775,808 to 9,223,372,036,854,775,807")
            for value in (2**63, -(2**63) - 1)
        ),
    ],
)
def test_what_is_no_whole_number_is_refused_rather_than_cut(value: Any, why: str) -> None:
    with pytest.raises(CommandError, match=rf"^quantity_lots: .* {why}$"):
        make.new_order(0, 2, 0, Side.BUY, value, 100)
    with pytest.raises(CommandError, match=r"^time_ns: "):
        make.clock(value)


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("side", {"side": 256}),
        ("side", {"side": -1}),
        ("account", {"account": 2**31}),
        ("flags", {"flags": 2**16}),
    ],
)
def test_what_does_not_fit_into_a_small_field_is_refused(field: str, settings: dict[str, Any]) -> None:
    plain = {"time_ns": 0, "account": 2, "instrument": 0, "side": Side.BUY, "quantity_lots": 1}
    with pytest.raises(CommandError, match=f"^{field}: "):
        make.new_order(**{**plain, **settings})


def test_whole_numbers_of_numpy_are_fine() -> None:
    row = make.new_order(np.int64(5), np.int32(2), np.int8(0), Side.BUY, np.uint64(7), np.int64(100))  # type: ignore[arg-type]
    assert filled(row)["quantity_lots"] == 7
