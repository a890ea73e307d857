"""Databento market-by-order records, from CSV or DBN, as commands.

The book of the source changes at A (add), C (cancel), M (modify) and R (clear) records; a T (trade) is the
aggressor's view of a trade and an F (fill) that of a resting order, and neither changes the book: the C or
M that follows does. An execution changes our book at once, so it is issued at the row of that C or M, with
the price of the F. Then the book after each row is the source's book after that row.

Times are `ts_event`, when the matching engine did it; `time="ts_recv"` takes the capture's receipt time.
"""

from __future__ import annotations

import os
import struct

import databento_dbn
import numpy as np
import numpy.typing as npt
import polars as pl

from workbench.domain.codes import Side
from workbench.domain.units import Number
from workbench.errors import SourceError
from workbench.feed.files import Cells, Ints, read_bytes
from workbench.feed.history import History, counted
from workbench.feed.mbo_orders import (
    ADD,
    CANCEL,
    CLEAR,
    FILL,
    MODIFY,
    NOTHING,
    TRADE,
    MboRecords,
    to_commands,
)
from workbench.feed.scale import from_nanos, off_tick, price_scale
from workbench.feed.street import below_synthetic
from workbench.feed.times import NO_SUCH_TIME, existing, in_span

UNDEFINED_PRICE = (1 << 63) - 1
CSV_COLUMNS = ("ts_recv", "ts_event", "action", "side", "price", "size", "order_id", "flags", "sequence")
"""Columns of the CSV form that are read; `symbol`, `instrument_id` and `publisher_id` where present."""

SNAPSHOT, MAYBE_BAD_BOOK = 32, 4
"""Bits of a record's flags."""

_ACTIONS = {"A": ADD, "C": CANCEL, "M": MODIFY, "T": TRADE, "F": FILL, "R": CLEAR, "N": NOTHING}
_SIDES = {"B": int(Side.BUY), "A": int(Side.SELL), "N": int(Side.NONE)}

_DBN_RECORD = np.dtype(
    [
        ("length", "u1"),
        ("rtype", "u1"),
        ("publisher_id", "<u2"),
        ("instrument_id", "<u4"),
        ("ts_event", "<u8"),
        ("order_id", "<u8"),
        ("price", "<i8"),
        ("size", "<u4"),
        ("flags", "u1"),
        ("channel_id", "u1"),
        ("action", "u1"),
        ("side", "u1"),
        ("ts_recv", "<u8"),
        ("ts_in_delta", "<i4"),
        ("sequence", "<u4"),
    ]
)
_MBO_RTYPE = 160

_FUTURES: dict[str, tuple[str | None, str]] = {
    "ES": ("0.25", "50"),
    "MES": ("0.25", "5"),
    "NQ": ("0.25", "20"),
    "MNQ": ("0.25", "2"),
    "YM": ("1", "5"),
    "RTY": ("0.1", "50"),
    "CL": ("0.01", "1000"),
    "GC": ("0.1", "100"),
}
"""Tick size and value of 1.00 of well-known CME futures, by root symbol."""

_CME_PUBLISHER = 1


def read_mbo(
    path: str | os.PathLike[str],
    *,
    time: str = "ts_event",
    symbol: str = "",
    market_tick: Number | None = None,
    multiplier: Number | None = None,
) -> History:
    """Order flow of a market-by-order file.

    Parameters
    ----------
    path
        A CSV with a header or a DBN file of schema mbo; either may be compressed.
    time
        `"ts_event"` or `"ts_recv"`: which of the two times the commands get. It must not fall from record
        to record, save that snapshot records, which may carry the orders' own age, take the time of the
        record before.
    symbol, market_tick, multiplier
        Override what the file and the table of well-known futures say.
    """
    name = os.fspath(path)
    if time not in ("ts_event", "ts_recv"):
        raise SourceError(name, None, f"time is {time!r}, expected 'ts_event' or 'ts_recv'")
    return _history(read_records(path), name, time, symbol, market_tick, multiplier)


def read_records(path: str | os.PathLike[str]) -> MboRecords:
    """The records of a market-by-order file as they stand."""
    name = os.fspath(path)
    data = read_bytes(path)
    return _from_dbn(data, name) if data.startswith(b"DBN") else _from_csv(data, name)


def _from_csv(data: bytes, name: str) -> MboRecords:
    cells = Cells(data, name, required=CSV_COLUMNS)
    if "rtype" in cells.names:
        cells.expect(cells.text("rtype") == str(_MBO_RTYPE), "rtype", f"{_MBO_RTYPE}, market by order")
    for column in ("instrument_id", "publisher_id", "symbol"):
        if column in cells.names and cells.text(column).n_unique() > 1:
            values = ", ".join(cells.text(column).unique().sort().to_list()[:5])
            raise SourceError(
                name, None, f"holds several instruments ({column} {values})", "split it by instrument"
            )
    action = cells.codes("action", _ACTIONS)
    fixed_point = not cells.text("price").str.contains(".", literal=True).any()
    price = cells.text("price")
    if fixed_point:
        empty = (price == "").to_numpy()
        cells.frame = cells.frame.with_columns(
            price.set(price == "", str(UNDEFINED_PRICE)).alias(str(cells.names.index("price")))
        )
        nanos = np.where(empty, UNDEFINED_PRICE, cells.integers("price", low=-(1 << 62)))
    else:
        nanos = cells.decimals("price", 9, empty=UNDEFINED_PRICE)
    cells.expect((nanos != UNDEFINED_PRICE) | np.isin(action, (CLEAR, NOTHING)), "price", "a price")
    ids = order_ids(cells)
    order_id, renumbered = below_synthetic(ids)
    publisher = cells.text("publisher_id")[0] if "publisher_id" in cells.names else "0"
    return _checked(
        MboRecords(
            ts_event=utc_times(cells, "ts_event"),
            ts_recv=utc_times(cells, "ts_recv"),
            action=action,
            side=cells.codes("side", _SIDES),
            price_nanos=nanos,
            size=cells.integers("size", high=(1 << 32) - 1),
            order_id=order_id,
            flags=cells.integers("flags", high=255),
            sequence=cells.integers("sequence"),
            publisher_id=int(publisher) if publisher.isdecimal() else 0,
            symbol=cells.text("symbol")[0] if "symbol" in cells.names else "",
            first_row=cells.first_row,
            quirks={"order_id_renumbered": renumbered},
            source_id=ids,
        ),
        name,
    )


def order_ids(cells: Cells) -> npt.NDArray[np.uint64]:
    """Order ids as they stand in the file, of 64 bits without a sign."""
    text = cells.text("order_id")
    values = text.cast(pl.UInt64, strict=False)
    good = text.str.contains(r"^[0-9]+$") & values.is_not_null()
    cells.expect(good, "order_id", "a whole number of at least 0 and below 2^64")
    return values.to_numpy().astype(np.uint64)


def utc_times(cells: Cells, column: str) -> Ints:
    """Nanoseconds since 1970, or ISO times in UTC."""
    text = cells.text(column)
    if text[0].isdecimal():
        times_ns = cells.integers(column)
        cells.expect(in_span(times_ns), column, NO_SUCH_TIME)
        return times_ns
    form = r"^(?<year>[0-9]{4})-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:(?<second>[0-9]{2})(\.[0-9]{1,9})?Z$"
    cells.expect(existing(text, form).fill_null(value=True), column, NO_SUCH_TIME)
    times = text.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="ns", strict=False)
    cells.expect(
        text.str.contains(form) & times.is_not_null(),
        column,
        "a UTC time such as 2025-07-17T13:30:00.123456789Z",
    )
    times_ns = times.to_physical().to_numpy().astype(np.int64)
    cells.expect(in_span(times_ns), column, NO_SUCH_TIME)
    return times_ns


def _from_dbn(data: bytes, name: str) -> MboRecords:
    try:
        metadata = databento_dbn.Metadata.decode(data)
    except (databento_dbn.DBNError, ValueError) as error:
        raise SourceError(name, None, f"has no DBN header that can be read: {error}") from None
    if metadata.schema is not None and str(metadata.schema) != "mbo":
        raise SourceError(name, None, f"is DBN of schema {metadata.schema}, expected mbo")
    body = data[8 + struct.unpack_from("<I", data, 4)[0] :]
    raw, others = _dbn_records(body, name)
    if not len(raw):
        raise SourceError(name, None, "holds no market-by-order record")
    ids = np.unique(raw["instrument_id"])
    if len(ids) > 1:
        raise SourceError(
            name,
            None,
            f"holds several instruments (instrument_id {', '.join(map(str, ids[:5]))})",
            "split it by instrument",
        )
    unknown = ~(
        np.isin(raw["action"], list(_ACTIONS.values()))
        & np.isin(raw["side"], [ord(letter) for letter in _SIDES])
    )
    if unknown.any():
        at = int(np.argmax(unknown))
        found = f"action {chr(raw['action'][at])!r} and side {chr(raw['side'][at])!r}"
        raise SourceError(
            name, at + 1, f"has {found}, expected one of {', '.join(_ACTIONS)} and one of {', '.join(_SIDES)}"
        )
    sides = np.zeros(256, np.int64)
    for letter, side in _SIDES.items():
        sides[ord(letter)] = side
    order_id, renumbered = below_synthetic(raw["order_id"])
    symbols = list(metadata.symbols)
    return _checked(
        MboRecords(
            ts_event=raw["ts_event"].astype(np.int64),
            ts_recv=raw["ts_recv"].astype(np.int64),
            action=raw["action"].astype(np.int64),
            side=sides[raw["side"]],
            price_nanos=raw["price"].astype(np.int64),
            size=raw["size"].astype(np.int64),
            order_id=order_id,
            flags=raw["flags"].astype(np.int64),
            sequence=raw["sequence"].astype(np.int64),
            publisher_id=int(raw["publisher_id"][0]),
            symbol=symbols[0] if len(symbols) == 1 else str(ids[0]),
            first_row=1,
            quirks={"other_record": others, "order_id_renumbered": renumbered},
            source_id=raw["order_id"].astype(np.uint64),
        ),
        name,
    )


def _dbn_records(body: bytes, name: str) -> tuple[npt.NDArray[np.void], int]:
    """The market-by-order records and how many others there are."""
    size = _DBN_RECORD.itemsize
    if len(body) % size == 0:
        raw = np.frombuffer(body, _DBN_RECORD)
        if (raw["rtype"] == _MBO_RTYPE).all() and (raw["length"] * 4 == size).all():
            return raw, 0
    starts: list[int] = []
    others = at = 0
    while at < len(body):
        length = body[at] * 4
        if length < 16 or at + length > len(body):  # noqa: PLR2004 - a record's header has 16 bytes
            raise SourceError(
                name,
                len(starts) + others + 1,
                "is truncated or damaged: the record has no end",
                "fetch it again",
            )
        if body[at + 1] == _MBO_RTYPE and length >= size:
            starts.append(at)
        else:
            others += 1
        at += length
    picked = np.frombuffer(body, np.uint8)[np.add.outer(np.array(starts, np.int64), np.arange(size))]
    return np.ascontiguousarray(picked).view(_DBN_RECORD).reshape(-1), others


def _checked(records: MboRecords, name: str) -> MboRecords:
    """Refuse records that no market could have sent."""
    action = records.action
    orders = np.isin(action, (ADD, CANCEL, MODIFY, FILL))
    shown = np.isin(action, (ADD, MODIFY))
    priced = orders | (action == TRADE)
    for wrong, reason in (
        (orders & (records.order_id <= 0), "names no order"),
        (shown & (records.side == Side.NONE), "has side N, expected A or B"),
        (
            priced & ((records.price_nanos <= 0) | (records.price_nanos == UNDEFINED_PRICE)),
            "has no positive price",
        ),
        (priced & (records.size <= 0), "has no positive size"),
        (~in_span(records.ts_event) | ~in_span(records.ts_recv), "has no time from 1970 to 2116"),
    ):
        if wrong.any():
            at = int(np.argmax(wrong))
            raise SourceError(name, at + records.first_row, f"is a record {chr(action[at])} that {reason}")
    return records


def _history(
    records: MboRecords,
    name: str,
    time: str,
    symbol: str,
    market_tick: Number | None,
    multiplier: Number | None,
) -> History:
    action = records.action
    time_ns, raised = _times(records, name, time)
    priced = ~np.isin(action, (CLEAR, NOTHING))
    orders = np.isin(action, (ADD, MODIFY))
    tick, value, zone = _market(records)
    own_tick = market_tick if market_tick is not None else tick
    if own_tick is not None:
        _refuse_off_tick(records, own_tick, name)
    scale = price_scale(
        name,
        records.price_nanos[priced],
        market_tick=own_tick,
        order_price_nanos=records.price_nanos[orders],
    )
    commands, rows, quirks = to_commands(records, time_ns, scale, name)
    quirks = counted(
        records.quirks,
        quirks,
        snapshot_time_raised=raised,
        snapshot_record=int((records.flags & SNAPSHOT != 0).sum()),
        maybe_bad_book=int((records.flags & MAYBE_BAD_BOOK != 0).sum()),
        no_action=int((action == NOTHING).sum()),
    )
    instrument = scale.instrument(
        symbol or records.symbol or "UNKNOWN", multiplier=multiplier if multiplier is not None else value
    )
    return History(
        commands,
        rows,
        time_ns,
        instrument,
        quirks,
        name,
        "databento-mbo",
        zone=zone,
        first_row=records.first_row,
    ).held()


def _refuse_off_tick(records: MboRecords, market_tick: Number, name: str) -> None:
    """Refuse an order in the book between two ticks; a hidden trade may be there."""
    book = np.isin(records.action, (ADD, MODIFY, CANCEL, FILL)) & (records.side != Side.NONE)
    off = book & off_tick(records.price_nanos, market_tick)
    if off.any():
        at = int(np.argmax(off))
        price = from_nanos(int(records.price_nanos[at]))
        raise SourceError(
            name,
            at + records.first_row,
            f"has an order at {price:f}, expected a multiple of the market's tick, {market_tick}",
            "mend the row; or read the file with another market_tick",
        )


def _times(records: MboRecords, name: str, time: str) -> tuple[Ints, int]:
    """Times that never fall, and how many snapshot records were given that of the record before."""
    source = records.ts_event if time == "ts_event" else records.ts_recv
    raised = np.maximum.accumulate(source)
    back = raised > source
    refused = back & (records.flags & SNAPSHOT == 0)
    if refused.any():
        at = int(np.argmax(refused))
        other = "ts_recv" if time == "ts_event" else "ts_event"
        raise SourceError(
            name,
            at + records.first_row,
            f"{time} is before that of the record before",
            f'sort the file or read it with time="{other}"',
        )
    return raised, int(back.sum())


def _market(records: MboRecords) -> tuple[str | None, str, str]:
    """The market's own tick size, None where it is not known, the value of 1.00, and its time zone."""
    if records.publisher_id == _CME_PUBLISHER:
        root = records.symbol.rstrip("0123456789")[:-1]
        return *_FUTURES.get(root, (None, "1")), "America/Chicago"
    return "0.01", "1", "America/New_York"
