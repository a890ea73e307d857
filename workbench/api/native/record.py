"""What those who run a session look things up in: every trade, which they may bust, and every alert."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest
from typing import Annotated, Any, Literal

import numpy as np
from fastapi import APIRouter, Body, Path, Query, Request
from starlette.responses import Response

from workbench.api.answers import Json
from workbench.api.auth import permit, principal_of
from workbench.api.hub import Hub
from workbench.api.native.acting import audit, settled
from workbench.api.native.market import read_hub
from workbench.api.native.model import MAX_SEQ, failures
from workbench.api.native.record_models import AlertsOut, TradeOut, TradesOut
from workbench.api.native.session_models import BustTrade
from workbench.api.words import SIDES, account_of, maybe_moment, moment, money, word
from workbench.domain.codes import STREET_ACCOUNT, EventKind, Phase
from workbench.domain.limits import MONEY_LIMITS
from workbench.domain.records import BUSTED, Records
from workbench.errors import ApiError
from workbench.identity.roles import Permission
from workbench.projections.live.account import Notice

router = APIRouter(prefix="/api/sessions/{name}", tags=["control"])

_STATED = failures(401, 403, 404, 409, 422, 503)
_MONEY = (
    EventKind.MARGIN_CALL,
    EventKind.MARGIN_CALL_MET,
    EventKind.LIQUIDATION,
    EventKind.ACCOUNT_SUSPENDED,
)
_ALERTS = {
    EventKind.MARGIN_CALL: "margin_call",
    EventKind.MARGIN_CALL_MET: "margin_call_met",
    EventKind.LIQUIDATION: "liquidation",
    EventKind.LIMIT_BREACHED: "limit_breached",
    EventKind.ACCOUNT_SUSPENDED: "suspended",
    EventKind.ACCOUNT_REINSTATED: "reinstated",
}
AlertKind = Literal[
    "margin_call",
    "margin_call_met",
    "liquidation",
    "limit_breached",
    "suspended",
    "reinstated",
    "halted",
    "paused",
    "lifted",
    "busted",
    "journal",
]


def trade_row(hub: Hub, instrument: int, trade: Any) -> dict[str, Any]:
    """A trade with both sides; agents and others without a seat go by the name of their account."""
    scale, trade_id = hub.scales[instrument], int(trade["trade_id"])
    taker, maker = int(trade["account"]), int(trade["maker_account"])
    side = int(trade["side"])
    buyer, seller = (taker, maker) if SIDES[side] != "sell" else (maker, taker)
    bust = hub.views.busts.get(trade_id)
    reason, author = hub.session.bust_reason(trade_id) if bust else ("", "")
    return {
        "trade": trade_id,
        "seq": int(trade["seq"]),
        "time": moment(int(trade["time_ns"])),
        "symbol": scale.symbol,
        "price": scale.price(int(trade["price_ticks"])),
        "quantity": scale.quantity(int(trade["quantity_lots"])),
        "aggressor": SIDES[side],
        "buyer": _called(hub, buyer),
        "seller": _called(hub, seller),
        "busted": bust is not None,
        "busted_at": None if bust is None else moment(bust.time_ns),
        "reason": reason,
        "by": author,
    }


def _called(hub: Hub, account: int) -> str:
    if account == STREET_ACCOUNT:
        return "street"
    seat = hub.seat_in(account)
    return hub.account_name(account) if seat is None else seat.name


def _latest(hub: Hub, instrument: int, account: int, before: int, count: int) -> Iterator[tuple[int, Any]]:
    """The latest trades of an instrument before a number, the newest first."""
    for column in (hub.views.trades(instrument), hub.views.own_trades(instrument)):
        rows: Records = column.rows
        if before:
            rows = rows[: np.searchsorted(rows["trade_id"], before)]
        if account >= 0:
            rows = rows[(rows["account"] == account) | (rows["maker_account"] == account)]
        for row in rows[-count:][::-1]:
            yield instrument, row


@router.get("/trades", summary="Every trade with both sides", response_model=TradesOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def list_trades(
    request: Request,
    name: str,
    symbol: Annotated[str, Query(max_length=64, description="Of one instrument alone")] = "",
    account: Annotated[str, Query(max_length=100, description="Of one account alone, by its name")] = "",
    before: Annotated[
        int, Query(ge=0, le=MAX_SEQ, description="Only trades with smaller numbers: `next` of a page")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Trades on a page")] = 100,
) -> Response:
    """A page of trades since the session's beginning, the newest first, those that were busted marked."""
    hub = read_hub(request, name)
    numbers = [hub.scales.of(symbol).number] if symbol else [scale.number for scale in hub.scales]
    whose = account_of(hub.session.venue, account) if account else -1
    found = nlargest(
        limit + 1,
        (one for number in numbers for one in _latest(hub, number, whose, before, limit + 1)),
        key=lambda one: int(one[1]["trade_id"]),
    )
    rows = [trade_row(hub, number, trade) for number, trade in found[:limit]]
    return Json({"trades": rows, "next": rows[-1]["trade"] if len(found) > limit else None})


@router.post("/trades/{trade}/bust", summary="Bust a trade", response_model=TradeOut, responses=_STATED)
@permit(Permission.SET_LIMITS)
async def bust_trade(
    request: Request,
    name: str,
    trade: Annotated[int, Path(ge=1, le=MAX_SEQ, description="The number of the trade")],
    why: Annotated[BustTrade | None, Body()] = None,
) -> Response:
    """Undo a trade: both sides' positions, cash, fees and profits become what they would be without it.

    Orders are not revived. Refused when the trade was busted before, or is older than what the exchange
    keeps.
    """
    hub, principal = read_hub(request, name), principal_of(request)
    if trade in hub.views.busts:
        raise ApiError(409, "already_busted", f"trade {trade} was busted before")
    reason = why.reason if why is not None else ""
    answer = await hub.session.bust(trade, reason=reason, author=principal.name)
    await settled(hub, answer)
    await audit(request, "trade.bust", f"session:{hub.name}", trade=trade, reason=reason)
    instrument = hub.views.busts[trade].instrument
    for column in (hub.views.trades(instrument), hub.views.own_trades(instrument)):
        found = column.find(trade)
        if found is not None and found["flags"] & BUSTED:
            return Json(trade_row(hub, instrument, found))
    raise ApiError(404, "unknown_trade", f"there is no trade {trade}")


def _notice_row(hub: Hub, account: int, notice: Notice) -> dict[str, Any]:
    in_money = notice.kind in _MONEY or notice.limit_kind in MONEY_LIMITS
    amount = money if in_money else float
    row = _alert(hub, notice.seq, notice.time_ns, _ALERTS[notice.kind], notice.instrument)
    row["account"] = hub.account_name(account)
    row["name"] = _called(hub, account)
    row["reason"] = word(notice.reason)
    row["value"] = amount(notice.value) if notice.value else None
    row["limit"] = amount(notice.limit) if notice.limit else None
    if notice.kind in (EventKind.MARGIN_CALL, EventKind.MARGIN_CALL_MET, EventKind.LIQUIDATION):
        row["equity"], row["requirement"] = money(notice.equity_micros), money(notice.requirement_micros)
        row["deadline"] = maybe_moment(notice.deadline_ns)
    return row


def _alert(hub: Hub, seq: int, time_ns: int, kind: AlertKind | str, instrument: int) -> dict[str, Any]:
    return {
        "seq": seq,
        "time": moment(time_ns),
        "kind": kind,
        "account": "",
        "name": "",
        "symbol": hub.scales[instrument].symbol if instrument >= 0 else "",
        "reason": "",
        "text": "",
        "value": None,
        "limit": None,
        "equity": None,
        "requirement": None,
        "deadline": None,
    }


def _alerts(hub: Hub) -> Iterator[dict[str, Any]]:
    """Every alert so far, in no order."""
    views, status = hub.views, hub.session.status()
    for number, account in views.accounts.items():
        for notice in account.notices:
            if notice.kind in _ALERTS:
                yield _notice_row(hub, number, notice)
    for halt in views.halts:
        kind = "halted" if halt.phase == Phase.HALTED else "lifted"
        if halt.phase == Phase.REOPENING_AUCTION and word(halt.reason) == "limit_up_down":
            kind = "paused"
        row = _alert(hub, halt.seq, halt.time_ns, kind, halt.instrument)
        row["reason"] = word(halt.reason)
        yield row
    for bust in views.busts.values():
        row = _alert(hub, bust.seq, bust.time_ns, "busted", bust.instrument)
        row["text"], row["name"] = hub.session.bust_reason(bust.trade_id)
        row["value"] = float(bust.trade_id)
        yield row
    if status.failed:
        row = _alert(hub, views.seq + 1, status.time_ns, "journal", -1)
        row["text"] = status.failed
        yield row


@router.get("/alerts", summary="Alerts", response_model=AlertsOut, responses=failures(401, 403, 404, 422))
@permit(Permission.RUN_SESSION)
async def list_alerts(
    request: Request,
    name: str,
    kind: Annotated[AlertKind | None, Query(description="Of one kind alone")] = None,
    before: Annotated[
        int, Query(ge=0, le=MAX_SEQ, description="Only alerts with smaller seq: `next` of a page")
    ] = 0,
    limit: Annotated[int, Query(ge=1, le=1000, description="Alerts on a page")] = 100,
) -> Response:
    """Margin calls, liquidations, breaches, suspensions, halts, busts and trouble with the journal.

    Since the session's beginning, the newest first.
    """
    hub = read_hub(request, name)
    wanted = (
        row
        for row in _alerts(hub)
        if (kind is None or row["kind"] == kind) and (not before or row["seq"] < before)
    )
    found = nlargest(limit + 1, wanted, key=lambda row: int(row["seq"]))
    rows = found[:limit]
    return Json({"alerts": rows, "next": rows[-1]["seq"] if len(found) > limit else None})
