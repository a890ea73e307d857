"""Options of text tables, and results as tables that fit into 80 columns."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from workbench.errors import ConfigError
from workbench.feed.bar_path import SYNTHETIC_BARS
from workbench.feed.columns import Layout
from workbench.feed.ticks import TickRules

if TYPE_CHECKING:
    import polars as pl

    from workbench.domain.instruments import Instrument
    from workbench.engine.summary import InstrumentSummary, Summary

_SIDE_BY_SIDE = 4
"""Instruments that fit beside each other into 80 columns."""

_BAR_WIDTH = 8


def table_options(
    columns: list[str] | None,
    zone: str,
    time_unit: str,
    day: str,
    header: bool | None,
    delimiter: str,
    symbol: str,
    tick_size: str,
    lot_size: str,
    bars: str = "",
) -> tuple[Layout, TickRules]:
    """The layout and rules that options of the command line describe."""
    mapped: dict[str, str | int] = {}
    for pair in columns or []:
        ours, sign, theirs = pair.partition("=")
        if not sign or not ours.strip() or not theirs.strip():
            raise ConfigError(f"{pair!r} is no mapping", "--column", "write ours=theirs, such as price=px")
        mapped[ours.strip()] = theirs.strip()
    try:
        parsed = date.fromisoformat(day) if day else None
    except ValueError:
        raise ConfigError(f"{day!r} is no day", "--date", "write it as 2024-05-01") from None
    layout = Layout(
        columns=mapped,
        header=header,
        delimiter="\t" if delimiter in ("\\t", "tab") else delimiter,
        time_unit=time_unit,
        zone=zone,
        date=parsed,
    )
    return layout, TickRules(symbol=symbol, tick_size=tick_size or None, lot_size=lot_size or None, bars=bars)


def _count(number: int) -> str:
    return f"{number:,}"


def _quantity(number: Decimal | float | None) -> str:
    if number is None:
        return "-"
    return f"{int(number):,}" if number == int(number) else f"{float(number):,.4g}"


def _price(number: Decimal | float | None, places: int) -> str:
    return "-" if number is None else f"{number:,.{places}f}"


def _places(summary: InstrumentSummary) -> int:
    return max(0, -int(summary.tick.as_tuple().exponent))


def summary_table(summary: Summary, zone: str, start: str, end: str) -> RenderableType:
    """What happened: a column for each instrument, and below what is true of all of them."""
    parts: list[RenderableType] = [
        _instrument_table(summary.instruments[first : first + _SIDE_BY_SIDE])
        for first in range(0, len(summary.instruments), _SIDE_BY_SIDE)
    ]
    parts.append(_whole_table(summary, f"{start} to {end} ({zone})"))
    return Group(*parts)


def _instrument_table(instruments: tuple[InstrumentSummary, ...]) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    for instrument in instruments:
        table.add_column(instrument.symbol, justify="right", no_wrap=True)
    rows: list[tuple[str, list[str]]] = [
        ("orders", [_count(i.orders) for i in instruments]),
        ("orders canceled", [_count(i.cancels) for i in instruments]),
        ("trades", [_count(i.trades) for i in instruments]),
        ("volume", [_quantity(i.volume) for i in instruments]),
        ("VWAP", [_price(i.vwap, _places(i) + 2) for i in instruments]),
        ("last price", [_price(i.last_price, _places(i)) for i in instruments]),
        ("spread, ticks", [_price(i.spread_ticks, 2) for i in instruments]),
        ("spread", [_price(i.spread, _places(i) + 2) for i in instruments]),
        ("at best bid", [_price(i.bid_depth, 1) for i in instruments]),
        ("at best ask", [_price(i.ask_depth, 1) for i in instruments]),
        ("time with both", [f"{i.quoted_share:.1%}" for i in instruments]),
        ("divergence", [f"{_count(i.divergence_orders)} orders" for i in instruments]),
        ("", [f"{_count(i.divergence_lots)} lots" for i in instruments]),
    ]
    for name, cells in rows:
        table.add_row(name, *cells)
    return table


def _whole_table(summary: Summary, span: str) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    speed = summary.commands_per_second
    table.add_row("")
    table.add_row("time", span)
    table.add_row("messages", _count(summary.messages))
    table.add_row("commands", f"{_count(summary.commands)} in, {_count(summary.events)} events out")
    if speed is not None:
        table.add_row("speed", f"{summary.wall_seconds:.3f} s, {speed:,.0f} commands/s")
    if summary.rejects:
        table.add_row("refused", ", ".join(f"{name} {_count(n)}" for name, n in summary.rejects.items()))
    invented = [each.symbol for each in summary.instruments if each.kind == SYNTHETIC_BARS]
    if invented:
        table.add_row("synthetic", f"{', '.join(invented)}: what happens inside a bar is invented")
    if summary.quirks:
        table.add_row("quirks", ", ".join(f"{name} {_count(n)}" for name, n in summary.quirks.items()))
    table.add_row("state", summary.state_hash)
    return table


def ladder_table(book: pl.DataFrame, instrument: Instrument, title: str) -> Table:
    """The book: bids left, asks right, what has added up so far, and a bar for the size of each level."""
    table = Table(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, 1, 0, 0)
    )
    for name in ("sum", "orders", "bid", ""):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("price", justify="right", no_wrap=True, style="green")
    table.add_column("price", justify="left", no_wrap=True, style="red")
    for name in ("", "ask", "orders", "sum"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    sizes = [
        size for side in ("bid", "ask") for size in book[f"{side}_quantity"].to_list() if size is not None
    ]
    largest = max(sizes, default=0)
    places = max(0, -int(instrument.price_from_ticks(1).normalize().as_tuple().exponent))
    sums = {"bid": 0.0, "ask": 0.0}
    for row in book.iter_rows(named=True):
        cells: dict[str, list[str | Text]] = {}
        for side, style in (("bid", "green"), ("ask", "red")):
            quantity = row[f"{side}_quantity"]
            if quantity is None:
                cells[side] = ["", "", "", "", ""]
                continue
            sums[side] += float(quantity)
            bar = "█" * max(1, round(_BAR_WIDTH * float(quantity) / float(largest)))
            cells[side] = [
                _quantity(sums[side]),
                _count(row[f"{side}_orders"]),
                _quantity(quantity),
                Text(bar, style=style),
                _price(row[f"{side}_price"], places),
            ]
        bid, ask = cells["bid"], cells["ask"]
        table.add_row(*bid, *reversed(ask))
    if not sizes:
        table.caption = "the book is empty"
    return table


def console(*, stderr: bool = False) -> Console:
    """Where tables are printed; 80 columns wide where nobody looks."""
    return Console(stderr=stderr, highlight=False, soft_wrap=False)
