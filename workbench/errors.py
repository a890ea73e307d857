"""The exceptions that workbench raises for people to act on; each one reads as one sentence.

A refused order is no exception: the exchange answers it with an event that carries a reject code.
"""

import os
from collections.abc import Mapping
from enum import IntEnum
from typing import Any


class WorkbenchError(Exception):
    """Something that a person can mend: what is wrong, where, and what to do about it.

    Parameters
    ----------
    what
        What was expected and what was found instead.
    where
        The file, setting or argument at fault; left out of the sentence when empty.
    remedy
        What to do now; left out of the sentence when empty.

    Examples
    --------
    >>> print(WorkbenchError("seed is -1, expected 0 or more", "scenario.toml", "choose another seed"))
    scenario.toml: seed is -1, expected 0 or more; choose another seed
    """

    def __init__(self, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        self.what = what
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        sentence = f"{self.where}: {self.what}" if self.where else self.what
        if self.remedy:
            sentence = f"{sentence}; {self.remedy}"
        # A reason quoted from another library may span lines; a log line and a terminal want one.
        return " ".join(sentence.split())


class SourceError(WorkbenchError):
    """An input file that cannot be read as what it should be.

    Parameters
    ----------
    file
        Path of the file.
    row
        Row at fault as an editor counts it, from 1; None when the whole file is at fault.
    reason
        What was expected and what was found instead.
    remedy
        What to do now.

    Examples
    --------
    >>> print(SourceError("orders.csv", 7, "price_ticks is 'abc', expected an integer"))
    orders.csv, row 7: price_ticks is 'abc', expected an integer
    """

    def __init__(self, file: str | os.PathLike[str], row: int | None, reason: str, remedy: str = "") -> None:
        name = os.fspath(file)
        super().__init__(reason, name if row is None else f"{name}, row {row}", remedy)
        # Exceptions travel between processes by their args, so these must be this class's own.
        self.args = (name, row, reason, remedy)
        self.file = name
        self.row = row
        self.reason = reason


class ConfigError(WorkbenchError):
    """A setting, scenario or instrument definition that makes no sense."""


class CommandError(WorkbenchError):
    """A command array of the wrong dtype or shape, refused before the exchange sees it."""


class SnapshotError(WorkbenchError):
    """A snapshot of the exchange's state that is damaged or was written by another version."""


class StoreError(WorkbenchError):
    """Stored sessions that are missing, damaged, edited, written by another version, or cannot be written."""


class JournalError(WorkbenchError):
    """A journal that is damaged, of another make, in use, or on a disk that does not take it."""


class ProjectionError(WorkbenchError):
    """Events that do not follow on those a projection has had, or a checkpoint that it cannot go on from."""


class AnalyticsError(WorkbenchError):
    """Numbers that no statistic can be computed of: what, where, and what there should be."""


class BusError(WorkbenchError):
    """Events that do not follow on those a bus has, or a shard that it does not carry."""


class SessionError(WorkbenchError):
    """A live session that cannot do what it is asked for: no seat is free, the state does not allow it."""


class BusyError(SessionError):
    """Too many commands wait to be taken: nothing has happened, and trying again in a moment is right."""


class FailedError(SessionError):
    """The journal of a live session cannot be written: what was asked for may or may not have happened."""


class IdentityError(WorkbenchError):
    """A database of users that is missing, of another make, busy or out of reach; trying later may help."""


class NoRoomError(IdentityError):
    """A database of users whose disk is full: it is read as ever, and not written until it has room."""


class AuthError(WorkbenchError):
    """Something that a user may not do, or a proof of identity that does not hold.

    Parameters
    ----------
    kind
        What to branch on: `bad_credentials`, `expired`, `revoked`, `reused`, `locked`, `disabled`,
        `forbidden`, `closed`, `taken`, `unknown`, `invalid` or `busy`; see `docs/identity.md`.
    what
        What was expected and what was found instead; never tells whether a name exists.
    where
        The field or thing at fault.
    remedy
        What to do now.
    retry_after_s
        After how many seconds trying again makes sense; 0 when waiting does not help.
    ending
        How the log-in that was shown ended, a code of `workbench.identity.endings.Ending`; empty where no
        log-in of this server was shown, or it is not known.

    Examples
    --------
    >>> print(AuthError("locked", "too many wrong passwords", remedy="try again in 8 s", retry_after_s=8.0))
    too many wrong passwords; try again in 8 s
    """

    def __init__(
        self,
        kind: str,
        what: str,
        where: str = "",
        remedy: str = "",
        *,
        retry_after_s: float = 0.0,
        ending: str = "",
    ) -> None:
        super().__init__(what, where, remedy)
        # Exceptions travel between processes by their args, so these must be this class's own.
        self.args = (kind, what, where, remedy)
        self.kind = kind
        self.retry_after_s = retry_after_s
        self.ending = ending


class ReportError(WorkbenchError):
    """A report that was not made; nothing of it is left.

    Parameters
    ----------
    kind
        What to branch on. Trying again does not help when it is `unknown` (there is no such report, session,
        account or class), `parameters` (unknown, missing or of another type), `data` (recorded data that
        cannot be read, or a market that has not closed) or `notebook` (it raised); it may when it is
        `timeout` (it took too long) or `kernel` (the process that ran it died or never began).
    what
        What was expected and what was found instead.
    where
        The report, parameter or cell at fault.
    remedy
        What to do now.

    Examples
    --------
    >>> print(ReportError("timeout", "took longer than 60 s", "report 'drawdown'"))
    report 'drawdown': took longer than 60 s
    """

    def __init__(self, kind: str, what: str, where: str = "", remedy: str = "") -> None:
        super().__init__(what, where, remedy)
        # Exceptions travel between processes by their args, so these must be this class's own.
        self.args = (kind, what, where, remedy)
        self.kind = kind

    @property
    def lasting(self) -> bool:
        """Whether the same again would fail in the same way."""
        return self.kind not in ("timeout", "kernel")


class RosterError(WorkbenchError):
    """A roster file of which nothing was taken, with every line that is wrong.

    Parameters
    ----------
    file
        Name of the file.
    problems
        Line as an editor counts it, from 1, and what is wrong with it, for each.

    Examples
    --------
    >>> print(RosterError("class.csv", ((3, "name is empty"), (7, "name is that of line 2"))))
    class.csv, line 3: name is empty (and 1 more); nothing was imported: mend the lines and import again
    """

    def __init__(self, file: str, problems: tuple[tuple[int, str], ...]) -> None:
        line, first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            first + more,
            f"{file}, line {line}",
            "nothing was imported: mend the lines and import again",
        )
        self.args = (file, problems)
        self.file = file
        self.problems = problems


class OrderRefused(WorkbenchError):  # noqa: N818 - a refusal is an answer of the exchange, no error
    """An order, or a change to one, that was not taken; nothing of it remains.

    Parameters
    ----------
    what
        Why, with the numbers.
    status
        `invalid`: it makes no sense and was not sent; `unknown`: there is no such order, position or
        instrument; `refused`: the exchange said no.
    reason
        The exchange's reason (a `Reason`).
    order
        The order that was refused, or that was to be changed (a `LiveOrder`); None when there is none.
    details
        Numbers for programs, by name.

    Examples
    --------
    >>> print(OrderRefused("quantity 1.5 is not a multiple of 1", status="invalid"))
    quantity 1.5 is not a multiple of 1
    """

    def __init__(
        self,
        what: str,
        *,
        status: str = "refused",
        reason: IntEnum | None = None,
        order: Any = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(what)
        self.status = status
        self.reason = reason
        self.order = order
        self.details = dict(details or {})


class ApiError(WorkbenchError):
    """A request that the server answers with a status other than success.

    Parameters
    ----------
    status
        The HTTP status.
    code
        One word for programs.
    what
        The sentence for people.
    details
        Whatever else helps; plain values that JSON can hold.
    headers
        Headers of the answer, such as Retry-After.
    """

    def __init__(
        self,
        status: int,
        code: str,
        what: str,
        *,
        details: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(what)
        self.status = status
        self.code = code
        self.details = details or {}
        self.headers = headers or {}


class ClientError(WorkbenchError):
    """A server that could not be reached, or that answered with something that this client does not know.

    Attributes
    ----------
    unsent
        Whether the request surely never reached the server.
    """

    unsent = False


class UnansweredError(ClientError):
    """A request whose answer never came: it may have been done or not, so ask before it is sent again."""


class StreamError(ClientError):
    """A stream that lost something on its way, or that the server ended for good."""


class SweepError(WorkbenchError):
    """A sweep that could not be finished or resumed."""


class LookAheadError(WorkbenchError):
    """A strategy decides otherwise when the future is removed."""
