"""The TOML file that declares all jobs, read strictly: what it does not say as it should is refused.

Whatever is refused is one sentence: the file, the table, the setting, what it is and what it should be.
"""

from __future__ import annotations

import re
import ssl
import tomllib
from collections.abc import Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Any

from pipelines.calendars import CALENDARS
from pipelines.jobs import (
    ASKED,
    ON_DEMAND,
    CatchUp,
    Channel,
    Does,
    Job,
    Keep,
    Mail,
    Pipelines,
    Sessions,
    Whose,
)
from pipelines.schedule import MINUTE_NS, Every, Schedule
from pipelines.toml_table import Table, near
from workbench.domain.calendars import Calendar
from workbench.errors import ConfigError

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

_TOP = ("ledger", "reports", "data", "calendar", "job", "folder", "mail")
_CALENDAR = ("holidays", "early_closes")
_NEW_CALENDAR = ("timezone", "open", "close", "weekend", *_CALENDAR)
_EVERY_JOB = ("does", "calendar", "every", "at", "delay_min", "catch_up", "after", "attempts", "backoff_s")
_OWN = {
    Does.REPORT: ("report", "for", "sessions", "deliver", "timeout_s", "wait_h", "parameters"),
    Does.COMPACTION: (),
    Does.RETENTION: ("keep_newest", "keep_days", "keep_bytes", "keep_reports_days", "keep_runs_days"),
}
_MAIL = (
    "host",
    "port",
    "tls",
    "timeout_s",
    "ca_file",
    "from",
    "user",
    "password_env",
    "addresses",
    "identity",
)

_YEAR_MIN = 366 * 24 * 60
_YEAR_H = 366 * 24
_WEEK_S = 7 * 86_400
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_TWICE = re.compile(r"Cannot declare \((.*)\) twice \(at (line \d+)")
_AGAIN = re.compile(r"Cannot overwrite a value \(at (line \d+)")


def read_jobs(path: Path) -> Pipelines:
    """Read the file; relative places in it count from its folder.

    Raises
    ------
    ConfigError
        When it is not there, no TOML, or says something that makes no sense.
    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigError(
            f"cannot be read: {error.strerror}", str(path), "name the file with --jobs or $WORKBENCH_JOBS"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(
            f"is not UTF-8 (byte {error.start + 1})", str(path), "save it as UTF-8 text"
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_no_toml(str(error)), str(path)) from error
    return parse_jobs(table, path)


def _no_toml(said: str) -> str:
    if twice := _TWICE.search(said):
        name = ".".join(part.strip(" '\"") for part in twice[1].split(",") if part.strip())
        return f"[{name}] is there twice, the second time in {twice[2]}"
    if again := _AGAIN.search(said):
        return f"a setting is there twice, the second time in {again[1]}"
    return f"is no TOML: {said}"


def parse_jobs(table: dict[str, Any], path: Path) -> Pipelines:
    """The same of what was read already."""
    top = Table(table, str(path), _TOP)
    home = path.absolute().parent
    calendars: dict[str, Calendar] = {name: make() for name, make in CALENDARS.items()}
    for name, each in top.tables("calendar"):
        calendars[name] = _calendar(name, each, calendars.get(name))
    jobs = {name: _job(name, each, calendars) for name, each in top.tables("job")}
    for job in jobs.values():
        where = f"{path}, [job.{job.name}], after"
        for other in job.after:
            if other == job.name:
                raise ConfigError("a job cannot come after itself", where, f"take {other!r} out")
            if other not in jobs:
                others = [each for each in jobs if each != job.name]
                raise ConfigError(f"there is no other job {other!r}", where, near(other, others))
    _check_circles(jobs, str(path))
    folder = top.sub("folder", ["path"])
    mail = top.sub("mail", _MAIL)
    made = Pipelines(
        ledger=_database(top, "ledger", f"sqlite:///{home / 'pipelines.db'}", home),
        reports=home / top.text("reports", "reports"),
        data=home / top.text("data", "."),
        jobs=jobs | {ON_DEMAND: ASKED},
        folder=None if folder is None else home / folder.text("path"),
        mail=None if mail is None else _mail(mail, home),
    )
    for job in jobs.values():
        for channel, there in ((Channel.FOLDER, made.folder), (Channel.MAIL, made.mail)):
            if channel in job.deliver and there is None:
                raise ConfigError(
                    f"is to {channel.value!r}, and there is no table [{channel.value}]",
                    f"{path}, [job.{job.name}], deliver",
                    "add it, or leave it out of deliver",
                )
    return made


def _database(table: Table, key: str, default: str, home: Path) -> str:
    """The URL of a database; SQLite's relative files count from the file's folder, as other places do."""
    url = table.text(key, default)
    scheme, _, rest = url.partition("://")
    if url and (scheme.partition("+")[0] not in ("sqlite", "postgresql") or not rest):
        raise ConfigError(
            f"is {url!r}, expected sqlite:///file or postgresql://user@host/database", table.where(key)
        )
    file = rest.removeprefix("/") if rest.startswith("/") else ""
    return f"sqlite:///{home / file}" if scheme == "sqlite" and file else url


def _calendar(name: str, table: Table, known: Calendar | None) -> Calendar:
    if known is None:
        table.only(_NEW_CALENDAR)
    else:
        table.only(_CALENDAR, _NEW_CALENDAR, f"a calendar that is there already, as {name} is")
    early = tuple(table.texts("early_closes").items())
    holidays = table.strings("holidays", ())
    try:
        if known is not None:
            return known.with_holidays(holidays).with_early_closes(early)
        weekend = [_weekday(day, table) for day in table.strings("weekend", ("saturday", "sunday"))]
        zone, opens, closes = (table.text(key) for key in ("timezone", "open", "close"))
        made = Calendar(name, zone, opens, closes, weekend=weekend, holidays=holidays)
        return made.with_early_closes(early)
    except ConfigError as error:
        where = error.where if error.where.startswith(table.place) else table.place
        raise ConfigError(error.what, where, error.remedy) from error


def _weekday(given: str, table: Table) -> int:
    if given.lower() not in _WEEKDAYS:
        raise ConfigError(f"{given!r} is no weekday", table.where("weekend"), near(given, _WEEKDAYS))
    return _WEEKDAYS.index(given.lower())


def _job(name: str, table: Table, calendars: Mapping[str, Calendar]) -> Job:
    if name == ON_DEMAND or not name.isidentifier():
        remedy = "use another one" if name == ON_DEMAND else "use letters, digits and '_'"
        raise ConfigError(f"{name!r} cannot be a job's name", table.place, remedy)
    every = {key for keys in _OWN.values() for key in keys}
    if not table.has("does"):
        table.only([*_EVERY_JOB, *sorted(every)])
    does = table.choice("does", Does)
    table.only([*_EVERY_JOB, *_OWN[does]], every, f"a job that does {does.value!r}")
    known = table.text("calendar")
    if known not in calendars:
        raise ConfigError(f"there is no calendar {known!r}", table.where("calendar"), near(known, calendars))
    often, at = table.choice("every", Every), table.text("at")
    delay_min = table.number("delay_min", most=_YEAR_MIN) or 0.0
    try:
        schedule = Schedule(calendars[known], often, at, round(delay_min * MINUTE_NS))
    except ConfigError as error:
        raise ConfigError(error.what, f"{table.place}, {error.where}", error.remedy) from error
    settings: dict[str, Any] = {
        "attempts": table.whole("attempts", least=1, most=1000),
        "backoff_s": table.number("backoff_s"),
        "catch_up": table.choice("catch_up", CatchUp, CatchUp.EACH),
        "after": table.strings("after", ()),
    }
    if does is Does.REPORT:
        wait_h = table.number("wait_h", most=_YEAR_H)
        settings |= {
            "report": table.text("report"),
            "whose": table.choice("for", Whose),
            "sessions": table.choice("sessions", Sessions, Sessions.DAY),
            "deliver": frozenset(_channel(each, table) for each in table.strings("deliver", ("page",))),
            "timeout_s": table.number("timeout_s", least=1.0, most=_WEEK_S),
            "wait_s": None if wait_h is None else wait_h * 3600,
            "parameters": table.values("parameters"),
        }
    if does is Does.RETENTION:
        settings["keep"] = _keep(table)
    return Job(name, does, schedule, **{key: each for key, each in settings.items() if each is not None})


def _keep(table: Table) -> Keep:
    keep = Keep(
        newest=table.whole("keep_newest"),
        days=table.number("keep_days"),
        most_bytes=table.whole("keep_bytes"),
        reports_days=table.number("keep_reports_days"),
        runs_days=table.number("keep_runs_days"),
    )
    if keep == Keep():
        names = ", ".join(_OWN[Does.RETENTION])
        raise ConfigError("no rule says what to keep", table.place, f"give one of {names}")
    return keep


def _channel(given: str, table: Table) -> Channel:
    try:
        return Channel(given)
    except ValueError:
        raise ConfigError(
            f"{given!r} is no way to deliver", table.where("deliver"), near(given, list(Channel))
        ) from None


def _mail(table: Table, home: Path) -> Mail:
    tls, user, password_env = (
        table.text("tls", "starttls"),
        table.text("user", ""),
        table.text("password_env", ""),
    )
    if tls not in ("none", "starttls", "tls"):
        raise ConfigError(f"is {tls!r}, expected none, starttls or tls", table.where("tls"))
    if tls == "none" and user:
        raise ConfigError(
            "is none, and a password must not travel in the clear", table.where("tls"), "take starttls or tls"
        )
    if bool(user) != bool(password_env):
        there, missing = ("user", "password_env") if user else ("password_env", "user")
        raise ConfigError(f"{missing!r} is missing, for there is {there!r}", table.place)
    host, sender, addresses = table.text("host"), table.text("from"), table.texts("addresses")
    if re.search(r"[:/\s]", host):
        raise ConfigError(
            f"is {host!r}, expected a server's name alone", table.where("host"), "see port and tls"
        )
    named = {f"addresses, {name}": each for name, each in addresses.items()}
    for key, address in {"from": sender, **named}.items():
        if not _ADDRESS.fullmatch(parseaddr(address)[1]):
            raise ConfigError(f"is {address!r}, expected a mail address", table.where(key))
    return Mail(
        host=host,
        port=table.whole("port", least=1, most=65_535) or {"none": 25, "starttls": 587, "tls": 465}[tls],
        sender=sender,
        tls=tls,
        user=user,
        password_env=password_env,
        addresses=addresses,
        identity=_database(table, "identity", "", home),
        timeout_s=table.number("timeout_s", least=1.0, most=_WEEK_S) or 30.0,
        ca_file=_ca_file(table, home),
    )


def _ca_file(table: Table, home: Path) -> Path | None:
    """A file of certificates, tried now: a mail that cannot be sent would tell much later."""
    given = table.text("ca_file", "")
    if not given:
        return None
    try:
        ssl.create_default_context(cafile=str(home / given))
    except ssl.SSLError as error:
        raise ConfigError(
            f"{given!r} holds no certificate", table.where("ca_file"), "give PEM text"
        ) from error
    except OSError as error:
        raise ConfigError(f"{given!r} cannot be read: {error.strerror}", table.where("ca_file")) from error
    return home / given


def _check_circles(jobs: Mapping[str, Job], where: str) -> None:
    def walk(name: str, path: tuple[str, ...]) -> None:
        if name in path:
            circle = " after ".join([*path[path.index(name) :], name])
            raise ConfigError(
                f"jobs wait for one another: {circle}", where, f"take one out of [job.{name}], after"
            )
        for other in jobs[name].after:
            walk(other, (*path, name))

    for name in jobs:
        walk(name, ())
