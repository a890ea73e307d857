"""The live views against the exchange's own state, the compiled projections, and by hand."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tests.projections.recordings import CASES, VENUES, Piece, recorded
from tests.projections.streams_of_events import split
from workbench.domain import commands as make
from workbench.domain.codes import (
    AccountState,
    EventKind,
    LimitKind,
    OrderFlag,
    OrderType,
    Phase,
    Place,
    SessionState,
    Side,
    TimeInForce,
)
from workbench.domain.config import FIRST_TRADER, Account, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.records import BUSTED, EVENT, SHADOW, TRADE_EVENT, Records
from workbench.domain.states import OrderState
from workbench.engine.reference import ReferenceExchange
from workbench.errors import ConfigError, ProjectionError
from workbench.projections.candles import Candles
from workbench.projections.depth import Depth
from workbench.projections.equity import Equity
from workbench.projections.live.order import LiveOrder, Waits
from workbench.projections.live.updates import News, OrderUpdate
from workbench.projections.live.views import LiveViews, Observer
from workbench.projections.orders import Orders
from workbench.projections.undone import Undone, busts_in

ANN, BOB, CARL = 2, 3, 4
EVERY_CASE = pytest.mark.parametrize(("venue", "profile"), CASES)
SAME = (
    "order_id",
    "client_order_id",
    "account",
    "instrument",
    "side",
    "order_type",
    "time_in_force",
    "flags",
    "price_ticks",
    "quantity_lots",
    "leaves_lots",
    "display_lots",
    "expire_time_ns",
    "group_id",
    "group_place",
    "trail_ticks",
    "trail_micros",
    "watermark_ticks",
)
"""Fields that the exchange's open orders have under the same name."""

OF_LIVES = (
    *SAME,
    "root_order_id",
    "executed_lots",
    "executed_value",
    "filled_value",
    "maker_lots",
    "fills",
    "fees_micros",
    "canceled_lots",
    "trigger_price_ticks",
    "created_lots",
    "entered_ns",
    "created_ns",
    "created_seq",
)
"""Fields that the rows of the compiled orders have under the same name."""

PLACES = {
    Place.SHOWN: Waits.NOTHING,
    Place.LIVE: Waits.NOTHING,
    Place.MARKET_QUEUE: Waits.NOTHING,
    Place.TRIGGER: Waits.TRIGGER,
    Place.GROUP: Waits.GROUP,
    Place.RELEASED: Waits.TRADING,
    Place.AUCTION: Waits.AUCTION,
}


def columns(orders: list[LiveOrder], name: str) -> list[Any]:
    return [getattr(order, name) for order in orders]


def check_orders(views: LiveViews, piece: Piece) -> None:
    expected = piece.state.orders
    expected = expected[expected["account"] != 0]
    expected = expected[np.argsort(expected["order_id"])]
    got = sorted(
        (order for account in views.accounts for order in views.orders.open_of(account)),
        key=lambda order: order.order_id,
    )
    assert columns(got, "order_id") == expected["order_id"].tolist()
    for name in SAME:
        assert columns(got, name) == expected[name].tolist(), name
    assert [int(order.state) for order in got] == expected["order_state"].tolist()
    assert [order.waits for order in got] == [PLACES[Place(place)] for place in expected["book"].tolist()]
    # Of a market order in a market queue the view shows the price that it is valued at.
    priced = expected["book"] != Place.MARKET_QUEUE
    triggers = np.array(columns(got, "trigger_price_ticks"), dtype=np.int64)
    np.testing.assert_array_equal(triggers[priced], expected["trigger_price_ticks"][priced])
    for order in got:
        assert order.is_open
        assert order.announced == (order.waits in (Waits.NOTHING, Waits.TRIGGER) or order.triggered_ns != 0)


def check_accounts(views: LiveViews, piece: Piece) -> None:
    state = piece.state
    accounts = state.accounts
    for number, account in views.accounts.items():
        theirs = accounts[number]
        assert account.cash_micros == theirs["cash_micros"]
        assert account.fees_micros == theirs["fees_micros"]
        assert account.state == theirs["state"]
        assert account.margin_call == bool(theirs["margin_call"])
        assert account.call_deadline_ns == theirs["call_deadline_ns"]
        assert views.worth(number).equity_micros == piece.equity_micros[number]
        assert views.worth(number).unrealised_micros == piece.unrealised_micros[number]
        held = state.positions[state.positions["account"] == number]
        traded = {row["instrument"]: row for row in held if row["instrument"] in account.positions}
        for instrument, position in account.positions.items():
            if instrument not in traded:
                assert position.position_lots == 0
                continue
            for name in (
                "position_lots",
                "cost_micros",
                "realised_average_micros",
                "realised_fifo_micros",
                "fees_micros",
                "traded_lots",
            ):
                assert getattr(position, name) == traded[instrument][name], name
            assert position.running_lots == position.position_lots
        rest = held[~np.isin(held["instrument"], list(account.positions))]
        assert not rest["position_lots"].any()


def check_markets(views: LiveViews, piece: Piece) -> None:
    for market, theirs in zip(views.markets, piece.state.instruments, strict=True):
        assert (market.phase, market.last_price_ticks) == (theirs["phase"], theirs["last_price_ticks"])
        assert (market.volume_lots, market.trades) == (theirs["volume_lots"], theirs["trades"])
        for name in (
            "bid_price_ticks",
            "bid_lots",
            "bid_orders",
            "ask_price_ticks",
            "ask_lots",
            "ask_orders",
        ):
            assert getattr(market.quote, name) == theirs[name], name
        for name in (
            "reference_ticks",
            "limit_down_ticks",
            "limit_up_ticks",
            "collar_low_ticks",
            "collar_high_ticks",
            "close_price_ticks",
            "reference_price_ticks",
            "short_sales_restricted",
            "band_low_ticks",
            "band_high_ticks",
            "window_low_ticks",
            "window_high_ticks",
        ):
            assert getattr(market, name) == theirs[name], name
        if theirs["collecting"] == theirs["phase"] != Phase.CONTINUOUS:
            indicated = market.indication
            assert indicated.price_ticks == theirs["indicative_price_ticks"]
            assert indicated.paired_lots == theirs["indicative_paired_lots"]
            assert indicated.imbalance_lots == theirs["indicative_imbalance_lots"]


@EVERY_CASE
def test_they_are_the_exchanges_state_after_every_piece(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    views = LiveViews(VENUES[venue])
    for piece in recorded(venue, profile, 0, scaled(400)).pieces:
        views.apply(piece.events)
        check_orders(views, piece)
        check_accounts(views, piece)
        check_markets(views, piece)


@pytest.mark.kernel
@EVERY_CASE
def test_every_order_ever_is_the_compiled_rows(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    events = recorded(venue, profile, 1, scaled(400)).events
    views, rows = LiveViews(VENUES[venue]), Orders(VENUES[venue])
    views.apply(events)
    rows.apply(events)
    ended = rows._ended[: int(rows._room["ended"][0])]
    both = np.concatenate([ended, rows.orders()])
    traders = both["account"] >= FIRST_TRADER
    # The house and numbers that nobody has may ask for orders, which are refused.
    traders &= both["account"] < FIRST_TRADER + len(VENUES[venue].accounts)
    both = np.sort(both[traders], order="order_id")
    orders = list(views.orders)
    assert columns(orders, "order_id") == both["order_id"].tolist()
    for name in OF_LIVES:
        assert columns(orders, name) == both[name].tolist(), name
    assert columns(orders, "replaces") == both["predecessor_order_id"].tolist()
    assert columns(orders, "replaced_by") == both["successor_order_id"].tolist()
    assert [int(order.state) for order in orders] == both["order_state"].tolist()
    for account in views.accounts:
        own = [order.order_id for order in orders if order.account == account]
        assert columns(list(views.orders.of(account)), "order_id") == own


@pytest.mark.kernel
@EVERY_CASE
def test_the_equity_curve_is_that_of_the_compiled_projection(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    # Fewer may pass no minute at all.
    events = recorded(venue, profile, 2, max(scaled(300), 200)).events
    events = events.copy()
    # Views that leave out a command of which they need nothing have not heard that the one before it is over.
    last = events["command_seq"][events["kind"] == EventKind.POSITION_CHANGED][-1]
    events = events[events["command_seq"] <= last]
    # Streams of a few seconds, made as slow as minutes are.
    events["time_ns"] *= 997
    views, equity = LiveViews(VENUES[venue]), Equity(VENUES[venue])
    views.apply(events)
    equity.apply(events)
    rows = equity.take_records()
    assert len(rows)
    for account in views.accounts:
        own = rows[rows["account"] == account]
        got = views.equity(account)
        changed = np.ones(len(own), dtype=bool)
        # The compiled rows are written for a change of realised profit as well.
        same = (np.diff(own["equity_micros"]) == 0) & (np.diff(own["cash_micros"]) == 0)
        changed[1:] = ~same
        own = own[changed]
        assert [sample.time_ns for sample in got] == own["time_ns"].tolist()
        assert [sample.equity_micros for sample in got] == own["equity_micros"].tolist()
        assert [sample.cash_micros for sample in got] == own["cash_micros"].tolist()


@pytest.mark.kernel
@pytest.mark.parametrize(("venue", "profile"), CASES[::3])
def test_minute_bars_and_depth_are_those_of_the_compiled_projections(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    events = recorded(venue, profile, 3, scaled(300)).events.copy()
    events["time_ns"] *= 997
    views, candles, depth = LiveViews(VENUES[venue]), Candles(VENUES[venue]), Depth(VENUES[venue])
    undone = Undone(VENUES[venue], busts_in([events]))
    for batch in split(events, 5, 200):
        views.apply(batch)
        candles.apply(undone.rewrite(batch))
        depth.apply(batch)
    for number, market in enumerate(views.markets):
        for interval, every in (("1min", market.minutes), ("1d", market.days)):
            series = candles._of(interval)
            rows = np.concatenate([series.closed, series.fold.opened])
            rows = np.sort(rows[rows["instrument"] == number], order="start_ns")
            # A bar of which nothing stands stays for those who have it, flat and without trades.
            bars = [bar for bar in every if bar.trades]
            assert [bar.start_ns for bar in bars] == rows["start_ns"].tolist()
            for name in ("open_ticks", "high_ticks", "low_ticks", "close_ticks", "volume_lots", "trades"):
                assert [getattr(bar, name) for bar in bars] == rows[name].tolist(), name
        for side in (Side.BUY, Side.SELL):
            ours, theirs = views.depth.depth(number, side, 99), depth.depth(number, side, 99)
            assert ours.tolist() == theirs.tolist()


class Log(Observer):
    """Writes down all that it is told."""

    def __init__(self) -> None:
        self.said: list[tuple[Any, ...]] = []
        self.updates: list[OrderUpdate] = []

    def order(self, update: OrderUpdate) -> None:
        order = update.order
        self.updates.append(update)
        self.said.append(("order", *update[:3], order.order_id, order.state, order.leaves_lots, *update[4:]))

    def trade(self, instrument: int, trade: Any) -> None:
        self.said.append(("trade", instrument, *trade))

    def quote(self, instrument: int, quote: Any) -> None:
        self.said.append(("quote", instrument, *quote))

    def bar(self, instrument: int, bar: Any) -> None:
        self.said.append(("bar", instrument, bar.start_ns, bar.close_ticks, bar.volume_lots))

    def phase(self, instrument: int, phase: Any, reason: Any, time_ns: int) -> None:
        self.said.append(("phase", instrument, phase, reason, time_ns))

    def market(self, instrument: int, kind: EventKind, time_ns: int) -> None:
        self.said.append(("market", instrument, kind, time_ns))

    def auction(self, instrument: int, indication: Any) -> None:
        self.said.append(("auction", instrument, *indication))

    def account(self, account: int, notice: Any) -> None:
        self.said.append(("account", account, *notice))

    def cash(self, account: int, change: Any) -> None:
        self.said.append(("cash", account, *change))

    def position(self, account: int, instrument: int) -> None:
        self.said.append(("position", account, instrument))


def everything(views: LiveViews) -> list[Any]:
    """All that the views hold, in a form that can be compared."""
    names = LiveOrder.__slots__
    orders = [
        [getattr(order, name) for name in names if name != "group"] + [[leg.order_id for leg in order.legs]]
        for order in views.orders
    ]
    accounts = [
        (
            account.cash_micros,
            account.state,
            account.day_equity_micros,
            list(account.fills),
            account.cash_changes,
            account.notices,
            [(key, p.position_lots, p.cost_micros, p.running_lots) for key, p in account.positions.items()],
            list(views.equity(number)),
        )
        for number, account in views.accounts.items()
    ]
    markets = [
        (
            market.phase,
            market.quote,
            market.last,
            market.indication,
            market.uncrossed,
            market.mark_ticks,
            [(bar.start_ns, bar.close_ticks, bar.value) for bar in market.minutes],
            views.trades(number).rows.tolist(),
            views.quotes(number).rows.tolist(),
        )
        for number, market in enumerate(views.markets)
    ]
    return [views.seq, views.time_ns, views.session_state, orders, accounts, markets]


@pytest.mark.parametrize(("venue", "profile"), CASES)
def test_any_batches_and_events_given_twice_lead_to_the_same(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    events = recorded(venue, profile, 4, scaled(200)).events
    whole, pieces = LiveViews(VENUES[venue]), LiveViews(VENUES[venue])
    log, other = Log(), Log()
    whole.observers.append(log)
    pieces.observers.append(other)
    whole.apply(events)
    whole.apply(events)
    whole.apply(events[len(events) // 2 :])
    for number, batch in enumerate(split(events, 4, 40)):
        pieces.apply(batch)
        if number % 3 == 0:
            pieces.apply(batch)
    assert everything(whole) == everything(pieces)
    bars = [[one for one in each.said if one[0] == "bar"] for each in (log, other)]
    rest = [[one for one in each.said if one[0] != "bar"] for each in (log, other)]
    assert bars[0] == bars[1]
    assert rest[0] == rest[1]


@EVERY_CASE
def test_new_comes_once_and_before_any_fill_and_ends_come_last(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    views, log = LiveViews(VENUES[venue]), Log()
    views.observers.append(log)
    for piece in recorded(venue, profile, 5, scaled(400)).pieces:
        views.apply(piece.events)
    told: dict[int, list[News]] = {}
    for update in log.updates:
        told.setdefault(update.order.order_id, []).append(update.news)
    ends = {News.FILL, News.CANCELED, News.EXPIRED, News.REPLACED, News.REJECTED}
    afterwards = {News.CANCEL_REJECTED, News.REPLACE_REJECTED}
    for order_id, news in told.items():
        order = views.orders.get(order_id)
        assert order is not None
        alive = [one for one in news if one not in afterwards]
        assert alive.count(News.NEW) == order.announced
        fills = [at for at, one in enumerate(alive) if one in (News.FILL, News.PARTIAL_FILL)]
        if fills:
            assert News.NEW in alive[: fills[0]]
        assert len(fills) == order.fills
        ended = [at for at, one in enumerate(alive) if one in ends]
        assert ended == ([] if order.is_open else [len(alive) - 1])
    for update in log.updates:
        if update.kind in (EventKind.ORDER_FILLED, EventKind.ORDER_PARTIALLY_FILLED):
            assert update.last_lots > 0


@pytest.mark.parametrize(("venue", "profile"), CASES[:6])
def test_fills_say_the_position_that_the_ledger_then_books(
    venue: str, profile: str, scaled: Callable[[int], int]
) -> None:
    views = LiveViews(VENUES[venue])
    for piece in recorded(venue, profile, 6, scaled(300)).pieces:
        before = {number: len(account.fills) for number, account in views.accounts.items()}
        views.apply(piece.events)
        for number, account in views.accounts.items():
            last = {fill.instrument: fill for fill in account.fills[before[number] :]}
            splits = piece.events["kind"] == EventKind.INSTRUMENT_SPLIT
            if splits.any():
                continue
            for instrument, fill in last.items():
                assert fill.position_lots == account.positions[instrument].position_lots


def test_the_tape_has_every_trade_and_quote_of_the_market(scaled: Callable[[int], int]) -> None:
    events = recorded("responsive", "history", 0, scaled(400)).events
    views = LiveViews(VENUES["responsive"])
    for batch in split(events, 1, 100):
        views.apply(batch)
    trades = events[(events["kind"] == EventKind.TRADE) & (events["flags"] & SHADOW == 0)].view(TRADE_EVENT)
    busts = busts_in([events])
    assert len(busts)
    for number in range(len(views.markets)):
        own = trades[trades["instrument"] == number]
        column = views.trades(number)
        assert len(column) == len(own)
        busted = np.isin(own["trade_id"], busts["trade_id"])
        assert views.markets[number].trades == len(own) - busted.sum()
        assert views.markets[number].busts == busted.sum()
        for name in ("seq", "time_ns", "price_ticks", "quantity_lots", "trade_id", "side"):
            np.testing.assert_array_equal(column.rows[name], own[name])
        np.testing.assert_array_equal(column.rows["flags"], own["flags"] | np.where(busted, BUSTED, 0))
        quotes = events[(events["kind"] == EventKind.QUOTE) & (events["instrument"] == number)]
        assert views.quotes(number).rows["seq"].tolist() == quotes["seq"].tolist()
    column = views.trades(0)
    middle = column.rows[len(column) // 2]
    assert column.after(int(middle["seq"])).tolist() == column.rows[len(column) // 2 + 1 :].tolist()
    assert column.before(int(middle["seq"])).tolist() == column.rows[: len(column) // 2].tolist()
    times = column.rows["time_ns"]
    got = column.between(int(times[3]), int(times[-3]))
    assert got.tolist() == column.rows[(times >= times[3]) & (times < times[-3])].tolist()


# ---------------------------------------------------------------------- by hand


def one_stock(**settings: Any) -> Venue:
    traders = [Account(name, cash=100_000) for name in ("ann", "bob", "carl")]
    return Venue([Instrument("ONE", "1.00", "100.00", **settings)], traders)


class Desk:
    """A small exchange whose views and updates can be looked at."""

    def __init__(self, venue: Venue | None = None) -> None:
        venue = venue or one_stock()
        self.twin = ReferenceExchange(venue)
        self.views = LiveViews(venue)
        self.log = Log()
        self.views.observers.append(self.log)
        self.time_ns = 0

    def do(self, *commands: Records) -> list[tuple[int, str]]:
        """Applies commands; order id and news of each update that has any."""
        before = len(self.log.updates)
        batch = make.batch(commands)
        for command in batch:
            self.time_ns = max(self.time_ns + 1_000, int(command["time_ns"]))
            command["time_ns"] = self.time_ns
        self.views.apply(self.twin.step(batch))
        return [(one.order.order_id, str(one.news)) for one in self.log.updates[before:] if one.news]

    def order(self, order_id: int) -> LiveOrder:
        found = self.views.orders.get(order_id)
        assert found is not None
        return found


order = functools.partial(make.new_order, 0)


def test_a_bracket_is_told_as_its_owner_thinks_of_it() -> None:
    desk = Desk()
    target = order(
        ANN,
        0,
        Side.SELL,
        100,
        1_100,
        client_order_id=7,
        group_id=7,
        group_place=1,
        flags=OrderFlag.GROUP_CHILD,
    )
    stop = order(
        ANN,
        0,
        Side.SELL,
        100,
        order_type=OrderType.STOP,
        trigger_price_ticks=900,
        client_order_id=8,
        group_id=7,
        group_place=2,
        flags=OrderFlag.GROUP_CHILD,
    )
    entry = order(
        ANN, 0, Side.BUY, 100, 1_000, client_order_id=9, group_id=7, group_place=3, flags=OrderFlag.GROUP_LAST
    )
    said = desk.do(target, stop, entry)
    assert said == [
        (1, "pending_new"),
        (1, "held"),
        (2, "pending_new"),
        (2, "held"),
        (3, "pending_new"),
        (3, "new"),
    ]
    parent = desk.order(3)
    assert [leg.order_id for leg in parent.legs] == [1, 2]
    assert (desk.order(1).parent_order_id, desk.order(2).parent_order_id, parent.parent_order_id) == (3, 3, 0)
    assert parent.group is not None
    assert parent.group.name == "bracket"
    assert desk.do(make.replace_order(0, ANN, order_id=1, price_ticks=1_200)) == [
        (1, "replaced"),
        (4, "held"),
    ]
    assert [leg.order_id for leg in parent.legs] == [4, 2]
    assert (desk.order(1).replaced_by, desk.order(4).replaces, desk.order(4).root_order_id) == (4, 1, 1)
    assert desk.do(order(BOB, 0, Side.SELL, 100, 1_000))[2:] == [
        (3, "fill"),
        (5, "fill"),
        (2, "new"),
        (4, "new"),
    ]
    assert desk.do(order(BOB, 0, Side.BUY, 40, 1_200))[2:] == [
        (4, "partial_fill"),
        (6, "fill"),
        (2, "reduced"),
    ]
    assert desk.do(order(BOB, 0, Side.BUY, 60, 1_200))[2:] == [(4, "fill"), (7, "fill"), (2, "canceled")]
    assert [order.order_id for order in desk.views.orders.chain(desk.order(4))] == [1, 4]


def test_one_cancels_the_other_hangs_on_its_first_leg() -> None:
    desk = Desk()
    high = order(ANN, 0, Side.SELL, 10, 1_100, client_order_id=7, group_id=7, group_place=1)
    low = order(
        ANN,
        0,
        Side.SELL,
        10,
        order_type=OrderType.STOP,
        trigger_price_ticks=900,
        client_order_id=8,
        group_id=7,
        group_place=2,
        flags=OrderFlag.GROUP_LAST,
    )
    said = desk.do(high, low)
    assert said == [
        (1, "pending_new"),
        (1, "held"),
        (2, "pending_new"),
        (2, "held"),
        (1, "new"),
        (2, "new"),
    ]
    assert [leg.order_id for leg in desk.order(1).legs] == [2]
    assert desk.order(2).parent_order_id == 1
    assert desk.do(make.cancel_order(0, ANN, order_id=1)) == [(1, "canceled"), (2, "canceled")]


def test_a_trailing_stop_shows_its_watermark_and_where_it_triggers() -> None:
    desk = Desk()
    desk.do(order(BOB, 0, Side.SELL, 10, 1_000), order(CARL, 0, Side.BUY, 10, 1_000))
    trailing = order(ANN, 0, Side.SELL, 10, order_type=OrderType.TRAILING_STOP, trigger_price_ticks=50)
    assert desk.do(trailing) == [(3, "pending_new"), (3, "new")]
    stop = desk.order(3)
    assert (stop.watermark_ticks, stop.trigger_price_ticks, stop.trail_ticks) == (1_000, 950, 50)
    desk.do(order(BOB, 0, Side.SELL, 10, 1_080), order(CARL, 0, Side.BUY, 10, 1_080))
    assert (stop.watermark_ticks, stop.trigger_price_ticks) == (1_080, 1_030)
    desk.do(make.replace_order(0, ANN, order_id=3, trigger_price_ticks=30))
    stop = desk.order(stop.replaced_by)
    assert (stop.watermark_ticks, stop.trigger_price_ticks, stop.trail_ticks) == (1_080, 1_050, 30)
    said = desk.do(order(BOB, 0, Side.SELL, 10, 1_040), order(CARL, 0, Side.BUY, 10, 1_040))
    assert [news for number, news in said if number == stop.order_id] == ["triggered", "canceled"]
    assert stop.triggered_ns == desk.time_ns


def test_what_could_not_be_had_at_once_and_what_is_refused_later() -> None:
    desk = Desk()
    desk.do(order(BOB, 0, Side.SELL, 30, 1_000))
    ioc = order(ANN, 0, Side.BUY, 50, 1_000, time_in_force=TimeInForce.IOC)
    assert [one for one in desk.do(ioc) if one[0] == 2] == [
        (2, "pending_new"),
        (2, "new"),
        (2, "partial_fill"),
        (2, "canceled"),
    ]
    late = desk.do(
        make.cancel_order(0, ANN, order_id=2), make.replace_order(0, ANN, order_id=2, quantity_lots=9)
    )
    assert late == [(2, "order_cancel_rejected"), (2, "order_replace_rejected")]
    assert desk.order(2).state == OrderState.CANCELED
    fill = next(one for one in desk.log.updates if one.news == News.PARTIAL_FILL)
    assert (fill.last_lots, fill.last_price_ticks, fill.position_lots) == (30, 1_000, 30)


def test_a_halt_suspends_and_the_close_expires() -> None:
    desk = Desk()
    desk.do(order(ANN, 0, Side.BUY, 10, 1_000), order(ANN, 0, Side.BUY, 10, 990))
    desk.do(make.set_phase(0, Phase.HALTED))
    assert {one.state for one in desk.views.orders.open_of(ANN)} == {OrderState.SUSPENDED}
    desk.do(make.set_phase(0, Phase.CONTINUOUS))
    assert {one.state for one in desk.views.orders.open_of(ANN)} == {OrderState.NEW}
    assert desk.do(make.set_phase(0, Phase.CLOSED)) == [(1, "expired"), (2, "expired")]
    assert desk.order(1).expired_ns == desk.time_ns


def test_a_suspension_is_a_notice_and_ends() -> None:
    desk = Desk()
    desk.do(make.suspend_account(0, ANN))
    account = desk.views.accounts[ANN]
    assert (account.state, len(account.notices)) == (AccountState.SUSPENDED, 1)
    desk.do(
        make.reinstate_account(0, ANN), make.transfer_cash(0, ANN, 5_000_000), make.fine(0, ANN, 1_000_000)
    )
    assert (account.state, account.deposits_micros) == (AccountState.ACTIVE, 5_000_000)
    assert [change.amount_micros for change in account.cash_changes] == [5_000_000, -1_000_000]


def test_the_sessions_own_events_and_limits_are_followed() -> None:
    class Listener(Log):
        def session(self, state: SessionState, time_ns: int) -> None:
            self.said.append(("session", state, time_ns))

        def announced(self, number: int, instrument: int, time_ns: int) -> None:
            self.said.append(("announced", number, instrument, time_ns))

    desk, listener = Desk(), Listener()
    desk.views.observers[:] = [listener]
    desk.do(
        make.set_session_state(0, SessionState.LOBBY),
        make.announce(0, 7, 0),
        make.announce(0, 8),
        make.set_limit(0, ANN, LimitKind.MAX_ORDER_LOTS, 50),
        make.set_limit(0, ANN, LimitKind.MAX_ORDER_LOTS, 60),
    )
    views = desk.views
    assert views.session_state == SessionState.LOBBY
    assert views.announcements == [(7, 0, 2_000), (8, -1, 3_000)]
    assert views.accounts[ANN].limits == {LimitKind.MAX_ORDER_LOTS: 60}
    notice = views.accounts[ANN].notices[-1]
    assert (notice.limit_kind, notice.value, notice.limit) == (LimitKind.MAX_ORDER_LOTS, 60, 50)
    assert [one[0] for one in listener.said] == ["session", "announced", "announced", "account", "account"]


def test_only_the_orders_of_people_are_kept() -> None:
    desk = Desk()
    views = LiveViews(desk.twin.venue, people=lambda account: account == ANN)
    desk.do(order(ANN, 0, Side.BUY, 10, 1_000), order(BOB, 0, Side.SELL, 4, 1_000))
    desk2 = ReferenceExchange(desk.twin.venue)
    views.apply(
        desk2.step(make.batch([order(ANN, 0, Side.BUY, 10, 1_000), order(BOB, 0, Side.SELL, 4, 1_000)]))
    )
    assert [order.order_id for order in views.orders] == [1]
    assert list(views.accounts) == [ANN]
    assert views.markets[0].volume_lots == 4
    assert views.positions[ANN][0].position_lots == 4


def test_an_observer_is_called_for_what_it_overrides_alone() -> None:
    class Trades(Observer):
        def __init__(self) -> None:
            self.prices: list[tuple[int, int]] = []

        def trade(self, instrument: int, trade: Any) -> None:
            self.prices.append((instrument, trade.price_ticks))

    desk, watcher = Desk(), Trades()
    desk.views.observers.append(watcher)
    desk.do(order(ANN, 0, Side.BUY, 10, 1_000), order(BOB, 0, Side.SELL, 4, 1_000))
    assert watcher.prices == [(0, 1_000)]
    assert desk.views._hooks["quote"] == [desk.log.quote]
    desk.views.observers.remove(watcher)
    desk.do(order(BOB, 0, Side.SELL, 4, 1_000))
    assert watcher.prices == [(0, 1_000)]


def test_a_minute_closes_when_time_has_passed_it() -> None:
    desk = Desk()
    desk.do(order(ANN, 0, Side.BUY, 10, 1_000), order(BOB, 0, Side.SELL, 4, 1_000))
    assert not [one for one in desk.log.said if one[0] == "bar"]
    desk.views.advance(60_000_000_000)
    assert [one for one in desk.log.said if one[0] == "bar"] == [("bar", 0, 0, 1_000, 4)]
    desk.views.advance(120_000_000_000)
    assert len([one for one in desk.log.said if one[0] == "bar"]) == 1


def test_gaps_and_other_records_are_refused() -> None:
    desk = Desk()
    events = desk.twin.step(order(ANN, 0, Side.BUY, 10, 1_000))
    with pytest.raises(ProjectionError, match="event 2 came after event 0, expected 1"):
        desk.views.apply(events[1:])
    with pytest.raises(ProjectionError, match="event 3 came after event 1, expected 2"):
        desk.views.apply(events[::2])
    with pytest.raises(ProjectionError, match="take a row of EVENT records"):
        desk.views.apply(np.zeros((2, 2), dtype=EVENT))
    assert desk.views.seq == 0
    with pytest.raises(ConfigError, match="keeps no accounts"):
        LiveViews(Venue([Instrument("ONE", "1", "2")], bare=True))


def test_events_of_an_order_that_nobody_created_fail_for_good() -> None:
    desk = Desk()
    events = desk.twin.step(order(ANN, 0, Side.BUY, 10, 1_000))
    events = events[1:].copy()
    events["seq"] -= 1
    with pytest.raises(ProjectionError, match="event 1 tells of order 1"):
        desk.views.apply(events)
    with pytest.raises(ProjectionError, match="could not be taken in"):
        desk.views.apply(events)
