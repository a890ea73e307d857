"""Users and the audit log, for those who teach and those who run the server."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import permit, principal_of
from workbench.api.native.login_models import (
    AuditOut,
    CreatedUserOut,
    CreateUser,
    EndedOut,
    KeysOut,
    OneTimeOut,
    SetRole,
    UserOut,
    UsersOut,
)
from workbench.api.native.model import MAX_SEQ, Done, failures
from workbench.api.native.user_rows import audit_row, key_row, user_row
from workbench.api.server import server_of
from workbench.api.words import time_of
from workbench.identity.roles import Permission, Role

router = APIRouter(prefix="/api", tags=["users"])


@router.get("/users", summary="Users", response_model=UsersOut, responses=failures(401, 403, 404, 422))
@permit(Permission.MANAGE_USERS)
async def list_users(
    request: Request,
    role: Annotated[str, Query(pattern="^(student|assistant|instructor|observer|admin)?$")] = "",
    search: Annotated[str, Query(max_length=100, description="Part of the name")] = "",
    after: Annotated[str, Query(max_length=36, description="`next` of a page")] = "",
    limit: Annotated[int, Query(ge=1, le=1000, description="Users on a page")] = 100,
) -> Response:
    """A page of users by name."""
    found = await server_of(request).identity.users(
        role=Role(role) if role else None, search=search, after=after, limit=limit
    )
    following = found[-1].user_id if len(found) == limit else None
    return Json({"users": [user_row(user) for user in found], "next": following})


@router.post(
    "/users",
    status_code=201,
    summary="Make a user",
    response_model=CreatedUserOut,
    responses=failures(401, 403, 409, 422),
)
@permit(Permission.ADMINISTER)
async def create_user(request: Request, new: CreateUser) -> Response:
    """Make a user of any role."""
    user, one_time = await server_of(request).identity.create_user(
        principal_of(request), new.name, role=Role(new.role), email=new.email, password=new.password
    )
    row = {"user": user_row(user), "one_time_password": one_time}
    return Json(row, 201, {"Cache-Control": "no-store"})


@router.get("/users/{user_id}", summary="One user", response_model=UserOut, responses=failures(401, 403, 404))
@permit(Permission.MANAGE_USERS)
async def get_user(request: Request, user_id: str) -> Response:
    """A user."""
    return Json(user_row(await server_of(request).identity.user(user_id)))


@router.put(
    "/users/{user_id}/role",
    summary="Set a role",
    response_model=UserOut,
    responses=failures(401, 403, 404, 409, 422),
)
@permit(Permission.ADMINISTER)
async def set_role(request: Request, user_id: str, new: SetRole) -> Response:
    """Make a user something else, at once; the last admin stays one."""
    identity = server_of(request).identity
    return Json(user_row(await identity.set_role(principal_of(request), user_id, Role(new.role))))


@router.post(
    "/users/{user_id}/disable",
    summary="Disable",
    response_model=UserOut,
    responses=failures(401, 403, 404, 409),
)
@permit(Permission.MANAGE_USERS)
async def disable_user(request: Request, user_id: str) -> Response:
    """Let a user in no more; what they have open ends."""
    return Json(user_row(await server_of(request).identity.disable(principal_of(request), user_id)))


@router.post(
    "/users/{user_id}/enable",
    summary="Enable",
    response_model=UserOut,
    responses=failures(401, 403, 404, 409),
)
@permit(Permission.MANAGE_USERS)
async def enable_user(request: Request, user_id: str) -> Response:
    """Let a user in again."""
    return Json(user_row(await server_of(request).identity.enable(principal_of(request), user_id)))


@router.delete(
    "/users/{user_id}", summary="Delete", response_model=Done, responses=failures(401, 403, 404, 409)
)
@permit(Permission.ADMINISTER)
async def delete_user(request: Request, user_id: str) -> Response:
    """Forget who a user was; sessions and the audit log keep an id that is nobody's."""
    await server_of(request).identity.delete(principal_of(request), user_id)
    return Json({"done": True})


@router.post(
    "/users/{user_id}/reset-password",
    summary="One-time password",
    response_model=OneTimeOut,
    responses=failures(401, 403, 404),
)
@permit(Permission.MANAGE_USERS)
async def reset_password(request: Request, user_id: str) -> Response:
    """Give a user a password to use once; their logins end."""
    text = await server_of(request).identity.reset_password(principal_of(request), user_id)
    return Json({"one_time_password": text}, headers={"Cache-Control": "no-store"})


@router.post(
    "/users/{user_id}/logout",
    summary="Log a user out",
    response_model=EndedOut,
    responses=failures(401, 403, 404),
)
@permit(Permission.MANAGE_USERS)
async def logout_user(request: Request, user_id: str) -> Response:
    """End all logins of a user."""
    ended = await server_of(request).identity.logout_everywhere(user_id, by=principal_of(request))
    return Json({"ended": ended})


@router.get(
    "/users/{user_id}/keys",
    summary="A user's keys",
    response_model=KeysOut,
    responses=failures(401, 403, 404),
)
@permit(Permission.ADMINISTER)
async def list_user_keys(request: Request, user_id: str) -> Response:
    """The keys of a user."""
    identity = server_of(request).identity
    await identity.user(user_id)
    return Json({"keys": [key_row(key) for key in await identity.keys(user_id)]})


@router.delete(
    "/users/{user_id}/keys/{key_id}",
    summary="Revoke one",
    response_model=Done,
    responses=failures(401, 403, 404),
)
@permit(Permission.MANAGE_USERS)
async def revoke_user_key(request: Request, user_id: str, key_id: str) -> Response:
    """Revoke a user's key."""
    identity = server_of(request).identity
    await identity.user(user_id)
    await identity.revoke_key(principal_of(request), key_id)
    return Json({"done": True})


@router.get("/audit", summary="Audit log", response_model=AuditOut, responses=failures(401, 403, 422))
@permit(Permission.READ_AUDIT)
async def read_audit(
    request: Request,
    action: Annotated[str, Query(max_length=100, description="An act, or what it begins with")] = "",
    actor: Annotated[str, Query(max_length=36, description="Id of who did it, or console")] = "",
    target: Annotated[str, Query(max_length=256, description="As in session:monday")] = "",
    since: Annotated[str, Query(max_length=40, description="From this time on")] = "",
    until: Annotated[str, Query(max_length=40, description="Before this time")] = "",
    before: Annotated[int, Query(ge=0, le=MAX_SEQ, description="`next` of a page")] = 0,
    limit: Annotated[int, Query(ge=1, le=500, description="Entries on a page")] = 100,
) -> Response:
    """Who did what, the newest first."""
    entries = await server_of(request).identity.audit_log(
        action=action,
        actor_id=actor,
        target=target,
        since_ns=time_of(since, "since") if since else None,
        until_ns=time_of(until, "until") if until else None,
        before_id=before or None,
        limit=limit,
    )
    following = entries[-1].entry_id if len(entries) == limit else None
    return Json({"entries": [audit_row(entry) for entry in entries], "next": following})
