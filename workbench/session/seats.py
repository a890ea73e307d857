"""Seats of a scenario: accounts for whoever joins a live session."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, get_type_hints

from workbench.domain.config import FIRST_TRADER, Account
from workbench.errors import ConfigError
from workbench.session.moments import Clock
from workbench.session.place import Lines, refuse_unknown
from workbench.session.settings import build, keys_of, shown

MOST_SEATS = 10_000
_OWN = ("count", "late")
_ACCOUNT = get_type_hints(Account)
_KNOWN = sorted({*_OWN, *(key for name in _ACCOUNT for key in keys_of(name, _ACCOUNT[name]))} - {"name"})


@dataclass(frozen=True, slots=True)
class Seats:
    """Accounts that nobody has yet.

    Attributes
    ----------
    accounts
        Called `seat-1`, `seat-2` and so on, all alike.
    first
        Number of the first of them in the venue.
    late
        Whether people may still sit down after the open.
    """

    accounts: tuple[Account, ...] = ()
    first: int = FIRST_TRADER
    late: bool = True

    @property
    def numbers(self) -> range:
        """Their numbers in the venue."""
        return range(self.first, self.first + len(self.accounts))


def read_seats(table: Any, others: Sequence[Account], clock: Clock, lines: Lines) -> Seats:
    """The seats of a table `[seats]`, which come after the accounts that have names of their own.

    Its keys are `count`, `late`, and the settings of an account, which each seat gets.
    """
    place = lines.table("seats")
    if not isinstance(table, dict):
        raise ConfigError(f"is {shown(table)}, expected a table", place)
    count, late = table.get("count"), table.get("late", True)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_SEATS:
        given = "is missing" if count is None else f"is {shown(count)}"
        raise ConfigError(f"count {given}, expected a number of seats from 1 to {MOST_SEATS:,}", place)
    if not isinstance(late, bool):
        raise ConfigError(f"late is {shown(late)}, expected true or false", place)
    if "name" in table:
        raise ConfigError("name is given, and seats are called seat-1, seat-2 ...", place, "leave it out")
    settings = {key: value for key, value in table.items() if key not in _OWN}
    refuse_unknown(settings, _KNOWN, place)
    like = build(Account, settings, place, clock, {"name": "seat-1"})
    accounts = tuple(replace(like, name=f"seat-{number}") for number in range(1, count + 1))
    return Seats(accounts, FIRST_TRADER + len(others), late)
