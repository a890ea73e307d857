"""`/v2/orders`: placing, reading, replacing and cancelling orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from workbench.api.alpaca.desk import Seat, answer, desk_of, times_of
from workbench.api.alpaca.errors import forbidden, invalid, malformed, not_found
from workbench.api.alpaca.order_request import OrderRequest, ReplaceRequest, read_order, read_replace
from workbench.api.alpaca.orders import Order, was_taken
from workbench.api.alpaca.query import Query
from workbench.api.alpaca.refusals import refused
from workbench.api.alpaca.routes.documented import failing, gives, parameters, takes
from workbench.api.alpaca.stop_loss import check_stop_loss
from workbench.api.alpaca.tickets import changes_of, ticket_of
from workbench.api.alpaca.words import TIME_WORDS, TIMES_IN_FORCE
from workbench.api.auth import hot, permit
from workbench.domain.codes import Side
from workbench.errors import OrderRefused
from workbench.identity.roles import Permission
from workbench.session.live.client_ids import client_order_number

if TYPE_CHECKING:
    from workbench.projections.live.order import LiveOrder
    from workbench.session.live.tickets import Ticket

router = APIRouter(prefix="/v2", tags=["alpaca: orders"], responses=failing(401, 403, 404, 422))
_DEFAULT_LIMIT: Final = 50
_MOST_LIMIT: Final = 500
_MICRO_NS: Final = 1_000
"""Clients keep microseconds of our times, and send them back as bounds."""
_EXAMPLE: Final = {
    "symbol": "AAPL",
    "qty": "10",
    "side": "buy",
    "type": "limit",
    "limit_price": "99.5",
    "time_in_force": "day",
}


@router.post(
    "/orders", summary="Place an order", openapi_extra={**takes(OrderRequest, _EXAMPLE), **gives(Order)}
)
@hot
@permit(Permission.TRADE)
async def place_order(request: Request) -> Response:
    """Enter an order, or a bracket, OCO or OTO group. The answer comes when it is durable."""
    desk = desk_of(request)
    seat = await desk.seat(request)
    asked = read_order(await request.body())
    number = seat.face.names.number(asked.symbol)
    configuration = await desk.configurations.of(seat.face.hub.name, seat.user)
    if configuration.suspend_trade:
        raise forbidden("trading is suspended in the account's configuration")
    ticket = ticket_of(asked, seat.face.names.symbols[number])
    _check_name(seat, ticket.client_order_id)
    if configuration.no_shorting:
        _check_no_short(seat, number, ticket)
    if ticket.order_class == "oco":
        _check_exit(seat, number, ticket)
    check_stop_loss(ticket, seat.face.hub.views.markets[number], seat.face.names.scales[number])
    try:
        placed = await seat.face.hub.gateway.place(seat.account, ticket)
    except OrderRefused as error:
        raise await refused(error, seat, number) from None
    return answer(seat.face, seat.face.orders.order(placed.order, nested=True))


def _check_name(seat: Seat, name: str) -> None:
    """Refuse a name that an order has or had; one that was refused on entry never had it."""
    if not name:
        return
    order = seat.face.hub.views.orders.by_client(seat.account, client_order_number(name))
    if order is not None and was_taken(order):
        raise malformed(
            "client_order_id must be unique", existing_order_id=seat.face.names.order_id(order.order_id)
        )


def _check_exit(seat: Seat, number: int, ticket: Ticket) -> None:
    """Refuse an OCO of what is not held: both of its orders close a position."""
    position = seat.live.positions.get(number)
    held = position.position_lots if position is not None else 0
    scale = seat.face.names.scales[number]
    closes = held if ticket.side == Side.SELL else -held
    wanted = ticket.quantity
    if closes <= 0 or (wanted is not None and wanted > scale.instrument.quantity_from_lots(closes)):
        raise invalid(
            "oco orders must be exit orders: they close a position, and no more than there is of it",
            symbol=seat.face.names.symbols[number],
            existing_qty=scale.quantity_text(held),
        )


def _check_no_short(seat: Seat, number: int, ticket: Ticket) -> None:
    """Refuse a sale of more than is held and not offered already, where the account is long-only."""
    if ticket.side != Side.SELL:
        return
    views = seat.face.hub.views
    position = seat.live.positions.get(number)
    held = position.position_lots if position is not None else 0
    offered = sum(
        order.leaves_lots
        for order in views.orders.open_of(seat.account)
        if order.instrument == number and order.side == Side.SELL and order.group is None
    )
    scale = seat.face.names.scales[number]
    free = held - offered
    wanted = ticket.quantity
    if free <= 0 or (wanted is not None and wanted > scale.instrument.quantity_from_lots(free)):
        raise forbidden(
            "account is not allowed to short",
            symbol=seat.face.names.symbols[number],
            available=scale.quantity_text(max(0, free)),
            existing_qty=scale.quantity_text(held),
            held_for_orders=scale.quantity_text(offered),
        )


@router.get(
    "/orders",
    summary="List orders",
    openapi_extra={
        **gives(Order, many=True),
        "parameters": parameters(
            status="text: open, closed or all",
            limit="int: at most 500",
            after="text: submitted after this time",
            until="text: submitted before this time",
            direction="text: asc or desc",
            nested="bool: legs inside their parents alone",
            side="text: buy or sell",
            symbols="text: symbols, joined by commas",
            asset_class="text: us_equity or crypto",
            before_order_id="text: only orders that came before this one",
            after_order_id="text: only orders that came after this one",
        ),
    },
)
@hot
@permit(Permission.READ_OWN)
async def list_orders(request: Request) -> Response:
    """One's own orders, newest first."""
    seat = await desk_of(request).seat(request)
    query = Query(request.query_params)
    nested = query.flag("nested")
    found = _chosen(seat, query, nested=nested)
    write = seat.face.orders.order
    return answer(seat.face, [write(order, nested=nested) for order in found])


def _chosen(seat: Seat, query: Query, *, nested: bool) -> list[LiveOrder]:
    names = seat.face.names
    orders = seat.face.hub.views.orders
    status = query.choice("status", "open", "open", "closed", "all")
    descending = query.choice("direction", "desc", "asc", "desc") == "desc"
    limit = query.whole("limit", _DEFAULT_LIMIT, least=1, most=_MOST_LIMIT)
    low, high = query.moment("after"), query.moment("until")
    side = query.choice("side", "", "", "buy", "sell")
    wanted_side = {"": 0, "buy": Side.BUY, "sell": Side.SELL}[side]
    symbols = query.words("symbols")
    numbers = {names.find(symbol) for symbol in symbols}
    classes = set(query.words("asset_class"))
    first = _order_bound(seat, query.text("after_order_id"))
    last = _order_bound(seat, query.text("before_order_id"))
    source = orders.open_of(seat.account) if status == "open" and not nested else orders.of(seat.account)
    found: list[LiveOrder] = []
    for order in reversed(source) if descending else source:
        if (
            (status == "all" or _is_open(order, nested=nested) == (status == "open"))
            and (low is None or order.created_ns // _MICRO_NS > low // _MICRO_NS)
            and (high is None or order.created_ns // _MICRO_NS < high // _MICRO_NS)
            and (not wanted_side or order.side == wanted_side)
            and (not symbols or order.instrument in numbers)
            and (not classes or names.asset_classes[order.instrument] in classes)
            and (first is None or order.order_id > first)
            and (last is None or order.order_id < last)
            and not (nested and order.parent_order_id)
            and was_taken(order)
        ):
            found.append(order)
            if len(found) == limit:
                break
    return found


def _is_open(order: LiveOrder, *, nested: bool) -> bool:
    """Nested, a parent whose legs still work is open with them."""
    return order.is_open or (nested and any(leg.is_open for leg in order.legs))


def _order_bound(seat: Seat, given: str) -> int | None:
    return _order(seat, given).order_id if given else None


def _order(seat: Seat, given: str) -> LiveOrder:
    """One's own order by its id; 404 for another's as for none."""
    number = seat.face.names.order_number(given)
    order = seat.face.hub.views.orders.get(number) if number is not None else None
    if order is None or order.account != seat.account:
        raise not_found(f"order not found for {given[:80]}")
    return order


@router.get(
    "/orders:by_client_order_id",
    summary="An order by its name",
    openapi_extra={
        **gives(Order),
        "parameters": parameters(client_order_id="text: what its owner called it"),
    },
)
@hot
@permit(Permission.READ_OWN)
async def get_order_by_name(request: Request) -> Response:
    """The latest order that has this `client_order_id`."""
    seat = await desk_of(request).seat(request)
    query = Query(request.query_params)
    name = query.text("client_order_id")
    if not name:
        raise invalid("client_order_id is required")
    order = seat.face.hub.views.orders.by_client(seat.account, client_order_number(name))
    if order is None:
        # An order that came without a name is called by its id.
        number = seat.face.names.order_number(name)
        order = seat.face.hub.views.orders.get(number) if number is not None else None
    if order is None or order.account != seat.account or not was_taken(order):
        raise not_found(f"order not found for {name[:128]}")
    return answer(seat.face, seat.face.orders.order(order, nested=query.flag("nested", default=True)))


@router.get(
    "/orders/{order_id}",
    summary="An order",
    openapi_extra={**gives(Order), "parameters": parameters(nested="bool: with its legs")},
)
@hot
@permit(Permission.READ_OWN)
async def get_order(request: Request) -> Response:
    """One of one's own orders."""
    seat = await desk_of(request).seat(request)
    order = _order(seat, request.path_params["order_id"])
    nested = Query(request.query_params).flag("nested")
    return answer(seat.face, seat.face.orders.order(order, nested=nested))


@router.patch(
    "/orders/{order_id}",
    summary="Replace an order",
    openapi_extra={**takes(ReplaceRequest, {"qty": "5", "limit_price": "99.75"}), **gives(Order)},
)
@hot
@permit(Permission.TRADE)
async def replace_order(request: Request) -> Response:
    """Change an open order's terms. The answer is its successor, with an id of its own.

    `qty` is the total, of which what has been filled counts. The successor keeps its place in the queue when
    the price stays and the quantity does not rise.
    """
    desk = desk_of(request)
    seat = await desk.seat(request)
    asked = read_replace(await request.body())
    order = _order(seat, request.path_params["order_id"])
    if not order.is_open:
        raise invalid(f"order is {seat.face.orders.order(order).status} and cannot be replaced")
    if (await desk.configurations.of(seat.face.hub.name, seat.user)).suspend_trade:
        raise forbidden("trading is suspended in the account's configuration")
    _check_name(seat, asked.client_order_id or "")
    if asked.time_in_force is not None and TIMES_IN_FORCE[asked.time_in_force] != order.time_in_force:
        was = TIME_WORDS[order.time_in_force]  # type: ignore[index] # an IntEnum's key is its number
        raise invalid(
            f"time_in_force of an order stays {was} here: cancel the order and place one that is "
            f"{asked.time_in_force}"
        )
    session = seat.face.hub.session
    named = session.client_order_name(seat.account, order.client_order_id) is not None
    changes = changes_of(asked, named=named)
    try:
        placed = await seat.face.hub.gateway.replace(seat.account, order.order_id, changes)
    except OrderRefused as error:
        raise await refused(error, seat, order.instrument) from None
    return answer(seat.face, seat.face.orders.order(placed.order, nested=True))


@router.delete(
    "/orders", status_code=207, summary="Cancel all orders", openapi_extra=gives(status=207, many=True)
)
@hot
@permit(Permission.TRADE)
async def cancel_orders(request: Request) -> Response:
    """Cancel every open order; what became of each is told."""
    seat = await desk_of(request).seat(request)
    done = await seat.face.hub.gateway.cancel_all(seat.account)
    name = seat.face.names.order_id
    body = [
        {"id": name(order_id), "status": 500 if reason else 200, "body": None} for order_id, reason in done
    ]
    return answer(seat.face, body, 207)


@router.delete("/orders/{order_id}", status_code=204, summary="Cancel an order")
@hot
@permit(Permission.TRADE)
async def cancel_order(request: Request) -> Response:
    """Cancel what is open of an order; 422 for one that has ended."""
    seat = await desk_of(request).seat(request)
    order = _order(seat, request.path_params["order_id"])
    if not order.is_open:
        status = seat.face.orders.order(order).status
        raise invalid(f'order is already in "{status}" state', order_status=status)
    try:
        await seat.face.hub.gateway.cancel(seat.account, order.order_id)
    except OrderRefused as error:
        raise await refused(error, seat, order.instrument) from None
    return Response(status_code=204, headers=times_of(seat.face))
