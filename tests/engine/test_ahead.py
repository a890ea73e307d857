"""Looking ahead changes nothing: in a deep book, any batch gives what single commands give."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.twins.compare import event_difference
from workbench.domain.codes import CommandKind, OrderFlag, OrderType, Side
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import COMMAND, Records
from workbench.engine.ahead import DEEP_ORDERS, ENTRIES_AHEAD, NEIGHBOURS_AHEAD, ORDERS_AHEAD
from workbench.engine.exchange import Exchange

pytestmark = pytest.mark.kernel

DEEP = DEEP_ORDERS + 200
COUNT = 600
FAR = [-(2**63), -(2**62), -1, 0, 2**31, 2**32, 2**40, 2**62, 2**63 - 1]
INSTRUMENTS = [Instrument("ONE", "0.50", "9.00"), Instrument("TWO", "0.50", "2.00")]
TRADERS = [Account(name, cash_checked=False) for name in ("ann", "bob")]


def rows_of(count: int, **fields: Any) -> Records:
    rows = np.zeros(count, dtype=COMMAND)
    for name, value in fields.items():
        rows[name] = value
    return rows


def deep_book(random: np.random.Generator) -> Records:
    """Orders of the street resting on both sides, every second one with a client order id."""
    side = random.integers(1, 3, DEEP)
    away = random.integers(0, 200, DEEP)
    client = np.arange(1, DEEP + 1)
    return rows_of(
        DEEP,
        kind=CommandKind.NEW_ORDER,
        order_type=OrderType.LIMIT,
        side=side,
        quantity_lots=random.integers(1, 9, DEEP),
        price_ticks=np.where(side == Side.BUY, 400 - away, 401 + away),
        client_order_id=np.where(client % 2, client, 0),
        flags=OrderFlag.HISTORICAL,
    )


def work(random: np.random.Generator) -> Records:
    """Commands of all kinds that name orders of the deep book, by either id, and some that name none."""
    rows = deep_book(random)[:COUNT]
    rows["kind"] = random.choice([1, 1, 2, 2, 2, 3, 3, 5, 11, 12], COUNT)
    new = rows["kind"] == CommandKind.NEW_ORDER
    rows["order_id"] = np.where(new, 0, random.integers(-2, DEEP + 50, COUNT))
    by_client = ~new & (random.random(COUNT) < 0.5)
    rows["order_id"][by_client] = 0
    rows["client_order_id"] = np.where(new, 0, random.integers(0, DEEP + 50, COUNT))
    rows["account"] = np.where(new, random.choice([0, 2, 3], COUNT), random.choice([0, 0, 0, 2], COUNT))
    rows["flags"] = np.where(new & (rows["account"] != 0), 0, OrderFlag.HISTORICAL)
    rows["price_ticks"] += random.integers(-250, 250, COUNT)
    rows["instrument"] = random.choice([0, 0, 0, 0, 1, -1, 2, 2**31 - 1, -(2**31)], COUNT)
    return rows


def spoil(rows: Records, random: np.random.Generator) -> None:
    """Values from the far ends of the numbers, in every field that looking ahead reads."""
    extremes = dict.fromkeys(("order_id", "client_order_id", "price_ticks", "quantity_lots"), FAR)
    extremes |= {"side": [0, 3, 255], "account": [-(2**31), -1, 1, 4, 2**31 - 1], "kind": [0, 13, 255]}
    for name, values in extremes.items():
        hit = np.flatnonzero(random.random(len(rows)) < 0.04)
        rows[name][hit] = random.choice(np.array(values), len(hit))


VENUES = {
    "bare": Venue(INSTRUMENTS, bare=True),
    "responsive": Venue(INSTRUMENTS, TRADERS),
    "frozen": Venue(INSTRUMENTS, TRADERS, replay_mode=ReplayMode.FROZEN),
}


@pytest.mark.parametrize("venue", VENUES)
@pytest.mark.parametrize("seed", range(3))
def test_one_batch_gives_what_single_commands_give(venue: str, seed: int) -> None:
    random = np.random.default_rng(seed)
    book = deep_book(random)
    commands = work(random)
    if seed:
        spoil(commands, random)
    whole, single = Exchange(VENUES[venue]), Exchange(VENUES[venue])
    for exchange in (whole, single):
        exchange.step(book)
        assert len(exchange.orders()) > DEEP_ORDERS
    events = whole.step(commands)
    parts = [single.step(commands[at : at + 1]) for at in range(len(commands))]
    difference = event_difference(commands, np.concatenate(parts), events, first_command=DEEP + 1)
    assert not difference, difference
    assert whole.state_hash() == single.state_hash()
    # Most of it must have found something to do.
    assert len(whole.orders()) > DEEP_ORDERS
    assert (events["reason"] == 0).sum() > COUNT // 4


@pytest.mark.parametrize("count", [1, ENTRIES_AHEAD - 1, ENTRIES_AHEAD, ENTRIES_AHEAD + 1, 3 * ENTRIES_AHEAD])
def test_the_end_of_a_batch_is_not_looked_beyond(count: int) -> None:
    random = np.random.default_rng(count)
    exchanges = [Exchange(VENUES["bare"]) for _ in range(2)]
    book = deep_book(random)
    cancels = rows_of(count, kind=CommandKind.CANCEL_ORDER, order_id=1 + np.arange(count))
    # What stands behind the batch in memory is nothing to look at.
    longer = np.concatenate([cancels, rows_of(20, kind=255, order_id=2**62, instrument=-7)])
    for exchange in exchanges:
        exchange.step(book)
    parts = [exchanges[1].step(cancels[at : at + 1]) for at in range(count)]
    assert exchanges[0].step(longer[:count]).tobytes() == np.concatenate(parts).tobytes()
    assert exchanges[0].state_hash() == exchanges[1].state_hash()


@pytest.mark.parametrize("field", ["price_ticks", "client_order_id", "quantity_lots", "order_id"])
def test_new_orders_at_the_far_ends_of_the_numbers(field: str) -> None:
    book = deep_book(np.random.default_rng(1))
    commands = np.repeat(book[-1:], len(FAR) + ENTRIES_AHEAD)
    commands[field][-len(FAR) :] = FAR
    whole, single = Exchange(VENUES["bare"]), Exchange(VENUES["bare"])
    for exchange in (whole, single):
        exchange.step(book)
    parts = [single.step(commands[at : at + 1]) for at in range(len(commands))]
    assert whole.step(commands).tobytes() == np.concatenate(parts).tobytes()


def test_each_step_of_looking_ahead_has_time_to_arrive() -> None:
    assert ENTRIES_AHEAD > ORDERS_AHEAD > NEIGHBOURS_AHEAD > 0


def test_small_batches_of_a_wide_ladder_find_nothing_out_of_range() -> None:
    # A wide ladder's level numbers are far above any order's slot; each batch ends with look-ahead half done.
    venue = Venue([Instrument("WIDE", "0.01", "300000.00")], bare=True)
    random = np.random.default_rng(5)
    rows = np.zeros(7_000, dtype=COMMAND)
    rows["kind"] = CommandKind.NEW_ORDER
    rows["time_ns"] = np.arange(len(rows))
    rows["account"] = 2
    rows["side"] = random.integers(1, 3, len(rows))
    rows["order_type"] = OrderType.LIMIT
    rows["quantity_lots"] = 1
    buys = rows["side"] == Side.BUY
    rows["price_ticks"] = np.where(
        buys, random.integers(1, 10_000_000, len(rows)), random.integers(20_000_000, 30_000_000, len(rows))
    )
    rows["client_order_id"] = np.arange(1, len(rows) + 1)
    late = rows[5_000:]
    cancels = random.random(len(late)) < 0.5
    late["kind"][cancels] = CommandKind.CANCEL_ORDER
    late["client_order_id"][cancels] = random.integers(1, 5_000, int(cancels.sum()))
    whole = Exchange(venue)
    expected = whole.step(rows)
    # Of these sizes some leave their last places where the next batch begins to look.
    for size in (23, 70, 76, 136):
        parts = Exchange(venue)
        got = np.concatenate([parts.step(rows[i : i + size]) for i in range(0, len(rows), size)])
        assert got.tobytes() == expected.tobytes()
        assert parts.state_hash() == whole.state_hash()
