"""The events that what became of an order is told from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from workbench.domain.records import EVENT, Records

_BLOCK_EVENTS = 1 << 16


def events_about(batches: Iterable[Records], instrument: int, account: int, upto: int) -> Records:
    """Events of an instrument, of all instruments and of an account, up to a sequence number.

    Parameters
    ----------
    batches
        Events in order; a session that runs publishes a few at a time, so a day is very many batches.
    instrument, account
        Whose.
    upto
        The last event that is told of.
    """
    parts = [np.zeros(0, dtype=EVENT)]
    for block in _blocks(batches):
        about = (
            (block["instrument"] == instrument) | (block["instrument"] < 0) | (block["account"] == account)
        )
        parts.append(block[about & (block["seq"] <= upto)])
        if block["seq"][-1] >= upto:
            break
    return np.concatenate(parts)


def _blocks(batches: Iterable[Records]) -> Iterator[Records]:
    """The same events in few large pieces, each of which costs as much to ask as one event would.

    They are put together as bytes, for `numpy.concatenate` compares the fields of every pair of records.
    """
    waiting: list[bytes] = []
    events = 0
    for batch in batches:
        waiting.append(batch.tobytes())
        events += len(batch)
        if events >= _BLOCK_EVENTS:
            yield np.frombuffer(b"".join(waiting), dtype=EVENT)
            waiting, events = [], 0
    if events:
        yield np.frombuffer(b"".join(waiting), dtype=EVENT)
