"""cython-orderbook: `add_limit_order`, `cancel_order`; orders are made beforehand, prices are integers."""

from cython_orderbook import Order, OrderBook, OrderSide
from protocol import BUY, NEW, main


def play(steps):
    """Prepare the orders; see `protocol.Play`."""
    book = OrderBook()
    orders = {
        order_id: Order(OrderSide.BID if side == BUY else OrderSide.ASK, lots, price)
        for _, order_id, _, side, price, lots in steps
        if order_id
    }

    def run(start, stop):
        add, cancel = book.add_limit_order, book.cancel_order
        for kind, order_id, target, _, _, _ in steps[start:stop]:
            if kind != NEW:
                cancel(orders[target].order_id)
            if order_id:
                add(orders[order_id])

    def fills():
        ours = {order.order_id: own for own, order in orders.items()}
        return [
            (ours[trade.aggressor_id], ours[trade.filler_id], trade.price, trade.quantity_filled)
            for trade in book.trade_log
        ]

    return run, fills


main(play)
