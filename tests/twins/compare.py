"""Say where two exchanges differ, in words: the command, and both events or records field by field."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from workbench.domain.codes import CommandKind, EventKind, Reason
from workbench.domain.records import (
    ACCOUNT_EVENT,
    AUCTION_EVENT,
    BUST_EVENT,
    CASH_EVENT,
    EVENT,
    FEE_EVENT,
    FILL_EVENT,
    LIMIT_EVENT,
    MARKET_EVENT,
    ORDER_EVENT,
    POSITION_EVENT,
    QUOTE_EVENT,
    SESSION_EVENT,
    SPLIT_EVENT,
    TERMS_EVENT,
    TRADE_EVENT,
    Records,
)
from workbench.domain.views import ExchangeState

_LAYOUTS = {
    EventKind.ORDER_PARTIALLY_FILLED: FILL_EVENT,
    EventKind.ORDER_FILLED: FILL_EVENT,
    EventKind.TRADE: TRADE_EVENT,
    EventKind.QUOTE: QUOTE_EVENT,
    EventKind.POSITION_CHANGED: POSITION_EVENT,
    EventKind.ACCOUNT_SUSPENDED: ACCOUNT_EVENT,
    EventKind.ACCOUNT_REINSTATED: ACCOUNT_EVENT,
    EventKind.LIMIT_BREACHED: ACCOUNT_EVENT,
    EventKind.MARGIN_CALL: ACCOUNT_EVENT,
    EventKind.MARGIN_CALL_MET: ACCOUNT_EVENT,
    EventKind.LIQUIDATION: ACCOUNT_EVENT,
    EventKind.DAY_STARTED: ACCOUNT_EVENT,
    EventKind.CASH_CHANGED: CASH_EVENT,
    EventKind.LIMIT_CHANGED: LIMIT_EVENT,
    EventKind.FEE_CHANGED: FEE_EVENT,
    EventKind.TRADE_BUSTED: BUST_EVENT,
    EventKind.SESSION_STATE_CHANGED: SESSION_EVENT,
    EventKind.ANNOUNCED: SESSION_EVENT,
    EventKind.INSTRUMENT_SPLIT: SPLIT_EVENT,
    EventKind.PHASE_CHANGED: MARKET_EVENT,
    EventKind.PRICE_BAND_CHANGED: MARKET_EVENT,
    EventKind.PRICE_LIMITS_CHANGED: MARKET_EVENT,
    EventKind.PHASE_SCHEDULED: MARKET_EVENT,
    EventKind.SHORT_SALE_RESTRICTION_CHANGED: MARKET_EVENT,
    EventKind.AUCTION_COLLAR_CHANGED: MARKET_EVENT,
    EventKind.AUCTION_INDICATIVE: AUCTION_EVENT,
    EventKind.AUCTION_UNCROSSED: AUCTION_EVENT,
    EventKind.ORDER_TERMS: TERMS_EVENT,
}


def layout_of(event: Records) -> np.dtype[Any]:
    """Layout of an array of one event; plain `EVENT` for a kind that does not exist."""
    kind = int(event["kind"][0])
    return _LAYOUTS.get(EventKind(kind), ORDER_EVENT) if kind in set(EventKind) else EVENT


def _name(enum: type[EventKind] | type[CommandKind] | type[Reason], value: int) -> str:
    return enum(value).name if value in set(enum) else str(value)


def _fields(record: Records, names: tuple[str, ...]) -> str:
    return " ".join(f"{name}={record[name][0]}" for name in names if record[name][0] != 0)


def describe_event(event: Records) -> str:
    """An array of one event as its kind, its reason and every field that is not 0."""
    kind = int(event["kind"][0])
    layout = layout_of(event)
    named = np.ascontiguousarray(event).view(layout)
    names = tuple(name for name in layout.names or () if name not in ("kind", "reason"))
    if layout is EVENT:
        return f"{kind} {event}"
    return f"{_name(EventKind, kind)} {_name(Reason, int(event['reason'][0]))} {_fields(named, names)}"


def describe_command(command: Records) -> str:
    """An array of one command as its kind and every field that is not 0."""
    names = tuple(name for name in command.dtype.names or () if name != "kind")
    return f"{_name(CommandKind, int(command['kind'][0]))} {_fields(command, names)}"


def differing_rows(expected: Records, got: Records) -> Iterator[int]:
    """Places at which two arrays of one layout differ, the end of the shorter one included."""
    size = expected.dtype.itemsize
    common = min(len(expected), len(got))
    left = np.ascontiguousarray(expected[:common]).view(np.uint8).reshape(common, size)
    right = np.ascontiguousarray(got[:common]).view(np.uint8).reshape(common, size)
    yield from np.flatnonzero((left != right).any(axis=1)).tolist()
    if len(expected) != len(got):
        yield common


def event_difference(
    commands: Records, expected: Records, got: Records, first_command: int = 1
) -> str | None:
    """The first event in which `got` differs, with the command behind it; None when all are equal.

    `first_command` is the sequence number of the first of `commands`.
    """
    if got.dtype != EVENT:
        return f"events have dtype {got.dtype}"
    place = next(differing_rows(expected, got), None)
    if place is None:
        return None
    sides = [("expected", expected[place : place + 1]), ("got", got[place : place + 1])]
    seqs = [int(event["command_seq"][0]) for _, event in sides if len(event)]
    at = min(seqs) - first_command
    lines = [f"event {place}, command {at}: {describe_command(commands[at : at + 1])}"]
    for name, event in sides:
        lines.append(f"  {name:8} {describe_event(event) if len(event) else 'no event'}")
    return "\n".join(lines)


def state_difference(expected: ExchangeState, got: ExchangeState) -> str | None:
    """The first record in which two states differ; None when they are equal."""
    for part, left, right in zip(ExchangeState._fields, expected, got, strict=True):
        if left.dtype != right.dtype:
            return f"{part} have dtype {right.dtype}"
        place = next(differing_rows(left, right), None)
        if place is not None:
            names = left.dtype.names or ()
            lines = [f"state, {part} {place} of {len(left)} and {len(right)}:"]
            for name, record in (("expected", left), ("got", right)):
                row = record[place : place + 1]
                lines.append(f"  {name:8} {_fields(row, names) if len(row) else 'no record'}")
            return "\n".join(lines)
    return None
