"""What a line of a script may ask for: every command of the exchange, by its own name or a shorter one.

Everything follows from `CommandKind`, the layout of a command and the functions of
`workbench.domain.commands`: a function's parameters say what a command needs and what may be left out.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, IntFlag
from typing import Any

from workbench.domain import codes, commands
from workbench.domain.codes import CommandKind, OrderFlag, Side, SplitFlag
from workbench.domain.records import COMMAND
from workbench.engine.words import UNITS

_BEFORE = ("set_",)
_BEHIND = ("_order", "_account", "_instrument", "_switch")
_OWN = ("time_ns", "kind")
"""Fields that `at` and `do` give."""

ALIASES = {
    "symbol": "instrument",
    "type": "order_type",
    "tif": "time_in_force",
    "new_name": "new_client_order_id",
    "limit": "kind",
    "limit_kind": "kind",
    "fee": "kind",
    "fee_kind": "kind",
}
"""Friendly names that do not follow from the field's own."""

PER_LOT = "micros_per_lot"
"""Money for each lot: `amount_per_lot` in currency, or `amount` for each unit (share, coin)."""

TRAILS = ("trail_micros", "trigger_price_ticks")
"""What `trail` of a trailing stop may mean: a percentage, or a distance of the price."""

WHOLE = ("new_lots", "old_lots")
"""Numbers of lots that are a ratio and not a quantity: 2 for 1."""

TAKEN = {"at": "when", "do": "does", "name": "called", "order": "of_order"}
"""What a field is called instead whose friendly name is one of a script's own words."""

Code = type[IntEnum] | type[IntFlag]


@dataclass(frozen=True, slots=True)
class Verb:
    """Something a script may do.

    Attributes
    ----------
    name
        Its full name.
    kind
        The command's kind; None for a function that makes several commands.
    make
        The function that makes it, if there is one.
    preset
        Fields that the word itself says: "buy" is a side.
    """

    name: str
    kind: CommandKind | None
    make: Callable[..., Any] | None
    preset: Mapping[str, int] = field(default_factory=dict)

    @property
    def parameters(self) -> dict[str, inspect.Parameter]:
        """What its function takes besides the time."""
        if self.make is None:
            return {}
        return dict(list(inspect.signature(self.make, eval_str=True).parameters.items())[1:])

    @property
    def fields(self) -> list[str]:
        """Everything that may be given: the function's parameters, and all other fields of a command."""
        return [*self.parameters, *(name for name in _fields() if name not in self.parameters)]

    @property
    def required(self) -> list[str]:
        """What must be given."""
        return [name for name, one in self.parameters.items() if one.default is inspect.Parameter.empty]

    def friendly(self, name: str) -> str:
        """What a field is called in messages."""
        if name == "instrument":
            return "symbol"
        stem, _, unit = name.rpartition("_")
        return TAKEN.get(stem, stem) if unit in UNITS else name

    def codes(self, name: str) -> Code | None:
        """The codes that a field holds, if it holds codes."""
        parameter = self.parameters.get(name)
        if parameter is not None and isinstance(parameter.annotation, type):
            kind = parameter.annotation
            if issubclass(kind, (IntEnum, IntFlag)):
                return kind
        return code_class(name)

    def keys(self) -> dict[str, str]:
        """What each field may be called, friendly names too."""
        made: dict[str, str] = {}
        for name in self.fields:
            made.setdefault(name, name)
            stem, _, unit = name.rpartition("_")
            if stem and unit in (*UNITS, "id"):
                made.setdefault(TAKEN.get(stem, stem), name)
        if PER_LOT in self.fields:
            # The amount of such a command is this one.
            made |= {"amount_per_lot": PER_LOT, "amount": PER_LOT}
        made |= {alias: name for alias, name in ALIASES.items() if name in self.fields}
        for name, kind in _side_codes().items():
            # A phase, say, which a command carries in its flags.
            if kind is not OrderFlag:
                made.setdefault(name, name if name in self.fields else "flags")
        return made


def _fields() -> list[str]:
    return [name for name in COMMAND.names or () if name not in _OWN]


def code_class(name: str) -> Code | None:
    """The codes called like a field: `time_in_force` holds a `TimeInForce`."""
    found = getattr(codes, "".join(part.capitalize() for part in name.split("_")), None)
    return found if isinstance(found, type) and issubclass(found, (IntEnum, IntFlag)) else None


def _side_codes() -> dict[str, Code]:
    """Codes that no field of a command is called like."""
    made: dict[str, Code] = {}
    for name, kind in vars(codes).items():
        if isinstance(kind, type) and issubclass(kind, IntEnum) and kind.__module__ == codes.__name__:
            snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip(
                "_"
            )
            if snake not in _fields():
                made[snake] = kind
    return made


def flag_names(verb: Verb) -> dict[str, IntFlag]:
    """Flags by the names that scripts switch them on with."""
    kind = verb.codes("flags")
    flags = SplitFlag if kind is SplitFlag else OrderFlag
    return {str(flag.name).lower(): flag for flag in flags}


def verbs() -> dict[str, Verb]:
    """Everything a script may do, by all its names."""
    made: dict[str, Verb] = {}
    for kind in CommandKind:
        name = kind.name.lower()
        made[name] = Verb(name, kind, getattr(commands, name, None))
    for name, make in vars(commands).items():
        if name in made or name.startswith("_") or not inspect.isfunction(make):
            continue
        if (
            make.__module__ == commands.__name__
            and next(iter(inspect.signature(make).parameters)) == "time_ns"
        ):
            made[name] = Verb(name, None, make)
    short: dict[str, list[Verb]] = {}
    for name, verb in made.items():
        for word in _shorter(name):
            short.setdefault(word, []).append(verb)
    made |= {word: found[0] for word, found in short.items() if len(found) == 1 and word not in made}
    order = made[CommandKind.NEW_ORDER.name.lower()]
    for side in (Side.BUY, Side.SELL):
        made[side.name.lower()] = Verb(order.name, order.kind, order.make, {"side": side})
    return made


def _shorter(name: str) -> list[str]:
    words = [name.removeprefix(before) for before in _BEFORE if name.startswith(before)]
    return words + [
        name.removesuffix(behind) for behind in _BEHIND if name.endswith(behind) and name != "new_order"
    ]
