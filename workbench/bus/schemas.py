"""JSON Schema of every event and command and the AsyncAPI document of the bus, made of the domain's records.

`python -m workbench.bus.schemas docs/schemas` writes them anew; a test holds what is checked in against what
is made here. An event or a command as JSON is an object of whole numbers under the names of its record,
unused words left out. Numbers go beyond 2^53, so a reader must keep 64-bit integers whole.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
from collections.abc import Iterator
from enum import EnumMeta, IntEnum, IntFlag
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, get_args

import numpy as np

from workbench.domain import codes, commands, records, states
from workbench.domain.codes import (
    CommandKind,
    EventKind,
    LimitKind,
    OrderFlag,
    OrderType,
    Phase,
    Reason,
    SelfTradePrevention,
    SessionState,
    Side,
    TimeInForce,
)
from workbench.domain.records import COMMAND, EVENT, schema_hash
from workbench.domain.states import OrderState
from workbench.errors import WorkbenchError

Schema = dict[str, Any]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
EVENTS, COMMANDS, ASYNCAPI = "events.schema.json", "commands.schema.json", "asyncapi.json"

CODES: dict[str, type[IntEnum]] = {
    "reason": Reason,
    "side": Side,
    "order_state": OrderState,
    "order_type": OrderType,
    "time_in_force": TimeInForce,
    "self_trade_prevention": SelfTradePrevention,
    "phase": Phase,
    "next_phase": Phase,
    "limit_kind": LimitKind,
    "session_state": SessionState,
    "previous_state": SessionState,
}
"""Whose numbers a field has."""

UNITS: Final = {
    "_ns": "nanoseconds since 1970-01-01 UTC",
    "_ticks": "ticks of the instrument",
    "_lots": "lots of the instrument",
    "_micros": "millionths of the account's currency",
    "_seq": "a sequence number",
    "_id": "an id; 0 is none",
}
"""By the end of a field's name."""

LAYOUTS: dict[EventKind, np.dtype[Any]] = {
    **dict.fromkeys(EventKind, records.ORDER_EVENT),
    EventKind.ORDER_PARTIALLY_FILLED: records.FILL_EVENT,
    EventKind.ORDER_FILLED: records.FILL_EVENT,
    EventKind.ORDER_TERMS: records.TERMS_EVENT,
    EventKind.TRADE: records.TRADE_EVENT,
    EventKind.QUOTE: records.QUOTE_EVENT,
    EventKind.POSITION_CHANGED: records.POSITION_EVENT,
    EventKind.CASH_CHANGED: records.CASH_EVENT,
    EventKind.INSTRUMENT_SPLIT: records.SPLIT_EVENT,
    EventKind.LIMIT_CHANGED: records.LIMIT_EVENT,
    EventKind.FEE_CHANGED: records.FEE_EVENT,
    EventKind.TRADE_BUSTED: records.BUST_EVENT,
    **dict.fromkeys((EventKind.AUCTION_INDICATIVE, EventKind.AUCTION_UNCROSSED), records.AUCTION_EVENT),
    **dict.fromkeys((EventKind.SESSION_STATE_CHANGED, EventKind.ANNOUNCED), records.SESSION_EVENT),
    **dict.fromkeys(
        (
            EventKind.PHASE_CHANGED,
            EventKind.PRICE_BAND_CHANGED,
            EventKind.PRICE_LIMITS_CHANGED,
            EventKind.PHASE_SCHEDULED,
            EventKind.SHORT_SALE_RESTRICTION_CHANGED,
            EventKind.AUCTION_COLLAR_CHANGED,
        ),
        records.MARKET_EVENT,
    ),
    **dict.fromkeys(
        (
            EventKind.ACCOUNT_SUSPENDED,
            EventKind.ACCOUNT_REINSTATED,
            EventKind.LIMIT_BREACHED,
            EventKind.MARGIN_CALL,
            EventKind.MARGIN_CALL_MET,
            EventKind.LIQUIDATION,
            EventKind.DAY_STARTED,
        ),
        records.ACCOUNT_EVENT,
    ),
}
"""Which names a kind's words have."""


@cache
def meanings(enum: EnumMeta) -> dict[str, str]:
    """What stands below each name of an enumeration in its source."""
    module = codes if enum.__module__ == codes.__name__ else states
    [found] = [
        node
        for node in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(node, ast.ClassDef) and node.name == enum.__name__
    ]
    said: dict[str, str] = {}
    for line, below in zip(found.body, found.body[1:], strict=False):
        named = isinstance(line, ast.Assign) and isinstance(line.targets[0], ast.Name)
        if named and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            said[line.targets[0].id] = inspect.cleandoc(str(below.value.value)).replace("\n", " ")  # type: ignore[attr-defined]
    return said


def field(name: str, kind: np.dtype[Any]) -> Schema:
    """The schema of one field of a record."""
    if name in CODES:
        return {"$ref": f"#/$defs/{CODES[name].__name__}"}
    limits = np.iinfo(kind)
    schema: Schema = {"type": "integer", "minimum": int(limits.min), "maximum": int(limits.max)}
    unit = next((unit for end, unit in UNITS.items() if name.endswith(end)), "")
    if unit:
        schema["description"] = unit
    return schema


def code_schema(enum: type[IntEnum]) -> Schema:
    """The schema of a code; no enumeration, for a refused command comes back with whatever it had."""
    return {
        "title": enum.__name__,
        "type": "integer",
        "minimum": 0,
        "x-codes": {str(int(code)): code.name for code in enum},
    }


def of_record(layout: np.dtype[Any], title: str, number: int, description: str, names: list[str]) -> Schema:
    """The schema of a record of one kind: all fields named are there and no others."""
    properties = {name: field(name, layout[name]) for name in names}
    properties["kind"] = {"const": number, "description": title}
    return {
        "title": title,
        "description": description,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def event_schemas() -> dict[str, Schema]:
    """By the name of its kind, the schema of each event."""
    said = meanings(EventKind)
    made = {}
    for kind in EventKind:
        layout = LAYOUTS[kind]
        names = [name for name in layout.names or () if not name.startswith("unused")]
        made[kind.name] = of_record(layout, kind.name, int(kind), said[kind.name], names)
    return made


class Builder(NamedTuple):
    """A function of `workbench.domain.commands`, and values to try it with."""

    name: str
    arguments: list[dict[str, int]]


def builders() -> Iterator[Builder]:
    """The functions that make one command of whole numbers, each with every code that it takes."""
    for name, function in inspect.getmembers(commands, inspect.isfunction):
        signature = inspect.signature(function, eval_str=True)
        if function.__module__ != commands.__name__ or next(iter(signature.parameters), "") != "time_ns":
            continue
        values = {each.name: _values(each.annotation) for each in signature.parameters.values()}
        plain = {each: some[0] for each, some in values.items()}
        others = [{**plain, each: value} for each, some in values.items() for value in some[1:]]
        yield Builder(name, [plain, *others])


def _values(annotation: Any) -> list[int]:
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, EnumMeta) and issubclass(kind, IntEnum | IntFlag):
            return [member for member in kind if member] or [1]
    return [1]


@cache
def fields_of_commands() -> dict[CommandKind, frozenset[str]]:
    """Which fields of a command a kind uses: those that its builder fills; all others are zero."""
    used: dict[CommandKind, set[str]] = {}
    for name, tried in builders():
        for arguments in tried:
            try:
                made = getattr(commands, name)(**arguments)
            except WorkbenchError:
                continue
            for record in made:
                filled = {field for field in COMMAND.names or () if record[field]}
                used.setdefault(CommandKind(int(record["kind"])), set()).update(filled)
    return {kind: frozenset(used[kind]) for kind in CommandKind}


def command_schemas() -> dict[str, Schema]:
    """By the name of its kind, the schema of each command; a field that is left out is zero."""
    said, used = meanings(CommandKind), fields_of_commands()
    made = {}
    for kind in CommandKind:
        names = [name for name in COMMAND.names or () if name in used[kind]]
        schema = of_record(COMMAND, kind.name, int(kind), said[kind.name], names)
        schema["required"] = ["time_ns", "kind"]
        if "flags" in names and kind in (CommandKind.NEW_ORDER, CommandKind.REPLACE_ORDER):
            schema["properties"]["flags"]["x-bits"] = {str(int(bit)): bit.name for bit in OrderFlag}
        made[kind.name] = schema
    return made


def together(title: str, description: str, schemas: dict[str, Schema], layout: np.dtype[Any]) -> Schema:
    """One document of many schemas, told apart by `kind`."""
    used = {CODES[name] for schema in schemas.values() for name in schema["properties"] if name in CODES}
    shared = {enum.__name__: code_schema(enum) for enum in sorted(used, key=lambda enum: enum.__name__)}
    return {
        "$schema": DIALECT,
        "title": title,
        "description": description,
        "x-record-bytes": layout.itemsize,
        "x-record-hash": schema_hash(layout),
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in schemas],
        "$defs": schemas | shared,
    }


def asyncapi() -> Schema:
    """What can be listened to, and what can be sent, in the words of AsyncAPI 3."""
    events, sent = event_schemas(), command_schemas()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "workbench",
            "version": f"{schema_hash(EVENT)}-{schema_hash(COMMAND)}",
            "description": "Events of a market, numbered without a gap by `seq`, and the commands that they "
            "follow from. The version is the hash of both records' layouts.",
        },
        "defaultContentType": "application/json",
        "channels": {
            "events": _channel("events/{shard}", "Facts, in order; at least once.", events),
            "commands": _channel("commands/{shard}", "Requests, which may be refused.", sent),
        },
        "operations": {
            "listen": {"action": "receive", "channel": {"$ref": "#/channels/events"}},
            "ask": {"action": "send", "channel": {"$ref": "#/channels/commands"}},
        },
        "components": {
            "messages": {
                name: {
                    "name": name,
                    "summary": schema["description"],
                    "payload": {"$ref": f"{file}#/$defs/{name}"},
                }
                for file, schemas in ((EVENTS, events), (COMMANDS, sent))
                for name, schema in schemas.items()
            }
        },
    }


def _channel(address: str, description: str, schemas: dict[str, Schema]) -> Schema:
    return {
        "address": address,
        "description": description,
        "parameters": {"shard": {"description": "Name of the session whose market it is."}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in schemas},
    }


def documents() -> dict[str, str]:
    """The text of each file, by its name."""
    made = {
        EVENTS: together("Event", "What happened in a market.", event_schemas(), EVENT),
        COMMANDS: together("Command", "What a market is asked for.", command_schemas(), COMMAND),
        ASYNCAPI: asyncapi(),
    }
    return {
        name: json.dumps(document, indent=1, ensure_ascii=False) + "\n" for name, document in made.items()
    }


def write(folder: Path) -> None:
    """Write all files anew."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in documents().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/schemas"))
