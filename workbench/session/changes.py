"""What is different in a what-if run, in a person's words and in the exchange's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from numbers import Integral
from typing import Any

from workbench.domain.config import FIRST_TRADER, RESERVED_NAMES, Venue
from workbench.domain.costs import FeeSchedule
from workbench.engine.words import Words
from workbench.errors import ConfigError
from workbench.session.moments import Clock, span_ns
from workbench.session.place import meant
from workbench.session.settings import build

EVERYTHING = ""
"""Symbol of fees that are meant for all instruments."""

LONGEST_NS = 86_400_000_000_000
"""A day: orders that are later than that are of another session."""

_SHORT = {"maker": "maker_bps", "taker": "taker_bps"}
_PAIR = re.compile(r"\s*([\w]+)\s*=\s*([^,=\s]+)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Changes:
    """What is different.

    Attributes
    ----------
    without
        Accounts whose orders are left out.
    latency_ns
        How much later orders, cancels and replaces arrive.
    latency_of
        Whose; of nobody named, of all traders.
    fees
        Fee schedules by symbol; `""` is every instrument that is not named.
    """

    without: frozenset[int] = frozenset()
    latency_ns: int = 0
    latency_of: frozenset[int] = frozenset()
    fees: Mapping[str, FeeSchedule] = field(default_factory=dict)

    def venue(self, venue: Venue) -> Venue:
        """The venue with the fees that are asked for."""
        if not self.fees:
            return venue
        instruments = [
            replace(each, fees=self.fees.get(each.symbol, self.fees.get(EVERYTHING, each.fees)))
            for each in venue.instruments
        ]
        return replace(venue, instruments=instruments)

    def accounts(self, venue: Venue) -> frozenset[int]:
        """Accounts that it is about: those left out, and those that are later; by fees alone, nobody."""
        every = range(FIRST_TRADER, FIRST_TRADER + len(venue.accounts))
        late = (self.latency_of or frozenset(every)) if self.latency_ns else frozenset()
        return self.without | late

    def words(self, venue: Venue) -> str:
        """What is different, in a few words."""
        words = Words(venue)
        parts = []
        if self.without:
            parts.append(f"without {_listed([words.account(number) for number in sorted(self.without)])}")
        if self.latency_ns:
            whose = _listed([words.account(number) for number in sorted(self.latency_of)]) or "all traders"
            parts.append(f"orders of {whose} {_span(self.latency_ns)} later")
        for symbol, fees in self.fees.items():
            said = [f"{name} {getattr(fees, name)}" for name in FeeSchedule.__slots__ if getattr(fees, name)]
            where = f" for {symbol}" if symbol else ""
            parts.append(f"fees{where}: {', '.join(said) or 'none'}")
        return "; ".join(parts) or "nothing changed"


def _span(nanoseconds: int) -> str:
    """A length of time in the largest unit that is not more than it."""
    number = Decimal(nanoseconds)
    name, unit = next(
        ((name, unit) for name, unit in (("s", 10**9), ("ms", 10**6), ("us", 1000)) if nanoseconds >= unit),
        ("ns", 1),
    )
    return f"{(number / unit).normalize():f} {name}"


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def changes_of(
    venue: Venue,
    *,
    without: str | Sequence[str] = (),
    latency: str | int = 0,
    latency_of: str | Sequence[str] = (),
    fees: FeeSchedule | Mapping[str, Any] | str | Sequence[str] | None = None,
) -> Changes:
    """The changes that a person asks for, refused where the session knows no such account or instrument."""
    latency_ns = _latency(latency)
    whose = _accounts(venue, latency_of, "latency_of")
    if whose and not latency_ns:
        raise ConfigError("there is no latency to give to an account", "account", "give a latency too")
    return Changes(_accounts(venue, without, "without"), latency_ns, whose, _fees(venue, fees))


def _accounts(venue: Venue, names: str | Sequence[str], where: str) -> frozenset[int]:
    given = [names] if isinstance(names, str) else list(names)
    known = {account.name: number + FIRST_TRADER for number, account in enumerate(venue.accounts)}
    for name in given:
        if name in RESERVED_NAMES:
            raise ConfigError(
                f"{name} is no trader: history, agents and fees are not left out",
                where,
                f"name one of {', '.join(known)}" if known else "",
            )
        if name not in known:
            raise ConfigError(f"no account is called {name!r}", where, meant(str(name), known))
    return frozenset(known[name] for name in given)


def _latency(given: str | int) -> int:
    number: Any = given
    whole = isinstance(number, Integral) and not isinstance(number, bool)
    if whole or (isinstance(number, str) and number.strip().isdecimal()):
        latency_ns = int(number)
    else:
        try:
            latency_ns = span_ns(given)
        except ConfigError:
            raise ConfigError(
                f"{given!r} is no latency", "latency", 'give nanoseconds, or a length of time such as "5ms"'
            ) from None
    if not 0 <= latency_ns <= LONGEST_NS:
        raise ConfigError(
            f"{given!r} is not from 0 to a day",
            "latency",
            "orders can be later, but not earlier than they were",
        )
    return latency_ns


def _fees(venue: Venue, given: Any) -> dict[str, FeeSchedule]:
    if given is None:
        return {}
    if isinstance(given, FeeSchedule):
        return {EVERYTHING: given}
    if isinstance(given, str):
        given = [given]
    made: dict[str, FeeSchedule] = {}
    if isinstance(given, Mapping):
        symbols = [instrument.symbol for instrument in venue.instruments]
        by_symbol = any(isinstance(value, (FeeSchedule, Mapping)) for value in given.values())
        for symbol, value in given.items() if by_symbol else [(EVERYTHING, given)]:
            if symbol and symbol not in symbols:
                raise ConfigError(f"no instrument {symbol!r}", "fees", meant(str(symbol), symbols))
            made[symbol] = value if isinstance(value, FeeSchedule) else _schedule(value)
        return made
    texts = list(given) if isinstance(given, Iterable) else [given]
    for text in texts:
        if not isinstance(text, str):
            raise ConfigError(
                f"{text!r} is no fee", "fees", "write maker=-0.1,taker=0.3, or give a FeeSchedule"
            )
        symbol, colon, rest = text.rpartition(":")
        if colon:
            venue.instrument_number(symbol)
        if symbol in made:
            raise ConfigError(f"{text!r} gives the same instrument fees again", "fees")
        made[symbol] = _schedule(_table(rest))
    return made


def _table(text: str) -> dict[str, Any]:
    """`maker=-0.1,taker=0.3` as a table."""
    table: dict[str, Any] = {}
    for part in text.split(",") if text.strip() not in ("", "none") else []:
        pair = _PAIR.fullmatch(part)
        if pair is None:
            raise ConfigError(
                f"{part!r} is no fee",
                "fees",
                "write maker=-0.1,taker=0.3 (basis points), or taker_per_lot=0.01",
            )
        try:
            table[pair[1]] = Decimal(pair[2])
        except InvalidOperation:
            raise ConfigError(f"{pair[1]} is {pair[2]!r}, expected a number such as 0.01", "fees") from None
    return table


def _schedule(table: Mapping[str, Any]) -> FeeSchedule:
    plain = {_SHORT.get(key, key): value for key, value in table.items()}
    return build(FeeSchedule, plain, "fees", Clock(date(1970, 1, 1), "UTC"))
