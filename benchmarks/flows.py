"""Order flow to measure with: an endless, seeded stream of commands that always knows which orders are open.

The generator keeps a small order book of its own (price-time priority, self-trade prevention by cancelling
the resting order), so that cancels and replaces name orders that are really open, and so that the number of
fills and lots it expects can be held against what an exchange reports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from workbench.domain.codes import (
    CommandKind,
    EventKind,
    OrderFlag,
    OrderType,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
)
from workbench.domain.config import FIRST_TRADER, Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.records import COMMAND, Records

START_TIME_NS = 1_700_000_000_000_000_000

TRACE = np.dtype([("order_id", "i8"), ("target_id", "i8")])
"""Beside each command: the id its order gets, and the id of the order it names (0: none, or stale)."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """How prices move.

    Parameters
    ----------
    meaning
        One line for the tables.
    floor_ticks, ceiling_ticks
        The window of prices.
    low_ticks, high_ticks
        Between these the price swings, as a triangle.
    period
        Commands per instrument from one low to the next.
    spread_ticks
        Mean distance of passive orders from the price.
    uniform
        Whether that distance is uniform (a deep, even book) rather than geometric.
    """

    meaning: str
    floor_ticks: int
    ceiling_ticks: int
    low_ticks: int
    high_ticks: int
    period: int
    spread_ticks: int
    uniform: bool = False


SCENARIOS = {
    "static": Scenario(
        "a deep, even book; the price stands still",
        8_001,
        12_000,
        10_000,
        10_000,
        1_000_000,
        200,
        uniform=True,
    ),
    "calm": Scenario("40 ticks up and down", 8_001, 12_000, 9_980, 10_020, 20_000, 12),
    "swing": Scenario("±25 % up and down", 10_001, 30_000, 15_000, 25_000, 200_000, 40),
    "crash": Scenario(
        "50,000 ticks down and back up, a tick with each command", 1_001, 70_000, 10_000, 60_000, 100_000, 200
    ),
}


@dataclass(frozen=True, slots=True)
class FlowSpec:
    """What a flow is made of.

    Parameters
    ----------
    scenario
        A name of `SCENARIOS`.
    resting
        Open orders over all instruments, in steady state.
    instruments, accounts
        How many; orders are spread evenly.
    by_client_id
        Cancels and replaces name orders by client order id rather than by order id.
    plain
        Only what every peer can do: limit orders, full cancels, replaces that lose priority.
    seed
        Same seed, same flow.
    """

    scenario: str = "calm"
    resting: int = 1_000
    instruments: int = 1
    accounts: int = 200
    by_client_id: bool = True
    plain: bool = False
    seed: int = 1


_OPEN = np.dtype(
    [
        ("leaves", "i8"),
        ("order_id", "i8"),
        ("client_id", "i8"),
        ("price", "i4"),
        ("account", "i4"),
        ("instrument", "i4"),
        ("side", "i4"),
        ("prev", "i4"),
        ("next", "i4"),
        ("place", "i4"),
        ("unused", "i4"),
    ]
)
_SIDE = np.dtype([("best", "i8"), ("orders", "i8")])

# Words of the generator's state.
_TIME, _ORDERS, _LIVE, _FREE, _SERIAL, _DEAD = range(6)

COUNTS = (
    "commands",
    "new_orders",
    "crossing",
    "cancels",
    "partial_cancels",
    "stale_cancels",
    "replaces",
    "kept_priority",
    "fills",
    "lots",
    "self_trades",
)
"""What the generator counts."""
(
    _C_COMMANDS,
    _C_NEW,
    _C_CROSSING,
    _C_CANCELS,
    _C_PARTIAL,
    _C_STALE,
    _C_REPLACES,
    _C_KEPT,
    _C_FILLS,
    _C_LOTS,
    _C_SELF,
) = range(len(COUNTS))

_NEW_ORDER = int(CommandKind.NEW_ORDER)
_CANCEL_ORDER = int(CommandKind.CANCEL_ORDER)
_REPLACE_ORDER = int(CommandKind.REPLACE_ORDER)
_BUY = int(Side.BUY)
_SELL = int(Side.SELL)
_LIMIT = int(OrderType.LIMIT)
_MARKET = int(OrderType.MARKET)
_DAY = int(TimeInForce.DAY)
_IOC = int(TimeInForce.IOC)
_LEAVES = int(OrderFlag.QUANTITY_IS_LEAVES)
_MAX_LOTS = 20
_MAX_SWEEP = 10
_STALE_KEPT = 1024

_REPLACE_SHARE = 0.10
_CANCEL_SHARE = 0.45
_CROSSING_SHARE = 0.08
_STALE_SHARE = 0.01
_KEEP_SHARE = 0.25
_IOC_SHARE = 0.25
_MARKET_SHARE = 0.15

_jit = numba.njit(cache=True)


@_jit
def _draw(rng: Any) -> int:
    word = rng[0]
    word ^= word << np.uint64(13)
    word ^= word >> np.uint64(7)
    word ^= word << np.uint64(17)
    rng[0] = word
    return np.int64(word >> np.uint64(11))


@_jit
def _below(rng: Any, bound: int) -> int:
    return _draw(rng) % bound


@_jit
def _share(rng: Any) -> float:
    return _draw(rng) / 9007199254740992.0


@_jit
def _enqueue(slot: int, orders: Any, heads: Any, tails: Any, sides: Any) -> None:
    order = orders[slot]
    index = order["instrument"] * 2 + order["side"] - 1
    price = order["price"]
    tail = tails[index, price]
    order["prev"] = tail
    order["next"] = 0
    if tail == 0:
        heads[index, price] = slot
        best = sides[index]["best"]
        if best < 0 or (price > best if order["side"] == _BUY else price < best):
            sides[index]["best"] = price
    else:
        orders[tail]["next"] = slot
    tails[index, price] = slot
    sides[index]["orders"] += 1


@_jit
def _dequeue(slot: int, orders: Any, heads: Any, tails: Any, sides: Any) -> None:
    order = orders[slot]
    index = order["instrument"] * 2 + order["side"] - 1
    price = order["price"]
    before = order["prev"]
    after = order["next"]
    if before == 0:
        heads[index, price] = after
    else:
        orders[before]["next"] = after
    if after == 0:
        tails[index, price] = before
    else:
        orders[after]["prev"] = before
    sides[index]["orders"] -= 1
    if sides[index]["orders"] == 0:
        sides[index]["best"] = -1
    elif heads[index, price] == 0 and sides[index]["best"] == price:
        step = -1 if order["side"] == _BUY else 1
        price += step
        while heads[index, price] == 0:
            price += step
        sides[index]["best"] = price


@_jit
def _retire(
    slot: int, state: Any, orders: Any, live: Any, heads: Any, tails: Any, sides: Any, dead: Any
) -> None:
    """The order ends: out of its queue, the list of open orders and into the ring of dead ones."""
    _dequeue(slot, orders, heads, tails, sides)
    order = orders[slot]
    ring = state[_DEAD] % _STALE_KEPT
    dead[ring, 0] = order["account"]
    dead[ring, 1] = order["instrument"]
    dead[ring, 2] = order["order_id"]
    dead[ring, 3] = order["client_id"]
    state[_DEAD] += 1
    state[_LIVE] -= 1
    last = live[state[_LIVE]]
    live[order["place"]] = last
    orders[last]["place"] = order["place"]
    order["next"] = state[_FREE]
    state[_FREE] = slot


@_jit
def _passive_price(
    rng: Any, sides: Any, instrument: int, side: int, middle: int, width: int, shape: Any
) -> int:
    """A price off the middle that does not cross."""
    if shape[5]:
        distance = 1 + _below(rng, 2 * shape[4])
    else:
        distance = 1 + np.int64(-shape[4] * np.log(1.0 - _share(rng)))
    if side == _BUY:
        price = middle - distance
        opposite = sides[instrument * 2 + 1]["best"]
        if opposite >= 0:
            price = min(price, opposite - 1)
    else:
        price = middle + distance
        opposite = sides[instrument * 2]["best"]
        if opposite >= 0:
            price = max(price, opposite + 1)
    return min(max(price, 0), width - 1)


@_jit
def _middle(shape: Any, serial: int) -> int:
    low, high, period = shape[1], shape[2], shape[3]
    phase = serial % period
    half = period // 2
    way = phase if phase < half else period - phase
    return high - (high - low) * way // half - shape[0]


@_jit
def _reachable(orders: Any, heads: Any, sides: Any, index: int, limit: int) -> int:
    """Lots resting on a side down (or up) to `limit`, of at most `_MAX_SWEEP` orders."""
    price = sides[index]["best"]
    step = 1 if index & 1 else -1
    lots = 0
    count = 0
    left = sides[index]["orders"]
    while left > 0 and count < _MAX_SWEEP and (price <= limit if step == 1 else price >= limit):
        slot = heads[index, price]
        while slot != 0 and count < _MAX_SWEEP:
            lots += orders[slot]["leaves"]
            count += 1
            left -= 1
            slot = orders[slot]["next"]
        price += step
    return lots


@_jit
def _rest(
    state: Any,
    orders: Any,
    live: Any,
    heads: Any,
    tails: Any,
    sides: Any,
    order_id: int,
    client_id: int,
    account: int,
    instrument: int,
    side: int,
    price: int,
    lots: int,
) -> None:
    slot = state[_FREE]
    order = orders[slot]
    state[_FREE] = order["next"]
    order["leaves"] = lots
    order["order_id"] = order_id
    order["client_id"] = client_id
    order["price"] = price
    order["account"] = account
    order["instrument"] = instrument
    order["side"] = side
    order["place"] = state[_LIVE]
    live[state[_LIVE]] = slot
    state[_LIVE] += 1
    _enqueue(slot, orders, heads, tails, sides)


@_jit
def _generate(
    commands: Any,
    trace: Any,
    start: int,
    target: int,
    filling: bool,
    plain: bool,
    by_client: bool,
    shape: Any,
    rng: Any,
    state: Any,
    counts: Any,
    orders: Any,
    live: Any,
    heads: Any,
    tails: Any,
    sides: Any,
    clients: Any,
    dead: Any,
) -> int:
    """Fill `commands` from `start` on, when `filling` until `target` are open; returns the end."""
    width = heads.shape[1]
    instruments = sides.shape[0] // 2
    accounts = clients.shape[0]
    at = start
    while at < commands.shape[0]:
        if filling and state[_LIVE] >= target:
            break
        command = commands[at]
        state[_TIME] += 100 + _below(rng, 1800)
        command["time_ns"] = state[_TIME]
        counts[_C_COMMANDS] += 1
        dice = 1.0 if filling else _share(rng)
        if not filling:
            state[_SERIAL] += 1
        at += 1
        if dice < _REPLACE_SHARE and state[_LIVE] > 0:
            counts[_C_REPLACES] += 1
            slot = live[_below(rng, state[_LIVE])]
            order = orders[slot]
            instrument = order["instrument"]
            account = order["account"]
            command["kind"] = _REPLACE_ORDER
            command["account"] = account
            command["instrument"] = instrument
            command["flags"] = _LEAVES
            if by_client:
                command["client_order_id"] = order["client_id"]
            else:
                command["order_id"] = order["order_id"]
            trace[at - 1]["target_id"] = order["order_id"]
            clients[account - FIRST_TRADER] += 1
            state[_ORDERS] += 1
            command["new_client_order_id"] = clients[account - FIRST_TRADER]
            trace[at - 1]["order_id"] = state[_ORDERS]
            if not plain and order["leaves"] > 1 and _share(rng) < _KEEP_SHARE:
                counts[_C_KEPT] += 1
                order["leaves"] -= 1
                command["quantity_lots"] = order["leaves"]
            else:
                _dequeue(slot, orders, heads, tails, sides)
                middle = _middle(shape, state[_SERIAL] // instruments)
                price = _passive_price(rng, sides, instrument, order["side"], middle, width, shape)
                lots = 1 + _below(rng, _MAX_LOTS)
                if price == order["price"]:
                    lots = order["leaves"] + 1
                order["price"] = price
                order["leaves"] = lots
                command["price_ticks"] = price + shape[0]
                command["quantity_lots"] = lots
                _enqueue(slot, orders, heads, tails, sides)
            order["order_id"] = state[_ORDERS]
            order["client_id"] = clients[account - FIRST_TRADER]
            continue
        if (
            dice < _REPLACE_SHARE + _CANCEL_SHARE
            and state[_LIVE] > 0
            and (state[_LIVE] > target or not plain)
        ):
            counts[_C_CANCELS] += 1
            command["kind"] = _CANCEL_ORDER
            if not plain and state[_DEAD] > 0 and _share(rng) < _STALE_SHARE:
                counts[_C_STALE] += 1
                ring = _below(rng, min(state[_DEAD], _STALE_KEPT))
                command["account"] = dead[ring, 0]
                command["instrument"] = dead[ring, 1]
                if by_client:
                    command["client_order_id"] = dead[ring, 3]
                else:
                    command["order_id"] = dead[ring, 2]
                continue
            slot = live[_below(rng, state[_LIVE])]
            order = orders[slot]
            command["account"] = order["account"]
            command["instrument"] = order["instrument"]
            if by_client:
                command["client_order_id"] = order["client_id"]
            else:
                command["order_id"] = order["order_id"]
            trace[at - 1]["target_id"] = order["order_id"]
            if state[_LIVE] > target or order["leaves"] == 1:
                _retire(slot, state, orders, live, heads, tails, sides, dead)
            else:
                counts[_C_PARTIAL] += 1
                command["quantity_lots"] = 1
                order["leaves"] -= 1
            continue
        counts[_C_NEW] += 1
        instrument = _below(rng, instruments)
        account = FIRST_TRADER + _below(rng, accounts)
        middle = _middle(shape, state[_SERIAL] // instruments)
        state[_ORDERS] += 1
        clients[account - FIRST_TRADER] += 1
        client_id = clients[account - FIRST_TRADER]
        command["kind"] = _NEW_ORDER
        command["account"] = account
        command["instrument"] = instrument
        command["client_order_id"] = client_id
        command["order_type"] = _LIMIT
        command["time_in_force"] = _DAY
        trace[at - 1]["order_id"] = state[_ORDERS]
        lots = 1 + _below(rng, _MAX_LOTS)
        bid = sides[instrument * 2]["best"]
        ask = sides[instrument * 2 + 1]["best"]
        side = _BUY if _below(rng, 2) == 0 else _SELL
        crossing = _REPLACE_SHARE + _CANCEL_SHARE <= dice < _REPLACE_SHARE + _CANCEL_SHARE + _CROSSING_SHARE
        follows = False
        if crossing:
            # The price has left the book behind: whoever comes first takes what is on offer beyond it,
            # unless the book is already thinner than it should be.
            if state[_LIVE] * 10 < target * 9:
                pass
            elif bid > middle:
                side = _SELL
                follows = True
            elif 0 <= ask < middle:
                side = _BUY
                follows = True
            crossing = (ask if side == _BUY else bid) >= 0
        command["side"] = side
        if not crossing:
            price = _passive_price(rng, sides, instrument, side, middle, width, shape)
            command["price_ticks"] = price + shape[0]
            command["quantity_lots"] = lots
            _rest(
                state,
                orders,
                live,
                heads,
                tails,
                sides,
                state[_ORDERS],
                client_id,
                account,
                instrument,
                side,
                price,
                lots,
            )
            continue
        counts[_C_CROSSING] += 1
        opposite = instrument * 2 + (1 if side == _BUY else 0)
        limit = sides[opposite]["best"]
        if follows:
            limit = middle
            lots = _reachable(orders, heads, sides, opposite, limit)
        command["price_ticks"] = limit + shape[0]
        command["quantity_lots"] = lots
        rests = True
        if not plain:
            kind = _share(rng)
            if kind < _MARKET_SHARE:
                command["order_type"] = _MARKET
                command["price_ticks"] = 0
                limit = width if side == _BUY else -1
                rests = False
            elif kind < _MARKET_SHARE + _IOC_SHARE:
                command["time_in_force"] = _IOC
                rests = False
        while lots > 0 and sides[opposite]["orders"] > 0:
            best = sides[opposite]["best"]
            if best > limit if side == _BUY else best < limit:
                break
            slot = heads[opposite, best]
            resting = orders[slot]
            if not plain and resting["account"] == account:
                counts[_C_SELF] += 1
                _retire(slot, state, orders, live, heads, tails, sides, dead)
                continue
            traded = min(lots, resting["leaves"])
            counts[_C_FILLS] += 1
            counts[_C_LOTS] += traded
            lots -= traded
            resting["leaves"] -= traded
            if resting["leaves"] == 0:
                _retire(slot, state, orders, live, heads, tails, sides, dead)
        if lots > 0 and rests:
            _rest(
                state,
                orders,
                live,
                heads,
                tails,
                sides,
                state[_ORDERS],
                client_id,
                account,
                instrument,
                side,
                limit,
                lots,
            )
    return at


class Flow:
    """An endless stream of commands; `fill_book` first, then `take` as often as you like.

    Attributes
    ----------
    spec
        What it is made of.
    trace
        `TRACE` records of the commands last made.
    """

    def __init__(self, spec: FlowSpec) -> None:
        self.spec = spec
        scenario = SCENARIOS[spec.scenario]
        width = scenario.ceiling_ticks - scenario.floor_ticks + 1
        slots = spec.resting + spec.resting // 4 + 10_000
        self._shape = np.array(
            [
                scenario.floor_ticks,
                scenario.low_ticks,
                scenario.high_ticks,
                scenario.period,
                scenario.spread_ticks,
                scenario.uniform,
            ],
            dtype=np.int64,
        )
        self._rng = np.array([spec.seed * 0x9E3779B97F4A7C15 % 2**64 | 1], dtype=np.uint64)
        self._state = np.zeros(6, dtype=np.int64)
        self._state[_TIME] = START_TIME_NS
        self._state[_FREE] = 1
        self._counts = np.zeros(len(COUNTS), dtype=np.int64)
        self._orders = np.zeros(slots, dtype=_OPEN)
        self._orders["next"][1:-1] = np.arange(2, slots)
        self._live = np.zeros(slots, dtype=np.int32)
        self._heads = np.zeros((spec.instruments * 2, width), dtype=np.int32)
        self._tails = np.zeros_like(self._heads)
        self._sides = np.zeros(spec.instruments * 2, dtype=_SIDE)
        self._sides["best"] = -1
        self._clients = np.zeros(spec.accounts, dtype=np.int64)
        self._dead = np.zeros((_STALE_KEPT, 4), dtype=np.int64)
        self.trace: npt.NDArray[Any] = np.zeros(0, dtype=TRACE)

    @property
    def counts(self) -> dict[str, int]:
        """What was generated since the last `fill_book`, by name."""
        return dict(zip(COUNTS, self._counts.tolist(), strict=True))

    @property
    def open_orders(self) -> int:
        """Orders that are open now."""
        return int(self._state[_LIVE])

    def fill_book(self) -> Records:
        """Passive orders until the book holds `spec.resting`."""
        commands = self._make(self.spec.resting, filling=True)
        self._counts[:] = 0
        return commands

    def take(self, count: int) -> Records:
        """The next `count` commands."""
        return self._make(count, filling=False)

    def _make(self, count: int, *, filling: bool) -> Records:
        commands = np.zeros(count, dtype=COMMAND)
        self.trace = np.zeros(count, dtype=TRACE)
        made = _generate(
            commands,
            self.trace,
            0,
            self.spec.resting,
            filling,
            self.spec.plain,
            self.spec.by_client_id,
            self._shape,
            self._rng,
            self._state,
            self._counts,
            self._orders,
            self._live,
            self._heads,
            self._tails,
            self._sides,
            self._clients,
            self._dead,
        )
        assert made == count
        return commands

    def venue(self, *, bare: bool = False) -> Venue:
        """The venue this flow is meant for: every check is on, and wide enough to let the flow pass."""
        scenario = SCENARIOS[self.spec.scenario]
        fees = FeeSchedule(maker_per_lot="-0.001", taker_per_lot="0.002", taker_bps="0.3")
        instruments = [
            Instrument(
                f"I{number}",
                price_min=f"{scenario.floor_ticks / 100:.2f}",
                price_max=f"{scenario.ceiling_ticks / 100:.2f}",
                max_order_quantity=1_000_000,
                max_order_notional=1_000_000_000,
                position_limit=100_000_000,
                fees=fees,
            )
            for number in range(self.spec.instruments)
        ]
        limits = Limits(
            max_order_lots=1_000_000,
            max_order_notional=1_000_000_000,
            position_limit_lots=100_000_000,
            max_open_orders=10_000_000,
            orders_per_second=1_000_000,
            order_burst=10_000,
        )
        accounts = [
            Account(f"a{number}", cash=10_000_000_000, limits=limits) for number in range(self.spec.accounts)
        ]
        return Venue(
            instruments,
            () if bare else accounts,
            self_trade_prevention=SelfTradePrevention.ALLOW
            if self.spec.plain
            else SelfTradePrevention.CANCEL_RESTING,
            bare=bare,
        )


def reported(events: Records) -> dict[str, int]:
    """What an exchange's events say about a flow, in the generator's words."""
    kind = events["kind"]
    reason = events["reason"]
    trades = events[kind == EventKind.TRADE]
    canceled = kind == EventKind.ORDER_CANCELED
    by_request = reason == Reason.BY_REQUEST
    reduced = int(np.count_nonzero((kind == EventKind.ORDER_REDUCED) & by_request))
    stale = int(np.count_nonzero(kind == EventKind.CANCEL_REJECTED))
    return {
        "commands": int(np.unique(events["command_seq"]).size),
        "new_orders": int(np.count_nonzero(kind == EventKind.ORDER_CREATED)),
        "crossing": int(np.unique(trades["command_seq"]).size),
        "cancels": int(np.count_nonzero(canceled & by_request)) + reduced + stale,
        "partial_cancels": reduced,
        "stale_cancels": stale,
        "replaces": int(np.count_nonzero(kind == EventKind.ORDER_REPLACED)),
        "kept_priority": int(
            np.count_nonzero((events["flags"] & 0x4000 != 0) & (kind == EventKind.ORDER_REPLACED))
        ),
        "fills": len(trades),
        "lots": int(trades["payload"][:, 2].sum()),
        "self_trades": int(np.count_nonzero(canceled & (reason == Reason.SELF_TRADE))),
        "refused": int(
            np.count_nonzero(
                np.isin(
                    kind, (EventKind.ORDER_REJECTED, EventKind.REPLACE_REJECTED, EventKind.COMMAND_REJECTED)
                )
            )
        ),
    }
