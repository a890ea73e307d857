"""A tape of trades and quotes, and the commands that put it into a book.

The street has at most one bid and one ask order. Their `client_order_id`s count up, odd for bids and even for
asks.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import CommandKind, OrderFlag, OrderType, Side, TimeInForce
from workbench.domain.records import Records, commands
from workbench.feed.files import Ints
from workbench.feed.street import tick_rule


@dataclass(frozen=True, slots=True)
class Tape:
    """Rows by time; what a row does not have is 0 and its flag false, a quantity not told is -1.

    Prices are in nanos, quantities in 1e-`places`; `row` and `table` say where the row stands.
    """

    time_ns: Ints
    is_quote: npt.NDArray[np.bool_]
    bid: Ints
    bid_quantity: Ints
    ask: Ints
    ask_quantity: Ints
    is_trade: npt.NDArray[np.bool_]
    price: Ints
    quantity: Ints
    side: Ints
    row: Ints
    table: Ints

    def take(self, index: Ints | npt.NDArray[np.bool_]) -> Tape:
        """The rows at `index`."""
        return Tape(*(getattr(self, part.name)[index] for part in fields(self)))


def _standing(tape: Tape, side: str, *, quiet_side: bool) -> tuple[Ints, Ints]:
    """Price and lots of one side after each row; 0 where nothing stands."""
    price = getattr(tape, side)
    says = tape.is_quote & ((price > 0) | (not quiet_side))
    last = np.maximum.accumulate(np.where(says, np.arange(len(price)), -1))
    known = last >= 0
    return (
        np.where(known, price[last], 0),
        np.where(known, getattr(tape, f"{side}_quantity")[last], 0),
    )


def tape_commands(tape: Tape, quirks: dict[str, int], *, quiet_side: bool) -> tuple[Records, Ints]:
    """Commands row by row, and the row of each; adds what it counts to `quirks`.

    With `quiet_side`, a quote that does not tell one side leaves that side as it was; otherwise the side is
    gone.

    A side whose price moves gets a new order before the old one is cancelled, and the side that gives way
    goes first, so that the best bid and offer move in one step each and never cross on the way. A side whose
    quantity alone changes is replaced.
    """
    bid, bid_lots = _standing(tape, "bid", quiet_side=quiet_side)
    ask, ask_lots = _standing(tape, "ask", quiet_side=quiet_side)
    two_sided = tape.is_quote & (bid > 0) & (ask > 0)
    quirks["crossed_quote"] = int((two_sided & (ask < bid)).sum())
    quirks["locked_quote"] = int((two_sided & (ask == bid)).sum())
    sides = [
        _side_commands(tape.time_ns, Side.BUY, bid, bid_lots),
        _side_commands(tape.time_ns, Side.SELL, ask, ask_lots),
    ]
    quirks["repeated_quote"] = int(
        (tape.is_quote & ~sides[0][1].any(axis=1) & ~sides[1][1].any(axis=1)).sum()
    )
    rises = bid > np.concatenate([bid[:1], bid[:-1]])
    bids_first = (sides[0][0], sides[0][1] & ~rises[:, None])
    bids_last = (sides[0][0], sides[0][1] & rises[:, None])
    trades = _trade_commands(tape, bid, ask, quirks)
    every = [bids_first, sides[1], bids_last, trades]
    wanted = np.concatenate([mask for _, mask in every], axis=1)
    made = np.concatenate([slots for slots, _ in every], axis=1)
    return made[wanted], np.nonzero(wanted)[0].astype(np.int64)


def _side_commands(
    time_ns: Ints, side: Side, price: Ints, lots: Ints
) -> tuple[Records, npt.NDArray[np.bool_]]:
    """Three slots a row (new, cancel, replace) and which of them are used."""
    before = np.concatenate([np.zeros(1, dtype=np.int64), price[:-1]])
    lots_before = np.concatenate([np.zeros(1, dtype=np.int64), lots[:-1]])
    moved = price != before
    used = np.stack(
        [moved & (price > 0), moved & (before > 0), ~moved & (price > 0) & (lots != lots_before)], axis=1
    )
    # Bids get odd ids and asks even ones, since a street order id is unique in its instrument.
    ids = 2 * np.cumsum(used[:, 0]) - (1 if side == Side.BUY else 0)
    old_ids = np.where(used[:, 0], ids - 2, ids)
    slots = commands(3 * len(price)).reshape(-1, 3)
    slots["time_ns"] = time_ns[:, None]
    slots["flags"] = OrderFlag.HISTORICAL
    new, cancel, resize = slots[:, 0], slots[:, 1], slots[:, 2]
    new["kind"], new["side"] = CommandKind.NEW_ORDER, side
    new["order_type"], new["time_in_force"] = OrderType.LIMIT, TimeInForce.GTC
    new["client_order_id"], new["price_ticks"], new["quantity_lots"] = ids, price, lots
    cancel["kind"], cancel["client_order_id"] = CommandKind.CANCEL_ORDER, old_ids
    resize["kind"], resize["client_order_id"], resize["quantity_lots"] = CommandKind.REPLACE_ORDER, ids, lots
    resize["flags"] = OrderFlag.HISTORICAL | OrderFlag.QUANTITY_IS_LEAVES
    return slots, used


def _trade_commands(
    tape: Tape, bid: Ints, ask: Ints, quirks: dict[str, int]
) -> tuple[Records, npt.NDArray[np.bool_]]:
    """One slot a row, used where the row is a trade."""
    at = np.flatnonzero(tape.is_trade)
    price, bids, asks = tape.price[at], bid[at], ask[at]
    quoted = (bids > 0) & (asks > 0)
    twice_off = np.where(quoted, 2 * price - bids - asks, 0)
    by_quote = np.where(twice_off > 0, int(Side.BUY), np.where(twice_off < 0, int(Side.SELL), 0))
    given = tape.side[at]
    by_tick = tick_rule(price) if len(price) else price
    side = np.where(given > 0, given, np.where(by_quote > 0, by_quote, by_tick))
    quirks["trade_side_by_quote_rule"] = int(((given == 0) & (by_quote > 0)).sum())
    quirks["trade_side_by_tick_rule"] = int(((given == 0) & (by_quote == 0)).sum())
    quirks["trade_outside_quote"] = int(
        (quoted & ((price < np.minimum(bids, asks)) | (price > np.maximum(bids, asks)))).sum()
    )
    slots = commands(len(tape.time_ns)).reshape(-1, 1)
    slots["time_ns"] = tape.time_ns[:, None]
    slots["kind"], slots["flags"] = CommandKind.EXECUTE_ORDER, OrderFlag.HISTORICAL
    slots["side"][at, 0], slots["price_ticks"][at, 0], slots["quantity_lots"][at, 0] = (
        side,
        price,
        tape.quantity[at],
    )
    return slots, tape.is_trade[:, None].copy()
