"""nautilus_trader: BacktestEngine with L3 deltas and trade ticks; no logging, analysis or risk checks."""

import time
from decimal import Decimal

import history
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, RiskEngineConfig, StrategyConfig
from nautilus_trader.model.currencies import USD
from nautilus_trader.model.data import BookOrder, OrderBookDelta, TradeTick
from nautilus_trader.model.enums import (
    AccountType,
    AggressorSide,
    BookAction,
    BookType,
    OmsType,
    OrderSide,
    RecordFlag,
    TimeInForce,
)
from nautilus_trader.model.identifiers import InstrumentId, Symbol, TradeId, Venue
from nautilus_trader.model.instruments import Equity
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.trading.strategy import Strategy

VENUE = Venue("SIM")
NAME = InstrumentId(Symbol("X"), VENUE)
SIDES = {history.BUY: OrderSide.BUY, history.SELL: OrderSide.SELL, 0: OrderSide.NO_ORDER_SIDE}


def stock(tick):
    """The instrument."""
    text = f"{Decimal(str(tick)).normalize():f}"
    digits = len(text.partition(".")[2])
    return Equity(
        instrument_id=NAME,
        raw_symbol=NAME.symbol,
        currency=USD,
        price_precision=digits,
        price_increment=Price.from_str(text),
        lot_size=Quantity.from_int(1),
        ts_event=0,
        ts_init=0,
    )


def data_of(recording, instrument):
    """The flow in nautilus' own objects."""
    made = []
    digits = instrument.price_precision
    prices = {}
    last = int(RecordFlag.F_LAST)

    def delta(action, side, price, lots, name, when):
        order = BookOrder(SIDES[side], Price(price * recording.tick, digits), Quantity(lots, 0), name)
        made.append(OrderBookDelta(NAME, action, order, last, 0, when, when))

    for when, kind, name, side, price, lots, left in recording.rows:
        if kind == history.NEW:
            delta(BookAction.ADD, side, price, lots, name, when)
            prices[name] = price
        elif kind == history.REPLACE:
            delta(BookAction.UPDATE, side, price, lots, name, when)
            prices[name] = price
        elif kind == history.CLEAR:
            made.append(OrderBookDelta.clear(NAME, 0, when, when))
        else:
            if kind == history.EXECUTE:
                aggressor = AggressorSide.SELLER if side == history.BUY else AggressorSide.BUYER
                made.append(
                    TradeTick(
                        NAME,
                        Price(price * recording.tick, digits),
                        Quantity(lots, 0),
                        aggressor,
                        TradeId(str(len(made))),
                        when,
                        when,
                    )
                )
            if name and left:
                delta(BookAction.UPDATE, side, prices[name], left, name, when)
            elif name:
                delta(BookAction.DELETE, side, prices[name], 0, name, when)
    return made


class Config(StrategyConfig, frozen=True):
    """How often, and from when on."""

    interval_ns: int
    start_ns: int


class Timed(Strategy):
    """Asks `decide` at each instant."""

    def on_start(self):
        """Subscribe and set the timer."""
        self.one = Quantity.from_int(1)
        self.subscribe_order_book_deltas(NAME, book_type=BookType.L3_MBO)
        self.clock.set_timer(
            "decide",
            pd.Timedelta(self.config.interval_ns, unit="ns"),
            start_time=pd.Timestamp(self.config.start_ns, unit="ns", tz="UTC"),
            callback=lambda _: self.decide(self.cache.order_book(NAME)),
        )


class Taker(Timed):
    """Buy one lot at each instant."""

    def decide(self, book):
        """Send the order."""
        if book is not None and book.best_ask_price() is not None:
            self.submit_order(self.order_factory.market(NAME, OrderSide.BUY, self.one, TimeInForce.IOC))


class Quoter(Timed):
    """One lot on each side at the touch; moved at each instant when the touch has moved."""

    def on_start(self):
        """Start without orders."""
        self.working = {OrderSide.BUY: None, OrderSide.SELL: None}
        super().on_start()

    def decide(self, book):
        """Move what is not at the touch."""
        if book is None:
            return
        self.requote(OrderSide.BUY, book.best_bid_price())
        self.requote(OrderSide.SELL, book.best_ask_price())

    def requote(self, side, price):
        """One side."""
        order = self.working[side]
        still = order is not None and not order.is_closed
        if still and order.price == price:
            return
        if still:
            self.cancel_order(order)
        if price is not None:
            order = self.order_factory.limit(NAME, side, self.one, price, post_only=True)
            self.working[side] = order
            self.submit_order(order)


def main():
    """Prepare once, run some times."""
    recording = history.load()
    instrument = stock(recording.tick)
    start = time.perf_counter()
    data = data_of(recording, instrument)
    prepared = time.perf_counter() - start
    seconds = []
    for _ in range(history.REPEATS):
        engine = BacktestEngine(
            BacktestEngineConfig(
                logging=LoggingConfig(bypass_logging=True),
                risk_engine=RiskEngineConfig(bypass=True),
                run_analysis=False,
            )
        )
        engine.add_venue(
            VENUE,
            oms_type=OmsType.NETTING,
            account_type=AccountType.MARGIN,
            base_currency=USD,
            starting_balances=[Money(1_000_000_000, USD)],
            book_type=BookType.L3_MBO,
            trade_execution=True,
        )
        engine.add_instrument(instrument)
        start = time.perf_counter()
        engine.add_data(data, validate=False, sort=False)
        added = time.perf_counter() - start
        config = Config(interval_ns=recording.interval_ns, start_ns=recording.start_ns)
        if history.STRATEGY != "replay":
            engine.add_strategy({"taker": Taker, "quoter": Quoter}[history.STRATEGY](config))
        start = time.perf_counter()
        engine.run()
        seconds.append(time.perf_counter() - start)
        filled = [order for order in engine.cache.orders() if order.filled_qty > 0]
        value = sum(float(order.avg_px) * float(order.filled_qty) for order in filled)
        position = sum(
            float(order.filled_qty) * (1 if order.side == OrderSide.BUY else -1) for order in filled
        )
        engine.dispose()
    history.write(
        seconds=seconds,
        prepared=prepared + added,
        records=len(data),
        fills=len(filled),
        position=position,
        value=value,
    )


main()
