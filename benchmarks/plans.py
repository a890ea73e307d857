"""Drivers are processes of their own: each is given a file with its plan and prints what it found as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import uvloop

Plan = dict[str, Any]


def run_plan(drive: Callable[[Plan], Coroutine[Any, Any, Plan]]) -> int:
    """Run the plan in the file that the command line names.

    Parameters
    ----------
    drive
        Does what a plan says, and gives what it found.

    Returns
    -------
    int
        The exit code.
    """
    plan = json.loads(Path(sys.argv[1]).read_text())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(drive(plan))))
    return 0
