"""Random streams with what the twin's own books were after every few commands."""

import functools
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from tests.twins.ledger_streams import LedgerGenerator, every_venue, ledger_venues
from tests.twins.streams import Generator
from workbench.domain.config import Venue
from workbench.domain.records import COMMAND, Records
from workbench.domain.views import ExchangeState
from workbench.engine.reference import ReferenceExchange
from workbench.engine.reference.marks import equity, held, unrealised

VENUES = every_venue()
WITH_ACCOUNTS = {name: venue for name, venue in VENUES.items() if not venue.bare}
CASES = [(venue, profile) for venue in ledger_venues() for profile in ("calm", "day", "adversarial", "terms")]
CASES += [
    ("full", "calm"),
    ("full", "terms"),
    ("responsive", "history"),
    ("frozen", "history"),
    ("frozen", "day"),
    ("limits", "day"),
    ("deep", "calm"),
    ("allow", "calm"),
    ("allow", "adversarial"),
    ("decrement", "terms"),
    ("coin", "calm"),
]
"""Venues with accounts, and the profiles of flow they are looked at with."""
SIZES = (1, 1, 2, 5, 17, 32)


class Piece(NamedTuple):
    """Some commands, their events, and the exchange after them."""

    commands: Records
    events: Records
    state: ExchangeState
    equity_micros: list[int]
    unrealised_micros: list[int]


class Recording(NamedTuple):
    venue: Venue
    pieces: tuple[Piece, ...]

    @property
    def events(self) -> Records:
        return np.concatenate([piece.events for piece in self.pieces])

    @property
    def commands(self) -> Records:
        return np.concatenate([piece.commands for piece in self.pieces])


def pieces(twin: ReferenceExchange, profile: str, seed: int, count: int) -> Iterator[Piece]:
    """A stream of at least `count` commands through a fresh twin, some of them at a time."""
    kind = LedgerGenerator if twin.venue.excursions else Generator
    generator = kind(twin, profile, seed)
    random = np.random.default_rng(seed)
    commands = generator.prologue()
    done = 0
    while done < count:
        if len(commands) == 0:
            commands = generator.chunk(int(random.choice(SIZES)))
            done += len(commands)
        events = twin.step(commands)
        accounts = range(0 if twin.venue.bare else 2 + len(twin.venue.accounts))
        worth = [equity(twin, account) for account in accounts]
        gains = [sum(unrealised(twin, *key) for key in held(twin, account)) for account in accounts]
        yield Piece(commands, events, twin.state(), worth, gains)
        commands = np.zeros(0, dtype=COMMAND)


@functools.cache
def recorded(venue: str, profile: str, seed: int, count: int) -> Recording:
    """A stream of at least `count` commands and what the twin made of it."""
    twin = ReferenceExchange(VENUES[venue])
    return Recording(VENUES[venue], tuple(pieces(twin, profile, seed, count)))
