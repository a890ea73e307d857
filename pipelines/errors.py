"""What pipelines raise: each reads as one sentence."""

from __future__ import annotations

from workbench.errors import WorkbenchError


class LedgerError(WorkbenchError):
    """A ledger of runs that is of another make, busy or out of reach; trying later may help."""


class LastingError(WorkbenchError):
    """Something that would fail in the same way again, so that trying again is no use."""


class NotYet(WorkbenchError):  # noqa: N818 - waiting is no failure, and is not counted as one
    """Something that a run needs is not there yet; it is asked for again later."""
