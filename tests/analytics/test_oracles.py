from __future__ import annotations

import re
import warnings

import numpy as np
import pandas as pd
import pytest

from tests import tolerances
from tests.analytics.installed import installed
from tests.analytics.oracles import ORACLES, PAGE, WHY, Compared, compare, page
from tests.analytics.series import FIRST_DAY
from workbench.analytics.drawdowns import drawdown_episodes
from workbench.analytics.returns import returns_of

_CELL = re.compile(r"\d\.\de[+-]\d\d")
_ROUNDING = 1e-12


@pytest.fixture(scope="module", autouse=True)
def oracles() -> None:
    for name in ORACLES:
        installed(name)


@pytest.fixture(scope="module")
def found() -> dict[str, dict[str, Compared]]:
    return compare()


def test_every_shared_statistic_is_what_the_oracles_say(found: dict[str, dict[str, Compared]]) -> None:
    for name, oracles in found.items():
        for oracle, entry in oracles.items():
            assert entry.both >= 9, (name, oracle)
            assert entry.largest <= tolerances.PARITY, (name, oracle)


def test_what_differs_has_a_reason_and_each_reason_something_that_differs(
    found: dict[str, dict[str, Compared]],
) -> None:
    apart = {
        (name, oracle) for name, oracles in found.items() for oracle, entry in oracles.items() if entry.apart
    }
    assert apart == set(WHY)


def test_the_page_says_what_is_found(found: dict[str, dict[str, Compared]]) -> None:
    written, now = PAGE.read_text(), "\n".join(page(found)) + "\n"
    assert _CELL.sub("", written) == _CELL.sub("", now), "run: python -m tests.analytics.oracles"
    # The last bits of sums differ between processors; more than those must be written.
    for said, is_now in zip(_CELL.findall(written), _CELL.findall(now), strict=True):
        assert float(is_now) <= max(10 * float(said), _ROUNDING)


def test_a_statistic_that_is_wrong_in_its_sixth_digit_is_found() -> None:
    for name, oracles in compare(lambda _, value: value * (1 + 1e-6) + 1e-10).items():
        for oracle, entry in oracles.items():
            assert len(entry.apart) >= 9, (name, oracle)


@pytest.mark.parametrize("seed", range(4))
def test_drawdown_episodes_are_those_of_pyfolio(seed: int) -> None:
    # pyfolio does not know the capital before the first session, so it is given as a flat one.
    values = np.concatenate(([0.0], np.random.default_rng(seed).standard_t(4, 300) * 0.01 + 0.002))
    dates = FIRST_DAY + np.arange(len(values))
    own = drawdown_episodes(returns_of(values, dates=dates)).sort("depth_share")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it uses what pandas will drop
        from pyfolio.timeseries import get_top_drawdowns

        theirs = get_top_drawdowns(pd.Series(values, index=pd.DatetimeIndex(dates)), top=own.height)
    assert own.height == len(theirs) > 6
    for row, (peak, valley, recovery) in zip(own.iter_rows(named=True), theirs, strict=True):
        assert (row["peak_date"], row["valley_date"]) == (peak.date(), valley.date())
        assert row["recovery_date"] == (None if pd.isnull(recovery) else recovery.date())
