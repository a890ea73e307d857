"""One command as Python integers."""

from __future__ import annotations

from typing import NamedTuple

from workbench.domain.records import COMMAND


class Command(NamedTuple):
    """A `COMMAND` as Python integers, in the record's order."""

    time_ns: int
    kind: int
    side: int
    order_type: int
    time_in_force: int
    self_trade_prevention: int
    group_place: int
    flags: int
    account: int
    instrument: int
    order_id: int
    client_order_id: int
    new_client_order_id: int
    quantity_lots: int
    price_ticks: int
    trigger_price_ticks: int
    display_lots: int
    expire_time_ns: int
    group_id: int
    amount_micros: int


assert Command._fields == COMMAND.names
