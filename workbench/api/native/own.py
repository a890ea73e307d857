"""What is one's own: profile, preferences, password, logins and API keys."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from msgspec.structs import asdict
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import permit, principal_of
from workbench.api.native.login_models import (
    ChangePassword,
    CreateKey,
    DevicesOut,
    KeysOut,
    NewKeyOut,
    PreferencesOut,
    ProfileOut,
)
from workbench.api.native.model import Done, failures
from workbench.api.native.user_rows import device_row, key_row
from workbench.api.server import server_of
from workbench.identity.roles import Permission

router = APIRouter(prefix="/api/me", tags=["own"])

_PROFILE_EXAMPLE: dict[str, Any] = {"full_name": "Ann Lee", "time_zone": "America/New_York"}
_PREFERENCES_EXAMPLE: dict[str, Any] = {"theme": "light", "default_quantity": 200}


@router.get("/profile", summary="Profile", response_model=ProfileOut, responses=failures(401, 403))
@permit(Permission.MANAGE_OWN)
async def get_profile(request: Request) -> Response:
    """What others may see."""
    return Json(asdict(await server_of(request).identity.profile(principal_of(request).user_id)))


@router.patch("/profile", summary="Change it", response_model=ProfileOut, responses=failures(401, 403, 422))
@permit(Permission.MANAGE_OWN)
async def set_profile(
    request: Request, changes: Annotated[dict[str, Any], Body(examples=[_PROFILE_EXAMPLE])]
) -> Response:
    """Change some fields; the others stay."""
    identity = server_of(request).identity
    return Json(asdict(await identity.set_profile(principal_of(request).user_id, changes)))


@router.get(
    "/preferences", summary="Preferences", response_model=PreferencesOut, responses=failures(401, 403)
)
@permit(Permission.MANAGE_OWN)
async def get_preferences(request: Request) -> Response:
    """How the pages shall be."""
    return Json(asdict(await server_of(request).identity.preferences(principal_of(request).user_id)))


@router.patch(
    "/preferences", summary="Change them", response_model=PreferencesOut, responses=failures(401, 403, 422)
)
@permit(Permission.MANAGE_OWN)
async def set_preferences(
    request: Request, changes: Annotated[dict[str, Any], Body(examples=[_PREFERENCES_EXAMPLE])]
) -> Response:
    """Change some of them; the others stay."""
    identity = server_of(request).identity
    return Json(asdict(await identity.set_preferences(principal_of(request).user_id, changes)))


@router.post(
    "/password", summary="Change the password", response_model=Done, responses=failures(401, 403, 422, 503)
)
@permit(Permission.CHANGE_PASSWORD)
async def change_password(request: Request, passwords: ChangePassword) -> Response:
    """Change one's password; all other logins end, API keys go on."""
    await server_of(request).identity.change_password(principal_of(request), passwords.old, passwords.new)
    return Json({"done": True})


@router.get("/devices", summary="Logins", response_model=DevicesOut, responses=failures(401, 403))
@permit(Permission.MANAGE_OWN)
async def list_devices(request: Request) -> Response:
    """Where one is logged in."""
    principal = principal_of(request)
    devices = await server_of(request).identity.devices(principal.user_id)
    return Json({"devices": [device_row(device, principal.family) for device in devices]})


@router.delete(
    "/devices/{login}", summary="End a login", response_model=Done, responses=failures(401, 403, 404)
)
@permit(Permission.MANAGE_OWN)
async def end_device(request: Request, login: str) -> Response:
    """End one of one's logins."""
    await server_of(request).identity.revoke_device(principal_of(request), login)
    return Json({"done": True})


@router.get("/keys", summary="API keys", response_model=KeysOut, responses=failures(401, 403))
@permit(Permission.MANAGE_OWN_KEYS)
async def list_keys(request: Request) -> Response:
    """One's keys, the newest first; secrets are shown once, when a key is made."""
    keys = await server_of(request).identity.keys(principal_of(request).user_id)
    return Json({"keys": [key_row(key) for key in keys]})


@router.post(
    "/keys",
    status_code=201,
    summary="Make a key",
    response_model=NewKeyOut,
    responses=failures(401, 403, 404, 409, 422),
)
@permit(Permission.MANAGE_OWN_KEYS)
async def create_key(request: Request, new: CreateKey) -> Response:
    """Make a key for a bot."""
    server, principal = server_of(request), principal_of(request)
    if new.session:
        server.hub(server.session_name(principal, new.session))
    key = await server.identity.create_key(
        principal.user_id,
        session=new.session,
        scopes=new.scopes,
        expires=new.expires,
        label=new.label,
        by=principal,
    )
    return Json({"key_id": key.key_id, "secret": key.secret}, 201, {"Cache-Control": "no-store"})


@router.delete(
    "/keys/{key_id}", summary="Revoke a key", response_model=Done, responses=failures(401, 403, 404)
)
@permit(Permission.MANAGE_OWN_KEYS)
async def revoke_key(request: Request, key_id: str) -> Response:
    """Make a key good for nothing, at once, and end what it has open."""
    await server_of(request).identity.revoke_key(principal_of(request), key_id)
    return Json({"done": True})
