import polars as pl
import pytest

from tests.analytics.hand import SECOND_NS, SIZES, START_NS, times
from workbench.analytics.equity import equity_curve
from workbench.analytics.statistic import AccountDay
from workbench.analytics.summary import summary
from workbench.analytics.tables import DRAWDOWNS, FILLS, MARKOUT_CURVE, ORDERS, ROUND_TRIPS, SUMMARY


def trips() -> pl.DataFrame:
    """A win of 30, a scratch, a loss of 10, a win of 10 and an open one of 99; the first two overlap."""
    known = {
        "number": [1, 2, 3, 4, 5],
        "result": ["win", "scratch", "loss", "win", "open"],
        "net": [30.0, 0.0, -10.0, 10.0, 99.0],
        "opened": times([0, 5, 20, 40, 90]),
        "held_s": [10.0, 10.0, 10.0, 10.0, 10.0],
        "closed_seq": [1, 2, 3, 4, None],
    }
    blank = {name: pl.Series([None] * 5) for name in ROUND_TRIPS.names if name not in known}
    return ROUND_TRIPS.frame({**known, **blank})


def test_scratches_are_neither_and_what_is_open_counts_nowhere_else() -> None:
    numbers = ("equity", "cash", "position_value", "realised", "unrealised", "fees", "peak", "drawdown")
    none = pl.DataFrame(schema=dict.fromkeys((*numbers, "deposits", "withdrawals"), pl.Float64))
    none = none.with_columns(seq=pl.lit(0, pl.Int64), time=pl.lit(START_NS).cast(pl.Datetime("ns", "UTC")))
    day = AccountDay(
        curve=equity_curve(none, START_NS, 1000.0),
        drawdowns=DRAWDOWNS.empty(),
        round_trips=trips(),
        fills=FILLS.empty(),
        orders=ORDERS.empty(),
        markout_curve=MARKOUT_CURVE.empty(),
        sizes=SIZES,
        start_ns=START_NS,
        end_ns=START_NS + 100 * SECOND_NS,
    )
    found = summary(day)
    assert found.schema == SUMMARY.schema
    values = dict(found.select("statistic", "value").iter_rows())
    counts = [values[name] for name in ("round_trips", "wins", "losses", "scratches", "open_trades")]
    assert counts == [4, 2, 1, 1, 1]
    assert values["win_rate"] == pytest.approx(2 / 3)
    assert (values["profit_factor"], values["payoff"], values["expectancy"]) == (4.0, 2.0, 7.5)
    assert (values["best"], values["worst"], values["longest_wins"]) == (30.0, -10.0, 1)
    # 0 to 15, 20 to 30, 40 to 50 and 90 to 100: what overlaps counts once.
    assert values["in_market"] == pytest.approx(0.45)
    # A value or a reason, never both and never neither.
    assert (found["value"].is_null() == found["reason"].is_not_null()).all()
    assert values["recovery_factor"] is None
