"""Making and growing the arrays of an exchange; the kernel only ever uses what it is given."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.codes import HOUSE_ACCOUNT, AccountFlag
from workbench.domain.config import FIRST_TRADER, ReplayMode, Venue
from workbench.domain.costs import PPM
from workbench.domain.instruments import WINDOW_PARTS
from workbench.domain.memory import EVENT_DTYPES, MEMORY_DTYPES, EventBuffer, Memory
from workbench.domain.records import EVENT, Records
from workbench.domain.times import NEVER_NS
from workbench.matching.ladder import ALIGNMENT
from workbench.matching.triggers import NEVER

SIDES = 4
FIRST_ORDERS = 1 << 10
FIRST_LOTS = 1 << 10
FIRST_EXTRAS = 1 << 6
FIRST_GROUPS = 1 << 4
LOOK_AHEAD_PLACES = 64
GROWTH_NUMERATOR, GROWTH_DENOMINATOR = 5, 4
"""Order slots grow by a quarter, which keeps the memory per live order below 200 bytes."""
TABLE_NUMERATOR, TABLE_DENOMINATOR = 3, 2
"""Hash table entries per order slot."""
_WORD_BITS = 64
_CACHE_LINE_BYTES = 64


def allocate(venue: Venue) -> Memory:
    """Empty memory for a venue."""
    count = len(venue.instruments)
    accounts = 0 if venue.bare else FIRST_TRADER + len(venue.accounts)
    sizes = {
        "world": 1,
        "instruments": count,
        "sides": 2 * count * SIDES,
        "levels": 0,
        "bits": 0,
        "summary": 0,
        "top": 0,
        "orders": FIRST_ORDERS,
        "by_order_id": table_size(FIRST_ORDERS),
        "by_client_id": table_size(FIRST_ORDERS),
        "accounts": accounts,
        "positions": accounts * count,
        "lots": 1 if venue.bare else FIRST_LOTS,
        "scratch": 0,
        "ahead": LOOK_AHEAD_PLACES,
        "extras": FIRST_EXTRAS,
        "groups": FIRST_GROUPS,
        "queues": 2 * count,
        "rolling": WINDOW_PARTS * count,
        "exposures": len(venue.exposure_groups),
        "weights": len(venue.exposure_groups) * count,
        "fees": count,
        "trades": 0 if venue.bare else venue.kept_trades,
    }
    memory = Memory(**{name: zeros(size, MEMORY_DTYPES[name]) for name, size in sizes.items()})
    world = memory.world[0]
    world["time_ns"] = venue.start_time_ns
    world["bare"] = venue.bare
    world["frozen"] = venue.replay_mode == ReplayMode.FROZEN
    world["self_trade_prevention"] = venue.self_trade_prevention
    world["instruments"] = count
    world["accounts"] = accounts
    world["alarm_ns"] = NEVER_NS
    world["accrual_interval_ns"] = venue.accrual_interval_ns
    world["accruals_a_year"] = venue.accruals_a_year
    world["debit_interest_ppm"] = venue.debit_interest_ppm_year
    world["credit_interest_ppm"] = venue.credit_interest_ppm_year
    world["accrues"] = venue.accrues
    if venue.accrues and venue.start_time_ns:
        world["accruing"] = 1
        world["accrued_to_ns"] = venue.start_time_ns // venue.accrual_interval_ns * venue.accrual_interval_ns
    world["excursions"] = venue.excursions and not venue.bare
    world["monitored"] = sum(account.monitored for account in venue.accounts)
    world["exposures"] = len(venue.exposure_groups)
    for number, group in enumerate(venue.exposure_groups):
        record = memory.exposures[number]
        record["gross_limit_lots"] = group.gross_limit
        record["net_limit_lots"] = group.net_limit
        record["mode"] = group.mode
        record["fine_micros"] = group.fine_micros
        for symbol, weight in group.weights.items():
            memory.weights[number * count + venue.instrument_number(symbol)] = weight
    for number, instrument in enumerate(venue.instruments):
        record = memory.instruments[number]
        record["band_low_ticks"] = instrument.band_low_ticks
        record["band_high_ticks"] = instrument.band_high_ticks
        record["window_low_ticks"] = instrument.price_min_ticks
        record["window_high_ticks"] = instrument.price_max_ticks
        record["price_cap_ticks"] = instrument.price_cap_ticks
        record["price_increment_ticks"] = instrument.price_increment_ticks
        record["quantity_increment_lots"] = instrument.quantity_increment_lots
        record["max_order_lots"] = instrument.max_order_lots
        record["max_order_notional_micros"] = instrument.max_order_notional_micros
        record["position_limit_lots"] = instrument.position_limit_lots
        record["value_numerator"] = instrument.value.numerator
        record["value_denominator"] = instrument.value.denominator
        fees = memory.fees[number]
        fees["maker_per_lot_micros"] = instrument.fees.maker_per_lot_micros
        fees["taker_per_lot_micros"] = instrument.fees.taker_per_lot_micros
        fees["maker_ppm"] = instrument.fees.maker_ppm
        fees["taker_ppm"] = instrument.fees.taker_ppm
        fees["order_fees"] = instrument.fees.has_order_fees and not venue.bare
        fees["per_order_micros"] = instrument.fees.per_order_micros
        fees["minimum_micros"] = instrument.fees.minimum_micros
        fees["fee_cap_ppm"] = instrument.fees.cap_ppm
        record["trigger_reference"] = instrument.trigger_reference
        record["reference_price_ticks"] = instrument.reference_price_ticks
        record["trail_above_ticks"] = NEVER
        if instrument.price_limit_ppm:
            world["price_limits"] = 1
            part_ns = instrument.price_limit_window_ns // WINDOW_PARTS
            reference = instrument.reference_price_ticks
            width = reference * instrument.price_limit_ppm // PPM
            record["price_limit_ppm"] = instrument.price_limit_ppm
            record["price_limit_part_ns"] = part_ns
            record["price_limit_pause_ns"] = instrument.price_limit_pause_ns
            record["limit_part"] = venue.start_time_ns // part_ns
            record["reference_ticks"] = reference
            record["limit_down_ticks"] = reference - width
            record["limit_up_ticks"] = reference + width
        record["mark"] = instrument.mark
        record["collar_ppm"] = 0 if venue.bare else instrument.collar_ppm
        record["borrow_ppm_year"] = instrument.borrow_ppm_year
        record["initial_long_ppm"] = instrument.margin.initial_long_ppm
        record["initial_short_ppm"] = instrument.margin.initial_short_ppm
        record["maintenance_long_ppm"] = instrument.margin.maintenance_long_ppm
        record["maintenance_short_ppm"] = instrument.margin.maintenance_short_ppm
    memory.accounts["order_burst"] = 1
    for number, account in enumerate(venue.accounts, start=FIRST_TRADER):
        record = memory.accounts[number]
        flags = AccountFlag(0)
        if account.short_permitted:
            flags |= AccountFlag.SHORT_PERMITTED
        if account.margin:
            flags |= AccountFlag.MARGIN
        elif account.cash_checked:
            flags |= AccountFlag.CASH_CHECKED
        record["flags"] = flags
        record["cash_micros"] = account.cash_micros
        record["rate_interval_ns"] = account.limits.rate_interval_ns
        record["orders_per_second"] = account.limits.orders_per_second
        record["order_burst"] = account.limits.order_burst
        record["max_open_orders"] = account.limits.max_open_orders
        record["max_order_lots"] = account.limits.max_order_lots
        record["max_order_notional_micros"] = account.limits.max_order_notional_micros
        record["position_limit_lots"] = account.limits.position_limit_lots
        record["max_daily_loss_micros"] = account.limits.max_daily_loss_micros
        record["max_drawdown_micros"] = account.limits.max_drawdown_micros
        record["margin_grace_ns"] = account.margin_grace_ns
        record["monitored"] = account.monitored
        if account.monitored:
            record["peak_equity_micros"] = account.cash_micros
            record["day_start_equity_micros"] = account.cash_micros
    assert venue.bare or memory.accounts[HOUSE_ACCOUNT]["flags"] == 0
    return with_ladders(memory)


def zeros(size: int, dtype: np.dtype[Any]) -> Records:
    """Zeroed records that begin at a cache line, so that an order's two lines are two and not three."""
    block = np.zeros(size * dtype.itemsize + _CACHE_LINE_BYTES, np.uint8)
    start = -block.ctypes.data % _CACHE_LINE_BYTES
    return block[start : start + size * dtype.itemsize].view(dtype)


def table_size(orders: int) -> int:
    """Entries of a hash table for this many order slots."""
    return orders * TABLE_NUMERATOR // TABLE_DENOMINATOR


def grown(array: Records, size: int) -> Records:
    """A longer copy; what is new is zero, and its pages are not touched."""
    longer = zeros(size, array.dtype)
    longer[: len(array)] = array
    return longer


def with_more_orders(memory: Memory) -> Memory:
    """Room for a quarter more orders."""
    size = max(len(memory.orders) * GROWTH_NUMERATOR // GROWTH_DENOMINATOR, FIRST_ORDERS)
    used = int(memory.world[0]["used_orders"]) + 1
    orders = zeros(size, memory.orders.dtype)
    orders[:used] = memory.orders[:used]
    return memory._replace(
        orders=orders,
        by_order_id=zeros(table_size(size), memory.by_order_id.dtype),
        by_client_id=zeros(table_size(size), memory.by_client_id.dtype),
    )


def with_more_extras(memory: Memory) -> Memory:
    """Room for twice as many orders with rarer terms."""
    return memory._replace(extras=grown(memory.extras, 2 * len(memory.extras)))


def with_more_groups(memory: Memory) -> Memory:
    """Room for twice as many groups."""
    return memory._replace(groups=grown(memory.groups, 2 * len(memory.groups)))


def with_triggers(memory: Memory, number: int) -> Memory:
    """Ladders of triggers for an instrument."""
    memory.instruments[number]["trigger_ladder"] = 1
    return with_ladders(memory)


def with_own_fees(memory: Memory) -> Memory:
    """A schedule of fees for every account in every instrument, which is the instrument's at first."""
    count = len(memory.instruments)
    fees = zeros(count * (1 + len(memory.accounts)), memory.fees.dtype)
    fees.reshape(-1, count)[:] = memory.fees[:count]
    memory.world["own_fees"] = 1
    return memory._replace(fees=fees)


def with_more_lots(memory: Memory, wanted: int) -> Memory:
    """Room for `wanted` more lots."""
    used = int(memory.world[0]["used_lots"]) + 1
    lots = zeros(max(2 * len(memory.lots), used + wanted + 1), memory.lots.dtype)
    lots[:used] = memory.lots[:used]
    return memory._replace(lots=lots)


def with_ladders(memory: Memory, wanted: dict[int, tuple[int, int]] | None = None) -> Memory:
    """Ladders that hold every instrument's window, and the prices in `wanted` besides; contents are kept."""
    widths: list[int] = []
    floors: list[int] = []
    for number, instrument in enumerate(memory.instruments):
        low, high = int(instrument["window_low_ticks"]), int(instrument["window_high_ticks"])
        if wanted is not None and number in wanted:
            low, high = min(low, wanted[number][0]), max(high, wanted[number][1])
        floors.append(low)
        widths.append(-(-(high - low + 1) // ALIGNMENT) * ALIGNMENT)
    top_words = [-(-(width // ALIGNMENT) // _WORD_BITS) for width in widths]
    # Only a frozen venue uses the second book of an instrument, only trigger orders the sides behind it.
    in_books = SIDES if memory.world[0]["frozen"] else SIDES // 2
    used = [in_books + (SIDES if triggers else 0) for triggers in memory.instruments["trigger_ladder"]]
    total = sum(count * width for count, width in zip(used, widths, strict=True))
    fresh = {
        "levels": zeros(total, MEMORY_DTYPES["levels"]),
        "bits": zeros(total // _WORD_BITS, MEMORY_DTYPES["bits"]),
        "summary": zeros(total // ALIGNMENT, MEMORY_DTYPES["summary"]),
        "top": zeros(
            sum(count * words for count, words in zip(used, top_words, strict=True)), MEMORY_DTYPES["top"]
        ),
    }
    sides = memory.sides.copy()
    level_base = top_base = 0
    for number, (width, floor, words) in enumerate(zip(widths, floors, top_words, strict=True)):
        first = number * SIDES
        behind = (len(widths) + number) * SIDES
        of_triggers = range(behind, behind + used[number] - in_books)
        for index in (*range(first, first + in_books), *of_triggers):
            side = sides[index]
            side["floor_ticks"] = floor
            side["width"] = width
            side["level_base"] = level_base
            side["top_base"] = top_base
            level_base += width
            top_base += words
    moved = memory._replace(sides=sides, **fresh)
    for old, new in zip(memory.sides, sides, strict=True):
        if old["orders"]:
            _move_levels(memory, moved, old, new)
    return moved


def _move_levels(memory: Memory, moved: Memory, old: np.void, new: np.void) -> None:
    start, width = int(old["level_base"]), int(old["width"])
    occupied = np.flatnonzero(memory.levels["orders"][start : start + width])
    offsets = occupied + int(old["floor_ticks"]) - int(new["floor_ticks"])
    moved.levels[int(new["level_base"]) + offsets] = memory.levels[start + occupied]
    places = int(new["level_base"]) + offsets
    for array, shift in ((moved.bits, 6), (moved.summary, 12)):
        position = places >> (shift - 6)
        np.bitwise_or.at(array, position >> 6, np.uint64(1) << (position & 63).astype(np.uint64))
    groups = offsets >> 12
    at = int(new["top_base"]) + (groups >> 6)
    np.bitwise_or.at(moved.top, at, np.uint64(1) << (groups & 63).astype(np.uint64))


def event_buffer(size: int) -> tuple[Records, EventBuffer]:
    """Uninitialised room for `size` events, and the same memory through every layout."""
    block = np.empty(size, dtype=EVENT)
    return block, views(block)


def views(block: Records) -> EventBuffer:
    """A block of events seen through every layout."""
    return EventBuffer(**{name: block.view(dtype) for name, dtype in EVENT_DTYPES.items()})
