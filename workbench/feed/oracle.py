"""The source's own book, row by row, and how ours compares with it."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.codes import CommandKind, Side
from workbench.domain.records import Records
from workbench.domain.units import Number, decimal, from_units
from workbench.errors import SourceError
from workbench.feed.files import Cells, Flags, Ints, read_bytes, read_head
from workbench.feed.history import FROM_SOURCE, History
from workbench.feed.lobster import check_belongs
from workbench.feed.lobster_book import (
    ASK_ORDERS,
    ASK_PRICE,
    BID_ORDERS,
    BID_PRICE,
    UNKNOWN_COUNT,
    Ladders,
    LobsterName,
    read_ladders,
    revealed,
)
from workbench.feed.mbo import order_ids, read_records, utc_times
from workbench.feed.mbo_orders import ADD, CANCEL, CLEAR, FILL, MODIFY, TRADE
from workbench.feed.scale import to_nanos

_ACTIONS = {"A": ADD, "C": CANCEL, "M": MODIFY, "T": TRADE, "F": FILL, "R": CLEAR}
_SIDES = ((Side.SELL, ASK_PRICE), (Side.BUY, BID_PRICE))


@dataclass(frozen=True, slots=True)
class BookOracle:
    """What the source says its book was.

    Attributes
    ----------
    ladders
        int64 of shape (rows, levels, 6): ask price, lots and orders, bid price, lots and orders; prices in
        ticks. An empty level is 0, 0, 0; the number of orders is -1 where the source does not tell it.
    rows
        The row of the history (`History.rows`) after which the book stood so.
    tolerance_ticks
        How far a price may be off, for sources that round prices.
    undetermined
        Shape (rows, levels, 2), asks first: levels that no message of the source determines; None when all
        are.
    source
        Path of the file.
    first_row, history_first_row
        Numbers of the first data rows of the file and of the history's, as an editor counts them.
    history_rows
        Number of the history's data rows.
    tick_size
        What one tick of the ladders is worth.
    """

    ladders: Ladders
    rows: Ints
    tolerance_ticks: int
    undetermined: npt.NDArray[np.bool_] | None
    source: str
    first_row: int = 1
    history_first_row: int = 1
    history_rows: int = 0
    tick_size: Decimal = Decimal(1)

    def span(self) -> str:
        """Which rows of the history the books are of, when they are not of all; else empty."""
        if not len(self.rows):
            return ""
        first, last = int(self.rows[0]), int(self.rows[-1])
        if (first, last + 1) == (0, self.history_rows) or not self.history_rows:
            return ""
        start = self.history_first_row
        return (
            f"the books are of rows {first + start:,} to {last + start:,} of the history's "
            f"{start:,} to {self.history_rows - 1 + start:,}"
        )

    def determined_rows(self) -> Flags:
        """Which rows have no level that messages leave open."""
        if self.undetermined is None:
            return np.ones(len(self.ladders), np.bool_)
        return ~np.asarray(self.undetermined.any(axis=(1, 2)))


class BookView(Protocol):
    """The two methods of an exchange that are needed to compare its books."""

    def step(self, commands: Records) -> Records:
        """Carry out commands."""

    def depth(self, instrument: int, side: Side, levels: int) -> Records:
        """The best levels of a side, best first."""


def read_oracle(path: str | os.PathLike[str], history: History, *, tolerance: Number = "0.005") -> BookOracle:
    """The book file that belongs to `history`: a LOBSTER order book file, or a Databento mbp file in CSV.

    Parameters
    ----------
    path
        The book file; any other stock's, day's or length's is refused with `SourceError`.
    history
        What `read_lobster` or `read_mbo` made of the messages.
    tolerance
        How far a price of an mbp file may be off: some are rounded to cents.
    """
    name = os.fspath(path)
    if history.kind == "lobster":
        return _lobster(name, history)
    if history.kind == "databento-mbo":
        return _mbp(name, history, tolerance)
    raise SourceError(
        name,
        None,
        f"cannot be compared with a history of kind {history.kind}",
        "there are books for lobster and databento-mbo",
    )


def _lobster(name: str, history: History) -> BookOracle:
    ladders = read_ladders(name, to_nanos(history.instrument.tick_size))
    check_belongs(name, LobsterName.parse(history.source), None, ladders, history.row_count)
    new = (history.commands["kind"] == CommandKind.NEW_ORDER) & (history.origins == FROM_SOURCE)
    added = np.zeros(history.row_count, np.int64)
    price = np.zeros(history.row_count, np.int64)
    added[history.rows[new]] = history.commands["side"][new]
    price[history.rows[new]] = history.commands["price_ticks"][new]
    return BookOracle(
        ladders,
        np.arange(len(ladders)),
        0,
        revealed(ladders, added, price),
        name,
        1,
        history.first_row,
        history.row_count,
        decimal(history.instrument.tick_size),
    )


def _mbp(name: str, history: History, tolerance: Number) -> BookOracle:
    cells = Cells(
        read_bytes(name),
        name,
        required=("ts_event", "action", "sequence", "order_id", "bid_px_00", "ask_ct_00"),
    )
    levels = sum(column.startswith("bid_px_") for column in cells.names)
    tick = to_nanos(history.instrument.tick_size)
    ladders = np.zeros((cells.count, levels, 6), np.int64)
    for level in range(levels):
        for side, place in (("ask", ASK_PRICE), ("bid", BID_PRICE)):
            nanos = cells.decimals(f"{side}_px_{level:02}", 9, empty=0)
            ladders[:, level, place] = (nanos + tick // 2) // tick
            ladders[:, level, place + 1] = cells.integers(f"{side}_sz_{level:02}")
            ladders[:, level, place + 2] = cells.integers(f"{side}_ct_{level:02}")
    rows = _match(cells, history)
    return BookOracle(
        ladders,
        rows,
        to_nanos(tolerance) // tick,
        None,
        name,
        cells.first_row,
        history.first_row,
        history.row_count,
        decimal(history.instrument.tick_size),
    )


def book_symbol(path: str | os.PathLike[str]) -> str:
    """What a book file says it is the book of; empty when it does not say."""
    said = LobsterName.parse(path)
    if said is not None:
        return said.ticker
    lines = read_head(path).decode(errors="replace").splitlines()
    cells = dict(zip(*(line.split(",") for line in lines[:2]), strict=False)) if len(lines) > 1 else {}
    return str(cells.get("symbol", ""))


def _match(cells: Cells, history: History) -> Ints:
    """Row of the market-by-order file after which the book was that of each mbp row.

    An mbp row repeats `ts_event`, `sequence`, `action` and `order_id` of the record that made it, so it is
    the book right after that record, even between two records of one event. A trade's row names no order
    and shows the book after the fills and cancels with the trade's `ts_event` and `sequence`.
    """
    records = read_records(history.source)
    symbol = cells.text("symbol")[0] if "symbol" in cells.names else ""
    if symbol and records.symbol and symbol != records.symbol:
        raise SourceError(cells.file, None, f"is of {symbol}, but the orders are of {records.symbol}")
    keys = ["ts_event", "sequence", "action", "order_id"]
    folded = np.isin(records.action, (TRADE, FILL, CANCEL))
    trade = pl.DataFrame(
        {"ts_event": records.ts_event, "sequence": records.sequence, "row": np.arange(len(folded))}
    ).filter(pl.Series(folded))
    trades = trade.group_by("ts_event", "sequence").agg(pl.col("row").max().alias("after"))
    single = (
        pl.DataFrame(
            {
                "ts_event": records.ts_event,
                "sequence": records.sequence,
                "action": records.action,
                "order_id": records.source_id,
            }
        )
        .with_row_index("at")
        .group_by(keys)
        .agg(pl.col("at").max())
    )
    book = pl.DataFrame(
        {
            "ts_event": utc_times(cells, "ts_event"),
            "sequence": cells.integers("sequence"),
            "action": cells.codes("action", _ACTIONS),
            "order_id": order_ids(cells),
        }
    )
    found = book.join(single, on=keys, how="left", maintain_order="left").join(
        trades, on=["ts_event", "sequence"], how="left", maintain_order="left"
    )
    is_trade = pl.col("action") == TRADE
    rows = found.select(
        pl.when(is_trade & pl.col("at").is_not_null()).then("after").otherwise("at")
    ).to_series()
    for wrong, reason in (
        (rows.is_null().to_numpy(), "has no counterpart among the orders"),
        (
            np.diff(rows.fill_null(0).to_numpy().astype(np.int64), prepend=0) < 0,
            "is not in the order of the orders",
        ),
    ):
        if wrong.any():
            raise cells.refuse(int(np.argmax(wrong)), reason, f"is it of the same day as {history.source}?")
    return rows.to_numpy().astype(np.int64)


def ladder_of(book: BookView, levels: int, instrument: int = 0) -> Ladders:
    """The best levels of both sides of a book as one ladder."""
    made = np.zeros((levels, 6), np.int64)
    for side, place in _SIDES:
        view = book.depth(instrument, side, levels)
        for offset, column in enumerate(("price_ticks", "quantity_lots", "orders")):
            made[: len(view), place + offset] = view[column]
    return made


def follow(history: History, book: BookView, oracle: BookOracle) -> Ladders:
    """Play a history and take the book wherever the oracle has a row; shape of `oracle.ladders`."""
    states = np.zeros_like(oracle.ladders)
    ends = history.row_ends()
    done = 0
    for at, row in enumerate(oracle.rows.tolist()):
        end = int(ends[row])
        if end > done:
            book.step(history.commands[done:end])
            done = end
        states[at] = ladder_of(book, states.shape[1])
    return states


@dataclass(frozen=True, slots=True)
class Report:
    """How many rows of a book are equal to the source's.

    Attributes
    ----------
    rows, equal
        Rows compared, and rows equal in every price, quantity and number of orders.
    determined, determined_equal
        Rows whose every level the messages determine, and how many of them are equal.
    causes
        Different rows by cause: `level_revealed` (only levels that no message determines differ), else the
        first of `price`, `quantity`, `orders` that differs.
    first
        Text of the first difference, both ladders side by side; empty when there is none.
    span
        Which rows of the history were compared, when not all; else empty.
    """

    rows: int
    equal: int
    determined: int
    determined_equal: int
    causes: dict[str, int]
    first: str
    span: str = ""

    @property
    def different(self) -> int:
        """Rows that differ."""
        return self.rows - self.equal

    def __str__(self) -> str:
        causes = ", ".join(f"{name} {count}" for name, count in self.causes.items())
        said = f"{self.equal:,} of {self.rows:,} rows equal"
        said += f" ({self.determined_equal:,} of {self.determined:,} determined)"
        return "\n".join(
            part for part in (said, f"different: {causes}" if causes else "", self.span, self.first) if part
        )


def compare(oracle: BookOracle, states: Ladders | Callable[[int], Ladders]) -> Report:
    """Compare books with the source's.

    Parameters
    ----------
    oracle
        The source's books.
    states
        Ours, an array of the shape of `oracle.ladders` or a function from row of the oracle to (levels, 6).
    """
    if callable(states):
        states = (
            np.stack([states(row) for row in range(len(oracle.ladders))])
            if len(oracle.ladders)
            else oracle.ladders
        )
    if states.shape != oracle.ladders.shape:
        raise ValueError(f"books of shape {states.shape}, expected {oracle.ladders.shape}")
    wrong = _differences(oracle, states)
    bad = np.asarray(wrong.any(axis=(1, 2)))
    causes: Counter[str] = Counter()
    for row in np.flatnonzero(bad).tolist():
        causes[_cause(oracle, wrong[row], row)] += 1
    determined = oracle.determined_rows()
    first = ""
    if bad.any():
        row = int(np.argmax(bad))
        first = (
            f"first difference at book row {row + oracle.first_row} "
            f"(after source row {oracle.rows[row] + oracle.history_first_row}):\n"
            + _side_by_side(oracle.ladders[row], states[row], wrong[row], oracle.tick_size)
        )
    return Report(
        len(bad),
        int((~bad).sum()),
        int(determined.sum()),
        int((determined & ~bad).sum()),
        dict(sorted(causes.items())),
        first,
        oracle.span(),
    )


def _differences(oracle: BookOracle, states: Ladders) -> npt.NDArray[np.bool_]:
    wrong = np.asarray(states != oracle.ladders)
    for place in (ASK_PRICE, BID_PRICE):
        ours, theirs = states[:, :, place], oracle.ladders[:, :, place]
        # A level that is there is never within tolerance of one that is not.
        wrong[:, :, place] = (np.abs(ours - theirs) > oracle.tolerance_ticks) | ((ours > 0) != (theirs > 0))
    for place in (ASK_ORDERS, BID_ORDERS):
        wrong[:, :, place] &= oracle.ladders[:, :, place] != UNKNOWN_COUNT
    return wrong


def _cause(oracle: BookOracle, wrong: npt.NDArray[np.bool_], row: int) -> str:
    sides = np.stack([wrong[:, :3].any(axis=1), wrong[:, 3:].any(axis=1)], axis=1)
    if oracle.undetermined is not None and not (sides & ~oracle.undetermined[row]).any():
        return "level_revealed"
    by_column = np.asarray(wrong.any(axis=0))
    return next(
        name
        for place, name in enumerate(("price", "quantity", "orders"))
        if by_column[place] or by_column[place + 3]
    )


def _side_by_side(theirs: Ladders, ours: Ladders, wrong: npt.NDArray[np.bool_], tick_size: Decimal) -> str:
    """Every level of both books in at most 80 columns, those that differ marked."""

    def cells(level: npt.NDArray[np.int64], place: int) -> str:
        price, lots, orders = level[place : place + 3].tolist()
        if not price:
            return f"{'-':>13} {'-':>12} {'-':>6}"
        count = "-" if orders == UNKNOWN_COUNT else orders
        return f"{from_units(price, tick_size):>13f} {lots:>12} {count:>6}"

    title = f"{'price':>13} {'lots':>12} {'orders':>6}"
    lines = [f"{'':9}{'source':>33}  {'ours':>33}", f"{'':9}{title} {title}"]
    for side, place in (("ask", ASK_PRICE), ("bid", BID_PRICE)):
        for level in range(len(theirs)):
            mark = "*" if wrong[level, place : place + 3].any() else " "
            lines.append(
                f"{mark} {side} {level + 1:<3}{cells(theirs[level], place)} {cells(ours[level], place)}"
            )
    return "\n".join(lines)
