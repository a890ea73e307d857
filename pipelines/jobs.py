"""Jobs: what is done when, for whom, and where it goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from pipelines.schedule import Schedule


class Does(StrEnum):
    """What a job does."""

    REPORT = "report"
    COMPACTION = "compaction"
    RETENTION = "retention"


class Whose(StrEnum):
    """Whose reports a job makes: one for each account, for each class, or one for everybody together."""

    ACCOUNT = "account"
    CLASS = "class"
    EVERYBODY = "everybody"


class Sessions(StrEnum):
    """Of which sessions a job makes reports."""

    DAY = "day"
    """Those with that day on the exchange's clock, together."""
    RECORDED = "recorded"
    """Those that began, by the clock on the wall, since the job was due last; each by itself."""


class CatchUp(StrEnum):
    """What is made up for after a downtime: every time that was missed, or only the latest."""

    EACH = "each"
    LATEST = "latest"


class Channel(StrEnum):
    """Where a report goes: its owner's reports page, a folder, a mail."""

    PAGE = "page"
    FOLDER = "folder"
    MAIL = "mail"


@dataclass(frozen=True, slots=True)
class Keep:
    """What retention keeps; None is no limit. A session goes when it is beyond any of the first three.

    Attributes
    ----------
    newest, days, most_bytes
        So many sessions, those of so many days, so many bytes of them.
    reports_days, runs_days
        Reports made in so many days; runs that ended in so many.
    """

    newest: int | None = None
    days: float | None = None
    most_bytes: int | None = None
    reports_days: float | None = None
    runs_days: float | None = None

    @property
    def of_sessions(self) -> bool:
        """Whether any rule is about sessions."""
        return not (self.newest is None and self.days is None and self.most_bytes is None)


@dataclass(frozen=True, slots=True)
class Job:
    """One job.

    Attributes
    ----------
    name
        Its name, the table's.
    does
        What.
    schedule
        When; None for what people ask for.
    report, whose, sessions
        Which report, for whom, of which sessions.
    deliver
        Where reports go.
    keep
        What retention keeps.
    attempts
        How often a run is tried.
    backoff_s
        After how many seconds it is tried again for the first time; each further wait is twice as long.
    timeout_s
        How long one report may take.
    wait_s
        How long sessions that are not sealed yet are waited for.
    catch_up
        What is made up for after a downtime.
    after
        Jobs whose runs of the same and of earlier times come first.
    parameters
        Of the report, beside those that say whose and which days.
    """

    name: str
    does: Does
    schedule: Schedule | None
    report: str = ""
    whose: Whose = Whose.ACCOUNT
    sessions: Sessions = Sessions.DAY
    deliver: frozenset[Channel] = frozenset({Channel.PAGE})
    keep: Keep = Keep()
    attempts: int = 4
    backoff_s: float = 60.0
    timeout_s: float = 300.0
    wait_s: float = 12 * 3600.0
    catch_up: CatchUp = CatchUp.EACH
    after: tuple[str, ...] = ()
    parameters: Mapping[str, str | int | float | bool] = field(default_factory=dict)


ON_DEMAND = "on_demand"
"""The job that people's own wishes belong to."""

ASKED = Job(ON_DEMAND, Does.REPORT, None, attempts=2, backoff_s=5.0)


@dataclass(frozen=True, slots=True)
class Mail:
    """How mail is sent.

    Attributes
    ----------
    host, port, tls
        The SMTP server; `tls` is `none`, `starttls` or `tls`.
    sender
        Whom it is from.
    user, password_env
        As whom to log in, and the environment variable that holds the password; no log-in without.
    addresses
        By account, `class=<id>` or `everybody`; what is not here is asked for in `identity`.
    identity
        The database of users, for their addresses; none when empty.
    timeout_s
        How long the server may take for an answer.
    ca_file
        Certificates of those who may vouch for the server, PEM; those that this machine trusts when None.
    """

    host: str
    port: int
    sender: str
    tls: str = "starttls"
    user: str = ""
    password_env: str = ""
    addresses: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""
    timeout_s: float = 30.0
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True)
class Pipelines:
    """Everything that the file says.

    Attributes
    ----------
    ledger
        URL of the ledger's database.
    reports, data
        Where reports are written, and the data root.
    jobs
        By name, what people ask for included.
    folder
        Where reports are delivered as files; None without.
    mail
        How they are mailed; None without.
    """

    ledger: str
    reports: Path
    data: Path
    jobs: Mapping[str, Job]
    folder: Path | None = None
    mail: Mail | None = None
