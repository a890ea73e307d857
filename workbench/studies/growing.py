"""Arrays that a kernel fills, and that grow when it says so."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.domain.records import Records


class Growing:
    """Records that a kernel writes one after another.

    Attributes
    ----------
    records
        All the room there is.
    """

    def __init__(self, dtype: np.dtype[Any], room: int) -> None:
        self.records: Records = np.zeros(room, dtype=dtype)

    def grow(self) -> None:
        """Twice the room; what was written stays."""
        longer = np.zeros(2 * len(self.records), dtype=self.records.dtype)
        longer[: len(self.records)] = self.records
        self.records = longer

    def first(self, count: int) -> Records:
        """The records that were written; room that was not used costs no memory."""
        return self.records[:count]
