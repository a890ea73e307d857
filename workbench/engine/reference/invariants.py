"""What holds between any two commands; tests ask after each."""

from __future__ import annotations

from workbench.domain.codes import (
    HOUSE_ACCOUNT,
    STREET_ACCOUNT,
    AccountFlag,
    OrderType,
    Side,
    TimeInForce,
)
from workbench.domain.config import FIRST_TRADER
from workbench.engine.reference.state import TwinState
from workbench.matching.reference import BookSide, Order


def check_invariants(twin: TwinState) -> None:
    """Assert that money, positions, queues and counts agree."""
    orders = [
        order
        for market in twin.markets
        for book in market.books
        for queue in book.values()
        for order in queue
    ]
    _check_orders(twin, orders)
    _check_books(twin)
    if twin.venue.bare:
        assert not twin.ledger.positions
        return
    _check_conservation(twin)
    for account in range(len(twin.standings)):
        # The street's open orders are not counted: no check looks at them.
        own = [order for order in orders if order.account == account != STREET_ACCOUNT]
        _check_account(twin, account, own)


def _check_orders(twin: TwinState, orders: list[Order]) -> None:
    """What stands in the books is what is open, each order in its own terms."""
    assert len(orders) == len(twin.open_orders)
    assert all(twin.open_orders[order.order_id] is order for order in orders)
    named = [order for order in orders if order.client_order_id]
    assert len(named) == len(twin.client_ids)
    for order in orders:
        assert order.leaves_lots > 0
        assert order.quantity_lots == order.leaves_lots + order.executed_lots
        assert 0 <= order.opening_lots <= order.leaves_lots
        assert order.order_type == OrderType.LIMIT
        assert order.time_in_force in (TimeInForce.DAY, TimeInForce.GTC)
        assert order.book == int(twin.frozen and not order.is_street)
        _check_charge(twin, order)


def _check_books(twin: TwinState) -> None:
    """Queues are in order, and nothing that should have traded is left."""
    for market in twin.markets:
        for book in market.books:
            for queue in book.values():
                _check_queue(queue)
            orders = [order for queue in book.values() for order in queue]
            bid, ask = book[Side.BUY].best_price(), book[Side.SELL].best_price()
            # Only history may cross: live orders trade with whatever they reach.
            if not any(order.is_historical for order in orders):
                assert not bid or not ask or bid < ask


def _check_queue(queue: BookSide) -> None:
    assert queue.ranks == sorted(queue.sign * price for price in queue.levels)
    for price, level in queue.levels.items():
        assert list(level.orders) == sorted(level.orders)
        assert all(order.price_ticks == price for order in level.orders.values())
        assert all(order.priority == priority for priority, order in level.orders.items())
        assert level.lots == sum(order.leaves_lots for order in level.orders.values()) > 0


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
    for (instrument, side), lots in standing.open_lots.items():
        assert lots == sum(
            order.leaves_lots for order in own if (order.instrument, order.side) == (instrument, side)
        )
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
    terms = twin.ledger.terms[order.instrument]
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
