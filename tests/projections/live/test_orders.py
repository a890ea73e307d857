"""Orders that have ended are packed, and nobody can tell."""

from collections.abc import Callable, Iterator

import pytest

from tests.projections.live.test_views import ANN, BOB, CARL, EVERY_CASE, Desk, everything, order
from tests.projections.recordings import VENUES, recorded
from tests.projections.streams_of_events import split
from workbench.domain import commands as make
from workbench.domain.codes import OrderFlag, OrderType, Side
from workbench.errors import ProjectionError
from workbench.projections.live import orders as live_orders
from workbench.projections.live import pages
from workbench.projections.live.order import LiveOrder
from workbench.projections.live.orders import LiveOrders
from workbench.projections.live.views import LiveViews


def packed(views: LiveViews) -> list[int]:
    """Numbers of the orders that are packed."""
    kept = zip(views.orders._ids, views.orders._cells, strict=True)
    return [number for number, cell in kept if isinstance(cell, bytes)]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Orders are packed at the end of the batch in which they ended."""
    monkeypatch.setattr(live_orders, "UNPACKED", 0)
    return


@EVERY_CASE
def test_packed_orders_are_as_they_were(
    venue: str, profile: str, scaled: Callable[[int], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    events = recorded(venue, profile, 4, scaled(400)).events
    monkeypatch.setattr(pages, "PAGE", 4)
    monkeypatch.setattr(live_orders, "UNPACKED", 1 << 40)
    kept = LiveViews(VENUES[venue])
    kept.apply(events)
    monkeypatch.setattr(live_orders, "UNPACKED", 0)
    views = LiveViews(VENUES[venue])
    for batch in split(events, 4, 20):
        views.apply(batch)
    assert everything(views) == everything(kept)
    ended = [each for each in kept.orders if not each.is_open]
    grouped = {each.order_id for each in ended if each.group is not None and not each.group.has_ended}
    assert packed(views) == [each.order_id for each in ended if each.order_id not in grouped]
    for each in kept.orders:
        again = views.orders.get(each.order_id)
        assert again is not None
        assert again.parent_order_id == each.parent_order_id
        assert [one.order_id for one in views.orders.chain(again)] == [
            one.order_id for one in kept.orders.chain(each)
        ]
        if each.group is None:
            assert again.group is None
        else:
            assert again.group is not None
            assert (again.group.name, again.group.complete) == (each.group.name, each.group.complete)
        latest, expected = (one.orders.by_client(each.account, each.client_order_id) for one in (views, kept))
        assert (latest and latest.order_id) == (expected and expected.order_id)


@pytest.mark.usefixtures("at_once")
def test_a_bracket_is_packed_when_its_last_order_has_ended() -> None:
    desk = Desk()
    child = {"group_id": 7, "flags": OrderFlag.GROUP_CHILD}
    target = order(ANN, 0, Side.SELL, 100, 1_100, client_order_id=7, group_place=1, **child)
    stop = order(
        ANN, 0, Side.SELL, 100, order_type=OrderType.STOP, trigger_price_ticks=900, group_place=2, **child
    )
    entry = order(ANN, 0, Side.BUY, 100, 1_000, group_id=7, group_place=3, flags=OrderFlag.GROUP_LAST)
    desk.do(target, stop, entry)
    desk.do(make.replace_order(0, ANN, order_id=1, price_ticks=1_200))
    desk.do(order(BOB, 0, Side.SELL, 100, 1_000))
    assert packed(desk.views) == [5]
    desk.do(order(BOB, 0, Side.BUY, 100, 1_200))
    assert packed(desk.views) == [1, 2, 3, 4, 5, 6]
    parent = desk.order(3)
    assert parent is not desk.order(3)
    assert parent.group is not None
    assert (parent.group.name, parent.group.head) == ("bracket", parent)
    assert [leg.order_id for leg in parent.legs] == [4, 2]
    assert all(leg.group is parent.group for leg in parent.legs)
    assert [desk.order(number).parent_order_id for number in (1, 2, 3, 4)] == [3, 3, 0, 3]


@pytest.mark.usefixtures("at_once")
def test_a_refused_group_leaves_nothing_behind() -> None:
    desk = Desk()
    child = {"group_id": 7, "flags": OrderFlag.GROUP_CHILD}
    desk.do(order(ANN, 0, Side.SELL, 100, 1_100, client_order_id=7, group_place=1, **child))
    assert desk.views.orders.groups
    # A child of the other side does not fit, and takes the first one with it.
    desk.do(order(ANN, 0, Side.BUY, 100, 1_100, group_place=2, **child))
    assert packed(desk.views) == [1, 2]
    assert not desk.views.orders.groups


@pytest.mark.usefixtures("at_once")
def test_a_change_that_comes_too_late_is_told_of_a_packed_order() -> None:
    desk = Desk()
    desk.do(order(ANN, 0, Side.BUY, 10, 1_000, client_order_id=5))
    desk.do(make.cancel_order(0, ANN, order_id=1))
    assert packed(desk.views) == [1]
    assert desk.do(make.cancel_order(0, ANN, order_id=1)) == [(1, "order_cancel_rejected")]
    assert desk.do(make.replace_order(0, ANN, client_order_id=5, price_ticks=9)) == [
        (1, "order_replace_rejected")
    ]


@pytest.mark.usefixtures("at_once")
def test_an_accounts_orders_are_a_sequence() -> None:
    desk = Desk()
    for number in range(6):
        desk.do(order((ANN, CARL)[number % 2], 0, Side.BUY, 10, 900 + number))
    desk.do(make.mass_cancel(0, ANN))
    orders = desk.views.orders
    history = orders.of(ANN)
    assert packed(desk.views) == [1, 3, 5]
    assert [each.order_id for each in history] == [1, 3, 5]
    assert [each.order_id for each in reversed(history)] == [5, 3, 1]
    assert [each.order_id for each in history[-2:]] == [3, 5]
    assert (history[-1].order_id, history[0].price_ticks) == (5, 900)
    assert [len(history.before(number)) for number in (1, 2, 3, 4, 9)] == [0, 1, 1, 2, 3]
    assert [each.order_id for each in reversed(history.before(5))] == [3, 1]
    assert len(orders.of(BOB)) == len(orders.of(99)) == 0
    for place in (3, -4):
        with pytest.raises(IndexError, match="there is no order"):
            history[place]
    assert orders.get(7) is orders.get(0) is None


def test_the_latest_that_ended_are_kept_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_orders, "UNPACKED", 2)
    desk = Desk()
    for price in range(901, 906):
        desk.do(order(ANN, 0, Side.BUY, 10, price))
        desk.do(make.cancel_order(0, ANN, order_id=price - 900))
    assert packed(desk.views) == [1, 2, 3]
    assert len(desk.views.orders) == 5


def test_orders_come_in_the_order_of_their_numbers() -> None:
    desk = Desk()
    desk.do(order(ANN, 0, Side.BUY, 10, 1_000))
    mine = LiveOrders([ANN])
    mine.enter(desk.order(1))
    again: LiveOrder = desk.order(1)
    with pytest.raises(ProjectionError, match="order 1 was created after order 1"):
        mine.enter(again)
