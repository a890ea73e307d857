"""Random command streams that hit what is open, for several venues and in several moods.

A stream is drawn in chunks. Before each chunk the generator looks at an exchange that has carried out all
chunks so far, so that most cancels, replaces and executions name orders that are open; within a chunk it
guesses. The same seed, venue and profile give the same stream as long as the exchange behaves the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from tests.twins.instructor import Instructor
from workbench.domain.codes import (
    STREET_ACCOUNT,
    CommandKind,
    OrderFlag,
    OrderType,
    Phase,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TriggerReference,
)
from workbench.domain.commands import ALL
from workbench.domain.config import FIRST_TRADER, Account, ReplayMode, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import MAX_LADDER_TICKS, Instrument
from workbench.domain.limits import Limits
from workbench.domain.records import COMMAND, Records
from workbench.engine.reference import ReferenceExchange
from workbench.engine.reference.auctions import clearing
from workbench.matching.reference import Order

CHUNK = 32
MILLISECOND = 1_000_000
MAX_WINDOW_TICKS = 6_000
"""How far streams let a ladder grow; wider windows are only asked for to be refused."""
DEPTH = 4_600
"""Orders with which the streams of a deep venue begin: more than a kernel looks ahead without."""
SOON = 1_000_000_000
"""Streams write times to come as nanoseconds from now; only larger numbers are times themselves."""

_LAST, _BID_ASK, _MIDDLE = TriggerReference
_COLLECTING = (Phase.PRE_OPEN, Phase.OPENING_AUCTION, Phase.CLOSING_AUCTION, Phase.REOPENING_AUCTION)
_NEXT_PHASES = {
    Phase.CONTINUOUS: [Phase.CLOSING_AUCTION] * 4
    + [Phase.HALTED] * 3
    + [Phase.REOPENING_AUCTION, Phase.CLOSED],
    Phase.CLOSED: [Phase.PRE_OPEN] * 4 + [Phase.CONTINUOUS],
    Phase.PRE_OPEN: [Phase.OPENING_AUCTION] * 4 + [Phase.CONTINUOUS] * 2 + [Phase.HALTED],
    Phase.OPENING_AUCTION: [Phase.CONTINUOUS] * 5 + [Phase.HALTED],
    Phase.CLOSING_AUCTION: [Phase.CLOSED] * 4 + [Phase.CONTINUOUS, Phase.HALTED],
    Phase.REOPENING_AUCTION: [Phase.CONTINUOUS] * 5 + [Phase.HALTED],
    Phase.HALTED: [Phase.REOPENING_AUCTION] * 2 + [Phase.CONTINUOUS] * 2,
}
"""How a day goes on."""

_I32 = [0, 1, -1, 2, 7, 255, 65_535, 2**31 - 1, -(2**31)]
_I64 = [*_I32, 2**31, 2**32, 2**40, 2**40 + 1, 2**53, 2**62, 2**63 - 1, -(2**63), -(2**40)]
_NASTY = {name: (_I64 if COMMAND[name] == np.int64 else _I32) for name in COMMAND.names or ()}


def _stock(symbol: str, **settings: object) -> Instrument:
    terms = {"price_min": "0.90", "price_max": "1.10", "max_order_quantity": 100_000}
    return Instrument(symbol, **terms | settings)  # type: ignore[arg-type]


def _limited(symbol: str, bps: int, **settings: object) -> Instrument:
    """A stock with price limits, whose window passes within some dozen commands."""
    return _stock(
        symbol,
        price_limit_bps=bps,
        price_limit_window_ns=100 * MILLISECOND,
        price_limit_pause_ns=30 * MILLISECOND,
        **settings,
    )


def _traders() -> list[Account]:
    """Rich and poor, with and without permissions and limits."""
    tight = Limits(max_order_lots=60, max_order_notional=70, position_limit_lots=150, max_open_orders=3)
    paced = Limits(orders_per_second=200, order_burst=3)
    slow = Limits(orders_per_second=50)
    return [
        Account("rich", cash=10**7),
        Account("poor", cash=60),
        Account("long only", cash=500, short_permitted=False),
        Account("free", cash_checked=False),
        Account("tight", cash=10_000, limits=tight),
        Account("paced", cash=10_000, limits=paced),
        Account("slow", cash="123.45", limits=slow, short_permitted=False, cash_checked=False),
        Account("other", cash=10**7),
    ]


def _history_traders() -> list[Account]:
    return [Account("ann", cash=10**6), Account("bob", cash=300), Account("cid", cash_checked=False)]


def _stp(mode: SelfTradePrevention) -> Venue:
    accounts = [
        Account("ann", cash=10**6),
        Account("bob", cash=10**6, limits=Limits(position_limit_lots=500)),
    ]
    fees = FeeSchedule(maker_bps="-0.2", taker_bps="0.3")
    return Venue([_stock("ONE", fees=fees)], accounts, self_trade_prevention=mode)


_KEPT_TRADES = {"responsive": 200, "deep": 40, "allow": 0}
"""Some keep few trades, and one none."""


def venues() -> dict[str, Venue]:
    """The venues that every profile runs on."""
    rebate = FeeSchedule(maker_per_lot="-0.002", taker_per_lot="0.003")
    points = FeeSchedule(maker_bps="1.25", taker_bps="10", taker_per_lot="0.000001")
    mode = SelfTradePrevention
    made = {
        "full": Venue(
            [
                _stock("REB", fees=rebate),
                _stock(
                    "PTS",
                    fees=points,
                    price_increment="0.05",
                    quantity_increment=10,
                    position_limit=900,
                    trigger_reference=_BID_ASK,
                ),
                Instrument(
                    "FUT",
                    "20",
                    "60",
                    tick_size="0.25",
                    multiplier=50,
                    fees=points,
                    max_order_notional=40_000,
                    trigger_reference=_MIDDLE,
                ),
            ],
            _traders(),
        ),
        "bare": Venue(
            [_stock("ONE"), _limited("TWO", 400, quantity_increment=5, trigger_reference=_MIDDLE)], bare=True
        ),
        "responsive": Venue([_stock("ONE", fees=rebate), _stock("TWO")], _history_traders()),
        "frozen": Venue(
            [
                _stock("ONE", fees=rebate, trigger_reference=_BID_ASK),
                _stock("TWO", reference_price="1.00"),
            ],
            _history_traders(),
            replay_mode=ReplayMode.FROZEN,
        ),
        "limits": Venue(
            [
                _limited("LST", 300, fees=rebate, reference_price="1.00"),
                _limited("BBO", 500, trigger_reference=_BID_ASK, price_increment="0.02"),
                _limited("MID", 200, trigger_reference=_MIDDLE, reference_price="1.02", quantity_increment=2),
            ],
            [
                *_history_traders(),
                Account("dan", cash=900, short_permitted=False),
                Account("eve", cash=10**6),
            ],
        ),
        "deep": Venue(
            [_stock("DEEP", price_min="0.50", price_max="1.50", trigger_reference=_BID_ASK)],
            [Account("ann", cash=10**8), Account("bob", cash=10**8), Account("cid", cash_checked=False)],
        ),
        "bare frozen": Venue([_stock("ONE")], bare=True, replay_mode=ReplayMode.FROZEN),
        "allow": _stp(mode.ALLOW),
        "cancel resting": _stp(mode.CANCEL_RESTING),
        "cancel incoming": _stp(mode.CANCEL_INCOMING),
        "cancel both": _stp(mode.CANCEL_BOTH),
        "decrement": _stp(mode.DECREMENT),
        "coin": Venue(
            [
                Instrument("BTC", "0.90", "1.10", tick_size="0.001", lot_size="0.00000001", fees=points),
                Instrument("ODD", "300", "900", tick_size=3, lot_size="0.00000007", fees=rebate),
            ],
            [Account("ann", cash="0.5"), Account("bob", cash=10**6), Account("cid", cash="0.000321")],
        ),
    }
    return {
        name: venue if venue.bare else replace(venue, kept_trades=_KEPT_TRADES.get(name, 3_000))
        for name, venue in made.items()
    }


PROFILES = ("calm", "adversarial", "history", "terms", "day")


@dataclass(frozen=True)
class Mood:
    """Weights of what a profile does; the numbers are shares of all commands, what is left are new orders."""

    cancel: float = 0.25
    replace: float = 0.12
    execute: float = 0.0
    historical: float = 0.0
    """Share of new orders that are history's."""
    control: float = 0.002
    """Share of phases, bands, suspensions, kill switches and mass cancels."""
    spoil: float = 0.0
    """Share of commands that get one nasty value in one field."""
    stale: float = 0.03
    wide: float = 0.05
    """Share of prices anywhere in the band rather than near the middle."""
    edge: float = 0.0
    """Share of prices at and beyond the ends of band and window."""
    client: float = 0.3
    backwards: float = 0.0
    burst: float = 0.0
    """Chance that a chunk is a deep queue that is then swept."""
    trigger: float = 0.03
    """Share of new orders that are trigger orders."""
    iceberg: float = 0.03
    reduce_only: float = 0.01
    dated: float = 0.02
    """Share of new orders that are good till a date, mostly a near one."""
    auction: float = 0.01
    """Share of new orders for the opening or closing auction; many more while one collects."""
    group: float = 0.05
    """Chance, times ten, that a chunk has a group of orders."""
    terms: float = 0.05
    """Share of replaces that give each of the terms beyond price and quantity."""
    cross: float = 0.005
    """Chance, times ten, that a chunk has an auction of history, and half of it that it has a collar."""
    restrict: float = 0.05
    """Chance that a chunk restricts short sales of an instrument; they are free again soon."""
    alone: float = 0.0
    """Chance that a chunk is an auction of an instrument that has nothing but market orders left."""
    day: float = 0.0
    """Chance that a chunk moves an instrument to the next phase of its day, at once or soon."""
    instruct: float = 0.1
    """Chance that a chunk changes a limit or the session's state, or announces something."""


MOODS = {
    "calm": Mood(),
    "adversarial": Mood(
        cancel=0.2,
        replace=0.2,
        execute=0.01,
        historical=0.04,
        control=0.03,
        spoil=0.06,
        stale=0.12,
        wide=0.2,
        edge=0.06,
        client=0.5,
        backwards=0.01,
        burst=0.02,
        trigger=0.12,
        iceberg=0.08,
        reduce_only=0.06,
        dated=0.08,
        auction=0.05,
        group=0.06,
        terms=0.12,
        cross=0.02,
        restrict=0.15,
        alone=0.01,
        instruct=0.5,
    ),
    "history": Mood(
        cancel=0.2, replace=0.12, execute=0.15, historical=0.55, spoil=0.005, stale=0.06, wide=0.1, cross=0.02
    ),
    "terms": Mood(
        cancel=0.12,
        replace=0.18,
        execute=0.03,
        historical=0.05,
        trigger=0.25,
        iceberg=0.2,
        reduce_only=0.14,
        dated=0.12,
        auction=0.02,
        group=0.09,
        terms=0.2,
        cross=0.02,
        restrict=0.15,
    ),
    "day": Mood(
        cancel=0.12,
        execute=0.02,
        historical=0.06,
        trigger=0.1,
        iceberg=0.1,
        reduce_only=0.08,
        dated=0.1,
        auction=0.1,
        group=0.05,
        cross=0.04,
        restrict=0.1,
        alone=0.03,
        day=0.5,
    ),
}


class Generator:
    """Draws one stream.

    Parameters
    ----------
    exchange
        Has carried out everything drawn so far; only looked at.
    profile
        One of `PROFILES`.
    seed
        Chooses the stream.
    """

    def __init__(self, exchange: ReferenceExchange, profile: str, seed: int) -> None:
        self.exchange = exchange
        self.mood = MOODS[profile]
        self.random = np.random.default_rng([PROFILES.index(profile), seed])
        venue = exchange.venue
        traders = range(FIRST_TRADER, FIRST_TRADER + (3 if venue.bare else len(venue.accounts)))
        self.accounts = np.array([*traders, STREET_ACCOUNT])
        street = 0.3 / len(self.accounts)
        self.account_weights = np.array([(1 - street) / len(traders)] * len(traders) + [street])
        self.source_id = 0
        self.time_ns = venue.start_time_ns
        self.middles = [(i.price_min_ticks + i.price_max_ticks) // 2 for i in venue.instruments]
        self.group_id = 1_000_000
        apart = np.random.default_rng([len(PROFILES), PROFILES.index(profile), seed])
        self.instructor = Instructor(exchange, apart)

    # One chunk

    def chunk(self, size: int = CHUNK) -> Records:
        """The next commands, about `size` of them."""
        if self.random.random() < self.mood.burst:
            rows = self._burst()
        elif self.random.random() < self.mood.alone:
            rows = self._market_orders_alone()
        else:
            rows = self._mixed(size)
            self._spoil(rows)
        self._times(rows)
        self._recover(rows)
        return rows

    def _hits(self, share: float | np.ndarray, size: int) -> np.ndarray:
        return self.random.random(size) < share

    def _mixed(self, size: int) -> Records:
        mood, random = self.mood, self.random
        rows = np.zeros(size, dtype=COMMAND)
        kinds = [
            CommandKind.CANCEL_ORDER,
            CommandKind.REPLACE_ORDER,
            CommandKind.EXECUTE_ORDER,
            CommandKind.CLOCK,
        ]
        shares = np.array([mood.cancel, mood.replace, mood.execute, 0.01])
        rows["kind"] = random.choice([*kinds, CommandKind.NEW_ORDER], size, p=[*shares, 1 - shares.sum()])
        new = np.flatnonzero(rows["kind"] == CommandKind.NEW_ORDER)
        self._fill_new(rows, new)
        self._fill_named(rows, np.flatnonzero((rows["kind"] >= 2) & (rows["kind"] <= 5)), new)
        if random.random() < 10 * mood.group:
            self._group(rows, new)
        for place in np.flatnonzero(self._hits(mood.control, size)):
            rows[place] = self._control()
        if random.random() < mood.day:
            rows[int(random.integers(0, size))] = self._next_phase()
        if random.random() < 10 * mood.cross:
            rows[int(random.integers(0, size))] = self._cross()
        if random.random() < 5 * mood.cross:
            rows[int(random.integers(0, size))] = self._collar(self._collected())
        if random.random() < mood.restrict:
            rows[int(random.integers(0, size))] = self._restrict()
        self.instructor.instruct(rows, mood.instruct)
        return rows

    def _fill_new(self, rows: Records, new: np.ndarray) -> None:
        mood, random, size = self.mood, self.random, len(new)
        part = np.zeros(size, dtype=COMMAND)
        part["kind"] = CommandKind.NEW_ORDER
        part["side"] = random.integers(1, 3, size)
        part["instrument"] = random.integers(0, len(self.middles), size)
        part["account"] = random.choice(self.accounts, size, p=self.account_weights)
        part["order_type"] = OrderType.LIMIT
        tifs = [TimeInForce.DAY, TimeInForce.GTC, TimeInForce.IOC, TimeInForce.FOK, TimeInForce.GTD]
        part["time_in_force"] = random.choice(tifs, size, p=[0.45, 0.4, 0.08, 0.065, 0.005])
        modes = [0, 1, 2, 3, 4, 5, 6]
        part["self_trade_prevention"] = random.choice(
            modes, size, p=[0.75, 0.05, 0.05, 0.045, 0.05, 0.05, 0.005]
        )
        part["price_ticks"] = self._prices(part["instrument"], part["side"])
        part["quantity_lots"] = self._quantities(part["instrument"])
        part["client_order_id"] = np.where(self._hits(mood.client, size), random.integers(1, 60, size), 0)
        part["flags"] = np.where(self._hits(0.08, size), OrderFlag.POST_ONLY, 0)

        self._dress(part)
        phases = np.array([rules.phase for rules in self.exchange.rules])[part["instrument"]]
        collected = np.isin(phases, _COLLECTING)
        market = self._hits(np.where(collected, 0.2, 0.06), size) & (part["order_type"] == OrderType.LIMIT)
        part["order_type"][market] = OrderType.MARKET
        part["price_ticks"][market] = 0

        history = self._hits(mood.historical, size)
        count = int(history.sum())
        part["account"][history] = STREET_ACCOUNT
        part["order_type"][history] = OrderType.LIMIT
        part["time_in_force"][history] = random.choice([TimeInForce.DAY, TimeInForce.GTC], count)
        part["price_ticks"][history] = self._prices(part["instrument"][history], part["side"][history])
        part["client_order_id"][history] = self.source_id + 1 + np.arange(count)
        part["flags"][history] = OrderFlag.HISTORICAL
        for name in ("trigger_price_ticks", "amount_micros", "display_lots", "expire_time_ns"):
            part[name][history] = 0
        self.source_id += count
        rows[new] = part

    def _dress(self, part: Records) -> None:
        """Give some new orders other types, times in force and terms; nearly all of them fit together."""
        mood, random, size = self.mood, self.random, len(part)
        instruments = part["instrument"]
        phases = np.array([rules.phase for rules in self.exchange.rules])[instruments]
        step = np.array([rules.quantity_increment_lots for rules in self.exchange.rules])[instruments]
        collected = np.isin(phases, _COLLECTING)

        # Fill-or-kill and its like are for continuous trading.
        at_once = np.isin(part["time_in_force"], (TimeInForce.IOC, TimeInForce.FOK))
        part["time_in_force"][at_once & collected & self._hits(0.9, size)] = TimeInForce.DAY
        for_auction = self._hits(np.where(collected, 10 * mood.auction, mood.auction), size)
        opening = np.isin(phases, (Phase.PRE_OPEN, Phase.OPENING_AUCTION)) & self._hits(0.7, size)
        opening |= self._hits(0.02, size)
        kinds = np.where(opening, TimeInForce.OPG, TimeInForce.CLS)
        part["time_in_force"] = np.where(for_auction, kinds, part["time_in_force"])
        part["flags"][for_auction & self._hits(0.95, size)] = 0

        dated = self._hits(mood.dated, size)
        part["time_in_force"][dated] = TimeInForce.GTD
        part["expire_time_ns"] = np.where(
            dated, self._times_to_come(size), np.where(self._hits(0.002, size), MILLISECOND, 0)
        )

        icebergs = self._hits(mood.iceberg, size) & ~for_auction & ~at_once
        part["quantity_lots"][icebergs] *= random.integers(1, 5, size)[icebergs]
        part["display_lots"][icebergs] = self._slices(part["quantity_lots"], step)[icebergs]

        reducing = self._hits(mood.reduce_only, size) & ~for_auction & ~at_once
        for place in np.flatnonzero(reducing):
            self._reduce(part[place : place + 1], int(step[place]))
        resting = [
            order
            for order in self.exchange.open_orders.values()
            if order.flags & OrderFlag.REDUCE_ONLY and not order.is_held
        ]
        for place in np.flatnonzero(self._hits(2 * mood.reduce_only if resting else 0, size)):
            self._close_out(part[place : place + 1], resting[int(random.integers(0, len(resting)))])
        triggers = self._hits(mood.trigger, size) & (part["flags"] & OrderFlag.POST_ONLY == 0)
        for place in np.flatnonzero(triggers & ~for_auction & ~at_once):
            self._make_trigger(part[place : place + 1])

    def _times_to_come(self, size: int) -> np.ndarray:
        """Nanoseconds from now: mostly some commands' worth, seldom the past, now, or very far away."""
        random = self.random
        times = random.integers(1, 60 * MILLISECOND, size)
        times = np.where(self._hits(0.1, size), random.integers(1, 1000 * MILLISECOND, size), times)
        wrong = random.choice([-1, -MILLISECOND, 0, 2**62 + 1, 2**63 - 1], size)
        return np.where(self._hits(0.04, size), wrong, times)

    def _slices(self, quantities: np.ndarray, step: np.ndarray) -> np.ndarray:
        """Display quantities; a few that do not do."""
        random, size = self.random, len(quantities)
        slices = np.maximum(quantities // random.integers(1, 9, size) // step, 1) * step
        wrong = np.choose(
            random.integers(0, 4, size), [quantities + step, -step, slices + 1, np.full(size, 2**40)]
        )
        return np.where(self._hits(0.05, size), wrong, slices)

    def _reduce(self, row: Records, step: int) -> None:
        """Have an order close what its account has, or some of it."""
        random = self.random
        row["flags"] |= np.uint16(OrderFlag.REDUCE_ONLY)
        account, instrument = int(row["account"][0]), int(row["instrument"][0])
        position = self.exchange.ledger.position_lots(account, instrument)
        if position and random.random() < 0.9:
            row["side"] = Side.SELL if position > 0 else Side.BUY
            most = min(abs(position), int(self.exchange.rules[instrument].max_order_lots))
            lots = int(random.integers(1, most + 1)) if random.random() < 0.5 else most
            row["quantity_lots"] = max(step, lots // step * step)
            row["display_lots"] = 0
            if random.random() < 0.6:
                # One that rests for a while, so that the position may shrink before its turn comes.
                rules = self.exchange.rules[instrument]
                away = int(random.integers(3, 7)) * rules.price_increment_ticks
                row["price_ticks"] = self._near(instrument) + (away if position > 0 else -away)
                row["time_in_force"] = TimeInForce.GTC
                row["expire_time_ns"] = 0

    def _close_out(self, row: Records, resting: Order) -> None:
        """Sell, or buy, what a reduce-only order was meant for, or trade with that order."""
        random = self.random
        row["instrument"] = resting.instrument
        row["time_in_force"] = TimeInForce.DAY
        row["flags"] = row["display_lots"] = row["expire_time_ns"] = 0
        if random.random() < 0.5:
            row["side"] = 3 - resting.side
            row["price_ticks"] = resting.price_ticks
            row["quantity_lots"] = resting.leaves_lots
            return
        position = self.exchange.ledger.position_lots(resting.account, resting.instrument)
        most = int(self.exchange.rules[resting.instrument].max_order_lots)
        row["account"], row["side"] = resting.account, resting.side
        row["quantity_lots"] = min(most, max(1, abs(position)))
        # Reaches whoever is there.
        rules = self.exchange.rules[resting.instrument]
        price = rules.band_low_ticks if resting.side == Side.SELL else rules.band_high_ticks
        row["price_ticks"] = price - price % rules.price_increment_ticks
        row["time_in_force"] = TimeInForce.IOC

    def _make_trigger(self, row: Records) -> None:
        """Have an order wait for a price near the market."""
        random = self.random
        rules = self.exchange.rules[int(row["instrument"][0])]
        row["order_type"] = kind = int(random.integers(OrderType.STOP, OrderType.TRAILING_STOP + 1))
        row["display_lots"] = 0 if random.random() < 0.97 else 1
        if row["time_in_force"][0] not in (TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD):
            row["time_in_force"] = TimeInForce.GTC
        near = self._near(int(row["instrument"][0]))
        if kind == OrderType.TRAILING_STOP:
            row["price_ticks"] = 0
            if random.random() < 0.5:
                row["trigger_price_ticks"] = random.choice(
                    [1, 1, 2, 3, 4, 6, 9, 400, 2**40, -1], p=[0.15] * 6 + [0.025] * 4
                )
            else:
                row["amount_micros"] = random.choice(
                    [1, 5_000, 12_000, 25_000, 60_000, 999_999, -1, 1_000_000]
                )
            return
        row["trigger_price_ticks"] = near if random.random() < 0.95 else random.integers(-1, max(2 * near, 1))
        if kind in (OrderType.STOP, OrderType.MARKET_IF_TOUCHED):
            row["price_ticks"] = 0
        else:
            row["price_ticks"] = near + int(random.integers(-3, 4)) * rules.price_increment_ticks

    def _near(self, instrument: int) -> int:
        """A price near the market that orders may have."""
        rules = self.exchange.rules[instrument]
        last = self.exchange.tapes[instrument].last_price_ticks
        middle = last if last and self.random.random() < 0.7 else self.middles[instrument]
        price = middle + int(self.random.integers(-5, 6)) * rules.price_increment_ticks
        return price - price % rules.price_increment_ticks

    def _group(self, rows: Records, new: np.ndarray) -> None:
        """Make a group of some of the chunk's new orders: most are complete, some never or wrongly so."""
        random = self.random
        count = int(random.choice([2, 2, 3]))
        if len(new) < count:
            return
        start = int(random.integers(0, len(new) - count + 1))
        apart = len(new) >= 2 * count and random.random() < 0.3
        places = new[start : start + count]
        if apart:
            places = np.sort(random.choice(new, count, replace=False))
        instrument = int(random.integers(0, len(self.middles)))
        rules = self.exchange.rules[instrument]
        account = int(random.choice(self.accounts[:-1]))
        side = int(random.integers(1, 3))
        lots = int(random.integers(1, 9)) * rules.quantity_increment_lots
        away = int(random.integers(1, 5)) * rules.price_increment_ticks
        middle = self._near(instrument)
        children = count - 1 if count > 2 or random.random() < 0.5 else 0
        self.group_id += 1
        for number, place in enumerate(places, start=1):
            row = np.zeros(1, dtype=COMMAND)
            row["kind"] = CommandKind.NEW_ORDER
            row["account"], row["instrument"], row["side"] = account, instrument, side
            row["group_id"], row["group_place"] = self.group_id, number
            row["client_order_id"] = self.group_id if number == 1 else 0
            row["time_in_force"] = random.choice([TimeInForce.DAY, TimeInForce.GTC, TimeInForce.GTD])
            if row["time_in_force"][0] == TimeInForce.GTD:
                row["expire_time_ns"] = random.integers(1, 60 * MILLISECOND)
            row["quantity_lots"] = lots if random.random() < 0.7 else 2 * lots
            row["order_type"], row["price_ticks"] = OrderType.LIMIT, middle
            if number <= children:
                row["flags"] = OrderFlag.GROUP_CHILD
            elif number == count:
                row["flags"] = OrderFlag.GROUP_LAST
            if number == count and children:
                # The parent, on the other side as a rule.
                row["side"] = 3 - side if random.random() < 0.9 else side
                if random.random() < 0.2:
                    row["order_type"], row["price_ticks"] = OrderType.MARKET, 0
            else:
                better = away if side == Side.SELL else -away
                row["price_ticks"] = middle + (better if number % 2 else -better)
                if number % 2 == 0:
                    row["order_type"] = OrderType.STOP
                    row["trigger_price_ticks"], row["price_ticks"] = row["price_ticks"], 0
                if random.random() < 0.15:
                    self._make_trigger(row)
                elif random.random() < 0.15 and row["order_type"][0] == OrderType.LIMIT:
                    row["display_lots"] = rules.quantity_increment_lots
                if random.random() < 0.1:
                    row["flags"] |= np.uint16(OrderFlag.REDUCE_ONLY)
            if random.random() < 0.06:
                name, value = (
                    ("side", 3 - side),
                    ("group_place", int(random.integers(0, 5))),
                    ("flags", int(random.choice([0, 32, 64, 96]))),
                    ("group_id", int(random.choice([-1, 1, self.group_id - 1]))),
                    ("price_ticks", 2**40),
                    ("instrument", int(random.integers(0, len(self.middles)))),
                    ("account", int(random.choice(self.accounts))),
                    ("time_in_force", TimeInForce.IOC),
                )[int(random.integers(0, 8))]
                row[name] = value
            rows[place] = row[0]
        if random.random() < 0.1:
            rows[places[-1]] = self._control()

    def _prices(self, instruments: np.ndarray, sides: np.ndarray) -> np.ndarray:
        random, size = self.random, len(instruments)
        rules = self.exchange.rules
        middle = np.array([self._middle(i) for i in range(len(rules))])[instruments]
        step = np.array([each.price_increment_ticks for each in rules])[instruments]
        # Buys a little below the middle, sells a little above, so that the book is deep and often crossed.
        away = random.integers(-2, 9, size)
        prices = middle + np.where(sides == Side.BUY, -away, away) * step
        prices -= np.where(self._hits(0.97, size), prices % step, 0)
        low = np.array([each.band_low_ticks for each in rules])[instruments]
        high = np.array([each.band_high_ticks for each in rules])[instruments]
        wide = self._hits(self.mood.wide, size)
        prices = np.where(wide, random.integers(low, high + 1), prices)
        ends = np.array(
            [
                [
                    r.band_low_ticks,
                    r.band_high_ticks,
                    r.window_low_ticks,
                    r.window_high_ticks,
                    r.price_cap_ticks,
                    1,
                ]
                for r in rules
            ]
        )
        edge = self._hits(self.mood.edge, size)
        at = ends[instruments, random.integers(0, ends.shape[1], size)] + random.integers(-1, 2, size)
        return np.where(edge, at, prices)

    def _middle(self, instrument: int) -> int:
        """A middle price that wanders inside the band."""
        rules = self.exchange.rules[instrument]
        low, high = rules.band_low_ticks, rules.band_high_ticks
        middle = self.middles[instrument] + int(self.random.integers(-1, 2))
        if not low <= middle <= high:
            middle = (low + high) // 2
        self.middles[instrument] = middle
        return middle

    def _quantities(self, instruments: np.ndarray) -> np.ndarray:
        random, size = self.random, len(instruments)
        rules = self.exchange.rules
        step = np.array([each.quantity_increment_lots for each in rules])[instruments]
        quantities = random.integers(1, 9, size) * step
        quantities = np.where(self._hits(0.15, size), quantities * random.integers(1, 40, size), quantities)
        quantities = np.where(self._hits(0.02, size), random.integers(1, 30, size), quantities)
        # The largest order of all; rarely, so that the sums of a stream stay inside 64 bits.
        largest = np.array([each.max_order_lots for each in rules])[instruments] // step * step
        return np.where(self._hits(0.0005 if self.mood.spoil else 0, size), largest, quantities)

    def _fill_named(self, rows: Records, places: np.ndarray, new: np.ndarray) -> None:
        """Cancels, replaces and executions: choose an open order for each, then vary how it is named."""
        if not len(places):
            return
        size, random, mood = len(places), self.random, self.mood
        part = rows[places]
        found = self._open(size, prefer_street=part["kind"] == CommandKind.EXECUTE_ORDER)
        ids, clients, owners, instruments, sides, prices, leaves, totals = found.T
        executed = totals - leaves

        # Some name an order of this very chunk: its place tells its id, unless replaces came between.
        guessed = self._hits(0.08, size) & (len(new) > 0)
        if guessed.any():
            born = new[random.integers(0, len(new), size)]
            rank = np.searchsorted(new, born)
            ids = np.where(guessed, self.exchange.order_count + 1 + rank, ids)
            clients = np.where(guessed, rows["client_order_id"][born], clients)
            owners = np.where(guessed, rows["account"][born], owners)
            instruments = np.where(guessed, rows["instrument"][born], instruments)
            sides = np.where(guessed, rows["side"][born], sides)
            prices = np.where(guessed, np.maximum(rows["price_ticks"][born], 1), prices)
            leaves = np.where(guessed, rows["quantity_lots"][born], leaves)
            executed = np.where(guessed, 0, executed)
        stale = self._hits(mood.stale, size)
        ids = np.where(stale, random.integers(-1, self.exchange.order_count + 5, size), ids)
        clients = np.where(stale, random.integers(0, self.source_id + 60, size), clients)

        street = owners == STREET_ACCOUNT
        by_client = (clients > 0) & self._hits(np.where(street, 0.6, 0.35), size)  # type: ignore[arg-type]
        both = self._hits(0.05, size)
        part["order_id"] = np.where(by_client & ~both, 0, ids)
        part["client_order_id"] = np.where(by_client | both, clients, 0)
        part["account"] = np.where(self._hits(0.02, size), random.choice(self.accounts, size), owners)
        part["instrument"] = np.where(self._hits(0.02, size), 0, instruments)
        history = street & self._hits(0.93, size)
        part["flags"] = np.where(history, OrderFlag.HISTORICAL, 0)

        kinds = part["kind"]
        some = random.integers(1, np.maximum(leaves, 1) + 3)
        cancel = kinds == CommandKind.CANCEL_ORDER
        part["quantity_lots"] = np.where(cancel & self._hits(0.3, size), some, 0)

        self._fill_replace(part, kinds == CommandKind.REPLACE_ORDER, history, leaves, executed, prices, sides)
        for place in np.flatnonzero(kinds == CommandKind.REPLACE_ORDER):
            self._fill_terms(part[place : place + 1])
        self._fill_execute(part, kinds == CommandKind.EXECUTE_ORDER, leaves, prices, sides)
        rows[places] = part

    def _fill_replace(
        self,
        part: Records,
        chosen: np.ndarray,
        history: np.ndarray,
        leaves: np.ndarray,
        executed: np.ndarray,
        prices: np.ndarray,
        sides: np.ndarray,
    ) -> None:
        random, size = self.random, len(part)
        steps = np.array([each.quantity_increment_lots for each in self.exchange.rules])
        step = steps[np.clip(part["instrument"], 0, len(steps) - 1)]
        as_leaves = np.where(history, self._hits(0.97, size), self._hits(0.3, size))
        down = random.integers(1, np.maximum(leaves, 1) + 1)
        up = leaves + random.integers(1, 9, size) * step
        same = leaves
        shall = np.choose(random.integers(0, 3, size), [down, same, up])
        shall -= np.where(self._hits(0.9, size), shall % step, 0)
        quantity = np.where(as_leaves, shall, shall + executed)
        quantity = np.where(
            self._hits(0.05, size), np.maximum(executed - random.integers(0, 3, size), 0), quantity
        )
        quantity = np.where(self._hits(0.15, size), 0, quantity)
        price = np.where(self._hits(0.5, size), prices, self._prices_near(part, prices))
        price = np.where(self._hits(0.2, size), 0, price)
        # Orders without a limit have no price to keep.
        price = np.where((prices == 0) & self._hits(0.95, size), 0, price)
        flags = part["flags"] | np.where(as_leaves, OrderFlag.QUANTITY_IS_LEAVES, 0)
        flags |= np.where(self._hits(0.12, size), OrderFlag.LOSE_PRIORITY, 0)
        part["quantity_lots"][chosen] = quantity[chosen]
        part["price_ticks"][chosen] = price[chosen]
        part["flags"][chosen] = flags[chosen]
        part["side"][chosen] = np.where(self._hits(0.5, size), sides, 0)[chosen]
        rename = chosen & self._hits(0.25, size)
        part["new_client_order_id"][rename] = random.integers(1, 60, int(rename.sum()))
        renamed_history = rename & history
        part["new_client_order_id"][renamed_history] = (
            self.source_id + 1 + np.arange(int(renamed_history.sum()))
        )
        self.source_id += int(renamed_history.sum())

    def _fill_terms(self, row: Records) -> None:
        """Have a replace give some of the further terms, mostly to orders that have them."""
        random, share = self.random, self.mood.terms
        order = self.exchange.open_orders.get(int(row["order_id"][0]))
        if order is None:
            return
        waits = order.is_trigger and order.is_held
        if random.random() < (3 * share if waits else share / 5):
            if order.is_trailing and random.random() < 0.5:
                row["amount_micros"] = random.choice([1, 5_000, 20_000, 999_999, 1_000_000, -1])
            elif order.is_trailing:
                row["trigger_price_ticks"] = random.choice([1, 2, 3, 5, 8, 2**40, 2**40 + 1, -1])
            else:
                row["trigger_price_ticks"] = self._near(order.instrument)
            if random.random() < 0.05:
                row["amount_micros"] = 3
        if random.random() < (3 * share if order.display_lots else share / 2):
            step = np.array([self.exchange.rules[order.instrument].quantity_increment_lots])
            lots = np.array([int(row["quantity_lots"][0]) or order.leaves_lots])
            row["display_lots"] = self._slices(lots, step)
        if random.random() < (2 * share if order.expire_time_ns else share / 5):
            row["expire_time_ns"] = self._times_to_come(1)

    def _prices_near(self, part: Records, prices: np.ndarray) -> np.ndarray:
        rules = self.exchange.rules
        instruments = np.clip(part["instrument"], 0, len(rules) - 1)
        step = np.array([each.price_increment_ticks for each in rules])[instruments]
        near = prices + self.random.integers(-6, 7, len(part)) * step
        drawn = self._prices(instruments, self.random.integers(1, 3, len(part)))
        return np.where(self._hits(0.6, len(part)), near, drawn)

    def _fill_execute(
        self, part: Records, chosen: np.ndarray, leaves: np.ndarray, prices: np.ndarray, sides: np.ndarray
    ) -> None:
        random, size = self.random, len(part)
        against = np.where(sides == Side.BUY, Side.SELL, Side.BUY)
        part["side"][chosen] = np.where(self._hits(0.96, size), against, sides)[chosen]
        part["account"][chosen] = np.where(self._hits(0.01, size), FIRST_TRADER, STREET_ACCOUNT)[chosen]
        part["flags"][chosen] = OrderFlag.HISTORICAL
        whole = np.where(self._hits(0.5, size), leaves, random.integers(1, np.maximum(leaves, 1) + 1))
        more = leaves + random.integers(1, 20, size)
        part["quantity_lots"][chosen] = np.where(self._hits(0.12, size), more, whole)[chosen]
        near = prices + random.integers(-4, 5, size)
        part["price_ticks"][chosen] = np.where(self._hits(0.8, size), prices, near)[chosen]
        hidden = chosen & self._hits(0.2, size)
        part["order_id"][hidden] = 0
        part["client_order_id"][hidden] = 0
        gone = chosen & self._hits(0.08, size)
        part["order_id"][gone] = 0
        part["client_order_id"][gone] = random.integers(1, self.source_id + 2, int(gone.sum()))

    def _open(self, count: int, prefer_street: np.ndarray) -> np.ndarray:
        """`count` open orders as rows of id, client id, account, instrument, side, price, leaves, total."""
        orders = list(self.exchange.open_orders.values())
        if not orders:
            row = [max(1, self.exchange.order_count), 0, FIRST_TRADER, 0, Side.BUY, self.middles[0], 1, 1]
            return np.array([row] * count)
        places = self.random.integers(0, len(orders), (count, 6))
        rows = []
        for picks, street in zip(places.tolist(), prefer_street.tolist(), strict=True):
            order = orders[picks[0]]
            if street:
                order = next((orders[p] for p in picks if orders[p].is_street), order)
            rows.append(
                (
                    order.order_id,
                    order.client_order_id,
                    order.account,
                    order.instrument,
                    order.side,
                    order.price_ticks,
                    order.leaves_lots,
                    order.quantity_lots,
                )
            )
        return np.array(rows)

    def _control(self) -> Records:
        """One of the commands that are not about a single order."""
        random = self.random
        row = np.zeros(1, dtype=COMMAND)[0]
        kinds = [
            CommandKind.MASS_CANCEL,
            CommandKind.SUSPEND_ACCOUNT,
            CommandKind.REINSTATE_ACCOUNT,
            CommandKind.KILL_SWITCH,
            CommandKind.SET_PHASE,
            CommandKind.SET_PRICE_BAND,
            CommandKind.SCHEDULE_PHASE,
            CommandKind.CROSS_ORDERS,
            CommandKind.RESTRICT_SHORT_SALES,
            CommandKind.SET_AUCTION_COLLAR,
        ]
        row["kind"] = random.choice(kinds, p=[0.12, 0.14, 0.1, 0.06, 0.18, 0.16, 0.12, 0.04, 0.04, 0.04])
        numbers = [-2, -1, *range(len(self.middles) + 1)]
        row["instrument"] = random.choice(numbers)
        row["account"] = random.choice([*self.accounts, *self.accounts, -1, 1, self.accounts.max() + 1])
        if row["kind"] == CommandKind.SET_PHASE:
            row["flags"] = random.choice([Phase.CONTINUOUS, Phase.CLOSED, *Phase, 7])
        if row["kind"] == CommandKind.SCHEDULE_PHASE:
            row["flags"] = random.choice([Phase.CONTINUOUS, Phase.CLOSED, *Phase, 7])
            row["expire_time_ns"] = self._times_to_come(1)[0]
        if row["kind"] == CommandKind.RESTRICT_SHORT_SALES:
            row["flags"] = random.choice([0, 0, 1, 2, 255])
        if row["kind"] in (CommandKind.CROSS_ORDERS, CommandKind.SET_AUCTION_COLLAR):
            # Nearly always refused.
            row["quantity_lots"] = random.choice([-1, 0, 1, 2**40])
            row["price_ticks"], row["trigger_price_ticks"] = random.choice([-1, 0, 1, 100, 2**40], 2)
        if row["kind"] == CommandKind.SET_PRICE_BAND:
            instrument = int(random.integers(0, len(self.middles)))
            rules = self.exchange.rules[instrument]
            width = rules.window_high_ticks - rules.window_low_ticks
            room = 80 if width < MAX_WINDOW_TICKS else 0
            middle = self.middles[instrument]
            low = max(1, int(random.integers(min(rules.window_low_ticks - room, middle - 1), middle)))
            high = int(random.integers(middle, max(rules.window_high_ticks + room, middle) + 1))
            cap = rules.price_cap_ticks
            too_wide = [(low, min(cap, low + MAX_LADDER_TICKS)), (low, cap + 1), (high + 1, low), (0, high)]
            refused = random.random() < 0.1
            row["instrument"] = instrument
            row["price_ticks"], row["trigger_price_ticks"] = (
                too_wide[int(random.integers(0, 4))] if refused else (low, high)
            )
        return row

    def _collected(self) -> int:
        """An instrument, as a rule one that collects orders for an auction."""
        collecting = [n for n, rules in enumerate(self.exchange.rules) if rules.phase in _COLLECTING]
        if collecting and self.random.random() < 0.8:
            return collecting[int(self.random.integers(0, len(collecting)))]
        return int(self.random.integers(0, len(self.middles)))

    def _cross(self) -> Records:
        """An auction of history at a price at which live orders wait, on both sides if there is one."""
        random = self.random
        reducing = [
            order
            for order in self.exchange.open_orders.values()
            if order.flags & OrderFlag.REDUCE_ONLY and not order.is_held
        ]
        excess = [order for order in reducing if order.leaves_lots > self._held_lots(order)]
        if random.random() < 0.5:
            reducing = excess = []
        aimed = (excess or reducing)[0] if reducing else None
        instrument = aimed.instrument if aimed else self._collected()
        rules, market = self.exchange.rules[instrument], self.exchange.markets[instrument]
        row = np.zeros(1, dtype=COMMAND)[0]
        row["kind"], row["instrument"], row["flags"] = (
            CommandKind.CROSS_ORDERS,
            instrument,
            OrderFlag.HISTORICAL,
        )
        waiting = [order for side in market.books[-1].values() for order in side if not order.is_street]
        price = clearing(self.exchange, instrument).price_ticks
        if aimed and aimed.has_limit:
            price = aimed.price_ticks
        elif waiting and (not price or random.random() < 0.4):
            price = waiting[int(random.integers(0, len(waiting)))].price_ticks
        row["price_ticks"] = (price or self._near(instrument)) + random.choice([-1, 0, 0, 0, 0, 1])
        most = sum(order.leaves_lots for order in waiting) + 20
        shares = [0, 1, int(random.integers(1, 12)), int(random.integers(1, most)), most]
        lots = int(random.choice(shares, p=[0.05, 0.1, 0.35, 0.35, 0.15]))
        row["quantity_lots"] = min(lots, rules.max_order_lots)
        return row

    def _held_lots(self, order: Order) -> int:
        """Lots that a reduce-only order may still close."""
        position = self.exchange.ledger.position_lots(order.account, order.instrument)
        return max(0, -position if order.side == Side.BUY else position)

    def _collar(self, instrument: int) -> Records:
        """Bounds of the next uncross price: around, below or above what it would be, or none."""
        random = self.random
        found = clearing(self.exchange, instrument)
        price = found.price_ticks or found.reference_ticks or self._near(instrument)
        step = self.exchange.rules[instrument].price_increment_ticks
        near, far = (int(each) for each in random.integers(1, 12, 2))
        pairs = [
            (price - near, price + far),
            (price, price),
            (price - near * step, price - 1),
            (price - near * step, price - step),
            (price + 1, price + far * step),
            (price + step, price + far * step),
            (1, price + far),
            (price - near, 2**62),
            (0, 0),
            (price, price - 1),
            (0, price),
        ]
        shares = [0.2, 0.1, 0.12, 0.12, 0.12, 0.12, 0.05, 0.05, 0.06, 0.03, 0.03]
        row = np.zeros(1, dtype=COMMAND)[0]
        row["kind"], row["instrument"] = CommandKind.SET_AUCTION_COLLAR, instrument
        row["price_ticks"], row["trigger_price_ticks"] = pairs[int(random.choice(len(pairs), p=shares))]
        return row

    def _restrict(self) -> Records:
        """Restrict short sales where they are free, or free them where they are restricted."""
        random = self.random
        restricted = [n for n, rules in enumerate(self.exchange.rules) if rules.short_sales_restricted]
        row = np.zeros(1, dtype=COMMAND)[0]
        row["kind"] = CommandKind.RESTRICT_SHORT_SALES
        row["instrument"] = random.integers(0, len(self.middles)) if random.random() < 0.8 else ALL
        row["flags"] = 1
        if restricted and random.random() < 0.6:
            row["instrument"], row["flags"] = restricted[int(random.integers(0, len(restricted)))], 0
        return row

    def _market_orders_alone(self) -> Records:
        """An auction of an instrument without any other order, with a collar as a rule."""
        random = self.random
        instrument = int(random.integers(0, len(self.middles)))
        count, orders = len(self.accounts), 6
        rows = np.zeros(count + orders + 4, dtype=COMMAND)
        rows["instrument"] = instrument
        rows["kind"][:count] = CommandKind.MASS_CANCEL
        rows["account"][:count] = self.accounts
        begin, auction, end = rows[count], rows[count + 1 : -3], rows[-1]
        begin["kind"], begin["flags"] = CommandKind.SET_PHASE, Phase.REOPENING_AUCTION
        auction["kind"], auction["order_type"] = CommandKind.NEW_ORDER, OrderType.MARKET
        auction["side"] = random.integers(1, 3, orders)
        auction["account"] = random.choice(self.accounts, orders, p=self.account_weights)
        auction["quantity_lots"] = self._quantities(auction["instrument"])
        rows[-3] = self._collar(instrument)
        rows[-2] = self._collar(instrument) if random.random() < 0.3 else rows[-3]
        if random.random() < 0.3:
            # One with a limit after all.
            rows["order_type"][-4], rows["price_ticks"][-4] = OrderType.LIMIT, self._near(instrument)
        if random.random() < 0.4:
            rows[-2] = self._cross()
        end["kind"], end["flags"] = CommandKind.SET_PHASE, Phase.CONTINUOUS
        return rows

    def _next_phase(self) -> Records:
        """Move an instrument, or all, to the next phase of the day, at once or in a while."""
        random = self.random
        instrument = int(random.integers(0, len(self.middles)))
        followers = _NEXT_PHASES[Phase(self.exchange.rules[instrument].phase)]
        row = np.zeros(1, dtype=COMMAND)[0]
        row["kind"] = CommandKind.SET_PHASE
        row["flags"] = followers[int(random.integers(0, len(followers)))]
        row["instrument"] = ALL if random.random() < 0.15 else instrument
        if random.random() < 0.4:
            row["kind"] = CommandKind.SCHEDULE_PHASE
            row["expire_time_ns"] = random.integers(1, 40 * MILLISECOND)
        return row

    def prologue(self) -> Records:
        """What comes before the first chunk: the books of a deep venue."""
        deep = [n for n, each in enumerate(self.exchange.venue.instruments) if each.symbol == "DEEP"]
        rows = np.zeros(DEPTH * len(deep), dtype=COMMAND)
        random = self.random
        rows["time_ns"] = self.time_ns
        rows["kind"] = CommandKind.NEW_ORDER
        rows["instrument"] = np.repeat(np.array(deep, dtype=np.int32), DEPTH)
        rows["account"] = random.choice(self.accounts[:-1], len(rows))
        rows["side"] = random.integers(1, 3, len(rows))
        rows["order_type"] = OrderType.LIMIT
        rows["time_in_force"] = random.choice([TimeInForce.GTC, TimeInForce.DAY], len(rows), p=[0.95, 0.05])
        rows["quantity_lots"] = random.integers(1, 9, len(rows))
        # Most of it lies where the stream seldom goes.
        away = np.where(self._hits(0.97, len(rows)), random.integers(20, 45, len(rows)), 4)
        middles = np.array(self.middles)[rows["instrument"]]
        rows["price_ticks"] = middles + np.where(rows["side"] == Side.BUY, -away, away)
        return rows

    def _burst(self) -> Records:
        """A deep queue of small orders, cancelled here and there, then swept in one go."""
        random = self.random
        instrument = int(random.integers(0, len(self.middles)))
        rules = self.exchange.rules[instrument]
        depth = int(random.choice([50, 400, 5_400], p=[0.6, 0.37, 0.03]))
        side = int(random.integers(1, 3))
        rows = np.zeros(depth + depth // 10 + 2, dtype=COMMAND)
        adds, cancels, sweeps = rows[:depth], rows[depth:-2], rows[-2:]
        rows["instrument"] = instrument
        adds["kind"] = CommandKind.NEW_ORDER
        adds["side"] = side
        adds["order_type"] = OrderType.LIMIT
        adds["account"] = random.choice(self.accounts[:-1])
        adds["quantity_lots"] = rules.quantity_increment_lots
        price = self._middle(instrument) // rules.price_increment_ticks * rules.price_increment_ticks
        spread = rules.price_increment_ticks * random.integers(0, int(random.choice([1, 3])), depth)
        adds["price_ticks"] = price + (spread if side == Side.SELL else -spread)
        first = self.exchange.order_count + 1
        cancels["kind"] = CommandKind.CANCEL_ORDER
        cancels["account"] = adds["account"][0]
        targets = np.concatenate([np.arange(depth // 30), depth - 1 - np.arange(depth // 30)])
        targets = np.resize(
            np.concatenate([targets, random.integers(0, depth, depth // 30 + 1)]), len(cancels)
        )
        cancels["order_id"] = first + targets
        sweeps["kind"] = CommandKind.NEW_ORDER
        sweeps["side"] = 3 - side
        sweeps["account"] = random.choice(self.accounts[:-1], 2)
        sweeps["order_type"] = OrderType.MARKET
        sweeps["time_in_force"] = [TimeInForce.FOK, TimeInForce.DAY]
        step = rules.quantity_increment_lots
        sweeps["quantity_lots"] = [max(1, depth // 2) * step, depth * 2 * step]
        return rows

    def _spoil(self, rows: Records) -> None:
        """Put one nasty value into some commands."""
        random = self.random
        names = list(_NASTY)
        for place in np.flatnonzero(self._hits(self.mood.spoil, len(rows))):
            name = names[int(random.integers(0, len(names)))]
            if name == "time_ns":
                continue
            value = int(random.choice(np.array(_NASTY[name])))
            bits = COMMAND[name].itemsize * 8
            if COMMAND[name].kind == "u":
                value = int(random.integers(0, 2**bits)) if random.random() < 0.5 else value % 2**bits
            rows[name][place] = value

    def _times(self, rows: Records) -> None:
        """Mostly small steps, some commands at one time, some backwards, some after the end of time."""
        random, size = self.random, len(rows)
        steps = random.integers(0, 4 * MILLISECOND, size) * self._hits(0.7, size)
        steps[self._hits(0.002, size)] = 10_000 * MILLISECOND
        times = self.time_ns + np.cumsum(steps)
        self.time_ns = int(times[-1])
        backwards = self._hits(self.mood.backwards, size)
        past = random.choice([1, MILLISECOND, 2**62, 2**63 - 1], size)
        after_the_end = random.choice([2**62 + 1, 2**63 - 1], size)
        wrong = np.where(self._hits(0.5, size), times - past, after_the_end)
        rows["time_ns"] = np.where(backwards, wrong, times)
        soon = (rows["expire_time_ns"] != 0) & (np.abs(rows["expire_time_ns"]) < SOON)
        rows["expire_time_ns"] += np.where(soon, times, 0)

    def _recover(self, rows: Records) -> None:
        """Undo what would make the rest of the stream dull: closed phases, suspensions, a band far away."""
        fixes = []
        exchange = self.exchange
        for instrument, rules in enumerate(exchange.rules):
            stuck = rules.phase in (Phase.CLOSED, Phase.HALTED) or self.random.random() < 0.3
            if rules.phase != Phase.CONTINUOUS and stuck and not self.mood.day:
                fixes.append((CommandKind.SET_PHASE, 0, instrument))
        for account, standing in enumerate(exchange.standings):
            if standing.state:
                fixes.append((CommandKind.REINSTATE_ACCOUNT, account, 0))
        for kind, account, instrument in fixes:
            place = int(self.random.integers(0, len(rows)))
            time_ns = rows["time_ns"][place]
            rows[place] = np.zeros(1, dtype=COMMAND)[0]
            rows["kind"][place], rows["time_ns"][place] = kind, time_ns
            rows["account"][place], rows["instrument"][place] = account, instrument


def stream(
    exchange: ReferenceExchange, profile: str, seed: int, count: int
) -> Iterator[tuple[Records, Records]]:
    """Chunks of a stream of at least `count` commands, each with the events that `exchange` gave for it.

    The orders that a deep venue begins with are not counted.
    """
    generator = Generator(exchange, profile, seed)
    prologue = generator.prologue()
    if len(prologue):
        yield prologue, exchange.step(prologue)
    done = 0
    while done < count:
        commands = generator.chunk(min(CHUNK, count - done))
        yield commands, exchange.step(commands)
        done += len(commands)
