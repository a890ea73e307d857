"""The jobs file: what it says, and everything that it is refused for."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.__main__ import app
from pipelines.jobs import ON_DEMAND, CatchUp, Channel, Does, Sessions, Whose
from pipelines.jobs_file import read_jobs
from pipelines.production import check_places, check_reports
from pipelines.schedule import Every
from tests.conftest import ROOT
from tests.pipelines.conftest import at_ns
from tests.reporting.test_catalog import notebook
from workbench.errors import ConfigError
from workbench.reporting import catalog

DAILY = """
[job.daily]
does = "report"
report = "daily_pnl"
for = "account"
calendar = "new_york"
every = "session"
at = "close"
"""
TIDY = """
[job.tidy]
does = "compaction"
calendar = "new_york"
every = "day"
at = "03:00"
"""
KEEP = TIDY.replace("compaction", "retention")
CALENDAR_X = '[calendar.x]\ntimezone = "Europe/Zurich"\nopen = "10:00"\nclose = "12:00"\n'
MAIL = '[mail]\nhost = "h"\nfrom = "w@x.org"\n'


def read(folder: Path, text: str):  # type: ignore[no-untyped-def]
    path = folder / "jobs.toml"
    path.write_text(text)
    return read_jobs(path)


def test_the_file_that_comes_with_it_has_its_four_jobs() -> None:
    said = read_jobs(ROOT / "pipelines" / "jobs.toml")
    check_reports(said, "jobs.toml")
    assert list(said.jobs) == [
        "close_of_day",
        "weekly_class_summary",
        "compaction",
        "retention",
        ON_DEMAND,
    ]
    assert [job.does for job in said.jobs.values()][:4] == [
        Does.REPORT,
        Does.REPORT,
        Does.COMPACTION,
        Does.RETENTION,
    ]
    weekly = said.jobs["weekly_class_summary"]
    assert weekly.schedule is not None
    assert (weekly.schedule.every, weekly.whose, weekly.sessions) == (Every.WEEK, Whose.CLASS, Sessions.DAY)
    assert said.jobs["compaction"].catch_up is CatchUp.LATEST
    assert said.data == ROOT / "pipelines" / "var"


def test_places_count_from_the_file(tmp_path: Path) -> None:
    text = (
        'ledger = "sqlite:///my.db"\nreports = "r"\ndata = "/d"\n'
        + DAILY
        + 'deliver = ["mail", "folder"]\n[folder]\npath = "out"\n'
        + '[mail]\nhost = "localhost"\nfrom = "w@x.org"\naddresses = { ann = "ann@x.org" }\n'
    )
    said = read(tmp_path, text)
    assert said.ledger == f"sqlite:///{tmp_path / 'my.db'}"
    assert (said.reports, said.data, said.folder) == (tmp_path / "r", Path("/d"), tmp_path / "out")
    assert said.jobs["daily"].deliver == {Channel.MAIL, Channel.FOLDER}
    assert (said.mail.port, said.mail.tls) == (587, "starttls")


def test_calendars_are_declared_and_changed(tmp_path: Path) -> None:
    text = (
        '[calendar.new_york]\nholidays = ["2025-11-20"]\nearly_closes = { "2025-11-21" = "12:00" }\n'
        '[calendar.lab]\ntimezone = "Europe/Zurich"\nopen = "10:00"\nclose = "12:00"\n'
        'weekend = ["monday"]\nholidays = ["2025-11-18"]\n'
        + DAILY
        + DAILY.replace("daily]", "lab]").replace("new_york", "lab")
    )
    said = read(tmp_path, text)
    new_york, lab = (said.jobs[name].schedule.calendar for name in ("daily", "lab"))
    assert not new_york.is_session(date(2025, 11, 20))
    assert not new_york.is_session(date(2025, 11, 27))
    assert new_york.session_close_ns(date(2025, 11, 21)) == at_ns("2025-11-21 17:00")
    assert new_york.session_close_ns(date(2025, 11, 28)) == at_ns("2025-11-28 18:00")
    assert [lab.is_session(date(2025, 11, day)) for day in (16, 17, 18, 19)] == [True, False, False, True]
    assert lab.session_close_ns(date(2025, 11, 19)) == at_ns("2025-11-19 11:00")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("job =", "is no TOML"),
        ("jobs = 3\n" + DAILY, "'jobs' is no setting; did you mean job"),
        (DAILY + "delay = 3\n", "'delay' is no setting; did you mean delay_min"),
        (DAILY.replace("does", "do"), "'do' is no setting; did you mean does"),
        (DAILY.replace('"report"', '"reports"'), "expected one of report, compaction, retention"),
        (DAILY.replace("new_york", "newyork"), "there is no calendar 'newyork'; did you mean new_york"),
        (DAILY.replace('"close"', '"16:61"'), "is no time"),
        (DAILY.replace('"account"', '"accounts"'), "expected one of account, class, everybody"),
        (DAILY + "attempts = 0\n", "is 0, expected 1 or more"),
        (DAILY + 'attempts = "3"\n', "is '3', expected a whole number"),
        (DAILY + "attempts = true\n", "is true, expected a whole number"),
        (DAILY + 'deliver = ["letter"]\n', "'letter' is no way to deliver"),
        (DAILY + 'deliver = ["mail"]\n', "there is no table \\[mail\\]"),
        (DAILY + 'after = ["tidier"]\n' + TIDY, "there is no other job 'tidier'; did you mean tidy"),
        (DAILY + 'after = ["tidy"]\n' + TIDY + 'after = ["daily"]\n', "daily after tidy after daily"),
        (TIDY.replace("compaction", "retention"), "no rule says what to keep"),
        (TIDY + 'report = "daily_pnl"\n', "'report' is no setting of a job that does 'compaction'"),
        (DAILY.replace('does = "report"', ""), "'does' is missing"),
        (TIDY + 'after = ["tidy"]\n', "a job cannot come after itself; take 'tidy' out$"),
        (TIDY + 'after = ["x"]\n', "there is no other job 'x'; there are none$"),
        (KEEP + "keep_dayz = 3\n", "'keep_dayz' is no setting; did you mean keep_days"),
        (KEEP + "keep_days = nan\n", "keep_days: is nan, expected a finite number"),
        (TIDY + "delay_min = -5\n", r"jobs.toml, \[job.tidy\], delay_min: is -5, expected 0 or more$"),
        (TIDY + "delay_min = inf\n", "is inf, expected a finite number"),
        (TIDY + "delay_min = 1e9\n", "is 1e\\+09, expected 527040 or less"),
        (TIDY + "attempts = 2.5\n", "is 2.5, expected a whole number"),
        (TIDY + TIDY, r"\[job.tidy\] is there twice, the second time in line 8"),
        (TIDY + 'at = "04:00"\n', "a setting is there twice, the second time in line 7"),
        (TIDY.replace('"03:00"', "03:00:00"), "at: is 03:00:00, expected text in quotes"),
        ('ledger = "mysql://x/y"\n' + TIDY, "ledger: is 'mysql://x/y', expected sqlite:///file"),
        (TIDY.replace("new_york", "x") + CALENDAR_X + 'weekend = ["sunnday"]\n', "did you mean sunday"),
        ('[calendar.new_york]\nopen = "08:00"\n', "'open' is no setting of a calendar that is there already"),
        (MAIL.replace('host = "h"\n', ""), r"\[mail\]: 'host' is missing"),
        (MAIL.replace('"h"', '""'), "host: is empty"),
        (MAIL.replace('"h"', '"h:587"'), "expected a server's name alone"),
        (MAIL.replace("w@x.org", "me"), "from: is 'me', expected a mail address"),
        (MAIL + 'addresses = { ann = "ann" }\n', "addresses, ann: is 'ann', expected a mail address"),
        (MAIL + 'ca_file = "none.pem"\n', "ca_file: 'none.pem' cannot be read: No such file or directory"),
        (MAIL + 'ca_file = "jobs.toml"\n', "'jobs.toml' holds no certificate"),
        (MAIL + "port = 70000\n", "is 70000, expected 65535 or less"),
        (MAIL + 'user = "u"\n', "'password_env' is missing, for there is 'user'"),
        (TIDY.replace('"03:00"', '"close"'), "not every day has one"),
        (TIDY.replace("tidy", "on_demand"), "cannot be a job's name"),
        (TIDY.replace("tidy", '"../x"'), "cannot be a job's name"),
        ('[calendar.x]\ntimezone = "Mars"\nopen = "9:00"\nclose = "10:00"\n', "no time zone is called"),
        ('[calendar.new_york]\nholidays = ["tomorrow"]\n', "'tomorrow' is no day"),
        ('[mail]\nhost = "h"\nfrom = "f@x"\ntls = "maybe"\n', "expected none, starttls or tls"),
        ('[mail]\nhost = "h"\nfrom = "f@x"\ntls = "none"\nuser = "u"\n', "must not travel in the clear"),
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says) as raised:
        read(tmp_path, text)
    # The file is named, once.
    assert str(raised.value).count(f"{tmp_path}") == 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"No such file.*--jobs"):
        read_jobs(tmp_path / "jobs.toml")


@pytest.mark.parametrize(
    ("change", "more", "says"),
    [
        (
            ("daily_pnl", "daily_pln"),
            "",
            r"there is no report 'daily_pln'; did you mean daily_pnl\?$",
        ),
        (("daily_pnl", "xyz"), "", "there is no report 'xyz'; there are class_summary, daily_pnl"),
        (("", ""), "parameters = { acount = 'ann' }\n", "has no parameter 'acount'; did you mean account"),
        (("", ""), "parameters = { account = 'ann' }\n", "'account' is what the job says by itself"),
    ],
)
def test_reports_and_parameters_that_there_are_not_are_refused(
    tmp_path: Path, change: tuple[str, str], more: str, says: str
) -> None:
    with pytest.raises(ConfigError, match=r"jobs.toml, \[job.daily\], .*" + says):
        check_reports(read(tmp_path, DAILY.replace(*change) + more), "jobs.toml")


def test_parameters_are_held_against_their_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ['account: str = ""  # whose', "rows: int = 10  # how many"]
    notebook(tmp_path / "mine.ipynb", lines, ["rows"])
    monkeypatch.setattr(catalog, "notebook_folder", lambda: tmp_path)
    mine = DAILY.replace("daily_pnl", "mine")
    said = read(tmp_path, mine + "parameters = { rows = 3 }\n")
    check_reports(said, "jobs.toml")
    assert said.jobs["daily"].parameters == {"rows": 3}
    with pytest.raises(ConfigError, match=r"rows is '3', expected a whole number; it means: how many$"):
        check_reports(read(tmp_path, mine + "parameters = { rows = '3' }\n"), "jobs.toml")


def test_folders_that_cannot_be_written_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"jobs.toml, reports: '/proc/x' cannot be written"):
        check_places(read(tmp_path, 'reports = "/proc/x"\n' + DAILY), "jobs.toml")
    with pytest.raises(ConfigError, match=r"\[folder\], path: .*jobs.toml' is a file, expected a folder"):
        check_places(read(tmp_path, DAILY + '[folder]\npath = "jobs.toml"\n'), "jobs.toml")
    with pytest.raises(ConfigError, match=r"data: .*jobs.toml' is a file, expected a folder"):
        check_places(read(tmp_path, 'data = "jobs.toml"\n' + DAILY), "jobs.toml")


@pytest.mark.parametrize("command", ["status", "tick", "work", "serve"])
def test_every_command_refuses_what_cannot_be_done(
    tmp_path: Path, command: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one sentence, before there is a ledger."""
    # The runner's output is closed behind it, and whoever logs later would be lost.
    monkeypatch.setattr("pipelines.__main__.set_up_logs", lambda *_: None)
    for text, says in (
        (DAILY.replace("daily_pnl", "daily_pln"), "did you mean daily_pnl?\n"),
        ("", "declares no job"),
    ):
        (tmp_path / "jobs.toml").write_text(text)
        refused = CliRunner().invoke(app, [command, "--jobs", str(tmp_path / "jobs.toml")])
        assert refused.exit_code == 2
        assert says in refused.output
        assert refused.output.count("\n") == 1
        assert sorted(path.name for path in tmp_path.iterdir()) == ["jobs.toml"]
