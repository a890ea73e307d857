"""A recorded session as a strategy's market: what it hears is what was, and its orders do what they did."""

import numpy as np
import pytest

import workbench as wb
from tests.session.markets import SECOND_NS, START_NS, flow, two_stocks
from tests.studies.examples import QuotesAtOnce
from workbench.domain.codes import CommandKind, EventKind, OrderType, Side, TimeInForce
from workbench.domain.commands import batch, bust_trade, clock, new_order
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.records import FILL_EVENT, TRADE_EVENT
from workbench.engine.exchange import Exchange
from workbench.engine.frames import of_kind
from workbench.errors import ConfigError, SourceError
from workbench.session.recorded import RecordedSession
from workbench.session.stored import open_session
from workbench.studies.backtest import backtest, cut, read_source
from workbench.studies.strategy import Strategy
from workbench.studies.sweep import sweep

COUNT = 160
ZED = 4
LATENCY_NS = 100_000_000
PLAN = {at: (at % 3 != 1, 30 + at % 7, at % 4 == 0) for at in range(3, COUNT // 4 - 2, 2)}
"""At which second: whether to buy, how much, and whether at the market."""


def price_of(buys):
    return 10_003 if buys else 9_997


def market():
    """Commands of a day with an account that trades by the plan, and with trades busted."""
    base = two_stocks()
    venue = Venue(
        base.instruments,
        [*base.accounts, Account("zed", 1_000_000)],
        start_time_ns=START_NS,
        kept_trades=1_000,
    )
    own = [
        new_order(
            START_NS + at * SECOND_NS + LATENCY_NS,
            ZED,
            0,
            Side.BUY if buys else Side.SELL,
            lots,
            0 if at_market else price_of(buys),
            client_order_id=i + 1,
            order_type=OrderType.MARKET if at_market else OrderType.LIMIT,
            time_in_force=TimeInForce.IOC if at_market else TimeInForce.DAY,
        )
        for i, (at, (buys, lots, at_market)) in enumerate(PLAN.items())
    ]
    commands = np.concatenate([flow(COUNT)[:-1], *own])
    commands = commands[np.argsort(commands["time_ns"], kind="stable")]
    end_ns = int(commands["time_ns"][-1]) + SECOND_NS
    trades = of_kind(Exchange(venue).step(commands), EventKind.TRADE).view(TRADE_EVENT)
    theirs = trades[(trades["account"] != ZED) & (trades["maker_account"] != ZED)]
    busts = [bust_trade(end_ns, int(number)) for number in theirs["trade_id"][-3:]]
    return venue, np.concatenate([commands, *busts, clock(end_ns + SECOND_NS)])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("data")
    venue, commands = market()
    with RecordedSession.create(root, "monday", venue) as session:
        session.step(commands)
    return root


class Listener(Strategy):
    def on_start(self, desk):
        self.quotes, self.trades = [], []

    def on_quote(self, desk, quote):
        self.quotes.append(quote)

    def on_trade(self, desk, trade):
        self.trades.append((trade.time_ns, trade.price_ticks, trade.quantity_lots, int(trade.side)))


class Planned(Strategy):
    """What zed did."""

    timer = "1s"

    def on_timer(self, desk, time_ns):
        at = (time_ns - START_NS) // SECOND_NS
        if at in PLAN:
            buys, lots, at_market = PLAN[at]
            (desk.buy if buys else desk.sell)(lots, 0 if at_market else price_of(buys))


class Shifted(Planned, Listener):
    """It has orders far away besides, so that everybody's later orders have other ids; and hears of all."""

    def on_timer(self, desk, time_ns):
        desk.buy(1, 101)
        super().on_timer(desk, time_ns)


@pytest.mark.parametrize("symbol", ["ACME", "ZEN"])
def test_who_does_nothing_hears_what_was(root, symbol):
    strategy = Listener()
    backtest(strategy, "monday", data=root, symbol=symbol)
    events = np.concatenate(list(open_session("monday", root).recorded_events()))
    trades = of_kind(events, EventKind.TRADE).view(TRADE_EVENT)
    trades = trades[trades["instrument"] == (symbol == "ZEN")]
    assert len(trades) > 10
    names = ("time_ns", "price_ticks", "quantity_lots", "side")
    assert strategy.trades == list(zip(*(trades[name].tolist() for name in names), strict=True))


def test_orders_do_what_the_same_orders_did(root):
    events = np.concatenate(list(open_session("monday", root).recorded_events()))
    fills = of_kind(events, EventKind.ORDER_FILLED, EventKind.ORDER_PARTIALLY_FILLED).view(FILL_EVENT)
    fills = fills[fills["account"] == ZED]
    assert len(fills) > 20
    heard = []
    for strategy in (Planned(), Shifted()):
        outcome = backtest(strategy, "monday", data=root, symbol="ACME", without="zed", latency="100ms")
        ours = outcome.records["fills"]
        for name in ("time_ns", "side", "last_price_ticks", "last_quantity_lots", "flags"):
            assert ours[name].tolist() == fills[name].tolist(), name
        heard.append(outcome)
    # The others' cancels named the orders they meant, and the busts their trades.
    trades = of_kind(events, EventKind.TRADE).view(TRADE_EVENT)
    trades = trades[trades["instrument"] == 0]
    assert [each[0] for each in strategy.trades] == trades["time_ns"].tolist()
    assert heard[1].cash_micros == heard[0].cash_micros
    stored = open_session("monday", root)
    exchange = Exchange(stored.venue)
    exchange.step(stored.commands())
    assert outcome.cash_micros == int(exchange.accounts()["cash_micros"][ZED])
    assert "recorded people, agents and history do not react" in str(outcome)


def test_fees_are_the_sessions_unless_given(root):
    free = backtest(Planned(), "monday", data=root, symbol="ACME", latency="100ms")
    fees = FeeSchedule(taker_per_lot="0.01", maker_per_lot="0.01", per_order="0.5")
    paid = backtest(Planned(), "monday", data=root, symbol="ACME", latency="100ms", fees=fees)
    orders = paid.fills["order"].n_unique()
    assert free.summary["fees"] == 0
    assert paid.summary["fees"] == pytest.approx(0.01 * paid.summary["volume_lots"] + 0.5 * orders)
    assert paid.fills.drop("fee").equals(free.fills.drop("fee"))


@pytest.mark.kernel
def test_the_compiled_loop_does_what_callbacks_do(root):
    given = {"source": "monday", "data": root, "symbol": "ACME", "latency": "30ms", "equity_every": "1s"}
    fast, slow = (backtest(QuotesAtOnce(), compiled=inside, **given) for inside in (True, False))
    assert len(fast.records["fills"]) > 5
    for name, records in fast.records.items():
        assert records.tobytes() == slow.records[name].tobytes(), name
    assert fast.summary == slow.summary


def test_sweeps_and_cuts(root):
    found = sweep(
        QuotesAtOnce,
        [{}],
        ["monday"],
        workers=1,
        data=root,
        symbol="ACME",
        latency="30ms",
        folder=root / "out",
    )
    outcome = backtest(QuotesAtOnce(), "monday", data=root, symbol="ACME", latency="30ms")
    assert {name: found.frame[name][0] for name in outcome.summary} == outcome.summary
    assert found.frame["session"].to_list() == ["monday"]
    data = read_source("monday", data=root, symbol="ACME")
    early = cut(data, START_NS + 10 * SECOND_NS)
    assert 30 < len(early.commands) < len(data.commands)
    assert wb.check_look_ahead(QuotesAtOnce(), data, cuts=2) > 10


@pytest.mark.parametrize(
    ("change", "error", "sentence"),
    [
        ({}, ConfigError, "it has 2 instruments.*give symbol=, one of ACME, ZEN"),
        ({"symbol": "GOLD"}, ConfigError, "no instrument 'GOLD'"),
        ({"symbol": "ACME", "without": "tim"}, ConfigError, "no account is called 'tim'"),
        (
            {"symbol": "ACME", "fill": "frozen"},
            ConfigError,
            "its market is responsive, and cannot be another",
        ),
        ({"source": "tuesday"}, SourceError, "tuesday"),
        ({"source": QuotesAtOnce, "without": "ann"}, ConfigError, "only a recorded session has accounts"),
    ],
    ids=str,
)
def test_what_makes_no_sense_is_refused(root, change, error, sentence):
    with pytest.raises(error, match=sentence):
        backtest(**({"strategy": Planned(), "source": "monday", "data": root} | change))


def test_kinds_of_commands_are_all_there():
    _, commands = market()
    kinds = set(commands["kind"].tolist())
    assert {CommandKind.CANCEL_ORDER, CommandKind.BUST_TRADE, CommandKind.NEW_ORDER} <= kinds
    assert (commands["order_id"][commands["kind"] == CommandKind.CANCEL_ORDER] > 0).all()
    assert len(batch([commands])) == len(commands)
