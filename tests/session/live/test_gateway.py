"""The gateway, on a session that is one exchange in this process."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from workbench.domain import commands as make
from workbench.domain.codes import (
    OrderType,
    Phase,
    Reason,
    SelfTradePrevention,
    SessionState,
    Side,
    TimeInForce,
)
from workbench.domain.config import Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.records import EVENT, Records
from workbench.domain.states import OrderState
from workbench.engine.exchange import Exchange
from workbench.engine.explain import explain
from workbench.engine.reference import ReferenceExchange
from workbench.errors import OrderRefused
from workbench.projections.live.order import Waits
from workbench.projections.live.views import LiveViews
from workbench.session.live import order_history
from workbench.session.live.answer import Answer
from workbench.session.live.client_ids import client_order_number
from workbench.session.live.gateway import Gateway
from workbench.session.live.order_history import events_about
from workbench.session.live.sessions import Sessions
from workbench.session.live.tickets import Changes, Ticket

ANN, BOB, CARL = 2, 3, 4
BUY, SELL = Side.BUY, Side.SELL


class Session:
    """A session that answers at once; the views fold its events a little later, as over a bus."""

    zone = "UTC"

    def __init__(self, **limits: Any) -> None:
        accounts = [Account("ann", cash=100_000, limits=Limits(**limits)), Account("bob", cash=100_000)]
        stock = Instrument("ACME", "1.00", "100.00", price_increment="0.05", quantity_increment=5)
        coin = Instrument("COIN", "10", "9000", tick_size="0.5", lot_size="0.001", reference_price=1_000)
        self.venue = Venue([stock, coin], [*accounts, Account("carl", cash=100_000)])
        self.twin = ReferenceExchange(self.venue)
        self.views = LiveViews(self.venue, self.zone)
        self.gateway = Gateway(self, self.views, self.history)
        self.sent: list[Records] = []
        self.parts: list[Records] = []
        self.texts: dict[tuple[int, int], str] = {}
        self.commands = self.time_ns = 0
        self.late = 0

    async def send(self, commands: Records, *, names: Mapping[tuple[int, int], str] | None = None) -> Answer:
        self.sent.append(commands.copy())
        self.texts.update(names or {})
        commands = commands.copy()
        self.time_ns += 1_000_000
        commands["time_ns"] = self.time_ns
        first = self.commands + 1
        self.commands += len(commands)
        events = self.twin.step(commands)
        self.parts.append(events)
        loop = asyncio.get_running_loop()
        loop.call_later(0.001 * self.late, self.views.apply, events)
        return Answer(first, self.commands, self.time_ns, events)

    def client_order_name(self, account: int, client_order_id: int) -> str | None:
        return self.texts.get((account, client_order_id))

    def history(self, seq: int) -> Iterator[Records]:
        for part in self.parts:
            yield part[part["seq"] >= seq]


def ticket(side: Side, quantity: object, limit: object = None, symbol: str = "ACME", **terms: Any) -> Ticket:
    for name in ("stop_price", "trail_amount", "trail_percent", "display_quantity", "notional"):
        if name in terms:
            terms[name] = Decimal(str(terms[name]))
    for name in ("take_profit_limit", "stop_loss_stop", "stop_loss_limit"):
        if name in terms:
            terms[name] = Decimal(terms[name])
    if limit is not None:
        terms["limit_price"] = Decimal(str(limit))
        terms.setdefault("order_type", OrderType.LIMIT)
    amount = None if quantity is None else Decimal(str(quantity))
    return Ticket(symbol=symbol, side=side, quantity=amount, **terms)


def play(story: Callable[[Session, Gateway], Coroutine[Any, Any, None]], **limits: Any) -> Session:
    async def run() -> Session:
        session = Session(**limits)
        await asyncio.wait_for(story(session, session.gateway), 20)
        return session

    return asyncio.run(run())


async def refusal(work: Coroutine[Any, Any, Any]) -> OrderRefused:
    with pytest.raises(OrderRefused) as refused:
        await work
    return refused.value


def test_an_order_is_answered_when_the_views_show_it() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        session.late = 5
        placed = await gateway.place(ANN, ticket(BUY, 10, "9.95", client_order_id="my first"))
        order = placed.order
        assert session.views.orders.get(order.order_id) is order
        assert (order.state, order.price_ticks, order.quantity_lots) == (OrderState.NEW, 995, 10)
        assert session.views.seq >= placed.answer.last_event_seq
        number = client_order_number("my first")
        assert session.texts == {(ANN, number): "my first"}
        assert session.views.orders.by_client(ANN, number) is order
        done = await gateway.place(BOB, ticket(SELL, 10))
        assert (done.order.state, order.state) == (OrderState.FILLED, OrderState.FILLED)
        both = await asyncio.gather(
            *(gateway.place(ANN, ticket(BUY, 5, "9.00", client_order_id=f"{n}")) for n in range(20))
        )
        assert len({one.order.order_id for one in both}) == 20

    play(story)


def test_waiting_for_an_event_ends_when_it_is_folded_and_may_be_given_up() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        await gateway.reached(0)
        given_up = asyncio.ensure_future(gateway.reached(1))
        waiting = asyncio.ensure_future(gateway.reached(3))
        await asyncio.sleep(0)
        given_up.cancel()
        await gateway.place(ANN, ticket(BUY, 10, "9.95"))
        await waiting
        assert session.views.seq >= 3

    play(story)


BAD = {
    "nothing called 'NONE' is traded": (ticket(BUY, 5, symbol="NONE"), Reason.UNKNOWN_INSTRUMENT),
    "quantity 12 is not a multiple of 5": (ticket(BUY, 12), Reason.QUANTITY_NOT_IN_INCREMENT),
    "quantity 5.5 is not a multiple of 5": (ticket(BUY, "5.5"), Reason.QUANTITY_NOT_IN_INCREMENT),
    "quantity must be a number above 0, not 0": (ticket(BUY, 0), Reason.INVALID_QUANTITY),
    "quantity must be a number above 0, not -5": (ticket(BUY, -5), Reason.INVALID_QUANTITY),
    "quantity must be a number above 0, not NaN": (ticket(BUY, "NaN"), Reason.INVALID_QUANTITY),
    "quantity must be a number above 0, not Infinity": (ticket(BUY, "Infinity"), Reason.INVALID_QUANTITY),
    "quantity 1E+999999 is too large or too small": (ticket(BUY, "1e999999"), Reason.INVALID_QUANTITY),
    "quantity 1E-999999 is too large or too small": (ticket(BUY, "1e-999999"), Reason.INVALID_QUANTITY),
    "quantity 5000000000000000000000 is too large to count; the maximum is 720,575,940": (
        ticket(BUY, "5000000000000000000000"),
        Reason.INVALID_QUANTITY,
    ),
    "limit price 1000000000000000000000000 is too large to count; the maximum is ": (
        ticket(BUY, 5, "1" + 24 * "0"),
        Reason.INVALID_PRICE,
    ),
    "give a quantity or a notional, and one alone": (ticket(BUY, 5, notional=5), Reason.INVALID_QUANTITY),
    "limit price 10.01 is not a multiple of 0.05": (ticket(BUY, 5, "10.01"), Reason.PRICE_NOT_IN_INCREMENT),
    "a limit order needs a limit price": (ticket(BUY, 5, order_type=OrderType.LIMIT), Reason.INVALID_PRICE),
    "a market order has no limit price": (
        ticket(BUY, 5, "10.00", order_type=OrderType.MARKET),
        Reason.INVALID_PRICE,
    ),
    "a stop order needs a stop price": (
        ticket(BUY, 5, order_type=OrderType.STOP),
        Reason.INVALID_TRIGGER_PRICE,
    ),
    "a limit order has no stop price": (ticket(BUY, 5, "10", stop_price=9), Reason.INVALID_TRIGGER_PRICE),
    "a market order has no trail": (ticket(BUY, 5, trail_amount=1), Reason.INVALID_TRIGGER_PRICE),
    "trails by an amount or by percent": (
        ticket(BUY, 5, order_type=OrderType.TRAILING_STOP, trail_amount=1, trail_percent=1),
        Reason.INVALID_TRIGGER_PRICE,
    ),
    "trail percent must be from 0.0001 to 99.9999": (
        ticket(BUY, 5, order_type=OrderType.TRAILING_STOP, trail_percent=100),
        Reason.INVALID_TRIGGER_PRICE,
    ),
    "trail percent must be from": (
        ticket(BUY, 5, order_type=OrderType.TRAILING_STOP, trail_percent="0.00001"),
        Reason.INVALID_TRIGGER_PRICE,
    ),
    "trail 0.001 is not a multiple of 0.01": (
        ticket(BUY, 5, order_type=OrderType.TRAILING_STOP, trail_amount="0.001"),
        Reason.INVALID_TRIGGER_PRICE,
    ),
    "only a limit order has a display quantity": (
        ticket(BUY, 5, display_quantity=5),
        Reason.INVALID_DISPLAY_QUANTITY,
    ),
    "good for the day, till cancelled or till a date has a display quantity": (
        ticket(BUY, 5, "10", display_quantity=5, time_in_force=TimeInForce.IOC),
        Reason.INVALID_DISPLAY_QUANTITY,
    ),
    "a display quantity of 5 is less than a part in 1,000 of the quantity; show at least 15": (
        ticket(BUY, 10_005, "10", display_quantity=5),
        Reason.INVALID_DISPLAY_QUANTITY,
    ),
    "cannot be post-only": (ticket(BUY, 5, post_only=True), Reason.INVALID_FLAGS),
    "has an expire time if it is good till a date": (
        ticket(BUY, 5, "10", time_in_force=TimeInForce.GTD),
        Reason.INVALID_EXPIRE_TIME,
    ),
    "and only then": (ticket(BUY, 5, "10", expire_time_ns=10**30), Reason.INVALID_EXPIRE_TIME),
    "up to 128 characters": (ticket(BUY, 5, client_order_id="x" * 129), Reason.INVALID_CLIENT_ORDER_ID),
    "can be printed": (ticket(BUY, 5, client_order_id="a\nb"), Reason.INVALID_CLIENT_ORDER_ID),
    "there is no order class 'mleg'": (ticket(BUY, 5, order_class="mleg"), Reason.INVALID_GROUP),
    "a simple order has neither": (ticket(BUY, 5, take_profit_limit="11"), Reason.INVALID_GROUP),
    "a bracket has a take-profit and a stop-loss": (
        ticket(BUY, 5, order_class="bracket", take_profit_limit="11"),
        Reason.INVALID_GROUP,
    ),
    "an oto has a take-profit or a stop-loss": (
        ticket(BUY, 5, order_class="oto", take_profit_limit="11", stop_loss_stop="9"),
        Reason.INVALID_GROUP,
    ),
    "a stop-loss needs a stop price": (
        ticket(BUY, 5, order_class="oto", stop_loss_limit="9"),
        Reason.INVALID_TRIGGER_PRICE,
    ),
    "take-profit at 9 must be above the stop-loss at 11": (
        ticket(BUY, 5, order_class="bracket", take_profit_limit="9", stop_loss_stop="11"),
        Reason.INVALID_PRICE,
    ),
    "take-profit at 11 must be below the stop-loss at 9": (
        ticket(
            BUY, 5, order_class="oco", order_type=OrderType.LIMIT, take_profit_limit="11", stop_loss_stop="9"
        ),
        Reason.INVALID_PRICE,
    ),
    "take-profit at 9.5 must be above the entry's limit of 10; it would trade at once": (
        ticket(BUY, 5, "10", order_class="bracket", take_profit_limit="9.5", stop_loss_stop="9"),
        Reason.INVALID_PRICE,
    ),
    "take-profit at 10 must be below the entry's limit of 10": (
        ticket(SELL, 5, "10", order_class="oto", take_profit_limit="10"),
        Reason.INVALID_PRICE,
    ),
    "stop-loss at 11 must be below the entry's limit of 10": (
        ticket(BUY, 5, "10", order_class="oto", stop_loss_stop="11"),
        Reason.INVALID_TRIGGER_PRICE,
    ),
    "stop-loss's limit at 9.5 must not be above its stop price of 9": (
        ticket(BUY, 5, order_class="oto", stop_loss_stop="9", stop_loss_limit="9.5"),
        Reason.INVALID_PRICE,
    ),
    "orders of a group are good for the day": (
        ticket(
            BUY,
            5,
            order_class="bracket",
            time_in_force=TimeInForce.IOC,
            take_profit_limit="11",
            stop_loss_stop="9",
        ),
        Reason.INVALID_TIME_IN_FORCE,
    ),
    "an oco is a limit order": (
        ticket(BUY, 5, order_class="oco", take_profit_limit="9", stop_loss_stop="11"),
        Reason.INVALID_GROUP,
    ),
    "only market and limit orders have a notional": (
        ticket(BUY, None, notional=100, order_type=OrderType.STOP, stop_price="10"),
        Reason.INVALID_QUANTITY,
    ),
    "nothing has traded and nothing is quoted": (ticket(BUY, None, notional=100), Reason.INVALID_QUANTITY),
    "buys less than 0.001 at 1000": (
        ticket(BUY, None, notional="0.5", symbol="COIN"),
        Reason.INVALID_QUANTITY,
    ),
}


@pytest.mark.parametrize("sentence", BAD)
def test_what_makes_no_sense_is_refused_in_a_sentence_and_not_sent(sentence: str) -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        asked, reason = BAD[sentence]
        refused = await refusal(gateway.place(ANN, asked))
        assert sentence in str(refused)
        assert refused.reason == reason
        assert refused.status == ("unknown" if reason == Reason.UNKNOWN_INSTRUMENT else "invalid")
        assert session.sent == []

    play(story)


def test_what_the_exchange_refuses_is_told_with_its_numbers() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        refused = await refusal(gateway.place(ANN, ticket(BUY, 2_000, "99.00")))
        assert (refused.status, refused.reason) == ("refused", Reason.INSUFFICIENT_BUYING_POWER)
        assert (
            str(refused)
            == "the order was refused: it requires 198,000.00 and the account has 100,000.00 free"
        )
        assert refused.order is session.views.orders.get(1)
        assert refused.details == {"value": "198000.000000", "limit": "100000.000000"}
        await gateway.place(ANN, ticket(BUY, 5, "9.00", client_order_id="same"))
        refused = await refusal(gateway.place(ANN, ticket(BUY, 5, "9.00", client_order_id="same")))
        assert refused.reason == Reason.DUPLICATE_CLIENT_ORDER_ID
        assert str(refused) == "client order id 'same' is that of open order 2; choose another"
        assert (await refusal(gateway.place(99, ticket(BUY, 5)))).status == "unknown"

    play(story)


def test_a_refused_order_gives_its_client_order_id_back() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        number = client_order_number("mine")
        await refusal(gateway.place(ANN, ticket(BUY, 50_000, "9.00", client_order_id="mine")))
        first = (await gateway.place(ANN, ticket(BUY, 5, "9.00", client_order_id="mine"))).order
        assert session.views.orders.by_client(ANN, number) is first
        await gateway.cancel(ANN, first.order_id)
        await refusal(gateway.place(ANN, ticket(BUY, 50_000, "9.00", client_order_id="mine")))
        # What was never taken does not stand in front of what was.
        assert session.views.orders.by_client(ANN, number) is first
        await refusal(gateway.place(ANN, ticket(BUY, 40_000, "9.00", client_order_id="mine")))
        assert session.views.orders.by_client(ANN, number) is first

    play(story)


def test_of_orders_that_were_all_refused_the_newest_has_their_client_order_id() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        number = client_order_number("mine")
        for quantity in (50_000, 40_000, 30_000):
            refused = await refusal(gateway.place(ANN, ticket(BUY, quantity, "9.00", client_order_id="mine")))
            latest = session.views.orders.by_client(ANN, number)
            assert latest is not None
            assert latest is refused.order
        taken = (await gateway.place(ANN, ticket(BUY, 5, "9.00", client_order_id="mine"))).order
        await refusal(gateway.place(ANN, ticket(BUY, 50_000, "9.00", client_order_id="mine")))
        assert session.views.orders.by_client(ANN, number) is taken

    play(story)


def test_a_bracket_goes_in_as_one_piece_and_works_as_one() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        asked = ticket(
            BUY,
            100,
            "10.00",
            order_class="bracket",
            take_profit_limit="11.00",
            stop_loss_stop="9.00",
            stop_loss_limit="8.95",
            client_order_id="entry",
            time_in_force=TimeInForce.GTC,
        )
        placed = await gateway.place(ANN, asked)
        assert len(session.sent) == 1
        assert len(session.sent[0]) == 3
        profit, loss = placed.legs
        assert placed.order.legs == placed.legs
        assert session.client_order_name(ANN, placed.order.client_order_id) == "entry"
        assert [each.state for each in (placed.order, profit, loss)] == [
            OrderState.NEW,
            OrderState.HELD,
            OrderState.HELD,
        ]
        assert (loss.order_type, loss.trigger_price_ticks, loss.price_ticks) == (
            OrderType.STOP_LIMIT,
            900,
            895,
        )
        moved = await gateway.replace(ANN, loss.order_id, Changes(stop_price=Decimal("9.50")))
        assert placed.order.legs == (profit, moved.order)
        await gateway.place(BOB, ticket(SELL, 100, "10.00"))
        assert [each.waits for each in placed.order.legs] == [Waits.NOTHING, Waits.TRIGGER]
        await gateway.place(BOB, ticket(BUY, 100, "11.00"))
        assert (profit.state, moved.order.state) == (OrderState.FILLED, OrderState.CANCELED)
        assert moved.order.reason == Reason.GROUP

    play(story)


def test_nothing_of_a_bracket_stays_when_its_entry_is_refused() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        asked = ticket(
            BUY, 2_000, "99.00", order_class="bracket", take_profit_limit="99.50", stop_loss_stop="9.00"
        )
        refused = await refusal(gateway.place(ANN, asked))
        assert refused.reason == Reason.INSUFFICIENT_BUYING_POWER
        assert session.views.orders.open_of(ANN) == []
        assert len(session.views.orders.of(ANN)) == 3

    play(story)


def test_an_oto_and_an_oco() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        placed = await gateway.place(
            ANN, ticket(BUY, 10, "10.00", order_class="oto", stop_loss_stop="9.00", client_order_id="with")
        )
        assert [leg.order_type for leg in placed.legs] == [OrderType.STOP]
        await gateway.place(BOB, ticket(SELL, 10, "10.00"))
        await gateway.cancel(ANN, placed.legs[0].order_id)
        oco = ticket(
            SELL,
            10,
            order_type=OrderType.LIMIT,
            order_class="oco",
            take_profit_limit="11.00",
            stop_loss_stop="9.00",
            client_order_id="exit",
        )
        placed = await gateway.place(ANN, oco)
        assert session.client_order_name(ANN, placed.order.client_order_id) == "exit"
        assert placed.order.price_ticks == 1_100
        assert [leg.parent_order_id for leg in placed.legs] == [placed.order.order_id]
        assert [each.state for each in (placed.order, *placed.legs)] == [OrderState.NEW, OrderState.HELD]
        await gateway.cancel(ANN, placed.order.order_id)
        assert session.views.orders.open_of(ANN) == []

    play(story)


def test_all_types_and_terms_reach_the_exchange() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        await gateway.place(BOB, ticket(SELL, 10, "10.00"))
        await gateway.place(CARL, ticket(BUY, 10, "10.00"))
        asked = ticket(
            BUY,
            100,
            "9.00",
            display_quantity=20,
            time_in_force=TimeInForce.GTD,
            expire_time_ns=10**15,
            self_trade_prevention=SelfTradePrevention.CANCEL_INCOMING,
            post_only=True,
        )
        iceberg = (await gateway.place(ANN, asked)).order
        assert (iceberg.display_lots, iceberg.expire_time_ns, iceberg.flags) == (20, 10**15, 1)
        assert session.sent[-1]["self_trade_prevention"] == SelfTradePrevention.CANCEL_INCOMING
        by_percent = ticket(SELL, 10, order_type=OrderType.TRAILING_STOP, trail_percent="1.5")
        stop = (await gateway.place(ANN, by_percent)).order
        assert (stop.trail_micros, stop.watermark_ticks, stop.trigger_price_ticks) == (15_000, 1_000, 985)
        stop = (await gateway.replace(ANN, stop.order_id, Changes(trail=Decimal(2)))).order
        assert (stop.trail_micros, stop.trigger_price_ticks) == (20_000, 980)
        by_amount = ticket(SELL, 10, order_type=OrderType.TRAILING_STOP, trail_amount="0.55")
        stop = (await gateway.place(ANN, by_amount)).order
        assert (stop.trail_ticks, stop.trigger_price_ticks) == (55, 945)
        stop = (await gateway.replace(ANN, stop.order_id, Changes(trail=Decimal("0.25")))).order
        assert (stop.trail_ticks, stop.trigger_price_ticks) == (25, 975)
        touched = ticket(SELL, 10, "12.00", order_type=OrderType.LIMIT_IF_TOUCHED, stop_price="11.50")
        order = (await gateway.place(ANN, touched)).order
        assert (order.trigger_price_ticks, order.price_ticks, order.waits) == (1_150, 1_200, Waits.TRIGGER)

    play(story)


def test_money_becomes_a_quantity_at_the_best_price_or_the_last_or_the_reference() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        def coins(side: Side, limit: object = None) -> Ticket:
            return ticket(side, None, limit, symbol="COIN", notional="1000")

        assert (await gateway.place(ANN, coins(BUY))).order.quantity_lots == 1_000
        await gateway.place(BOB, ticket(SELL, 3, 2_000, symbol="COIN"))
        assert (await gateway.place(ANN, coins(BUY))).order.quantity_lots == 500
        await gateway.place(BOB, ticket(BUY, 3, "1500.5", symbol="COIN"))
        assert (await gateway.place(ANN, coins(SELL))).order.quantity_lots == 666
        assert (await gateway.place(ANN, coins(BUY, 100))).order.quantity_lots == 10_000
        await gateway.cancel_all(BOB)
        await gateway.cancel_all(ANN)
        assert session.views.markets[1].last_price_ticks == 3_001
        assert (await gateway.place(ANN, coins(BUY))).order.quantity_lots == 666

    play(story)


def test_a_chain_of_replaces_and_what_cannot_be_replaced() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        first = (await gateway.place(ANN, ticket(BUY, 100, "9.00", client_order_id="a"))).order
        await gateway.place(BOB, ticket(SELL, 40, "9.00"))
        second = (
            await gateway.replace(ANN, first.order_id, Changes(quantity=Decimal(60), client_order_id="b"))
        ).order
        assert (second.quantity_lots, second.leaves_lots, second.executed_lots) == (60, 20, 40)
        assert (first.state, first.replaced_by, second.replaces) == (
            OrderState.REPLACED,
            second.order_id,
            first.order_id,
        )
        third = (await gateway.replace(ANN, second.order_id, Changes(limit_price=Decimal("9.10")))).order
        assert third.root_order_id == first.order_id
        assert session.client_order_name(ANN, third.client_order_id) == "b"
        late = await refusal(gateway.replace(ANN, first.order_id, Changes(quantity=Decimal(5))))
        assert str(late) == f"order {first.order_id} was replaced by order {second.order_id} already"
        below = await refusal(gateway.replace(ANN, third.order_id, Changes(quantity=Decimal(40))))
        assert below.reason == Reason.QUANTITY_BELOW_EXECUTED
        assert "its new total 40 is not above 40" in str(below)
        assert third.is_open
        await gateway.place(ANN, ticket(BUY, 5, "8.00", client_order_id="c"))
        double = await refusal(gateway.replace(ANN, third.order_id, Changes(client_order_id="c")))
        assert double.reason == Reason.DUPLICATE_CLIENT_ORDER_ID
        for changes, sentence in (
            (Changes(), "nothing is to change"),
            (Changes(time_in_force=TimeInForce.DAY), "nothing is to change"),
            (Changes(time_in_force=TimeInForce.GTC), "time in force of an order stays"),
            (Changes(stop_price=Decimal(9)), "has no stop price"),
            (Changes(trail=Decimal(9)), "has no trail"),
            (Changes(limit_price=Decimal("9.01")), "limit price 9.01 is not a multiple of 0.05"),
            (Changes(expire_time_ns=5), "is not good till a date"),
        ):
            refused = await refusal(gateway.replace(ANN, third.order_id, changes))
            assert sentence in str(refused)
            assert refused.status == "invalid"
        dated = ticket(BUY, 5, "8.00", time_in_force=TimeInForce.GTD, expire_time_ns=10**15)
        order = (await gateway.place(ANN, dated)).order
        never = await refusal(gateway.replace(ANN, order.order_id, Changes(expire_time_ns=10**30)))
        assert "the expire time is none that can be counted" in str(never)
        order = (await gateway.replace(ANN, order.order_id, Changes(expire_time_ns=10**16))).order
        assert order.expire_time_ns == 10**16

    play(story)


def test_cancels_are_answered_with_what_became_of_the_order() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        order = (await gateway.place(ANN, ticket(BUY, 100, "9.00"))).order
        others = await refusal(gateway.cancel(BOB, order.order_id))
        assert (others.status, str(others)) == ("unknown", f"you have no order {order.order_id}")
        canceled = await gateway.cancel(ANN, order.order_id)
        assert (canceled, canceled.state) == (order, OrderState.CANCELED)
        again = await refusal(gateway.cancel(ANN, order.order_id))
        assert (again.status, str(again)) == ("refused", f"order {order.order_id} was cancelled already")
        # It is filled before the cancel comes, and the views do not know yet.
        order = (await gateway.place(ANN, ticket(BUY, 10, "9.00"))).order
        session.late = 20
        fill = asyncio.ensure_future(gateway.place(BOB, ticket(SELL, 10, "9.00")))
        await asyncio.sleep(0)
        assert order.is_open
        late = await refusal(gateway.cancel(ANN, order.order_id))
        await fill
        assert str(late) == f"order {order.order_id} is filled already"
        assert late.reason == Reason.UNKNOWN_ORDER

    play(story)


def test_cancel_all_tells_of_each_order() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        one = (await gateway.place(ANN, ticket(BUY, 10, "9.00"))).order
        two = (await gateway.place(ANN, ticket(BUY, 1, "900", symbol="COIN"))).order
        await gateway.place(BOB, ticket(BUY, 10, "9.00"))
        assert await gateway.cancel_all(ANN, "COIN") == [(two.order_id, None)]
        assert await gateway.cancel_all(ANN) == [(one.order_id, None)]
        assert await gateway.cancel_all(ANN) == []
        assert len(session.views.orders.open_of(BOB)) == 1

    play(story)


def test_a_position_is_closed_wholly_partly_and_not_twice() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        none = await refusal(gateway.close_position(ANN, "ACME"))
        assert (none.status, str(none)) == ("unknown", "there is no position in ACME")
        await gateway.place(BOB, ticket(SELL, 100, "10.00"))
        await gateway.place(ANN, ticket(BUY, 100, "10.00"))
        await gateway.place(CARL, ticket(BUY, 1_000, "9.00"))
        quarter = await gateway.close_position(ANN, "ACME", percentage=Decimal(26))
        assert (quarter.order.side, quarter.order.quantity_lots) == (SELL, 25)
        await gateway.close_position(ANN, "ACME", quantity=Decimal(15))
        assert session.views.positions[ANN][0].position_lots == 60
        held = (await gateway.place(ANN, ticket(SELL, 50, "11.00"))).order
        refused = await refusal(gateway.close_position(ANN, "ACME"))
        assert str(refused) == (
            "ACME: insufficient quantity available: requested 60, available 10 "
            "(position 60, held for orders 50)"
        )
        assert refused.details["related_orders"] == [held.order_id]
        assert refused.details["available"] == "10"
        for amounts, sentence in (
            ({"percentage": Decimal(101)}, "at most 100"),
            ({"percentage": Decimal(1)}, "are less than 5"),
            ({"percentage": Decimal("NaN")}, "at most 100"),
            ({"percentage": Decimal(1), "quantity": Decimal(5)}, "one alone"),
            ({"quantity": Decimal(500)}, "insufficient quantity"),
        ):
            assert sentence in str(await refusal(gateway.close_position(ANN, "ACME", **amounts)))
        closed = await gateway.close_position(ANN, "ACME", cancel_orders=True)
        assert (closed.order.quantity_lots, held.state) == (60, OrderState.CANCELED)
        assert session.views.positions[ANN][0].position_lots == 0
        short = await gateway.close_position(BOB, "ACME", quantity=Decimal(5))
        assert (short.order.side, short.order.reason) == (BUY, Reason.NO_LIQUIDITY)

    play(story)


def test_an_order_that_is_refused_once_it_was_taken_is_an_order() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        resting = (await gateway.place(ANN, ticket(BUY, 1_000, "5.00"))).order
        await gateway.place(BOB, ticket(SELL, 5, "10.50"))
        await gateway.place(ANN, ticket(BUY, 5, "10.50"))
        await gateway.place(BOB, ticket(SELL, 950, "99.95"))
        # The last price triggers it at once; at 99.95 it needs more than the resting order leaves.
        placed = await gateway.place(ANN, ticket(BUY, 950, order_type=OrderType.STOP, stop_price="10.50"))
        assert placed.order.state == OrderState.REJECTED
        assert placed.order.reason == Reason.INSUFFICIENT_BUYING_POWER
        assert session.views.orders.open_of(ANN) == [resting]

    play(story)


def test_commands_of_a_market_that_is_closed() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        await session.send(make.set_phase(0, Phase.CLOSED))
        refused = await refusal(gateway.place(ANN, ticket(BUY, 5, "9.00")))
        assert (refused.reason, str(refused)) == (
            Reason.MARKET_CLOSED,
            "the order was refused: the market is closed",
        )

    play(story)


def test_an_order_is_explained_by_the_events_that_concern_it() -> None:
    async def story(session: Session, gateway: Gateway) -> None:
        await gateway.place(BOB, ticket(BUY, 10, "9.50", client_order_id="ahead"))
        order = (await gateway.place(ANN, ticket(BUY, 10, "9.50", client_order_id="mine"))).order
        for number in range(20):
            await gateway.place(CARL, ticket(BUY, number + 1, "90", symbol="COIN"))
        await gateway.place(CARL, ticket(SELL, 10, "9.50"))
        why = await gateway.explain(order.order_id)
        everything = np.concatenate(session.parts)
        names = {(ANN, order.client_order_id): "mine"}
        assert str(why) == str(explain(everything, order.order_id, session.venue, names=names))
        assert "mine" in str(why)
        about = events_about([everything], 0, ANN, session.views.seq)
        assert len(about) < len(everything)
        assert (await refusal(gateway.explain(10_000))).status == "unknown"
        bare = Gateway(session, session.views)
        assert "not at hand" in str(await refusal(bare.explain(order.order_id)))

    play(story)


def test_events_are_found_whatever_pieces_they_come_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(order_history, "_BLOCK_EVENTS", 7)
    events = np.zeros(100, dtype=EVENT)
    events["seq"] = np.arange(1, 101)
    events["instrument"] = np.arange(100) % 3 - 1
    events["account"] = np.arange(100) % 5
    about = (events["instrument"] <= 0) | (events["account"] == ANN)
    for upto, size in ((90, 1), (90, 20), (99, 3), (100, 1), (100, 100)):
        pieces = [events[at : at + size] for at in range(0, len(events), size)]
        wanted = events[about & (events["seq"] <= upto)]
        assert np.array_equal(events_about(pieces, 0, ANN, upto), wanted), (upto, size)
    assert not len(events_about([], 0, ANN, 90))


@pytest.mark.kernel
def test_a_real_session_answers_when_the_views_show_it(tmp_path: Path) -> None:
    """Twenty people at once, over the bus; what the views hold at the end is what the exchange holds."""
    scenario = (Path(__file__).parents[3] / "data" / "scenarios" / "classroom.toml").read_text("utf-8")
    free = {"seats.limits.orders_per_second": 0, "seats.limits.order_burst": 1}

    async def trader(gateway: Gateway, views: LiveViews, account: int) -> None:
        market = views.markets[0]
        for number in range(12):
            ticks = (market.quote.bid_price_ticks or 4_600) - number % 3
            price = market.instrument.price_from_ticks(ticks)
            placed = await gateway.place(
                account, ticket(BUY, 10, price, "HARBOR", client_order_id=f"{account}-{number}")
            )
            assert views.orders.get(placed.order.order_id) is placed.order
            if number % 3 == 0 and placed.order.is_open:
                # It may trade with an agent at any moment.
                with contextlib.suppress(OrderRefused):
                    await gateway.cancel(account, placed.order.order_id)
            elif number % 3 == 1 and placed.order.is_open:
                with contextlib.suppress(OrderRefused):
                    await gateway.replace(account, placed.order.order_id, Changes(quantity=Decimal(7)))
        bracket = ticket(
            BUY, 5, symbol="HARBOR", order_class="bracket", take_profit_limit="50", stop_loss_stop="42"
        )
        await gateway.place(account, bracket)

    async def story() -> None:
        sessions = Sessions(tmp_path)
        live = await sessions.create("class", scenario, overrides=free)
        views = LiveViews(live.venue, live.zone)
        gateway = Gateway(live, views)
        loop = asyncio.get_running_loop()
        listening = sessions.bus.listen("class", 1, lambda batch: views.apply(batch.events), loop)
        seats = [await live.join(f"user-{number}", f"U{number}") for number in range(20)]
        await live.move(SessionState.OPEN)
        await asyncio.gather(*(trader(gateway, views, seat.account) for seat in seats))
        await live.move(SessionState.PAUSED)

        def look(exchange: Exchange) -> tuple[int, Records, Records, Records]:
            seq = int(exchange.counters()["events"][0])
            return seq, exchange.orders(), exchange.accounts(), exchange.positions()

        seq, orders, accounts, positions = await live.ask(look)
        await gateway.reached(seq)
        assert views.session_state == SessionState.PAUSED
        for seat in seats:
            own = sorted(orders["order_id"][orders["account"] == seat.account].tolist())
            assert [order.order_id for order in views.orders.open_of(seat.account)] == own
            assert views.accounts[seat.account].cash_micros == accounts["cash_micros"][seat.account]
            held = positions["position_lots"][positions["account"] == seat.account]
            assert views.positions[seat.account][0].position_lots == held[0]
            assert len(views.orders.of(seat.account)) >= 15
        listening.close()
        await sessions.drain()

    asyncio.run(asyncio.wait_for(story(), 60))
