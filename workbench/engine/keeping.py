"""The trades that the exchange keeps, so that they can be undone."""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import Memory
from workbench.domain.numbers import TRADE_FORGOTTEN, TRADE_STANDS
from workbench.domain.records import SHADOW
from workbench.jit import int64, leaf

OURS_ALONE = SHADOW


@leaf
def keep_trade(
    memory: Memory,
    taker: Any,
    maker: Any,
    price_ticks: int,
    lots: int,
    extra_flags: int,
    taker_fee: int,
    maker_fee: int,
    previous_price_ticks: int,
) -> None:
    """Put the latest trade, which the market has been told of, in the place of the oldest one."""
    world = memory.world[0]
    number = int64(maker["instrument"])
    kept = memory.trades[world["kept_trades"] % memory.trades.size]
    world["kept_trades"] += 1
    published = (extra_flags & OURS_ALONE) == 0
    kept["trade_id"] = world["trades"]
    kept["instrument"] = number
    kept["taker_account"] = taker["account"]
    kept["maker_account"] = maker["account"]
    kept["side"] = taker["side"]
    kept["state"] = TRADE_STANDS
    kept["flags"] = extra_flags
    kept["price_ticks"] = price_ticks
    kept["quantity_lots"] = lots
    kept["taker_order_id"] = taker["order_id"]
    kept["maker_order_id"] = maker["order_id"]
    kept["taker_fee_micros"] = taker_fee
    kept["maker_fee_micros"] = maker_fee
    kept["number"] = memory.instruments[number]["trades"] if published else 0
    kept["previous_price_ticks"] = previous_price_ticks if published else 0


@leaf
def oldest_kept(memory: Memory) -> int:
    """Number of the oldest trade that is kept, as `trade_at` takes it."""
    return max(0, memory.world[0]["kept_trades"] - memory.trades.size)


@leaf
def forget_trades(memory: Memory, number: int) -> None:
    """A split of an instrument has made other lots of what its trades so far were about."""
    for i in range(min(memory.world[0]["kept_trades"], memory.trades.size)):
        kept = memory.trades[i]
        if kept["instrument"] == number and kept["state"] == TRADE_STANDS:
            kept["state"] = TRADE_FORGOTTEN
