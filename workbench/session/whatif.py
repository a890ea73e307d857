"""What if: a session once more, some commands left out or later, or with other fees, and what is different.

What the others sent is held fixed. Recorded people and agents do not react to a market that has changed, and
history in a responsive venue does not either; docs/sessions.md says what that means for the numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import polars as pl

from workbench.domain.codes import CommandKind, EventKind, Reason
from workbench.domain.config import Venue
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.engine.frames import of_kind, utc_times
from workbench.session.altered import Altered, altered
from workbench.session.changes import Changes
from workbench.session.differences import (
    account_names,
    accounts_frame,
    instruments_frame,
    positions_frame,
    regular_times,
)
from workbench.session.impact import BASIS_POINTS, Gap, Impact, gap, impact, mids_of
from workbench.session.lineage import Lineage
from workbench.session.renaming import LARGEST_BATCH, Take, run_renamed
from workbench.session.retrading import Trades
from workbench.session.trace import Trace

Progress = Callable[[int, int], None]
"""Called with the commands done and the commands there are, those of both runs."""

HELD_FIXED = (
    "What others sent is held fixed: recorded people, agents and history do not react to the changed market."
)

_NAMED_NOBODY = (EventKind.CANCEL_REJECTED, EventKind.REPLACE_REJECTED, EventKind.COMMAND_REJECTED)


@dataclass(frozen=True)
class WhatIf:
    """Two runs of one session: as it was recorded, and with something changed.

    Tables have a column `recorded`, a column `what_if`, and their `difference`: recorded less what-if, so
    with an account left out, what its orders have made of the number.

    Attributes
    ----------
    venue
        The venue as recorded.
    zone
        IANA time zone of times given and shown without one.
    changes
        What is different.
    recorded, what_if
        What each run left behind.
    left_out, delayed
        Commands that the what-if run did not get, and those that it got later.
    missed
        Commands that named an order which the what-if run does not have open, though the recording had.
    """

    venue: Venue
    zone: str
    changes: Changes
    recorded: Trace
    what_if: Trace
    left_out: int
    delayed: int
    missed: int

    @cached_property
    def identical(self) -> bool:
        """Whether both runs had the same quotes, trades and fills, and ended in the same state."""
        return self.recorded.same_as(self.what_if)

    @cached_property
    def accounts(self) -> pl.DataFrame:
        """Each account's profit, fees and orders (see `workbench.session.differences.accounts_frame`)."""
        return accounts_frame(self.recorded, self.what_if)

    @cached_property
    def positions(self) -> pl.DataFrame:
        """Each account's trading by instrument (see `workbench.session.differences.positions_frame`)."""
        return positions_frame(self.recorded, self.what_if)

    @cached_property
    def instruments(self) -> pl.DataFrame:
        """Each instrument's prices (see `workbench.session.differences.instruments_frame`)."""
        return instruments_frame(self.recorded, self.what_if)

    @cached_property
    def impact(self) -> pl.DataFrame:
        """What the changed accounts did to each instrument's price, one row for each instrument.

        `end`, `average` and `largest` are in the market's ticks, with `_bp` in basis points of the price of
        the what-if run; times are seconds. See `workbench.session.impact.Impact`.
        """
        rows = []
        for number, (instrument, one) in enumerate(zip(self.venue.instruments, self._impacts, strict=True)):
            increment = instrument.price_increment_ticks
            path = self._gaps[number]
            known = path.other_ticks[~np.isnan(path.other_ticks)]
            base = float(known[-1]) if len(known) else None
            row: dict[str, object] = {"symbol": instrument.symbol, "fills": one.fills}
            for name in ("end", "average", "largest"):
                ticks = getattr(one, f"{name}_ticks")
                row[name] = None if ticks is None else ticks / increment
                row[f"{name}_bp"] = None if ticks is None or not base else BASIS_POINTS * ticks / base
            row["largest_time"] = one.largest_ns
            row["moved_share"] = one.moved_share
            row["recorded_only_share"] = one.recorded_only_share
            row["what_if_only_share"] = one.other_only_share
            row["meets_after_seconds"] = None if one.meets_after_ns is None else one.meets_after_ns / 1e9
            row["settles_after_seconds"] = (
                None if one.settles_after_ns is None else one.settles_after_ns / 1e9
            )
            row["equal_since"] = one.equal_since_ns
            rows.append(row)
        times = [pl.from_epoch(pl.col(name), time_unit="ns").dt.replace_time_zone("UTC") for name in _TIMES]
        return pl.DataFrame(rows, schema=_IMPACT, infer_schema_length=None).with_columns(times)

    @cached_property
    def after_fills(self) -> pl.DataFrame:
        """Where the price stood 1, 10, 60 and 300 seconds after the changed accounts' fills.

        Signed by the side of the fill and weighted by quantity: positive when the price stood higher after
        buying than it would have; `ticks` are the market's. See `workbench.session.impact.AfterFills`.
        """
        rows = [
            {
                "symbol": instrument.symbol,
                "seconds": after.horizon_ns / 1e9,
                "fills": after.fills,
                "ticks": None if after.ticks is None else after.ticks / instrument.price_increment_ticks,
                "basis_points": after.basis_points,
            }
            for instrument, one in zip(self.venue.instruments, self._impacts, strict=True)
            for after in one.after_fills
        ]
        schema = {
            "symbol": pl.String,
            "seconds": pl.Float64,
            "fills": pl.Int64,
            "ticks": pl.Float64,
            "basis_points": pl.Float64,
        }
        return pl.DataFrame(rows, schema=schema)

    def prices(self, symbol: str | None = None) -> pl.DataFrame:
        """The middle of best bid and ask in both runs, a row for each time at which either moved.

        Null where there is no bid or no ask; `difference` is in currency, `ticks` in the market's ticks.
        """
        numbers = range(len(self.venue.instruments))
        if symbol is not None:
            numbers = range(self.venue.instrument_number(symbol), self.venue.instrument_number(symbol) + 1)
        return pl.concat([self._prices(number, self._gaps[number].time_ns) for number in numbers])

    def path(self, symbol: str, count: int = 12) -> pl.DataFrame:
        """The same at the ends of `count` equal spans of the session.

        `furthest` is the difference furthest from 0 within the span, in the market's ticks.
        """
        number = self.venue.instrument_number(symbol)
        start_ns = self.recorded.start_ns
        times = list(regular_times(start_ns, self.end_ns, count))
        increment = self.venue.instruments[number].price_increment_ticks
        furthest = [
            self._gaps[number].furthest(before, after) / increment
            for before, after in pairwise([start_ns, *times])
        ]
        frame = self._prices(number, np.array(times, dtype=np.int64))
        return frame.with_columns(pl.Series("furthest", np.array(furthest), nan_to_null=True))

    @property
    def end_ns(self) -> int:
        """The later of both runs' ends."""
        return max(self.recorded.end_ns, self.what_if.end_ns)

    def _prices(self, number: int, times: np.ndarray) -> pl.DataFrame:
        instrument = self.venue.instruments[number]
        tick = float(instrument.price_from_ticks(1))
        ticks, recorded, other = self._gaps[number].at(times)
        columns = {
            "recorded": recorded * tick,
            "what_if": other * tick,
            "difference": ticks * tick,
            "ticks": ticks / instrument.price_increment_ticks,
        }
        frame = pl.DataFrame({"symbol": pl.Series([instrument.symbol] * len(times), dtype=pl.String)})
        made = [pl.Series(name, values, nan_to_null=True) for name, values in columns.items()]
        return frame.with_columns(utc_times(times).alias("time"), *made)

    @cached_property
    def _gaps(self) -> list[Gap]:
        return [
            gap(mids_of(self.recorded.quotes(number)), mids_of(self.what_if.quotes(number)), self.end_ns)
            for number in range(len(self.venue.instruments))
        ]

    @cached_property
    def _impacts(self) -> list[Impact]:
        accounts = sorted(self.changes.accounts(self.venue))
        orders = self.recorded.orders(EventKind.ORDER_CREATED)
        own = orders[np.isin(orders["account"], accounts)]
        since_ns = int(own["time_ns"][0]) if len(own) else self.recorded.start_ns
        fills = self.recorded.fills()
        fills = fills[np.isin(fills["account"], accounts)]
        return [
            impact(path, fills[fills["instrument"] == number], since_ns)
            for number, path in enumerate(self._gaps)
        ]

    def same_prices(self, symbol: str) -> bool:
        """Whether the middle of bid and ask, or that there is none, is the same throughout."""
        return not self._gaps[self.venue.instrument_number(symbol)].apart.any()

    def names(self) -> list[str]:
        """Names of the accounts that the change is about."""
        names = account_names(self.venue)
        return [names[number] for number in sorted(self.changes.accounts(self.venue))]


_TIMES = ("largest_time", "equal_since")
_IMPACT = {
    "symbol": pl.String,
    "fills": pl.Int64,
    **dict.fromkeys(("end", "end_bp", "average", "average_bp", "largest", "largest_bp"), pl.Float64),
    "largest_time": pl.Int64,
    **dict.fromkeys(("moved_share", "recorded_only_share", "what_if_only_share"), pl.Float64),
    "meets_after_seconds": pl.Float64,
    "settles_after_seconds": pl.Float64,
    "equal_since": pl.Int64,
}


def compare(
    venue: Venue, commands: Records, changes: Changes, *, zone: str = "UTC", progress: Progress | None = None
) -> WhatIf:
    """Run commands as they are and with changes, both from the beginning.

    Parameters
    ----------
    venue
        The venue of the recording.
    commands
        All its commands in order, those that were refused too.
    changes
        What is different.
    zone
        IANA time zone of times shown.
    progress
        Called after each batch.
    """
    given = altered(
        commands,
        without=changes.without,
        latency_ns=changes.latency_ns,
        latency_of=changes.latency_of,
        start_ns=int(venue.start_time_ns),
    )
    done, total = 0, len(commands) + len(given.commands)

    def said(trace: Trace, unknown: list[np.ndarray]) -> Take:
        def take(events: Records) -> None:
            trace.take(events)
            refused = of_kind(events, *_NAMED_NOBODY)
            unknown.append(refused["command_seq"][refused["reason"] == Reason.UNKNOWN_ORDER])
            if progress is not None and len(events):
                progress(done + int(events["command_seq"][-1]), total)

        return take

    lineage, recorded, trades = Lineage(), Trace(venue), Trades()
    busts = bool((commands["kind"] == CommandKind.BUST_TRADE).any())
    unknown: list[np.ndarray] = []
    take = said(recorded, unknown)
    exchange = Exchange(venue)
    for start in range(0, len(commands), LARGEST_BATCH):
        events = exchange.step(commands[start : start + LARGEST_BATCH])
        lineage.take(events)
        if busts:
            trades.take(events, lineage.entered_by)
        take(events)
    recorded.finish(exchange)

    done = len(commands)
    changed = changes.venue(venue)
    other, unknown_here = Trace(changed), list[np.ndarray]()
    exchange = Exchange(changed)
    run_renamed(exchange, given, lineage, said(other, unknown_here), trades)
    other.finish(exchange)
    return WhatIf(
        venue,
        zone,
        changes,
        recorded,
        other,
        given.left_out,
        given.delayed,
        _missed(given, unknown, unknown_here),
    )


def _missed(given: Altered, unknown: list[np.ndarray], unknown_here: list[np.ndarray]) -> int:
    """How many commands found no order to act on that did in the recording."""
    none = np.zeros(0, dtype=np.int64)
    before = np.concatenate([none, *unknown])
    now = given.seqs[np.concatenate([none, *unknown_here]) - 1]
    kinds = (CommandKind.CANCEL_ORDER, CommandKind.REPLACE_ORDER, CommandKind.EXECUTE_ORDER)
    assert np.isin(given.commands["kind"][np.isin(given.seqs, now)], kinds).all()
    return len(np.setdiff1d(now, before))
