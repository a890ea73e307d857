"""Who may open a page: asked at the page, at its socket and at every other address below it alike."""

from __future__ import annotations

import time
from contextvars import ContextVar
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import jwt
from starlette.requests import HTTPConnection

from dashboards.serving.addresses import CONTROL, DESK, REPORTS, REVIEW
from workbench.api.auth import ACCESS_COOKIE, cookie_of, with_article
from workbench.errors import ApiError, AuthError
from workbench.identity.roles import ONE_TIME_PERMISSIONS, Permission

if TYPE_CHECKING:
    from starlette.types import Scope

    from workbench.api.server import Server
    from workbench.identity.principal import Principal

NEEDED = {
    DESK: Permission.READ_MARKET,
    CONTROL: Permission.RUN_SESSION,
    REVIEW: Permission.READ_MARKET,
    REPORTS: Permission.READ_OWN,
}
"""By page, the permission without which it is not shown. What it then shows is the API's to decide."""
visiting: ContextVar[tuple[Principal, str]] = ContextVar("visiting")
"""Who opens a page, and from which address, while its document is made."""
_LEFT_S = 30.0
_NAMES = {
    DESK: "the trading desk",
    CONTROL: "the control room",
    REVIEW: "the review",
    REPORTS: "the page of reports",
}


class SignedOutError(Exception):
    """Nobody is signed in, or no longer."""


def visitor(server: Server, scope: Scope, *, lasting: bool = False) -> Principal:
    """Who opens an address of a page, by the cookie of their log-in.

    With `lasting`, a token that is nearly over counts as over: the page's socket comes a moment later, and no
    cookie can be replaced there.

    Raises
    ------
    SignedOutError
        When there is none that holds.
    """
    token = cookie_of(HTTPConnection(scope), ACCESS_COOKIE)
    if not token:
        raise SignedOutError
    try:
        principal = server.identity.principal_of_token(token)
    except AuthError as error:
        if error.kind == "disabled":
            raise
        raise SignedOutError from None
    if lasting:
        # Whose signature holds was proven above.
        ends_s = jwt.decode(token, options={"verify_signature": False})["exp"]
        if ends_s - time.time() < min(_LEFT_S, server.identity.settings.access_s / 2):
            raise SignedOutError
    return principal


def require(principal: Principal, page: str) -> None:
    """Refuse somebody whom a page is not for.

    Raises
    ------
    ApiError
        403.
    """
    if NEEDED[page] not in principal.permissions:
        if principal.permissions == ONE_TIME_PERMISSIONS:
            raise ApiError(
                403, "forbidden", "your password was to be used once: change it first, then the page opens"
            )
        raise ApiError(
            403,
            "forbidden",
            f"{_NAMES[page]} is not for {with_article(principal.role)}: "
            f"it needs the permission {NEEDED[page]}",
        )


def require_origin(server: Server, scope: Scope) -> None:
    """Refuse a WebSocket that a page of another site opens, or one that does not say where it is from.

    Raises
    ------
    ApiError
        403.
    """
    headers = HTTPConnection(scope).headers
    origin, host = headers.get("origin", ""), headers.get("host", "")
    if not origin or (urlsplit(origin).netloc != host and origin not in server.settings.origins):
        raise ApiError(
            403, "foreign_origin", f"a page of {origin[:100] or 'nowhere'} may not open this socket"
        )


def home_of(principal: Principal) -> str:
    """The page that somebody is shown who names none."""
    return CONTROL if NEEDED[CONTROL] in principal.permissions else DESK
