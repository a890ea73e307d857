"""The fees of accounts, as they are changed while the market runs."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import STREET_ACCOUNT
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER
from workbench.domain.costs import PPM
from workbench.domain.memory import SPECIAL_EXTRA, EventBuffer, Memory
from workbench.domain.numbers import (
    FEES_CAP_BPS,
    FEES_MAKER_BPS,
    FEES_MAKER_PER_LOT,
    FEES_MINIMUM_PER_ORDER,
    FEES_PER_ORDER,
    FEES_TAKER_BPS,
    FEES_TAKER_PER_LOT,
    REASON_INVALID_FEE,
    REASON_UNKNOWN_FEE,
)
from workbench.domain.units import LARGEST
from workbench.engine.admit import check_instrument
from workbench.engine.cash import check_trader
from workbench.engine.emit import fee_event
from workbench.engine.orders import reserve, set_plain, take_extra
from workbench.jit import int64, leaf
from workbench.ledger.cash import part_of
from workbench.ledger.fees import fees_of

EVERY = ALL
TRADERS = FIRST_TRADER
STREET = STREET_ACCOUNT
MOST = LARGEST
WHOLE = PPM
HAS_EXTRA = SPECIAL_EXTRA
FIRST_KIND = FEES_MAKER_PER_LOT
LAST_KIND = FEES_CAP_BPS


@leaf
def check_value(kind: int, value: int) -> tuple[int, int, int]:
    """Bounds of a fee by itself."""
    rate = kind == FEES_MAKER_BPS or kind == FEES_TAKER_BPS or kind == FEES_CAP_BPS
    most = WHOLE if rate else MOST
    least = int64(0) if kind >= FEES_PER_ORDER else -most
    if value > most:
        return REASON_INVALID_FEE, value, most
    if value < least:
        return REASON_INVALID_FEE, value, least
    return 0, 0, 0


@leaf
def value_of(fees: Any, kind: int) -> int:
    """A fee of a schedule."""
    if kind == FEES_MAKER_PER_LOT:
        return int64(fees["maker_per_lot_micros"])
    if kind == FEES_TAKER_PER_LOT:
        return int64(fees["taker_per_lot_micros"])
    if kind == FEES_MAKER_BPS:
        return int64(fees["maker_ppm"])
    if kind == FEES_TAKER_BPS:
        return int64(fees["taker_ppm"])
    if kind == FEES_PER_ORDER:
        return int64(fees["per_order_micros"])
    if kind == FEES_MINIMUM_PER_ORDER:
        return int64(fees["minimum_micros"])
    return int64(fees["fee_cap_ppm"])


@leaf
def check_schedule(fees: Any, most_lots: int, kind: int, value: int) -> tuple[int, int, int]:
    """The largest order of an instrument must cost what can be counted when a fee is changed."""
    per_order = value if kind == FEES_PER_ORDER else int64(fees["per_order_micros"])
    minimum = value if kind == FEES_MINIMUM_PER_ORDER else int64(fees["minimum_micros"])
    for role in range(2):
        per_lot_kind = FEES_MAKER_PER_LOT + role
        rate_kind = FEES_MAKER_BPS + role
        per_lot = abs(value if kind == per_lot_kind else value_of(fees, per_lot_kind))
        rate = abs(value if kind == rate_kind else value_of(fees, rate_kind))
        left = MOST - part_of(MOST, rate) - per_order
        # One after the other: their sum may not fit into 64 bits.
        if left < 0 or left < minimum or per_lot > (left - minimum) // most_lots:
            return REASON_INVALID_FEE, value, 0
    return 0, 0, 0


@leaf
def put_fee(fees: Any, kind: int, value: int) -> None:
    """Set a fee of a schedule."""
    if kind == FEES_MAKER_PER_LOT:
        fees["maker_per_lot_micros"] = value
    elif kind == FEES_TAKER_PER_LOT:
        fees["taker_per_lot_micros"] = value
    elif kind == FEES_MAKER_BPS:
        fees["maker_ppm"] = value
    elif kind == FEES_TAKER_BPS:
        fees["taker_ppm"] = value
    elif kind == FEES_PER_ORDER:
        fees["per_order_micros"] = value
    elif kind == FEES_MINIMUM_PER_ORDER:
        fees["minimum_micros"] = value
    else:
        fees["fee_cap_ppm"] = value
    depends = (fees["per_order_micros"] | fees["minimum_micros"] | fees["fee_cap_ppm"]) != 0
    fees["order_fees"] = 1 if depends else 0


@leaf
def follow_orders(memory: Memory, account: int, number: int) -> None:
    """Have open orders reserve what they may cost now, and count what they pay where that matters."""
    for slot in range(1, memory.world[0]["used_orders"] + 1):
        order = memory.orders[slot]
        if order["order_id"] == 0 or order["account"] == STREET:
            continue
        if account != EVERY and order["account"] != account:
            continue
        if number != EVERY and order["instrument"] != number:
            continue
        fees = fees_of(memory, int64(order["account"]), int64(order["instrument"]))
        if fees["order_fees"] != 0 and (order["special"] & HAS_EXTRA) == 0:
            set_plain(memory, memory.extras[take_extra(memory, slot)])
        reserve(memory, order)


@leaf
def set_fee(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """SET_FEE."""
    world = memory.world[0]
    account = int64(command["account"])
    number = int64(command["instrument"])
    first = account
    last = account
    if account == EVERY:
        first = int64(TRADERS)
        last = int64(world["accounts"]) - 1
    else:
        reason, value, limit = check_trader(memory, account)
        if reason != 0:
            return reason, value, limit
    low = number
    high = number
    if number == EVERY:
        low = int64(0)
        high = int64(world["instruments"]) - 1
    else:
        reason, value, limit = check_instrument(memory, number)
        if reason != 0:
            return reason, value, limit
    kind = int64(command["group_place"])
    if kind < FIRST_KIND or kind > LAST_KIND:
        return REASON_UNKNOWN_FEE, kind, 0
    amount = int64(command["amount_micros"])
    reason, value, limit = check_value(kind, amount)
    if reason != 0:
        return reason, value, limit
    for trader in range(first, last + 1):
        for i in range(low, high + 1):
            most_lots = int64(memory.instruments[i]["max_order_lots"])
            reason, value, limit = check_schedule(fees_of(memory, trader, i), most_lots, kind, amount)
            if reason != 0:
                return reason, value, limit
    for trader in range(first, last + 1):
        for i in range(low, high + 1):
            fees = fees_of(memory, trader, i)
            event = fee_event(memory, events, trader, i)
            event["fee_kind"] = kind
            event["value"] = amount
            event["previous_value"] = value_of(fees, kind)
            put_fee(fees, kind, amount)
    follow_orders(memory, account, number)
    return 0, 0, 0
