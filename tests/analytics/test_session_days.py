from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from workbench.analytics.columns import TIME
from workbench.analytics.returns import SESSION_DAYS, returns_of_days
from workbench.analytics.session_days import session_days
from workbench.analytics.tables import EQUITY

NEW_YORK = "America/New_York"


def curve(rows: list[tuple[str, float, float, float]], zone: str = NEW_YORK) -> pl.DataFrame:
    """Rows of local time, equity, deposits and withdrawals so far."""
    times = [datetime.fromisoformat(row[0]).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC) for row in rows]
    columns = {
        **{name: [0.0] * len(rows) for name in EQUITY.names},
        "time": pl.Series(times).cast(TIME),
        "equity": [row[1] for row in rows],
        "pnl": [row[1] - rows[0][1] - row[2] + row[3] for row in rows],
    }
    return EQUITY.frame(columns)


def test_days_are_those_of_the_exchange() -> None:
    # 20:30 in New York is the next day in UTC; on 9 March its clocks go forward.
    found = session_days(
        [
            curve(
                [
                    ("2025-03-07T09:30", 1000.0, 0.0, 0.0),
                    ("2025-03-07T15:59", 1010.0, 0.0, 0.0),
                    ("2025-03-07T20:30", 1020.0, 0.0, 0.0),
                    ("2025-03-10T09:30", 1015.0, 0.0, 0.0),
                    ("2025-03-10T23:30", 1005.0, 0.0, 0.0),
                ]
            )
        ],
        NEW_YORK,
    )
    assert found.schema == SESSION_DAYS.schema
    assert found.rows() == [(date(2025, 3, 7), 1000.0, 1020.0), (date(2025, 3, 10), 1020.0, 1005.0)]


def test_what_came_in_and_went_out_counts_from_the_beginning_of_its_day() -> None:
    found = session_days(
        [
            curve(
                [
                    ("2025-03-03T09:30", 1000.0, 0.0, 0.0),
                    ("2025-03-03T16:00", 1100.0, 0.0, 0.0),
                    ("2025-03-04T12:00", 1600.0, 500.0, 0.0),
                    ("2025-03-04T16:00", 1520.0, 500.0, 100.0),
                ]
            )
        ],
        NEW_YORK,
    )
    assert found.rows()[1] == (date(2025, 3, 4), 1500.0, 1520.0)
    assert returns_of_days(found).flows.tolist() == [0.0, 400.0]


def test_sessions_that_each_begin_with_their_own_capital_make_one_series() -> None:
    first = curve([("2025-03-03T09:30", 1000.0, 0.0, 0.0), ("2025-03-03T16:00", 1200.0, 0.0, 0.0)])
    second = curve([("2025-03-05T09:30", 1000.0, 0.0, 0.0), ("2025-03-05T16:00", 900.0, 0.0, 0.0)])
    found = returns_of_days(session_days([first, second], NEW_YORK))
    assert found.values == pytest.approx([0.2, -0.1])
    assert found.profit.tolist() == [0.0, 200.0, 100.0]


def test_two_sessions_of_one_day_are_one_day_of_both_capitals() -> None:
    first = curve([("2025-03-03T09:30", 1000.0, 0.0, 0.0), ("2025-03-03T11:00", 1200.0, 0.0, 0.0)])
    second = curve([("2025-03-03T13:00", 5000.0, 0.0, 0.0), ("2025-03-03T16:00", 5100.0, 0.0, 0.0)])
    found = session_days([first, second], NEW_YORK)
    assert found.rows() == [(date(2025, 3, 3), 6000.0, 6300.0)]
    assert returns_of_days(found).values.tolist() == pytest.approx([0.05])


def test_where_nothing_but_the_capital_is_known_there_is_no_day() -> None:
    assert session_days([], NEW_YORK).is_empty()
    assert session_days([curve([("2025-03-03T09:30", 1000.0, 0.0, 0.0)])], NEW_YORK).is_empty()
