"""Reports: whose they are, who may have one made, and how many at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from workbench.api.report_runs import EVERYBODY, ReportKind, ReportRun, Wanted
from workbench.api.report_subjects import Asked, Subjects
from workbench.domain.config import FIRST_TRADER
from workbench.errors import ApiError, WorkbenchError
from workbench.identity.roles import Permission

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.api.report_runs import Reporter
    from workbench.api.reviews import Visible
    from workbench.api.server import Server
    from workbench.identity.principal import Principal
    from workbench.session.live.answer import Seat
    from workbench.session.review_recording import Recording

T = TypeVar("T")

PER_USER_MAX = 5
"""Reports that somebody may have waiting or being made."""
WAITING_MAX = 500
"""Reports that may wait on a server: a class that asks at once is served, and no more is promised."""
_AGAIN_S = "5"
_READINGS_MAX = 20
"""Pages of the ledger that are looked through for one page of an answer."""
NOBODY_MAKES_THEM = (
    "this server makes no reports: whoever runs it installs what they need "
    "(pip install 'trading-workbench[app]') and starts it anew"
)


class SeenRun(NamedTuple):
    """A run, and of whom it is.

    Attributes
    ----------
    run
        The run.
    user
        Who sat at its account; empty when it is a class's or nobody did.
    own
        Whether that is who looks.
    """

    run: ReportRun
    user: str
    own: bool


class Reports:
    """Who may see and ask for which report; the ledger is read in a thread of its own.

    Parameters
    ----------
    server
        The server.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._subjects = Subjects(server)
        self._reporter: Reporter | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="reports")

    @property
    def problem(self) -> str:
        """Why no report is made here; empty when they are."""
        return NOBODY_MAKES_THEM if self._reporter is None else ""

    @property
    def kinds(self) -> Sequence[ReportKind]:
        """Which reports there are."""
        return () if self._reporter is None else self._reporter.kinds

    def use(self, reporter: Reporter) -> None:
        """Have reports made by this; its `stop` is called with this one's."""
        self._reporter = reporter
        reporter.start()

    async def runs(
        self, principal: Principal, *, before: str, limit: int, everybody: bool, address: str
    ) -> tuple[list[SeenRun], str]:
        """Runs that somebody may see, the newest first.

        Parameters
        ----------
        principal
            Who asks.
        before
            What the last answer ended with.
        limit
            Most runs.
        everybody
            Only what whoever runs a session sees of it, with runs that make no report: a history.
        address
            The client's address, for the audit log.
        """
        if self._reporter is None:
            return [], ""
        visible = {each.recording.name: each for each in await self._server.reviews.visible(principal)}
        wanted = self._wanted(principal, list(visible.values()), everybody=everybody)
        reporter = self._reporter
        found: list[SeenRun] = []
        following = before
        for _ in range(_READINGS_MAX):
            some = await self._read(partial(reporter.runs, wanted, following, limit))
            for run in some:
                following = run.cursor
                seen = await self._seen(principal, run, visible)
                if seen is not None:
                    found.append(seen)
                if len(found) == limit:
                    break
            if len(some) < limit and len(found) < limit:
                following = ""
            if not following or len(found) == limit:
                break
        for session in dict.fromkeys(each.run.session for each in found if not each.own):
            await self._server.readings.of_reports(principal, session, address)
        return found, following

    async def run(self, principal: Principal, run_id: str) -> SeenRun:
        """One run.

        Raises
        ------
        ApiError
            404 when there is none, or none that they may see.
        """
        reporter = self._reporter
        run = None if reporter is None else await self._read(lambda: reporter.run(run_id))
        seen = None if run is None else await self._seen(principal, run, {})
        if seen is None:
            raise ApiError(404, "unknown_report", f"there is no report {run_id[:40]!r} that is yours to read")
        return seen

    async def page(self, principal: Principal, run_id: str, address: str) -> tuple[ReportRun, bytes]:
        """The page of a report that is done; another's account is an entry of the audit log.

        Raises
        ------
        ApiError
            404 when there is none that they may see, or its file is gone; 409 when it is not done.
        """
        seen = await self.run(principal, run_id)
        run = seen.run
        if run.html is None:
            why = run.sentence or f"it is {run.state}"
            raise ApiError(
                409, "not_done", f"there is no page of this report: {why}", details={"state": run.state}
            )
        path = run.html
        try:
            content = await self._read(path.read_bytes)
        except OSError:
            raise ApiError(
                404, "unknown_report", "the page of this report was removed; have it made again"
            ) from None
        if not seen.own:
            await self._audit(principal, run, address)
        return run, content

    async def ask(self, principal: Principal, asked: Asked, address: str) -> SeenRun:
        """Have a report made; the same question that still waits is not asked twice.

        Raises
        ------
        ApiError
            As `Subjects.allowed` does; 404 for a report that there is not, 409 when none is made here, 429
            when too many of theirs wait.
        """
        reporter = self._reporter
        if reporter is None:
            raise ApiError(409, "no_reports", NOBODY_MAKES_THEM)
        names = [each.name for each in reporter.kinds]
        if asked.report not in names:
            raise ApiError(
                404, "unknown_report", f"no report {asked.report[:40]!r}; there are {', '.join(names)}"
            )
        asked, about = await self._subjects.allowed(principal, asked)
        waiting = await self._read(lambda: reporter.unfinished(principal.user_id))
        run = next((each for each in waiting if each.about == tuple(asked)), None)
        if run is None:
            run = await self._read(partial(_add, reporter, asked, about, principal.user_id))
        seen = await self._seen(principal, run, {})
        assert seen is not None
        if not seen.own:
            await self._audit(principal, run, address)
        return seen

    def class_name(self, class_id: str) -> str:
        """What a class is called."""
        if class_id in ("", EVERYBODY):
            return {"": "", EVERYBODY: "everybody"}[class_id]
        return self._server.identity.rolls.name_of(class_id)

    def name_of(self, user_id: str) -> str:
        """What a user is called; empty when they are here no more."""
        return next(iter(self._server.identity.names_of([user_id], Permission.READ_OWN)), "")

    def stop(self) -> None:
        """Have no more made."""
        if self._reporter is not None:
            self._reporter.stop()
        self._thread.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------ how

    async def _read(self, reading: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, reading)

    def _wanted(self, principal: Principal, visible: list[Visible], *, everybody: bool) -> Wanted:
        """What to look for: more than they may see perhaps, for each run is looked at by itself then."""
        if Permission.ADMINISTER in principal.permissions and not principal.session:
            return Wanted(everything=True)
        sessions = [each.recording.name for each in visible if each.everybody]
        staff = Permission.READ_CLASS in principal.permissions
        if everybody:
            return Wanted(sessions=sessions, of_no_session=staff)
        accounts = [
            (each.recording.name, name)
            for each in visible
            if each.account and not each.everybody
            for name in {each.account, principal.name}
        ]
        return Wanted(user_id=principal.user_id, accounts=accounts, sessions=sessions, of_no_session=staff)

    async def _seen(self, principal: Principal, run: ReportRun, known: dict[str, Visible]) -> SeenRun | None:
        """A run, when somebody may see it."""
        administers = Permission.ADMINISTER in principal.permissions
        if principal.session not in ("", run.session):
            return None
        if not run.session:
            of_class = bool(run.class_id) and run.class_id != EVERYBODY
            staff = of_class and self._server.access.runs(principal, [run.class_id])
            own = bool(run.account) and run.user_id == principal.user_id
            may = own or administers or (staff and Permission.READ_CLASS in principal.permissions)
            if not may and run.account:
                may = await self._reads_days(principal, run, known)
            return SeenRun(run, self.name_of(run.user_id), own) if may else None
        try:
            visible = known.get(run.session) or await self._server.reviews.seen(principal, run.session)
        except WorkbenchError:
            # The session's data may have been removed since.
            return SeenRun(run, "", own=False) if administers else None
        known[run.session] = visible
        if run.class_id or not run.report:
            return SeenRun(run, "", own=False) if visible.everybody or administers else None
        seat = _seat(visible.recording, run)
        own = seat is not None and seat.user == principal.user_id
        if not own and not visible.everybody and not administers:
            return None
        return SeenRun(run, "" if seat is None else seat.name, own)

    async def _reads_days(self, principal: Principal, run: ReportRun, known: dict[str, Visible]) -> bool:
        """Whether another's days are all of sessions that somebody runs; until that is known, who asked."""
        if Permission.READ_CLASS not in principal.permissions:
            return False
        if not run.sessions:
            return run.asked_by == principal.user_id
        for name in run.sessions:
            try:
                known[name] = known.get(name) or await self._server.reviews.seen(principal, name)
            except WorkbenchError:
                return False
            if not known[name].everybody:
                return False
        return True

    async def _audit(self, principal: Principal, run: ReportRun, address: str) -> None:
        """Write down that somebody had or read a report of others."""
        details = {"report": run.report, "run": run.run_id}
        details |= {"account": run.account} if run.account else {"class": run.class_id}
        whose = f"class:{run.class_id}" if run.class_id else f"user:{run.user_id}"
        target = f"session:{run.session}" if run.session else whose
        await self._server.identity.note(principal, "report.read", target, details, client=address)


def _seat(recording: Recording, run: ReportRun) -> Seat | None:
    """Who a run is about: by their id where it is known, else by a name that can be only one's."""
    if run.user_id:
        return recording.seat_of(run.user_id)
    places = enumerate(recording.venue.accounts, FIRST_TRADER)
    numbers = {number for number, account in places if account.name == run.account}
    numbers |= {seat.account for seat in recording.seats if seat.name == run.account}
    return recording.seat_in(numbers.pop()) if len(numbers) == 1 else None


def _add(reporter: Reporter, asked: Asked, about: str, user_id: str) -> ReportRun:
    """Write the run down unless too many wait; in the one thread, so that nobody comes between."""
    again = {"Retry-After": _AGAIN_S}
    if len(reporter.unfinished(user_id)) >= PER_USER_MAX:
        raise ApiError(
            429,
            "too_many_reports",
            f"{PER_USER_MAX} reports of yours wait or are being made; ask again when one of them is done",
            headers=again,
        )
    if len(reporter.unfinished()) >= WAITING_MAX:
        raise ApiError(
            429,
            "too_many_reports",
            f"{WAITING_MAX} reports wait on this server; ask again in a while",
            headers=again,
        )
    given = {name: value for name, value in asked._asdict().items() if value and name != "report"}
    return reporter.add(asked.report, given, about, user_id)
