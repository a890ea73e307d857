"""The exchange as its callers see it: arrays in, arrays out, views, and nothing of its insides."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twins.compare import event_difference, state_difference
from tests.twins.ledger_streams import ledger_venues
from tests.twins.streams import stream, venues
from workbench.domain import commands as make
from workbench.domain.codes import (
    CommandKind,
    EventKind,
    OrderFlag,
    OrderType,
    Phase,
    Place,
    Reason,
    Side,
    TimeInForce,
)
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import (
    ACCOUNT_VIEW,
    BOOK_ORDER,
    COMMAND,
    COUNTERS_VIEW,
    EVENT,
    FEE_VIEW,
    FILL_EVENT,
    GROUP_VIEW,
    INSTRUMENT_VIEW,
    LEVEL_VIEW,
    LIMIT_VIEW,
    LOT_VIEW,
    ORDER_EVENT,
    POSITION_EVENT,
    POSITION_VIEW,
    ROLLING_VIEW,
    SESSION_VIEW,
    TRADE_EVENT,
    TRADE_VIEW,
    Records,
)
from workbench.engine import layout
from workbench.engine.exchange import Exchange
from workbench.engine.reference import ReferenceExchange, check_invariants
from workbench.engine.step import rehash
from workbench.errors import CommandError, ConfigError

pytestmark = pytest.mark.kernel

ANN, BOB = 2, 3
ONE = Instrument("ONE", "0.50", "2.00", max_order_quantity=1_000_000)
TWO = Instrument("TWO", "0.50", "2.00", max_order_quantity=1_000_000)


def market() -> Venue:
    return Venue([ONE, TWO], [Account("ann", cash=10**8), Account("bob", cash=10**8)])


@functools.cache
def recorded(venue: str, profile: str, count: int) -> tuple[Records, Records]:
    """A stream's commands, and the twin's events for them."""
    chunks = list(stream(ReferenceExchange(venues()[venue]), profile, 11, count))
    return tuple(np.concatenate(part) for part in zip(*chunks, strict=True))  # type: ignore[return-value]


def orders(count: int, **fields: Any) -> Records:
    """New limit orders of Ann's to buy one lot at 1.00, with other values in some fields."""
    rows = np.zeros(count, dtype=COMMAND)
    plain = {
        "kind": CommandKind.NEW_ORDER,
        "account": ANN,
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "quantity_lots": 1,
        "price_ticks": 100,
    }
    for name, value in (plain | fields).items():
        rows[name] = value
    return rows


def split(exchange: Exchange, commands: Records, size: int) -> Records:
    """Events of the commands in batches of `size`."""
    parts = [exchange.step(commands[at : at + size]) for at in range(0, len(commands), size)]
    return np.concatenate(parts)


def assert_same(one: tuple[Records, Exchange], other: tuple[Records, Exchange]) -> None:
    assert one[0].tobytes() == other[0].tobytes()
    assert one[1].state_hash() == other[1].state_hash()


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "wrong",
        [
            np.zeros(3, dtype=EVENT),
            np.zeros((1, 1), dtype=COMMAND),
            np.zeros((), dtype=COMMAND),
            np.zeros(3),
            np.zeros(3, dtype=COMMAND.newbyteorder(">")),
            np.zeros(1, dtype=COMMAND)[0],
            [],
            None,
            "BUY 100",
        ],
        ids=lambda value: f"{type(value).__name__} {getattr(value, 'shape', '')}",
    )
    def test_commands_of_another_kind(self, wrong: Any) -> None:
        exchange = Exchange(market())
        before = exchange.state_hash()
        with pytest.raises(CommandError, match=r"^Exchange\.step: commands must be .*; build them with "):
            exchange.step(wrong)
        assert exchange.state_hash() == before

    @pytest.mark.parametrize(
        "out",
        [
            np.zeros(100, dtype=COMMAND),
            np.zeros((10, 10), dtype=EVENT),
            np.zeros(100, dtype=EVENT)[::2],
            np.zeros(100),
            np.frombuffer(bytes(100 * EVENT.itemsize), dtype=EVENT),
            [],
        ],
        ids=["dtype", "shape", "gaps", "numbers", "read-only", "list"],
    )
    def test_room_of_another_kind(self, out: Any) -> None:
        exchange = Exchange(market())
        before = exchange.state_hash()
        with pytest.raises(CommandError, match=r"^Exchange\.step: out must be .*; .*np\.zeros"):
            exchange.step(orders(1), out=out)
        assert exchange.state_hash() == before

    @pytest.mark.parametrize("instrument", [-1, 2, 2**40])
    def test_depth_of_unknown_instruments(self, instrument: int) -> None:
        with pytest.raises(ConfigError, match=r"no instrument .*; numbers go from 0 to 1$"):
            Exchange(market()).depth(instrument, Side.BUY)

    @pytest.mark.parametrize(
        "asked", [{"side": 0}, {"side": 3}, {"book": 2}, {"book": -1}, {"levels": -1}], ids=str
    )
    def test_depth_of_what_no_book_has(self, asked: dict[str, int]) -> None:
        with pytest.raises(ConfigError, match="no side"):
            Exchange(market()).depth(0, **{"side": Side.BUY, **asked})  # type: ignore[arg-type]


class TestArrays:
    def test_commands_may_be_read_only_or_have_gaps(self) -> None:
        commands, events = recorded("full", "calm", 300)
        fixed = commands.copy()
        fixed.setflags(write=False)
        gaps = np.zeros(2 * len(commands), dtype=COMMAND)
        gaps[::2] = commands
        shifted = np.frombuffer(b"\0" + commands.tobytes(), np.uint8)[1:].view(COMMAND)
        for given_ in (fixed, gaps[::2], shifted, commands[::-1].copy()[::-1]):
            exchange = Exchange(venues()["full"])
            assert exchange.step(given_).tobytes() == events.tobytes()
        assert fixed.tobytes() == commands.tobytes()

    def test_commands_are_not_changed(self) -> None:
        commands, _ = recorded("full", "calm", 300)
        before = commands.tobytes()
        Exchange(venues()["full"]).step(commands)
        assert commands.tobytes() == before

    @pytest.mark.parametrize("room", [0, 1, 50, 5_000, 1_000_000])
    def test_given_room_changes_nothing(self, room: int) -> None:
        commands, events = recorded("full", "calm", 300)
        exchange, out = Exchange(venues()["full"]), np.zeros(room, dtype=EVENT)
        told = exchange.step(commands, out=out)
        assert told.tobytes() == events.tobytes()
        assert np.shares_memory(told, out) == (room >= len(events) + 1_000)

    def test_room_is_used_again(self) -> None:
        commands, events = recorded("full", "calm", 300)
        exchange, out = Exchange(venues()["full"]), np.zeros(100_000, dtype=EVENT)
        parts = [exchange.step(commands[at : at + 50], out=out).copy() for at in range(0, len(commands), 50)]
        assert np.concatenate(parts).tobytes() == events.tobytes()

    @pytest.mark.parametrize("count", [10, 2_000])
    def test_events_stay_when_the_exchange_goes_on(self, count: int) -> None:
        exchange = Exchange(market())
        first = exchange.step(orders(count))
        kept = first.tobytes()
        exchange.step(orders(count, side=Side.SELL, account=BOB))
        assert first.tobytes() == kept

    def test_no_commands_give_no_events(self) -> None:
        exchange = Exchange(market())
        before = exchange.state_hash()
        for out in (None, np.zeros(10, dtype=EVENT)):
            events = exchange.step(make.batch([]), out=out)
            assert (events.dtype, events.shape) == (EVENT, (0,))
        assert exchange.state_hash() == before

    def test_changing_what_it_returns_does_not_change_the_exchange(self) -> None:
        exchange = Exchange(market())
        events = exchange.step(make.batch([orders(5), orders(2, side=Side.SELL, account=BOB)]))
        before, snapshot = exchange.state_hash(), exchange.snapshot()
        order = exchange.order(3)
        returned = [
            events,
            exchange.counters(),
            exchange.instruments(),
            exchange.depth(0, Side.BUY),
            exchange.orders(),
            exchange.orders(ANN, 0),
            exchange.accounts(),
            exchange.positions(),
            exchange.positions(ANN),
            exchange.lots(),
            exchange.lots(BOB),
            *(part for part in exchange.state() if len(part)),
        ]
        for array in returned:
            assert len(array)
            array.view(np.uint8)[:] = 0xFF
        order["leaves_lots"] = 99
        assert exchange.state_hash() == before
        assert exchange.snapshot() == snapshot


class TestBatches:
    @pytest.mark.parametrize(
        ("venue", "profile"), [("full", "adversarial"), ("responsive", "history"), ("frozen", "history")]
    )
    def test_any_split_gives_the_same_bytes(
        self, venue: str, profile: str, scaled: Callable[[int], int]
    ) -> None:
        commands, events = recorded(venue, profile, scaled(1_500))
        whole = Exchange(venues()[venue])
        assert whole.step(commands).tobytes() == events.tobytes()
        for size in (1, 7, 1_000):
            exchange = Exchange(venues()[venue])
            assert_same((split(exchange, commands, size), exchange), (events, whole))

    @given(cuts=st.lists(st.integers(0, 300), max_size=12).map(sorted))
    def test_any_uneven_split_too(self, cuts: list[int]) -> None:
        commands, events = recorded("full", "calm", 300)
        exchange = Exchange(venues()["full"])
        parts = [exchange.step(part) for part in np.split(commands, cuts)]
        assert np.concatenate(parts).tobytes() == events.tobytes()


def busy_commands(count: int) -> Records:
    """Deep books, lots at many prices, a wider band, and commands that end everything at once."""
    price = 100 + np.arange(count) % 40
    parts = [
        orders(count, price_ticks=60 + np.arange(count) % 40),
        orders(count, side=Side.SELL, account=BOB, price_ticks=price),
        # Ann takes them one by one, at prices that change each time: as many lots.
        orders(count, price_ticks=139, quantity_lots=1)[: count // 2],
        orders(count // 4, price_ticks=60 + np.arange(count // 4) % 40, instrument=1),
        make.set_price_band(0, 0, 1, 9_000),
        make.set_price_band(0, 1, 40, 5_000),
        orders(count // 4, price_ticks=4_000 + np.arange(count // 4), side=Side.SELL, account=BOB),
        # One order sweeps what is left.
        orders(1, price_ticks=9_000, quantity_lots=count),
        make.mass_cancel(0, ANN, 1),
        make.set_phase(0, Phase.CLOSED, 1),
        make.kill_switch(0),
        make.reinstate_account(0, ANN),
        orders(count // 4),
    ]
    return make.batch(parts)


def pregrown(venue: Venue, count: int) -> Exchange:
    """An exchange that has room for all that `busy_commands` will need, before it begins."""
    exchange = Exchange(venue)
    memory = exchange._memory
    while len(memory.orders) < 3 * count:
        memory = layout.with_more_orders(memory)
    memory = layout.with_more_lots(memory, 20 * count)
    memory = layout.with_ladders(memory, {0: (1, 9_000), 1: (40, 5_000)})
    exchange._memory = memory._replace(scratch=np.zeros(5 * count, dtype=np.int64))
    return exchange


class TestGrowth:
    @pytest.mark.parametrize("mode", list(ReplayMode), ids=lambda mode: mode.name)
    def test_does_not_show(self, mode: ReplayMode, scaled: Callable[[int], int]) -> None:
        count = scaled(4_000)
        venue = Venue(market().instruments, market().accounts, replay_mode=mode)
        commands = busy_commands(count)
        grown = pregrown(venue, count)
        before = {name: len(array) for name, array in grown._memory._asdict().items()}
        events = grown.step(commands, out=np.zeros(80 * count, dtype=EVENT))
        if mode == ReplayMode.RESPONSIVE:
            assert before == {name: len(array) for name, array in grown._memory._asdict().items()}
        assert counted(events)[EventKind.COMMAND_REJECTED] == 0
        for size in (len(commands), 997, 61):
            exchange = Exchange(venue)
            small = {name: len(array) for name, array in exchange._memory._asdict().items()}
            assert_same((split(exchange, commands, size), exchange), (events, grown))
            for name in ("orders", "lots", "levels", "scratch"):
                if count > layout.FIRST_ORDERS or name in ("levels", "scratch"):
                    assert len(getattr(exchange._memory, name)) > small[name], name

    def test_of_ladders_alone_keeps_the_book(self) -> None:
        exchange = Exchange(market())
        exchange.step(make.batch([orders(3), orders(2, price_ticks=[50, 200], side=Side.SELL, account=BOB)]))
        before = exchange.orders()
        exchange.step(make.set_price_band(0, 0, 1, 10_000))
        assert exchange.orders().tobytes() == before.tobytes()
        exchange.step(orders(1, price_ticks=10_000, quantity_lots=9))
        assert len(exchange.orders(BOB)) == 0

    def test_rehashing_keeps_every_id(self) -> None:
        exchange = Exchange(market())
        exchange.step(orders(900, client_order_id=np.arange(1, 901)))
        exchange._memory = layout.with_more_orders(exchange._memory)
        rehash(exchange._memory)
        events = exchange.step(
            make.batch([make.cancel_order(0, ANN, client_order_id=number) for number in range(1, 901)])
        )
        assert counted(events)[EventKind.ORDER_CANCELED] == 900


def counted(events: Records) -> dict[int, int]:
    kinds, counts = np.unique(events["kind"], return_counts=True)
    return {**dict.fromkeys(EventKind, 0), **dict(zip(kinds.tolist(), counts.tolist(), strict=True))}


# Values that no field expects, in otherwise sensible commands.

EXTREMES = {
    np.dtype("i8"): [
        -(2**63), -(2**63) + 1, -(2**62), -(2**40), -1, 0, 1, 2**31, 2**32, 2**40, 2**62, 2**63 - 1
    ],
    np.dtype("i4"): [-(2**31), -2, -1, 0, 1, 2, 3, 4, 255, 2**16, 2**31 - 1],
    np.dtype("u2"): [0, 1, 4, 8, 28, 255, 0x1000, 0x7FFF, 2**16 - 1],
    np.dtype("u1"): [0, 1, 2, 3, 11, 12, 127, 128, 255],
}  # fmt: skip


KINDS = [0, *CommandKind, max(CommandKind) + 1]


def spoiled(count: int, seed: int) -> Records:
    """Every kind of command, with extreme values in one to four fields; time is left alone mostly."""
    random = np.random.default_rng(seed)
    rows = orders(count)
    rows["kind"] = random.choice(KINDS, count)
    rows["account"] = random.integers(0, 4, count)
    rows["side"] = random.integers(1, 3, count)
    rows["price_ticks"] = random.integers(95, 106, count)
    rows["trigger_price_ticks"] = np.where(rows["kind"] == CommandKind.SET_PRICE_BAND, 150, 0)
    rows["order_id"] = np.where(rows["kind"] == CommandKind.NEW_ORDER, 0, random.integers(0, count, count))
    rows["client_order_id"] = random.integers(0, 30, count)
    rows["flags"] = np.where(random.random(count) < 0.3, OrderFlag.HISTORICAL, 0)
    # Phases and suspensions would make the rest dull.
    dull = np.isin(rows["kind"], [CommandKind.SET_PHASE, CommandKind.KILL_SWITCH, 6])
    rows["kind"][dull & (random.random(count) < 0.9)] = CommandKind.NEW_ORDER
    names = [name for name in COMMAND.names or () if name != "time_ns"]
    for place in range(count):
        for _ in range(int(random.integers(0, 4))):
            name = names[int(random.integers(len(names)))]
            rows[name][place] = random.choice(np.array(EXTREMES[COMMAND[name]], dtype=COMMAND[name]))
    return rows


def small_venues() -> Iterator[Any]:
    instruments = [Instrument("ONE", "0.50", "2.00"), Instrument("TWO", "0.50", "2.00")]
    accounts = [Account("ann", cash=1_000), Account("bob", cash=10**6)]
    for mode in ReplayMode:
        yield pytest.param(Venue(instruments, accounts, replay_mode=mode), id=mode.name)
        yield pytest.param(Venue(instruments, bare=True, replay_mode=mode), id=f"bare {mode.name}")
    for name, venue in ledger_venues().items():
        yield pytest.param(venue, id=name)


@pytest.mark.parametrize("venue", list(small_venues()))
class TestExtremeValues:
    def test_are_refused_or_obeyed_like_the_twin_does(
        self, venue: Venue, scaled: Callable[[int], int]
    ) -> None:
        for seed in range(2):
            commands = spoiled(scaled(1_500), seed)
            twin, exchange = ReferenceExchange(venue), Exchange(venue)
            difference = event_difference(commands, twin.step(commands), exchange.step(commands))
            assert not difference, difference
            assert not (difference := state_difference(twin.state(), exchange.state())), difference
            check_invariants(twin)

    def test_in_every_field_of_every_kind(self, venue: Venue) -> None:
        rows = []
        for kind in KINDS:
            for name in COMMAND.names or ():
                # Times at the far end would make all that follows go backwards.
                extremes = [v for v in EXTREMES[COMMAND[name]] if name != "time_ns" or v <= 1]
                for value in extremes:
                    row = orders(1, kind=kind, trigger_price_ticks=150 if kind == 10 else 0)
                    row[name] = value
                    rows.append(row)
            rows += [make.set_phase(0, Phase.CONTINUOUS), make.reinstate_account(0, ANN)]
        commands = make.batch(rows)
        twin, exchange = ReferenceExchange(venue), Exchange(venue)
        difference = event_difference(commands, twin.step(commands), exchange.step(commands))
        assert not difference, difference

    def test_of_time(self, venue: Venue) -> None:
        for value in EXTREMES[np.dtype("i8")]:
            commands = make.batch([orders(1, time_ns=value), orders(1), make.clock(2**62), orders(1)])
            twin, exchange = ReferenceExchange(venue), Exchange(venue)
            difference = event_difference(commands, twin.step(commands), exchange.step(commands))
            assert not difference, difference

    def test_at_the_end_of_time(self, venue: Venue) -> None:
        """What falls due at the last moment does so, and what time costs until then is counted."""
        end, start = 2**62, venue.start_time_ns + 1
        rows = [
            make.clock(start),
            orders(1, time_in_force=TimeInForce.GTD, expire_time_ns=end, price_ticks=90, time_ns=start),
            orders(1, price_ticks=101, time_ns=start),
            orders(1, side=Side.SELL, account=BOB, time_ns=start),
            make.schedule_phase(start, Phase.CLOSED, end),
            make.clock(end - 1),
            make.clock(end),
            orders(1, time_ns=end),
        ]
        commands = make.batch(rows)
        twin, exchange = ReferenceExchange(venue), Exchange(venue)
        events = twin.step(commands)
        difference = event_difference(commands, events, exchange.step(commands))
        assert not difference, difference
        assert not (difference := state_difference(twin.state(), exchange.state())), difference
        reasons = set(events["reason"][events["command_seq"] == 7].tolist())
        assert {Reason.SCHEDULED, Reason.END_OF_TIME} <= reasons


def named(events: Records, kinds: tuple[EventKind, ...], dtype: np.dtype[Any]) -> Records:
    return np.ascontiguousarray(events[np.isin(events["kind"], kinds)]).view(dtype)


@pytest.fixture(scope="module")
def played() -> tuple[Exchange, Records]:
    """An exchange after some thousand commands, and all its events."""
    commands, events = recorded("full", "calm", 5_500)
    exchange = Exchange(venues()["full"])
    exchange.step(commands)
    return exchange, events


class TestViews:
    def test_have_their_layouts(self, played: tuple[Exchange, Records]) -> None:
        exchange, _ = played
        assert [view.dtype for view in exchange.state()] == [
            COUNTERS_VIEW,
            INSTRUMENT_VIEW,
            ACCOUNT_VIEW,
            POSITION_VIEW,
            LOT_VIEW,
            BOOK_ORDER,
            GROUP_VIEW,
            ROLLING_VIEW,
            LIMIT_VIEW,
            SESSION_VIEW,
            FEE_VIEW,
            TRADE_VIEW,
        ]
        assert exchange.depth(0, Side.BUY).dtype == LEVEL_VIEW

    def test_orders_are_what_the_events_left_open(self, played: tuple[Exchange, Records]) -> None:
        exchange, events = played
        leaves: dict[int, int] = {}
        for place, kind in enumerate(events["kind"].tolist()):
            event = events[place : place + 1]
            if kind == EventKind.ORDER_REPLACED:
                order = event.view(ORDER_EVENT)[0]
                leaves.pop(int(order["order_id"]))
                leaves[int(order["successor_order_id"])] = int(order["leaves_lots"])
            elif kind in (EventKind.ORDER_FILLED, EventKind.ORDER_PARTIALLY_FILLED):
                fill = event.view(FILL_EVENT)[0]
                leaves[int(fill["order_id"])] = int(fill["leaves_lots"])
            elif kind <= EventKind.ORDER_REDUCED:
                order = event.view(ORDER_EVENT)[0]
                leaves[int(order["order_id"])] = int(order["leaves_lots"])
        shown = exchange.orders()
        assert dict(shown[["order_id", "leaves_lots"]].tolist()) == {
            number: lots for number, lots in leaves.items() if lots
        }
        assert len(shown) > 20

    def test_one_order_is_the_row_of_all_orders(self, played: tuple[Exchange, Records]) -> None:
        exchange, events = played
        for row in exchange.orders():
            assert exchange.order(int(row["order_id"])) == row
        created = named(events, (EventKind.ORDER_CREATED,), ORDER_EVENT)["order_id"]
        ended = set(created.tolist()) - set(exchange.orders()["order_id"].tolist())
        assert all(exchange.order(number) is None for number in [*list(ended)[:50], 0, -1, 2**62, 10**9])

    def test_orders_of_an_account_and_an_instrument(self, played: tuple[Exchange, Records]) -> None:
        exchange, _ = played
        every = exchange.orders()
        for account in (None, 0, ANN, BOB, 77):
            for instrument in (None, 0, 2, 9):
                wanted = [
                    row
                    for row in every.tolist()
                    if account in (None, row[2]) and instrument in (None, row[3])
                ]
                assert exchange.orders(account, instrument).tolist() == wanted

    def test_depth_adds_the_orders_up(self, played: tuple[Exchange, Records]) -> None:
        exchange, _ = played
        for instrument in range(3):
            for side in (Side.BUY, Side.SELL):
                rows = exchange.orders(instrument=instrument)
                rows = rows[(rows["side"] == side) & (rows["book"] == Place.SHOWN)]
                # Of an iceberg only its slice.
                lots = np.where(rows["display_lots"] > 0, rows["shown_lots"], rows["leaves_lots"])
                prices = sorted(set(rows["price_ticks"].tolist()), reverse=side == Side.BUY)
                levels = [
                    (p, int(lots[at].sum()), int(at.sum()))
                    for p in prices
                    if (at := rows["price_ticks"] == p).any()
                ]
                assert exchange.depth(instrument, side, levels=100).tolist() == levels
                assert exchange.depth(instrument, side, levels=2).tolist() == levels[:2]
                assert exchange.depth(instrument, side, levels=0).tolist() == []
                assert exchange.depth(instrument, side, book=1).tolist() == []

    @pytest.mark.parametrize("count", [63, 64, 65, 600])
    def test_depth_has_as_many_levels_as_there_are(self, count: int) -> None:
        wide = Instrument("ONE", "0.50", "20.00", max_order_quantity=1_000_000)
        exchange = Exchange(Venue([wide], [Account("ann", cash=10**8)]))
        exchange.step(orders(count, price_ticks=np.arange(count) + 100))
        best_first = [(99 + count - number, 1, 1) for number in range(count)]
        for levels in (1, 63, 64, 65, 599, 1 << 20):
            assert exchange.depth(0, Side.BUY, levels).tolist() == best_first[:levels]

    def test_positions_and_cash_are_those_of_the_last_events(self, played: tuple[Exchange, Records]) -> None:
        exchange, events = played
        told = named(events, (EventKind.POSITION_CHANGED,), POSITION_EVENT)
        names = ["position_lots", "cost_micros", "realised_average_micros", "realised_fifo_micros"]
        for account in range(len(exchange.accounts())):
            own = told[told["account"] == account]
            shown = exchange.positions(account)
            assert set(own["instrument"].tolist()) <= set(shown["instrument"].tolist())
            for row in shown:
                last = own[own["instrument"] == row["instrument"]][-1:]
                values = last[0][names].tolist() if len(last) else (0,) * len(names)
                assert row[names].tolist() == values
            if len(own) and account > 1:
                assert exchange.accounts()["cash_micros"][account] == own["cash_micros"][-1]
        assert len(told) > 100

    def test_lots_add_up_to_positions(self, played: tuple[Exchange, Records]) -> None:
        exchange, _ = played
        lots, positions = exchange.lots(), exchange.positions()
        for row in positions[positions["account"] != 0]:
            own = lots[(lots["account"] == row["account"]) & (lots["instrument"] == row["instrument"])]
            assert own["quantity_lots"].sum() == row["position_lots"]
            # Realised and cost are one sum, by FIFO as by average.
            total = row["realised_average_micros"] - row["cost_micros"]
            assert total == row["realised_fifo_micros"] - own["cost_micros"].sum()
        assert exchange.lots(0).tolist() == []
        assert exchange.lots(ANN).tolist() == [row for row in lots.tolist() if row[0] == ANN]

    def test_accounts_count_their_open_orders(self, played: tuple[Exchange, Records]) -> None:
        exchange, _ = played
        accounts, every = exchange.accounts(), exchange.orders()
        for row in accounts[2:]:
            own = every[every["account"] == row["account"]]
            assert row["open_orders"] == len(own)
            assert row["reserved_micros"] == own["reserved_micros"].sum()
        assert accounts["account"].tolist() == list(range(len(accounts)))

    def test_counters_are_the_last_numbers_given_out(self, played: tuple[Exchange, Records]) -> None:
        exchange, events = played
        (counters,) = exchange.counters()
        assert counters["events"] == events["seq"][-1] == len(events)
        trades = named(events, (EventKind.TRADE,), TRADE_EVENT)
        assert counters["trades"] == trades["trade_id"][-1] == len(trades)
        assert exchange.time_ns == counters["time_ns"]
        assert (np.diff(events["seq"]) == 1).all()
        assert (np.diff(events["time_ns"]) >= 0).all()

    @pytest.mark.parametrize(
        ("ask", "said"),
        [
            (lambda e: e.order("a"), "Exchange.order: order_id is 'a', expected a whole number"),
            (lambda e: e.explain(1.5), "Exchange.explain: order_id is 1.5, expected a whole number"),
            (
                lambda e: e.depth(0, Side.BUY, "x"),
                "Exchange.depth: levels is 'x', expected a whole number",
            ),
            (lambda e: e.depth("AAPL", Side.BUY), "Exchange: instrument is 'AAPL', expected a whole number"),
        ],
    )
    def test_refuse_what_is_no_number(self, ask: Callable[[Exchange], Any], said: str) -> None:
        with pytest.raises(ConfigError) as refused:
            ask(Exchange(Venue([Instrument("ONE", "1", "2")]), record=True))
        assert str(refused.value) == said

    def test_memory_is_told_by_array(self, played: tuple[Exchange, Records]) -> None:
        exchange, _ = played
        told = exchange.memory_bytes()
        assert told == {name: array.nbytes for name, array in exchange._memory._asdict().items()}


@pytest.mark.parametrize("bare", [False, True])
def test_one_order_sweeps_five_thousand(bare: bool, scaled: Callable[[int], int]) -> None:
    depth = scaled(5_000)
    venue = Venue([ONE], bare=True) if bare else market()
    book = orders(depth, side=Side.SELL, account=BOB, price_ticks=100 + np.arange(depth) % 50)
    sweep = orders(1, price_ticks=150, quantity_lots=depth + 3)
    for given_ in (None, np.zeros(10, dtype=EVENT)):
        exchange = Exchange(venue)
        exchange.step(book)
        events = exchange.step(sweep, out=given_)
        trades = named(events, (EventKind.TRADE,), TRADE_EVENT)
        assert len(trades) == depth
        assert (np.diff(trades["price_ticks"]) >= 0).all()
        # Within a price, the order that came first.
        assert (np.diff(trades["maker_order_id"])[np.diff(trades["price_ticks"]) == 0] > 0).all()
        assert exchange.orders()["leaves_lots"].tolist() == [3]
        assert len(exchange.depth(0, Side.SELL)) == 0
        if not bare:
            assert exchange.positions()["position_lots"].tolist() == [depth, -depth]
            # A lot for each price is open, the newest of equal price joined.
            assert exchange.lots(ANN)["quantity_lots"].sum() == depth
            assert exchange.accounts()["cash_micros"].sum() == 2 * 10**8 * 10**6
