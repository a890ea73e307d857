"""One recorded day through workbench, hftbacktest and nautilus_trader, with the same trivial strategies."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.environment import ROOT, PeerMissingError, run_peer
from benchmarks.measure import Report, best_of, rate, times
from workbench.domain.codes import CommandKind, EventKind, OrderFlag, OrderType, Side, TimeInForce
from workbench.domain.config import FIRST_TRADER, ReplayMode, Venue
from workbench.domain.records import EVENT, QUOTE_EVENT, Records, commands
from workbench.engine.exchange import Exchange
from workbench.engine.sources import replay_venue
from workbench.feed.history import History
from workbench.feed.lobster import read_lobster
from workbench.feed.mbo import read_mbo

SHARED = Path(os.environ.get("WORKBENCH_SHARED") or ROOT.parent / "shared") / "data"
SECOND = 1_000_000_000
CASH = 2_000_000_000


@dataclass(frozen=True, slots=True)
class Day:
    """A file, how to read it and how often the strategy decides."""

    name: str
    path: str
    read: Callable[[Path], History]
    interval_ns: int


DAYS = (
    Day(
        "GOOG 2012-06-21, LOBSTER level 1",
        "lobster/GOOG_2012-06-21_34200000_57600000_message_1.csv.zst",
        read_lobster,
        SECOND,
    ),
    Day("ARL 2025-07-17, ITCH by order", "l3/ARL_XNAS-ITCH_2025-07-17.mbo.csv.zst", read_mbo, 10 * SECOND),
)
STRATEGIES = {
    "replay": "nobody trades",
    "taker": "buy one lot at each instant",
    "quoter": "one lot at the touch on both sides, moved at each instant",
}
PEERS = {"hftbacktest": "backtest_hftbacktest", "nautilus_trader": "backtest_nautilus"}


@dataclass(slots=True)
class Outcome:
    """What a strategy did; `value` is the sum of price and quantity over its fills."""

    seconds: float
    fills: int
    position: int
    value: float


class Session:
    """A day in a frozen exchange and the instants at which a strategy decides."""

    def __init__(self, history: History, interval_ns: int) -> None:
        self.history = history.commands
        self.tick = float(history.instrument.tick_size)
        self.venue: Venue = replay_venue([history], ReplayMode.FROZEN, cash=CASH)
        when = self.history["time_ns"]
        self.instants = np.arange(int(when[0]) + interval_ns, int(when[-1]), interval_ns)
        self.ends = np.searchsorted(when, self.instants, side="right")
        self.out = np.empty(8 * len(self.history) + 200_000, dtype=EVENT)
        self.out[:] = 0

    def replay(self) -> tuple[float, list[Records]]:
        """Nobody trades."""
        exchange = Exchange(self.venue)
        start = perf_counter()
        events = exchange.step(self.history, out=self.out)
        return perf_counter() - start, [events]

    def taker(self) -> tuple[float, list[Records]]:
        """A schedule depends on nothing that happens, so all of it is one batch; making it counts."""
        exchange = Exchange(self.venue)
        start = perf_counter()
        orders = commands(len(self.instants))
        orders["kind"] = CommandKind.NEW_ORDER
        orders["time_ns"] = self.instants
        orders["account"] = FIRST_TRADER
        orders["side"] = Side.BUY
        orders["order_type"] = OrderType.MARKET
        orders["time_in_force"] = TimeInForce.IOC
        orders["quantity_lots"] = 1
        events = exchange.step(np.insert(self.history, self.ends, orders), out=self.out)
        return perf_counter() - start, [events]

    def quoter(self) -> tuple[float, list[Records]]:
        """A step of history, a look at its events, a step with our own commands."""
        exchange = Exchange(self.venue)
        template = commands(4)
        template["account"] = FIRST_TRADER
        template["order_type"] = OrderType.LIMIT
        template["flags"] = OrderFlag.POST_ONLY
        template["quantity_lots"] = 1
        quoted, filled = int(EventKind.QUOTE), int(EventKind.ORDER_FILLED)
        ours: list[Records] = []
        working = {Side.BUY: (0, 0), Side.SELL: (0, 0)}
        touch = {Side.BUY: 0, Side.SELL: 0}
        client_id = 0
        history, out, step = self.history, self.out, exchange.step
        begin = 0
        start = perf_counter()
        for now, end in zip(self.instants.tolist(), self.ends.tolist(), strict=True):
            if end == begin:
                continue
            events = step(history[begin:end], out)
            begin = end
            kinds = events["kind"]
            quotes = np.flatnonzero(kinds == quoted)
            if len(quotes):
                quote = events.view(QUOTE_EVENT)[quotes[-1]]
                touch = {Side.BUY: int(quote["bid_price_ticks"]), Side.SELL: int(quote["ask_price_ticks"])}
            fills = np.flatnonzero((kinds == filled) & (events["account"] == FIRST_TRADER))
            for fill in events[fills]:
                working[Side(fill["side"])] = (0, 0)
            if len(fills):
                ours.append(events[fills])
            count = 0
            for side, price in touch.items():
                name, at = working[side]
                if at == price:
                    continue
                if name:
                    command = template[count]
                    command["kind"] = CommandKind.CANCEL_ORDER
                    command["time_ns"] = now
                    command["client_order_id"] = name
                    command["quantity_lots"] = 0
                    count += 1
                    working[side] = (0, 0)
                if price:
                    client_id += 1
                    command = template[count]
                    command["kind"] = CommandKind.NEW_ORDER
                    command["time_ns"] = now
                    command["client_order_id"] = client_id
                    command["quantity_lots"] = 1
                    command["side"] = side
                    command["price_ticks"] = price
                    count += 1
                    working[side] = (client_id, price)
            if count:
                step(template[:count])
        step(history[begin:], out)
        return perf_counter() - start, ours

    def run(self, strategy: str, repeats: int) -> Outcome:
        """The best of some runs."""
        runs: dict[str, Callable[[], tuple[float, list[Records]]]] = {
            "replay": self.replay,
            "taker": self.taker,
            "quoter": self.quoter,
        }
        found: list[Records] = []

        def once() -> float:
            seconds, parts = runs[strategy]()
            found[:] = parts
            return seconds

        seconds = best_of(repeats, once)
        events = np.concatenate([np.zeros(0, dtype=EVENT), *found])
        fills = events[(events["kind"] == EventKind.ORDER_FILLED) & (events["account"] == FIRST_TRADER)]
        lots = np.where(fills["side"] == Side.BUY, fills["payload"][:, 3], -fills["payload"][:, 3])
        value = float((fills["payload"][:, 2] * fills["payload"][:, 3]).sum()) * self.tick
        return Outcome(seconds, len(fills), int(lots.sum()), value)


def _write(folder: Path, session: Session, day: Day) -> None:
    np.save(folder / "commands.npy", session.history)
    about: dict[str, Any] = {
        "tick": session.tick,
        "start_ns": int(session.history["time_ns"][0]),
        "end_ns": int(session.history["time_ns"][-1]),
        "interval_ns": day.interval_ns,
    }
    (folder / "history.json").write_text(json.dumps(about))


def run(report: Report, *, quick: bool) -> None:
    """Every day, every strategy, every peer."""
    table = report.table(
        "Backtests of a recorded day",
        "day",
        "strategy",
        "peer",
        "workbench, times the peer",
        "with preparation",
        "workbench",
        "peer",
        "fills: workbench",
        "peer",
    )
    table.notes.append(
        "Rates are commands of history a second. Preparation makes the peer's own records of them "
        "(workbench has none); reading the file is left out. Fills: number, position, price times quantity. "
        "hftbacktest's strategies are compiled, those of workbench and nautilus_trader are plain Python."
    )
    for day in DAYS:
        path = SHARED / day.path
        if not path.exists():
            table.notes.append(f"{day.name} was left out: {path} is not there.")
            continue
        session = Session(day.read(path), day.interval_ns)
        count = len(session.history)
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            _write(folder, session, day)
            for strategy in STRATEGIES:
                for peer, script in PEERS.items():
                    before = session.run(strategy, 3)
                    repeats = 1 if quick and peer == "nautilus_trader" else 3 if quick else 10
                    if peer == "nautilus_trader" and strategy == "taker":
                        repeats = 1
                    try:
                        theirs = run_peer(script, folder, strategy, str(repeats))
                    except PeerMissingError as error:
                        table.rows.append([day.name, strategy, peer, "-", "-", "-", str(error), "-", "-"])
                        continue
                    after = session.run(strategy, 3)
                    seconds, best = min(before.seconds, after.seconds), min(theirs["seconds"])
                    report.numbers[f"{day.name}, {strategy}, {peer}"] = best / seconds
                    table.rows.append(
                        [
                            day.name,
                            strategy,
                            peer,
                            times(best / seconds),
                            times((best + theirs["prepared"]) / seconds),
                            rate(count, seconds),
                            rate(count, best),
                            f"{after.fills:,}, {after.position:+,}, {after.value:,.2f}",
                            f"{theirs['fills']:,}, {theirs['position']:+,.0f}, {theirs['value']:,.2f}",
                        ]
                    )
