"""What somebody may have a report of: a session or days, their own or those of whom they teach."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from workbench.api.report_runs import EVERYBODY, OF_A_CLASS
from workbench.api.reviews import account_meant
from workbench.domain.config import FIRST_TRADER
from workbench.errors import ApiError
from workbench.identity.roles import Permission

if TYPE_CHECKING:
    from workbench.api.server import Server
    from workbench.identity.principal import Principal
    from workbench.session.review_recording import Recording

_DAYS_NAMED = 5
"""Days that somebody is told of who asked for others."""


class Asked(NamedTuple):
    """What somebody wants a report of; empty is not given."""

    report: str
    session: str = ""
    account: str = ""
    class_id: str = ""
    first_day: str = ""
    last_day: str = ""


class Subjects:
    """Who may have a report of what.

    Parameters
    ----------
    server
        The server.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    async def allowed(self, principal: Principal, asked: Asked) -> tuple[Asked, str]:
        """What was asked for with account and session named, and whom it is about, when they may have it.

        Raises
        ------
        ApiError
            404 for what does not exist, 403 for what is another's, 409 while a session is not over or on days
            without a seat, 422 for days that are none.
        """
        _check_days(asked)
        server = self._server
        if asked.account and asked.class_id:
            raise ApiError(422, "invalid", "a report is of one account or of one class, and both are given")
        if not asked.session:
            return await self._of_days(principal, asked)
        name = server.session_name(principal, asked.session)
        visible = await server.reviews.seen(principal, name)
        recording = visible.recording
        if not recording.sealed:
            raise ApiError(
                409,
                "session_open",
                f"session {name} has closed and not ended yet; "
                "reports are made once whoever runs it has ended it for its debrief",
            )
        if asked.class_id:
            if not visible.everybody:
                raise ApiError(
                    403, "forbidden", "this needs the permission read_class: it is of everybody in a class"
                )
            if asked.class_id not in (EVERYBODY, *recording.classes):
                raise ApiError(
                    404, "unknown_class", f"session {name} is for no class {asked.class_id[:40]!r}"
                )
            return asked._replace(session=name), ""
        _check_kind(asked, everybody=visible.everybody)
        account = asked.account or visible.account
        if not account:
            raise ApiError(
                409,
                "no_seat",
                f"you had no seat in session {name}"
                + (": name somebody's account, or a class" if visible.everybody else ""),
            )
        seat = recording.seat_of(principal.user_id)
        own = None if seat is None else seat.account
        number = account_meant(recording, account, principal.user_id, own, everybody=visible.everybody)
        sat = recording.seat_in(number)
        account = recording.venue.accounts[number - FIRST_TRADER].name
        return asked._replace(session=name, account=account), "" if sat is None else sat.user

    async def _of_days(self, principal: Principal, asked: Asked) -> tuple[Asked, str]:
        """The same of days, whatever the sessions are called: one's own, somebody's or a class's."""
        if not (asked.first_day or asked.last_day):
            raise ApiError(
                422,
                "invalid",
                "neither a session nor a day is given; name a session, or a first_day",
            )
        if principal.session:
            raise ApiError(
                403, "forbidden", f"this key is for session {principal.session} alone; name that session"
            )
        if asked.class_id:
            return self._of_class(principal, asked), ""
        _check_kind(asked, everybody=Permission.READ_CLASS in principal.permissions)
        own = asked.account in ("", principal.name)
        user_id, name = principal.user_id, principal.name
        if not own:
            if Permission.READ_CLASS not in principal.permissions:
                raise ApiError(
                    403,
                    "forbidden",
                    "this needs the permission read_class: these are another's days; "
                    "without an account and a class they are your own",
                )
            user = await self._server.identity.user_named(asked.account)
            if user is None:
                raise ApiError(
                    404,
                    "unknown_account",
                    f"no user is called {asked.account[:40]!r}; days are of a person, by their name, "
                    "and an account is named together with its session",
                )
            user_id, name = user.user_id, user.name
        await self._check_sat(principal, user_id, name, asked)
        return asked._replace(account=name), user_id

    async def _check_sat(self, principal: Principal, user_id: str, name: str, asked: Asked) -> None:
        """Refuse days on which somebody had no seat, or had one where whoever asks may not look."""
        reviews, access = self._server.reviews, self._server.access
        first, last = (date.fromisoformat(day) if day else None for day in (asked.first_day, asked.last_day))
        own = user_id == principal.user_id

        def may(found: Recording) -> bool:
            if own or Permission.ADMINISTER in principal.permissions:
                return True
            if not access.sees(principal, found.classes):
                return False
            within = access.within(principal, found.name, found.classes)
            return Permission.READ_CLASS in within.permissions

        sat = await reviews.sat(user_id, first, last)
        seen = [each for each in sat if may(each)]
        if not seen:
            days = {each.first_day for each in await reviews.sat(user_id, None, None) if may(each)}
            latest = ", ".join(day.isoformat() for day in sorted(days)[-_DAYS_NAMED:])
            whose = "you had a seat" if own else f"{name} had a seat where you may read the class"
            others = f"there is one on {latest}" if days else "there is none on other days either"
            raise ApiError(409, "no_seat", f"no session in which {whose} has ended on these days; {others}")
        if len(seen) < len(sat):
            raise ApiError(
                403,
                "forbidden",
                f"on these days {name} also traded in sessions that you do not run; "
                "ask for one session, or for fewer days",
            )

    def _of_class(self, principal: Principal, asked: Asked) -> Asked:
        """The same of days of a class."""
        staff = self._server.access.runs(principal, [asked.class_id]) and asked.class_id != EVERYBODY
        may = Permission.ADMINISTER in principal.permissions or (
            staff and Permission.READ_CLASS in principal.permissions
        )
        if principal.session or not may:
            raise ApiError(
                403,
                "forbidden",
                "this needs the permission read_class in that class: it is of everybody there; "
                "without a class they are your own days",
            )
        return asked


def _check_kind(asked: Asked, *, everybody: bool) -> None:
    """Refuse the summary of a class to who may read nobody's but their own."""
    if asked.report == OF_A_CLASS and not everybody:
        raise ApiError(
            403,
            "forbidden",
            f"this needs the permission read_class: {OF_A_CLASS} is of everybody in a class; "
            "ask for daily_pnl, drawdown or execution_quality of your own",
        )


def _check_days(asked: Asked) -> None:
    days = []
    for name, text in (("first_day", asked.first_day), ("last_day", asked.last_day)):
        if text:
            try:
                day = date.fromisoformat(text)
            except ValueError:
                day = None
            if day is None or day.isoformat() != text:
                raise ApiError(422, "invalid", f"{name} is {text[:40]!r}, expected a day as YYYY-MM-DD")
            days.append(day)
    if sorted(days) != days:
        raise ApiError(422, "invalid", f"last_day {asked.last_day} is before first_day; exchange them")
