"""What those who run the server ask it: is it alive, is it ready, and what does it count."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import public
from workbench.api.hub import Hub
from workbench.api.native.operation_models import AliveOut, ReadyOut
from workbench.api.server import server_of
from workbench.errors import WorkbenchError

router = APIRouter(tags=["operations"])

_TURN_SECONDS_MAX = 2.0
"""A session's thread that does not come to a question for so long does not step."""


@router.get("/health/live", summary="Is it alive?", response_model=AliveOut)
@public
async def live(request: Request) -> Response:  # noqa: ARG001 - every route takes the request
    """Answers as long as the event loop turns."""
    return Json({"status": "alive"})


@router.get(
    "/health/ready",
    summary="Is it ready?",
    response_model=ReadyOut,
    responses={
        503: {"model": ReadyOut, "description": "Not all of it is ready; `sessions` says what is not"}
    },
)
@public
async def ready(request: Request) -> Response:
    """Whether every session takes commands, steps, and has its views up to date."""
    server = server_of(request)
    hubs = list(server.hubs.values())
    found = await asyncio.gather(*(check(hub, server.settings.behind_seconds_max) for hub in hubs))
    problems = {name: f"cannot go on: {why}" for name, why in server.sessions.failures.items()}
    problems.update((hub.name, problem) for hub, problem in zip(hubs, found, strict=True))
    good = not server.stopping and not any(problems.values())
    row: dict[str, Any] = {
        "status": "ready" if good else "stopping" if server.stopping else "not ready",
        "sessions": {name: problem or "ready" for name, problem in problems.items()},
    }
    return Json(row, 200 if good else 503)


async def check(hub: Hub, behind_seconds_max: float) -> str:
    """What is wrong with a session; nothing when it is well."""
    failed = hub.session.status().failed
    if failed:
        return f"its journal takes nothing: {failed}"
    try:
        async with asyncio.timeout(_TURN_SECONDS_MAX):
            await hub.session.ask(lambda exchange: exchange is not None)
    except TimeoutError:
        return f"the exchange has not stepped for {_TURN_SECONDS_MAX:g} s"
    except WorkbenchError as error:
        return str(error)
    try:
        async with asyncio.timeout(behind_seconds_max):
            await hub.gateway.reached(hub.published_seq)
    except TimeoutError:
        return f"its views are {hub.behind:,} events behind"
    return ""


@router.get(
    "/metrics",
    summary="Metrics",
    response_class=Response,
    responses={
        200: {
            "content": {"text/plain": {"example": 'workbench_sessions{state="open"} 1.0\n'}},
            "description": "Prometheus' text format",
        }
    },
)
@public
async def metrics(request: Request) -> Response:
    """Everything that is counted, as Prometheus reads it."""
    return Response(server_of(request).metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
