"""Signing up, logging in and out, and the tickets of WebSockets."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import (
    ACCESS_COOKIE,
    REFRESH_COOKIE,
    address_of,
    authenticate,
    cookie_of,
    permit,
    principal_of,
    public,
    refuse_foreign,
)
from workbench.api.native.login_models import (
    EndedOut,
    Login,
    MeOut,
    Refresh,
    SignUp,
    TicketOut,
    TokensOut,
    UserOut,
)
from workbench.api.native.model import Done, failures
from workbench.api.native.user_rows import user_row
from workbench.api.server import Server, server_of
from workbench.errors import ApiError, AuthError, WorkbenchError
from workbench.identity.families import Tokens
from workbench.identity.principal import Principal
from workbench.identity.roles import ONE_TIME_PERMISSIONS, Permission

router = APIRouter(prefix="/api/auth", tags=["login"])

_REFRESH_PATH = "/api/auth"
_TOLD_S = 60
"""So long all pages that a browser has open can be told why their log-in ended."""


def me_row(principal: Principal) -> dict[str, Any]:
    """Who somebody is, as the API tells it."""
    return {
        "user_id": principal.user_id,
        "name": principal.name,
        "role": str(principal.role),
        "permissions": sorted(str(permission) for permission in principal.permissions),
        "kind": principal.kind,
        "session": principal.session,
        "must_change_password": principal.permissions == ONE_TIME_PERMISSIONS,
    }


def _login_answer(server: Server, tokens: Tokens, *, cookies: bool) -> Response:
    row = {
        "access": "" if cookies else tokens.access,
        "refresh": "" if cookies else tokens.refresh,
        "token_type": "bearer",
        "expires_in": tokens.expires_in,
        "user": me_row(tokens.principal),
    }
    response = Json(row, headers={"Cache-Control": "no-store"})
    if cookies:
        set_cookies(server, response, tokens)
    return response


def set_cookies(server: Server, response: Response, tokens: Tokens) -> None:
    """Give a browser both tokens where scripts cannot read them."""
    # Longer than the log-in may last, so that who comes back can be told that its time was over.
    lasts_s = server.identity.settings.family_s
    _set_cookie(server, response, ACCESS_COOKIE, tokens.access, "/", tokens.expires_in)
    _set_cookie(server, response, REFRESH_COOKIE, tokens.refresh, _REFRESH_PATH, lasts_s)


def _set_cookie(server: Server, response: Response, name: str, value: str, path: str, lasts_s: int) -> None:
    response.set_cookie(
        name,
        value,
        max_age=lasts_s,
        path=path,
        secure=server.settings.secure,
        httponly=True,
        samesite="strict",
    )


def drop_cookies(server: Server, response: Response) -> None:
    """Take both tokens from a browser."""
    _set_cookie(server, response, ACCESS_COOKIE, "", "/", 0)
    _set_cookie(server, response, REFRESH_COOKIE, "", _REFRESH_PATH, 0)


def drop_ended(server: Server, response: Response, refresh: str) -> None:
    """Take the tokens of a log-in that has ended from a browser, whose other pages may still ask why."""
    _set_cookie(server, response, ACCESS_COOKIE, "", "/", 0)
    _set_cookie(server, response, REFRESH_COOKIE, refresh, _REFRESH_PATH, _TOLD_S)


def _check_origin(request: Request) -> None:
    headers = request.headers
    refuse_foreign(server_of(request), request.scope, headers.get("origin", ""), headers.get("host", ""))


@router.post(
    "/sign-up",
    status_code=201,
    summary="Sign up",
    response_model=UserOut,
    responses=failures(403, 409, 422, 503),
)
@public
async def sign_up(request: Request, new: SignUp) -> Response:
    """Make oneself a user, as far as the server lets people do that."""
    server, address = server_of(request), address_of(request)
    server.limits.spend_login(address)
    server.limits.spend_sign_up(address)
    try:
        user = await server.identity.sign_up(
            new.name, new.password, email=new.email, code=new.code, client=address
        )
    except WorkbenchError:
        server.limits.forgive_sign_up(address)
        raise
    return Json(user_row(user), 201)


@router.post("/login", summary="Log in", response_model=TokensOut, responses=failures(401, 403, 422, 503))
@public
async def login(request: Request, who: Login) -> Response:
    """Get an access token for some minutes and a refresh token for the next one."""
    server, address = server_of(request), address_of(request)
    server.limits.spend_login(address)
    if who.cookies:
        _check_origin(request)
    try:
        tokens = await server.identity.login(
            who.name,
            who.password,
            client=address,
            device=who.device or request.headers.get("user-agent", "")[:100],
        )
    except AuthError as error:
        server.metrics.login_failed(str(error.kind))
        raise
    return _login_answer(server, tokens, cookies=who.cookies)


@router.post(
    "/refresh", summary="Next tokens", response_model=TokensOut, responses=failures(401, 403, 422, 503)
)
@public
async def refresh(request: Request, with_: Annotated[Refresh | None, Body()] = None) -> Response:
    """Trade a refresh token, which is used up, for the next pair."""
    server = server_of(request)
    server.limits.spend_login(address_of(request))
    given = with_.refresh if with_ is not None else ""
    token = given or cookie_of(request, REFRESH_COOKIE)
    if not token:
        raise ApiError(401, "unauthorized", "there is no refresh token in the body or the cookie; log in")
    if not given:
        _check_origin(request)
    try:
        tokens = await server.identity.refresh(token)
    except AuthError as error:
        server.metrics.login_failed(str(error.kind))
        raise
    return _login_answer(server, tokens, cookies=not given)


@router.post("/logout", summary="Log out", response_model=Done, responses=failures(401, 403, 422))
@public
async def logout(request: Request, with_: Annotated[Refresh | None, Body()] = None) -> Response:
    """End the log-in of the refresh token, or else of the bearer token, given; doing so twice is fine."""
    server = server_of(request)
    given = with_.refresh if with_ is not None else ""
    if not given and not request.headers.get("authorization"):
        _check_origin(request)
        given = cookie_of(request, REFRESH_COOKIE)
    if given:
        await server.identity.logout(given)
    else:
        await _end_login_of_caller(request)
    response = Json({"done": True})
    drop_cookies(server, response)
    return response


async def _end_login_of_caller(request: Request) -> None:
    """End the log-in behind the access token of a request, which may have ended before."""
    server = server_of(request)
    try:
        principal = await authenticate(server, request.scope)
        if not principal.family:
            raise ApiError(
                422, "no_login", "an API key has no log-in to end; disable or revoke the key instead"
            )
        await server.identity.revoke_device(principal, principal.family)
    except AuthError as error:
        if error.kind not in ("revoked", "unknown"):
            raise


@router.post(
    "/logout-everywhere", summary="Log out everywhere", response_model=EndedOut, responses=failures(401, 403)
)
@permit(Permission.MANAGE_OWN)
async def logout_everywhere(request: Request) -> Response:
    """End all of one's logins, this one too; API keys go on."""
    server, principal = server_of(request), principal_of(request)
    ended = await server.identity.logout_everywhere(principal.user_id, by=principal)
    response = Json({"ended": ended})
    drop_cookies(server, response)
    return response


@router.get("/me", summary="Who am I", response_model=MeOut, responses=failures(401))
@permit()
async def me(request: Request) -> Response:
    """Name, role and permissions of who asks."""
    return Json(me_row(principal_of(request)))


@router.post(
    "/ticket", summary="Ticket for a WebSocket", response_model=TicketOut, responses=failures(401, 403)
)
@permit(Permission.READ_MARKET)
async def ticket(request: Request) -> Response:
    """A ticket that opens one WebSocket within the next seconds: browsers cannot send headers with those."""
    text = server_of(request).identity.ticket(principal_of(request))
    return Json({"ticket": text}, headers={"Cache-Control": "no-store"})
