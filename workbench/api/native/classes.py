"""Classes, their members and rosters."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import address_of, permit, principal_of
from workbench.api.native.class_models import (
    AddMember,
    ClassesOut,
    ClassOut,
    JoinClass,
    MembersOut,
    NameClass,
    RosterOut,
)
from workbench.api.native.model import Done, failures
from workbench.api.native.user_rows import maybe
from workbench.api.server import server_of
from workbench.api.words import moment
from workbench.errors import ApiError
from workbench.identity.classes import Class
from workbench.identity.roles import Permission

router = APIRouter(prefix="/api/classes", tags=["classes"])

_ROSTER = "name,email,number\nann,ann@example.org,s123\n"
_CSV: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {"text/csv": {"schema": {"type": "string"}, "example": _ROSTER}},
    }
}


def class_row(found: Class, *, code: bool) -> dict[str, Any]:
    """A class as the API tells it."""
    return {
        "class_id": found.class_id,
        "name": found.name,
        "code": found.code if code else "",
        "created": moment(found.created_ns),
        "archived": found.archived,
        "members": found.members,
    }


async def _staff_of(request: Request, class_id: str) -> None:
    """Refuse who is no staff of a class; whoever may administer everything may see every class."""
    principal = principal_of(request)
    if Permission.ADMINISTER in principal.permissions:
        return
    members = await server_of(request).identity.classes.members(class_id)
    if not any(member.user_id == principal.user_id and member.staff for member in members):
        raise ApiError(403, "forbidden", "this class is not yours")


@router.get("", summary="Classes", response_model=ClassesOut, responses=failures(401, 403))
@permit(Permission.MANAGE_OWN)
async def list_classes(request: Request, all: bool = False, archived: bool = False) -> Response:  # noqa: A002 - the query's name
    """One's own classes; all of them for who may administer, when asked."""
    principal = principal_of(request)
    if all and Permission.ADMINISTER not in principal.permissions:
        raise ApiError(403, "forbidden", "this needs the permission administer: the list of all classes")
    code = Permission.MANAGE_CLASSES in principal.permissions
    found = await server_of(request).identity.classes.all(
        user_id="" if all else principal.user_id, archived=archived
    )
    return Json({"classes": [class_row(each, code=code) for each in found]})


@router.post(
    "",
    status_code=201,
    summary="Make a class",
    response_model=ClassOut,
    responses=failures(401, 403, 409, 422),
)
@permit(Permission.MANAGE_CLASSES)
async def create_class(request: Request, new: NameClass) -> Response:
    """Make a class with a join code; who makes it runs it."""
    found = await server_of(request).identity.classes.create(principal_of(request), new.name)
    return Json(class_row(found, code=True), 201)


@router.post(
    "/join", summary="Join by code", response_model=ClassOut, responses=failures(401, 403, 404, 409, 422)
)
@permit(Permission.MANAGE_OWN)
async def join_class(request: Request, by: JoinClass) -> Response:
    """Become a member of the class of a code; doing so twice changes nothing."""
    found = await server_of(request).identity.classes.join(
        principal_of(request), by.code, client=address_of(request)
    )
    return Json(class_row(found, code=False))


@router.patch(
    "/{class_id}", summary="Rename", response_model=ClassOut, responses=failures(401, 403, 404, 409, 422)
)
@permit(Permission.MANAGE_CLASSES)
async def rename_class(request: Request, class_id: str, new: NameClass) -> Response:
    """Call a class something else."""
    found = await server_of(request).identity.classes.rename(principal_of(request), class_id, new.name)
    return Json(class_row(found, code=True))


@router.delete("/{class_id}", summary="Archive", response_model=ClassOut, responses=failures(401, 403, 404))
@permit(Permission.MANAGE_CLASSES)
async def archive_class(request: Request, class_id: str) -> Response:
    """Put a class away; its members stay."""
    found = await server_of(request).identity.classes.archive(principal_of(request), class_id)
    return Json(class_row(found, code=True))


@router.post(
    "/{class_id}/code", summary="New code", response_model=ClassOut, responses=failures(401, 403, 404, 422)
)
@permit(Permission.MANAGE_CLASSES)
async def renew_code(request: Request, class_id: str) -> Response:
    """Give a class a new join code; the old one is void."""
    found = await server_of(request).identity.classes.renew_code(principal_of(request), class_id)
    return Json(class_row(found, code=True))


@router.delete(
    "/{class_id}/code", summary="No code", response_model=ClassOut, responses=failures(401, 403, 404, 422)
)
@permit(Permission.MANAGE_CLASSES)
async def close_code(request: Request, class_id: str) -> Response:
    """Let nobody join by a code any more."""
    found = await server_of(request).identity.classes.close_code(principal_of(request), class_id)
    return Json(class_row(found, code=True))


@router.get(
    "/{class_id}/members", summary="Members", response_model=MembersOut, responses=failures(401, 403, 404)
)
@permit(Permission.MANAGE_CLASSES)
async def list_members(request: Request, class_id: str) -> Response:
    """Everybody in a class that one runs."""
    await _staff_of(request, class_id)
    rows = [
        {
            "user_id": member.user_id,
            "name": member.name,
            "email": member.email,
            "role": str(member.role),
            "staff": member.staff,
            "number": member.number,
            "joined": moment(member.joined_ns),
            "last_login": maybe(member.login_ns),
        }
        for member in await server_of(request).identity.classes.members(class_id)
    ]
    return Json({"members": rows})


@router.post(
    "/{class_id}/members",
    summary="Add a member",
    response_model=Done,
    responses=failures(401, 403, 404, 409, 422),
)
@permit(Permission.MANAGE_CLASSES)
async def add_member(request: Request, class_id: str, who: AddMember) -> Response:
    """Make a user a member, or one of those who run the class."""
    await server_of(request).identity.classes.add(
        principal_of(request), class_id, who.user_id, staff=who.staff
    )
    return Json({"done": True})


@router.delete(
    "/{class_id}/members/{user_id}",
    summary="Remove one",
    response_model=Done,
    responses=failures(401, 403, 404, 409),
)
@permit(Permission.MANAGE_CLASSES)
async def remove_member(request: Request, class_id: str, user_id: str) -> Response:
    """Take a user out of a class."""
    await server_of(request).identity.classes.remove(principal_of(request), class_id, user_id)
    return Json({"done": True})


@router.post(
    "/{class_id}/roster",
    summary="Import a roster",
    response_model=RosterOut,
    responses=failures(401, 403, 404, 409, 413, 422),
    openapi_extra=_CSV,
)
@permit(Permission.MANAGE_CLASSES)
async def import_roster(request: Request, class_id: str) -> Response:
    """Make users and members of the lines of a CSV file: all of them, or none when a line is wrong."""
    imported = await server_of(request).identity.classes.import_roster(
        principal_of(request), class_id, await request.body()
    )
    rows = [
        {
            "line": one.line,
            "user_id": one.user_id,
            "name": one.name,
            "became": one.became,
            "password": one.password,
        }
        for one in imported
    ]
    return Json({"imported": rows}, headers={"Cache-Control": "no-store"})


@router.get(
    "/{class_id}/roster",
    summary="Export the roster",
    response_class=Response,
    responses={
        200: {"content": {"text/csv": {"example": _ROSTER}}, "description": "The members as CSV"},
        **failures(401, 403, 404),
    },
)
@permit(Permission.MANAGE_CLASSES, Permission.EXPORT)
async def export_roster(request: Request, class_id: str) -> Response:
    """The members as a CSV file, which can be imported again."""
    text = await server_of(request).identity.classes.export_roster(principal_of(request), class_id)
    return Response(
        text,
        media_type="text/csv; charset=utf-8",
        headers={"content-disposition": 'attachment; filename="roster.csv"'},
    )
