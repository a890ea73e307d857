"""Which sessions there are, and who took part in them: what planning asks of whoever knows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple, Protocol


class Taker(NamedTuple):
    """Who took part: an account, or the name of who sat there with the id of that user."""

    name: str
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class Session:
    """A session as pipelines see it.

    Attributes
    ----------
    name
        Its name.
    sealed
        Whether nothing changes any more.
    created_ns
        When its recording began.
    first_day, last_day
        Its days on the exchange's clock.
    takers
        Who took part; not known before it is sealed.
    classes
        The classes that it was for.
    """

    name: str
    sealed: bool
    created_ns: int
    first_day: date
    last_day: date
    takers: tuple[Taker, ...] = ()
    classes: tuple[str, ...] = ()


class Archive(Protocol):
    """Where sessions are."""

    def of_days(self, first: date, last: date) -> tuple[list[Session], list[str]]:
        """Sessions with any of these exchange-local days, and sentences on those that cannot be read."""

    def recorded(self, since_ns: int, until_ns: int) -> tuple[list[Session], list[str]]:
        """Sessions whose recording began after the one and not after the other time; likewise."""
