"""Whether a strategy knows the future: run it without, and compare."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from workbench.domain.costs import FeeSchedule
from workbench.domain.records import Records
from workbench.domain.units import Number
from workbench.engine.moments import local_time
from workbench.errors import ConfigError, LookAheadError
from workbench.feed.history import History
from workbench.studies.backtest import Data, Source, cut, read_source, run_on, times_of
from workbench.studies.bars import Bars
from workbench.studies.news import Action, What
from workbench.studies.recorded_market import RecordedMarket
from workbench.studies.strategy import Strategy
from workbench.studies.terms import Terms

Make = Callable[[Data], Strategy]
"""Makes a strategy that is fitted to data, or looks things up in it."""


def check_look_ahead(
    strategy: Strategy | type[Strategy] | Make,
    source: Source,
    *,
    cuts: int = 5,
    latency: str = "0ns",
    fees: FeeSchedule | None = None,
    fill: str = "",
    cash: Number = 1_000_000,
    slippage_ticks: int = 0,
    **options: Any,
) -> int:
    """Run a strategy over all data, then with the future removed, and compare what it decided until then.

    Callbacks tell nothing of the future by themselves. What a strategy was given when it was made may: an
    average over the whole file, a signal computed on all rows. Give then the function that makes it from
    data; with the future removed it is made from what is left. What it finds elsewhere (a global, a file, a
    table it was not given here) cannot be removed, and is not found out.

    Parameters
    ----------
    strategy
        A strategy, its class, or a function that makes one from the data (`History` or `Bars`).
    source
        As for `workbench.backtest`.
    cuts
        How many moments, evenly over the data, the future is removed at.
    latency, fees, fill, cash, slippage_ticks, options
        As for `workbench.backtest`.

    Returns
    -------
    int
        How many decisions were compared; none compared prove nothing.

    Raises
    ------
    LookAheadError
        At the first decision that is another one when the future is not there.
    ConfigError
        When it decides differently on the same data, as with random numbers without a seed: then a difference
        tells nothing.
    """
    if cuts < 1:
        raise ConfigError(f"{cuts} cuts compare nothing", "cuts", "give 1 or more")
    terms = Terms(latency, fees, fill, cash, slippage_ticks, "")
    data = read_source(source, **options)
    whole = _decisions(strategy, data, terms)
    times = times_of(data)
    compared = 0
    for at in np.linspace(0, len(times), cuts + 2)[1:-1].astype(int).tolist():
        until_ns = int(times[min(at, len(times) - 1)])
        known = _alone(cut(data, until_ns))
        of_bars = isinstance(data, Bars)
        before = _before(whole, until_ns, of_bars=of_bars)
        without = _before(_decisions(strategy, known, terms), until_ns, of_bars=of_bars)
        place = _differs(before, without)
        if place is not None:
            # What differs by itself differs without the future, too, and has not known it.
            _check_repeats(whole, _decisions(strategy, data, terms))
            _check_repeats(without, _before(_decisions(strategy, known, terms), until_ns, of_bars=of_bars))
            _refuse(before, without, place, until_ns)
        compared += len(before)
    return compared


def _alone(data: Data) -> Data:
    """Data that share no memory with what was cut off, which an array's `base` would give away."""
    if isinstance(data, Bars):
        return Bars(data.records.copy(), data.instrument, data.bar_ns, data.source)
    if isinstance(data, RecordedMarket):
        return replace(data, commands=data.commands.copy(), seqs=data.seqs.copy())
    return History(
        commands=data.commands.copy(),
        rows=np.zeros(len(data.commands), dtype=np.int64),
        row_times_ns=np.zeros(0, dtype=np.int64),
        instrument=data.instrument,
        quirks=data.quirks,
        source=data.source,
        kind=data.kind,
        zone=data.zone,
    )


def _decisions(strategy: Any, data: Data, terms: Terms) -> Records:
    made = strategy
    if not isinstance(strategy, Strategy):
        made = strategy() if isinstance(strategy, type) else strategy(data)
    if not isinstance(made, Strategy):
        raise ConfigError(f"{made!r} is no Strategy", "check_look_ahead", "return one from the function")
    return run_on(made, data, terms).records["decisions"]


def _before(decisions: Records, until_ns: int, *, of_bars: bool) -> Records:
    before = decisions["time_ns"] < until_ns
    known = decisions["time_ns"] == until_ns
    if not of_bars:
        # In order flow a timer and a bar that are due at the last instant are told when something follows.
        known &= (decisions["what"] != What.TIMER) & (decisions["what"] != What.BAR)
    kept: Records = decisions[before | known]
    return kept


def _differs(one: Records, other: Records) -> int | None:
    """The first decision that is another one; None where all are the same."""
    both = min(len(one), len(other))
    differ = np.flatnonzero(one[:both] != other[:both])
    if len(differ):
        return int(differ[0])
    return None if len(one) == len(other) else both


def _check_repeats(once: Records, again: Records) -> None:
    """Refuse a strategy that two runs on the same data tell apart."""
    at = _differs(once, again)
    if at is not None:
        raise ConfigError(
            f"the strategy decides differently each time: on the same data decision {at + 1} is "
            f"{_said(once, at)}, then {_said(again, at)}",
            "check_look_ahead",
            "seed its random numbers, and keep nothing from one run to the next",
        )


def _refuse(before: Records, without: Records, at: int, until_ns: int) -> NoReturn:
    first = min(int(side["time_ns"][at]) for side in (before, without) if at < len(side))
    raise LookAheadError(
        f"decision {at + 1} is {_said(before, at)}, and {_said(without, at)} when everything after "
        f"{_clock(until_ns)} is removed",
        f"at {_clock(first)}",
        "make decisions from what was told until then",
    )


def _said(decisions: Records, at: int) -> str:
    if at >= len(decisions):
        return "none"
    found = decisions[at]
    name = Action(int(found["action"])).name.lower()
    if found["action"] == Action.CANCEL:
        return f"cancel of order {found['order']}"
    price = f" at {found['price_ticks']} ticks" if found["price_ticks"] else ""
    return f"{name} {found['quantity_lots']} lots{price} at {_clock(int(found['time_ns']))}"


def _clock(time_ns: int) -> str:
    return f"{local_time(time_ns, 'UTC'):%Y-%m-%d %H:%M:%S.%f} UTC"
