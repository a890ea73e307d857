"""What a worker of a sweep does: some settings of a strategy over one source."""

from __future__ import annotations

import json
import math
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from workbench.studies.backtest import run_on
from workbench.studies.grid import Setting
from workbench.studies.kept_data import Kept, load
from workbench.studies.outcome import Outcome
from workbench.studies.strategy import Strategy
from workbench.studies.terms import Terms

Metrics = Callable[[Outcome], dict[str, Any]]
"""Further columns of a run."""


@dataclass(frozen=True, slots=True)
class Task:
    """Settings over one source.

    Attributes
    ----------
    kept
        The source.
    settings
        Key and parameters of each.
    code
        Strategy class and metrics, pickled.
    terms
        What is assumed.
    """

    kept: Kept
    settings: tuple[tuple[str, Setting], ...]
    code: bytes
    terms: Terms


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a task: a row by the key of each setting, and how many seconds that took."""

    rows: list[tuple[str, dict[str, Any]]]
    seconds: float


@lru_cache(maxsize=4)
def _code(code: bytes) -> tuple[type[Strategy], Metrics | None]:
    # Made by `sweep` in the process that started this one.
    found: tuple[type[Strategy], Metrics | None] = pickle.loads(code)  # noqa: S301
    return found


def work(task: Task) -> Done:
    """Run them; a setting that fails gives its error and hinders no other."""
    begin = time.perf_counter()
    strategy, metrics = _code(task.code)
    data = load(task.kept)
    found = []
    for key, setting in task.settings:
        try:
            outcome = run_on(strategy(**setting), data, task.terms)
            row = {**outcome.summary, **(metrics(outcome) if metrics else {}), "error": None}
            row = {str(name): plain(value) for name, value in row.items()} | {"seconds": outcome.seconds}
            # What cannot be kept is said here, where it hinders no other.
            json.dumps(row)
        except Exception as error:  # noqa: BLE001 - whatever a strategy raises is its result
            row = {"error": f"{type(error).__name__}: {error}"}
        found.append((key, row))
    return Done(found, time.perf_counter() - begin)


def plain(value: Any) -> Any:
    """A number of numpy as Python's own, and None for what is no number."""
    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    return None if isinstance(value, float) and not math.isfinite(value) else value
