"""`/v2/positions`: what is held, and closing it."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from workbench.api.alpaca.desk import Seat, answer, desk_of
from workbench.api.alpaca.errors import AlpacaError, forbidden, invalid, malformed, not_found
from workbench.api.alpaca.orders import Order
from workbench.api.alpaca.positions import Position, held_lots, write_position
from workbench.api.alpaca.query import Query
from workbench.api.alpaca.refusals import quantities, refused
from workbench.api.alpaca.routes.documented import failing, gives, parameters
from workbench.api.auth import hot, permit
from workbench.errors import OrderRefused
from workbench.identity.roles import Permission
from workbench.projections.live.account import LivePosition
from workbench.projections.live.bars import Days

router = APIRouter(prefix="/v2/positions", tags=["alpaca: positions"], responses=failing(401, 403, 404, 422))
_WHOLE: Final = 100


def _written(seat: Seat, position: LivePosition) -> Position:
    views = seat.face.hub.views
    held = held_lots(views.orders.open_of(seat.account), position)
    market = views.markets[position.instrument]
    day_ns = Days(seat.face.hub.session.zone).start_ns(views.time_ns)
    return write_position(seat.face.names, seat.live, position, market, held, day_ns)


def _open(seat: Seat) -> list[LivePosition]:
    return [position for _, position in sorted(seat.live.positions.items()) if position.position_lots]


def _named(seat: Seat, given: str) -> LivePosition:
    number = seat.face.names.find(given) if given else None
    if number is None:
        number = seat.face.names.number(given)
    position = seat.live.positions.get(number)
    if position is None or not position.position_lots:
        raise not_found("position does not exist")
    return position


@router.get("", summary="Positions", openapi_extra=gives(Position, many=True))
@hot
@permit(Permission.READ_OWN)
async def list_positions(request: Request) -> Response:
    """Every open position at its mark."""
    seat = await desk_of(request).seat(request)
    return answer(seat.face, [_written(seat, position) for position in _open(seat)])


@router.get("/{symbol:path}", summary="A position", openapi_extra=gives(Position))
@hot
@permit(Permission.READ_OWN)
async def get_position(request: Request) -> Response:
    """The position in one asset, by symbol or id."""
    seat = await desk_of(request).seat(request)
    return answer(seat.face, _written(seat, _named(seat, request.path_params["symbol"])))


async def _close(
    seat: Seat,
    position: LivePosition,
    quantity: Decimal | None,
    percentage: Decimal | None,
    *,
    cancel_orders: bool = False,
) -> Order:
    symbol = seat.face.names.symbols[position.instrument]
    try:
        placed = await seat.face.hub.gateway.close_position(
            seat.account, symbol, quantity, percentage, cancel_orders=cancel_orders
        )
    except OrderRefused as error:
        raise await refused(error, seat, position.instrument) from None
    return seat.face.orders.order(placed.order)


@router.delete(
    "",
    status_code=207,
    summary="Close all positions",
    openapi_extra={
        **gives(status=207, many=True),
        "parameters": parameters(cancel_orders="bool: cancel all open orders first"),
    },
)
@hot
@permit(Permission.TRADE)
async def close_positions(request: Request) -> Response:
    """Send a market order for every position; shares held by open orders are a 403 item."""
    seat = await desk_of(request).seat(request)
    if Query(request.query_params).flag("cancel_orders"):
        await seat.face.hub.gateway.cancel_all(seat.account)
    items: list[dict[str, Any]] = []
    for position in _open(seat):
        symbol = seat.face.names.symbols[position.instrument]
        try:
            _check_free(seat, position, None)
            body: Any = await _close(seat, position, None, None)
            status, order_id = 200, body.id
        except AlpacaError as error:
            body, status, order_id = (
                {**error.body(), **quantities(seat, position.instrument)},
                error.status,
                None,
            )
            body["symbol"] = symbol
        items.append({"symbol": symbol, "status": status, "order_id": order_id, "body": body})
    return answer(seat.face, items, 207)


@router.delete(
    "/{symbol:path}",
    summary="Close a position",
    openapi_extra={
        **gives(Order),
        "parameters": parameters(qty="text: how much of it", percentage="text: how many percent of it"),
    },
)
@hot
@permit(Permission.TRADE)
async def close_position(request: Request) -> Response:
    """Send the market order that closes a position, or part of it."""
    seat = await desk_of(request).seat(request)
    query = Query(request.query_params)
    quantity, percentage = _number(query, "qty"), _number(query, "percentage")
    if quantity is not None and percentage is not None:
        raise invalid("only one of qty or percentage can be given")
    if percentage is not None and percentage > _WHOLE:
        raise invalid(f"percentage must be above 0 and at most 100, not {percentage}")
    position = _named(seat, request.path_params["symbol"])
    _check_free(seat, position, quantity)
    return answer(seat.face, await _close(seat, position, quantity, percentage))


def _check_free(seat: Seat, position: LivePosition, quantity: Decimal | None) -> None:
    """Refuse to close what open orders hold already."""
    number = position.instrument
    instrument = seat.face.names.scales[number].instrument
    lots = abs(position.position_lots)
    held = held_lots(seat.face.hub.views.orders.open_of(seat.account), position)
    free = instrument.quantity_from_lots(lots - held)
    wanted = instrument.quantity_from_lots(lots) if quantity is None else quantity
    if wanted > free:
        raise forbidden(
            f"insufficient qty available for order (requested: {wanted:f}, available: {free:f})",
            symbol=seat.face.names.symbols[number],
            **quantities(seat, number),
        )


def _number(query: Query, name: str) -> Decimal | None:
    given = query.text(name)
    if not given:
        return None
    try:
        number = Decimal(given)
    except InvalidOperation:
        raise malformed(f"{name} {given[:40]!r} is no number") from None
    if not (number.is_finite() and number > 0):
        raise invalid(f"{name} must be greater than 0, not {given[:40]}")
    return number
