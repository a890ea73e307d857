"""Who trades an instrument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.domain.instruments import Instrument
from workbench.feed.agents.fundamental import ValueParameters
from workbench.feed.agents.maker import MakerParameters
from workbench.feed.agents.noise import NoiseParameters
from workbench.feed.agents.trend import TrendParameters
from workbench.feed.agents.value import ValueTraderParameters


@dataclass(frozen=True, slots=True)
class Crew:
    """Who trades one instrument, and what it is worth at the open.

    Parameters
    ----------
    instrument
        Its reference data.
    start_ticks
        Fundamental value at the open.
    value
        How the value moves.
    makers, noise, trends, values
        One agent for each entry.
    round_lots
        Quantity of a round lot.
    """

    instrument: Instrument
    start_ticks: int
    value: ValueParameters
    makers: Sequence[MakerParameters] = ()
    noise: Sequence[NoiseParameters] = ()
    trends: Sequence[TrendParameters] = ()
    values: Sequence[ValueTraderParameters] = ()
    round_lots: int = 100
