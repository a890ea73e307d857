"""What an order would do if it were placed now."""

from __future__ import annotations

from typing import Any

import msgspec
from fastapi import APIRouter, Request
from starlette.responses import Response

from workbench.api.answers import Json, body_of
from workbench.api.auth import hot, permit, trader_of
from workbench.api.errors import failure_of
from workbench.api.hub import Hub
from workbench.api.native.model import failures
from workbench.api.native.order_models import PLACE_EXAMPLE
from workbench.api.native.orders import json_body
from workbench.api.native.preview_models import PreviewOut
from workbench.api.native.tickets import ticket_of
from workbench.api.words import SIDES, Scale, moment, money, word
from workbench.domain.frames import PlaceOrder
from workbench.errors import OrderRefused
from workbench.identity.roles import Permission
from workbench.session.live.previewing import Preview, Standing

router = APIRouter(prefix="/api/sessions/{name}/orders", tags=["orders"])

_place = msgspec.json.Decoder(PlaceOrder, strict=False)


@router.post(
    "/preview",
    summary="What would an order do?",
    responses={200: {"model": PreviewOut}, **failures(400, 401, 403, 404, 409, 422, 503)},
    openapi_extra=json_body(PlaceOrder, PLACE_EXAMPLE),
)
@hot
@permit(Permission.TRADE)
async def preview_order(request: Request) -> Response:
    """Try an order, or a bracket, OCO or OTO group, in a copy of the market; nothing is sent.

    It is checked by the rules that would check it, and fills against what the book shows: hidden parts of
    icebergs are left out. What placing it would refuse is answered as `refusal`, with the same sentence.
    """
    trader = await trader_of(request, request.path_params["name"])
    hub = trader.hub
    ticket = ticket_of(await body_of(request, _place))
    try:
        found = await hub.previews.preview(trader.account, ticket)
    except OrderRefused as refusal:
        row = senseless_row(hub, refusal, ticket.symbol, SIDES[ticket.side])
    else:
        row = preview_row(found, hub.scales[found.instrument])
    return Json(row, headers={"X-Sim-Time": row["time"]})


def preview_row(found: Preview, scale: Scale) -> dict[str, Any]:
    """A preview as the API tells it."""
    filled = found.filled_lots
    return {
        "accepted": found.refusal is None,
        "refusal": None if found.refusal is None else refusal_row(found.refusal),
        "symbol": scale.symbol,
        "side": SIDES[found.side],
        "state": word(found.state),
        "reason": word(found.reason),
        "quantity": scale.quantity(found.quantity_lots),
        "leaves": scale.quantity(found.leaves_lots),
        "limit_price": scale.maybe_price(found.price_ticks),
        "ahead": scale.quantity(found.ahead_lots) if found.ahead_lots >= 0 else None,
        "fill": {
            "quantity": scale.quantity(filled),
            "average_price": scale.price(found.filled_value / filled) if filled else None,
            "worst_price": scale.maybe_price(found.worst_ticks),
            "value": money(found.notional_micros),
        },
        "fees": money(found.fees_micros),
        "cost": money(found.cost_micros),
        "before": standing_row(found.before, scale),
        "after": standing_row(found.after, scale),
        "time": moment(found.time_ns),
    }


def senseless_row(hub: Hub, refusal: OrderRefused, symbol: str, side: str) -> dict[str, Any]:
    """The preview of what is no order that could be tried."""
    return {
        "accepted": False,
        "refusal": refusal_row(refusal),
        "symbol": symbol,
        "side": side,
        "state": "rejected",
        "reason": "none",
        "quantity": None,
        "leaves": 0.0,
        "limit_price": None,
        "ahead": None,
        "fill": {"quantity": 0.0, "average_price": None, "worst_price": None, "value": 0.0},
        "fees": 0.0,
        "cost": 0.0,
        "before": None,
        "after": None,
        "time": moment(hub.views.time_ns),
    }


def refusal_row(refusal: OrderRefused) -> dict[str, Any]:
    """A refusal as the body of its failure has it."""
    failure = failure_of(refusal)
    return {"code": failure.code, "message": str(failure), "details": failure.details}


def standing_row(standing: Standing, scale: Scale) -> dict[str, Any]:
    """An account at one moment."""
    return {
        "cash": money(standing.cash_micros),
        "equity": money(standing.equity_micros),
        "buying_power": money(standing.available_micros),
        "initial_margin": money(standing.initial_micros),
        "maintenance_margin": money(standing.maintenance_micros),
        "position": scale.quantity(standing.position_lots),
    }
