"""Trades: round trips with what is known about them beside their PnL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from workbench.analytics.columns import Table, money, number, text
from workbench.analytics.tables import ROUND_TRIPS
from workbench.errors import ConfigError

Floats = NDArray[np.float64]

_KNOWN_BESIDE = (
    text("tag", "Strategy: how the name of the order began that opened it; null without one"),
    money("risk", "Initial risk: distance of entry and first stop x largest position x multiplier; or null"),
    number("r", "R", "Net as a multiple of the initial risk; null without a stop"),
    number("mae_r", "R", "MAE as a multiple of it, 0 or less"),
    number("mfe_r", "R", "MFE as a multiple of it, 0 or more"),
    number("entry_efficiency", "share", "How near its entry was to the best mark while it was open; or null"),
    number("exit_efficiency", "share", "How near its exit was to the best mark while it was open; or null"),
    number("edge_up", "ATR", "Furthest that the mark went its way soon after entry, in true ranges; or null"),
    number("edge_down", "ATR", "Furthest that it went against it, without sign; null where not known"),
    number("since_open_s", "s", "From the session's open to its entry; null where not known"),
)

TRADE_ROWS = Table(
    "trade_rows",
    "One row for each round trip, open ones too: the columns of `round_trips`, and",
    (*ROUND_TRIPS.columns, *_KNOWN_BESIDE),
)

_NEEDED = ("symbol", "side", "result", "opened", "closed", "held_s", "quantity", "gross", "fees", "net")


@dataclass(frozen=True)
class Trades:
    """What statistics of trades are computed from; of one account, one session or many.

    Attributes
    ----------
    rows
        `TRADE_ROWS`, in any order.
    zone
        IANA time zone of the days.

    Notes
    -----
    The arrays are those of trades that have ended, by when they ended.
    """

    rows: pl.DataFrame
    zone: str = "UTC"

    @classmethod
    def of(cls, round_trips: pl.DataFrame, zone: str = "UTC", **beside: pl.Series) -> Trades:
        """Trades of `ROUND_TRIPS`, or of at least its columns about time, size, result and money.

        Parameters
        ----------
        round_trips
            Columns that are not given are null.
        zone
            IANA time zone of the days.
        **beside
            Further columns of `TRADE_ROWS`, a value for each round trip.

        Raises
        ------
        ConfigError
            When a column that no statistic can do without is missing.
        """
        missing = [name for name in _NEEDED if name not in round_trips.columns]
        if missing:
            raise ConfigError(f"column {missing[0]!r} is missing", "round trips", "give ROUND_TRIPS")
        given = round_trips.with_columns(**beside)
        blank: Mapping[str, Any] = {
            name: pl.lit(None) for name in TRADE_ROWS.names if name not in given.columns
        }
        rows = given.with_columns(**blank)
        multiples = {
            name: pl.when(pl.col("risk") > 0).then(pl.col(of).cast(pl.Float64) / pl.col("risk"))
            for name, of in (("r", "net"), ("mae_r", "mae"), ("mfe_r", "mfe"))
        }
        return cls(TRADE_ROWS.shaped(rows.with_columns(**multiples)), zone)

    @classmethod
    def together(cls, parts: Sequence[Trades]) -> Trades:
        """Several sessions or accounts as one, in the zone of the first; there must be one."""
        return cls(pl.concat([part.rows for part in parts]), parts[0].zone)

    @cached_property
    def ended(self) -> pl.DataFrame:
        """Trades that have ended, by when."""
        return self.rows.filter(pl.col("result") != "open").sort("closed", "closed_seq", "number")

    @cached_property
    def net(self) -> Floats:
        """Net PnL, currency."""
        return self._array("net")

    @cached_property
    def gross(self) -> Floats:
        """Gross PnL, currency."""
        return self._array("gross")

    @cached_property
    def wins(self) -> Floats:
        """Net PnL of wins, currency."""
        return self.net[self.net > 0]

    @cached_property
    def losses(self) -> Floats:
        """Net PnL of losses, currency, below 0."""
        return self.net[self.net < 0]

    @cached_property
    def multiples(self) -> Floats:
        """R multiples of those that had a stop."""
        return self.known("r")

    @cached_property
    def days(self) -> pl.DataFrame:
        """`day`, `trades` and `net` of each day of the zone on which a trade ended, in order."""
        day = pl.col("closed").dt.convert_time_zone(self.zone).dt.date()
        return self.ended.group_by(day=day).agg(trades=pl.len(), net=pl.col("net").sum().round(6)).sort("day")

    def known(self, column: str) -> Floats:
        """The values of a column of ended trades, nulls apart."""
        return self.ended[column].drop_nulls().to_numpy()

    def _array(self, column: str) -> Floats:
        return self.ended[column].to_numpy()
