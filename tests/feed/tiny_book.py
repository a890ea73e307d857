"""A book of street orders in a few lines: an oracle for conversions that shares no code with the exchange."""

from collections import Counter

import numpy as np

from workbench.domain.codes import CommandKind, OrderFlag, Side
from workbench.domain.records import LEVEL_VIEW, Records

_NO_ORDERS = (CommandKind.SET_PHASE, CommandKind.RESTRICT_SHORT_SALES, CommandKind.SET_AUCTION_COLLAR)


class TinyBook:
    """Orders by id and levels by side and price. Anything a feed may not do fails."""

    def __init__(self) -> None:
        self.orders: dict[int, tuple[int, int, int]] = {}
        self.levels: dict[int, Counter[int]] = {Side.BUY: Counter(), Side.SELL: Counter()}
        self.counts: dict[int, Counter[int]] = {Side.BUY: Counter(), Side.SELL: Counter()}
        self.printed_lots = 0
        self.prints = 0

    def _put(self, order_id: int, side: int, price: int, leaves: int) -> None:
        assert side in self.levels
        assert price > 0
        assert leaves > 0
        assert order_id > 0
        assert order_id not in self.orders, f"order {order_id} is open"
        self.orders[order_id] = (side, price, leaves)
        self.levels[side][price] += leaves
        self.counts[side][price] += 1

    def _drop(self, order_id: int) -> tuple[int, int, int]:
        side, price, leaves = self.orders.pop(order_id)
        self.levels[side][price] -= leaves
        self.counts[side][price] -= 1
        if not self.counts[side][price]:
            assert self.levels[side].pop(price) == 0
            del self.counts[side][price]
        return side, price, leaves

    def _shrink(self, order_id: int, lots: int) -> tuple[int, int]:
        side, price, leaves = self._drop(order_id)
        assert 0 < lots <= leaves
        if lots < leaves:
            self._put(order_id, side, price, leaves - lots)
        return side, price

    def step(self, commands: Records) -> Records:
        for c in commands:
            name, lots, price = int(c["client_order_id"]), int(c["quantity_lots"]), int(c["price_ticks"])
            assert c["account"] == 0
            assert c["order_id"] == 0
            if c["kind"] == CommandKind.NEW_ORDER:
                assert c["flags"] == OrderFlag.HISTORICAL
                self._put(name, int(c["side"]), price, lots)
            elif c["kind"] == CommandKind.CANCEL_ORDER:
                assert c["flags"] == OrderFlag.HISTORICAL
                self._shrink(name, lots or self.orders[name][2])
            elif c["kind"] == CommandKind.REPLACE_ORDER:
                flags = OrderFlag.HISTORICAL | OrderFlag.QUANTITY_IS_LEAVES
                assert c["flags"] in (flags, flags | OrderFlag.LOSE_PRIORITY)
                side, old, _ = self._drop(name)
                self._put(int(c["new_client_order_id"]) or name, side, price or old, lots)
            elif c["kind"] == CommandKind.MASS_CANCEL:
                for order_id in list(self.orders):
                    self._drop(order_id)
            elif c["kind"] == CommandKind.CROSS_ORDERS:
                assert lots > 0
                assert price > 0
                self.prints += 1
                self.printed_lots += lots
            elif c["kind"] not in _NO_ORDERS:
                assert c["kind"] == CommandKind.EXECUTE_ORDER
                assert lots > 0
                assert price > 0
                self.prints += 1
                self.printed_lots += lots
                if name:
                    side, _ = self._shrink(name, lots)
                    assert side == Side.BUY + Side.SELL - c["side"]
                else:
                    assert c["side"] in (Side.BUY, Side.SELL)
        return commands[:0]

    def depth(self, instrument: int, side: Side, levels: int) -> Records:
        assert instrument == 0
        best = sorted(self.levels[side], reverse=side == Side.BUY)[:levels]
        made = np.zeros(len(best), LEVEL_VIEW)
        made["price_ticks"] = best
        made["quantity_lots"] = [self.levels[side][price] for price in best]
        made["orders"] = [self.counts[side][price] for price in best]
        return made
