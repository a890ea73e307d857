"""Standings: every trader's result so far, and who is ahead."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from workbench.domain.config import FIRST_TRADER, Venue
from workbench.domain.records import Records
from workbench.projections.base import Layout, Projection, State, event_views
from workbench.projections.equity import Equity
from workbench.projections.marks import marks_at_start
from workbench.projections.rows import table_of
from workbench.projections.scores import SCORE, follow_scores
from workbench.projections.trades import Trades

SECOND_NS = 1_000_000_000

_MONEY = [
    ("start_cash_micros", "i8"),
    ("cash_micros", "i8"),
    ("position_value_micros", "i8"),
    ("equity_micros", "i8"),
    ("pnl_micros", "i8"),
    ("realised_average_micros", "i8"),
    ("realised_fifo_micros", "i8"),
    ("unrealised_micros", "i8"),
    ("fees_micros", "i8"),
    ("other_cash_micros", "i8"),
    ("deposits_micros", "i8"),
    ("withdrawals_micros", "i8"),
    ("peak_equity_micros", "i8"),
    ("drawdown_micros", "i8"),
    ("max_drawdown_micros", "i8"),
]

STANDING = np.dtype([("rank", "i4"), ("account", "i4"), *_MONEY, *SCORE.descr])
"""A trader's place; `pnl_micros` is equity less starting cash and net deposits."""


class Standings(Projection):
    """The leaderboard: each trader's equity, profit and loss, activity and breaches, ranked.

    Ranks go by profit and loss; traders with the same have the same rank (the next one is as many behind) and
    stand in the order of their account numbers.

    Parameters
    ----------
    venue
        The venue whose exchange wrote the events.
    interval_ns
        How often equity is looked at for the largest drawdown, besides whenever it changes by a trader's own
        doing.
    """

    name: ClassVar[str] = "standings"
    layout: ClassVar[Layout] = {"scores": SCORE, "equity": np.dtype("u1"), "trades": np.dtype("u1")}

    def __init__(self, venue: Venue, *, interval_ns: int = SECOND_NS) -> None:
        super().__init__(venue)
        self._equity = Equity(venue, interval_ns=interval_ns)
        self._trades = Trades(venue)
        self._marks = marks_at_start(venue)
        accounts = 0 if venue.bare else FIRST_TRADER + len(venue.accounts)
        self._scores = np.zeros(accounts, dtype=SCORE)

    def _fold(self, events: Records) -> None:
        if self.venue.bare:
            return
        self._equity.apply(events)
        self._equity.take_records()
        self._trades.apply(events)
        self._trades.take_closed_lot_records()
        follow_scores(event_views(events), self._scores, self._marks)
        trips = self._trades.take_round_trip_records()
        for name, ended in (
            ("wins", trips["net_micros"] > 0),
            ("losses", trips["net_micros"] < 0),
            ("scratches", trips["net_micros"] == 0),
        ):
            self._scores[name] += np.bincount(trips["account"][ended], minlength=len(self._scores))

    def standings(self) -> Records:
        """`STANDING` of every trader, best first."""
        worth, purses = self._equity.accounts(), self._equity.purses()
        out = np.zeros(len(self._scores), dtype=STANDING)
        for name in SCORE.names or ():
            out[name] = self._scores[name]
        for name, _ in _MONEY:
            if name in (worth.dtype.names or ()):
                out[name] = worth[name]
        out["account"] = np.arange(len(out))
        out["start_cash_micros"] = purses["start_cash_micros"]
        out["max_drawdown_micros"] = np.minimum(purses["max_drawdown_micros"], worth["drawdown_micros"])
        funding = out["deposits_micros"] - out["withdrawals_micros"]
        out["pnl_micros"] = out["equity_micros"] - out["start_cash_micros"] - funding
        out = out[FIRST_TRADER:]
        out = out[np.lexsort((out["account"], -out["pnl_micros"]))]
        out["rank"] = np.searchsorted(-out["pnl_micros"], -out["pnl_micros"], side="left") + 1
        return out

    def table(self) -> pa.Table:
        """The same as a table, with the share of wins among wins and losses (null where there is neither)."""
        standings = self.standings()
        decided = standings["wins"] + standings["losses"]
        rate = standings["wins"] / np.where(decided == 0, 1, decided)
        return table_of(standings, self.venue).append_column("win_rate", pa.array(rate, mask=decided == 0))

    def _settings(self) -> dict[str, Any]:
        return {"interval_ns": self._equity.interval_ns}

    def _state(self) -> State:
        return {
            "scores": self._scores,
            "equity": np.frombuffer(self._equity.checkpoint(), dtype=np.uint8),
            "trades": np.frombuffer(self._trades.checkpoint(), dtype=np.uint8),
        }

    def _load(self, state: State) -> None:
        self._scores = state["scores"]
        self._equity = Equity.restore(self.venue, state["equity"].tobytes())
        self._trades = Trades.restore(self.venue, state["trades"].tobytes())
