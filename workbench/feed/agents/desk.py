"""An agent's desk: what it sends, what it has open, and what it holds."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from workbench.domain.codes import CommandKind, OrderFlag, OrderType, Side, TimeInForce

_NEW = int(CommandKind.NEW_ORDER)
_CANCEL = int(CommandKind.CANCEL_ORDER)
_REPLACE = int(CommandKind.REPLACE_ORDER)
_LIMIT = int(OrderType.LIMIT)
_MARKET = int(OrderType.MARKET)
_DAY = int(TimeInForce.DAY)
_IOC = int(TimeInForce.IOC)
_POST_ONLY = int(OrderFlag.POST_ONLY)
_AS_LEAVES = int(OrderFlag.QUANTITY_IS_LEAVES)
BUY = int(Side.BUY)
SELL = int(Side.SELL)

COMMAND_GAP_NS = 700
"""Time between two commands of one burst."""


class Grid(NamedTuple):
    """What prices and quantities of an instrument's orders must fit."""

    instrument: int
    low_ticks: int
    high_ticks: int
    increment_ticks: int
    round_lots: int
    increment_lots: int

    def round_down(self, price_ticks: float) -> int:
        """Highest price allowed that is not above `price_ticks`."""
        return int(price_ticks // self.increment_ticks) * self.increment_ticks

    def round_up(self, price_ticks: float) -> int:
        """Lowest price allowed that is not below `price_ticks`."""
        return -self.round_down(-price_ticks)

    def fit(self, side: int, price_ticks: int) -> int:
        """The nearest price allowed that is not better than `price_ticks` for the other side."""
        rounded_ticks = self.round_down(price_ticks) if side == BUY else self.round_up(price_ticks)
        return min(max(rounded_ticks, self.round_up(self.low_ticks)), self.round_down(self.high_ticks))

    def round_quantity(self, quantity_lots: float) -> int:
        """The nearest number of round lots, at least one."""
        return max(1, int(quantity_lots / self.round_lots + 0.5)) * self.round_lots


Row = tuple[int, int, int, int, int, int, int, int, int, int, int]
"""The fields of `ROW_FIELDS`."""

ROW_FIELDS = (
    "time_ns",
    "kind",
    "side",
    "order_type",
    "time_in_force",
    "flags",
    "account",
    "instrument",
    "client_order_id",
    "quantity_lots",
    "price_ticks",
)
"""Fields of a command that agents set."""


class Outbox:
    """The commands of the slice that is being made, in the order of their times."""

    __slots__ = ("rows", "time_ns")

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.time_ns = 0


class OpenOrderState(msgspec.Struct, array_like=True):
    """An `OpenOrder` at one moment."""

    client_order_id: int
    side: int
    price_ticks: int
    leaves_lots: int
    in_flight: bool


class DeskState(msgspec.Struct, array_like=True):
    """A `Desk` at one moment; its open orders in the order in which they were entered."""

    next_id: int
    position_lots: int
    orders: list[OpenOrderState]


class OpenOrder:
    """An order as its owner knows it."""

    __slots__ = ("client_order_id", "desk", "in_flight", "leaves_lots", "price_ticks", "side")

    def __init__(
        self, desk: Desk, client_order_id: int, side: int, price_ticks: int, leaves_lots: int
    ) -> None:
        self.desk = desk
        self.client_order_id = client_order_id
        self.side = side
        self.price_ticks = price_ticks
        self.leaves_lots = leaves_lots
        self.in_flight = True
        """Whether a command about it has not been answered yet; its owner leaves it alone until then."""


class Desk:
    """Sends one agent's orders in one instrument and keeps its open orders and position.

    Parameters
    ----------
    grid
        Prices and quantities allowed.
    outbox
        Where commands go; shared by all agents of a population.
    orders
        Open orders of the whole population by client order id.
    account
        The account it trades for.
    first_client_order_id
        This desk numbers its orders upwards from here.
    """

    __slots__ = ("_next_id", "_orders", "_outbox", "account", "grid", "open", "position_lots")

    def __init__(
        self,
        grid: Grid,
        outbox: Outbox,
        orders: dict[int, OpenOrder],
        account: int,
        first_client_order_id: int,
    ) -> None:
        self.grid = grid
        self.account = account
        self.open: dict[int, OpenOrder] = {}
        self.position_lots = 0
        self._outbox = outbox
        self._orders = orders
        self._next_id = first_client_order_id

    def state(self) -> DeskState:
        """What there is to know of it."""
        return DeskState(
            self._next_id,
            self.position_lots,
            [
                OpenOrderState(
                    order.client_order_id, order.side, order.price_ticks, order.leaves_lots, order.in_flight
                )
                for order in self.open.values()
            ],
        )

    def go_on(self, state: DeskState) -> None:
        """Go on from there; of one that has sent nothing yet."""
        self._next_id, self.position_lots = state.next_id, state.position_lots
        for one in state.orders:
            order = OpenOrder(self, one.client_order_id, one.side, one.price_ticks, one.leaves_lots)
            order.in_flight = one.in_flight
            self.open[order.client_order_id] = self._orders[order.client_order_id] = order

    def _send(
        self,
        kind: int,
        client_order_id: int,
        *,
        side: int = 0,
        order_type: int = 0,
        time_in_force: int = 0,
        flags: int = 0,
        quantity_lots: int = 0,
        price_ticks: int = 0,
    ) -> None:
        outbox = self._outbox
        outbox.rows.append(
            (
                outbox.time_ns,
                kind,
                side,
                order_type,
                time_in_force,
                flags,
                self.account,
                self.grid.instrument,
                client_order_id,
                quantity_lots,
                price_ticks,
            )
        )
        outbox.time_ns += COMMAND_GAP_NS

    def _opened(self, side: int, quantity_lots: int, price_ticks: int) -> OpenOrder:
        """A new order of the next id, in flight."""
        order = OpenOrder(self, self._next_id, side, price_ticks, quantity_lots)
        self._next_id += 1
        self.open[order.client_order_id] = self._orders[order.client_order_id] = order
        return order

    def rest(self, side: int, quantity_lots: int, price_ticks: int, *, post_only: bool = False) -> OpenOrder:
        """Send a day limit order."""
        order = self._opened(side, quantity_lots, self.grid.fit(side, price_ticks))
        self._send(
            _NEW,
            order.client_order_id,
            side=side,
            order_type=_LIMIT,
            time_in_force=_DAY,
            flags=_POST_ONLY if post_only else 0,
            quantity_lots=quantity_lots,
            price_ticks=order.price_ticks,
        )
        return order

    def take(self, side: int, quantity_lots: int, price_ticks: int = 0) -> None:
        """Send an order that trades at once or not at all: up to a price, or (0) at any price."""
        order = self._opened(side, quantity_lots, price_ticks)
        self._send(
            _NEW,
            order.client_order_id,
            side=side,
            order_type=_LIMIT if price_ticks else _MARKET,
            time_in_force=_IOC,
            quantity_lots=quantity_lots,
            price_ticks=self.grid.fit(side, price_ticks) if price_ticks else 0,
        )

    def cancel(self, order: OpenOrder, quantity_lots: int = 0) -> None:
        """Cancel an order, or only so much of it."""
        order.in_flight = True
        self._send(_CANCEL, order.client_order_id, quantity_lots=quantity_lots)

    def replace(self, order: OpenOrder, quantity_lots: int, price_ticks: int) -> None:
        """Change what an order has open and its price; it keeps its client order id."""
        order.in_flight = True
        self._send(
            _REPLACE,
            order.client_order_id,
            flags=_AS_LEAVES,
            quantity_lots=quantity_lots,
            price_ticks=self.grid.fit(order.side, price_ticks),
        )
