"""Reviews of the exchange in this process, for a visitor whose log-in has been proven."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

from dashboards.parts.review_source import Looks, NoReviewError, Opened, Session, Why
from workbench.errors import ApiError, WorkbenchError
from workbench.identity.roles import Permission

if TYPE_CHECKING:
    from dashboards.parts.review_source import Reviewed
    from workbench.analytics.records import WithoutAccount
    from workbench.api.server import Server
    from workbench.identity.principal import Principal

T = TypeVar("T")

_PATIENCE_S = 300.0
NO_SEAT = "no_seat"
_WHY: dict[str, Why] = {"session_open": "open", "forbidden": "refused", NO_SEAT: "missing"}


class OwnReviews:
    """A `ReviewSource`.

    Parameters
    ----------
    server
        The server; its parts are asked on its loop.
    loop
        That loop.
    principal
        Who looks.
    address
        From where, for the audit log.
    """

    def __init__(
        self, server: Server, loop: asyncio.AbstractEventLoop, principal: Principal, address: str = ""
    ) -> None:
        self._server = server
        self._loop = loop
        self._principal = principal
        self._address = address

    def looks(self) -> Looks:
        """How they want pages to look."""
        wanted = self._there(self._server.identity.preferences(self._principal.user_id))
        return Looks(wanted.theme, wanted.colour_blind)

    def close(self) -> None:
        """There is nothing to let go of."""

    def sessions(self) -> tuple[Session, ...]:
        """Sessions that they may look back at, those that were written last first."""
        found = self._there(self._server.reviews.sessions(self._principal))
        return tuple(Session(each.session, each.title, each.account, each.closed) for each in found)

    def open(self, session: str, account: str) -> Opened:
        """The day of an account in a session."""
        try:
            return self._there(self._open(session, account))
        except WorkbenchError as error:
            raise NoReviewError(_why(error), sentence_of(error), session) from error

    def what_if(self, reviewed: Reviewed) -> WithoutAccount:
        """The market without the account's orders, one at a time for all who ask."""
        return self._there(self._server.reviews.try_out(reviewed.what_if))

    def _there(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_PATIENCE_S)

    async def _open(self, session: str, account: str) -> Opened:
        server, principal = self._server, self._principal
        try:
            reviewed = await server.reviews.of(principal, session, account, self._address)
            accounts = await server.reviews.seats(principal, session)
        except ApiError as error:
            seats: list[tuple[str, str]] = []
            with suppress(WorkbenchError):
                seats = await server.reviews.seats(principal, session)
            raise instead(error, _why(error), session, account, seats) from error
        hub = server.hubs.get(session)
        permissions = (principal if hub is None else server.within(principal, session)).permissions
        return Opened(reviewed, tuple(accounts), Permission.RUN_SESSION in permissions)


def instead(
    error: ApiError, why: Why, session: str, account: str, seats: Sequence[tuple[str, str]]
) -> NoReviewError:
    """What is said in place of a day, with whose days there are to choose from.

    Who had no seat chooses first: to look at somebody's day is written down, so it must be meant.
    """
    if error.code == NO_SEAT and not account and seats:
        sentence = (
            f"You had no seat in session {session}. Choose a participant; that you looked is written "
            "into the audit log."
        )
        return NoReviewError("choose", sentence, session, tuple(seats))
    sentence = sentence_of(error) + (" Choose a participant." if seats else "")
    return NoReviewError(why, sentence, session, tuple(seats))


def sentence_of(error: WorkbenchError) -> str:
    """What an error says, as a sentence of a page."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"


def _why(error: WorkbenchError) -> Why:
    if not isinstance(error, ApiError):
        return "failed"
    return _WHY.get(error.code, "missing")
