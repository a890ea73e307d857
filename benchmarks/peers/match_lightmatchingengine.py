"""lightmatchingengine: `add_order` and `cancel_order`."""

from lightmatchingengine.lightmatchingengine import LightMatchingEngine
from protocol import NEW, REPLACE, main


def play(steps):
    """Prepare the orders; see `protocol.Play`."""
    engine = LightMatchingEngine()
    theirs = {}
    log = []

    def run(start, stop):
        add, cancel = engine.add_order, engine.cancel_order
        for kind, order_id, target, side, price, lots in steps[start:stop]:
            if kind != NEW:
                cancel(theirs[target], "I0")
            if kind in (NEW, REPLACE):
                order, trades = add("I0", price, lots, side)
                theirs[order_id] = order.order_id
                if trades:
                    log.append((order_id, side, trades))

    def fills():
        ours = {order_id: own for own, order_id in theirs.items()}
        return [
            (taker, ours[trade.order_id], trade.trade_price, trade.trade_qty)
            for taker, side, trades in log
            for trade in trades
            if trade.trade_side != side
        ]

    return run, fills


main(play)
