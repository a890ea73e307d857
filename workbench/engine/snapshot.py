"""State in canonical form: read out of the kernel's memory, and put back into fresh memory."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numba
import numpy as np

from workbench.domain.codes import STREET_ACCOUNT, OrderType, Place, SessionState, Side
from workbench.domain.config import FIRST_TRADER, ReplayMode, Venue, venue_from_json, venue_to_json
from workbench.domain.instruments import MAX_LADDER_TICKS, WINDOW_PARTS
from workbench.domain.memory import SPECIAL_EXTRA, SPECIAL_ICEBERG, STAGE_COLLECTING, STAGE_LEGS, Memory
from workbench.domain.numbers import (
    GTC,
    LIMIT,
    PLACE_LIVE,
    PLACE_MARKET_QUEUE,
    PLACE_RELEASED,
    PLACE_TRIGGER,
)
from workbench.domain.records import (
    ACCOUNT_VIEW,
    BOOK_ORDER,
    COUNTERS_VIEW,
    GROUP_VIEW,
    INSTRUMENT_VIEW,
    LEVEL_VIEW,
    LOT_VIEW,
    POSITION_VIEW,
    ROLLING_VIEW,
    SESSION_VIEW,
    Records,
)
from workbench.domain.views import MISSING_PARTS, STATE_DTYPES, STATE_SCHEMA, ExchangeState
from workbench.engine.groups import add_member, take_group
from workbench.engine.kept_fees import are_possible_fees, changed_fees, put_fees
from workbench.engine.kept_limits import (
    are_possible,
    changes,
    limits_given,
    put_limits,
    read_limits,
    with_changes,
)
from workbench.engine.layout import allocate, table_size, with_ladders, with_more_lots, zeros
from workbench.engine.orders import (
    enter_ids,
    link_released,
    note_open,
    open_state,
    position_number,
    set_plain,
    take_extra,
    take_slot,
)
from workbench.engine.step import MEMORY_TYPE
from workbench.engine.sweep import head_at, step_forward
from workbench.errors import ConfigError, SnapshotError
from workbench.jit import array_of, by_reference, entry, int64, leaf
from workbench.ledger.fees import fees_of
from workbench.ledger.lots import new_lot
from workbench.matching.auction import queue_market
from workbench.matching.book import SIDES_PER_INSTRUMENT, enqueue, next_price, show, side_number
from workbench.matching.table import find_order_id
from workbench.matching.triggers import arm

_STATES_TO_KEEP = set(SessionState) - {SessionState.DRAFT}
_MAGIC = b"WORKBENCH-SNAPSHOT-1\n"
_DIGEST_BYTES = 16
HAS_EXTRA = SPECIAL_EXTRA
ICEBERG = SPECIAL_ICEBERG
_LENGTH_BYTES = 8


@entry(MEMORY_TYPE, numba.types.int64, numba.types.int64, numba.types.int64, array_of(LEVEL_VIEW))
def read_levels(arrays: Memory, instrument: int, book: int, side_code: int, out: Any) -> int:
    """Price levels of a book's side, best first, as many as `out` holds; returns how many there were."""
    memory = by_reference(arrays)
    number = side_number(instrument, book, side_code)
    count = 0
    price = memory.sides[number]["best_ticks"]
    while price != 0 and count < out.size:
        side = memory.sides[number]
        level = memory.levels[side["level_base"] + price - side["floor_ticks"]]
        out[count]["price_ticks"] = price
        out[count]["quantity_lots"] = level["lots"]
        out[count]["orders"] = level["orders"]
        count += 1
        price = next_price(memory, number, price)
    return count


@leaf
def view_order(memory: Memory, order: Any, view: Any) -> None:
    """Copy an open order's public fields."""
    view["order_id"] = order["order_id"]
    view["client_order_id"] = order["client_order_id"]
    view["account"] = order["account"]
    view["instrument"] = order["instrument"]
    view["side"] = order["side"]
    view["order_type"] = order["order_type"]
    view["time_in_force"] = order["time_in_force"]
    view["order_state"] = open_state(memory, order)
    view["self_trade_prevention"] = order["self_trade_prevention"]
    view["book"] = order["book"]
    view["flags"] = order["flags"]
    view["price_ticks"] = order["price_ticks"]
    view["quantity_lots"] = order["quantity_lots"]
    view["leaves_lots"] = order["leaves_lots"]
    view["taken_lots"] = order["taken_lots"]
    view["opening_lots"] = order["opening_lots"]
    view["reserved_micros"] = order["reserved_micros"]
    view["priority"] = order["priority"]
    view["time_ns"] = order["time_ns"]
    view["display_lots"] = order["display_lots"]
    view["shown_lots"] = order["shown_lots"]
    if order["special"] & HAS_EXTRA:
        extra = memory.extras[order["extra"]]
        for_trigger = order["order_type"] > LIMIT or order["book"] == PLACE_MARKET_QUEUE
        view["trigger_price_ticks"] = extra["trigger_price_ticks"] if for_trigger else 0
        view["trail_ticks"] = extra["trail_ticks"]
        view["trail_micros"] = extra["trail_micros"]
        view["watermark_ticks"] = extra["watermark_ticks"]
        view["expire_time_ns"] = extra["expire_time_ns"]
        view["group_id"] = extra["group_id"]
        view["group_place"] = extra["group_place"]
        view["raw_fee_micros"] = extra["raw_fee_micros"]
        view["fee_notional_micros"] = extra["fee_notional_micros"]
        view["charged_micros"] = extra["charged_micros"]


@entry(MEMORY_TYPE, numba.types.int64, array_of(BOOK_ORDER))
def read_order(arrays: Memory, order_id: int, out: Any) -> bool:
    """The open order with this id into `out[0]`; returns whether there is one."""
    memory = by_reference(arrays)
    slot = find_order_id(memory.by_order_id, memory.orders, order_id)
    if slot != 0:
        view_order(memory, memory.orders[slot], out[0])
    return slot != 0


@entry(MEMORY_TYPE, array_of(BOOK_ORDER))
def read_orders(arrays: Memory, out: Any) -> None:
    """Every open order in a book by instrument, book, side, then price-time priority, and then the others.

    `out` holds exactly as many as there are.
    """
    memory = by_reference(arrays)
    count = 0
    for number in range(memory.world[0]["instruments"] * SIDES_PER_INSTRUMENT):
        slot = head_at(memory, number, memory.sides[number]["best_ticks"])
        while slot != 0:
            view_order(memory, memory.orders[slot], out[count])
            count += 1
            slot = step_forward(memory, number, slot)
    for slot in range(1, memory.world[0]["used_orders"] + 1):
        order = memory.orders[slot]
        if order["order_id"] != 0 and order["book"] > PLACE_LIVE:
            view_order(memory, order, out[count])
            count += 1


@leaf
def write_extra(memory: Memory, slot: int, view: Any) -> None:
    """The rarer terms of an order that is put back."""
    order = memory.orders[slot]
    extra = memory.extras[take_extra(memory, slot)]
    extra["trigger_price_ticks"] = view["trigger_price_ticks"]
    extra["trail_ticks"] = view["trail_ticks"]
    extra["trail_micros"] = view["trail_micros"]
    extra["watermark_ticks"] = view["watermark_ticks"]
    extra["expire_time_ns"] = view["expire_time_ns"]
    extra["group_id"] = view["group_id"]
    extra["group_place"] = view["group_place"]
    extra["raw_fee_micros"] = view["raw_fee_micros"]
    extra["fee_notional_micros"] = view["fee_notional_micros"]
    extra["charged_micros"] = view["charged_micros"]
    if not has_rarer_terms(view):
        set_plain(memory, extra)
    note_open(memory, order)


@leaf
def has_rarer_terms(view: Any) -> bool:
    """Whether an order that is put back has terms that its record does not hold."""
    if view["order_type"] != LIMIT or view["time_in_force"] > GTC:
        return True
    return (view["expire_time_ns"] | view["group_id"] | view["display_lots"]) != 0


@leaf
def has_paid(view: Any) -> bool:
    """Whether an order that is put back has paid fees that depend on all that it has traded."""
    return (view["raw_fee_micros"] | view["fee_notional_micros"] | view["charged_micros"]) != 0


@entry(MEMORY_TYPE, array_of(BOOK_ORDER))
def write_orders(arrays: Memory, views: Any) -> None:
    """Put open orders, in the order `read_orders` gives them, into empty books."""
    memory = by_reference(arrays)
    for i in range(views.size):
        view = views[i]
        slot = take_slot(memory)
        order = memory.orders[slot]
        order["order_id"] = view["order_id"]
        order["client_order_id"] = view["client_order_id"]
        order["account"] = view["account"]
        order["instrument"] = view["instrument"]
        order["side"] = view["side"]
        order["order_type"] = view["order_type"]
        order["time_in_force"] = view["time_in_force"]
        order["self_trade_prevention"] = view["self_trade_prevention"]
        order["book"] = view["book"]
        order["special"] = 0
        order["flags"] = view["flags"]
        order["price_ticks"] = view["price_ticks"]
        order["quantity_lots"] = view["quantity_lots"]
        order["leaves_lots"] = view["leaves_lots"]
        order["taken_lots"] = view["taken_lots"]
        order["opening_lots"] = view["opening_lots"]
        order["reserved_micros"] = view["reserved_micros"]
        order["priority"] = view["priority"]
        order["time_ns"] = view["time_ns"]
        order["display_lots"] = view["display_lots"]
        order["shown_lots"] = 0
        order["extra"] = 0
        if view["display_lots"] != 0:
            order["special"] |= ICEBERG
        fees = has_paid(view)
        if order["account"] != STREET_ACCOUNT and memory.world[0]["bare"] == 0:
            schedule = fees_of(memory, int64(order["account"]), int64(order["instrument"]))
            fees = fees or schedule["order_fees"] != 0
        if has_rarer_terms(view) or fees:
            write_extra(memory, slot, view)
        if view["book"] <= PLACE_LIVE:
            enqueue(memory, slot)
            if view["display_lots"] != 0:
                show(memory, slot, view["shown_lots"])
        elif view["book"] == PLACE_MARKET_QUEUE:
            queue_market(memory, slot)
        elif view["book"] == PLACE_TRIGGER:
            arm(memory, slot)
        elif view["book"] == PLACE_RELEASED:
            link_released(memory, slot)
        enter_ids(memory, slot)


@leaf
def order_id_at(memory: Memory, slot: int) -> int:
    """Id of the order in a slot; 0 for none."""
    return 0 if slot == 0 else memory.orders[slot]["order_id"]


@entry(MEMORY_TYPE, array_of(GROUP_VIEW))
def read_groups(arrays: Memory, out: Any) -> int:
    """Every group, as many as `out` holds; returns how many there are."""
    memory = by_reference(arrays)
    count = 0
    for at in range(1, memory.world[0]["used_groups"] + 1):
        group = memory.groups[at]
        if group["stage"] == 0:
            continue
        if count < out.size:
            view = out[count]
            view["account"] = group["account"]
            view["instrument"] = group["instrument"]
            view["stage"] = group["stage"]
            view["first_order_id"] = order_id_at(memory, int64(group["first"]))
            view["second_order_id"] = order_id_at(memory, int64(group["second"]))
            view["parent_order_id"] = order_id_at(memory, int64(group["parent"]))
        count += 1
    return count


@leaf
def put_member(memory: Memory, at: int, order_id: int) -> int:
    """Slot of a member that is put back into its group; 0 for none."""
    if order_id == 0:
        return 0
    slot = find_order_id(memory.by_order_id, memory.orders, order_id)
    add_member(memory, at, slot)
    memory.groups[at]["members"] += 1
    return slot


@entry(MEMORY_TYPE, array_of(GROUP_VIEW))
def write_groups(arrays: Memory, views: Any) -> None:
    """Put groups back, whose orders are there."""
    memory = by_reference(arrays)
    for i in range(views.size):
        view = views[i]
        at = take_group(memory)
        group = memory.groups[at]
        group["account"] = view["account"]
        group["instrument"] = view["instrument"]
        group["stage"] = view["stage"]
        group["members"] = 0
        group["first"] = put_member(memory, at, view["first_order_id"])
        group["second"] = put_member(memory, at, view["second_order_id"])
        group["parent"] = put_member(memory, at, view["parent_order_id"])


@entry(MEMORY_TYPE, array_of(LOT_VIEW))
def read_lots(arrays: Memory, out: Any) -> int:
    """Open lots by account, instrument, oldest first, as many as `out` holds; returns how many there are."""
    memory = by_reference(arrays)
    count = 0
    instruments = memory.world[0]["instruments"]
    for number in range(memory.positions.size):
        position = memory.positions[number]
        sign = 1 if position["position_lots"] > 0 else -1
        slot = position["lot_head"]
        while slot != 0:
            lot = memory.lots[slot]
            if count < out.size:
                view = out[count]
                view["account"] = number // instruments
                view["instrument"] = number % instruments
                view["price_ticks"] = lot["price_ticks"]
                view["quantity_lots"] = sign * lot["quantity_lots"]
                view["cost_micros"] = sign * lot["cost_micros"]
            count += 1
            slot = lot["next"]
    return count


@entry(MEMORY_TYPE, array_of(LOT_VIEW))
def write_lots(arrays: Memory, views: Any) -> None:
    """Put open lots, in the order `read_lots` gives them, into positions that have none."""
    memory = by_reference(arrays)
    for i in range(views.size):
        view = views[i]
        position = memory.positions[
            position_number(memory, int64(view["account"]), int64(view["instrument"]))
        ]
        slot = new_lot(memory)
        lot = memory.lots[slot]
        lot["price_ticks"] = view["price_ticks"]
        lot["quantity_lots"] = abs(view["quantity_lots"])
        lot["cost_micros"] = abs(view["cost_micros"])
        lot["next"] = 0
        tail = position["lot_tail"]
        if tail == 0:
            position["lot_head"] = slot
        else:
            memory.lots[tail]["next"] = slot
        position["lot_tail"] = slot


def _copy_fields(source: Records, dtype: np.dtype[Any], skip: tuple[str, ...] = ()) -> Records:
    out = np.zeros(len(source), dtype=dtype)
    for name in dtype.names or ():
        if name not in skip:
            out[name] = source[name]
    return out


def read_counters(memory: Memory) -> Records:
    """The exchange's counters."""
    return _copy_fields(memory.world, COUNTERS_VIEW)


def read_instruments(memory: Memory) -> Records:
    """Market state of every instrument."""
    out = _copy_fields(memory.instruments, INSTRUMENT_VIEW, skip=("instrument",))
    out["instrument"] = np.arange(len(out))
    return out


def read_accounts(memory: Memory) -> Records:
    """Every account."""
    out = _copy_fields(memory.accounts, ACCOUNT_VIEW, skip=("account", "unused"))
    out["account"] = np.arange(len(out))
    return out


def read_positions(memory: Memory) -> Records:
    """Every position that is not all zero."""
    shown = [name for name in POSITION_VIEW.names or () if name not in ("account", "instrument")]
    some = np.zeros(len(memory.positions), dtype=bool)
    for name in shown:
        some |= memory.positions[name] != 0
    numbers = np.flatnonzero(some)
    out = _copy_fields(memory.positions[numbers], POSITION_VIEW, skip=("account", "instrument"))
    out["account"], out["instrument"] = np.divmod(numbers, max(1, len(memory.instruments)))
    return out


def read_all_orders(memory: Memory) -> Records:
    """Every open order."""
    out = np.zeros(int(memory.world[0]["live_orders"]), dtype=BOOK_ORDER)
    read_orders(memory, out)
    books = int((out["book"] <= Place.LIVE).sum())
    rest = out[books:]
    out[books:] = rest[np.lexsort((rest["priority"], rest["book"], rest["instrument"]))]
    return out


def read_all_groups(memory: Memory) -> Records:
    """Every group that is not forgotten, by the smallest id of its open orders."""
    out = np.zeros(int(read_groups(memory, np.zeros(0, dtype=GROUP_VIEW))), dtype=GROUP_VIEW)
    read_groups(memory, out)
    ids = np.stack([out[f"{name}_order_id"] for name in ("first", "second", "parent")])
    smallest = np.where(ids == 0, np.iinfo(np.int64).max, ids).min(axis=0)
    return out[np.argsort(smallest, kind="stable")]


def read_rolling(memory: Memory) -> Records:
    """Trades of the parts of the price limits' window that may still count."""
    instruments = np.repeat(np.arange(len(memory.instruments)), WINDOW_PARTS)
    oldest = memory.instruments["limit_part"][instruments] - WINDOW_PARTS + 1
    kept = (memory.rolling["trades"] > 0) & (memory.rolling["part"] >= oldest)
    out = _copy_fields(memory.rolling[kept], ROLLING_VIEW, skip=("instrument",))
    out["instrument"] = instruments[kept]
    return out[np.lexsort((out["part"], out["instrument"]))]


def read_all_lots(memory: Memory) -> Records:
    """Every open lot."""
    out = np.zeros(int(read_lots(memory, np.zeros(0, dtype=LOT_VIEW))), dtype=LOT_VIEW)
    read_lots(memory, out)
    return out


def read_session(memory: Memory) -> Records:
    """The session's state, unless it is DRAFT."""
    return _copy_fields(memory.world[memory.world["session_state"] != 0], SESSION_VIEW)


def read_trades(memory: Memory) -> Records:
    """The trades that are kept, oldest first."""
    count, size = int(memory.world[0]["kept_trades"]), len(memory.trades)
    if count <= size:
        return memory.trades[:count].copy()
    return np.roll(memory.trades, -(count % size))


def read_state(memory: Memory, given: Records) -> ExchangeState:
    """The whole state in canonical form; `given` are the limits that the venue began with."""
    return ExchangeState(
        counters=read_counters(memory),
        instruments=read_instruments(memory),
        accounts=read_accounts(memory),
        positions=read_positions(memory),
        lots=read_all_lots(memory),
        orders=read_all_orders(memory),
        groups=read_all_groups(memory),
        rolling=read_rolling(memory),
        limits=changes(given, read_limits(memory)),
        session=read_session(memory),
        fees=changed_fees(memory),
        trades=read_trades(memory),
    )


def write_state(venue: Venue, state: ExchangeState) -> Memory:
    """Fresh memory that holds `state`."""
    memory = allocate(venue)
    for name in COUNTERS_VIEW.names or ():
        memory.world[name] = state.counters[name]
    for name in INSTRUMENT_VIEW.names or ():
        if name != "instrument":
            memory.instruments[name] = state.instruments[name]
    instruments = memory.instruments
    for name in ACCOUNT_VIEW.names or ():
        if name not in ("account", "unused"):
            memory.accounts[name] = state.accounts[name]
    put_limits(memory, with_changes(limits_given(venue), state.limits))
    if len(state.fees):
        memory = put_fees(memory, state.fees)
    memory.trades[: len(state.trades)] = state.trades
    memory.world["kept_trades"] = len(state.trades)
    memory.world["session_state"] = state.session["session_state"].sum()
    numbers = state.positions["account"].astype(np.int64) * len(instruments) + state.positions["instrument"]
    for name in POSITION_VIEW.names or ():
        if name not in ("account", "instrument"):
            memory.positions[name][numbers] = state.positions[name]
    size = len(state.orders) + 2
    if size > len(memory.orders):
        memory = memory._replace(
            orders=zeros(size, memory.orders.dtype),
            by_order_id=zeros(table_size(size), memory.by_order_id.dtype),
            by_client_id=zeros(table_size(size), memory.by_client_id.dtype),
        )
    if len(state.lots):
        memory = with_more_lots(memory, len(state.lots))
    size = len(state.orders) + 2
    memory = memory._replace(
        extras=zeros(max(size, len(memory.extras)), memory.extras.dtype),
        groups=zeros(max(len(state.groups) + 2, len(memory.groups)), memory.groups.dtype),
    )
    armed = state.orders["instrument"][state.orders["order_type"] > OrderType.LIMIT]
    memory.instruments["trigger_ladder"][armed] = 1
    memory = with_ladders(memory)
    rolling = state.rolling
    places = rolling["instrument"] * WINDOW_PARTS + rolling["part"] % WINDOW_PARTS
    for name in ("part", "price_sum_ticks", "trades"):
        memory.rolling[name][places] = rolling[name]
    _set_alarm(memory)
    write_orders(memory, state.orders)
    write_groups(memory, state.groups)
    write_lots(memory, state.lots)
    return memory


def _set_alarm(memory: Memory) -> None:
    """Have the exchange look when the next phase change is due."""
    for name in ("schedule_time_ns", "reopening_time_ns"):
        due = memory.instruments[name]
        if due.any():
            world = memory.world[0]
            world["alarm_ns"] = min(world["alarm_ns"], due[due != 0].min())


def to_bytes(venue: Venue, state: ExchangeState) -> bytes:
    """A snapshot: what was written, a header that says how, the records, and a digest over all of it."""
    header = {
        "schema": STATE_SCHEMA,
        "venue": venue_to_json(venue),
        "counts": {name: len(part) for name, part in zip(ExchangeState._fields, state, strict=True)},
    }
    text = json.dumps(header, sort_keys=True).encode()
    body = b"".join(
        [_MAGIC, len(text).to_bytes(_LENGTH_BYTES, "little"), text, *(part.tobytes() for part in state)]
    )
    return body + hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest()


def from_bytes(data: bytes) -> tuple[Venue, ExchangeState]:
    """Venue and state of a snapshot; `SnapshotError` when it is damaged or of another version."""

    def refuse(what: str) -> SnapshotError:
        return SnapshotError(
            what, where="snapshot", remedy="take a new one, or rebuild the state from its commands"
        )

    body, digest = data[:-_DIGEST_BYTES], data[-_DIGEST_BYTES:]
    if not body.startswith(_MAGIC):
        raise refuse("these bytes are not a workbench snapshot")
    if hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        raise refuse("its checksum does not match: it is cut short or damaged")
    at = len(_MAGIC) + _LENGTH_BYTES
    length = int.from_bytes(body[len(_MAGIC) : at], "little")
    # The checksum holds from here on: what is wrong now was written so.
    try:
        header = json.loads(body[at : at + length])
        schema, stated = header["schema"], header["counts"]
        stated = {**stated, **dict.fromkeys(MISSING_PARTS.get(schema, ()), 0)}
        counts = [int(stated[name]) for name in STATE_DTYPES]
    except (KeyError, TypeError, ValueError):
        raise refuse("its header says nothing that this version understands") from None
    if schema not in MISSING_PARTS:
        raise refuse(f"it was written with record layout {schema}, this version has {STATE_SCHEMA}")
    at += length
    sizes = [count * dtype.itemsize for count, dtype in zip(counts, STATE_DTYPES.values(), strict=True)]
    if min(sizes) < 0 or at + sum(sizes) != len(body):
        raise refuse("it has another number of records than its header says")
    parts = []
    for dtype, count, size in zip(STATE_DTYPES.values(), counts, sizes, strict=True):
        parts.append(np.frombuffer(body, dtype=dtype, count=count, offset=at).copy())
        at += size
    try:
        venue = venue_from_json(header["venue"])
    except (ConfigError, KeyError) as reason:
        raise refuse(f"its venue makes no sense: {reason}") from None
    state = ExchangeState(*parts)
    misplaced = _misplaced(venue, state)
    if misplaced:
        raise refuse(f"its {misplaced} are not those of its venue")
    return venue, state


def are_possible_trades(venue: Venue, state: ExchangeState) -> bool:
    """Whether the exchange could have kept these trades; the kernel counts with them unchecked."""
    trades = state.trades
    if len(trades) > (0 if venue.bare else venue.kept_trades):
        return False
    inside = (trades["instrument"] >= 0) & (trades["instrument"] < len(venue.instruments))
    for field in ("taker_account", "maker_account"):
        inside &= (trades[field] >= 0) & (trades[field] < FIRST_TRADER + len(venue.accounts))
    inside &= (trades["side"] >= Side.BUY) & (trades["side"] <= Side.SELL)
    inside &= (trades["price_ticks"] >= 1) & (trades["quantity_lots"] >= 1)
    ids = trades["trade_id"]
    rising = len(ids) == 0 or (ids[0] >= 1 and ids[-1] <= state.counters["trades"][0])
    return bool(rising and inside.all() and (np.diff(ids) > 0).all())


def _misplaced(venue: Venue, state: ExchangeState) -> str:
    """The first part of a state whose numbers would lead outside the arrays of its venue, or ""."""
    count = len(venue.instruments)
    traders = 0 if venue.bare else FIRST_TRADER + len(venue.accounts)
    low, high = state.instruments["window_low_ticks"], state.instruments["window_high_ticks"]
    if len(state.counters) != 1:
        return "counters"
    if len(state.session) > 1 or not set(state.session["session_state"].tolist()) <= _STATES_TO_KEEP:
        return "session"
    if len(low) != count or ((low < 1) | (low > high) | (high - low >= MAX_LADDER_TICKS)).any():
        return "instruments"
    if len(state.accounts) != traders:
        return "accounts"
    if not are_possible(limits_given(venue), state.limits):
        return "limits"
    if not are_possible_fees(venue, state.fees):
        return "fees"
    if not are_possible_trades(venue, state):
        return "trades"
    for name in ("positions", "lots", "orders"):
        part = getattr(state, name)
        most = np.iinfo(np.int32).max if name == "orders" and venue.bare else traders - 1
        for field, last in (("account", most), ("instrument", count - 1)):
            if ((part[field] < 0) | (part[field] > last)).any():
                return name
    orders = state.orders
    at, price, ids = orders["instrument"], orders["price_ticks"], orders["order_id"]
    priced = orders["book"] <= Place.LIVE
    wrong = (
        (priced & ((price < low[at]) | (price > high[at]))) | (ids < 1) | (ids > state.counters["orders"][0])
    )
    wrong |= (orders["side"] < Side.BUY) | (orders["side"] > Side.SELL)
    frozen = venue.replay_mode == ReplayMode.FROZEN
    wrong |= (orders["book"] > max(Place)) | ((orders["book"] == Place.LIVE) & (not frozen))
    trigger, kind = orders["trigger_price_ticks"], orders["order_type"]
    armed = orders["book"] == Place.TRIGGER
    wrong |= (kind < OrderType.MARKET) | (kind > OrderType.TRAILING_STOP)
    wrong |= armed & (
        (kind <= OrderType.LIMIT) | ((trigger != 0) & ((trigger < low[at]) | (trigger > high[at])))
    )
    shown, display = orders["shown_lots"], orders["display_lots"]
    wrong |= (display < 0) | (shown < 0) | (shown > orders["leaves_lots"]) | ((display == 0) & (shown != 0))
    if wrong.any() or len(np.unique(ids)) != len(ids):
        return "orders"
    members = [state.groups[f"{name}_order_id"] for name in ("first", "second", "parent")]
    named = np.concatenate(members)
    named = named[named != 0]
    if not np.isin(named, ids).all() or len(np.unique(named)) != len(named):
        return "groups"
    stages = state.groups["stage"]
    if ((stages < STAGE_COLLECTING) | (stages > STAGE_LEGS)).any():
        return "groups"
    where, oldest = state.rolling["instrument"], state.instruments["limit_part"] - WINDOW_PARTS
    if ((where < 0) | (where >= count)).any() or (state.rolling["part"] <= oldest[where]).any():
        return "rolling"
    return ""
