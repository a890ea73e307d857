import functools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twins.compare import differing_rows, event_difference, state_difference
from tests.twins.desk import named
from tests.twins.streams import PROFILES, Generator, stream, venues
from workbench.domain.codes import (
    CommandKind,
    EventKind,
    OrderFlag,
    OrderType,
    Phase,
    Reason,
    SelfTradePrevention,
    Side,
    TimeInForce,
    TriggerReference,
)
from workbench.domain.config import Account, ReplayMode, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.records import AUCTION, COMMAND, EVENT, ORDER_EVENT, SHADOW, Records
from workbench.domain.states import OrderState
from workbench.domain.views import ExchangeState
from workbench.engine.reference import ReferenceExchange, auctions, check_invariants

pytestmark = pytest.mark.kernel

VENUES = venues()
EVERY_VENUE = pytest.mark.parametrize("venue", VENUES)
EVERY_PROFILE = pytest.mark.parametrize("profile", PROFILES)
SEEDS = range(3)


@pytest.fixture(scope="module")
def kernel() -> Any:
    from workbench.engine.exchange import Exchange

    return Exchange


class Recording(NamedTuple):
    commands: Records
    events: Records
    state: ExchangeState
    state_hash: str


@functools.cache
def recorded(venue: str, profile: str, seed: int, count: int) -> Recording:
    """A stream and what the twin made of it."""
    twin = ReferenceExchange(VENUES[venue])
    chunks = list(stream(twin, profile, seed, count))
    check_invariants(twin)
    commands = np.concatenate([commands for commands, _ in chunks])
    return Recording(
        commands, np.concatenate([events for _, events in chunks]), twin.state(), twin.state_hash()
    )


def assert_same(got: Any, events: Records, recording: Recording) -> None:
    assert not (difference := event_difference(recording.commands, recording.events, events)), difference
    assert not (difference := state_difference(recording.state, got.state())), difference
    assert got.state_hash() == recording.state_hash


@EVERY_PROFILE
@EVERY_VENUE
def test_kernel_gives_the_twins_events_and_state(
    venue: str, profile: str, kernel: Any, scaled: Callable[[int], int]
) -> None:
    for seed in SEEDS:
        recording = recorded(venue, profile, seed, scaled(3_000))
        exchange = kernel(VENUES[venue])
        assert_same(exchange, exchange.step(recording.commands), recording)


@pytest.mark.parametrize("batch", [1, 7, 1_000])
@pytest.mark.parametrize("which", ["twin", "kernel"])
@EVERY_VENUE
def test_any_batch_split_gives_the_same_events(
    venue: str, which: str, batch: int, kernel: Any, scaled: Callable[[int], int]
) -> None:
    recording = recorded(venue, "adversarial", 0, scaled(3_000))
    exchange = ReferenceExchange(VENUES[venue]) if which == "twin" else kernel(VENUES[venue])
    places = range(0, len(recording.commands), batch)
    parts = [exchange.step(recording.commands[place : place + batch]) for place in places]
    assert_same(exchange, np.concatenate(parts), recording)


@EVERY_PROFILE
@EVERY_VENUE
def test_snapshot_continues_as_if_nothing_had_happened(
    venue: str, profile: str, kernel: Any, scaled: Callable[[int], int]
) -> None:
    recording = recorded(venue, profile, 1, scaled(3_000))
    random = np.random.default_rng(len(venue))
    exchange, parts = kernel(VENUES[venue]), []
    cuts = np.sort(random.integers(0, len(recording.commands) + 1, 3))
    for part in np.split(recording.commands, cuts):
        parts.append(exchange.step(part))
        saved = exchange.snapshot()
        before = exchange.state_hash()
        exchange = kernel.restore(saved)
        assert exchange.state_hash() == before
        assert exchange.snapshot() == saved
    assert_same(exchange, np.concatenate(parts), recording)


def test_no_commands_give_no_events(kernel: Any) -> None:
    for exchange in (ReferenceExchange(VENUES["full"]), kernel(VENUES["full"])):
        before = exchange.state_hash()
        events = exchange.step(np.zeros(0, dtype=COMMAND))
        assert events.dtype == EVENT
        assert len(events) == 0
        assert exchange.state_hash() == before


def test_a_queue_of_thousands_is_swept_in_one_command(kernel: Any, scaled: Callable[[int], int]) -> None:
    depth = scaled(6_000)
    rows = np.zeros(depth + 1, dtype=COMMAND)
    rows["kind"] = CommandKind.NEW_ORDER
    rows["account"] = 2
    rows["order_type"] = OrderType.LIMIT
    rows["side"] = 2
    rows["quantity_lots"] = 1
    rows["price_ticks"] = 100
    rows["side"][-1], rows["quantity_lots"][-1] = 1, depth + 1
    for venue, sweeper in (("bare", 3), ("allow", 2)):
        rows["account"][-1] = sweeper
        twin, exchange = ReferenceExchange(VENUES[venue]), kernel(VENUES[venue])
        events = twin.step(rows)
        recording = Recording(rows, events, twin.state(), twin.state_hash())
        assert_same(exchange, exchange.step(rows), recording)
        assert Counter(events["kind"].tolist())[EventKind.TRADE] == depth


# Small worlds, in which Hypothesis finds collisions quickly and shrinks what it finds.


def tiny(reference: TriggerReference, **settings: Any) -> Instrument:
    return Instrument(
        "TINY",
        price_min="0.03",
        price_max="0.12",
        band_low="0.04",
        band_high="0.11",
        max_order_quantity=40,
        fees=FeeSchedule(maker_per_lot="-0.000003", taker_bps="25"),
        trigger_reference=reference,
        **settings,
    )


_TIGHT = {"price_limit_bps": 2_600, "price_limit_window_ns": 10_000_000, "price_limit_pause_ns": 1_500_000}
_LIMITS = Limits(max_open_orders=4, position_limit_lots=60, orders_per_second=1_000, order_burst=4)
_TRADERS = [Account("ann", cash="0.4"), Account("bob", cash="90", short_permitted=False, limits=_LIMITS)]
_DECREMENT = SelfTradePrevention.DECREMENT
SMALL_VENUES = {
    "responsive": Venue([tiny(TriggerReference.LAST_TRADE)], _TRADERS),
    "limited": Venue([tiny(TriggerReference.MIDPOINT, reference_price="0.08", **_TIGHT)], _TRADERS),
    "frozen": Venue([tiny(TriggerReference.BID_ASK)], _TRADERS, replay_mode=ReplayMode.FROZEN),
    "bare": Venue([tiny(TriggerReference.BID_ASK, **_TIGHT)], bare=True, self_trade_prevention=_DECREMENT),
}


def commands() -> st.SearchStrategy[Records]:
    """Batches of single commands with values so small that they meet all the time."""
    few = st.integers(0, 4)
    numbers = {
        "kind": st.sampled_from(
            [1] * 7
            + [2, 2, 3, 3, 3, 4, 5, 5, 6, 7, 8, 9, 9, 10, 11, 12, 13, 13, 14, 15]
            + [25, 25, 25, 26, 26, 27, 27, 30, 31]
        ),
        "time_ns": st.integers(0, 3).map(lambda step: step * 700_000),
        "side": st.sampled_from([1, 2, 1, 2, 1, 2, 0]),
        "order_type": st.sampled_from([2, 2, 2, 2, 2, 2, 1, 3, 4, 5, 6, 7, 8]),
        "time_in_force": st.sampled_from([0, 0, 0, 1, 1, *TimeInForce.__members__.values()]),
        "self_trade_prevention": st.integers(0, 6),
        "flags": st.sampled_from([0, 0, 0, 0, 1, 4, 4, 8, 12, 16, 28, 2, 2, 6, 32, 64]).map(OrderFlag),
        "account": st.sampled_from([0, 0, 2, 2, 2, 3, 3, 3, 1, 4, -1]),
        "instrument": st.sampled_from([0, 0, 0, 0, 0, 0, 0, -1, 1]),
        "group_place": st.integers(1, 9),
        "order_id": st.integers(0, 12),
        "client_order_id": few,
        "new_client_order_id": few,
        "quantity_lots": st.sampled_from([0, 1, 2, 3, 5, 8, 13, 40, 41]),
        "price_ticks": st.integers(0, 13),
        "trigger_price_ticks": st.integers(0, 14),
        "display_lots": st.sampled_from([0, 0, 0, 0, 0, 1, 2, 5]),
        "amount_micros": st.sampled_from([0, 0, 0, 0, 0, 1, 200_000]),
        "expire_time_ns": st.sampled_from([0, 1, 700_000, 2_000_000]),
    }
    unused = {
        CommandKind.NEW_ORDER: {"order_id", "new_client_order_id", "group_place"},
        CommandKind.SET_PHASE: {"order_id"},
    }

    def tidy(row: Records) -> None:
        """Leave out most of what an order may not have, so that most orders are accepted."""
        kind, limit = int(row["order_type"][0]), row["order_type"][0] in (2, 4, 6)
        if not limit:
            row["price_ticks"] = 0
        if kind in (1, 2):
            row["trigger_price_ticks"] = row["amount_micros"] = 0
        elif kind != OrderType.TRAILING_STOP or row["trigger_price_ticks"][0]:
            row["amount_micros"] = 0
        if kind != OrderType.LIMIT or row["flags"][0] & OrderFlag.HISTORICAL:
            row["display_lots"] = 0
        if kind > OrderType.LIMIT and row["time_in_force"][0] in (2, 3, 4, 7):
            row["time_in_force"] = TimeInForce.GTC
        if row["time_in_force"][0] != TimeInForce.GTD:
            row["expire_time_ns"] = 0

    def rows(drawn: list[dict[str, int]]) -> Records:
        batch = np.zeros(len(drawn), dtype=COMMAND)
        for place, fields in enumerate(drawn):
            for name in fields.keys() - unused.get(fields["kind"], set()):
                batch[name][place] = fields[name]
            if fields["kind"] == CommandKind.NEW_ORDER:
                tidy(batch[place : place + 1])
        # Time mostly runs forwards: each draw is a step, and only the largest step of all goes back.
        steps = np.where(batch["time_ns"] == 2_100_000, -1, batch["time_ns"])
        batch["time_ns"] = np.maximum(np.cumsum(steps), 0)
        batch["expire_time_ns"] += np.where(batch["expire_time_ns"] != 0, batch["time_ns"], 0)
        return batch

    singles = st.lists(st.fixed_dictionaries(numbers), min_size=1, max_size=6).map(rows)
    return st.lists(st.one_of(singles, singles, groups()), min_size=1, max_size=10).map(join)


def join(parts: list[Records]) -> Records:
    """Batches one after the other in time."""
    batch = np.concatenate(parts)
    starts = np.cumsum([0, *(int(part["time_ns"].max()) for part in parts[:-1])])
    offsets = np.repeat(starts, [len(part) for part in parts])
    batch["time_ns"] += offsets
    batch["expire_time_ns"] += np.where(batch["expire_time_ns"] != 0, offsets, 0)
    return batch


@st.composite
def groups(draw: st.DrawFn) -> Records:
    """The orders of one group; the last may be missing or of the wrong side."""
    few = st.integers
    children = draw(few(0, 2))
    size = max(2, children + 1)
    batch = np.zeros(size, dtype=COMMAND)
    batch["kind"], batch["account"] = CommandKind.NEW_ORDER, draw(few(2, 3))
    batch["group_id"] = batch["client_order_id"][0] = draw(few(1, 4))
    batch["group_place"] = np.arange(1, size + 1)
    batch["flags"][:children] = OrderFlag.GROUP_CHILD
    batch["flags"][-1] = OrderFlag.GROUP_LAST
    side = draw(few(1, 2))
    batch["side"] = side
    if children:
        batch["side"][-1] = draw(st.sampled_from([3 - side, 3 - side, side]))
    batch["quantity_lots"] = draw(st.lists(few(1, 8), min_size=size, max_size=size))
    for place in range(size):
        kind = draw(st.sampled_from([2, 2, 2, 1, 3, 4, 5, 6, 7]))
        batch["order_type"][place] = kind
        if kind in (2, 4, 6):
            batch["price_ticks"][place] = draw(few(4, 11))
        if kind > OrderType.LIMIT:
            batch["trigger_price_ticks"][place] = draw(few(1, 12))
        if kind == OrderType.LIMIT:
            batch["display_lots"][place] = draw(st.sampled_from([0, 0, 1]))
        if draw(st.sampled_from([False, False, False, True])):
            batch["flags"][place] |= np.uint16(OrderFlag.REDUCE_ONLY)
    return batch[: size - draw(st.sampled_from([0, 0, 0, 1]))]


@pytest.mark.parametrize("venue", SMALL_VENUES)
@given(batch=commands())
def test_kernel_gives_the_twins_events_in_a_small_world(venue: str, kernel: Any, batch: Records) -> None:
    twin, exchange = ReferenceExchange(SMALL_VENUES[venue]), kernel(SMALL_VENUES[venue])
    events = twin.step(batch)
    assert_same(exchange, exchange.step(batch), Recording(batch, events, twin.state(), twin.state_hash()))


@pytest.mark.twin
@pytest.mark.parametrize("venue", SMALL_VENUES)
@given(batch=commands())
def test_invariants_hold_in_a_small_world(venue: str, batch: Records) -> None:
    twin = ReferenceExchange(SMALL_VENUES[venue])
    for place in range(len(batch)):
        twin.step(batch[place : place + 1])
        check_invariants(twin)


# The tests of the tests: the streams reach every rule, and the comparison sees a difference.


@pytest.mark.twin
def test_streams_reach_every_event_and_every_reason() -> None:
    kinds: Counter[int] = Counter()
    reasons: Counter[int] = Counter()
    for venue in VENUES:
        for profile in PROFILES:
            events = recorded(venue, profile, 0, 3_000).events
            kinds.update(events["kind"].tolist())
            reasons.update(events["reason"].tolist())
    # Streams of money reach the others (test_money.py).
    assert {kind.name for kind in EventKind if kinds[kind] == 0 and kind < EventKind.CASH_CHANGED} == set()
    missing = {reason.name for reason in Reason if reasons[reason] == 0 and reason < Reason.INVALID_AMOUNT}
    assert missing == set()


def all_events(venue_names: Iterable[str]) -> Records:
    return np.concatenate(
        [recorded(venue, profile, 0, 3_000).events for venue in venue_names for profile in PROFILES]
    )


@pytest.mark.twin
def test_streams_reach_what_kinds_and_reasons_do_not_tell() -> None:
    events = all_events(VENUES)
    kinds, reasons, flags = events["kind"], events["reason"], events["flags"]
    trades = kinds == EventKind.TRADE
    orders = events.view(ORDER_EVENT)
    reached = {
        "trades of an uncross": trades & (flags & AUCTION > 0),
        "the same between live orders of a frozen venue": trades
        & (flags & AUCTION > 0)
        & (flags & SHADOW > 0),
        "pauses": (kinds == EventKind.PHASE_CHANGED) & (reasons == Reason.LIMIT_UP_DOWN),
        "orders that a limit cancels": (kinds == EventKind.ORDER_CANCELED)
        & (reasons == Reason.LIMIT_UP_DOWN),
        "orders that a position cancels": (kinds == EventKind.ORDER_CANCELED)
        & (reasons == Reason.REDUCE_ONLY),
        "orders that a position cuts": (kinds == EventKind.ORDER_REDUCED) & (reasons == Reason.REDUCE_ONLY),
        "orders that a group cancels": (kinds == EventKind.ORDER_CANCELED) & (reasons == Reason.GROUP),
        "orders that a group cuts": (kinds == EventKind.ORDER_REDUCED) & (reasons == Reason.GROUP),
        "uncrosses with a price": (kinds == EventKind.AUCTION_UNCROSSED) & (orders["order_id"] > 0),
        "suspended orders": (kinds == EventKind.ORDER_REDUCED)
        & (events["order_state"] == OrderState.SUSPENDED),
        "market orders that wait": (kinds == EventKind.ORDER_RESTED)
        & (events["order_type"] == OrderType.MARKET),
    }
    for order_type in range(OrderType.STOP, OrderType.TRAILING_STOP + 1):
        named = OrderType(order_type).name
        reached[f"triggered {named}"] = (kinds == EventKind.ORDER_TRIGGERED) & (
            events["order_type"] == order_type
        )
    for time_in_force in (TimeInForce.OPG, TimeInForce.CLS):
        reached[f"trades of {time_in_force.name}"] = trades & (events["time_in_force"] == time_in_force)
    assert {what for what, where in reached.items() if where.sum() < 3} == set()


@pytest.mark.twin
def test_streams_reach_live_orders_in_crosses() -> None:
    """In every kind of venue, and in all phases."""
    plain = {"buys", "sells", "both sides", "market orders", "icebergs", "members of groups", "left over"}
    reduced = {"reduce-only orders", "reduce-only orders cut"}
    total: Counter[str] = Counter()
    for names, wanted in (
        (["responsive", "limits", "full"], plain | reduced),
        (["frozen"], plain | reduced),
        (["bare"], plain),
        (["bare frozen"], plain),
    ):
        reached: Counter[str] = Counter()
        for venue in names:
            for profile in PROFILES:
                for seed in SEEDS:
                    reached += reached_in_crosses(recorded(venue, profile, seed, 3_000))
        assert {what for what in wanted if reached[what] < 2} == set(), (names, reached)
        total += reached
    assert {phase.name for phase in Phase if total[f"in {phase.name}"] < 2} == set(), total
    assert total["prints alone"] > 10


def each(events: Records) -> Iterator[Records]:
    return (events[place : place + 1] for place in range(len(events)))


def reached_in_crosses(recording: Recording) -> Counter[str]:
    reached: Counter[str] = Counter()
    crosses = 1 + np.flatnonzero(recording.commands["kind"] == CommandKind.CROSS_ORDERS)
    phases: dict[int, int] = {}
    icebergs: set[int] = set()
    members: set[int] = set()
    sides: dict[int, set[int]] = {int(seq): set() for seq in crosses}
    events = recording.events
    told = np.isin(events["command_seq"], crosses)
    told |= np.isin(events["kind"], [EventKind.PHASE_CHANGED, EventKind.ORDER_TERMS])
    for event in map(named, each(events[told])):
        if event.kind == EventKind.PHASE_CHANGED:
            phases[event.instrument] = event.phase
        elif event.kind == EventKind.ORDER_TERMS:
            icebergs |= {event.order_id} if event.display_lots else set()
            members |= {event.order_id} if event.group_id else set()
        if event.command_seq not in sides:
            continue
        if event.kind == EventKind.TRADE and not event.flags & SHADOW and event.flags & AUCTION:
            reached["prints alone"] += not sides[event.command_seq]
            reached["both sides"] += len(sides[event.command_seq]) == 2
        if event.reason == Reason.REDUCE_ONLY:
            reached["reduce-only orders cut"] += 1
        filled = event.kind in (EventKind.ORDER_PARTIALLY_FILLED, EventKind.ORDER_FILLED)
        if filled and event.flags & AUCTION and not event.contra_order_id:
            sides[event.command_seq].add(event.side)
            reached["buys" if event.side == Side.BUY else "sells"] += 1
            reached["left over"] += event.kind == EventKind.ORDER_PARTIALLY_FILLED
            reached["market orders"] += event.order_type == OrderType.MARKET
            reached["reduce-only orders"] += bool(event.flags & OrderFlag.REDUCE_ONLY)
            reached["icebergs"] += event.order_id in icebergs
            reached["members of groups"] += event.order_id in members
            reached[f"in {Phase(phases.get(event.instrument, 0)).name}"] += 1
    return reached


@pytest.mark.twin
def test_streams_reach_short_sale_restrictions() -> None:
    """Who is refused, when, and in which position."""
    reached: Counter[str] = Counter()
    for venue in ("full", "responsive", "frozen", "limits"):
        for profile in PROFILES:
            positions: dict[tuple[int, int], int] = {}
            created = 0
            events = recorded(venue, profile, 0, 3_000).events
            told = np.isin(events["kind"], [EventKind.POSITION_CHANGED, EventKind.ORDER_CREATED])
            told |= events["reason"] == Reason.SHORT_SALE_RESTRICTED
            for event in map(named, each(events[told])):
                key = event.account, event.instrument
                if event.kind == EventKind.POSITION_CHANGED:
                    positions[key] = event.position_lots
                elif event.kind == EventKind.ORDER_CREATED:
                    created = event.order_id
                elif event.reason == Reason.SHORT_SALE_RESTRICTED:
                    position = positions.get(key, 0)
                    reached["short" if position < 0 else "long" if position else "flat"] += 1
                    reached["without a limit" if not event.price_ticks else "with a limit"] += 1
                    replaced = event.kind == EventKind.REPLACE_REJECTED
                    entered = event.order_id == created
                    reached["replaced" if replaced else "entered" if entered else "active"] += 1
    wanted = {"short", "long", "flat", "without a limit", "with a limit", "replaced", "entered", "active"}
    assert {what for what in wanted if reached[what] < 3} == set(), reached


@pytest.mark.twin
def test_streams_reach_collars(monkeypatch: pytest.MonkeyPatch) -> None:
    """What collars change of the uncross price."""
    reached: Counter[str] = Counter()
    plain = auctions.clearing

    def clearing(twin: ReferenceExchange, instrument: int) -> auctions.Clearing:
        found = plain(twin, instrument)
        calendar = twin.calendars[instrument]
        collar = calendar.collar
        if collar:
            calendar.collar = None
            free = plain(twin, instrument)
            calendar.collar = collar
            book = twin.markets[instrument].books[-1]
            limits = any(not order.is_historical for side in book.values() for order in side)
            with_orders = "with limits" if limits else "market orders alone"
            if free.paired_lots:
                same = "as it is" if found == free else "moved" if found.paired_lots else "none"
                reached[f"{with_orders}, {same}"] += 1
                reached["below"] += free.price_ticks < collar[0]
                reached["above"] += free.price_ticks > collar[1]
            reached["less volume"] += 0 < found.paired_lots < free.paired_lots
        return found

    monkeypatch.setattr(auctions, "clearing", clearing)
    for venue in ("full", "responsive", "frozen", "bare", "bare frozen"):
        twin = ReferenceExchange(VENUES[venue])
        for _ in stream(twin, "day", 0, 3_000):
            check_invariants(twin)
    wanted = {"with limits, as it is", "with limits, moved", "with limits, none", "less volume"}
    wanted |= {"market orders alone, as it is", "market orders alone, none", "below", "above"}
    assert {what for what in wanted if reached[what] < 3} == set(), reached


@pytest.mark.twin
def test_a_deep_venue_is_deeper_than_the_kernel_looks() -> None:
    twin = ReferenceExchange(VENUES["deep"])
    chunks = stream(twin, "calm", 0, 600)
    next(chunks)
    assert all(len(twin.open_orders) > 4_096 for _ in chunks)


@pytest.mark.twin
def test_most_cancels_and_replaces_name_an_open_order() -> None:
    recording = recorded("responsive", "calm", 0, 3_000)
    named = np.isin(recording.commands["kind"], [CommandKind.CANCEL_ORDER, CommandKind.REPLACE_ORDER])
    missed = np.isin(recording.events["kind"], [EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED])
    assert missed.sum() < named.sum() / 3


@pytest.mark.twin
def test_a_stream_follows_from_its_seed() -> None:
    first, again = ([c for c, _ in stream(ReferenceExchange(VENUES["full"]), "calm", 5, 300)] for _ in "12")
    assert np.concatenate(first).tobytes() == np.concatenate(again).tobytes()
    other = Generator(ReferenceExchange(VENUES["full"]), "calm", 6).chunk()
    assert other.tobytes() != first[0].tobytes()


def test_a_single_wrong_number_is_found() -> None:
    recording = recorded("full", "calm", 0, 3_000)
    wrong = recording.events.copy()
    wrong["payload"][100, 3] += 1
    report = event_difference(recording.commands, recording.events, wrong)
    assert report is not None
    assert report.startswith("event 100, command ")
    short = event_difference(recording.commands, recording.events, wrong[:90])
    assert short is not None
    assert "no event" in short
    state = recording.state._replace(orders=recording.state.orders.copy())
    state.orders["priority"][-1] += 1
    assert list(differing_rows(recording.state.orders, state.orders)) == [len(state.orders) - 1]
    assert state_difference(recording.state, state) is not None
