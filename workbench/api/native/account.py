"""One's own account: what it is worth, what it holds, its fills and its equity through the session."""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import permit, trader_of
from workbench.api.hub import Hub
from workbench.api.native.account_models import (
    AccountOut,
    CashListOut,
    ClosePosition,
    EquityOut,
    FillsOut,
    PositionsOut,
)
from workbench.api.native.model import MAX_SEQ, failures
from workbench.api.native.order_models import OrderOut
from workbench.api.native.orders import order_answer
from workbench.api.native.seen import seen_account
from workbench.api.words import SIDES, decimal_of, maybe_moment, moment, money, word
from workbench.domain.codes import FeeKind, LimitKind, Reason
from workbench.domain.config import FIRST_TRADER
from workbench.domain.limits import MONEY_LIMITS
from workbench.errors import ApiError
from workbench.identity.roles import Permission
from workbench.projections.live.account import LiveAccount

if TYPE_CHECKING:
    from workbench.engine.exchange import Exchange

router = APIRouter(prefix="/api/sessions/{name}", tags=["account"])

_Whose = Annotated[str, Query(max_length=100, description="Another's account, by its name")]


def limits_row(hub: Hub, account: LiveAccount) -> dict[str, Any]:
    """An account's limits as they are now."""
    start = hub.session.venue.accounts[account.number - FIRST_TRADER].limits
    row: dict[str, Any] = {}
    for kind in LimitKind:
        value = account.limits.get(kind)
        if value is None:
            value = start.value(kind)
        row[kind.name.lower()] = money(value) if kind in MONEY_LIMITS else value
    return row


def fee_rows(hub: Hub, account: LiveAccount) -> list[dict[str, Any]]:
    """What an account pays in each instrument now."""
    rows = []
    for scale in hub.scales:
        fees = hub.session.venue.instruments[scale.number].fees
        for kind in FeeKind:
            value = account.fees.get((scale.number, kind))
            if value is not None:
                fees = fees.changed(kind, value)
        named = {kind.name.lower(): float(getattr(fees, kind.name.lower())) for kind in FeeKind}
        rows.append({"symbol": scale.symbol, **named})
    return rows


async def account_row(hub: Hub, number: int) -> dict[str, Any]:
    """An account as the API tells it."""
    available, peak = await hub.session.ask(lambda exchange: _of_exchange(exchange, number))
    views = hub.views
    account, worth = views.accounts[number], views.worth(number)
    seat = hub.seat_in(number)
    funded = account.start_cash_micros + account.deposits_micros - account.withdrawals_micros
    return {
        "account": number,
        "name": account.name,
        "user": "" if seat is None else seat.name,
        "state": word(account.state),
        "suspended_for": word(account.suspended_reason),
        "cash": money(account.cash_micros),
        "equity": money(worth.equity_micros),
        "buying_power": money(max(0, available)),
        "start_cash": money(account.start_cash_micros),
        "day_equity": money(_day_equity(hub, account)),
        "peak_equity": money(peak) if peak else None,
        "pnl": money(worth.equity_micros - funded),
        "long_value": money(worth.long_value_micros),
        "short_value": money(worth.short_value_micros),
        "unrealised": money(worth.unrealised_micros),
        "realised": money(worth.realised_average_micros),
        "realised_fifo": money(worth.realised_fifo_micros),
        "fees": money(account.fees_micros),
        "deposits": money(account.deposits_micros),
        "withdrawals": money(account.withdrawals_micros),
        "initial_margin": money(worth.initial_margin_micros),
        "maintenance_margin": money(worth.maintenance_margin_micros),
        "margin_call": account.margin_call,
        "call_deadline": maybe_moment(account.call_deadline_ns),
        "open_orders": len(views.orders.open_of(number)),
        "limits": limits_row(hub, account),
        "fee_schedules": fee_rows(hub, account),
        "time": moment(views.time_ns),
        "seq": views.seq,
    }


def _of_exchange(exchange: Exchange, number: int) -> tuple[int, int]:
    """What an account has free for new orders, and its peak; 0 for a peak that nobody watches."""
    available = int(exchange.account_values()["available_micros"][number])
    accounts = exchange.accounts()
    return available, int(accounts["peak_equity_micros"][accounts["account"] == number][0])


def _day_equity(hub: Hub, account: LiveAccount) -> int:
    """What an account was worth when the day began; money from outside since then is no gain of the day."""
    since_ns = hub.views.day_ns
    outside = (Reason.DEPOSIT, Reason.WITHDRAWAL)
    return account.day_equity_micros + sum(
        change.amount_micros
        for change in account.cash_changes
        if change.time_ns >= since_ns and change.reason in outside
    )


def position_rows(hub: Hub, number: int) -> list[dict[str, Any]]:
    """Every position of an account, in the order of the instruments."""
    rows = []
    for instrument, position in sorted(hub.views.accounts[number].positions.items()):
        scale, market = hub.scales[instrument], hub.views.markets[instrument]
        lots, cost = position.position_lots, position.cost_micros
        value = market.position_value_micros(lots, cost)
        each = lots * market.value_numerator / market.value_denominator
        rows.append(
            {
                "symbol": scale.symbol,
                "quantity": scale.quantity(lots),
                "cost": money(cost),
                "average_price": scale.price(cost / each) if lots else None,
                "mark": scale.maybe_price(market.mark_ticks),
                "value": money(value),
                "unrealised": money(value - cost),
                "realised": money(position.realised_average_micros),
                "realised_fifo": money(position.realised_fifo_micros),
                "fees": money(position.fees_micros),
                "traded": scale.quantity(position.traded_lots),
                "updated": maybe_moment(position.updated_ns),
            }
        )
    return rows


@router.get(
    "/account", summary="An account", response_model=AccountOut, responses=failures(401, 403, 404, 409)
)
@permit(Permission.READ_OWN)
async def get_account(request: Request, name: str, account: _Whose = "") -> Response:
    """Cash, equity, margin and limits."""
    hub, number = await seen_account(request, name, account)
    return Json(await account_row(hub, number))


@router.get(
    "/positions", summary="Positions", response_model=PositionsOut, responses=failures(401, 403, 404, 409)
)
@permit(Permission.READ_OWN)
async def list_positions(request: Request, name: str, account: _Whose = "") -> Response:
    """What an account holds, at its marks."""
    hub, number = await seen_account(request, name, account)
    views = hub.views
    return Json({"positions": position_rows(hub, number), "time": moment(views.time_ns), "seq": views.seq})


@router.post(
    "/positions/{symbol}/close",
    summary="Close a position",
    status_code=201,
    response_model=OrderOut,
    responses=failures(400, 401, 403, 404, 409, 422, 503),
)
@permit(Permission.TRADE)
async def close_position(
    request: Request, name: str, symbol: str, how: Annotated[ClosePosition | None, Body()] = None
) -> Response:
    """Send the market order that closes a position, or part of it."""
    trader = await trader_of(request, name)
    trader.hub.scales.of(symbol)
    if how is not None and how.quantity and how.percentage:
        raise ApiError(422, "invalid", "give a quantity or a percentage, not both")
    quantity = decimal_of(how.quantity, "quantity") if how is not None and how.quantity else None
    percentage = decimal_of(how.percentage, "percentage") if how is not None and how.percentage else None
    placed = await trader.hub.gateway.close_position(trader.account, symbol, quantity, percentage)
    return order_answer(trader, placed.order, 201)


@router.get(
    "/fills", summary="Own fills", response_model=FillsOut, responses=failures(401, 403, 404, 409, 422)
)
@permit(Permission.READ_OWN)
async def list_fills(
    request: Request,
    name: str,
    account: _Whose = "",
    symbol: Annotated[str, Query(max_length=64, description="Of one instrument alone")] = "",
    before: Annotated[
        int, Query(ge=0, le=MAX_SEQ, description="Only fills with smaller seq: `next` of a page")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Fills on a page")] = 100,
) -> Response:
    """A page of fills, the newest first."""
    hub, number = await seen_account(request, name, account)
    wanted = hub.scales.of(symbol).number if symbol else None
    rows: list[dict[str, Any]] = []
    more = False
    fills = hub.views.accounts[number].fills
    newest = bisect_left(fills, before, key=attrgetter("seq")) if before else len(fills)
    for place in reversed(range(newest)):
        fill = fills[place]
        if wanted is not None and fill.instrument != wanted:
            continue
        if len(rows) == limit:
            more = True
            break
        scale = hub.scales[fill.instrument]
        busted = fill.trade_id in hub.views.busts
        rows.append(
            {
                "seq": fill.seq,
                "time": moment(fill.time_ns),
                "order": fill.order_id,
                "symbol": scale.symbol,
                "side": SIDES[fill.side],
                "price": scale.price(fill.price_ticks),
                "quantity": scale.quantity(fill.quantity_lots),
                "fee": money(fill.fee_micros),
                "trade": fill.trade_id,
                "maker": fill.maker,
                "leaves": scale.quantity(fill.leaves_lots),
                "position": scale.quantity(fill.position_lots),
                "busted": busted,
                "busted_reason": hub.session.bust_reason(fill.trade_id)[0] if busted else "",
            }
        )
    return Json({"fills": rows, "next": rows[-1]["seq"] if more else None})


@router.get(
    "/cash",
    summary="Cash other than trades'",
    response_model=CashListOut,
    responses=failures(401, 403, 404, 409),
)
@permit(Permission.READ_OWN)
async def list_cash(request: Request, name: str, account: _Whose = "") -> Response:
    """Deposits, withdrawals, fines, dividends, interest and the like."""
    hub, number = await seen_account(request, name, account)
    rows = [
        {
            "seq": change.seq,
            "time": moment(change.time_ns),
            "reason": word(change.reason),
            "symbol": hub.scales[change.instrument].symbol if change.position_lots else "",
            "amount": money(change.amount_micros),
            "cash": money(change.cash_micros),
            "text": hub.session.payment_reason(change.command_seq)[0],
        }
        for change in hub.views.accounts[number].cash_changes
    ]
    return Json({"changes": rows})


@router.get(
    "/equity", summary="Equity curve", response_model=EquityOut, responses=failures(401, 403, 404, 409, 422)
)
@permit(Permission.READ_OWN)
async def get_equity(
    request: Request,
    name: str,
    account: _Whose = "",
    points: Annotated[
        int, Query(ge=2, le=100_000, description="Most points; evenly thinned beyond")
    ] = 10_000,
) -> Response:
    """What an account was worth through the session, as columns."""
    hub, number = await seen_account(request, name, account)
    samples = hub.views.equity(number)
    if len(samples) > points:
        step = (len(samples) - 1) / (points - 1)
        samples = [samples[round(place * step)] for place in range(points)]
    return Json(
        {
            "time": [moment(sample.time_ns) for sample in samples],
            "equity": [money(sample.equity_micros) for sample in samples],
            "cash": [money(sample.cash_micros) for sample in samples],
        }
    )
