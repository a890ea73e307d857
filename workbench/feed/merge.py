"""Several histories as one stream of commands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from workbench.domain.records import Records, commands
from workbench.feed.files import Ints
from workbench.feed.history import History


class Merged(NamedTuple):
    """Commands of several histories in order of time.

    Attributes
    ----------
    commands
        All commands; those of history i have instrument i.
    sources
        For each command the number of its history.
    rows
        For each command the row of its history's source.
    """

    commands: Records
    sources: Ints
    rows: Ints


def merge(histories: Sequence[History]) -> Merged:
    """Commands by time; at equal times by history in the order given, and within one history as they were.

    A venue for them has the histories' instruments in the same order:
    `Venue([history.instrument for history in histories])`.
    """
    every = np.concatenate([history.commands for history in histories]) if histories else commands(0)
    sources = np.repeat(np.arange(len(histories), dtype=np.int64), [len(h.commands) for h in histories])
    rows = np.concatenate([np.zeros(0, np.int64), *(history.rows for history in histories)])
    every["instrument"] = sources
    # Within a history times never fall, so a stable sort keeps its commands in order.
    order = np.argsort(every["time_ns"], kind="stable")
    return Merged(every[order], sources[order], rows[order])
