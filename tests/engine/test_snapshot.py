"""Snapshots: what comes back goes on as if nothing had happened, and what is damaged is refused."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.twins.streams import stream, venues
from workbench.domain import commands as make
from workbench.domain.codes import (
    LimitKind,
    OrderFlag,
    OrderType,
    Place,
    SelfTradePrevention,
    SessionState,
    Side,
)
from workbench.domain.config import Account, ReplayMode, Venue, venue_from_json, venue_to_json
from workbench.domain.costs import FeeSchedule
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.records import Records
from workbench.domain.views import EARLIER_SCHEMA, LATER_PARTS, STATE_DTYPES, STATE_SCHEMA, ExchangeState
from workbench.engine.exchange import Exchange
from workbench.engine.reference import ReferenceExchange
from workbench.engine.snapshot import from_bytes, to_bytes
from workbench.errors import SnapshotError

pytestmark = pytest.mark.kernel

EVERY_VENUE = list(venues())
MAGIC, LENGTH, DIGEST = 21, 8, 16


@functools.cache
def recorded(venue: str) -> tuple[Records, Records, str]:
    """Commands, the twin's events for them, and its state hash at the end."""
    twin = ReferenceExchange(venues()[venue])
    profile = "history" if venue in ("responsive", "frozen") else "adversarial"
    chunks = list(stream(twin, profile, 23, 400))
    commands, events = (np.concatenate(part) for part in zip(*chunks, strict=True))
    return commands, events, twin.state_hash()


@functools.cache
def small_snapshot() -> bytes:
    """A market with a few orders, positions and lots."""
    exchange = Exchange(
        Venue([Instrument("ONE", "0.50", "2.00")], [Account("ann", 1_000), Account("bob", 1_000)])
    )
    exchange.step(
        make.batch(
            [
                make.new_order(1, 2, 0, Side.SELL, 9, 110, client_order_id=5),
                make.new_order(2, 3, 0, Side.BUY, 4, 110),
                make.new_order(3, 3, 0, Side.BUY, 4, 90),
            ]
        )
    )
    return exchange.snapshot()


def sealed(body: bytes) -> bytes:
    """A body with its right checksum."""
    return body + hashlib.blake2b(body, digest_size=DIGEST).digest()


def bracket_snapshot() -> bytes:
    """An exchange with a stop that waits for its trigger, and two children that wait for their parent."""
    exchange = Exchange(Venue([Instrument("ONE", "0.50", "2.00")], [Account("ann", cash=1_000)]))
    child = {"flags": OrderFlag.GROUP_CHILD}
    stop = {"order_type": OrderType.STOP}
    exchange.step(
        make.batch(
            [
                make.new_order(
                    1, 2, 0, Side.SELL, 5, 120, client_order_id=7, group_id=7, group_place=1, **child
                ),
                make.new_order(
                    1, 2, 0, Side.SELL, 5, group_id=7, group_place=2, trigger_price_ticks=80, **child, **stop
                ),
                make.new_order(
                    1, 2, 0, Side.BUY, 5, 90, group_id=7, group_place=3, flags=OrderFlag.GROUP_LAST
                ),
                make.new_order(1, 2, 0, Side.BUY, 5, trigger_price_ticks=150, **stop),
            ]
        )
    )
    state = exchange.state()
    # The stop is last of the open orders here, so that the tests know which one they change.
    state.orders[:] = np.roll(state.orders, -1 - int(np.flatnonzero(state.orders["book"] == 2)[0]))
    assert state.orders["book"].tolist()[-1] == Place.TRIGGER
    assert len(state.groups) == 1
    return to_bytes(exchange.venue, state)


def header_of(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and records of a snapshot."""
    start = MAGIC + LENGTH
    end = start + int.from_bytes(data[MAGIC:start], "little")
    return json.loads(data[start:end]), data[end:-DIGEST]


def with_header(data: bytes, change: Callable[[dict[str, Any]], Any]) -> bytes:
    """The snapshot with a changed header, and a checksum that fits."""
    header, records = header_of(data)
    change(header)
    text = json.dumps(header, sort_keys=True).encode()
    return sealed(data[:MAGIC] + len(text).to_bytes(LENGTH, "little") + text + records)


@pytest.mark.parametrize("venue", EVERY_VENUE)
def test_restored_anywhere_it_goes_on_the_same(venue: str) -> None:
    commands, events, final = recorded(venue)
    random = np.random.default_rng(len(venue))
    for cut in [0, len(commands), *random.integers(1, len(commands), 6).tolist()]:
        first = Exchange(venues()[venue])
        before = first.step(commands[:cut])
        second = Exchange.restore(first.snapshot())
        assert second.state_hash() == first.state_hash()
        after = second.step(commands[cut:])
        assert before.tobytes() + after.tobytes() == events.tobytes()
        assert second.state_hash() == final
        # The first one is not touched by what the second does.
        assert first.step(commands[cut:]).tobytes() == after.tobytes()


@given(cuts=st.lists(st.integers(0, 400), min_size=1, max_size=5).map(sorted))
def test_restored_again_and_again(cuts: list[int]) -> None:
    commands, events, final = recorded("full")
    exchange, told = Exchange(venues()["full"]), b""
    for part in np.split(commands, cuts):
        told += exchange.step(part).tobytes()
        saved = exchange.snapshot()
        exchange = Exchange.restore(saved)
        assert exchange.snapshot() == saved
    assert told == events.tobytes()
    assert exchange.state_hash() == final


def test_a_deep_book_comes_back(scaled: Callable[[int], int]) -> None:
    count = scaled(3_000)
    venue = Venue([Instrument("ONE", "0.50", "2.00")], bare=True)
    exchange = Exchange(venue)
    rows = np.concatenate([make.new_order(0, 5, 0, Side.BUY, 1, 100)] * count)
    rows["price_ticks"] = 60 + np.arange(count) % 90
    rows["client_order_id"] = np.arange(count)
    exchange.step(rows)
    again = Exchange.restore(exchange.snapshot())
    assert len(again.orders()) == count
    wanted = exchange.step(cancels := make.batch([make.mass_cancel(1, 5), rows]))
    assert again.step(cancels).tobytes() == wanted.tobytes()


def test_bands_that_were_moved_come_back() -> None:
    exchange = Exchange(Venue([Instrument("ONE", "0.50", "2.00")], [Account("ann", 10**6)]))
    exchange.step(
        make.batch([make.set_price_band(0, 0, 10, 9_000), make.new_order(0, 2, 0, Side.BUY, 1, 9_000)])
    )
    again = Exchange.restore(exchange.snapshot())
    assert again.instruments().tobytes() == exchange.instruments().tobytes()
    sell = make.new_order(0, 0, 0, Side.SELL, 1, 10)
    assert again.step(sell).tobytes() == exchange.step(sell).tobytes()


class TestDamage:
    def test_a_flipped_bit_is_refused(self) -> None:
        data = small_snapshot()
        random = np.random.default_rng(5)
        every = random.permutation(len(data))[:400].tolist()
        for at in [*range(MAGIC + LENGTH + 4), len(data) - DIGEST, len(data) - 1, *every]:
            damaged = bytearray(data)
            damaged[at] ^= 1 << int(random.integers(8))
            with pytest.raises(SnapshotError, match=r"^snapshot: .*; take a new one, or rebuild"):
                Exchange.restore(bytes(damaged))

    def test_cut_short_anywhere_it_is_refused(self) -> None:
        data = small_snapshot()
        for length in range(0, len(data), 97):
            with pytest.raises(SnapshotError):
                Exchange.restore(data[:length])

    @pytest.mark.parametrize("data", [b"", b"x", b"WORKBENCH-SNAPSHOT-1\n", b"\0" * 1_000, b"PAR1" * 50])
    def test_other_bytes_are_refused(self, data: bytes) -> None:
        with pytest.raises(SnapshotError, match=r"not a workbench snapshot|cut short or damaged"):
            Exchange.restore(data)

    def test_more_at_the_end_is_refused(self) -> None:
        with pytest.raises(SnapshotError):
            Exchange.restore(small_snapshot() + b"\0")

    def test_another_layout_is_refused_and_named(self) -> None:
        def change(header: dict[str, Any]) -> None:
            header["schema"] = "0123456789abcdef"

        other = with_header(small_snapshot(), change)
        with pytest.raises(SnapshotError, match=f"layout 0123456789abcdef, this version has {STATE_SCHEMA}"):
            Exchange.restore(other)

    @pytest.mark.parametrize(
        "change",
        [
            lambda header: header.pop("venue"),
            lambda header: header.pop("counts"),
            lambda header: header.pop("schema"),
            lambda header: header["counts"].update(orders=10**6),
            lambda header: header["counts"].update(orders=-5),
            lambda header: header["counts"].update(orders=0),
            lambda header: header["venue"].update(instruments=[]),
            lambda header: header["venue"].update(colour="red"),
            lambda header: header["venue"]["instruments"][0].update(colour="red"),
            lambda header: header["venue"]["accounts"].pop(),
        ],
    )
    def test_a_header_that_makes_no_sense_is_refused_though_its_checksum_fits(
        self, change: Callable[[dict[str, Any]], Any]
    ) -> None:
        with pytest.raises(SnapshotError, match=r"^snapshot: "):
            Exchange.restore(with_header(small_snapshot(), change))

    @pytest.mark.parametrize(
        ("part", "field", "value"),
        [
            ("orders", "price_ticks", 201),
            ("orders", "price_ticks", 49),
            ("orders", "price_ticks", -(2**62)),
            ("orders", "instrument", 1),
            ("orders", "instrument", -1),
            ("orders", "account", 4),
            ("orders", "account", -1),
            ("orders", "side", 0),
            ("orders", "side", 3),
            ("orders", "book", 1),
            ("orders", "order_id", 0),
            ("orders", "order_id", 99),
            ("lots", "account", 2**31 - 1),
            ("lots", "instrument", -5),
            ("positions", "account", 4),
            ("positions", "instrument", 1),
            ("instruments", "window_low_ticks", 0),
            ("instruments", "window_low_ticks", 201),
            ("instruments", "window_high_ticks", 2**40),
        ],
    )
    def test_records_that_would_lead_outside_the_arrays_are_refused(
        self, part: str, field: str, value: int
    ) -> None:
        venue, state = from_bytes(small_snapshot())
        getattr(state, part)[field][0] = value
        with pytest.raises(SnapshotError, match=rf"^snapshot: its {part} "):
            Exchange.restore(to_bytes(venue, state))

    @pytest.mark.parametrize(
        ("part", "field", "value"),
        [
            ("orders", "book", 7),
            ("orders", "order_type", 0),
            ("orders", "order_type", 8),
            ("orders", "trigger_price_ticks", 49),
            ("orders", "trigger_price_ticks", 2**40),
            ("orders", "shown_lots", -1),
            ("orders", "shown_lots", 99),
            ("orders", "display_lots", -1),
            ("groups", "first_order_id", 9),
            ("groups", "second_order_id", 1),
            ("groups", "parent_order_id", 2),
            ("groups", "stage", 0),
            ("groups", "stage", 4),
        ],
    )
    def test_held_orders_that_would_lead_outside_the_arrays_are_refused(
        self, part: str, field: str, value: int
    ) -> None:
        venue, state = from_bytes(bracket_snapshot())
        getattr(state, part)[field][0 if part == "groups" else -1] = value
        with pytest.raises(SnapshotError, match=rf"^snapshot: its {part} "):
            Exchange.restore(to_bytes(venue, state))

    @pytest.mark.parametrize(
        ("part", "rows"),
        [
            ("limits", [(0, 1, 5)]),
            ("limits", [(-1, 1, 5)]),
            ("limits", [(4, 1, 5)]),
            ("limits", [(2, 0, 5)]),
            ("limits", [(2, 9, 5)]),
            ("limits", [(2, 1, -1)]),
            ("limits", [(2, 8, 2**62)]),
            ("limits", [(2, LimitKind.ORDER_BURST, 0)]),
            ("limits", [(2, LimitKind.ORDERS_PER_SECOND, 10**9 + 1)]),
            ("limits", [(2, LimitKind.ORDERS_PER_SECOND, 1), (2, LimitKind.ORDER_BURST, 2**40)]),
            ("session", [(0,)]),
            ("session", [(-1,)]),
            ("session", [(7,)]),
            ("session", [(1,), (2,)]),
        ],
    )
    def test_limits_and_sessions_that_cannot_be_are_refused(self, part: str, rows: list[Any]) -> None:
        venue, state = from_bytes(small_snapshot())
        wrong = state._replace(**{part: np.array(rows, dtype=STATE_DTYPES[part])})
        with pytest.raises(SnapshotError, match=rf"^snapshot: its {part} "):
            Exchange.restore(to_bytes(venue, wrong))

    def test_two_orders_of_one_id_are_refused(self) -> None:
        venue, state = from_bytes(small_snapshot())
        state.orders["order_id"] = 1
        with pytest.raises(SnapshotError, match=r"^snapshot: its orders "):
            Exchange.restore(to_bytes(venue, state))

    def test_a_header_that_is_no_json_is_refused(self) -> None:
        data = bytearray(small_snapshot())
        data[MAGIC + LENGTH] = ord("x")
        with pytest.raises(SnapshotError, match=r"^snapshot: "):
            Exchange.restore(sealed(bytes(data[:-DIGEST])))

    def test_the_helper_that_changes_headers_changes_nothing_else(self) -> None:
        data = small_snapshot()
        assert with_header(data, lambda _: None) == data


class TestInstructor:
    def test_limits_and_the_sessions_state_are_kept(self) -> None:
        exchange = Exchange.restore(small_snapshot())
        began = exchange.state_hash()
        for kind, value in ((LimitKind.ORDERS_PER_SECOND, 3), (LimitKind.MAX_DRAWDOWN, 5)):
            exchange.step(make.set_limit(exchange.time_ns, 3, kind, value))
        exchange.step(make.set_session_state(exchange.time_ns, SessionState.LOBBY))
        again = Exchange.restore(exchange.snapshot())
        assert again.session_state == exchange.session_state == SessionState.LOBBY
        limits = again.limits()
        assert limits.tobytes() == exchange.limits().tobytes()
        assert limits[["orders_per_second", "max_drawdown_micros"]][3].item() == (3, 5)
        assert again.state_hash() == exchange.state_hash() != began
        # What follows from limits, too.
        for name in ("rate_interval_ns", "monitored"):
            assert again._memory.accounts[name].tolist() == exchange._memory.accounts[name].tolist()
        assert again._memory.world["monitored"] == exchange._memory.world["monitored"] == 1

    def test_a_snapshot_of_an_earlier_version_is_read(self) -> None:
        def change(header: dict[str, Any]) -> None:
            header["schema"] = EARLIER_SCHEMA
            for part in LATER_PARTS:
                assert header["counts"].pop(part) == 0

        data = small_snapshot()
        earlier = Exchange.restore(with_header(data, change))
        assert earlier.snapshot() == data
        assert earlier.session_state == SessionState.DRAFT


class TestBytes:
    def test_say_what_they_are(self) -> None:
        data = small_snapshot()
        assert data.startswith(b"WORKBENCH-SNAPSHOT-1\n")
        header, records = header_of(data)
        assert header["schema"] == STATE_SCHEMA
        venue, state = from_bytes(data)
        assert header["counts"] == {name: len(part) for name, part in state._asdict().items()}
        assert len(records) == sum(part.nbytes for part in state)
        assert to_bytes(venue, state) == data

    def test_state_can_be_changed_by_its_reader(self) -> None:
        _, state = from_bytes(small_snapshot())
        assert isinstance(state, ExchangeState)
        state.orders["leaves_lots"][0] += 1

    def test_are_the_same_in_any_batch_split(self) -> None:
        commands, _, _ = recorded("full")
        whole, pieces = (Exchange(venues()["full"]) for _ in range(2))
        whole.step(commands)
        for at in range(0, len(commands), 13):
            pieces.step(commands[at : at + 13])
        assert whole.snapshot() == pieces.snapshot()


RICH_VENUE = Venue(
    [
        Instrument(
            "FUT",
            "20.25",
            "60",
            tick_size="0.25",
            lot_size="0.5",
            multiplier=50,
            price_increment="0.50",
            quantity_increment=2,
            band_low=30,
            band_high="50.50",
            max_order_quantity=500,
            max_order_notional="123456.78",
            position_limit=90,
            fees=FeeSchedule("-0.000001", "0.25", "1.25", "-3"),
            currency="EUR",
        ),
        Instrument("ÄÖ €", "1", "2"),
    ],
    [Account("ann", "10.123456", Limits(1, "2.5", 3, 4, 5, 6), short_permitted=False, cash_checked=False)],
    self_trade_prevention=SelfTradePrevention.DECREMENT,
    replay_mode=ReplayMode.FROZEN,
    start_time_ns=1_700_000_000_000_000_000,
)


@pytest.mark.parametrize("venue", [*venues().values(), RICH_VENUE])
def test_a_venue_survives_the_way_through_json(venue: Venue) -> None:
    text = json.dumps(venue_to_json(venue))
    again = venue_from_json(json.loads(text))
    assert json.dumps(venue_to_json(again)) == text
    assert again.replay_mode is venue.replay_mode
    assert again.self_trade_prevention is venue.self_trade_prevention
    assert Exchange(again).state_hash() == Exchange(venue).state_hash()
    for one, other in zip(venue.instruments, again.instruments, strict=True):
        for name in ("value", "max_order_lots", "price_cap_ticks", "price_increment_ticks", "band_low_ticks"):
            assert getattr(one, name) == getattr(other, name)
        assert one.fees.maker_ppm == other.fees.maker_ppm
    for one_account, other_account in zip(venue.accounts, again.accounts, strict=True):
        assert one_account.cash_micros == other_account.cash_micros
        assert one_account.limits.rate_interval_ns == other_account.limits.rate_interval_ns
