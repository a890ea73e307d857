"""The random fundamental value behind each instrument, and the shape of the trading day."""

from __future__ import annotations

import math
from dataclasses import dataclass

import msgspec

from workbench.feed.agents.draws import Draws

SECOND_NS = 1_000_000_000
_DAY_SECONDS = 23_400
"""Seconds of a full session, to which daily figures refer."""

_MINUTE_SIGMAS = math.sqrt(60)
"""Standard deviation of a minute in standard deviations of a second."""

_VARIANCE_LOW, _VARIANCE_HIGH = 0.1, 20.0


@dataclass(frozen=True, slots=True)
class Session:
    """Opening and closing time, between which activity and volatility are U-shaped.

    Parameters
    ----------
    open_ns, close_ns
        Exchange times.

    Examples
    --------
    >>> day = Session(0, 100)
    >>> day.activity(0) > 3 * day.activity(50) < day.activity(100)
    True
    """

    open_ns: int
    close_ns: int

    def fraction(self, time_ns: int) -> float:
        """Share of the session that has gone by, from 0 to 1."""
        return min(max((time_ns - self.open_ns) / (self.close_ns - self.open_ns), 0.0), 1.0)

    def activity(self, time_ns: int) -> float:
        """Arrivals at this time of day relative to their mean over the day.

        With d running from -1 at the open to 1 at the close: 0.6 + 0.3 d² + 1.5 d⁴ - 0.3 d³, whose mean is 1.
        """
        d = 2 * self.fraction(time_ns) - 1
        return 0.6 + d * d * (0.3 + d * (1.5 * d - 0.3))

    def volatility(self, time_ns: int) -> float:
        """Volatility at this time of day, relative: 0.8 + 0.3 d⁴, and at the open 0.8 more."""
        x = self.fraction(time_ns)
        d = 2 * x - 1
        morning = max(0.0, 1 - 8 * x)
        return 0.8 + 0.3 * d * d * d * d + 0.8 * morning * morning


@dataclass(frozen=True, slots=True)
class ValueParameters:
    """How the fundamental value moves.

    Parameters
    ----------
    daily_volatility_ticks
        Standard deviation of its change over one full session.
    market_share
        Correlation of its changes with the market's, 0 to 1.
    reversion
        Share per second by which variance returns to its mean.
    variance_of_variance
        Standard deviation of the relative change of variance in a second; half its square must be below
        `reversion`.
    jumps_per_day
        Expected jumps in one full session.
    """

    daily_volatility_ticks: float
    market_share: float = 0.5
    reversion: float = 1 / 1200
    variance_of_variance: float = 0.033
    jumps_per_day: float = 2.5


class MarketFactorState(msgspec.Struct, array_like=True):
    """A `MarketFactor` at one moment: the changes known from a second on, and how much was drawn."""

    first: int
    changes: list[float]
    taken: int


class MarketFactor:
    """Changes that all instruments share: one standard normal number a second.

    Parameters
    ----------
    draws
        Its random stream.
    """

    def __init__(self, draws: Draws) -> None:
        self._draws = draws
        self._first = 0
        self._changes: list[float] = []

    def change(self, second: int) -> float:
        """The change in a second of the session, the same for whoever asks and in whatever order."""
        place = second - self._first
        while len(self._changes) <= place:
            self._changes.append(self._draws.normal())
        return self._changes[place]

    def state(self, second: int) -> MarketFactorState:
        """What there is to know of it when nobody asks for anything before a second any more."""
        return MarketFactorState(second, self._changes[second - self._first :], self._draws.taken)

    def go_on(self, state: MarketFactorState) -> None:
        """Go on from there."""
        self._first, self._changes = state.first, list(state.changes)
        self._draws.go_on(state.taken)


class FundamentalValueState(msgspec.Struct, array_like=True):
    """A `FundamentalValue` at one moment."""

    second: int
    value_ticks: float
    variance: float
    taken: int


class FundamentalValue:
    """What an instrument is worth: a random walk in seconds whose variance clusters, with rare jumps.

    Variance relative to its mean, v, follows a GARCH diffusion (the limit of GARCH(1,1) for short steps;
    Nelson, 1990): `v += reversion * (1 - v) + variance_of_variance * v * e`. A jump also raises v, as news
    does.

    Parameters
    ----------
    start_ticks
        Value at the open.
    low_ticks, high_ticks
        It stays between these.
    session
        Opening and closing time.
    parameters
        How it moves.
    market
        The changes it shares with other instruments.
    draws
        Its random stream.
    """

    def __init__(
        self,
        start_ticks: float,
        low_ticks: float,
        high_ticks: float,
        session: Session,
        parameters: ValueParameters,
        market: MarketFactor,
        draws: Draws,
    ) -> None:
        self.value_ticks = float(start_ticks)
        self.variance = 1.0
        self.session = session
        self.parameters = parameters
        self.usual_volatility_ticks = parameters.daily_volatility_ticks / math.sqrt(_DAY_SECONDS)
        """Standard deviation of an average second."""
        self._low_ticks, self._high_ticks = low_ticks, high_ticks
        self._own_share = math.sqrt(1 - parameters.market_share * parameters.market_share)
        self._jump_chance = parameters.jumps_per_day / _DAY_SECONDS
        self._market, self._draws = market, draws
        self._second = 0

    @property
    def activity(self) -> float:
        """How much more than usual there is to do because of volatility: √v, between 0.5 and 3."""
        return min(max(math.sqrt(self.variance), 0.5), 3.0)

    @property
    def second(self) -> int:
        """How many seconds have gone by."""
        return self._second

    def state(self) -> FundamentalValueState:
        """What there is to know of it."""
        return FundamentalValueState(self._second, self.value_ticks, self.variance, self._draws.taken)

    def go_on(self, state: FundamentalValueState) -> None:
        """Go on from there."""
        self._second, self.value_ticks, self.variance = state.second, state.value_ticks, state.variance
        self._draws.go_on(state.taken)

    def advance(self, time_ns: int) -> None:
        """Let the seconds up to `time_ns` go by."""
        target = (time_ns - self.session.open_ns) // SECOND_NS
        while self._second < target:
            self._step()

    def _step(self) -> None:
        parameters, draws = self.parameters, self._draws
        time_ns = self.session.open_ns + self._second * SECOND_NS
        shock = parameters.market_share * self._market.change(self._second) + self._own_share * draws.normal()
        sigma_ticks = self.usual_volatility_ticks * self.session.volatility(time_ns)
        change_ticks = sigma_ticks * math.sqrt(self.variance) * shock
        v = self.variance
        v += parameters.reversion * (1 - v) + parameters.variance_of_variance * v * draws.normal()
        if draws.chance(self._jump_chance):
            change_ticks += draws.sign() * sigma_ticks * _MINUTE_SIGMAS * (2 + 1.5 * draws.exponential())
            v += 3
        self.variance = min(max(v, _VARIANCE_LOW), _VARIANCE_HIGH)
        self.value_ticks = min(max(self.value_ticks + change_ticks, self._low_ticks), self._high_ticks)
        self._second += 1
