"""Agents among people: they see what has happened at the edges of slices of exchange time."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import numpy as np

from workbench.domain.codes import STREET_ACCOUNT, EventKind
from workbench.domain.records import COMMAND, QUOTE_EVENT, Records
from workbench.feed.agents.fundamental import Session
from workbench.feed.agents.population import Population, PopulationState
from workbench.session.blocks import one_block
from workbench.session.crowd import Crowd
from workbench.session.live.timed import NOTHING

_CODES = 256
_OF_MARKET = np.zeros(_CODES, dtype=bool)
_OF_MARKET[[EventKind.TRADE, EventKind.QUOTE]] = True
_OF_ORDERS = np.zeros(_CODES, dtype=bool)
_OF_ORDERS[
    [
        EventKind.ORDER_REJECTED,
        EventKind.ORDER_RESTED,
        EventKind.ORDER_PARTIALLY_FILLED,
        EventKind.ORDER_FILLED,
        EventKind.ORDER_CANCELED,
        EventKind.ORDER_EXPIRED,
        EventKind.ORDER_REPLACED,
        EventKind.ORDER_REDUCED,
        EventKind.CANCEL_REJECTED,
        EventKind.REPLACE_REJECTED,
    ]
] = True


def last_quotes(quotes: Records | None, events: Records) -> Records | None:
    """The last QUOTE of each instrument after these events; None as long as there is none.

    Parameters
    ----------
    quotes
        What this gave before them.
    events
        What has happened since.
    """
    told = events[events["kind"] == EventKind.QUOTE]
    if not len(told):
        return quotes
    if quotes is not None:
        told = np.concatenate([quotes, told])
    last = {number: place for place, number in enumerate(told["instrument"].tolist())}
    newest: Records = told[sorted(last.values())]
    return newest


class LiveCrowdState(msgspec.Struct, array_like=True):
    """A `LiveCrowd` between two batches: agents, what they are about to do, and how much they have done."""

    population: PopulationState
    queue: bytes
    fed: int


class LiveCrowd:
    """The agents of a running session.

    Between two edges they are told what happens; at an edge they say what they do in the slice behind it. So
    the same events between the same edges give the same commands, however fast and in however many pieces.

    Parameters
    ----------
    crowd
        Who they are.
    shift_ns
        What is added to the times of their session.

    Attributes
    ----------
    fed
        How many of their commands have happened.
    """

    def __init__(self, crowd: Crowd, shift_ns: int = 0) -> None:
        hours = Session(crowd.session.open_ns + shift_ns, crowd.session.close_ns + shift_ns)
        self._population: Population = replace(crowd, session=hours).population()
        self._close_ns = hours.close_ns
        self._queue: Records = NOTHING
        self._times = np.zeros(0, dtype=np.int64)
        self.fed = 0

    def state(self) -> LiveCrowdState:
        """What there is to know of it."""
        return LiveCrowdState(self._population.state(), self._queue.tobytes(), self.fed)

    def go_on(self, state: LiveCrowdState) -> None:
        """Go on from there; of one that has been told nothing yet.

        Raises
        ------
        SnapshotError
            When it is the state of others.
        """
        self._population.go_on(state.population)
        self._hold(np.frombuffer(bytearray(state.queue), dtype=COMMAND))
        self.fed = state.fed

    @property
    def next_ns(self) -> int | None:
        """Time of their next command, as far as they have decided."""
        return int(self._times[0]) if len(self._times) else None

    def observe(self, events: Records) -> None:
        """Tell them what happened."""
        kinds = events["kind"]
        seen = _OF_MARKET[kinds] | (_OF_ORDERS[kinds] & (events["account"] == STREET_ACCOUNT))
        if seen.any():
            self._population.observe(events[seen])

    def begin(self, quotes: Records) -> None:
        """Tell them before they act how the market stood when it opened.

        Parameters
        ----------
        quotes
            The last QUOTE of each instrument, as `last_quotes` keeps them. One of a crossed book is left out:
            the opening uncrosses it and quotes anew.
        """
        told = quotes.view(QUOTE_EVENT)
        crossed = (told["bid_price_ticks"] >= told["ask_price_ticks"]) & (told["ask_price_ticks"] != 0)
        self.observe(quotes[~crossed])

    def edge(self, until_ns: int) -> None:
        """A slice begins that ends at `until_ns`: they decide."""
        if until_ns <= self._population.market.time_ns:
            return
        acted = self._population.act(until_ns)
        if len(acted):
            both = one_block([self._queue, acted], COMMAND) if len(self._queue) else acted
            # The end of a burst may be later than its slice.
            self._hold(both[np.argsort(both["time_ns"], kind="stable")])

    def count_until(self, time_ns: int, *, inclusive: bool) -> int:
        """How many of their commands are due at `time_ns`."""
        side = "right" if inclusive else "left"
        return int(np.searchsorted(self._times, time_ns, side=side))  # type: ignore[call-overload]

    def take(self, count: int, floor_ns: int) -> Records:
        """The next of their commands, none of them before `floor_ns`."""
        taken = self._queue[:count].copy()
        self._hold(self._queue[count:])
        self.fed += count
        if count and taken["time_ns"][0] < floor_ns:
            np.maximum(taken["time_ns"], floor_ns, out=taken["time_ns"])
        return taken

    def _hold(self, queue: Records) -> None:
        self._queue = queue
        self._times = np.ascontiguousarray(queue["time_ns"])
