"""What a refused order is answered with, and the numbers that explain it."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from workbench.api.alpaca.amounts import money_text
from workbench.api.alpaca.errors import AlpacaError, invalid, not_found, of_reason
from workbench.api.alpaca.positions import held_lots
from workbench.domain.codes import Reason
from workbench.errors import OrderRefused
from workbench.session.live.phase_words import phase_text

if TYPE_CHECKING:
    from workbench.api.alpaca.desk import Seat
    from workbench.projections.live.account import LivePosition

_OF_QUANTITY = frozenset(
    {Reason.SHORT_SALE_NOT_PERMITTED, Reason.REDUCE_ONLY_WOULD_OPEN, Reason.POSITION_LIMIT}
)


async def refused(error: OrderRefused, seat: Seat, number: int) -> AlpacaError:
    """The answer to an order in an instrument that gateway or exchange refused."""
    if error.status == "unknown":
        return not_found(str(error))
    if not error.reason:
        return invalid(str(error))
    details: dict[str, Any] = {key: _plain(value) for key, value in error.details.items()}
    details["symbol"] = seat.face.names.symbols[number]
    if error.reason in _OF_QUANTITY:
        details.update(quantities(seat, number))
    if error.reason == Reason.INSUFFICIENT_BUYING_POWER:
        details["buying_power"] = money_text(await _available_micros(seat))
    reason = Reason(error.reason)
    failure = of_reason(reason, **details)
    said = _phase_text(error, reason, seat, number)
    if said:
        return AlpacaError(failure.status, failure.number, said, **failure.details)
    if error.status == "invalid":
        # The gateway knows the field and its value, which is more than the reason's sentence says.
        return AlpacaError(failure.status, failure.number, str(error), **failure.details)
    return failure


def _phase_text(error: OrderRefused, reason: Reason, seat: Seat, number: int) -> str:
    if error.order is None or error.status == "invalid":
        return ""
    views = seat.face.hub.views
    return phase_text(reason, views.session_state, views.markets[number].phase, error.order.time_in_force)


def _plain(value: Any) -> Any:
    """Numbers as clients read them here: decimals are strings."""
    return format(value, "f") if isinstance(value, Decimal) else value


def quantities(seat: Seat, number: int) -> dict[str, str]:
    """What an account holds of an instrument, what open orders hold of that, and what is left."""
    scale = seat.face.names.scales[number]
    position: LivePosition | None = seat.live.positions.get(number)
    if position is None:
        return {"available": "0", "existing_qty": "0", "held_for_orders": "0"}
    held = held_lots(seat.face.hub.views.orders.open_of(seat.account), position)
    lots = abs(position.position_lots)
    return {
        "available": scale.quantity_text(lots - held),
        "existing_qty": scale.quantity_text(lots),
        "held_for_orders": scale.quantity_text(held),
    }


async def _available_micros(seat: Seat) -> int:
    return int(
        await seat.face.hub.session.ask(
            lambda exchange: exchange.account_values()["available_micros"][seat.account]
        )
    )
