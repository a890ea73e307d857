"""A trading workbench: one deterministic simulated exchange for classes, research, reports and bots.

The names below are loaded when they are first used, so `import workbench` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from workbench.client.async_client import AsyncClient
    from workbench.client.client import Client
    from workbench.client.local import LocalServer
    from workbench.domain.config import Account, ReplayMode, Venue
    from workbench.domain.costs import FeeSchedule
    from workbench.domain.instruments import Instrument
    from workbench.domain.limits import Limits
    from workbench.engine.blotter import Order
    from workbench.engine.exchange import Exchange
    from workbench.engine.replay import Replay
    from workbench.engine.stored import open_history, read_bars
    from workbench.errors import ApiError, ClientError, StreamError, UnansweredError, WorkbenchError
    from workbench.feed.asof_table import asof_join
    from workbench.feed.bar_path import BarPath
    from workbench.feed.candle_table import candles
    from workbench.feed.columns import Layout
    from workbench.feed.ticks import TickRules, read_ticks
    from workbench.journal.catalog import connect
    from workbench.session.recorded import RecordedSession
    from workbench.session.recovery import recover
    from workbench.session.replaying import replay
    from workbench.session.rerun import rerun, what_if
    from workbench.session.run import run
    from workbench.session.scenario import read_scenario
    from workbench.studies.backtest import backtest
    from workbench.studies.compiled import CompiledStrategy, compiled
    from workbench.studies.look_ahead import check_look_ahead
    from workbench.studies.strategy import Strategy
    from workbench.studies.sweep import sweep

__version__ = "0.1.0"

__all__ = [
    "Account",
    "ApiError",
    "AsyncClient",
    "BarPath",
    "Client",
    "ClientError",
    "CompiledStrategy",
    "Exchange",
    "FeeSchedule",
    "Instrument",
    "Layout",
    "Limits",
    "LocalServer",
    "Order",
    "RecordedSession",
    "Replay",
    "ReplayMode",
    "Strategy",
    "StreamError",
    "TickRules",
    "UnansweredError",
    "Venue",
    "WorkbenchError",
    "asof_join",
    "backtest",
    "candles",
    "check_look_ahead",
    "compiled",
    "connect",
    "open_history",
    "read_bars",
    "read_scenario",
    "read_ticks",
    "recover",
    "replay",
    "rerun",
    "run",
    "sweep",
    "what_if",
]

_HOMES = {
    "Account": "workbench.domain.config",
    "AsyncClient": "workbench.client.async_client",
    "BarPath": "workbench.feed.bar_path",
    "Client": "workbench.client.client",
    "Exchange": "workbench.engine.exchange",
    "FeeSchedule": "workbench.domain.costs",
    "Instrument": "workbench.domain.instruments",
    "Layout": "workbench.feed.columns",
    "Limits": "workbench.domain.limits",
    "LocalServer": "workbench.client.local",
    "Order": "workbench.engine.blotter",
    "RecordedSession": "workbench.session.recorded",
    "Replay": "workbench.engine.replay",
    "ReplayMode": "workbench.domain.config",
    "TickRules": "workbench.feed.ticks",
    "Venue": "workbench.domain.config",
    "ApiError": "workbench.errors",
    "ClientError": "workbench.errors",
    "StreamError": "workbench.errors",
    "UnansweredError": "workbench.errors",
    "WorkbenchError": "workbench.errors",
    "CompiledStrategy": "workbench.studies.compiled",
    "Strategy": "workbench.studies.strategy",
    "backtest": "workbench.studies.backtest",
    "check_look_ahead": "workbench.studies.look_ahead",
    "compiled": "workbench.studies.compiled",
    "sweep": "workbench.studies.sweep",
    "asof_join": "workbench.feed.asof_table",
    "candles": "workbench.feed.candle_table",
    "connect": "workbench.journal.catalog",
    "open_history": "workbench.engine.stored",
    "read_bars": "workbench.engine.stored",
    "read_scenario": "workbench.session.scenario",
    "read_ticks": "workbench.feed.ticks",
    "recover": "workbench.session.recovery",
    "replay": "workbench.session.replaying",
    "rerun": "workbench.session.rerun",
    "run": "workbench.session.run",
    "what_if": "workbench.session.rerun",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
