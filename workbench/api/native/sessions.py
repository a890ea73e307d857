"""Sessions: which there are, making one, taking a seat."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import permit, principal_of
from workbench.api.hub import Hub
from workbench.api.native.acting import audit
from workbench.api.native.market import read_hub
from workbench.api.native.model import Done, failures, unknown
from workbench.api.native.scenario_check import check_scenario
from workbench.api.native.scenario_files import list_scenarios, read_scenario_file
from workbench.api.native.session_models import (
    CheckOut,
    CheckScenario,
    CreateSession,
    DraftOut,
    DraftsOut,
    ParticipantsOut,
    SaveDraft,
    ScenariosOut,
    SeatOut,
    SessionOut,
    SessionsOut,
)
from workbench.api.native.stored import stored_sessions
from workbench.api.server import server_of
from workbench.api.words import maybe_moment, moment, word
from workbench.errors import ApiError
from workbench.identity.roles import Permission
from workbench.journal.place import check_name

router = APIRouter(prefix="/api", tags=["sessions"])


def session_row(request: Request, hub: Hub) -> dict[str, Any]:
    """A session as the API tells it, with the seat of who asks."""
    principal, rolls = principal_of(request), server_of(request).identity.rolls
    session = hub.session
    status = session.status()
    seat = session.seat_of(principal.user_id)
    symbols = [scale.symbol for scale in hub.scales]
    return {
        "name": status.name,
        "identity": session.identity.hex(),
        "title": status.title,
        "state": word(status.state),
        "time": moment(status.time_ns),
        "speed": status.speed,
        "epoch": status.epoch,
        "zone": status.zone,
        "opens": maybe_moment(status.open_ns),
        "closes": maybe_moment(status.close_ns),
        "symbols": symbols,
        "phases": dict(zip(symbols, (word(phase) for phase in status.phases), strict=True)),
        "seats": status.seats,
        "seats_taken": status.seats_taken,
        "seat": None if seat is None else hub.account_name(seat.account),
        "commands": status.commands,
        "seq": hub.views.seq,
        "failed": status.failed,
        "classes": [{"class_id": class_id, "name": rolls.name_of(class_id)} for class_id in session.classes],
    }


@router.get("/sessions", summary="Sessions", response_model=SessionsOut, responses=failures(401, 403))
@permit(Permission.READ_MARKET)
async def list_sessions(request: Request) -> Response:
    """Sessions that run in this server, and those that are stored beside them."""
    server, principal = server_of(request), principal_of(request)
    running = [
        session_row(request, hub)
        for name, hub in sorted(server.hubs.items())
        if principal.session in ("", name) and server.sees(principal, name)
    ]
    stored = await asyncio.to_thread(
        stored_sessions,
        server.settings.data,
        frozenset(server.hubs),
        lambda classes: server.access.sees(principal, classes),
    )
    return Json({"sessions": running, "stored": stored if not principal.session else []})


@router.post(
    "/sessions",
    status_code=201,
    summary="Make a session",
    response_model=SessionOut,
    responses=failures(400, 401, 403, 404, 409, 422),
)
@permit(Permission.RUN_SESSION)
async def create_session(request: Request, new: CreateSession) -> Response:
    """Make a session from a scenario; people may join it at once, and it starts when told."""
    server = server_of(request)
    _one_source(new)
    check_name(new.name)
    classes = await _own_classes(request, new.classes)
    if new.name in server.hubs:
        raise ApiError(409, "exists", f"there is a session {new.name} already; choose another name")
    text, file = await _scenario_text(request, new)
    session = await server.sessions.create(
        new.name, text, overrides=new.overrides or None, classes=classes, file=file
    )
    hub = server.attach(session)
    await audit(request, "session.create", f"session:{new.name}", scenario=file, classes=list(classes))
    return Json(session_row(request, hub), 201)


def _one_source(asked: CreateSession | CheckScenario) -> None:
    if sum(bool(given) for given in (asked.scenario, asked.file, asked.draft)) != 1:
        raise ApiError(422, "invalid", "give exactly one of scenario, file and draft")


async def _scenario_text(request: Request, asked: CreateSession | CheckScenario) -> tuple[str, str]:
    """The text of the scenario that is meant, and what it is called in sentences."""
    if asked.file:
        folder = server_of(request).settings.scenarios
        return await asyncio.to_thread(read_scenario_file, folder, asked.file), asked.file
    if asked.draft:
        return await _draft_text(request, asked.draft), asked.draft
    return asked.scenario, "scenario"


async def _own_classes(request: Request, class_ids: list[str]) -> dict[str, str]:
    """What the classes that a new session is to be for are called, by their ids; one must run all of them.

    Raises
    ------
    AuthError
        404 for a class that there is not.
    ApiError
        403 for one of somebody else, 422 for one that was put away.
    """
    server, principal = server_of(request), principal_of(request)
    chosen = {}
    for class_id in dict.fromkeys(class_ids):
        found = await server.identity.classes.get(class_id)
        if not server.access.runs(principal, [class_id]):
            raise ApiError(
                403, "forbidden", f"the class {found.name} is not yours: its staff make its sessions"
            )
        if found.archived:
            raise ApiError(422, "invalid", f"the class {found.name} is archived; choose another one")
        chosen[class_id] = found.name
    return chosen


@router.get(
    "/sessions/{name}", summary="One session", response_model=SessionOut, responses=failures(401, 403, 404)
)
@permit(Permission.READ_MARKET)
async def get_session(request: Request, name: str) -> Response:
    """State, time, speed, phases and seats."""
    return Json(session_row(request, read_hub(request, name)))


@router.post(
    "/sessions/{name}/join",
    summary="Take a seat",
    response_model=SeatOut,
    responses=failures(401, 403, 404, 409),
)
@permit(Permission.JOIN_SESSION)
async def join_session(request: Request, name: str) -> Response:
    """Take a seat, which is an account to trade with; who has one gets the same again."""
    server, principal = server_of(request), principal_of(request)
    hub = server.hub(server.session_name(principal, name))
    seat = await server.join(principal, hub)
    return Json({"account": seat.account, "name": hub.account_name(seat.account), "user": seat.name})


@router.get(
    "/sessions/{name}/participants",
    summary="Who sits where",
    response_model=ParticipantsOut,
    responses=failures(401, 403, 404),
)
@permit(Permission.READ_CLASS)
async def list_participants(request: Request, name: str) -> Response:
    """Everybody with a seat, and whether they are connected."""
    server, hub = server_of(request), read_hub(request, name)
    principals = [socket.principal for socket in server.sockets if socket.principal is not None]
    connected = {principal.user_id for principal in principals}
    bots = {principal.user_id for principal in principals if principal.key_id}
    rows = [
        {
            "account": seat.account,
            "name": hub.account_name(seat.account),
            "user": seat.name,
            "user_id": seat.user,
            "connected": seat.user in connected,
            "bot": seat.user in bots,
        }
        for seat in hub.session.seats()
    ]
    return Json({"participants": rows})


@router.get("/scenarios", summary="Scenario files", response_model=ScenariosOut, responses=failures(401, 403))
@permit(Permission.RUN_SESSION)
async def get_scenarios(request: Request) -> Response:
    """The files that sessions can be made from."""
    rows = await asyncio.to_thread(list_scenarios, server_of(request).settings.scenarios)
    return Json({"scenarios": rows})


@router.post(
    "/scenarios/check",
    summary="Check a scenario",
    response_model=CheckOut,
    responses=failures(400, 401, 403, 404, 422),
)
@permit(Permission.RUN_SESSION)
async def check(request: Request, asked: CheckScenario) -> Response:
    """Say what a session of a scenario would be, and which of its settings are wrong; nothing is made."""
    _one_source(asked)
    text, file = await _scenario_text(request, asked)
    data = server_of(request).settings.data
    return Json(await asyncio.to_thread(check_scenario, text, file, asked.overrides, data))


@router.get("/drafts", summary="Drafts", response_model=DraftsOut, responses=failures(401, 403))
@permit(Permission.RUN_SESSION)
async def list_drafts(request: Request) -> Response:
    """Names of scenarios that are being written."""
    return Json({"drafts": sorted(await asyncio.to_thread(server_of(request).sessions.drafts))})


@router.put(
    "/drafts/{draft}", summary="Save a draft", response_model=Done, responses=failures(400, 401, 403, 422)
)
@permit(Permission.RUN_SESSION)
async def save_draft(request: Request, draft: str, text: Annotated[SaveDraft, Body()]) -> Response:
    """Keep the text of a scenario, finished or not."""
    check_name(draft)
    await asyncio.to_thread(server_of(request).sessions.save_draft, draft, text.scenario)
    return Json({"done": True})


@router.get(
    "/drafts/{draft}", summary="One draft", response_model=DraftOut, responses=failures(401, 403, 404, 422)
)
@permit(Permission.RUN_SESSION)
async def get_draft(request: Request, draft: str) -> Response:
    """A draft with its text."""
    return Json({"name": draft, "scenario": await _draft_text(request, draft)})


@router.delete(
    "/drafts/{draft}", summary="Delete a draft", response_model=Done, responses=failures(401, 403, 404, 422)
)
@permit(Permission.RUN_SESSION)
async def delete_draft(request: Request, draft: str) -> Response:
    """Throw a draft away."""
    await _draft_text(request, draft)
    await asyncio.to_thread(server_of(request).sessions.delete_draft, draft)
    return Json({"done": True})


async def _draft_text(request: Request, draft: str) -> str:
    check_name(draft)
    sessions = server_of(request).sessions
    drafts: dict[str, str] = await asyncio.to_thread(sessions.drafts)
    if draft not in drafts:
        raise unknown(f"no draft is called {draft}")
    return drafts[draft]
