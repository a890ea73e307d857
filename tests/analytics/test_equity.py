import polars as pl
import pytest

from tests.analytics.hand import SECOND_NS, START_NS, seconds, times
from workbench.analytics.equity import drawdowns, equity_curve
from workbench.analytics.tables import DRAWDOWNS, EQUITY

END_NS = START_NS + 100 * SECOND_NS


def curve(equity: list[float], deposits: list[float] | None = None) -> pl.DataFrame:
    """A curve that starts at 1,000, with its peak as the exchange keeps it, a row every 10 s."""
    given = deposits or [0.0] * len(equity)
    peak, before, peaks = 1000.0, 0.0, []
    for worth, sum_given in zip(equity, given, strict=True):
        peak = max(peak + sum_given - before, worth)
        before = sum_given
        peaks.append(peak)
    rows = pl.DataFrame(
        {
            "time": times([10.0 * (at + 1) for at in range(len(equity))]),
            "seq": list(range(1, len(equity) + 1)),
            "equity": equity,
            "cash": equity,
            "deposits": given,
            "peak": peaks,
            "drawdown": [worth - top for worth, top in zip(equity, peaks, strict=True)],
            **dict.fromkeys(("position_value", "realised", "unrealised", "fees", "withdrawals"), 0.0),
        }
    )
    return equity_curve(rows, START_NS, 1000.0)


def test_the_first_row_is_the_capital_before_the_first_trade() -> None:
    found = curve([990.0, 1200.0], [0.0, 100.0])
    assert found.schema == EQUITY.schema
    assert found.select("seq", "equity", "pnl", "drawdown").rows() == [
        (0, 1000.0, 0.0, 0.0),
        (1, 990.0, -10.0, -10.0),
        (2, 1200.0, 100.0, 0.0),
    ]
    assert found["drawdown_share"].to_list() == [0.0, -0.01, 0.0]


def test_drawdowns_of_a_day_by_hand() -> None:
    found = drawdowns(curve([990.0, 980.0, 985.0, 1000.0, 1010.0, 1010.0, 1000.0, 1000.0]), END_NS)
    assert found.schema == DRAWDOWNS.schema
    first, second = found.iter_rows(named=True)
    assert (first["number"], first["peak"], first["valley"], first["depth"]) == (1, 1000.0, 980.0, -20.0)
    assert [seconds(first[name]) for name in ("peak_time", "valley_time", "recovery_time")] == [0, 20, 40]
    assert (first["depth_share"], first["fall_s"], first["recovery_s"]) == (-0.02, 20.0, 20.0)
    # The second begins at the last row that stood at the peak, and lasts to the end of the session.
    assert seconds(second["peak_time"]) == 60
    assert seconds(second["valley_time"]) == 70
    assert (second["recovery_time"], second["recovery_s"]) == (None, None)
    assert (second["depth"], second["under_water_s"]) == (-10.0, 40.0)


def test_money_from_outside_is_neither_gain_nor_recovery() -> None:
    found = drawdowns(curve([990.0, 1090.0, 1095.0, 1100.0], [0.0, 100.0, 100.0, 100.0]), END_NS)
    assert found.height == 1
    row = found.row(0, named=True)
    assert (row["peak"], row["valley"], row["depth"]) == (1000.0, 990.0, -10.0)
    assert seconds(row["recovery_time"]) == 40


@pytest.mark.parametrize("equity", [[], [1000.0, 1001.0, 1002.0]])
def test_who_never_falls_has_no_drawdown(equity: list[float]) -> None:
    found = drawdowns(curve(equity), END_NS)
    assert found.is_empty()
    assert found.schema == DRAWDOWNS.schema


def test_a_share_is_of_the_peak_at_which_a_fall_began_whatever_is_deposited_meanwhile() -> None:
    # 20 lost, 1,000 deposited, 5 lost, 200 withdrawn at a loss of 30 in all; then a new peak, and 17.70 lost.
    given = [0.0, 1000.0, 1000.0, 800.0, 800.0, 800.0]
    found = curve([980.0, 1980.0, 1975.0, 1770.0, 1805.0, 1786.95], given)
    assert found["drawdown_share"].to_list() == pytest.approx([0, -0.02, -0.02, -0.025, -0.03, 0, -0.01])
    fell = drawdowns(found, END_NS)
    assert fell["depth_share"].to_list() == pytest.approx([-0.03, -0.01])
    assert fell["depth_share"].to_list() == (fell["depth"] / fell["peak"]).to_list()
    assert found["drawdown_share"].min() == fell["depth_share"].min()
