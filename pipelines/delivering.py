"""The steps that take a report to where people are: a folder of their own, or a mail."""

from __future__ import annotations

import os
import shutil
import smtplib
import ssl
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

from pipelines.errors import LastingError
from pipelines.jobs import Channel, Job, Mail
from pipelines.ledger import Ledger
from pipelines.places import subject_name, time_name
from pipelines.rendering import Recipients
from pipelines.runs import Outcome, Run, Step, Task
from workbench.errors import ConfigError, WorkbenchError

PAGE = "report.html"
"""What of a report's folder is delivered: one file that needs nothing else."""

_LASTING_CODE = 500
_LOGIN_REFUSED = 535


def deliveries(run: Run, job: Job, recipients: Recipients) -> tuple[Task, ...]:
    """The runs that take a report where its job says.

    Each attempt that is taken brings its own, so a report that is made again is delivered again; every
    address has one, so what one server refuses is not sent twice to the others.
    """
    found = []
    if Channel.FOLDER in job.deliver:
        found.append(_follows(run, Step.FOLDER, "to the folder"))
    if Channel.MAIL in job.deliver:
        addresses = recipients(run)
        found += [_follows(run, Step.MAIL, f"to {each}", address=each) for each in addresses]
        if not addresses:
            found.append(_follows(run, Step.MAIL, "by mail", skip="no address is known"))
    return tuple(found)


def _follows(run: Run, step: Step, where: str, *, address: str = "", skip: str = "") -> Task:
    return Task(
        task=f"{run.task}, attempt {run.attempt} {where}",
        step=step,
        report=run.report,
        account=run.account,
        user_id=run.user_id,
        class_id=run.class_id,
        session=run.session,
        first_day=run.first_day,
        last_day=run.last_day,
        details={"attempt": run.attempt, "alone": run.details.get("alone", False), "address": address},
        parent_id=run.run_id,
        skip=skip,
    )


def _report_of(ledger: Ledger, run: Run, reports: Path) -> tuple[Run, Path] | None:
    """The report that a delivery is of, and its page; None when a later attempt has taken its place."""
    report = ledger.run(run.parent_id)
    if report is None:
        raise LastingError("is not in the ledger", f"run {run.parent_id}")
    if report.attempt != run.details["attempt"]:
        return None
    page = reports / report.folder / PAGE
    if not page.is_file():
        raise LastingError("is gone", str(page), "make the report again with backfill --again")
    return report, page


_REPLACED = Outcome("not delivered: the report was made again, and that one has deliveries of its own")


class ToFolder:
    """Copies a report to `<folder>/<job>/<logical time>/<whose>.html`, there as a whole or not at all."""

    def __init__(self, ledger: Ledger, reports: Path, folder: Path) -> None:
        self._ledger = ledger
        self._reports = reports
        self._folder = folder

    def __call__(self, run: Run, _job: Job) -> Outcome:
        """Copy one."""
        found = _report_of(self._ledger, run, self._reports)
        if found is None:
            return _REPLACED
        report, page = found
        alone = report.session if report.details.get("alone") else ""
        name = subject_name(report.account, report.class_id, alone)
        target = self._folder / report.job / time_name(report.logical_ns) / f"{name}.html"
        hidden = target.with_name(f".{uuid.uuid4().hex}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            try:
                shutil.copyfile(page, hidden)
                hidden.replace(target)
            finally:
                hidden.unlink(missing_ok=True)
        except OSError as error:
            raise WorkbenchError(f"cannot be written: {error.strerror or error}", str(target)) from error
        return Outcome(str(target))


class ToMail:
    """Sends a report by SMTP, as an attachment that opens in any browser.

    A mail may come twice when a worker dies between sending it and saying so; both have the same Message-ID.
    """

    def __init__(
        self, ledger: Ledger, reports: Path, mail: Mail, environment: Mapping[str, str] = os.environ
    ) -> None:
        self._ledger = ledger
        self._reports = reports
        self._mail = mail
        self._environment = environment

    def __call__(self, run: Run, _job: Job) -> Outcome:
        """Send one."""
        found = _report_of(self._ledger, run, self._reports)
        if found is None:
            return _REPLACED
        report, page = found
        address = str(run.details["address"])
        message = self._message(report, page, address)
        where = f"mail to {address}"
        try:
            with self._connected() as server:
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, said = error.recipients[address]
            raise _refused(code, said, where) from error
        except smtplib.SMTPResponseException as error:
            raise _refused(error.smtp_code, error.smtp_error, where) from error
        except (OSError, smtplib.SMTPException) as error:
            server_name = f"{self._mail.host}:{self._mail.port}"
            raise WorkbenchError(f"{server_name} cannot be used: {error}", where) from error
        return Outcome(f"sent to {address}")

    def _message(self, report: Run, page: Path, address: str) -> EmailMessage:
        message = EmailMessage()
        message["From"] = self._mail.sender
        message["To"] = address
        message["Subject"] = ", ".join(each for each in (report.title, _whose(report), _days(report)) if each)
        message["Date"] = datetime.now(UTC)
        message["Message-ID"] = (
            f"<{report.run_id}.{report.attempt}.workbench@{self._mail.sender.rpartition('@')[2].rstrip('>')}>"
        )
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(
            f"{report.headline}\n\nThe report is attached; it opens in a browser, without a network.\n"
        )
        message.add_attachment(
            page.read_bytes(), maintype="text", subtype="html", filename=f"{_file(report)}.html"
        )
        return message

    def _connected(self) -> smtplib.SMTP:
        mail = self._mail
        safe = ssl.create_default_context(cafile=mail.ca_file)
        server = (
            smtplib.SMTP_SSL(mail.host, mail.port, timeout=mail.timeout_s, context=safe)
            if mail.tls == "tls"
            else smtplib.SMTP(mail.host, mail.port, timeout=mail.timeout_s)
        )
        try:
            if mail.tls == "starttls":
                server.starttls(context=safe)
            if mail.user:
                server.login(mail.user, self._password())
        except BaseException:
            server.close()
            raise
        return server

    def _password(self) -> str:
        password = self._environment.get(self._mail.password_env)
        if password is None:
            raise ConfigError(f"{self._mail.password_env!r} is not set", "[mail], password_env", "set it")
        return password


def _refused(code: int, said: bytes | str, where: str) -> WorkbenchError:
    """5xx is for good, but for a log-in that somebody can mend; 4xx is for now."""
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    kind = LastingError if code >= _LASTING_CODE and code != _LOGIN_REFUSED else WorkbenchError
    return kind(f"the server refused it: {code} {text}", where)


def _whose(report: Run) -> str:
    return report.account or ("everybody" if report.class_id == "all" else "class")


def _days(report: Run) -> str:
    if not report.first_day:
        return report.session
    same = report.first_day == report.last_day
    return report.first_day if same else f"{report.first_day} to {report.last_day}"


def _file(report: Run) -> str:
    return f"{report.report}-{report.last_day or report.session}"
