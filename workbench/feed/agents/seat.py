"""What an agent is given when it joins a market."""

from __future__ import annotations

from typing import NamedTuple

from workbench.feed.agents.desk import Desk
from workbench.feed.agents.draws import Draws
from workbench.feed.agents.fundamental import FundamentalValue
from workbench.feed.agents.market import Quote


class Seat(NamedTuple):
    """An agent's place in one instrument.

    Parameters
    ----------
    name
        Its name, unique in the population.
    desk, quote, value, draws
        Where it sends orders, what it sees, what it knows, and its random stream.
    """

    name: str
    desk: Desk
    quote: Quote
    value: FundamentalValue
    draws: Draws
