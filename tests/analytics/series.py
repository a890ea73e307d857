"""Returns that oracles are asked about: random ones, and those that formulas trip over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.analytics.returns import Returns, returns_of

FIRST_DAY = np.datetime64("2024-01-01", "D")


@dataclass(frozen=True)
class Series:
    """One series of returns, with what else its statistics take."""

    about: str
    values: NDArray[np.float64]
    benchmark: NDArray[np.float64]
    risk_free: float = 0.0
    target: float = 0.0

    @property
    def dates(self) -> NDArray[np.datetime64]:
        return FIRST_DAY + np.arange(len(self.values))

    @property
    def returns(self) -> Returns:
        return returns_of(
            self.values,
            dates=self.dates,
            benchmark=self.benchmark,
            risk_free=self.risk_free,
            target=self.target,
        )


def _series(
    about: str, values: object, seed: int = 11, risk_free: float = 0.0, target: float = 0.0
) -> Series:
    found = np.array(values, dtype=np.float64)
    market = np.random.default_rng(seed).normal(0.0004, 0.01, len(found))
    return Series(about, found, market, risk_free, target)


def _heavy(seed: int, count: int = 500) -> NDArray[np.float64]:
    found: NDArray[np.float64] = np.random.default_rng(seed).standard_t(4, count) * 0.01 + 0.0003
    return found


def _sparse() -> NDArray[np.float64]:
    values = _heavy(3)
    values[np.random.default_rng(4).random(len(values)) < 0.3] = 0.0
    return values


def _along() -> Series:
    """One that goes along with its benchmark."""
    market = np.random.default_rng(5).normal(0.0004, 0.01, 250)
    own = 1.3 * market + np.random.default_rng(6).normal(0.0002, 0.004, 250)
    return Series("with its benchmark", own, market)


SERIES: dict[str, Series] = {
    each.about: each
    for each in (
        _series("random", _heavy(1)),
        _series("random, risk-free 3 %, target 0.05 %", _heavy(2), risk_free=0.03, target=0.0005),
        _series("a third of it zeros", _sparse()),
        _along(),
        _series("ten years", _heavy(8, 2_520)),
        _series("five sessions", [0.01, -0.02, 0.015, 0.003, -0.007]),
        _series("loss on the first day", [-0.013, *_heavy(7, 99)]),
        _series("all wins", np.abs(_heavy(9, 60)) + 1e-4),
        _series("all losses", -np.abs(_heavy(10, 60)) - 1e-4),
        _series("losses alike", [-0.03, *[-0.01] * 6, *[0.002, 0.005, 0.011] * 11]),
        _series("one session", [0.02]),
        _series("above 100 %", [0.5, -0.3, 1.4, -0.6, 2.2, -0.1, 0.02, -0.5]),
        _series("wipe-out", [*_heavy(12, 30), -1.0, 0.0, 0.0]),
        _series("flat", np.zeros(40)),
        _series("the same every session", np.full(40, 0.001)),
    )
}
