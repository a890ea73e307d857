"""What routes of reports take and answer."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import ConfigDict, Field

from workbench.api.native.model import Model, example

_TIME = "2025-03-18T20:15:00.000000000Z"
_KIND: dict[str, Any] = {
    "name": "daily_pnl",
    "title": "Daily PnL",
    "about": "What an account or a class made: when, with which instruments, in which trades.",
}
_RUN: dict[str, Any] = {
    "run": "5f0c2a1b9d3e4f60",
    "job": "on_demand",
    "report": "daily_pnl",
    "title": "Daily PnL",
    "session": "monday",
    "account": "seat-1",
    "user": "ann",
    "class_id": "",
    "class_name": "",
    "first_day": "",
    "last_day": "",
    "state": "done",
    "sentence": "Ann made 120.50 USD in 14 trades.",
    "attempts": 1,
    "asked_by": "ann",
    "due": _TIME,
    "made": _TIME,
    "began": _TIME,
    "ended": _TIME,
    "seconds": 1.9,
    "page": "/api/reports/5f0c2a1b9d3e4f60/html",
    "own": True,
}


class ReportKindOut(Model):
    """A kind of report."""

    model_config: ClassVar[ConfigDict] = example(**_KIND)
    name: str
    title: str
    about: str


class ReportRunOut(Model):
    """A run. `state` is waiting, running, done, failed or skipped; `sentence` the headline, or why not.

    `due` is the time that it is for, `made` when it was written down; `page` is null until there is one.
    """

    model_config: ClassVar[ConfigDict] = example(**_RUN)
    run: str
    job: str
    report: str
    title: str
    session: str
    account: str
    user: str
    class_id: str
    class_name: str
    first_day: str
    last_day: str
    state: str
    sentence: str
    attempts: int
    asked_by: str
    due: str
    made: str
    began: str | None
    ended: str | None
    seconds: float
    page: str | None
    own: bool


class ReportsOut(Model):
    """Runs, the newest first; `next` is `before` of the next page. `problem` says why none is made here."""

    model_config: ClassVar[ConfigDict] = example(
        reports=[_RUN], next=None, kinds=[_KIND], problem="", waiting_max=5
    )
    reports: list[ReportRunOut]
    next: str | None
    kinds: list[ReportKindOut]
    problem: str
    waiting_max: int


class RunReport(Model):
    """What a report is to be made of: a session, or days (YYYY-MM-DD, both included); one's own unless named.

    Without a session `account` is a user's name; one of both days is enough for an open range.
    """

    model_config: ClassVar[ConfigDict] = example(report="daily_pnl", session="monday")
    report: str = Field(max_length=100)
    session: str = Field(default="", max_length=100)
    account: str = Field(default="", max_length=100)
    class_id: str = Field(default="", max_length=100)
    first_day: str = Field(default="", max_length=10)
    last_day: str = Field(default="", max_length=10)
