"""Reviews of sessions that are over, made when somebody asks and kept for the next who does."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from workbench.api.words import moment, readable_account, word
from workbench.domain.config import FIRST_TRADER
from workbench.errors import ApiError, SessionError, StoreError, WorkbenchError
from workbench.identity.roles import Permission
from workbench.journal.manifest import SEALED, read_manifest
from workbench.journal.place import check_name, session_folder, session_names
from workbench.session.live.lifecycle import OVER
from workbench.session.live.opening import stored_classes
from workbench.session.review import Review
from workbench.session.review_day import ReviewDay
from workbench.session.review_recording import Recording, closed_recording, stored_recording
from workbench.session.stored import open_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date
    from pathlib import Path

    from workbench.api.hub import Hub
    from workbench.api.server import Server
    from workbench.identity.principal import Principal

T = TypeVar("T")

_DAYS = 4
"""Sessions that are kept in memory: what a class looks back at is mostly one."""
_RECORDINGS = 64
_LISTED = 60
"""Sessions that are offered at once; an older one is opened by its name."""
_THREADS = 2
"""Reviews are made beside the markets that still run, and never by more threads than these."""


class _Kept(NamedTuple):
    """A session that was folded, with the reviews of it; `Review` itself keeps its frames."""

    day: asyncio.Task[ReviewDay]
    reviews: dict[tuple[int, bool], Review]


class Reviewable(NamedTuple):
    """A session that somebody may look back at.

    Attributes
    ----------
    session, title
        Which it is.
    account
        Their own account in it; empty where they had none and may read the class.
    closed
        When it ended, as the API writes moments.
    first_day, last_day
        The exchange-local days of its beginning and of its last event, as YYYY-MM-DD.
    """

    session: str
    title: str
    account: str
    closed: str
    first_day: str
    last_day: str


class Visible(NamedTuple):
    """A session that somebody may look back at, with what they may see of it.

    Attributes
    ----------
    recording
        The session.
    account
        Their own account in it; empty where they had none.
    everybody
        Whether they may read the class.
    """

    recording: Recording
    account: str
    everybody: bool


class Reviews:
    """Who may look back at which account, and the reviews themselves.

    All methods belong to the server's loop; the reading is done in threads of its own, so that a class which
    opens its reviews at once holds up neither the loop nor other work in threads.

    Parameters
    ----------
    server
        The server.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._days: OrderedDict[tuple[str, int, bool], _Kept] = OrderedDict()
        self._recordings: OrderedDict[tuple[str, int], Recording] = OrderedDict()
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="review")
        self._what_ifs = ThreadPoolExecutor(1, thread_name_prefix="what-if")

    async def of(self, principal: Principal, session: str, account: str = "", address: str = "") -> Review:
        """The review of an account.

        Parameters
        ----------
        principal
            Who asks.
        session
            The session's name: one that runs here, or a stored one.
        account
            Another's account, by its name or that of the one person who sat there under it; one's own unless
            given. The look is written into the audit log.
        address
            The client's address, for the log.

        Raises
        ------
        ApiError
            404 when there is no such session or account, 403 when it is not for them, 409 when they had no
            seat there, or while the market has not closed.
        """
        server = self._server
        name = server.session_name(principal, session)
        # Being told that it still runs says no more than the list of sessions does.
        recording = await self._recording(name)
        within = server.access.within(principal, name, recording.classes)
        everybody = Permission.READ_CLASS in within.permissions
        seat = recording.seat_of(principal.user_id)
        own = None if seat is None else seat.account
        if not account:
            if own is None:
                raise ApiError(
                    409,
                    "no_seat",
                    f"you had no seat in session {name}"
                    + (": name somebody's account (?account=seat-1)" if everybody else ""),
                )
            number = own
        else:
            number = account_meant(recording, account, principal.user_id, own, everybody=everybody)
        if number != own:
            sat = recording.seat_in(number)
            called = recording.venue.accounts[number - FIRST_TRADER].name
            await server.readings.of_stored(principal, name, called, "" if sat is None else sat.user, address)
        kept = self._kept(recording)
        day = await asyncio.shield(kept.day)
        review = kept.reviews.get((number, everybody))
        if review is None:
            review = kept.reviews[number, everybody] = Review(day, number, everybody=everybody)
        return review

    async def seats(self, principal: Principal, session: str) -> list[tuple[str, str]]:
        """Accounts that somebody may look at, each with the name of who sat there, by account number.

        Of a session that nobody had a seat in, as scripts make them, all accounts are named to those who may
        read the class.

        Raises
        ------
        ApiError
            As `of` does for the session.
        """
        name = self._server.session_name(principal, session)
        recording = await self._recording(name)
        within = self._server.access.within(principal, name, recording.classes)
        names = [account.name for account in recording.venue.accounts]
        if Permission.READ_CLASS not in within.permissions:
            seat = recording.seat_of(principal.user_id)
            return [] if seat is None else [(names[seat.account - FIRST_TRADER], seat.name)]
        if not recording.seats:
            return [(each, "") for each in names]
        return [(names[seat.account - FIRST_TRADER], seat.name) for seat in recording.seats]

    async def sessions(self, principal: Principal) -> list[Reviewable]:
        """Sessions that somebody may look back at, closed or stored, those that were written last first."""
        return [
            Reviewable(
                recording.name,
                recording.title,
                account,
                moment(recording.written_ns),
                recording.first_day.isoformat(),
                recording.last_day.isoformat(),
            )
            for recording, account, _ in await self.visible(principal)
        ]

    async def visible(self, principal: Principal) -> list[Visible]:
        """The same with what they may see of each."""
        server = self._server
        only = principal.session
        going = {name for name, hub in server.hubs.items() if hub.session.state not in OVER}
        names = await self.read(
            lambda: _newest(
                server.settings.data,
                lambda name: name not in going and only in ("", name),
                lambda classes: server.access.sees(principal, classes),
            )
        )
        rows = []
        for name in names:
            try:
                found = await self.seen(principal, name)
            except WorkbenchError:
                # It was cut off, cannot be read, or has begun anew since: whoever names it is told.
                continue
            if found.account or found.everybody:
                rows.append(found)
        return rows

    async def sat(self, user_id: str, first: date | None, last: date | None) -> list[Recording]:
        """Sealed sessions in which a user had a seat, with a day within bounds, both included.

        Whoever asks is not looked at.
        """
        names = await self.read(lambda: _of_days(self._server.settings.data, first, last))
        found = []
        for name in names:
            try:
                recording = await self._stored(name, self._server.settings.data)
            except WorkbenchError:
                # It cannot be read, or is being written anew.
                continue
            if recording.seat_of(user_id) is not None:
                found.append(recording)
        return found

    async def seen(self, principal: Principal, name: str) -> Visible:
        """What somebody may see of one session that is over: perhaps neither an account nor the class.

        Raises
        ------
        ApiError
            404 when there is no such session, 403 when it is not for them, 409 until it has closed.
        """
        recording = await self._recording(name)
        within = self._server.access.within(principal, name, recording.classes)
        seat = recording.seat_of(principal.user_id)
        account = "" if seat is None else recording.venue.accounts[seat.account - FIRST_TRADER].name
        return Visible(recording, account, Permission.READ_CLASS in within.permissions)

    async def read(self, reading: Callable[[], T]) -> T:
        """What a reading of a review gives, made in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, reading)

    async def try_out(self, reading: Callable[[], T]) -> T:
        """The same for a what-if, which takes long: one at a time, and before no other reading."""
        return await asyncio.get_running_loop().run_in_executor(self._what_ifs, reading)

    def stop(self) -> None:
        """Read no more; what is being read is waited for by nobody."""
        for kept in self._days.values():
            kept.day.cancel()
        self._days.clear()
        for threads in (self._threads, self._what_ifs):
            threads.shutdown(wait=False, cancel_futures=True)

    # ------------------------------------------------------------------ how

    async def _recording(self, name: str) -> Recording:
        data = self._server.settings.data
        hub = self._server.hubs.get(name)
        if hub is None:
            check_name(name)
            return await self._stored(name, data)
        state = hub.session.state
        if state not in OVER:
            raise ApiError(
                409,
                "session_open",
                f"session {name} is {word(state)}; it can be reviewed once its market has closed",
                details={"state": word(state)},
            )
        if await self.read(lambda: read_manifest(session_folder(data, name)).state) == SEALED:
            return await self._stored(name, data)
        return await self._closed(hub, data)

    async def _stored(self, name: str, data: Path) -> Recording:
        """A sealed session, which never changes again."""
        found = self._recordings.get((name, 0))
        if found is None:
            try:
                found = await self.read(lambda: stored_recording(name, data))
            except StoreError as error:
                if session_folder(data, name).is_dir():
                    raise
                raise ApiError(
                    404, "unknown_session", f"no session is called {name[:80]!r}", details={"session": name}
                ) from error
            except SessionError as error:
                raise ApiError(409, "session_open", str(error)) from error
            self._remember(found, 0)
        return found

    async def _closed(self, hub: Hub, data: Path) -> Recording:
        """A session that has closed and is not sealed, as far as it has come."""
        seq, commands = hub.published_seq, hub.session.status().commands
        found = self._recordings.get((hub.name, seq))
        if found is None:
            found = await self.read(
                lambda: closed_recording(
                    hub.name, data, seq=seq, commands=commands, events=lambda: hub.history(1)
                )
            )
            self._remember(found, seq)
        return found

    def _remember(self, recording: Recording, seq: int) -> None:
        self._recordings[recording.name, seq] = recording
        while len(self._recordings) > _RECORDINGS:
            self._recordings.popitem(last=False)

    def _kept(self, recording: Recording) -> _Kept:
        """The session as it is folded, or is being folded by whoever asked first."""
        key = (recording.name, recording.seq, recording.sealed)
        kept = self._days.get(key)
        if kept is None or (kept.day.done() and (kept.day.cancelled() or kept.day.exception() is not None)):
            day = asyncio.get_running_loop().create_task(self.read(lambda: ReviewDay(recording)))
            kept = self._days[key] = _Kept(day, {})
            # What was closed and is sealed now, or has come further, is asked for no more.
            for other in [each for each in self._days if each[0] == recording.name and each != key]:
                del self._days[other]
        self._days.move_to_end(key)
        while len(self._days) > _DAYS:
            self._days.popitem(last=False)
        return kept


def _of_days(root: Path, first: date | None, last: date | None) -> list[str]:
    """Names of sealed sessions that have a day within bounds, the earliest first."""
    found = []
    for name in session_names(root):
        with suppress(StoreError):
            stored = open_session(name, root)
            if stored.sealed and stored.is_within(first, last):
                found.append((stored.first_day, name))
    return [name for _, name in sorted(found)]


def account_meant(recording: Recording, name: str, user: str, own: int | None, *, everybody: bool) -> int:
    """The account that a name means: an account's, or a person's; others' for who may read the class.

    Raises
    ------
    ApiError
        As `readable_account`; 409 when people of that name sat at several.
    """
    if any(account.name == name for account in recording.venue.accounts):
        return readable_account(recording.venue, name, own, everybody=everybody)
    found = [seat for seat in recording.seats_named(name) if everybody or seat.user == user]
    if len(found) == 1:
        return found[0].account
    if not found and not everybody:
        return readable_account(recording.venue, name, own, everybody=False)
    if not found:
        raise ApiError(
            404,
            "unknown_account",
            f"nobody in session {recording.name} and no account there is called {name[:40]!r}",
        )
    places = " or ".join(recording.venue.accounts[seat.account - FIRST_TRADER].name for seat in found)
    raise ApiError(
        409,
        "several_accounts",
        f"several people in session {recording.name} are called {name[:40]!r}: name {places}",
    )


def _newest(root: Path, wanted: Callable[[str], bool], sees: Callable[[Sequence[str]], bool]) -> list[str]:
    """Names of stored sessions, those that were written last first."""
    found = []
    for name in session_names(root):
        if not wanted(name):
            continue
        try:
            manifest = read_manifest(session_folder(root, name))
        except StoreError:
            continue
        if sees(stored_classes(manifest.about)):
            found.append((manifest.written_ns, name))
    return [name for _, name in sorted(found, reverse=True)[:_LISTED]]
