"""Whose days a report is about: of which sessions, which accounts and which of their days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from workbench.domain.config import FIRST_TRADER
from workbench.errors import ReportError, StoreError
from workbench.journal.place import data_root, session_folder, session_names
from workbench.session.live.opening import stored_class_names, stored_classes
from workbench.session.review_recording import stored_recording
from workbench.session.stored import StoredSession, open_session

EVERYBODY = "all"
"""In place of a class: everybody, whatever class a session is for."""

ACCOUNT, USER = "account:", "user:"
"""Before an account's name and before a user's id: who is meant, whatever anybody is called."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A session, and whose days in it.

    Attributes
    ----------
    stored
        The session.
    account
        Number of the account; None for everybody's.
    """

    stored: StoredSession
    account: int | None


@dataclass(frozen=True, slots=True)
class Selection:
    """What was asked for, found in the data root.

    Attributes
    ----------
    sessions
        Those that are sealed, in order of their days, with the account in each.
    account, class_id
        As given.
    first_day, last_day
        Exchange-local days, both included; None where there is no bound.
    unfinished
        Names of sessions that would belong to it and are not sealed.
    class_name
        What the class was called when the last of its sessions was created; its id where that is not known.
    """

    sessions: tuple[Chosen, ...]
    account: str
    class_id: str
    first_day: date | None
    last_day: date | None
    unfinished: tuple[str, ...]
    class_name: str = ""

    def has(self, day: date) -> bool:
        """Whether a day is within the bounds."""
        return (self.first_day is None or day >= self.first_day) and (
            self.last_day is None or day <= self.last_day
        )


def select(
    session: str, account: str, class_id: str, first_day: str, last_day: str, data: str | Path
) -> Selection:
    """Find what a report is about.

    Parameters
    ----------
    session
        A session's name; "" for all that have the account, or are of the class.
    account
        `account:NAME`, or `user:ID` for the account at which that user sat in each session; or a mere name,
        an account's or that of who sat there. "" when a class is given.
    class_id
        A class: everybody in its sessions. `all`: everybody in any.
    first_day, last_day
        YYYY-MM-DD; "" for no bound.
    data
        The data root; "" for the usual one.

    Raises
    ------
    ReportError
        When there is no such session, account or class, when neither or both are given, when neither a
        session nor a day is, when the days are in the wrong order, or when a name within them is that of
        several: of two people, or of an account and of somebody who does not sit there.
    """
    first, last = (date.fromisoformat(each) if each else None for each in (first_day, last_day))
    if bool(account) == bool(class_id):
        both = "both are given" if account else "neither is given"
        raise ReportError("parameters", f"a report is of one account or of one class, and {both}", "account")
    if not session and first is None and last is None:
        raise ReportError("parameters", "neither a session nor a day is given", "session", "give one of them")
    root = data_root(str(data) or None)
    if session:
        found = [_named(session, root)]
        if class_id not in ("", EVERYBODY) and class_id not in classes_of(found[0]):
            raise ReportError(
                "unknown", f"session {session!r} is for no class {class_id!r}", "class_id", _classes(found)
            )
    else:
        found = [open_session(name, root) for name in session_names(root)]
        if class_id not in ("", EVERYBODY):
            mine = [each for each in found if class_id in classes_of(each)]
            if not mine:
                raise ReportError(
                    "unknown", f"no session is for class {class_id!r}", "class_id", _classes(found)
                )
            found = mine
    chosen = [Chosen(each, None) for each in found]
    if account:
        chosen = _of(account, found, root, first, last)
    if not chosen:
        names = sorted({name for each in found for name in accounts_of(each)})
        where = f"session {session!r}" if session else f"data root {str(root)!r}"
        if account.startswith(USER):
            nobody = f"no user with the id {account.removeprefix(USER)!r} had a seat"
            raise ReportError("unknown", nobody, where, "ids are those of the people, not their names")
        name = account.removeprefix(ACCOUNT)
        raise ReportError("unknown", f"there is no account {name!r}", where, _near(name, names))
    if first is not None and last is not None and last < first:
        raise ReportError("parameters", f"{last_day} is before {first_day}", "last_day", "exchange them")
    # One that is named is told of whatever its days are.
    within = [each for each in chosen if session or each.stored.is_within(first, last)]
    unfinished = tuple(each.stored.name for each in within if not each.stored.sealed)
    if session and unfinished:
        raise ReportError(
            "data",
            "is not over: its market has not closed, or it was cut off",
            f"session {session!r}",
            f"close it, or seal it with `workbench recover {session}`",
        )
    sealed = [each for each in within if each.stored.sealed]
    sealed.sort(key=lambda each: (each.stored.first_day, each.stored.name))
    return Selection(tuple(sealed), account, class_id, first, last, unfinished, _class_name(class_id, found))


def _of(
    account: str, sessions: list[StoredSession], root: Path, first: date | None, last: date | None
) -> list[Chosen]:
    """The sessions in which an account, or somebody, had a part."""
    if account.startswith(ACCOUNT):
        numbers = [(each, accounts_of(each).get(account.removeprefix(ACCOUNT))) for each in sessions]
        return [Chosen(each, number) for each, number in numbers if number is not None]
    user = account.removeprefix(USER) if account.startswith(USER) else None
    found = []
    people: dict[str, str] = {}
    elsewhere = ""
    for each in sessions:
        recording = stored_recording(each.name, root) if each.sealed else None
        seats = () if recording is None else recording.seats
        number = None if user is not None else accounts_of(each).get(account)
        theirs = [seat for seat in seats if (seat.name == account if user is None else seat.user == user)]
        if each.is_within(first, last):
            people.update((seat.user, each.name) for seat in theirs)
            if number is not None and number not in {seat.account for seat in theirs}:
                elsewhere = each.name
        if number is None and theirs:
            number = theirs[0].account
        if number is not None:
            found.append(Chosen(each, number))
    if user is None and len(people) + bool(elsewhere) > 1:
        meant = [f"an account of session {elsewhere!r} at which nobody of that name sat"] if elsewhere else []
        meant += [f"somebody in session {session!r}" for session in people.values()]
        ways = [f"{ACCOUNT}{account}"] if elsewhere else []
        ways += [f"{USER}{each}" for each in people]
        raise ReportError(
            "parameters",
            f"{account!r} is the name of {' and of '.join(meant)}",
            "account",
            f"write {' or '.join(ways)} for the one that is meant",
        )
    return found


def accounts_of(session: StoredSession) -> dict[str, int]:
    """Numbers of a session's accounts, by their names."""
    accounts: list[dict[str, Any]] = session.manifest.about["venue"]["accounts"]
    return {str(each["name"]): FIRST_TRADER + place for place, each in enumerate(accounts)}


def classes_of(session: StoredSession) -> tuple[str, ...]:
    """The classes that a session was for."""
    return stored_classes(session.manifest.about)


def _class_name(class_id: str, sessions: list[StoredSession]) -> str:
    for session in sorted(sessions, key=lambda each: -each.manifest.created_ns):
        names = stored_class_names(session.manifest.about)
        if class_id in names:
            return names[class_id]
    return class_id


def class_meant(given: str, session: str, data: str | Path) -> str:
    """The id of the class that is called so, where it is the name of one class alone; else what was given.

    For those who may have reports of every class: a name is nobody's own.

    Parameters
    ----------
    given
        A class's id, or its name in any session.
    session
        Whose classes are looked through; "" for those of all.
    data
        The data root; "" for the usual one.

    Raises
    ------
    ReportError
        When there is no such session.
    """
    if given in ("", EVERYBODY):
        return given
    root = data_root(str(data) or None)
    found = [_named(session, root)] if session else [open_session(name, root) for name in session_names(root)]
    if any(given in classes_of(each) for each in found):
        return given
    names = [pair for each in found for pair in stored_class_names(each.manifest.about).items()]
    called = {class_id for class_id, name in names if name == given}
    return called.pop() if len(called) == 1 else given


def _named(name: str, root: Path) -> StoredSession:
    names = session_names(root)
    if name not in names:
        raise ReportError(
            "unknown", f"there is no session {name!r}", f"data root {str(root)!r}", _near(name, names)
        )
    try:
        return open_session(name, root)
    except StoreError as error:
        raise ReportError(
            "data", error.what, error.where or str(session_folder(root, name)), error.remedy
        ) from error


def _near(name: str, names: list[str]) -> str:
    near = get_close_matches(name, names, 1)
    if near:
        return f"did you mean {near[0]}?"
    return f"there are {', '.join(names[:10])}" if names else "there are none"


def _classes(sessions: list[StoredSession]) -> str:
    known = sorted({each for session in sessions for each in classes_of(session)})
    called = [name if (name := _class_name(each, sessions)) == each else f"{each} ({name})" for each in known]
    return f"there are {', '.join(called)}; `all` is everybody" if known else "`all` is everybody"
