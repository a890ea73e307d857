"""Pages of bars, quotes and trades over several symbols."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.api.alpaca.errors import invalid
from workbench.api.alpaca.paging import PageToken
from workbench.api.alpaca.timeframes import timeframe_of

if TYPE_CHECKING:
    from workbench.api.alpaca.market import MarketWriter
    from workbench.api.alpaca.names import Names
    from workbench.api.alpaca.query import Query
    from workbench.projections.live.bars import Bar, Timeframe
    from workbench.projections.live.tape import Column
    from workbench.projections.live.views import LiveViews

DEFAULT_LIMIT = 1_000
MOST_LIMIT = 10_000
_FOREVER_NS = 1 << 62


class Span(NamedTuple):
    """What is asked for: from `start_ns` to `end_ns`, both included, and in which order."""

    start_ns: int
    end_ns: int
    descending: bool
    limit: int
    token: PageToken | None

    @classmethod
    def read(cls, query: Query) -> Span:
        """From a query; without a start and an end it is the whole session."""
        start = query.moment("start")
        end = query.moment("end")
        token = query.text("page_token")
        limit = query.whole("limit", DEFAULT_LIMIT, least=1, most=MOST_LIMIT)
        if start is not None and end is not None and end < start:
            raise invalid("end should not be before start")
        return cls(
            0 if start is None else start,
            _FOREVER_NS if end is None else end,
            query.choice("sort", "asc", "asc", "desc") == "desc",
            limit,
            PageToken.read(token) if token else None,
        )


class Page(NamedTuple):
    """Rows by symbol, and where the next page goes on."""

    rows: dict[str, list[dict[str, Any]]]
    next_page_token: str | None


Fetch = Callable[[int, PageToken | None, int], tuple[list[dict[str, Any]], PageToken | None]]
"""Rows of an instrument after a token, at most so many, and the token of the last one when there are more."""


def page(names: Names, symbols: Iterable[str], span: Span, fetch: Fetch) -> Page:
    """Fill a page symbol by symbol; the limit counts rows of all symbols.

    Symbols come in the order of their names, so a token says which are done; those that do not trade here
    give no rows.
    """
    numbers = sorted({names.symbols[n]: n for s in symbols if (n := names.find(s)) is not None}.items())
    rows: dict[str, list[dict[str, Any]]] = {}
    left = span.limit
    token = span.token
    for symbol, number in numbers:
        if token is not None and symbol < token.symbol:
            continue
        after = token if token is not None and symbol == token.symbol else None
        if not left:
            # The page is full at a symbol's end: the next one begins from its start, before any row of it.
            return Page(rows, PageToken(symbol, -1, -1).write())
        found, more = fetch(number, after if after is None or after.seq >= 0 else None, left)
        if found:
            rows[symbol] = found
        left -= len(found)
        if more is not None:
            return Page(rows, more.write())
    return Page(rows, None)


def bars_of(views: LiveViews, names: Names, writer: MarketWriter, span: Span, frame: Timeframe) -> Fetch:
    """Bars of one width; the one that is still being made comes last."""

    def fetch(
        number: int, after: PageToken | None, limit: int
    ) -> tuple[list[dict[str, Any]], PageToken | None]:
        low, high = span.start_ns, min(span.end_ns + 1, _FOREVER_NS)
        if after is not None:
            low, high = (
                (low, min(high, after.time_ns)) if span.descending else (max(low, after.time_ns + 1), high)
            )
        bars: list[Bar] = views.markets[number].bars(frame, low, high)
        if span.descending:
            bars.reverse()
        chosen = bars[:limit]
        more = None
        if len(bars) > limit:
            more = PageToken(names.symbols[number], chosen[-1].start_ns, chosen[-1].start_ns)
        return writer.bars(number, chosen), more

    return fetch


def rows_of(
    column: Callable[[int], Column],
    names: Names,
    write: Callable[[int, Any], list[dict[str, Any]]],
    span: Span,
) -> Fetch:
    """Quotes or trades from their tapes; a page goes on by event, so that appends move nothing."""

    def fetch(
        number: int, after: PageToken | None, limit: int
    ) -> tuple[list[dict[str, Any]], PageToken | None]:
        rows = column(number).between(span.start_ns, min(span.end_ns + 1, _FOREVER_NS))
        if after is not None:
            seq = rows["seq"]
            if span.descending:
                rows = rows[: seq.searchsorted(after.seq)]
            else:
                rows = rows[seq.searchsorted(after.seq, side="right") :]
        count = len(rows)
        chosen = rows[count - limit if count > limit else 0 :][::-1] if span.descending else rows[:limit]
        more = None
        if count > limit:
            last = chosen[-1]
            more = PageToken(names.symbols[number], int(last["time_ns"]), int(last["seq"]))
        return write(number, chosen), more

    return fetch


def history(
    views: LiveViews, names: Names, writer: MarketWriter, kind: str, query: Query, symbols: list[str]
) -> Page:
    """A page of `bars`, `quotes` or `trades`."""
    if not symbols:
        raise invalid("symbols is required")
    span = Span.read(query)
    if kind == "bars":
        frame = timeframe_of(query.text("timeframe", "1Min"))
        return page(names, symbols, span, bars_of(views, names, writer, span, frame))
    column, write = (views.quotes, writer.quotes) if kind == "quotes" else (views.trades, writer.trades)
    return page(names, symbols, span, rows_of(column, names, write, span))
