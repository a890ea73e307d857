"""The script of a scenario: timed commands in a person's words, turned into the exchange's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from workbench.domain.codes import CommandKind, LimitKind, OrderFlag
from workbench.domain.commands import ALL, batch
from workbench.domain.config import FIRST_TRADER, RESERVED_NAMES, Venue
from workbench.domain.instruments import Instrument
from workbench.domain.limits import MONEY_LIMITS
from workbench.domain.records import COMMAND, Records, commands
from workbench.domain.units import Number, decimal, to_micros
from workbench.errors import ConfigError
from workbench.session.moments import Clock, is_span, span_ns
from workbench.session.place import Lines, at, meant, refuse_unknown
from workbench.session.settings import code_of, is_percent, millionths, shown
from workbench.session.verbs import PER_LOT, TRAILS, WHOLE, Verb, flag_names, verbs

_EVERYTHING = "all"
_CLIENT_IDS = ("client_order_id", "new_client_order_id")


@dataclass(frozen=True, slots=True)
class Named:
    """An order that has a name."""

    account: int
    client_order_id: int
    instrument: int
    entry: int


@dataclass(slots=True)
class Script:
    """Reads the entries of a script, one after the other.

    Parameters
    ----------
    venue
        Whose symbols and accounts the entries name.
    clock
        The scenario's day and time zone.
    entries
        The tables of the script.
    lines
        Where they stand.
    """

    venue: Venue
    clock: Clock
    entries: Sequence[Any]
    lines: Lines
    orders: dict[str, Named] = field(default_factory=dict)
    _taken: set[int] = field(default_factory=set)
    _next_id: int = 1
    _sizes: dict[tuple[int, int], int] = field(default_factory=dict)
    _verbs: dict[str, Verb] = field(default_factory=verbs)

    def read(self) -> Records:
        """All commands, in order."""
        self._taken = {
            entry[key]
            for entry in self.entries
            if isinstance(entry, dict)
            for key in _CLIENT_IDS
            if isinstance(entry.get(key), int)
        }
        made: list[Records] = []
        now_ns: int | None = None
        for number, entry in enumerate(self.entries):
            label = entry.get("name", entry.get("do")) if isinstance(entry, dict) else None
            place = self.lines.entry("script", number, len(self.entries), label)
            with at(place):
                now_ns = self._time(entry, now_ns)
                made.append(_Entry(self, entry, number, now_ns).command())
        return batch(made) if made else commands(0)

    def names(self) -> dict[tuple[int, int], str]:
        """What the script calls orders, by account and client order id."""
        return {(order.account, order.client_order_id): name for name, order in self.orders.items()}

    def place(self, account: int, group: int) -> int:
        """The next place in a group: its first order has 1."""
        self._sizes[account, group] = self._sizes.get((account, group), 0) + 1
        return self._sizes[account, group]

    def _time(self, entry: Any, now_ns: int | None) -> int:
        if not isinstance(entry, dict):
            raise ConfigError(f"is {shown(entry)}, expected a table such as {{ at = ..., do = ... }}")
        if "at" not in entry:
            if now_ns is None:
                raise ConfigError("has no time", remedy='begin with at = "09:30:00"')
            return now_ns
        time_ns = self.clock.moment(entry["at"], now_ns)
        if now_ns is not None and time_ns < now_ns:
            raise ConfigError(
                f"its time {entry['at']} is before that of the entry above",
                remedy="put entries in order of time",
            )
        return time_ns

    # What the entries need of one another

    def verb(self, word: Any) -> Verb:
        """What `do` asks for."""
        key = word.strip().lower().replace("-", "_").replace(" ", "_") if isinstance(word, str) else ""
        if key not in self._verbs:
            raise ConfigError(f"do is {shown(word)}, which is no command", remedy=meant(key, self._verbs))
        return self._verbs[key]

    def order(self, name: str) -> Named:
        """The order that this entry or one above called so."""
        if name not in self.orders:
            raise ConfigError(f"no order above is called {name!r}", remedy=meant(name, self.orders))
        return self.orders[name]

    def register(self, name: Any, account: int, instrument: int, entry: int) -> int:
        """Give an order a name; its client order id."""
        if not isinstance(name, str) or not name:
            raise ConfigError(f"the name is {shown(name)}, expected text")
        if name in self.orders:
            above = self.orders[name].entry + 1
            raise ConfigError(f"the name {name!r} is taken by entry {above}", remedy="choose another")
        while self._next_id in self._taken:
            self._next_id += 1
        self._taken.add(self._next_id)
        self.orders[name] = Named(account, self._next_id, instrument, entry)
        return self._next_id


class _Entry:
    """One entry of a script."""

    def __init__(self, script: Script, entry: dict[str, Any], number: int, time_ns: int) -> None:
        self.script = script
        self.number = number
        self.time_ns = time_ns
        self.table = {key: value for key, value in entry.items() if key not in ("at", "do")}
        if "do" not in entry:
            raise ConfigError("does nothing", remedy='say do = "buy", "cancel", "clock", ...')
        self.verb = script.verb(entry["do"])
        self.enters = self.verb.kind == CommandKind.NEW_ORDER
        self.named: Named | None = None
        self.instrument: int | None = None

    def command(self) -> Records:
        """The command, or the commands of a function that makes several."""
        values = dict(self.verb.preset)
        given = self._targets()
        self._whose(given, values)
        if "client_order_id" in given and "name" in self.table:
            raise ConfigError("client_order_id is given twice", remedy="a name gives it one")
        self._name(values)
        for name, (key, value) in given.items():
            if name not in values:
                values[name] = self._value(name, key, value)
        values["flags"] = values.get("flags", 0) | self._switched()
        if self.enters and values.get("group_id") and "group_place" not in values:
            values["group_place"] = self.script.place(values["account"], values["group_id"])
        self._complete(values)
        return self._record(values)

    def _targets(self) -> dict[str, tuple[str, Any]]:
        """What is given for each field, and by which key."""
        keys = self.verb.keys()
        special = ["name"] if self.enters else ["order"]
        switches = flag_names(self.verb)
        refuse_unknown(self.table, [*keys, *special, *switches], "")
        made: dict[str, tuple[str, Any]] = {}
        for key, value in self.table.items():
            if key in special or key in switches:
                continue
            name = keys[key]
            if name in TRAILS and key == "trail":
                name = TRAILS[0 if is_percent(value) else 1]
            if name in made or name in self.verb.preset:
                raise ConfigError(f"{name} is given twice", remedy=f"leave out {key}")
            made[name] = key, value
        return made

    def _whose(self, given: dict[str, tuple[str, Any]], values: dict[str, int]) -> None:
        """Account and instrument, which other fields are measured by, and the order that is named."""
        order = self.table.get("order") if not self.enters else None
        if isinstance(order, str):
            self.named = self.script.order(order)
            values["client_order_id"] = self.named.client_order_id
        elif order is not None:
            values["order_id"] = _whole("order", order)
        for name in ("account", "instrument"):
            if name in given:
                values[name] = self._value(name, *given[name])
            elif self.named is not None:
                values[name] = getattr(self.named, name)
        instruments = self.script.venue.instruments
        chosen = values.get("instrument", 0 if len(instruments) == 1 else None)
        self.instrument = chosen
        if chosen is not None and "instrument" in self.verb.required:
            values["instrument"] = chosen

    def _switched(self) -> int:
        """Flags that are given as keys of their own: `post_only = true`."""
        flags = 0
        for key, flag in flag_names(self.verb).items():
            given = self.table.get(key, False)
            if not isinstance(given, bool):
                raise ConfigError(f"{key} is {shown(given)}, expected true or false")
            flags |= int(flag) if given else 0
        return flags

    def _name(self, values: dict[str, int]) -> None:
        if self.enters and "name" in self.table:
            values["client_order_id"] = self.script.register(
                self.table["name"], values.get("account", 0), self.instrument or 0, self.number
            )

    def _complete(self, values: dict[str, int]) -> None:
        for name in self.verb.required:
            if name not in values:
                raise ConfigError(f"has no {self.verb.friendly(name)}", remedy=f"{self.verb.name} needs one")

    def _record(self, values: dict[str, int]) -> Records:
        parameters = self.verb.parameters
        if self.verb.make is None:
            made = np.zeros(1, dtype=COMMAND)
            made["kind"], made["time_ns"] = self.verb.kind, self.time_ns
        else:
            taken = {name: value for name, value in values.items() if name in parameters}
            if not values["flags"]:
                taken.pop("flags", None)
            made = self.verb.make(self.time_ns, **taken)
        for name, value in values.items():
            if name not in parameters and (name != "flags" or value):
                try:
                    made[name] = value
                except OverflowError:
                    raise ConfigError(f"{name} is {value}, which does not fit into its field") from None
        return made

    # Values

    def _value(self, name: str, key: str, given: Any) -> int:
        if name in ("account", "instrument"):
            return self._owner(name, key, given)
        if name == "value" and self.verb.kind == CommandKind.SET_LIMIT:
            return self._limit(given)
        codes = self.verb.codes(key if name == "flags" else name)
        if codes is not None or name == "flags":
            return int(code_of(codes or OrderFlag, given, key))
        if name == "new_client_order_id" and key == "new_name":
            if self.named is None:
                raise ConfigError("new_name is for an order that has a name", remedy="say order = its name")
            named = self.named
            return self.script.register(given, named.account, named.instrument, self.number)
        if name == "restricted" and isinstance(given, bool):
            return int(given)
        if key != name and name not in WHOLE:
            return self._measured(name, key, given)
        return _whole(key, given)

    def _limit(self, given: Any) -> int:
        """A limit as in an account's settings: money in currency, lots and orders as whole numbers."""
        kinds = [
            self.table[key] for key, name in self.verb.keys().items() if name == "kind" and key in self.table
        ]
        if not kinds:
            raise ConfigError(
                "value needs a limit to be counted by", remedy='say limit = "max_drawdown", say'
            )
        if code_of(LimitKind, kinds[0], "limit") in MONEY_LIMITS:
            return to_micros(_number("value", given), "value")
        return _whole("value", given)

    def _measured(self, name: str, key: str, given: Any) -> int:
        """A value by its friendly name, in the unit that its own name ends in."""
        unit = name.rpartition("_")[2]
        if name == PER_LOT:
            amount = decimal(_number(key, given), key)
            return to_micros(
                amount if key == "amount_per_lot" else self._instrument(key).quantity_from_lots(1) * amount,
                key,
            )
        if name == "trail_micros":
            return millionths(given, key)
        if unit == "ns":
            return span_ns(given) if is_span(given) else self.script.clock.moment(given, self.time_ns)
        if unit == "id":
            # A group, say, is known by the client order id of its first order.
            return self.script.order(given).client_order_id if isinstance(given, str) else _whole(key, given)
        if unit == "micros":
            return to_micros(_number(key, given), key)
        instrument = self._instrument(key)
        number = _number(key, given)
        return instrument.price_to_ticks(number) if unit == "ticks" else instrument.quantity_to_lots(number)

    def _instrument(self, key: str) -> Instrument:
        instruments = self.script.venue.instruments
        if self.instrument is None:
            raise ConfigError(f"{key} needs a symbol to be counted by", remedy="say symbol = ...")
        if not 0 <= self.instrument < len(instruments):
            raise ConfigError(f"{key} needs one symbol to be counted by", remedy="say symbol = ...")
        return instruments[self.instrument]

    def _owner(self, name: str, key: str, given: Any) -> int:
        if isinstance(given, int) and not isinstance(given, bool):
            return given
        if given == _EVERYTHING:
            return ALL
        venue = self.script.venue
        if name == "account":
            known = {account.name: at + FIRST_TRADER for at, account in enumerate(venue.accounts)}
            known |= {reserved: number for number, reserved in enumerate(RESERVED_NAMES)}
        else:
            known = {instrument.symbol: number for number, instrument in enumerate(venue.instruments)}
        if not isinstance(given, str) or given not in known:
            raise ConfigError(
                f"{key} is {shown(given)}, which this venue does not have", remedy=meant(str(given), known)
            )
        return known[given]


def _whole(key: str, given: Any) -> int:
    if isinstance(given, bool) or not isinstance(given, int):
        raise ConfigError(f"{key} is {shown(given)}, expected a whole number")
    return given


def _number(key: str, given: Any) -> Number:
    if isinstance(given, (bool, float, dict, list)):
        raise ConfigError(f"{key} is {shown(given)}, expected a number")
    number: Number = given
    return number
