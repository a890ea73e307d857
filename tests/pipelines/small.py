"""Small parts that are real: an archive in memory and a renderer that writes a page."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from pipelines.archive import Session, Taker
from pipelines.rendering import Made, Value
from workbench.domain.calendars import Calendar

PEOPLE = ("ann", "bob", "carl", "dora")


def session(day: str, name: str = "", **changes: object) -> Session:
    """A sealed session of one day, in which everybody took part."""
    plain: dict[str, object] = {
        "name": name or f"day-{day}",
        "sealed": True,
        "created_ns": 0,
        "first_day": date.fromisoformat(day),
        "last_day": date.fromisoformat(day),
        "takers": tuple(Taker(each, f"u-{each}") for each in PEOPLE),
        "classes": ("c1",),
    }
    return Session(**{**plain, **changes})  # type: ignore[arg-type]


class Sessions:
    """An archive in memory."""

    def __init__(self, *sessions: Session, doubts: tuple[str, ...] = ()) -> None:
        self.sessions = list(sessions)
        self.doubts = list(doubts)

    def of_days(self, first: date, last: date) -> tuple[list[Session], list[str]]:
        found = [each for each in self.sessions if each.first_day <= last and each.last_day >= first]
        return found, self.doubts

    def recorded(self, since_ns: int, until_ns: int) -> tuple[list[Session], list[str]]:
        return [each for each in self.sessions if since_ns < each.created_ns <= until_ns], self.doubts


class EveryDay:
    """An archive with a session on each day of a calendar."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar

    def of_days(self, first: date, last: date) -> tuple[list[Session], list[str]]:
        assert first == last
        return ([session(first.isoformat())] if self._calendar.is_session(first) else []), []

    def recorded(self, since_ns: int, until_ns: int) -> tuple[list[Session], list[str]]:
        raise NotImplementedError


class Pages:
    """Writes a page with the parameters, and a line to a log for each begin and end.

    Parameters
    ----------
    log
        The log; lines of several processes do not mix.
    stuck
        Days and accounts whose first attempt never comes to its end.
    """

    def __init__(self, log: Path, stuck: frozenset[tuple[str, str]] = frozenset()) -> None:
        self._log = log
        self._stuck = stuck

    def __call__(
        self, name: str, parameters: Mapping[str, Value], folder: Path, *, timeout_s: float, run_id: str
    ) -> Made:
        assert name == "daily_pnl"
        whose = str(parameters["account"]).partition(":")[2].removeprefix("u-")
        key = (str(parameters["first_day"]), whose)
        self._say("began", key)
        hidden = folder.with_name(f".{folder.name}.{os.getpid()}")
        hidden.mkdir(parents=True)
        (hidden / "report.html").write_text(f"<p>{json.dumps(parameters)} {run_id}</p>")
        if key in self._stuck and folder.name == "1":
            self._say("stuck", key)
            time.sleep(timeout_s)
        # As long as a short report takes, so that all workers get their share.
        time.sleep(0.02)
        hidden.rename(folder)
        self._say("made", key)
        return Made("Daily PnL", f"{whose} made nothing", summary={"pnl": 0.0})

    def _say(self, what: str, key: tuple[str, str]) -> None:
        with self._log.open("a") as file:
            file.write(f"{what} {os.getpid()} {' '.join(key)}\n")


def said(log: Path, what: str) -> list[str]:
    """Days and accounts of which a log says something."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.split(" ", 2)[2] for line in lines if line.startswith(f"{what} ")]
