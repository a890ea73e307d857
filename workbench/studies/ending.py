"""When a strategy's run is over: the same in a backtest, in a live session and over the API."""

from __future__ import annotations

from workbench.engine.moments import Moment, moment_ns

FOREVER = 0


def end_ns(until: Moment | None, zone: str, first_ns: int) -> int:
    """The last moment that a strategy is told of, in nanoseconds; `FOREVER` (0) without one.

    Whatever happens up to and including that moment is told. What is due (a bar, the timer) is told when
    something follows it by then, so at the moment itself only if something happens in the market there.
    After it no callback is called. In a live session and over the API orders that are open then are
    cancelled; what they come to is in the result (`Followed.fills`, `refused`) and not told.

    Parameters
    ----------
    until
        As `workbench.replay`'s `run_until` takes it, or None.
    zone
        Of the exchange, for times without one.
    first_ns
        When the run begins: a time of day is of that day.
    """
    return FOREVER if until is None else moment_ns(until, zone, first_ns)
