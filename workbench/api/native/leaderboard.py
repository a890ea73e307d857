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
from workbench.api.words import moment, money
from workbench.identity.roles import Permission

router = APIRouter(prefix="/api/sessions/{name}", tags=["leaderboard"])


@router.get(
    "/leaderboard", summary="Leaderboard", response_model=LeaderboardOut, responses=failures(401, 403, 404)
)
@permit(Permission.READ_MARKET)
async def get_leaderboard(request: Request, name: str) -> Response:
    """Everybody who is seated, by profit."""
    hub = read_hub(request, name)
    teaching = Permission.READ_CLASS in principal_of(request).permissions
    hidden = hub.session.board_hidden
    if hidden and not teaching:
        raise hidden_board()
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
        for each in hub.standings.table()
    ]
    return Json(
        {"standings": rows, "hidden": hidden, "time": moment(hub.views.time_ns), "seq": hub.views.seq}
    )


@router.put(
    "/leaderboard",
    summary="Hide or show it",
    response_model=Done,
    responses=failures(401, 403, 404, 409, 422, 503),
)
@permit(Permission.RUN_SESSION)
async def set_leaderboard(request: Request, name: str, board: Board) -> Response:
    """Say whether students see the leaderboard."""
    hub = read_hub(request, name)
    await hub.session.hide_board(board.hidden)
    await audit(request, "leaderboard.hide" if board.hidden else "leaderboard.show", f"session:{hub.name}")
    return Json({"done": True})
