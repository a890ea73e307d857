"""A ledger on SQLite and on PostgreSQL, under a clock that tests turn, with jobs and small renderers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.calendars import new_york
from pipelines.jobs import Does, Job, Whose
from pipelines.ledger import Ledger
from pipelines.schedule import MINUTE_NS, Every, Schedule
from tests.identity.conftest import postgres
from tests.identity.postgres import empty_database

__all__ = ["postgres"]

CALENDAR = new_york()


def at_ns(text: str) -> int:
    """A time such as `2025-11-21 21:15` in UTC."""
    return round(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000_000


class Clock:
    """Time that passes when a test says so."""

    def __init__(self, text: str) -> None:
        self.ns = at_ns(text)

    def __call__(self) -> int:
        return self.ns

    def pass_s(self, seconds: float) -> None:
        self.ns += round(seconds * 1_000_000_000)

    def set(self, text: str) -> None:
        self.ns = at_ns(text)


DAILY = Job(
    "close_of_day",
    Does.REPORT,
    Schedule(CALENDAR, Every.SESSION, "close", 15 * MINUTE_NS),
    report="daily_pnl",
    whose=Whose.ACCOUNT,
    attempts=3,
    backoff_s=60.0,
)
TIDY = Job(
    "tidy", Does.COMPACTION, Schedule(CALENDAR, Every.DAY, "23:00"), attempts=2, after=("close_of_day",)
)
JOBS = {job.name: job for job in (DAILY, TIDY)}


def job(plain: Job = DAILY, **changes: Any) -> Job:
    return replace(plain, **changes)


@pytest.fixture
def clock() -> Clock:
    """Friday noon in New York; the week before Thanksgiving."""
    return Clock("2025-11-21 17:00")


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of an empty database of each kind."""
    with empty_database(request, tmp_path / "ledger.db") as url:
        yield url


@pytest.fixture
def open_ledger(clock: Clock) -> Iterator[Callable[[str], Ledger]]:
    opened: list[Ledger] = []

    def opener(url: str) -> Ledger:
        opened.append(Ledger(url, now_ns=clock))
        return opened[-1]

    yield opener
    for ledger in opened:
        ledger.close()


@pytest.fixture
def ledger(url: str, open_ledger: Callable[[str], Ledger]) -> Ledger:
    return open_ledger(url)


@pytest.fixture
def small(tmp_path: Path, open_ledger: Callable[[str], Ledger]) -> Ledger:
    """A ledger on SQLite alone, for what no database has a part in."""
    return open_ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
