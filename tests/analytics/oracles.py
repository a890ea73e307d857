"""docs/oracles.md: every statistic of returns that others compute too, beside what they say.

`python -m tests.analytics.oracles` writes it anew.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from tests import tolerances
from tests.analytics import lots_oracles
from tests.analytics.series import SERIES, Series
from tests.conftest import ROOT
from workbench.analytics.summary import summary

PAGE = ROOT / "docs" / "oracles.md"
ORACLES = ("empyrical", "quantstats", "pyfolio", "scipy")
TOLERANCE = "PARITY"
_A = 252
_SMALL = 0.01
_NOISE = 1e12

Ask = Callable[["Asked"], float]


@dataclass(frozen=True)
class Asked:
    """A series as oracles take it."""

    series: Series

    @property
    def values(self) -> Any:
        return pd.Series(self.series.values, index=pd.DatetimeIndex(self.series.dates))

    @property
    def benchmark(self) -> Any:
        return pd.Series(self.series.benchmark, index=pd.DatetimeIndex(self.series.dates))

    @property
    def session_rate(self) -> float:
        """The risk-free rate of a session."""
        return float((1 + self.series.risk_free) ** (1 / _A) - 1)

    @property
    def yearly_target(self) -> float:
        return float((1 + self.series.target) ** _A - 1)


def _quiet(ask: Ask, asked: Asked) -> float | None:
    """What an oracle says; None where it says that there is nothing: NaN, infinity, or an error."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            found = float(ask(asked))
        except (ArithmeticError, ValueError, IndexError, KeyError):
            return None
    return found if math.isfinite(found) else None


def _asks() -> dict[str, dict[str, Ask]]:
    """By statistic and oracle. They are imported here, for they take seconds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import empyrical as e
        import quantstats.stats as q
        from pyfolio import timeseries as p
    from scipy import stats as s

    year = math.sqrt(_A)
    one_in_twenty = 0.05
    return {
        "total_return": {
            "empyrical": lambda x: e.cum_returns_final(x.values),
            "quantstats": lambda x: q.comp(x.values),
            "pyfolio": lambda x: p.cum_returns(x.values).iloc[-1],
        },
        "cagr": {
            "empyrical": lambda x: e.cagr(x.values),
            "quantstats": lambda x: q.cagr(x.values, periods=_A),
            "pyfolio": lambda x: p.annual_return(x.values),
        },
        "best_session": {"quantstats": lambda x: q.best(x.values)},
        "worst_session": {"quantstats": lambda x: q.worst(x.values)},
        "volatility": {
            "empyrical": lambda x: e.annual_volatility(x.values),
            "quantstats": lambda x: q.volatility(x.values, periods=_A),
            "pyfolio": lambda x: p.annual_volatility(x.values),
        },
        "max_drawdown_share": {
            "empyrical": lambda x: e.max_drawdown(x.values),
            "quantstats": lambda x: q.max_drawdown(x.values),
            "pyfolio": lambda x: p.max_drawdown(x.values),
        },
        "ulcer": {
            "quantstats": lambda x: q.ulcer_index(x.values) * math.sqrt((len(x.values) - 1) / len(x.values)),
        },
        "downside_deviation": {
            "empyrical": lambda x: e.downside_risk(x.values, x.series.target),
            "pyfolio": lambda x: p.downside_risk(x.values, x.series.target),
        },
        "sharpe": {
            "empyrical": lambda x: e.sharpe_ratio(x.values, x.session_rate),
            "quantstats": lambda x: q.sharpe(x.values, rf=x.series.risk_free, periods=_A),
            "pyfolio": lambda x: p.sharpe_ratio(x.values, x.session_rate),
        },
        "sortino": {
            "empyrical": lambda x: e.sortino_ratio(x.values, x.series.target),
            "quantstats": lambda x: q.sortino(x.values, rf=x.yearly_target, periods=_A),
            "pyfolio": lambda x: p.sortino_ratio(x.values, x.series.target),
        },
        "calmar": {
            "empyrical": lambda x: e.calmar_ratio(x.values),
            "quantstats": lambda x: q.calmar(x.values, periods=_A),
            "pyfolio": lambda x: p.calmar_ratio(x.values),
        },
        "omega": {
            "empyrical": lambda x: e.omega_ratio(x.values, required_return=x.yearly_target),
            "quantstats": lambda x: q.omega(x.values, required_return=x.yearly_target, periods=_A),
            "pyfolio": lambda x: p.omega_ratio(x.values, x.yearly_target),
        },
        "probabilistic_sharpe": {
            "quantstats": lambda x: q.probabilistic_sharpe_ratio(x.values, rf=x.series.risk_free, periods=_A),
        },
        "skew": {
            "quantstats": lambda x: q.skew(x.values),
            "scipy": lambda x: s.skew(x.values, bias=False),
        },
        "excess_kurtosis": {
            "quantstats": lambda x: q.kurtosis(x.values),
            "scipy": lambda x: s.kurtosis(x.values, bias=False),
        },
        "value_at_risk": {"empyrical": lambda x: e.value_at_risk(x.values, one_in_twenty)},
        "value_at_risk_normal": {
            "quantstats": lambda x: q.value_at_risk(x.values, confidence=0.95),
            "scipy": lambda x: s.norm.ppf(one_in_twenty, x.values.mean(), x.values.std()),
        },
        "expected_shortfall": {
            "empyrical": lambda x: e.conditional_value_at_risk(x.values, one_in_twenty),
            "quantstats": lambda x: q.conditional_value_at_risk(
                x.values, confidence=0.95, method="historical"
            ),
        },
        "expected_shortfall_normal": {
            "quantstats": lambda x: q.conditional_value_at_risk(x.values, confidence=0.95),
        },
        "tail_ratio": {
            "empyrical": lambda x: e.tail_ratio(x.values),
            "quantstats": lambda x: q.tail_ratio(x.values, cutoff=0.95),
            "pyfolio": lambda x: p.tail_ratio(x.values),
        },
        "beta": {
            "empyrical": lambda x: e.beta(x.values, x.benchmark),
            "quantstats": lambda x: q.greeks(x.values, x.benchmark, prepare_returns=False)["beta"],
            "pyfolio": lambda x: p.beta(x.values, x.benchmark),
            "scipy": lambda x: s.linregress(x.benchmark, x.values).slope,
        },
        "alpha": {
            "empyrical": lambda x: e.alpha(x.values, x.benchmark, x.session_rate),
        },
        "correlation": {
            "scipy": lambda x: s.pearsonr(x.values, x.benchmark).statistic,
        },
        "information_ratio": {
            "empyrical": lambda x: e.excess_sharpe(x.values, x.benchmark) * year,
            "quantstats": lambda x: q.information_ratio(x.values, x.benchmark, prepare_returns=False) * year,
        },
        "tracking_error": {"empyrical": lambda x: e.annual_volatility(x.values - x.benchmark)},
        "up_capture": {"empyrical": lambda x: e.up_capture(x.values, x.benchmark)},
        "down_capture": {"empyrical": lambda x: e.down_capture(x.values, x.benchmark)},
    }


@dataclass
class Compared:
    """A statistic beside one oracle.

    Attributes
    ----------
    largest
        Largest difference of all series that both have a value for, as a share of the oracle's value, or of
        0.01 where that is smaller.
    both
        How many these are.
    apart
        Series, ours and theirs, where one alone has a value, or they differ by more than the tolerance.
    """

    largest: float = 0.0
    both: int = 0
    apart: list[tuple[str, float | None, float | None]] = field(default_factory=list)


def compare(
    changed: Callable[[str, float], float] = lambda _, value: value,
) -> dict[str, dict[str, Compared]]:
    """Every shared statistic on every series, by statistic and oracle; `changed` is for tests of the test."""
    asks = _asks()
    found = {name: {oracle: Compared() for oracle in oracles} for name, oracles in asks.items()}
    for about, series in SERIES.items():
        asked = Asked(series)
        ours = dict(summary(series.returns).select("statistic", "value").iter_rows())
        for name, oracles in asks.items():
            own = None if ours[name] is None else changed(name, ours[name])
            for oracle, ask in oracles.items():
                theirs, entry = _quiet(ask, asked), found[name][oracle]
                if own is not None and theirs is not None:
                    away = abs(own - theirs) / max(_SMALL, abs(theirs))
                    if away <= tolerances.PARITY:
                        entry.both += 1
                        entry.largest = max(entry.largest, away)
                        continue
                if own is not None or theirs is not None:
                    entry.apart.append((about, own, theirs))
    return found


_WIPED_OUT = "nothing is left to compound: no rate a year, where they say −100 %"
WHY: dict[tuple[str, str], str] = {
    ("cagr", "empyrical"): _WIPED_OUT,
    ("cagr", "quantstats"): _WIPED_OUT,
    ("cagr", "pyfolio"): _WIPED_OUT,
    ("calmar", "empyrical"): _WIPED_OUT,
    ("calmar", "quantstats"): _WIPED_OUT,
    ("calmar", "pyfolio"): _WIPED_OUT,
    ("up_capture", "empyrical"): _WIPED_OUT,
    ("ulcer", "quantstats"): "its n − 1 is 0",
    ("sharpe", "quantstats"): "all returns are equal: it divides by what rounding leaves of their spread",
    ("value_at_risk_normal", "quantstats"): "a normal distribution without spread is its mean, and no error",
    ("value_at_risk_normal", "scipy"): "a normal distribution without spread is its mean, and no error",
    ("expected_shortfall_normal", "quantstats"): "one return has no spread to speak of, where it takes 0",
    (
        "expected_shortfall",
        "empyrical",
    ): "ties: there the lowest ⌊0.05(n − 1)⌋ + 1, here all at or below the quantile",
    ("beta", "quantstats"): "one return has no slope, where it writes 0 for what is missing",
}
"""Why a statistic and an oracle differ where they do."""


_BEFORE = (
    "# Statistics and their oracles",
    "",
    "Statistics of returns ([metrics.md](metrics.md)) that other libraries compute too, on the same series.",
    "Each cell is the largest difference found, as a share of the oracle's value (of 0.01 where that is",
    "smaller), and in how many series both have a value. A test holds this page to what is found;",
    "`python -m tests.analytics.oracles` writes it anew.",
    "",
)
_ELSEWHERE = (
    "Drawdown episodes are held against pyfolio's, and what no library has (the error of a Sharpe ratio,",
    "the deflated one, money-weighted returns, times under water, the recovery factor) against vectors",
    "computed by hand. Identities hold on random series: a shift of all dates changes nothing, another",
    "currency scales money alone, and money that comes or goes leaves the time-weighted return as it is.",
)


def _number(value: float | None) -> str:
    if value is None:
        return "none"
    return f"over {_NOISE:.0e}" if abs(value) > _NOISE else f"{value:.6g}".replace("-", "−")


def page(found: dict[str, dict[str, Compared]]) -> Iterator[str]:
    """Its lines."""
    yield from _BEFORE
    yield f"The series: {', '.join(SERIES)}."
    yield f"The tolerance: `{TOLERANCE}` of `tests/tolerances.py`, {tolerances.PARITY:.0e}."
    yield ""
    yield f"| statistic | {' | '.join(ORACLES)} | tolerance |"
    yield f"|---|{'---|' * len(ORACLES)}---|"
    for name, oracles in found.items():
        cells = (
            f"{oracles[oracle].largest:.1e} ({oracles[oracle].both})" if oracle in oracles else ""
            for oracle in ORACLES
        )
        yield f"| `{name}` | {' | '.join(cells)} | `{TOLERANCE}` |"
    yield ""
    yield "Where they say something else, or one of the two has no value:"
    yield ""
    yield "| statistic | oracle | series | here | there | why |"
    yield "|---|---|---|---|---|---|"
    for name, oracles in found.items():
        for oracle, entry in oracles.items():
            for about, ours, theirs in entry.apart:
                why = WHY.get((name, oracle), "")
                yield f"| `{name}` | {oracle} | {about} | {_number(ours)} | {_number(theirs)} | {why} |"
    yield ""
    yield from lots_oracles.section()
    yield ""
    yield from _ELSEWHERE


if __name__ == "__main__":
    PAGE.write_text("\n".join(page(compare())) + "\n")
