"""The wall's time, beside session time."""

from __future__ import annotations

import time

from workbench.api.alpaca.moments import moment_text


def wall_text() -> str:
    """Now, as a clock on the wall has it."""
    return moment_text(time.time_ns())
