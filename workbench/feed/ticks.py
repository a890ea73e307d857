"""Tables of trades and quotes, joined into one tape of an instrument and its history.

A table of trades has the columns time, price, quantity and, if it knows it, the aggressor's side. A table of
quotes has time, bid_price, bid_quantity, ask_price and ask_quantity; quantities may be missing. A combined
table has all of them: a row with a price is a trade, a row with a bid or ask is a quote, and a row with both
is a trade and the quote it met. docs/formats.md and `COLUMNS` list the names by which columns are recognised.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from pathlib import Path

import numpy as np

from workbench.domain.instruments import Instrument
from workbench.domain.units import Number, decimal, to_units
from workbench.errors import ConfigError, SourceError
from workbench.feed.bar_path import SYNTHETIC_BARS, BarPath, bar_path, bar_table, path_tape
from workbench.feed.bars import refuse_bars
from workbench.feed.columns import Column, Layout, header_cells, normal
from workbench.feed.files import read_bytes
from workbench.feed.history import QUIRKS, History, counted
from workbench.feed.lean import LeanFile, is_lean, lean_file
from workbench.feed.open import register
from workbench.feed.scale import MAX_WINDOW_TICKS, price_scale
from workbench.feed.table import Decimals, Integers, Table, read_table
from workbench.feed.tape import Tape, tape_commands
from workbench.feed.tick_table import NANO, decimal_step, table_tape

COLUMNS = (
    Column(
        "time", ("timestamp", "datetime", "date_time", "date", "ts", "ts_event", "time_ns", "exchange_time")
    ),
    Column("symbol", ("ticker", "instrument", "sym")),
    Column("price", ("px", "trade_price", "last_price", "last", "rate")),
    Column("quantity", ("size", "qty", "volume", "amount", "shares", "trade_size", "last_size")),
    Column("side", ("aggressor", "aggressor_side", "taker_side", "direction")),
    Column("bid_price", ("bid", "bid_px", "bidprice", "best_bid", "best_bid_price", "bid_px_00")),
    Column(
        "bid_quantity",
        ("bid_size", "bid_qty", "bidsize", "bid_volume", "best_bid_size", "best_bid_qty", "bid_sz_00"),
    ),
    Column("ask_price", ("ask", "ask_px", "askprice", "offer", "best_ask", "best_ask_price", "ask_px_00")),
    Column(
        "ask_quantity",
        ("ask_size", "ask_qty", "asksize", "ask_volume", "best_ask_size", "best_ask_qty", "ask_sz_00"),
    ),
    Column("condition", ("conditions", "sale_condition", "cond")),
    Column("suspicious", ("suspect", "flagged")),
)
"""What the reader understands, and by which names it recognises it."""

TICK_QUIRKS = {
    "crossed_quote": "a quote whose ask is below its bid; it stands as recorded",
    "locked_quote": "a quote whose ask equals its bid; it stands as recorded",
    "odd_lot_trade": "a trade whose sale condition says odd lot",
    "quote_without_quantity": "a quoted price without a quantity; it stands with the chosen quantity",
    "repeated_quote": "a quote that changes nothing; no command",
    "suspicious_row": "a row that the source flags as suspicious, left out",
    "trade_outside_quote": "a trade at a price outside the quote that it met",
    "trade_side_by_quote_rule": "a trade above or below the middle of the quote, so a buy or a sell",
    "trade_side_by_tick_rule": "a trade at the middle or without a quote; the tick rule chose",
    "trade_without_quantity": "a trade of quantity 0, left out",
}
"""What this reader may find; part of `workbench.feed.history.QUIRKS`."""

QUIRKS.update(TICK_QUIRKS)

_OHLC = {"open", "high", "low", "close"}

FINEST_TICK, FINEST_LOT = Decimal("0.01"), Decimal(1)
"""The tick and lot of a file whose prices and quantities are all whole numbers of more than these."""


WIDEST_OF_BARS_TICKS = 1 << 24
"""Widest price window of bars: those of many years lie far apart, and none of them may be left out."""


@dataclass(frozen=True, slots=True)
class TickRules:
    """What a table of ticks does not say by itself.

    Parameters
    ----------
    symbol
        Name of the instrument; where the table has a symbol column, the rows to take.
    empty_side
        What an empty (or zero) bid or ask in a quote means: "gone", nobody bids; or "unchanged", as in the
        row before.
    quote_quantity
        Quantity that stands behind a quoted price without one, in units; one lot unless given.
    tick_size, lot_size
        Finest step of price and quantity; the smallest power of ten that all of them need unless given.
    instrument
        Complete reference data instead of the above.
    bars
        How bars become a market: "synthetic", or a `BarPath`. Refused unless given, for what happens inside a
        bar is then invented.
    """

    symbol: str = ""
    empty_side: str = "gone"
    quote_quantity: Number | None = None
    tick_size: Number | None = None
    lot_size: Number | None = None
    instrument: Instrument | None = None
    bars: str | BarPath = ""

    def __post_init__(self) -> None:
        bar_path(self.bars)
        for name in ("tick_size", "lot_size", "quote_quantity"):
            value = getattr(self, name)
            if value is not None and decimal(value, name) <= 0:
                raise ConfigError(
                    f"{value} is not positive", name, "leave it out to have it told from the file"
                )
        if self.empty_side not in ("gone", "unchanged"):
            raise ConfigError(f"{self.empty_side!r} is neither gone nor unchanged", "empty_side")


def read_ticks(
    *paths: str | os.PathLike[str],
    columns: Mapping[str, str | int] | None = None,
    layout: Layout | None = None,
    rules: TickRules | None = None,
) -> History:
    """The trades and quotes of one instrument, from one file or from several that belong together.

    Parameters
    ----------
    paths
        Text tables (plain, .gz, .xz, .zst or .zip) or Lean zips of ticks, such as one of trades and one of
        quotes.
    columns
        Our name of a column to the file's, where they differ; short for `layout=Layout(columns=...)`.
    layout
        Header, delimiter, time unit and zone, when they cannot be found out.
    rules
        Symbol, tick and lot size, and what empty sides and missing quantities mean.

    Raises
    ------
    SourceError
        For the first row that does not fit, and for bars.
    """
    layout, rules = (layout or Layout()).with_columns(columns), rules or TickRules()
    contents = [(os.fspath(path), read_bytes(path)) for path in paths]
    layouts = _own_layouts([data for _, data in contents], layout)
    tables, kinds = [], set()
    for (name, data), layout in zip(contents, layouts, strict=True):
        lean = lean_file(name, data, layout)
        if _holds_bars(data, layout, lean):
            if not rules.bars:
                raise refuse_bars(name)
            tables.append(bar_table(data, name, layout, lean))
            kinds.add(SYNTHETIC_BARS)
            rules = replace(rules, symbol=rules.symbol or (lean.symbol if lean else ""))
            continue
        if lean is None:
            tables.append(read_table(data, name, COLUMNS, layout))
            kinds.add("ticks")
            continue
        tables.append(read_table(data, name, COLUMNS, lean.layout, lean.order))
        kinds.add(f"lean-{lean.market}")
        rules = replace(
            rules,
            symbol=rules.symbol or lean.symbol,
            empty_side="unchanged" if lean.one_sided else rules.empty_side,
        )
    if len(kinds) != 1:
        raise SourceError(os.fspath(paths[0]), None, "the files are not of one kind", "open them one by one")
    if SYNTHETIC_BARS in kinds:
        return bars_to_history(tables, rules)
    return ticks_to_history(tables, rules, kinds.pop())


def _holds_bars(data: bytes, layout: Layout, lean: LeanFile | None) -> bool:
    """Whether the content of a file is bars, by its name, its header or what the caller says."""
    if lean is not None:
        return "bar" in lean.kind
    titles = {normal(cell) for cell in header_cells(data, layout.delimiter)} | set(layout.columns)
    return titles >= _OHLC or any({f"{side}_{name}" for name in _OHLC} <= titles for side in ("bid", "ask"))


def _own_layouts(contents: Sequence[bytes], layout: Layout) -> list[Layout]:
    """For each of several files the mappings that are for it; one that is for none is kept, to be refused."""
    if len(contents) == 1 or layout.header is False:
        return [layout] * len(contents)
    titles = [{normal(cell) for cell in header_cells(data, layout.delimiter)} for data in contents]
    made = []
    for own in titles:
        columns = {
            ours: theirs
            for ours, theirs in layout.columns.items()
            if normal(str(theirs)) in own or not any(normal(str(theirs)) in other for other in titles)
        }
        made.append(replace(layout, columns=columns))
    return made


def ticks_to_history(tables: Sequence[Table], rules: TickRules, kind: str = "ticks") -> History:
    """One history from tables of trades, quotes or both, of one instrument.

    Rows of all tables are merged by time; at equal times trades come before quotes and earlier tables before
    later ones, so a trade meets the quote that stood before it. A row of the history is a row of the merged
    tables.

    Raises
    ------
    SourceError
        For the first row that does not fit.
    """
    file = tables[0].file
    tables = [_of_symbol(table, rules) for table in tables]
    quirks: dict[str, int] = {}
    tables = [_without_suspicious(table, quirks) for table in tables]
    if not any(len(table) for table in tables):
        raise SourceError(file, None, "every row is flagged as suspicious")
    places = max(
        (table.decimals(name).places for table in tables for name in _QUANTITIES if name in table.names),
        default=0,
    )
    tapes = [table_tape(table, number, places, quirks) for number, table in enumerate(tables)]
    joined = Tape(*(np.concatenate([getattr(t, p.name) for t in tapes]) for p in fields(Tape)))
    alone = joined.is_quote & ~joined.is_trade
    tape = joined.take(np.lexsort((alone, joined.time_ns))) if len(tapes) > 1 else joined
    return _tape_history(tape, places, tables, rules, quirks, kind)


def bars_to_history(tables: Sequence[Table], rules: TickRules) -> History:
    """One history from tables of bars of one instrument: a path inside each bar that is invented.

    A row of the history is a print or a quote of the path; its place is the row of its bar.

    Raises
    ------
    SourceError
        For the first bar that does not fit.
    """
    path = bar_path(rules.bars) or BarPath()
    tables = [_of_symbol(table, rules) for table in tables]
    made = path_tape(
        tables,
        path,
        tick_size=rules.instrument.tick_size if rules.instrument else rules.tick_size,
        lot_size=rules.instrument.lot_size if rules.instrument else rules.lot_size,
        quote_quantity=rules.quote_quantity,
    )
    sized = replace(rules, tick_size=made.tick, lot_size=made.lot, empty_side="gone")
    history = _tape_history(
        made.tape, made.places, tables, sized, dict(made.quirks), SYNTHETIC_BARS, WIDEST_OF_BARS_TICKS
    )
    if history.quirks.get("price_outside_window"):
        raise SourceError(
            tables[0].file,
            None,
            f"its prices are further apart than {WIDEST_OF_BARS_TICKS} steps of {made.tick:f}, "
            "which is all that a book holds",
            "give a coarser tick size, such as 0.01, to which prices are rounded",
        )
    return history


def _tape_history(
    tape: Tape,
    places: int,
    tables: Sequence[Table],
    rules: TickRules,
    quirks: dict[str, int],
    kind: str,
    widest_ticks: int = MAX_WINDOW_TICKS,
) -> History:
    """The history of a tape in nanos and 10^-`places`, which was made from tables."""
    file = tables[0].file
    instrument = rules.instrument or _instrument(
        file, tape, places, rules, _symbol(tables, rules), widest_ticks
    )
    tape = _in_ticks_and_lots(tape, places, instrument, rules, tables, quirks)
    made, rows = tape_commands(tape, quirks, quiet_side=rules.empty_side == "unchanged")
    source = file if len(tables) == 1 else ", ".join(Path(table.file).name for table in tables)
    zone = tables[0].layout.zone or "UTC"
    return History(
        made,
        rows,
        tape.time_ns,
        instrument,
        counted(quirks),
        source,
        kind,
        zone=zone,
        places=np.stack([tape.table, tape.row], axis=1),
        files=tuple(table.file for table in tables),
    ).held()


_QUANTITIES = ("quantity", "bid_quantity", "ask_quantity")


def _of_symbol(table: Table, rules: TickRules) -> Table:
    """The rows of one symbol."""
    if "symbol" not in table.names:
        return table
    symbols = table.text("symbol")
    present = symbols.drop_nulls().unique(maintain_order=True).to_list()
    if rules.symbol and len(present) > 1:
        if rules.symbol not in present:
            raise SourceError(
                table.file, None, f"no row is of {rules.symbol!r}", f"it has {', '.join(present[:10])}"
            )
        return table.select((symbols == rules.symbol).fill_null(value=False).to_numpy())
    if len(present) > 1:
        raise SourceError(
            table.file,
            None,
            f"there are {len(present)} symbols, expected one",
            f"choose one of {', '.join(present[:10])}",
        )
    return table


def _symbol(tables: Sequence[Table], rules: TickRules) -> str:
    if rules.symbol:
        return rules.symbol
    for table in tables:
        if "symbol" in table.names and table.text("symbol")[0]:
            return str(table.text("symbol")[0])
    return Path(tables[0].file).name.split(".", 1)[0]


def _without_suspicious(table: Table, quirks: dict[str, int]) -> Table:
    if "suspicious" not in table.names:
        return table
    flags = table.text("suspicious").fill_null("0").str.to_lowercase()
    good = flags.is_in(["0", "false", "no", "n"]).to_numpy()
    quirks["suspicious_row"] = quirks.get("suspicious_row", 0) + int((~good).sum())
    return table.select(good)


def _instrument(
    file: str, tape: Tape, places: int, rules: TickRules, symbol: str, widest_ticks: int
) -> Instrument:
    prices = np.concatenate([tape.bid, tape.ask, tape.price])
    prices = prices[prices > 0]
    if rules.tick_size is None:
        tick = decimal_step(np.unique(prices), 9, FINEST_TICK)
    else:
        tick = decimal(rules.tick_size, "tick_size")
        nanos = to_units(tick, NANO, "tick_size")
        # Prices that are no multiple of it are refused by row later; they must not make the tick finer here.
        prices = np.maximum(prices // nanos, 1) * nanos
    scale = price_scale(file, prices, market_tick=tick, widest_ticks=widest_ticks)
    quantities = np.concatenate([tape.bid_quantity, tape.ask_quantity, tape.quantity])
    lot = (
        decimal(rules.lot_size)
        if rules.lot_size is not None
        else decimal_step(np.unique(quantities[quantities > 0]), places, FINEST_LOT)
    )
    return scale.instrument(symbol, lot_size=lot)


def _in_ticks_and_lots(
    tape: Tape,
    places: int,
    instrument: Instrument,
    rules: TickRules,
    tables: Sequence[Table],
    quirks: dict[str, int],
) -> Tape:
    """The tape in the instrument's ticks and lots; prices outside its window are taken as missing."""
    tick, lot = decimal(instrument.tick_size), decimal(instrument.lot_size)
    low, high = instrument.price_min_ticks, instrument.price_max_ticks

    def whole(values: Integers, unit: Decimal, name: str, own: Decimal) -> Integers:
        counts, wrong = Decimals(values, 0, values == 0).as_units(unit)
        if wrong.any():
            at = int(np.argmax(wrong))
            found = f"{(Decimal(int(values[at])) / unit * own).normalize():f}"
            if Decimal(int(values[at])) % unit == 0:
                raise SourceError(
                    tables[int(tape.table[at])].file,
                    int(tape.row[at]),
                    f"a {name} of {found} is more than the exchange can hold",
                )
            raise SourceError(
                tables[int(tape.table[at])].file,
                int(tape.row[at]),
                f"a {name} is {found}, expected a multiple of {own}",
                f"leave out the {'tick' if name == 'price' else 'lot'} size or give a finer one",
            )
        return counts

    quantity_unit = lot.scaleb(places)
    behind = 1 if rules.quote_quantity is None else instrument.quantity_to_lots(rules.quote_quantity)
    made: dict[str, Integers] = {}
    for side in ("bid", "ask"):
        price = whole(getattr(tape, side), tick / NANO, "price", tick)
        quantity = getattr(tape, f"{side}_quantity")
        bare = quantity < 0
        lots = np.where(bare, behind, whole(np.where(bare, 0, quantity), quantity_unit, "quantity", lot))
        outside = (price > 0) & ((price < low) | (price > high))
        quirks["price_outside_window"] = quirks.get("price_outside_window", 0) + int(outside.sum())
        quirks["quote_without_quantity"] = quirks.get("quote_without_quantity", 0) + int(bare.sum())
        there = (price > 0) & (lots > 0) & ~outside
        made[side], made[f"{side}_quantity"] = np.where(there, price, 0), np.where(there, lots, 0)
    price = whole(tape.price, tick / NANO, "price", tick)
    outside = tape.is_trade & ((price < low) | (price > high))
    quirks["price_outside_window"] += int(outside.sum())
    return Tape(
        tape.time_ns,
        tape.is_quote,
        made["bid"],
        made["bid_quantity"],
        made["ask"],
        made["ask_quantity"],
        tape.is_trade & ~outside,
        price,
        whole(tape.quantity, quantity_unit, "quantity", lot),
        tape.side,
        tape.row,
        tape.table,
    )


def is_ticks(name: str, head: bytes) -> bool:
    """Whether a file is a table of trades, quotes or (to be refused with a reason) bars, or a Lean zip."""
    if is_lean(name):
        return True
    titles = {normal(title) for title in header_cells(head)}
    known = {column.name: titles & {column.name, *column.aliases} for column in COLUMNS}
    trades = known["price"] and known["quantity"]
    return titles >= _OHLC or bool(known["time"] and (trades or known["bid_price"] or known["ask_price"]))


register(
    "ticks",
    is_ticks,
    read_ticks,
    "a table of trades or quotes, or a Lean zip (docs/csv.md)",
)
