"""What the interpreter does behind one's back, made short: for processes in which markets run."""

from __future__ import annotations

import gc
import sys

import numpy as np
import pyarrow as pa

SWITCH_SECONDS = 0.0001
"""A thread that waits for the interpreter gets it so soon; 5 ms are usual, which every answer would show."""

_THRESHOLDS = (20_000, 20, 50)


def shorten_pauses() -> None:
    """Set the interpreter up for a process that answers: called once everything is imported and made.

    A full collection walks through all objects there are, which takes 100 ms in a process that has imported
    compilers and data libraries. What is there now is taken out of it, for it stays anyway.
    """
    # Arrow imports pandas, half a second's work, when it is first given an array: not while a market runs.
    pa.array(np.zeros(1))
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
    sys.setswitchinterval(SWITCH_SECONDS)
