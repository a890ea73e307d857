"""What holds between any two commands; tests ask after each."""

from __future__ import annotations

from collections import Counter

from workbench.domain.codes import (
    HOUSE_ACCOUNT,
    STREET_ACCOUNT,
    AccountFlag,
    OrderFlag,
    OrderType,
    Phase,
    Place,
    Side,
    TimeInForce,
)
from workbench.domain.config import FIRST_TRADER
from workbench.engine.reference.matching import AT_ONCE
from workbench.engine.reference.references import is_triggered, reference
from workbench.engine.reference.state import SIDES, Stage, TwinState
from workbench.matching.reference import BookSide, Order


def check_invariants(twin: TwinState) -> None:
    """Assert that money, positions, queues, groups and counts agree."""
    orders = [order for market in twin.markets for book in market.books for q in book.values() for order in q]
    waiting = [
        order for market in twin.markets for q in market.market_queues.values() for order in q.orders.values()
    ]
    held = [order for order in twin.open_orders.values() if order.is_held]
    _check_orders(twin, orders + waiting + held)
    for order in orders:
        assert order.has_limit
        assert order.book == int(twin.frozen and not order.is_street)
    for order in waiting:
        assert order.order_type == OrderType.MARKET
        assert order.book == Place.MARKET_QUEUE
        assert order.valued_ticks
    _check_held(twin, held)
    _check_groups(twin)
    _check_books(twin)
    _check_phases(twin)
    if twin.venue.bare:
        assert not twin.ledger.positions
        return
    _check_conservation(twin)
    for account in range(len(twin.standings)):
        # The street's open orders are not counted: no check looks at them.
        own = [order for order in twin.open_orders.values() if order.account == account != STREET_ACCOUNT]
        _check_account(twin, account, own)


def _check_orders(twin: TwinState, orders: list[Order]) -> None:
    """What stands in the books or is held is what is open, each order in its own terms."""
    assert len(orders) == len(twin.open_orders)
    assert all(twin.open_orders[order.order_id] is order for order in orders)
    named = [order for order in orders if order.client_order_id]
    assert len(named) == len(twin.client_ids)
    assert len({order.priority for order in orders}) == len(orders)
    expiring = set(twin.expiries)
    for order in orders:
        assert order.leaves_lots > 0
        assert order.quantity_lots == order.leaves_lots + order.executed_lots
        assert 0 <= order.opening_lots <= order.leaves_lots
        assert order.time_in_force not in AT_ONCE
        _check_charge(twin, order)
        shows = order.display_lots and not order.is_held
        assert order.shown_lots <= min(order.display_lots, order.leaves_lots)
        assert (order.shown_lots > 0) == bool(shows)
        if order.time_in_force == TimeInForce.GTD:
            assert order.expire_time_ns > twin.time_ns
            assert (order.expire_time_ns, order.order_id) in expiring


def _check_held(twin: TwinState, held: list[Order]) -> None:
    """Held orders wait for something, and are found by it."""
    found: Counter[int] = Counter()
    for instrument, places in enumerate(twin.held):
        rungs = [rung for ladder in places.ladders.values() for rung in ladder]
        for ladder in places.ladders.values():
            assert ladder == sorted(ladder)
        assert {rung[2] for rung in rungs} == {
            order.order_id
            for order in held
            if order.instrument == instrument and order.book == Place.TRIGGER and order.trigger_price_ticks
        }
        found.update(rung[2] for rung in rungs)
        found.update(order.order_id for order in places.trailing.values() if not order.trigger_price_ticks)
        found.update([*places.released, *places.auction])
        assert list(places.trailing) == sorted(places.trailing)
        if twin.is_continuous(instrument):
            assert not places.released
        if twin.rules[instrument].phase in (Phase.CLOSED, Phase.CLOSING_AUCTION):
            assert not places.auction
    for order in held:
        assert order.executed_lots == order.opening_lots == order.reserved_micros == 0
        assert found[order.order_id] == (order.book != Place.GROUP)
        if order.book == Place.TRIGGER:
            assert order.is_trigger
            # A trailing stop has none before its first watermark, nor with one at the edge of the window.
            assert order.trigger_price_ticks or order.is_trailing
            assert order.watermark_ticks or not order.trigger_price_ticks or not order.is_trailing
            if twin.is_continuous(order.instrument):
                assert not is_triggered(order, reference(twin, order))
        elif order.book == Place.GROUP:
            assert order.order_id in twin.groups
        elif order.book == Place.AUCTION:
            assert order.time_in_force == TimeInForce.CLS


def _check_groups(twin: TwinState) -> None:
    """Groups are made of open orders that belong together."""
    for order_id, group in twin.groups.items():
        order = twin.open_orders[order_id]
        members = group.in_order()
        assert group.members.get(order.group_place) is order
        assert (order.account, order.instrument) == (group.account, group.instrument)
        parent = group.members.get(group.parent)
        legs = [member for member in members if member is not parent]
        assert len({leg.side for leg in legs}) == 1
        if group.stage == Stage.COLLECTING:
            assert all(member.book == Place.GROUP for member in members)
            assert not group.parent
            assert len(members) == max(group.members)
        else:
            assert len(members) > 1
        if group.stage == Stage.WAITING:
            assert parent
            assert parent.flags & OrderFlag.GROUP_LAST
            assert parent.book != Place.GROUP
            assert all(leg.book == Place.GROUP for leg in legs)
        if group.stage == Stage.LEGS:
            assert not group.parent
            assert all(member.book != Place.GROUP for member in members)


def _check_books(twin: TwinState) -> None:
    """Queues are in order, and nothing that should have traded is left."""
    for instrument, market in enumerate(twin.markets):
        for queue in market.market_queues.values():
            assert list(queue.orders) == sorted(queue.orders)
            assert queue.lots == sum(order.leaves_lots for order in queue.orders.values())
        for book in market.books:
            for side in book.values():
                _check_queue(side)
            # Only history may cross: live orders trade with whatever they reach, at once or in an uncross.
            history = any(order.is_historical for side in book.values() for order in side)
            bid, ask = book[Side.BUY].best_price(), book[Side.SELL].best_price()
            if twin.is_continuous(instrument) and not history and instrument not in twin.left_crossed:
                assert not bid or not ask or bid < ask


def _check_queue(queue: BookSide) -> None:
    assert queue.ranks == sorted(queue.sign * price for price in queue.levels)
    for price, level in queue.levels.items():
        assert level.orders
        assert list(level.orders) == sorted(level.orders)
        assert all(order.price_ticks == price for order in level.orders.values())
        assert all(order.priority == priority for priority, order in level.orders.items())
        assert level.lots == sum(order.displayed_lots for order in level.orders.values()) > 0
        assert level.auction_lots == sum(
            order.leaves_lots for order in level.orders.values() if not order.is_historical
        )


def _check_phases(twin: TwinState) -> None:
    """Nothing waits that should have happened."""
    assert not twin.touched
    assert not twin.limit_states
    for instrument, calendar in enumerate(twin.calendars):
        phase, queues = twin.rules[instrument].phase, twin.markets[instrument].market_queues
        if phase in (Phase.CONTINUOUS, Phase.CLOSED):
            assert not calendar.collecting
            assert not any(queues[side].orders for side in SIDES)
        elif phase != Phase.HALTED:
            assert calendar.collecting == phase
        if calendar.reopening_ns is not None:
            assert phase == Phase.REOPENING_AUCTION
            assert calendar.reopening_ns > twin.time_ns
        assert not calendar.schedule or calendar.schedule[0] > twin.time_ns
        assert not calendar.collar or 1 <= calendar.collar[0] <= calendar.collar[1]


def _check_conservation(twin: TwinState) -> None:
    """No money and no lot is made or lost."""
    ledger = twin.ledger
    start = sum(account.cash_micros for account in twin.venue.accounts)
    assert sum(purse.cash_micros for purse in ledger.purses) - twin.funding_micros == start
    house = ledger.purses[HOUSE_ACCOUNT]
    assert sum(purse.fees_micros for purse in ledger.purses) == house.cash_micros - house.other_micros
    assert sum(purse.other_micros for purse in ledger.purses) == twin.funding_micros
    for instrument in range(len(twin.venue.instruments)):
        held = [position for (_, where), position in ledger.positions.items() if where == instrument]
        assert sum(position.position_lots for position in held) == 0


def _check_account(twin: TwinState, account: int, own: list[Order]) -> None:
    """An account's counts and sums are those of its orders, positions and lots."""
    standing, purse = twin.standings[account], twin.ledger.purses[account]
    assert standing.open_orders == len(own)
    assert standing.reserved_micros == sum(order.reserved_micros for order in own)
    open_lots: Counter[tuple[int, Side]] = Counter()
    for order in own:
        if not order.is_held:
            open_lots[order.instrument, order.side] += order.leaves_lots
    assert all(lots == open_lots[key] for key, lots in standing.open_lots.items())
    held = [position for (owner, _), position in twin.ledger.positions.items() if owner == account]
    assert purse.short_cost_micros == sum(position.short_cost_micros for position in held)
    assert purse.fees_micros == sum(position.fees_micros for position in held)
    # What an account has gained is what its cash and the cost of what it holds have grown by.
    if account != HOUSE_ACCOUNT:
        start = 0 if account == STREET_ACCOUNT else twin.venue.accounts[account - FIRST_TRADER].cash_micros
        gained = sum(position.realised_average_micros - position.cost_micros for position in held)
        assert purse.cash_micros == start + gained - purse.fees_micros + purse.other_micros
    _check_watch(twin, account)
    for position in held:
        assert position.adverse_micros <= 0 <= position.favourable_micros
        assert position.position_lots or not position.adverse_micros | position.favourable_micros
        assert (position.cost_micros > 0) <= (position.position_lots > 0)
        assert (position.cost_micros < 0) <= (position.position_lots < 0)
        lots = sum(lot.quantity_lots for lot in position.lots)
        assert lots == (0 if account == STREET_ACCOUNT else abs(position.position_lots))


def _check_charge(twin: TwinState, order: Order) -> None:
    """An order has been charged what its instrument's fees make of all it has traded."""
    terms = twin.ledger.terms_of(order.account, order.instrument)
    if (order.account, order.instrument) in twin.ledger.own_terms:
        # Its earlier fills may have been charged by another schedule.
        return
    if not order.fee_notional_micros or twin.venue.bare or order.is_street or not terms.has_order_fees:
        assert order.raw_fee_micros == order.fee_notional_micros == order.charged_micros == 0
    else:
        total = terms.order_total(order.raw_fee_micros, order.fee_notional_micros)
        assert order.charged_micros == total


def _check_watch(twin: TwinState, account: int) -> None:
    """Only what is watched is kept, and a call is open or has no deadline."""
    standing = twin.standings[account]
    if not standing.monitored:
        assert standing.peak_equity_micros == standing.day_start_equity_micros == 0
    assert not standing.margin_call or standing.flags & AccountFlag.MARGIN
    assert standing.margin_call or standing.call_deadline_ns == 0
