"""order-matching: `place` and `match`, `cancel_order`; orders are made beforehand, its log is off."""

from datetime import datetime, timedelta

from loguru import logger
from order_matching.enums import Side
from order_matching.matching_engine import MatchingEngine
from order_matching.order import LimitOrder
from order_matching.orders import Orders
from protocol import BUY, NEW, main

logger.remove()
START = datetime(2024, 1, 1)  # noqa: DTZ001 - the engine compares with its own naive times


def play(steps):
    """Prepare the orders; see `protocol.Play`."""
    engine = MatchingEngine(seed=1)
    times = [START + timedelta(microseconds=index) for index in range(len(steps))]
    orders = {
        order_id: Orders(
            [
                LimitOrder(
                    side=Side.BUY if side == BUY else Side.SELL,
                    price=price,
                    size=lots,
                    timestamp=time,
                    order_id=str(order_id),
                    trader_id="t",
                )
            ]
        )
        for time, (_, order_id, _, side, price, lots) in zip(times, steps, strict=True)
        if order_id
    }
    log = []

    def run(start, stop):
        place, match, cancel = engine.place, engine.match, engine.cancel_order
        for index in range(start, stop):
            kind, order_id, target, _, _, _ = steps[index]
            if kind != NEW:
                cancel(str(target))
            if order_id:
                place(orders[order_id])
                trades = match(times[index]).trades
                if trades:
                    log.extend(trades)

    def fills():
        return [
            (int(trade.incoming_order_id), int(trade.book_order_id), int(trade.price), int(trade.size))
            for trade in log
        ]

    return run, fills


main(play)
