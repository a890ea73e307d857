"""Running a session: its state and speed, halts, limits, money, news, export. All of it is audited."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Body, Request
from starlette.responses import Response, StreamingResponse

from workbench.api.answers import Json
from workbench.api.auth import permit, principal_of
from workbench.api.hub import Hub
from workbench.api.native.account import account_row
from workbench.api.native.account_models import AccountOut
from workbench.api.native.acting import act, audit, instruments_of, settled
from workbench.api.native.amounts import amount_micros, fee_value, limit_value
from workbench.api.native.market import instrument_row, news_row, read_hub
from workbench.api.native.market_models import InstrumentsOut, NewsOut
from workbench.api.native.model import Done, failures
from workbench.api.native.session_models import (
    Announce,
    Halt,
    Lift,
    Money,
    OfAccount,
    Resume,
    SessionOut,
    SetFee,
    SetLimit,
    Speed,
    Start,
    Suspend,
)
from workbench.api.native.sessions import session_row
from workbench.api.native.stored import classes_of, session_zip
from workbench.api.server import server_of
from workbench.api.words import account_of, code_of, moment, word
from workbench.domain.codes import FeeKind, LimitKind, Phase, SessionState
from workbench.domain.commands import (
    ALL,
    fine,
    kill_switch,
    mass_cancel,
    reinstate_account,
    schedule_phase,
    set_fee,
    set_limit,
    set_phase,
    suspend_account,
    transfer_cash,
)
from workbench.domain.records import Records
from workbench.errors import ApiError
from workbench.identity.roles import Permission
from workbench.journal.place import check_name

router = APIRouter(prefix="/api/sessions/{name}", tags=["control"])

_STATED = failures(401, 403, 404, 409, 422, 503)


async def _move(request: Request, name: str, state: SessionState, action: str, **how: Any) -> Response:
    hub = read_hub(request, name)
    await hub.session.move(state, **how)
    await audit(request, action, f"session:{hub.name}", **how)
    return Json(session_row(request, hub))


@router.post("/start", summary="Start", response_model=SessionOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def start_session(request: Request, name: str, how: Annotated[Start | None, Body()] = None) -> Response:
    """Open the market, or collect orders for an opening auction first."""
    pre_open = how is not None and how.to == "pre_open"
    state = SessionState.PRE_OPEN if pre_open else SessionState.OPEN
    return await _move(request, name, state, "session.pre_open" if pre_open else "session.open")


@router.post("/pause", summary="Pause", response_model=SessionOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def pause_session(request: Request, name: str) -> Response:
    """Stop the clock; orders can only be cancelled."""
    return await _move(request, name, SessionState.PAUSED, "session.pause")


@router.post("/resume", summary="Go on", response_model=SessionOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def resume_session(
    request: Request, name: str, how: Annotated[Resume | None, Body()] = None
) -> Response:
    """Go on after a pause, at once or by an auction."""
    by_auction = how is not None and how.by_auction
    return await _move(request, name, SessionState.OPEN, "session.resume", reopen_by_auction=by_auction)


@router.post("/close", summary="Close", response_model=SessionOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def close_session(request: Request, name: str) -> Response:
    """End trading for good."""
    return await _move(request, name, SessionState.CLOSED, "session.close")


@router.post("/debrief", summary="Debrief", response_model=SessionOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def debrief_session(request: Request, name: str) -> Response:
    """Show what happened; the session's tables are sealed and nothing is added any more."""
    return await _move(request, name, SessionState.DEBRIEF, "session.debrief")


@router.post("/speed", summary="Speed", response_model=SessionOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def set_speed(request: Request, name: str, how: Speed) -> Response:
    """Let exchange time run faster or slower."""
    hub = read_hub(request, name)
    await hub.session.set_speed(how.speed)
    await audit(request, "session.speed", f"session:{hub.name}", speed=how.speed)
    return Json(session_row(request, hub))


@router.post("/halt", summary="Halt instruments", response_model=InstrumentsOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def halt_instruments(
    request: Request, name: str, which: Annotated[Halt | None, Body()] = None
) -> Response:
    """Stop trading in some instruments, or in all; orders can only be cancelled."""
    hub = read_hub(request, name)
    symbols = [] if which is None else which.symbols
    await act(hub, [set_phase(0, Phase.HALTED, number) for number in instruments_of(hub, symbols)])
    await audit(request, "market.halt", f"session:{hub.name}", symbols=symbols)
    return _instruments(hub)


@router.post("/lift", summary="Lift halts", response_model=InstrumentsOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def lift_halts(request: Request, name: str, which: Annotated[Lift | None, Body()] = None) -> Response:
    """Let halted instruments trade again, at once or by a reopening auction of the scenario's length.

    Others stay as they are.
    """
    hub = read_hub(request, name)
    symbols = [] if which is None else which.symbols
    by_auction = which is not None and which.by_auction
    phase = Phase.REOPENING_AUCTION if by_auction else Phase.CONTINUOUS
    named = [hub.scales.of(symbol).number for symbol in symbols] or [scale.number for scale in hub.scales]
    halted = [number for number in named if hub.views.markets[number].halted]
    if not halted:
        raise ApiError(409, "not_halted", "none of these instruments is halted")
    commands = [set_phase(0, phase, number) for number in halted]
    if by_auction:
        # Nobody has to come back and end it: the auction ends by itself, as that after a pause does.
        end_ns = hub.session.status().time_ns + hub.session.auction_ns
        commands += [schedule_phase(0, Phase.CONTINUOUS, end_ns, number) for number in halted]
    await act(hub, commands)
    await audit(request, "market.lift", f"session:{hub.name}", symbols=symbols, by_auction=by_auction)
    return _instruments(hub)


def _instruments(hub: Hub) -> Response:
    rows = [instrument_row(hub, scale) for scale in hub.scales]
    return Json({"instruments": rows, "time": moment(hub.views.time_ns), "seq": hub.views.seq})


@router.post("/news", status_code=201, summary="Announce", response_model=NewsOut, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def post_news(request: Request, name: str, news: Announce) -> Response:
    """Tell everybody something, in order with the market."""
    hub, principal = read_hub(request, name), principal_of(request)
    for symbol in news.symbols:
        hub.scales.of(symbol)
    made = await hub.session.announce(
        news.headline, body=news.body, symbols=tuple(news.symbols), author=principal.name
    )
    await audit(request, "news", f"session:{hub.name}", number=made.number, headline=news.headline)
    return Json(news_row(made), 201)


@router.post("/limits", summary="Set a limit", response_model=Done, responses=_STATED)
@permit(Permission.SET_LIMITS)
async def post_limit(request: Request, name: str, new: SetLimit) -> Response:
    """Set a limit of one account, or of every trader."""
    hub = read_hub(request, name)
    kind = code_of(LimitKind, new.limit, "limit")
    account = account_of(hub.session.venue, new.account) if new.account else ALL
    value = limit_value(kind, new.value)
    await act(hub, [set_limit(0, account, kind, value)])
    await audit(
        request,
        "limit.set",
        f"session:{hub.name}",
        account=new.account or "all",
        limit=word(kind),
        value=new.value,
    )
    return Json({"done": True})


@router.post("/fees", summary="Set a fee", response_model=Done, responses=_STATED)
@permit(Permission.SET_LIMITS)
async def post_fee(request: Request, name: str, new: SetFee) -> Response:
    """Set a fee of one account, or of every trader, in one instrument or in all, from the next fill on."""
    hub = read_hub(request, name)
    kind = code_of(FeeKind, new.fee, "fee")
    account = account_of(hub.session.venue, new.account) if new.account else ALL
    instrument = hub.scales.of(new.symbol).number if new.symbol else ALL
    instruments = hub.session.venue.instruments
    meant = instruments if instrument == ALL else [instruments[instrument]]
    value = fee_value(kind, new.value, max(each.max_order_lots for each in meant))
    await act(hub, [set_fee(0, account, kind, value, instrument)])
    await audit(
        request,
        "fee.set",
        f"session:{hub.name}",
        account=new.account or "all",
        symbol=new.symbol or "all",
        fee=word(kind),
        value=new.value,
    )
    return Json({"done": True})


@router.post("/suspend", summary="Suspend an account", response_model=AccountOut, responses=_STATED)
@permit(Permission.SET_LIMITS)
async def suspend(request: Request, name: str, who: Suspend) -> Response:
    """Take no more orders of an account; its open ones are cancelled when asked."""
    hub = read_hub(request, name)
    account = account_of(hub.session.venue, who.account)
    await act(hub, [kill_switch(0, account) if who.cancel else suspend_account(0, account)])
    await audit(request, "account.suspend", f"session:{hub.name}", account=who.account, cancel=who.cancel)
    return Json(await account_row(hub, account))


@router.post("/reinstate", summary="Reinstate an account", response_model=AccountOut, responses=_STATED)
@permit(Permission.SET_LIMITS)
async def reinstate(request: Request, name: str, who: OfAccount) -> Response:
    """Take an account's orders again."""
    hub = read_hub(request, name)
    account = account_of(hub.session.venue, who.account)
    await act(hub, [reinstate_account(0, account)])
    await audit(request, "account.reinstate", f"session:{hub.name}", account=who.account)
    return Json(await account_row(hub, account))


@router.post("/kill", summary="Cancel an account's orders", response_model=Done, responses=_STATED)
@permit(Permission.RUN_SESSION)
async def cancel_for(request: Request, name: str, who: OfAccount) -> Response:
    """Cancel all open orders of one account, or of every trader."""
    hub = read_hub(request, name)
    if who.account:
        accounts = [account_of(hub.session.venue, who.account)]
    else:
        accounts = [number for number in hub.views.accounts if hub.views.orders.open_of(number)]
    if accounts:
        await act(hub, [mass_cancel(0, account) for account in accounts])
    await audit(request, "orders.cancel", f"session:{hub.name}", account=who.account or "all")
    return Json({"done": True})


@router.post("/transfer", summary="Deposit or withdraw", response_model=AccountOut, responses=_STATED)
@permit(Permission.SET_LIMITS)
async def transfer(request: Request, name: str, what: Money) -> Response:
    """Put money into an account, or take some out."""
    hub = read_hub(request, name)
    account = account_of(hub.session.venue, what.account)
    command = transfer_cash(0, account, amount_micros(what.amount, taken=False))
    return await _paid(request, hub, "account.transfer", command, what)


@router.post("/fine", summary="Fine", response_model=AccountOut, responses=_STATED)
@permit(Permission.SET_LIMITS)
async def post_fine(request: Request, name: str, what: Money) -> Response:
    """Move money from an account to the house."""
    hub = read_hub(request, name)
    account = account_of(hub.session.venue, what.account)
    command = fine(0, account, amount_micros(what.amount, taken=True))
    return await _paid(request, hub, "account.fine", command, what)


async def _paid(request: Request, hub: Hub, act_name: str, command: Records, what: Money) -> Response:
    """Have money moved, and answer with the account as it is then."""
    author = principal_of(request).name
    await settled(hub, await hub.session.pay(command, reason=what.reason, author=author))
    said = {"reason": what.reason} if what.reason else {}
    await audit(request, act_name, f"session:{hub.name}", account=what.account, amount=what.amount, **said)
    return Json(await account_row(hub, int(command["account"][0])))


@router.get(
    "/export",
    summary="All tables as a zip",
    response_class=StreamingResponse,
    responses={
        200: {
            "content": {"application/zip": {"example": "PK..."}},
            "description": "The session's Parquet files",
        },
        **failures(401, 403, 404, 422),
    },
)
@permit(Permission.EXPORT)
async def export_session(request: Request, name: str) -> Response:
    """Every table of a session, running or stored, as Parquet, with the manifest that proves it."""
    server = server_of(request)
    principal = principal_of(request)
    check_name(server.session_name(principal, name))
    if name not in server.hubs:
        # What does not run here is looked up where it is stored, for whose it is.
        classes = await asyncio.to_thread(classes_of, server.settings.data, name)
        if Permission.EXPORT not in server.access.within(principal, name, classes).permissions:
            raise server.access.not_run(principal, name, classes)
    pieces = await asyncio.to_thread(session_zip, server.settings.data, name)
    await audit(request, "session.export", f"session:{name}")
    return StreamingResponse(
        pieces,
        media_type="application/zip",
        headers={"content-disposition": f'attachment; filename="{name}.zip"'},
    )
