"""Messages of the market-data stream, each once per encoding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from workbench.api.alpaca.codec import Codec
from workbench.api.alpaca.market import TAPE, VENUE_CODE, conditions, taker_letter
from workbench.api.alpaca.news import write_news
from workbench.domain.codes import Phase, Reason

if TYPE_CHECKING:
    from workbench.api.alpaca.names import Names
    from workbench.domain.records import Records
    from workbench.projections.live.bars import Bar
    from workbench.projections.live.market import Quote, Trade
    from workbench.session.live.answer import Announcement

_STATUS: Final = {
    Phase.CONTINUOUS: ("T", "Trading"),
    Phase.CLOSED: ("C", "Closed"),
    Phase.PRE_OPEN: ("Q", "Quotation only"),
    Phase.OPENING_AUCTION: ("Q", "Opening auction"),
    Phase.CLOSING_AUCTION: ("Q", "Closing auction"),
    Phase.REOPENING_AUCTION: ("P", "Volatility trading pause: reopening auction"),
    Phase.HALTED: ("H", "Trading halt"),
}
_REASONS: Final = {
    Reason.NONE: ("", ""),
    Reason.BY_REQUEST: ("I", "by the instructor"),
    Reason.SCHEDULED: ("S", "as scheduled"),
    Reason.LIMIT_UP_DOWN: ("LUDP", "the price limit was reached"),
}


class MessageWriter:
    """Writes one session's messages.

    Parameters
    ----------
    names
        The session's names.
    """

    def __init__(self, names: Names) -> None:
        self._names = names

    def trade(self, codec: Codec, number: int, trade: Trade) -> bytes:
        """A trade."""
        scale = self._names.scales[number]
        return codec.encode(
            {
                "T": "t",
                "S": self._names.symbols[number],
                "i": trade.trade_id,
                "x": VENUE_CODE,
                "p": scale.price_number(trade.price_ticks),
                "s": scale.quantity_number(trade.quantity_lots),
                "t": codec.moment(trade.time_ns),
                "c": conditions(trade.flags),
                "z": TAPE,
                "tks": taker_letter(trade.side),
            }
        )

    def quote(self, codec: Codec, number: int, quote: Quote) -> bytes:
        """A best bid and ask."""
        scale = self._names.scales[number]
        return codec.encode(
            {
                "T": "q",
                "S": self._names.symbols[number],
                "bx": VENUE_CODE,
                "bp": scale.price_number(quote.bid_price_ticks),
                "bs": scale.quantity_number(quote.bid_lots),
                "ax": VENUE_CODE,
                "ap": scale.price_number(quote.ask_price_ticks),
                "as": scale.quantity_number(quote.ask_lots),
                "t": codec.moment(quote.time_ns),
                "c": ("R",),
                "z": TAPE,
            }
        )

    def bar(self, codec: Codec, kind: str, number: int, bar: Bar) -> bytes:
        """A bar of a minute (`b`) or of the day so far (`d`)."""
        scale = self._names.scales[number]
        price = scale.price_number
        return codec.encode(
            {
                "T": kind,
                "S": self._names.symbols[number],
                "o": price(bar.open_ticks),
                "h": price(bar.high_ticks),
                "l": price(bar.low_ticks),
                "c": price(bar.close_ticks),
                "v": scale.quantity_number(bar.volume_lots),
                "t": codec.moment(bar.start_ns),
                "n": bar.trades,
                "vw": scale.vwap_number(bar.value, bar.volume_lots) if bar.volume_lots else None,
            }
        )

    def status(self, codec: Codec, number: int, phase: Phase, reason: Reason, time_ns: int) -> bytes:
        """A change of an instrument's phase."""
        code, message = _STATUS[phase]
        why, words = _REASONS.get(reason, (reason.name, reason.name.lower().replace("_", " ")))
        return codec.encode(
            {
                "T": "s",
                "S": self._names.symbols[number],
                "sc": code,
                "sm": message,
                "rc": why,
                "rm": words,
                "t": codec.moment(time_ns),
                "z": TAPE,
            }
        )

    def limits(self, codec: Codec, number: int, up_ticks: int, down_ticks: int, time_ns: int) -> bytes:
        """An instrument's price limits."""
        price = self._names.scales[number].price_number
        return codec.encode(
            {
                "T": "l",
                "S": self._names.symbols[number],
                "u": price(up_ticks),
                "d": price(down_ticks),
                "i": "B",
                "t": codec.moment(time_ns),
                "z": TAPE,
            }
        )

    def book(self, codec: Codec, number: int, bids: Records, asks: Records, time_ns: int) -> bytes:
        """All levels that are sent of a book; each message replaces the one before."""
        return codec.encode(
            {
                "T": "o",
                "S": self._names.symbols[number],
                "t": codec.moment(time_ns),
                "b": self.levels(number, bids),
                "a": self.levels(number, asks),
                "r": True,
            }
        )

    def levels(self, number: int, levels: Records) -> list[dict[str, float]]:
        """Levels of one side of a book, best first."""
        scale = self._names.scales[number]
        return [
            {"p": scale.price_number(price), "s": scale.quantity_number(lots)}
            for price, lots, *_ in levels.tolist()
        ]

    def news(self, codec: Codec, news: Announcement) -> bytes:
        """An announcement."""
        message: dict[str, Any] = {"T": "n", **write_news(news, moment=codec.moment)}
        return codec.encode(message)
