"""The call auction: who takes part, at which price most would trade, and who comes first."""

from __future__ import annotations

from typing import Any

from workbench.domain.memory import Memory
from workbench.domain.numbers import BUY, HISTORICAL, SELL
from workbench.jit import int64, leaf
from workbench.matching.book import level_index, next_price, side_number
from workbench.matching.ladder import next_above


@leaf
def auction_side(memory: Memory, instrument: int, side: int) -> int:
    """Number of the side of the book whose orders take part."""
    return side_number(instrument, 1 if memory.world[0]["frozen"] != 0 else 0, side)


@leaf
def first_at(memory: Memory, number: int, price_ticks: int) -> int:
    """First order at a price that takes part, or 0: history has already matched itself."""
    slot = int64(memory.levels[level_index(memory, number, price_ticks)]["head"])
    while slot != 0 and memory.orders[slot]["flags"] & HISTORICAL:
        slot = int64(memory.orders[slot]["next"])
    return slot


@leaf
def lots_at(memory: Memory, number: int, price_ticks: int) -> int:
    """All leaves at a price that take part."""
    level = memory.levels[level_index(memory, number, price_ticks)]
    if memory.sides[number]["historical"] == 0:
        return level["lots"] + level["hidden_lots"]
    lots = int64(0)
    slot = int64(level["head"])
    while slot != 0:
        order = memory.orders[slot]
        if (order["flags"] & HISTORICAL) == 0:
            lots += order["leaves_lots"]
        slot = int64(order["next"])
    return lots


@leaf
def best_participant(memory: Memory, number: int) -> int:
    """The first order of a side that takes part, in price-time order, or 0."""
    price = memory.sides[number]["best_ticks"]
    while price != 0:
        slot = first_at(memory, number, price)
        if slot != 0:
            return slot
        price = next_price(memory, number, price)
    return 0


@leaf
def worst_price(memory: Memory, number: int) -> int:
    """The last price of a side at which an order takes part, or 0."""
    price = memory.sides[number]["best_ticks"]
    worst = int64(0)
    while price != 0:
        if first_at(memory, number, price) != 0:
            worst = price
        price = next_price(memory, number, price)
    return worst


@leaf
def price_from(memory: Memory, number: int, price_ticks: int) -> int:
    """The lowest price from `price_ticks` on at which an order of this side takes part, or 0."""
    side = memory.sides[number]
    floor = side["floor_ticks"]
    if side["orders"] == 0:
        return 0
    offset = max(0, price_ticks - floor)
    while True:
        offset = next_above(memory.bits, memory.summary, memory.top, side, offset)
        if offset < 0:
            return 0
        if first_at(memory, number, floor + offset) != 0:
            return floor + offset
        offset += 1


@leaf
def lower_of(one: int, other: int) -> int:
    """The lower of two prices of which 0 means none."""
    if one == 0 or other == 0:
        return max(one, other)
    return min(one, other)


@leaf
def auction_reference(record: Any) -> int:
    """Price that an auction's price is near to, other things equal; 0 when there is none."""
    price = record["last_price_ticks"]
    if price == 0:
        price = record["reference_price_ticks"]
    increment = record["price_increment_ticks"]
    return price // increment * increment


@leaf
def uncross_price(memory: Memory, instrument: int) -> tuple[int, int, int, int]:
    """Price, paired volume, and lots wanted and offered at it; price 0 when nothing would trade."""
    record = memory.instruments[instrument]
    buys = auction_side(memory, instrument, BUY)
    sells = auction_side(memory, instrument, SELL)
    market_wanted = memory.queues[instrument * 2]["lots"]
    market_offered = memory.queues[instrument * 2 + 1]["lots"]
    reference = auction_reference(record)
    nothing = (int64(0), int64(0), market_wanted, market_offered)
    increment = record["price_increment_ticks"]
    collared = record["collar_high_ticks"] != 0
    collar_low = (record["collar_low_ticks"] + increment - 1) // increment * increment
    collar_high = record["collar_high_ticks"] // increment * increment
    best_buy = best_participant(memory, buys)
    best_sell = best_participant(memory, sells)
    high = int64(0) if best_buy == 0 else memory.orders[best_buy]["price_ticks"]
    low = int64(0) if best_sell == 0 else memory.orders[best_sell]["price_ticks"]
    if market_wanted == 0 and market_offered == 0:
        # Nothing trades below the best offer or above the best bid.
        if high == 0 or low == 0 or low > high:
            return nothing
    else:
        high = max(high, worst_price(memory, sells))
        low = lower_of(low, worst_price(memory, buys))
        if low == 0:
            paired = min(market_wanted, market_offered)
            if paired == 0 or reference == 0:
                return nothing
            if collared and (reference < collar_low or reference > collar_high):
                return nothing
            return reference, paired, market_wanted, market_offered
    if collared:
        low = max(low, collar_low)
        high = min(high, collar_high)
        if low > high:
            return nothing
    wanted = market_wanted
    price = memory.sides[buys]["best_ticks"]
    while price != 0 and price >= low:
        wanted += lots_at(memory, buys, price)
        price = next_price(memory, buys, price)
    offered = market_offered
    price = price_from(memory, sells, 0)
    while price != 0 and price <= low:
        offered += lots_at(memory, sells, price)
        price = price_from(memory, sells, price + 1)
    best_price = int64(0)
    best_paired = int64(0)
    best_wanted = market_wanted
    best_offered = market_offered
    here = low
    first = low
    # Orders may stand between the increments, where history put them; candidates never do.
    last = low if low % increment == 0 else low - 1
    in_gap = False
    while True:
        # A stretch of candidates, `first` to `last`, where nothing changes: a price with orders, or a gap.
        paired = min(wanted, offered)
        if first <= last and paired > 0 and paired >= best_paired:
            price = min(max(reference, first), last)
            surplus = abs(wanted - offered) - abs(best_wanted - best_offered)
            nearer = abs(price - reference) - abs(best_price - reference)
            if paired > best_paired or surplus < 0 or (surplus == 0 and nearer < 0):
                best_price = price
                best_paired = paired
                best_wanted = wanted
                best_offered = offered
        if not in_gap:
            wanted -= lots_at(memory, buys, here)
            if here >= high:
                break
            ahead = lower_of(price_from(memory, buys, here + 1), price_from(memory, sells, here + 1))
            # Beyond the last price with orders only a collar lets candidates go on.
            beyond = ahead == 0 or ahead > high
            first = here // increment * increment + increment
            last = high // increment * increment
            if not beyond:
                last = (ahead - 1) // increment * increment
            here = high + 1 if beyond else ahead
            in_gap = True
            if first <= last:
                continue
        if here > high:
            break
        offered += lots_at(memory, sells, here)
        first = here
        last = here if here % increment == 0 else here - 1
        in_gap = False
    return best_price, best_paired, best_wanted, best_offered


@leaf
def next_in_auction(memory: Memory, instrument: int, side: int, price_ticks: int) -> int:
    """First order of a side that may trade at the uncross price, or 0."""
    head = int64(memory.queues[instrument * 2 + side - 1]["head"])
    if head != 0:
        return head
    slot = best_participant(memory, auction_side(memory, instrument, side))
    if slot == 0:
        return 0
    limit = memory.orders[slot]["price_ticks"]
    return slot if (limit >= price_ticks if side == BUY else limit <= price_ticks) else 0


@leaf
def queue_market(memory: Memory, slot: int) -> int:
    """Put a market order at the end of its side's queue; returns the lots before it."""
    order = memory.orders[slot]
    queue = memory.queues[int64(order["instrument"]) * 2 + int64(order["side"]) - 1]
    tail = int64(queue["tail"])
    order["prev"] = tail
    order["next"] = 0
    if tail == 0:
        queue["head"] = slot
    else:
        memory.orders[tail]["next"] = slot
    queue["tail"] = slot
    queue["orders"] += 1
    ahead = queue["lots"]
    queue["lots"] = ahead + order["leaves_lots"]
    return ahead


@leaf
def unqueue_market(memory: Memory, slot: int) -> None:
    """Take a market order out of its side's queue."""
    order = memory.orders[slot]
    queue = memory.queues[int64(order["instrument"]) * 2 + int64(order["side"]) - 1]
    before = int64(order["prev"])
    after = int64(order["next"])
    if before == 0:
        queue["head"] = after
    else:
        memory.orders[before]["next"] = after
    if after == 0:
        queue["tail"] = before
    else:
        memory.orders[after]["prev"] = before
    queue["orders"] -= 1
    queue["lots"] -= order["leaves_lots"]
