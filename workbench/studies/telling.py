"""News as records to a desk and to a strategy's callbacks."""

from __future__ import annotations

from workbench.domain.codes import Side
from workbench.studies.desk import Desk
from workbench.studies.news import NEWS, Bar, Fill, Quote, Trade, What
from workbench.studies.strategy import Strategy

Piece = tuple[int, ...]
"""A record of `NEWS` as a tuple."""

_AT = {name: i for i, name in enumerate(NEWS.names or ())}
_WHAT, _TIME, _PRICE, _LOTS, _SIDE = (
    _AT[name] for name in ("what", "time_ns", "price_ticks", "quantity_lots", "side")
)
_ORDER, _LEAVES, _FEE, _MAKER = (_AT[name] for name in ("order", "leaves_lots", "fee_micros", "maker"))
_QUOTE = _AT["bid_price_ticks"]
_BAR = _AT["bar_time_ns"]
_BAR_END = _BAR + len(Bar._fields)
_QUOTE_END = _QUOTE + len(Quote._fields) - 1
_FILLED, _ENDED, _TRADED, _QUOTED, _BARRED, _TIMED = (
    int(what) for what in (What.FILL, What.ENDED, What.TRADE, What.QUOTE, What.BAR, What.TIMER)
)


def enter_news(desk: Desk, piece: Piece) -> None:
    """Have a desk know what a strategy is about to be told."""
    time_ns = piece[_TIME]
    desk.time_ns = time_ns
    desk.quote = Quote(time_ns, *piece[_QUOTE:_QUOTE_END])
    what = piece[_WHAT]
    if what == _FILLED:
        desk.filled(piece[_ORDER], piece[_SIDE], piece[_LOTS], piece[_LEAVES])
    elif what == _ENDED:
        desk.ended(piece[_ORDER])


def tell(strategy: Strategy, desk: Desk, piece: Piece) -> None:
    """Call the callback that a piece of news is for, if the strategy hears of it."""
    what = piece[_WHAT]
    time_ns = piece[_TIME]
    if what == _QUOTED:
        strategy.on_quote(desk, desk.quote)
    elif what == _TRADED:
        strategy.on_trade(desk, Trade(time_ns, piece[_PRICE], piece[_LOTS], Side(piece[_SIDE])))
    elif what == _BARRED:
        strategy.on_bar(desk, Bar(*piece[_BAR:_BAR_END]))
    elif what == _FILLED:
        if strategy.hears("on_fill"):
            strategy.on_fill(
                desk,
                Fill(
                    time_ns,
                    piece[_ORDER],
                    Side(piece[_SIDE]),
                    piece[_PRICE],
                    piece[_LOTS],
                    piece[_LEAVES],
                    piece[_FEE],
                    bool(piece[_MAKER]),
                ),
            )
    elif what == _ENDED:
        if strategy.hears("on_end"):
            strategy.on_end(desk, piece[_ORDER])
    elif what == _TIMED:
        strategy.on_timer(desk, time_ns)
