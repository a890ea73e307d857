"""What a fill costs its order."""

from __future__ import annotations

from workbench.engine.reference.state import TwinState
from workbench.matching.reference import Order


def charge(twin: TwinState, order: Order, notional_micros: int, lots: int, *, maker: bool) -> int:
    """The fee of one side of a fill; an order with fees of its own keeps what it has paid."""
    fee = twin.ledger.fee(order.account, order.instrument, notional_micros, lots, maker=maker)
    terms = twin.ledger.terms_of(order.account, order.instrument)
    if order.is_street or not terms.has_order_fees:
        return fee
    order.raw_fee_micros += fee
    order.fee_notional_micros += notional_micros
    total = terms.order_total(order.raw_fee_micros, order.fee_notional_micros)
    fee = total - order.charged_micros
    order.charged_micros = total
    return fee
