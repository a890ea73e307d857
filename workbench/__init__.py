"""A trading workbench: one deterministic simulated exchange for classes, research, reports and bots.

The names below are loaded when they are first used, so `import workbench` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.domain.config import Account, ReplayMode, Venue
    from workbench.domain.costs import FeeSchedule
    from workbench.domain.instruments import Instrument
    from workbench.domain.limits import Limits
    from workbench.engine.blotter import Order
    from workbench.engine.exchange import Exchange
    from workbench.engine.replay import Replay, replay
    from workbench.engine.sources import open_history
    from workbench.errors import WorkbenchError
    from workbench.feed.asof import asof_join
    from workbench.feed.bar_path import BarPath
    from workbench.feed.bars import read_bars
    from workbench.feed.candle_table import candles
    from workbench.feed.columns import Layout
    from workbench.feed.ticks import TickRules, read_ticks
    from workbench.session.run import run
    from workbench.session.scenario import read_scenario

__version__ = "0.1.0"

__all__ = [
    "Account",
    "BarPath",
    "Exchange",
    "FeeSchedule",
    "Instrument",
    "Layout",
    "Limits",
    "Order",
    "Replay",
    "ReplayMode",
    "TickRules",
    "Venue",
    "WorkbenchError",
    "asof_join",
    "candles",
    "open_history",
    "read_bars",
    "read_scenario",
    "read_ticks",
    "replay",
    "run",
]

_HOMES = {
    "Account": "workbench.domain.config",
    "BarPath": "workbench.feed.bar_path",
    "Exchange": "workbench.engine.exchange",
    "FeeSchedule": "workbench.domain.costs",
    "Instrument": "workbench.domain.instruments",
    "Layout": "workbench.feed.columns",
    "Limits": "workbench.domain.limits",
    "Order": "workbench.engine.blotter",
    "Replay": "workbench.engine.replay",
    "ReplayMode": "workbench.domain.config",
    "TickRules": "workbench.feed.ticks",
    "Venue": "workbench.domain.config",
    "WorkbenchError": "workbench.errors",
    "asof_join": "workbench.feed.asof",
    "candles": "workbench.feed.candle_table",
    "open_history": "workbench.engine.sources",
    "read_bars": "workbench.feed.bars",
    "read_scenario": "workbench.session.scenario",
    "read_ticks": "workbench.feed.ticks",
    "replay": "workbench.engine.replay",
    "run": "workbench.session.run",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
