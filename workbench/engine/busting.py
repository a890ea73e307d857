"""BUST_TRADE: undo a trade, so that both sides' books are what they would be without it."""

from __future__ import annotations

from typing import Any

from workbench.domain.codes import HOUSE_ACCOUNT, STREET_ACCOUNT
from workbench.domain.memory import EventBuffer, Memory
from workbench.domain.numbers import (
    BUY,
    REASON_ALREADY_BUSTED,
    REASON_TRADE_TOO_OLD,
    REASON_UNKNOWN_COMMAND,
    REASON_UNKNOWN_TRADE,
    TRADE_BUSTED,
    TRADE_FORGOTTEN,
    TRADE_STANDS,
)
from workbench.engine.accounts import note_moved
from workbench.engine.emit import bust_event, position_event
from workbench.engine.keeping import oldest_kept
from workbench.engine.orders import position_number
from workbench.jit import int64, leaf
from workbench.ledger.cash import notional
from workbench.ledger.lots import apply_fill, close_lots
from workbench.ledger.splitting import balance_position

STREET = STREET_ACCOUNT
HOUSE = HOUSE_ACCOUNT
NOWHERE = -1


@leaf
def find_trade(memory: Memory, trade_id: int) -> int:
    """How many trades were kept before this one, or -1 when it is not kept."""
    low = int64(oldest_kept(memory))
    high = int64(memory.world[0]["kept_trades"])
    while low < high:
        middle = (low + high) // 2
        if memory.trades[middle % memory.trades.size]["trade_id"] < trade_id:
            low = middle + 1
        else:
            high = middle
    if low == memory.world[0]["kept_trades"]:
        return int64(NOWHERE)
    found = memory.trades[low % memory.trades.size]["trade_id"] == trade_id
    return low if found else int64(NOWHERE)


@leaf
def lots_of(trade: Any, account: int) -> int:
    """What a trade added to an account's position."""
    lots = int64(trade["quantity_lots"]) if trade["side"] == BUY else -int64(trade["quantity_lots"])
    added = int64(0)
    if trade["taker_account"] == account:
        added += lots
    if trade["maker_account"] == account:
        added -= lots
    return added


@leaf
def concerns(trade: Any, account: int, number: int) -> bool:
    """Whether a kept trade counts in an account's position in an instrument."""
    if trade["instrument"] != number or trade["state"] != TRADE_STANDS:
        return False
    return trade["taker_account"] == account or trade["maker_account"] == account


@leaf
def flat_before(memory: Memory, account: int, number: int, at: int) -> int:
    """The latest kept trade up to `at` before which an account's position was flat, or -1."""
    held = int64(memory.positions[position_number(memory, account, number)]["position_lots"])
    place = int64(memory.world[0]["kept_trades"]) - 1
    while place >= oldest_kept(memory):
        trade = memory.trades[place % memory.trades.size]
        if trade["instrument"] == number and trade["state"] == TRADE_FORGOTTEN:
            break
        if concerns(trade, account, number):
            held -= lots_of(trade, account)
            if held == 0 and place <= at:
                return place
        place -= 1
    return int64(NOWHERE)


@leaf
def build_again(memory: Memory, account: int, number: int, start: int, without: int) -> None:
    """Have a position what the trades from `start` on make of none, but for one of them.

    Realised profits begin at 0; fees, quantity traded and the account's cash stay as they are.
    """
    owner = memory.accounts[account]
    instrument = memory.instruments[number]
    position = memory.positions[position_number(memory, account, number)]
    cash = owner["cash_micros"]
    fees = owner["fees_micros"]
    traded = position["traded_lots"]
    close_lots(memory, position, abs(int64(position["position_lots"])))
    owner["short_cost_micros"] -= max(0, -int64(position["cost_micros"]))
    position["position_lots"] = 0
    position["cost_micros"] = 0
    position["realised_average_micros"] = 0
    position["realised_fifo_micros"] = 0
    for place in range(start, memory.world[0]["kept_trades"]):
        trade = memory.trades[place % memory.trades.size]
        if place == without or not concerns(trade, account, number):
            continue
        price = int64(trade["price_ticks"])
        lots = int64(trade["quantity_lots"])
        value = notional(instrument, price, lots)
        taken = 1 if trade["side"] == BUY else -1
        # The resting order's account comes first, as it did.
        if trade["maker_account"] == account:
            apply_fill(memory, owner, position, instrument, -taken, price, lots, value, 0, True)
        if trade["taker_account"] == account:
            apply_fill(memory, owner, position, instrument, taken, price, lots, value, 0, True)
    owner["cash_micros"] = cash
    owner["fees_micros"] = fees
    position["traded_lots"] = traded


@leaf
def undo_position(memory: Memory, account: int, number: int, start: int, at: int) -> None:
    """Make a trader's position what it would be without the trade at `at`."""
    position = memory.positions[position_number(memory, account, number)]
    before = int64(position["position_lots"])
    average = int64(position["realised_average_micros"])
    fifo = int64(position["realised_fifo_micros"])
    build_again(memory, account, number, start, NOWHERE)
    average -= position["realised_average_micros"]
    fifo -= position["realised_fifo_micros"]
    build_again(memory, account, number, start, at)
    position["realised_average_micros"] += average
    position["realised_fifo_micros"] += fifo
    after = int64(position["position_lots"])
    if after == 0 or before == 0 or (after > 0) != (before > 0):
        position["adverse_micros"] = 0
        position["favourable_micros"] = 0


@leaf
def undo_side(memory: Memory, account: int, number: int, trade: Any, sign: int, fee_micros: int) -> None:
    """Give back what one side of a trade paid, and take back what it got."""
    owner = memory.accounts[account]
    position = memory.positions[position_number(memory, account, number)]
    lots = int64(trade["quantity_lots"])
    value = notional(memory.instruments[number], int64(trade["price_ticks"]), lots)
    owner["cash_micros"] += sign * value + fee_micros
    owner["fees_micros"] -= fee_micros
    memory.accounts[HOUSE]["cash_micros"] -= fee_micros
    position["fees_micros"] -= fee_micros
    position["traded_lots"] -= lots
    if account == STREET:
        held = int64(position["position_lots"]) - sign * lots
        balance_position(owner, position, held, sign * value)


@leaf
def take_off_tape(memory: Memory, trade: Any) -> None:
    """Make an instrument's last price, volume and number of trades what they would be without a trade."""
    number = int64(trade["number"])
    if number == 0:
        return
    instrument = memory.instruments[trade["instrument"]]
    if instrument["trades"] == number:
        instrument["last_price_ticks"] = trade["previous_price_ticks"]
    instrument["trades"] -= 1
    instrument["volume_lots"] -= trade["quantity_lots"]
    instrument["quote_due"] = 1
    for i in range(min(memory.world[0]["kept_trades"], memory.trades.size)):
        later = memory.trades[i]
        if later["instrument"] == trade["instrument"] and later["number"] > number:
            if later["number"] == number + 1:
                later["previous_price_ticks"] = trade["previous_price_ticks"]
            later["number"] -= 1


@leaf
def bust_trade(memory: Memory, events: EventBuffer, command: Any) -> tuple[int, int, int]:
    """BUST_TRADE."""
    if memory.trades.size == 0:
        return REASON_UNKNOWN_COMMAND, 0, 0
    world = memory.world[0]
    trade_id = int64(command["order_id"])
    at = find_trade(memory, trade_id)
    if at < 0:
        oldest = int64(memory.trades[oldest_kept(memory) % memory.trades.size]["trade_id"])
        if trade_id >= 1 and trade_id < oldest and world["kept_trades"] >= memory.trades.size:
            return REASON_TRADE_TOO_OLD, trade_id, oldest
        return REASON_UNKNOWN_TRADE, trade_id, world["trades"]
    trade = memory.trades[at % memory.trades.size]
    if trade["state"] == TRADE_BUSTED:
        return REASON_ALREADY_BUSTED, trade_id, 0
    if trade["state"] == TRADE_FORGOTTEN:
        return REASON_TRADE_TOO_OLD, trade_id, 0
    number = int64(trade["instrument"])
    maker = int64(trade["maker_account"])
    taker = int64(trade["taker_account"])
    maker_start = int64(0) if maker == STREET else flat_before(memory, maker, number, at)
    taker_start = int64(0) if taker == STREET else flat_before(memory, taker, number, at)
    if maker_start < 0 or taker_start < 0:
        oldest = int64(memory.trades[oldest_kept(memory) % memory.trades.size]["trade_id"])
        return REASON_TRADE_TOO_OLD, trade_id, oldest
    take_off_tape(memory, trade)
    value = notional(memory.instruments[number], int64(trade["price_ticks"]), int64(trade["quantity_lots"]))
    bust_event(memory, events, trade, value)
    taken = 1 if trade["side"] == BUY else -1
    if maker != STREET:
        undo_position(memory, maker, number, maker_start, at)
    if taker != STREET and taker != maker:
        undo_position(memory, taker, number, taker_start, at)
    undo_side(memory, maker, number, trade, -taken, int64(trade["maker_fee_micros"]))
    say_undone(memory, events, maker, number, trade_id)
    undo_side(memory, taker, number, trade, taken, int64(trade["taker_fee_micros"]))
    say_undone(memory, events, taker, number, trade_id)
    trade["state"] = TRADE_BUSTED
    return 0, 0, 0


@leaf
def say_undone(memory: Memory, events: EventBuffer, account: int, number: int, trade_id: int) -> None:
    """POSITION_CHANGED of one side of a busted trade."""
    note_moved(memory, account)
    position = memory.positions[position_number(memory, account, number)]
    event = position_event(memory, events, account, number, 0, memory.accounts[account], position)
    event["trade_id"] = trade_id
