"""Bars, quotes, trades and snapshots as Alpaca's market data has them: numbers under short keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from workbench.api.alpaca.moments import moment_text
from workbench.domain.codes import Side
from workbench.domain.records import AUCTION

if TYPE_CHECKING:
    from collections.abc import Mapping

    from workbench.api.alpaca.names import Names
    from workbench.domain.records import Records
    from workbench.projections.live.bars import Bar
    from workbench.projections.live.market import LiveMarket, Quote
    from workbench.projections.live.market import Trade as LiveTrade

VENUE_CODE: Final = "V"
"""Where everything trades, as a tape's one-letter code."""
TAPE: Final = "C"
REGULAR: Final = ("@",)
IN_AUCTION: Final = ("@", "O")
_TAKER: Final = {Side.BUY: "B", Side.SELL: "S"}


class MarketWriter:
    """Writes one session's market data as plain values.

    Parameters
    ----------
    names
        The session's names.
    """

    def __init__(self, names: Names) -> None:
        self._names = names

    def bar(self, number: int, bar: Bar) -> dict[str, Any]:
        """A bar; `t` is its begin."""
        scale = self._names.scales[number]
        price = scale.price_number
        return {
            "t": moment_text(bar.start_ns),
            "o": price(bar.open_ticks),
            "h": price(bar.high_ticks),
            "l": price(bar.low_ticks),
            "c": price(bar.close_ticks),
            "v": _whole(scale.quantity_number(bar.volume_lots)),
            "n": bar.trades,
            "vw": round(scale.vwap_number(bar.value, bar.volume_lots), 9) if bar.volume_lots else None,
        }

    def quote(self, number: int, quote: Mapping[str, int]) -> dict[str, Any]:
        """A quote from its columns; an empty side has price and size 0."""
        scale = self._names.scales[number]
        return {
            "t": moment_text(quote["time_ns"]),
            "ax": VENUE_CODE,
            "ap": scale.price_number(quote["ask_price_ticks"]),
            "as": _whole(scale.quantity_number(quote["ask_lots"])),
            "bx": VENUE_CODE,
            "bp": scale.price_number(quote["bid_price_ticks"]),
            "bs": _whole(scale.quantity_number(quote["bid_lots"])),
            "c": ["R"],
            "z": TAPE,
        }

    def trade(self, number: int, trade: Mapping[str, int]) -> dict[str, Any]:
        """A trade from its columns; `tks` is the taker's side, as crypto's trades have it."""
        scale = self._names.scales[number]
        return {
            "t": moment_text(trade["time_ns"]),
            "x": VENUE_CODE,
            "p": scale.price_number(trade["price_ticks"]),
            "s": _whole(scale.quantity_number(trade["quantity_lots"])),
            "c": list(conditions(trade["flags"])),
            "i": trade["trade_id"],
            "z": TAPE,
            "tks": taker_letter(trade["side"]),
        }

    def bars(self, number: int, bars: list[Bar]) -> list[dict[str, Any]]:
        """Bars in order."""
        return [self.bar(number, bar) for bar in bars]

    def quotes(self, number: int, rows: Records) -> list[dict[str, Any]]:
        """Quotes of the tape in order."""
        return [self.quote(number, row) for row in _rows(rows)]

    def trades(self, number: int, rows: Records) -> list[dict[str, Any]]:
        """Trades of the tape in order."""
        return [self.trade(number, row) for row in _rows(rows)]

    def latest_quote(self, market: LiveMarket) -> dict[str, Any] | None:
        """The market's best bid and ask; None before there was any."""
        quote: Quote = market.quote
        return self.quote(market.number, quote._asdict()) if quote.seq else None

    def latest_trade(self, market: LiveMarket) -> dict[str, Any] | None:
        """The market's last trade."""
        trade: LiveTrade | None = market.last
        return self.trade(market.number, trade._asdict()) if trade is not None else None

    def latest_bar(self, market: LiveMarket) -> dict[str, Any] | None:
        """The latest minute that had trades; it may go on."""
        return self.bar(market.number, market.minutes[-1]) if market.minutes else None

    def snapshot(self, market: LiveMarket) -> dict[str, Any]:
        """Everything latest of one market."""
        days = market.days
        return {
            "latestTrade": self.latest_trade(market),
            "latestQuote": self.latest_quote(market),
            "minuteBar": self.latest_bar(market),
            "dailyBar": self.bar(market.number, days[-1]) if days else None,
            "prevDailyBar": self.bar(market.number, days[-2]) if len(days) > 1 else None,
        }


def conditions(flags: int) -> tuple[str, ...]:
    """Conditions of a trade: regular, or in an auction."""
    return IN_AUCTION if flags & AUCTION else REGULAR


def taker_letter(side: int) -> str:
    """`B` or `S`; nothing where nobody took."""
    return _TAKER.get(side, "")  # type: ignore[call-overload, no-any-return] # an IntEnum's key is its number


def _rows(rows: Records) -> list[dict[str, int]]:
    fields = rows.dtype.names or ()
    return [dict(zip(fields, row, strict=True)) for row in rows.tolist()]


def _whole(number: float) -> float | int:
    """Whole sizes without a point, as tapes print them."""
    return int(number) if number == int(number) else number
