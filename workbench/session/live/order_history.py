"""The events that what became of an order is told from."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from workbench.domain.records import EVENT, Records


def events_about(batches: Iterable[Records], instrument: int, account: int, upto: int) -> Records:
    """Events of an instrument, of all instruments and of an account, up to a sequence number."""
    parts = [np.zeros(0, dtype=EVENT)]
    for batch in batches:
        about = (
            (batch["instrument"] == instrument) | (batch["instrument"] < 0) | (batch["account"] == account)
        )
        parts.append(batch[about & (batch["seq"] <= upto)])
        if len(batch) and batch["seq"][-1] >= upto:
            break
    return np.concatenate(parts)
