"""The leaderboard: seen by the class unless it is hidden, with its details by those who teach."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import permit, principal_of
from workbench.api.boards import hidden_board
from workbench.api.native.acting import audit
from workbench.api.native.market import read_hub
from workbench.api.native.market_models import LeaderboardOut
from workbench.api.native.model import Done, failures
from workbench.api.native.session_models import Board
from workbench.api.standings import shown_at
from workbench.api.words import moment, money
from workbench.domain.limits import NS_PER_SECOND
from workbench.errors import ApiError
from workbench.identity.roles import Permission

router = APIRouter(prefix="/api/sessions/{name}", tags=["leaderboard"])


@router.get(
    "/leaderboard", summary="Leaderboard", response_model=LeaderboardOut, responses=failures(401, 403, 404)
)
@permit(Permission.READ_MARKET)
async def get_leaderboard(request: Request, name: str) -> Response:
    """Everybody who is seated, by profit; a delayed one shows students how it stood then."""
    hub = read_hub(request, name)
    teaching = Permission.READ_CLASS in principal_of(request).permissions
    hidden = hub.session.board_hidden
    if hidden and not teaching:
        raise hidden_board()
    as_of = None if teaching else shown_at(hub.session, hub.views.time_ns)
    rows: list[dict[str, Any]] = [
        {
            "rank": each.rank,
            "account": each.account,
            "name": each.user,
            "equity": money(each.equity_micros),
            "pnl": money(each.pnl_micros),
            "drawdown": each.drawdown,
            "breaches": each.breaches if teaching else None,
            "fills": each.fills if teaching else None,
            "open_orders": each.open_orders if teaching else None,
            "state": each.state if teaching else None,
        }
        for each in (hub.standings.table() if as_of is None else hub.standings.then(as_of))
    ]
    delay_ns = hub.session.board_delay_ns
    return Json(
        {
            "standings": rows,
            "hidden": hidden,
            "mode": "hidden" if hidden else "delayed" if delay_ns else "live",
            "delay_seconds": delay_ns / NS_PER_SECOND,
            "as_of": moment(hub.views.time_ns if as_of is None else as_of),
            "time": moment(hub.views.time_ns),
            "seq": hub.views.seq,
        }
    )


@router.put(
    "/leaderboard",
    summary="Hide or show it",
    response_model=Done,
    responses=failures(401, 403, 404, 409, 422, 503),
)
@permit(Permission.RUN_SESSION)
async def set_leaderboard(request: Request, name: str, board: Board) -> Response:
    """Say whether students see the leaderboard, and how late."""
    hub = read_hub(request, name)
    mode = board.mode or ("hidden" if board.hidden else "live")
    if (mode == "delayed") != (board.delay_seconds > 0):
        raise ApiError(
            422, "invalid", "a delayed leaderboard has delay_seconds above 0, and no other has any"
        )
    delay_ns = round(board.delay_seconds * NS_PER_SECOND)
    await hub.session.set_board(hidden=mode == "hidden", delay_ns=delay_ns)
    action = {"hidden": "hide", "delayed": "delay", "live": "show"}[mode]
    details = {"delay_seconds": board.delay_seconds} if delay_ns else {}
    await audit(request, f"leaderboard.{action}", f"session:{hub.name}", **details)
    return Json({"done": True})
