"""Orders over REST. The routes that change them read and write bytes themselves: they are the hot ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from workbench.api.answers import Json, body_of
from workbench.api.auth import Trader, hot, permit, trader_of
from workbench.api.hub import Hub
from workbench.api.native.model import MAX_SEQ, failures
from workbench.api.native.order_models import (
    PLACE_EXAMPLE,
    REPLACE_EXAMPLE,
    CancelsOut,
    ExplanationOut,
    OrderOut,
    OrdersOut,
)
from workbench.api.native.order_rows import order_tree
from workbench.api.native.seen import seen_account
from workbench.api.native.tickets import Amend, changes_of, ticket_of
from workbench.api.numbers import Numbers
from workbench.api.words import moment
from workbench.domain.frames import PlaceOrder
from workbench.errors import ApiError
from workbench.identity.roles import Permission
from workbench.projections.live.order import LiveOrder
from workbench.session.live.client_ids import client_order_number

router = APIRouter(prefix="/api/sessions/{name}/orders", tags=["orders"])

_place = msgspec.json.Decoder(PlaceOrder, strict=False)
_numbers = Numbers(PlaceOrder, Amend)
_amend = msgspec.json.Decoder(Amend, strict=False)
_CLIENT = "client:"
_ID_DIGITS_MAX = 19


def json_body(struct: type[msgspec.Struct], sample: dict[str, Any]) -> dict[str, Any]:
    """The documentation of a body that a route reads itself."""
    _, components = msgspec.json.schema_components([struct], ref_template="#/components/schemas/{name}")
    schema = components[struct.__name__]
    return {
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": schema, "example": sample}},
        }
    }


def order_answer(trader: Trader, order: LiveOrder, status: int) -> Json:
    """An order as the answer to who placed or changed it."""
    hub = trader.hub
    row = order_tree(order, hub.views, hub.scales, hub.client_name)
    return Json(row, status, {"X-Sim-Time": moment(hub.views.time_ns)})


@router.post(
    "",
    status_code=201,
    summary="Place an order",
    responses={201: {"model": OrderOut}, **failures(400, 401, 403, 404, 409, 422, 503)},
    openapi_extra=json_body(PlaceOrder, PLACE_EXAMPLE),
)
@hot
@permit(Permission.TRADE)
async def place_order(request: Request) -> Response:
    """Enter an order, or a bracket, OCO or OTO group; the answer comes when it is durable."""
    trader = await trader_of(request, request.path_params["name"])
    asked = await body_of(request, _place)
    _numbers.check(await request.body())
    placed = await trader.hub.gateway.place(trader.account, ticket_of(asked))
    return order_answer(trader, placed.order, 201)


@router.patch(
    "/{order}",
    summary="Replace an order",
    responses={200: {"model": OrderOut}, **failures(400, 401, 403, 404, 409, 422, 503)},
    openapi_extra=json_body(Amend, REPLACE_EXAMPLE),
)
@hot
@permit(Permission.TRADE)
async def replace_order(request: Request) -> Response:
    """Change the terms of an open order; the answer is its successor, which has an id of its own."""
    trader = await trader_of(request, request.path_params["name"])
    asked = await body_of(request, _amend)
    _numbers.check(await request.body())
    order = named_order(trader, request.path_params["order"])
    placed = await trader.hub.gateway.replace(trader.account, order.order_id, changes_of(asked))
    return order_answer(trader, placed.order, 200)


@router.delete(
    "/{order}",
    summary="Cancel an order",
    responses={200: {"model": OrderOut}, **failures(401, 403, 404, 409, 422, 503)},
)
@hot
@permit(Permission.TRADE)
async def cancel_order(request: Request) -> Response:
    """Cancel what is open of an order; the answer is the order as it is after that."""
    trader = await trader_of(request, request.path_params["name"])
    order = named_order(trader, request.path_params["order"])
    canceled = await trader.hub.gateway.cancel(trader.account, order.order_id)
    return order_answer(trader, canceled, 200)


@router.delete(
    "",
    summary="Cancel all orders",
    responses={200: {"model": CancelsOut}, **failures(401, 403, 404, 409, 503)},
    openapi_extra={
        "parameters": [{"name": "symbol", "in": "query", "required": False, "schema": {"type": "string"}}]
    },
)
@hot
@permit(Permission.TRADE)
async def cancel_orders(request: Request) -> Response:
    """Cancel every open order, or those in one instrument; what became of each is told."""
    trader = await trader_of(request, request.path_params["name"])
    symbol = request.query_params.get("symbol")
    if symbol:
        trader.hub.scales.of(symbol)
    done = await trader.hub.gateway.cancel_all(trader.account, symbol or None)
    return Json(
        {
            "orders": [
                {"id": order_id, "reason": reason.name.lower() if reason else None}
                for order_id, reason in done
            ]
        },
        headers={"X-Sim-Time": moment(trader.hub.views.time_ns)},
    )


@router.get("", summary="List orders", response_model=OrdersOut, responses=failures(401, 403, 404, 409, 422))
@permit(Permission.READ_OWN)
async def list_orders(
    request: Request,
    name: str,
    state: Annotated[str, Query(pattern="^(open|closed|all)$", description="open, closed or all")] = "all",
    symbol: Annotated[str, Query(max_length=64, description="Of one instrument alone")] = "",
    side: Annotated[str, Query(pattern="^(buy|sell)?$", description="Of one side alone")] = "",
    account: Annotated[str, Query(max_length=100, description="Of another's account, by its name")] = "",
    before: Annotated[
        int, Query(ge=0, le=MAX_SEQ, description="Only orders with smaller ids: `next` of a page")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Orders on a page")] = 100,
) -> Response:
    """A page of one's orders, the newest first; who may read the class may read others'."""
    hub, number = await seen_account(request, name, account)
    wanted = hub.scales.of(symbol).number if symbol else None
    code = {"": 0, "buy": 1, "sell": 2}[side]
    views = hub.views
    source: Sequence[LiveOrder] = views.orders.open_of(number)
    if state != "open":
        source = views.orders.of(number).before(before) if before else views.orders.of(number)
    page: list[LiveOrder] = []
    more = False
    for order in reversed(source):
        if before and order.order_id >= before:
            continue
        if wanted is not None and order.instrument != wanted:
            continue
        if (code and order.side != code) or (state == "closed" and order.is_open):
            continue
        if len(page) == limit:
            more = True
            break
        page.append(order)
    rows = [order_tree(order, hub.views, hub.scales, hub.client_name) for order in page]
    return Json(
        {"orders": rows, "next": page[-1].order_id if more else None},
        headers={"X-Sim-Time": moment(hub.views.time_ns)},
    )


@router.get("/{order}", summary="One order", response_model=OrderOut, responses=failures(401, 403, 404, 409))
@permit(Permission.READ_OWN)
async def get_order(request: Request, name: str, order: str, account: str = "") -> Response:
    """An order by its id, or as `client:ID` by the id that its owner gave it."""
    hub, number = await seen_account(request, name, account)
    found = named_order(Trader(request.scope["workbench.principal"], hub, number), order)
    row = order_tree(found, hub.views, hub.scales, hub.client_name)
    return Json(row, headers={"X-Sim-Time": moment(hub.views.time_ns)})


@router.get(
    "/{order}/explanation",
    summary="Why did it not fill?",
    response_model=ExplanationOut,
    responses=failures(401, 403, 404, 409),
)
@permit(Permission.READ_OWN)
async def explain_order(request: Request, name: str, order: str, account: str = "") -> ExplanationOut:
    """The queue an order stood in, what traded through it, and which rule stopped it.

    Who the others were is told to those who may read the class.
    """
    hub, number = await seen_account(request, name, account)
    found = named_order(Trader(request.scope["workbench.principal"], hub, number), order)
    known = Permission.READ_CLASS in request.scope["workbench.principal"].permissions
    told = await hub.gateway.explain(found.order_id, anonymous=not known)
    scale = hub.scales[found.instrument]
    return ExplanationOut(
        id=found.order_id,
        ids=list(told.ids),
        state=told.state.name.lower(),
        reason=told.reason.name.lower(),
        filled=scale.quantity(told.filled_lots),
        open=scale.quantity(told.open_lots),
        text="\n".join([str(told), *_busts_of(hub, number, told.ids)]),
    )


def _busts_of(hub: Hub, account: int, orders: Collection[int]) -> list[str]:
    """What was undone of the fills of orders, one line for each trade, with the reason where there is one."""
    lines = []
    for bust in hub.views.busts.values():
        lots = sum(
            fill.quantity_lots for fill in hub.views.busted_fills(account, bust) if fill.order_id in orders
        )
        if not lots:
            continue
        reason, _ = hub.session.bust_reason(bust.trade_id)
        quantity = f"{hub.scales[bust.instrument].quantity(lots):g}"
        why = f": {reason}" if reason else ""
        lines.append(f"Busted: {quantity} in trade {bust.trade_id}, which count no more{why}")
    return lines


def named_order(trader: Trader, text: str) -> LiveOrder:
    """An order of an account by its number, or by `client:` and its owner's id.

    Raises
    ------
    ApiError
        404 when it has no such order.
    """
    orders = trader.hub.views.orders
    if text.startswith(_CLIENT):
        found = orders.by_client(trader.account, client_order_number(text.removeprefix(_CLIENT)))
    else:
        found = (
            orders.get(int(text))
            if text.isascii() and text.isdigit() and len(text) <= _ID_DIGITS_MAX
            else None
        )
    if found is None or found.account != trader.account:
        raise ApiError(404, "unknown_order", f"this account has no order {text[:80]!r}")
    return found
