"""Failures of reports that nobody but who keeps the program can do anything about."""

from __future__ import annotations

import re

MEND = "mend the notebook"
"""The remedy of a report whose notebook raised, or said nothing of what it found."""

_RAISED = re.compile(r"(^|: )raised [A-Za-z_][\w.]*: ")


def is_fault(sentence: str) -> bool:
    """Whether a failure's sentence tells of a fault of the program.

    >>> is_fault("report 'drawdown', cell 4: raised KeyError: 'AAPL'; mend the notebook")
    True
    >>> is_fault("raised ValueError: no such column")
    True
    >>> is_fault("report 'drawdown': took longer than 60 s; give it more time, or fewer days")
    False
    """
    return sentence.endswith(f"; {MEND}") or _RAISED.search(sentence) is not None
