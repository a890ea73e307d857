"""On which sides of each other an entry, its take-profit and its stop-loss lie: one rule for every face."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple


class Exits(NamedTuple):
    """The prices of a bracket, an OTO or an OCO, as far as they are given.

    Attributes
    ----------
    sells
        Whether the exits sell: those of a purchase do, and an OCO that is a sale, which is the exit itself.
    entry
        The entry's limit. A market entry has none, nor has an OCO.
    profit
        The take-profit's limit.
    stop, limit
        The stop-loss's trigger, and its limit when it is a stop-limit order.
    """

    sells: bool
    entry: Decimal | None
    profit: Decimal | None
    stop: Decimal | None
    limit: Decimal | None


class Misplaced(NamedTuple):
    """A price on the wrong side of another one.

    Attributes
    ----------
    name, price
        Which one and what it is: `take_profit`, `stop_loss` or `stop_limit`.
    other, base
        The one it is held against and what that is: `entry`, `stop_loss` or `take_profit`.
    above
        Whether it must be above that; otherwise below it.
    """

    name: str
    price: Decimal
    other: str
    base: Decimal
    above: bool

    def sentence(self, symbol: str) -> str:
        """What is wrong, for people.

        >>> Misplaced("take_profit", Decimal("45.5"), "entry", Decimal("46.00"), True).sentence("HARBOR")
        "HARBOR: the take-profit at 45.5 must be above the entry's limit of 46.00; it would trade at once"
        """
        where = "above" if self.above else "below"
        if self.name == "stop_limit":
            unlike = "below" if self.above else "above"
            return (
                f"{symbol}: the stop-loss's limit at {self.price:f} must not be {unlike} its stop price of "
                f"{self.base:f}"
            )
        what = self.name.replace("_", "-")
        if self.other == "entry":
            return (
                f"{symbol}: the {what} at {self.price:f} must be {where} the entry's limit of "
                f"{self.base:f}; it would trade at once"
            )
        return f"{symbol}: the {what} at {self.price:f} must be {where} the stop-loss at {self.base:f}"


def misplaced(exits: Exits, least: Decimal = Decimal(0)) -> Misplaced | None:
    """The first of the exits that lies on the wrong side, or closer than `least` to what it is held against.

    Examples
    --------
    >>> exits = Exits(True, Decimal(46), Decimal(47), Decimal("46.5"), None)
    >>> misplaced(exits).name
    'stop_loss'
    >>> misplaced(exits._replace(stop=Decimal(45))) is None
    True
    """
    sells, entry, profit, stop, limit = exits
    sign = 1 if sells else -1

    def beyond(one: Decimal, other: Decimal, distance: Decimal) -> bool:
        return sign * (one - other) > 0 and sign * (one - other) >= distance

    if profit is not None and entry is not None and not beyond(profit, entry, least):
        return Misplaced("take_profit", profit, "entry", entry, sells)
    if stop is not None and entry is not None and not beyond(entry, stop, least):
        return Misplaced("stop_loss", stop, "entry", entry, not sells)
    if profit is not None and stop is not None and not beyond(profit, stop, Decimal(0)):
        return Misplaced("take_profit", profit, "stop_loss", stop, sells)
    if limit is not None and stop is not None and sign * (stop - limit) < 0:
        return Misplaced("stop_limit", limit, "stop_loss", stop, not sells)
    return None
