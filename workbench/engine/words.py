"""The exchange's integers in the words of people: prices, quantities, money, times and names."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum, IntFlag
from typing import Any

from workbench.domain.calendars import SECOND_NS, local_time
from workbench.domain.codes import SessionState
from workbench.domain.config import FIRST_TRADER, RESERVED_NAMES, Venue
from workbench.domain.instruments import Instrument

Names = Mapping[tuple[int, int], str]
"""What people call an order, by account number and client order id."""

_CENTS = Decimal("0.01")
_MICROSECOND_NS = 1000
_LONGEST_SECONDS = 120


OTHER = "somebody else"
"""Another account, in a text for somebody to whom the market is anonymous."""


@dataclass(frozen=True, slots=True)
class Words:
    """Turns one integer at a time into text.

    Parameters
    ----------
    venue
        Its instruments and accounts give sizes and names.
    zone
        IANA time zone of clock times.
    names
        What people call orders.
    auctions
        Which auction an event is about, by its sequence number (see `workbench.engine.auctions`).
    reader
        The account whose owner reads the text, to whom the others are all `OTHER`; None for who may know.

    Examples
    --------
    >>> words = Words(Venue([Instrument("AAPL", "100", "200")]))
    >>> words.price(15025, 0), words.quantity(1200, 0), words.money(1_500_000), words.clock(1_500_000_000)
    ('150.25', '1,200', '1.50', '00:00:01.5')
    """

    venue: Venue
    zone: str = "UTC"
    names: Names = field(default_factory=dict)
    auctions: Mapping[int, str] = field(default_factory=dict)
    reader: int | None = None

    def instrument(self, number: int) -> Instrument | None:
        """The instrument with this number, if there is one."""
        known = 0 <= number < len(self.venue.instruments)
        return self.venue.instruments[number] if known else None

    def symbol(self, number: int) -> str:
        """Symbol of an instrument; a number that none has is printed as such."""
        if number == -1:
            return "all instruments"
        instrument = self.instrument(number)
        return f"instrument {number}" if instrument is None else instrument.symbol

    def account(self, number: int) -> str:
        """Name of an account; a number that has none is printed as such."""
        if number == -1:
            return "all traders"
        if self.reader is not None and number != self.reader:
            return OTHER
        if 0 <= number < FIRST_TRADER:
            return RESERVED_NAMES[number]
        traders = self.venue.accounts
        known = 0 <= number - FIRST_TRADER < len(traders)
        return traders[number - FIRST_TRADER].name if known else f"account {number}"

    def order(self, order_id: int, account: int = -1, client_order_id: int = 0) -> str:
        """An order's id, and in brackets what people call it."""
        name = self.names.get((account, client_order_id), "") if client_order_id else ""
        return f"order {order_id} ({name})" if name else f"order {order_id}"

    def price(self, ticks: int, instrument: int) -> str:
        """A price in currency."""
        known = self.instrument(instrument)
        return f"{ticks} ticks" if known is None else f"{known.price_from_ticks(ticks):f}"

    def quantity(self, lots: int, instrument: int) -> str:
        """A quantity in units."""
        known = self.instrument(instrument)
        if known is None:
            return f"{lots:,} lots"
        units = known.quantity_from_lots(lots)
        return f"{int(units):,}" if units == int(units) else f"{units.normalize():,f}"

    def money(self, micros: int) -> str:
        """Money, to the cent or as much finer as it is."""
        amount = Decimal(int(micros)).scaleb(-6)
        cents = amount.quantize(_CENTS)
        return f"{cents if cents == amount else amount.normalize():,f}"

    def clock(self, time_ns: int) -> str:
        """Clock time, as fine as it is."""
        return clock_text(time_ns, self.zone).rstrip("0").rstrip(".")

    def moment(self, time_ns: int) -> str:
        """Clock time of an event that may have none."""
        return self.clock(time_ns) if time_ns else "none"

    def share(self, millionths: int) -> str:
        """Millionths as a percentage."""
        return f"{(Decimal(int(millionths)) / 10_000).normalize():f} %"

    def span(self, nanoseconds: int) -> str:
        """A length of time."""
        if nanoseconds < _MICROSECOND_NS:
            return f"{nanoseconds} ns"
        seconds = Decimal(int(nanoseconds)) / SECOND_NS
        return f"{seconds.normalize():f} s" if seconds < _LONGEST_SECONDS else f"{seconds / 60:.1f} min"

    def session(self, state: int) -> str:
        """A state of the session."""
        return code_word(state, SessionState)

    def number(self, value: int, unit: str, instrument: int) -> str:
        """A number by its unit: ticks, lots, micros, ns (a time), or none."""
        if unit == "ticks":
            return self.price(value, instrument)
        if unit == "lots":
            return self.quantity(value, instrument)
        if unit == "micros":
            return self.money(value)
        return self.clock(value) if unit == "ns" else f"{value}"


UNITS = ("ticks", "lots", "micros", "ns")
"""What the names of the exchange's integers end in."""


def clock_text(time_ns: int, zone: str) -> str:
    """Clock time with all nine digits behind the second."""
    return f"{local_time(time_ns, zone):%H:%M:%S}.{int(time_ns) % SECOND_NS:09}"


def in_words(name: str) -> str:
    """A code's name as one would say it.

    >>> in_words("GOOD_TILL_DATE")
    'good till date'
    """
    return name.replace("_", " ").lower()


def flag_words(flags: int, kind: type[IntFlag]) -> list[str]:
    """Names of the bits that are set and have one."""
    named: list[Any] = [flag for flag in kind if flags & flag]
    return [in_words(flag.name) for flag in named]


def code_word(number: int, codes: type[IntEnum]) -> str:
    """A code in words; the number of one that nobody knows."""
    if number in set(codes):
        return in_words(codes(number).name)
    return f"{re.sub('(?<=.)(?=[A-Z])', ' ', codes.__name__).lower()} {number}"


Phrases = Mapping[str, Callable[["Told"], str]]
"""Parts of sentences by name."""


class Told:
    """One event and its words, each made when a sentence asks for it.

    Parameters
    ----------
    event
        The event, by its own names.
    words
        How numbers are printed.
    phrases
        Parts of sentences that are more than one word of the event.
    brief
        Leave out whose order it is, where that has been said.
    """

    def __init__(self, event: dict[str, int], words: Words, phrases: Phrases, *, brief: bool = False) -> None:
        self.event = event
        self.words = words
        self.phrases = phrases
        self.brief = brief

    def __getitem__(self, name: str) -> str:
        phrase = self.phrases.get(name)
        if phrase is not None:
            return phrase(self)
        if name in self.event:
            return f"{self.event[name]}"
        for unit in UNITS:
            if f"{name}_{unit}" in self.event:
                return self.number(f"{name}_{unit}", unit)
        raise KeyError(name)

    def number(self, name: str, unit: str) -> str:
        """A word of the event, in a unit."""
        return self.words.number(self.event[name], unit, self.event["instrument"])
