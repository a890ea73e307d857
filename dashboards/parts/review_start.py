"""How a review stands when it opens: what its address may say beside whose day it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from dashboards.parts.charts_price import INTERVALS_S
from dashboards.parts.review_model import TABS

_INTERVAL, _TAB = "1min", TABS[0][0]


@dataclass(frozen=True, slots=True)
class Start:
    """What is shown first.

    Attributes
    ----------
    symbol
        The instrument; the one that the account traded most when empty.
    interval
        Of the candles.
    tab
        What stands below the charts.
    at_ms
        The instant, in milliseconds of the session's own clock; the first fill when there is none.
    """

    symbol: str = ""
    interval: str = _INTERVAL
    tab: str = _TAB
    at_ms: float | None = None


def start_of(said: Callable[[str], str]) -> Start:
    """What an address says, by name; what cannot be read is as if it were not there.

    >>> given = {"tab": "orders", "interval": "3min", "at": "1970-01-01T00:00:01.500"}
    >>> start_of(lambda name: given.get(name, ""))
    Start(symbol='', interval='1min', tab='orders', at_ms=1500.0)
    """
    interval, tab = said("interval"), said("tab")
    try:
        at_ms = datetime.fromisoformat(said("at")).replace(tzinfo=UTC).timestamp() * 1000
    except ValueError:
        at_ms = None
    return Start(
        said("symbol"),
        interval if interval in INTERVALS_S else _INTERVAL,
        tab if tab in dict(TABS) else _TAB,
        at_ms,
    )
