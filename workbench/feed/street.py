"""Commands of the street, many at a time, from columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import CommandKind, OrderFlag, OrderType, Side, TimeInForce
from workbench.domain.records import Records, commands
from workbench.feed.files import Ints

FIRST_SYNTHETIC_ID = 1 << 62
"""From this `client_order_id` count orders that a reader invents or that reuse another's id."""


def _street(kind: CommandKind, time_ns: Ints, **fields: Ints | int) -> Records:
    made = commands(len(time_ns))
    made["kind"] = kind
    made["time_ns"] = time_ns
    made["flags"] = OrderFlag.HISTORICAL
    for name, values in fields.items():
        made[name] = values
    return made


def new_orders(time_ns: Ints, ids: Ints, side: Ints, quantity_lots: Ints, price_ticks: Ints) -> Records:
    """Historical limit orders."""
    return _street(
        CommandKind.NEW_ORDER,
        time_ns,
        client_order_id=ids,
        side=side,
        quantity_lots=quantity_lots,
        price_ticks=price_ticks,
        order_type=OrderType.LIMIT,
        time_in_force=TimeInForce.GTC,
    )


def cancels(time_ns: Ints, ids: Ints, quantity_lots: Ints) -> Records:
    """Historical cancels; quantity 0 cancels all that is open."""
    return _street(CommandKind.CANCEL_ORDER, time_ns, client_order_id=ids, quantity_lots=quantity_lots)


def replaces(
    time_ns: Ints,
    ids: Ints,
    leaves_lots: Ints,
    price_ticks: Ints,
    new_ids: Ints | int = 0,
    *,
    lose_priority: bool = False,
) -> Records:
    """Historical replaces to an open quantity and a price; the order keeps its id where the new one is 0."""
    flags = OrderFlag.HISTORICAL | OrderFlag.QUANTITY_IS_LEAVES
    return _street(
        CommandKind.REPLACE_ORDER,
        time_ns,
        client_order_id=ids,
        new_client_order_id=new_ids,
        quantity_lots=leaves_lots,
        price_ticks=price_ticks,
        flags=flags | OrderFlag.LOSE_PRIORITY if lose_priority else flags,
    )


def executes(time_ns: Ints, ids: Ints, side: Ints, quantity_lots: Ints, price_ticks: Ints) -> Records:
    """Historical executions by an aggressor of `side`; id 0 names no order."""
    return _street(
        CommandKind.EXECUTE_ORDER,
        time_ns,
        client_order_id=ids,
        side=side,
        quantity_lots=quantity_lots,
        price_ticks=price_ticks,
    )


def crosses(time_ns: Ints, quantity_lots: Ints, price_ticks: Ints) -> Records:
    """Auctions of history."""
    return _street(CommandKind.CROSS_ORDERS, time_ns, quantity_lots=quantity_lots, price_ticks=price_ticks)


def phases(time_ns: Ints, phase: Ints) -> Records:
    """Changes of the instrument's phase."""
    return _street(CommandKind.SET_PHASE, time_ns, flags=phase)


def short_sale_restrictions(time_ns: Ints, restricted: Ints) -> Records:
    """Short sales of the instrument are restricted (1) or no longer so (0)."""
    return _street(CommandKind.RESTRICT_SHORT_SALES, time_ns, flags=restricted)


def auction_collars(time_ns: Ints, low_ticks: Ints, high_ticks: Ints) -> Records:
    """Collars of the instrument's next uncross; zeros lift them."""
    return _street(
        CommandKind.SET_AUCTION_COLLAR,
        time_ns,
        flags=0,
        price_ticks=low_ticks,
        trigger_price_ticks=high_ticks,
    )


def clears(time_ns: Ints) -> Records:
    """Mass cancels of all orders of the street in the instrument."""
    return _street(CommandKind.MASS_CANCEL, time_ns, flags=0)


def below_synthetic(ids: npt.NDArray[np.uint64]) -> tuple[Ints, int]:
    """Ids below those that readers invent: as they are, or by rank where one is not; how many are not."""
    if not len(ids) or int(ids.max()) < FIRST_SYNTHETIC_ID:
        return ids.astype(np.int64), 0
    known, rank = np.unique(ids, return_inverse=True)
    return rank.astype(np.int64) + int(known[0] != 0), int((ids >= FIRST_SYNTHETIC_ID).sum())


def opposite(side: Ints) -> Ints:
    """The other side: the aggressor's of a resting order and the reverse."""
    return np.where(side == Side.BUY, int(Side.SELL), int(Side.BUY)).astype(np.int64)


def tick_rule(price: Ints) -> Ints:
    """Aggressors by the tick rule: a buy above the last price, a sell below, else as before; first a buy.

    >>> tick_rule(np.array([10, 11, 11, 9, 9])).tolist()
    [1, 1, 1, 2, 2]
    """
    change = np.sign(np.diff(price, prepend=price[:1] - 1))
    last = np.maximum.accumulate(np.where(change != 0, np.arange(len(price)), 0))
    return np.where(change[last] < 0, int(Side.SELL), int(Side.BUY)).astype(np.int64)


def from_table(table: Ints, row_times_ns: Ints) -> tuple[Records, Ints]:
    """Commands, and the source row of each, from a table of row, kind, id, side, lots and price."""
    rows, kind = table[:, 0].copy(), table[:, 1]
    made = commands(len(table))
    made["time_ns"] = row_times_ns[rows]
    for column, name in enumerate(
        ("kind", "client_order_id", "side", "quantity_lots", "price_ticks"), start=1
    ):
        made[name] = table[:, column]
    flags = np.full(len(table), int(OrderFlag.HISTORICAL))
    flags[kind == CommandKind.REPLACE_ORDER] |= int(OrderFlag.QUANTITY_IS_LEAVES)
    made["flags"] = flags
    new = kind == CommandKind.NEW_ORDER
    made["order_type"][new] = OrderType.LIMIT
    made["time_in_force"][new] = TimeInForce.GTC
    return made, rows
