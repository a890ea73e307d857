"""Recorded order flow as commands: what every reader of this package returns."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from workbench.domain.codes import CommandKind
from workbench.domain.instruments import MAX_PRICE_TICKS, Instrument
from workbench.domain.records import COMMAND, Records
from workbench.domain.units import Number
from workbench.errors import SourceError
from workbench.feed.files import Ints
from workbench.feed.scale import from_nanos, inward, to_nanos

FROM_SOURCE = 0
FROM_SEED = 1
FROM_RESYNC = 2
ORIGINS = {
    FROM_SOURCE: "a row of the source says so",
    FROM_SEED: "the source's first book row shows it, so it was there before the first message",
    FROM_RESYNC: "a later book row shows what no message announced",
}
"""Where a command comes from: meaning of the numbers in `History.origins`."""

QUIRKS = {
    "aggressor_was_resting": "a trade's incoming side was an order in the book, moved to cross; it shrinks",
    "auction_fill_canceled": "an auction fill whose other side is printed already; its order shrinks",
    "broken_trade": "a trade that was broken after its print; it stays in the volume",
    "cancel_exceeds_open": "a cancel of more than was open; it ends the order",
    "cross_trade": "a cross (auction) trade; an auction of history or, where it has a side, an execution",
    "duplicate_message": "a message that a capture has twice, taken once",
    "exchange_time_unsorted": "the exchange's time is before that of the row above; receipt time is used",
    "execution_not_printed": "an execution that another message prints (a cross); its order shrinks",
    "execution_price_rounded": "an execution between two ticks of the chosen size, rounded",
    "execution_without_price": "an execution of an order never shown open, so of unknown price; no command",
    "fill_away_from_price": "a fill at another price than its order's (auction); the print names no order",
    "fill_not_settled": "a fill that no cancel or modify of its order confirms; printed as hidden",
    "halt_elsewhere": "an operational halt at another market than the file's, or its end; no command",
    "hidden_execution": "an execution against liquidity that the book never showed",
    "hidden_side_by_tick_rule": "a hidden execution whose aggressor the tick rule chose",
    "iceberg_execution": "more was executed than the order displayed; the excess is printed as hidden",
    "iceberg_refilled": "an order whose displayed quantity was executed shows more; it queues anew",
    "late_message": "a message that a capture has after later ones, put where it belongs",
    "level_revealed": "a level came into view with another quantity than messages told",
    "level_vanished": "a level that went out of view was gone when it should come back",
    "maybe_bad_book": "the source marks the book as possibly wrong after a lost packet",
    "missing_message": "a message that a capture lost, by its sequence number; the book may be wrong",
    "no_action": "a record without an effect on orders",
    "order_id_reused": "an order id that had ended was used again; the new order gets a synthetic id",
    "order_id_renumbered": "order ids of 2^62 or more were replaced by their rank",
    "order_size_corrected": "an order of known size changed while out of view; its level was put right",
    "other_record": "a record or message of no kind that is read here",
    "price_change": "the price of a live order changed, which this source has no message for",
    "price_outside_window": "a row of an order at a price outside the price window, left out",
    "resized_larger": "an order's remaining quantity grew, which this source has no message for",
    "seed_order_reduced": "an unknown order's execution or cancel, taken from anonymous quantity",
    "snapshot_record": "an order that was open before the file begins",
    "snapshot_time_raised": "a snapshot record before the time of the row above; it takes that time",
    "trading_halt": "a halt, quote resume or trade resume message",
    "unknown_order_canceled": "a cancel of an order that the file never showed open; no command",
    "unknown_order_executed": "an execution of an order that the file never showed open; it names no order",
    "unknown_order_modified": "a modify of an order that the file never showed open; a new order",
    "unknown_order_replaced": "a replace of an order never shown open, so of unknown side; no command",
    "unnamed_order_reduced": "an unknown order's execution or cancel, taken from orders no later row names",
    "unpaired_execution": "one side of a trade whose other side is missing; a plain cancel",
}
"""What a reader may meet that is not plain order flow; `History.quirks` counts it."""


@dataclass(frozen=True, slots=True)
class History:
    """Order flow of one instrument as commands of the street.

    Attributes
    ----------
    commands
        `COMMAND` records of account 0 and instrument 0 with times that never fall.
    rows
        For each command the source row (0-based data row) it comes from; never falls. A row may give none
        or several.
    row_times_ns
        Time of each source row, `row_count` of them.
    instrument
        Reference data in whose ticks and lots the commands are; its window holds every price of them.
    quirks
        How often each of `QUIRKS` was met.
    source
        Path of the file.
    kind
        Name of its format.
    origins
        For each command one of `ORIGINS`.
    zone
        IANA time zone of the market: what its clocks show. Times are in UTC whatever it is.
    first_row
        Number of the first data row as an editor counts it: 2 where there is a header.
    places
        For each row its file's number in `files` and its number there as an editor counts it, for a history
        of several files or of some rows of a file; None when the rows are those of `source`, all of them.
    files
        Paths of the files of `places`.
    """

    commands: Records
    rows: Ints
    row_times_ns: Ints
    instrument: Instrument
    quirks: dict[str, int]
    source: str
    kind: str
    origins: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))
    zone: str = "UTC"
    first_row: int = 1
    places: npt.NDArray[np.int64] | None = None
    files: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.origins):
            object.__setattr__(self, "origins", np.zeros(len(self.commands), np.uint8))
        unknown = sorted(set(self.quirks) - set(QUIRKS))
        if unknown:
            raise ValueError(f"quirks without a meaning: {', '.join(unknown)}")
        if self.commands.dtype != COMMAND or not len(self.commands) == len(self.rows) == len(self.origins):
            raise ValueError("commands, rows and origins must be equally many, commands of dtype COMMAND")

    @property
    def row_count(self) -> int:
        """Number of data rows in the source."""
        return len(self.row_times_ns)

    def place(self, row: int) -> tuple[str, int]:
        """The file of a source row, and the row's number in it as an editor counts it."""
        if self.places is None:
            return self.source, row + self.first_row
        file, number = self.places[row].tolist()
        return self.files[file], number

    def held(self) -> History:
        """The same history, if the exchange can hold every price and quantity of it.

        Raises
        ------
        SourceError
            For the first row that wants more than `Instrument.max_order_lots`, or a price above 2^40 ticks.
        """
        trades = np.isin(
            self.commands["kind"],
            (
                CommandKind.NEW_ORDER,
                CommandKind.REPLACE_ORDER,
                CommandKind.EXECUTE_ORDER,
                CommandKind.CROSS_ORDERS,
            ),
        )
        most_lots = self.instrument.max_order_lots
        too_many = trades & (self.commands["quantity_lots"] > most_lots)
        too_high = trades & (self.commands["price_ticks"] > MAX_PRICE_TICKS)
        if (too_many | too_high).any():
            at = int(np.argmax(too_many | too_high))
            if too_many[at]:
                wanted = self.instrument.quantity_from_lots(int(self.commands["quantity_lots"][at]))
                most, what = self.instrument.quantity_from_lots(most_lots), "quantity"
            else:
                wanted = self.instrument.price_from_ticks(int(self.commands["price_ticks"][at]))
                most, what = self.instrument.price_from_ticks(MAX_PRICE_TICKS), "price"
            raise SourceError(
                *self.place(int(self.rows[at])),
                f"a {what} of {wanted:f} is more than the exchange can hold",
                f"the most is {most:f}",
            )
        return self

    def row_ends(self) -> Ints:
        """For each source row how many commands there are up to and including it.

        `commands[ends[r - 1]:ends[r]]` are those of row r, and the book after them is the book after row r.
        """
        return np.searchsorted(self.rows, np.arange(self.row_count), side="right").astype(np.int64)

    def with_tick_size(self, tick_size: Number) -> History:
        """The same history in another tick size.

        Prices of orders must be whole ticks; executions and crosses between two ticks are rounded to the
        nearest (half up) and counted. Collars of auctions are rounded inwards.
        """
        old, new = (to_nanos(tick) for tick in (self.instrument.tick_size, tick_size))
        changed = self.commands.copy()
        nanos = changed["price_ticks"].astype(np.int64) * old
        executes = np.isin(changed["kind"], (CommandKind.EXECUTE_ORDER, CommandKind.CROSS_ORDERS))
        collars = changed["kind"] == CommandKind.SET_AUCTION_COLLAR
        off = (nanos % new != 0) & ~collars
        if (off & ~executes).any():
            at = int(np.flatnonzero(off & ~executes)[0])
            price = from_nanos(int(nanos[at]))
            raise SourceError(self.source, None, f"an order at {price} is between two ticks of {tick_size}")
        changed["price_ticks"] = (nanos + new // 2) // new
        high_nanos = changed["trigger_price_ticks"][collars] * old
        changed["price_ticks"][collars], changed["trigger_price_ticks"][collars] = inward(
            nanos[collars], high_nanos, new
        )
        rounded = int((off & executes).sum())
        low, high = (to_nanos(price) for price in (self.instrument.price_min, self.instrument.price_max))
        instrument = replace(
            self.instrument,
            tick_size=from_nanos(new),
            price_min=from_nanos(max(low // new, 1) * new),
            price_max=from_nanos(-(-high // new) * new),
            price_increment=from_nanos(max(new, to_nanos(self.instrument.price_increment or 0))),
        )
        quirks = counted(self.quirks, execution_price_rounded=rounded)
        return replace(self, commands=changed, instrument=instrument, quirks=quirks)


def counted(*parts: dict[str, int], **more: int) -> dict[str, int]:
    """Sums of quirk counts by name, sorted, without zeros.

    >>> counted({"no_action": 1}, no_action=2, cross_trade=0)
    {'no_action': 3}
    """
    total: dict[str, int] = {}
    for part in (*parts, more):
        for name, count in part.items():
            total[name] = total.get(name, 0) + int(count)
    return {name: total[name] for name in sorted(total) if total[name]}
