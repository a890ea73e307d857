"""`/v2/account`: the account, its configuration, its history and its activities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from workbench.api.alpaca.account import TradeAccount, write_account
from workbench.api.alpaca.activities import ActivityWriter, all_activities, day_bounds_ns, position_of
from workbench.api.alpaca.configuration import Configuration, read_changes
from workbench.api.alpaca.desk import Seat, answer, desk_of
from workbench.api.alpaca.errors import invalid
from workbench.api.alpaca.moments import day_of
from workbench.api.alpaca.portfolio import DAY_NS, frame_for, period_ns, write_history
from workbench.api.alpaca.query import Query
from workbench.api.alpaca.routes.documented import failing, gives, parameters, takes
from workbench.api.auth import hot, permit, principal_of
from workbench.domain.config import FIRST_TRADER
from workbench.identity.roles import Permission
from workbench.projections.live.bars import Days

if TYPE_CHECKING:
    from workbench.engine.exchange import Exchange

router = APIRouter(prefix="/v2/account", tags=["alpaca: account"], responses=failing(401, 403, 404, 422))
_MOST_ACTIVITIES: Final = 100
_LAST_SEQ: Final = (1 << 62) - 1


@router.get("", summary="Account", openapi_extra=gives(TradeAccount))
@hot
@permit(Permission.READ_OWN)
async def get_account(request: Request) -> Response:
    """Cash, equity and buying power of one's own account."""
    desk = desk_of(request)
    seat = await desk.seat(request)
    hub = seat.face.hub
    available = await hub.session.ask(lambda exchange: _available(exchange, seat.account))
    configuration = await desk.configurations.of(hub.name, seat.user)
    settings = hub.session.venue.accounts[seat.account - FIRST_TRADER]
    worth = hub.views.worth(seat.account)
    body = write_account(
        seat.face.names,
        seat.live,
        settings,
        worth,
        available,
        configuration,
        seq=hub.views.seq,
        time_ns=hub.views.time_ns,
    )
    return answer(seat.face, body)


def _available(exchange: Exchange, account: int) -> int:
    return int(exchange.account_values()["available_micros"][account])


@router.get("/configurations", summary="Configuration", openapi_extra=gives(Configuration))
@hot
@permit(Permission.READ_OWN)
async def get_configuration(request: Request) -> Response:
    """What counts for the account: own settings, and over them the instructor's locks."""
    desk = desk_of(request)
    seat = await desk.seat(request)
    return answer(seat.face, await desk.configurations.of(seat.face.hub.name, seat.user))


@router.patch(
    "/configurations",
    summary="Change the configuration",
    openapi_extra={**takes(Configuration, {"no_shorting": True}), **gives(Configuration)},
)
@hot
@permit(Permission.TRADE)
async def change_configuration(request: Request) -> Response:
    """Set fields; nulls stay as they are, and a field that the instructor locked is refused."""
    desk = desk_of(request)
    seat = await desk.seat(request)
    changes = read_changes(await request.body())
    return answer(seat.face, await desk.configurations.change(seat.face.hub.name, seat.user, changes))


@router.put(
    "/configurations/locks",
    summary="Lock configurations",
    openapi_extra={
        **takes(Configuration, {"suspend_trade": True}),
        "parameters": parameters(user="text: id of the user; everybody when it is left out"),
    },
)
@hot
@permit(Permission.SET_LIMITS)
async def lock_configuration(request: Request) -> Response:
    """Lock fields of one user's configuration, or of everybody's, in this session; an empty body lifts it."""
    desk = desk_of(request)
    face = desk.face(request)
    desk.server.require_in(principal_of(request), face.hub, Permission.SET_LIMITS)
    fields = read_changes(await request.body() or b"{}")
    user = request.query_params.get("user", "")
    return answer(face, await desk.configurations.lock(face.hub.name, user, fields))


@router.get(
    "/portfolio/history",
    summary="Equity through the session",
    openapi_extra={
        **gives(),
        "parameters": parameters(
            period="text: such as 1D, 1W, 1M, 1A",
            timeframe="text: 1Min, 5Min, 15Min, 1H or 1D",
            start="text: RFC 3339",
            end="text: RFC 3339",
            date_end="text: YYYY-MM-DD",
            extended_hours="bool: taken, and without effect",
        ),
    },
)
@hot
@permit(Permission.READ_OWN)
async def get_portfolio_history(request: Request) -> Response:
    """Equity at the end of each interval, from the session's beginning on."""
    seat = await desk_of(request).seat(request)
    query = Query(request.query_params)
    hub = seat.face.hub
    now_ns = hub.views.time_ns
    start, end = query.moment("start"), query.moment("end")
    if query.text("date_end"):
        end = day_bounds_ns(day_of(query.text("date_end"), "date_end"), hub.session.zone)[1] - 1
    query.flag("extended_hours")
    end_ns = now_ns if end is None else end
    if start is None:
        start = end_ns - period_ns(query.text("period", "1M"))
    elif query.text("period") and end is None:
        end_ns = start + period_ns(query.text("period"))
    if start > end_ns:
        raise invalid("end should not be before start")
    frame, word = frame_for(query.text("timeframe"), end_ns - start)
    samples = hub.views.equity(seat.account)
    first = samples[0].time_ns if samples else now_ns
    body = write_history(
        samples,
        seat.live.start_cash_micros,
        hub.views.worth(seat.account).equity_micros,
        Days(hub.session.zone),
        frame,
        word=word,
        session_ns=max(min(hub.session.open_ns or first, first), now_ns - 3_660 * DAY_NS),
        start_ns=start,
        end_ns=end_ns,
        now_ns=now_ns,
    )
    return answer(seat.face, body)


_ACTIVITIES: Final = parameters(
    activity_types="text: kinds, joined by commas",
    date="text: of one day, YYYY-MM-DD",
    after="text: RFC 3339 or a day",
    until="text: RFC 3339 or a day",
    direction="text: asc or desc",
    page_size="int: at most 100",
    since_seq="int: of events after this one",
    page_token="text: id of the last activity of the page before",  # noqa: S106 - the name of a parameter
)


@router.get(
    "/activities", summary="Activities", openapi_extra={**gives(many=True), "parameters": _ACTIVITIES}
)
@hot
@permit(Permission.READ_OWN)
async def get_activities(request: Request) -> Response:
    """Fills, fees, interest, dividends and grants, newest first."""
    seat = await desk_of(request).seat(request)
    query = Query(request.query_params)
    kinds = {word.upper() for word in query.words("activity_types")}
    category = query.text("category").lower()
    if category and category not in ("trade_activity", "non_trade_activity"):
        raise invalid(f"category {category!r} is unknown: expected trade_activity or non_trade_activity")
    return answer(seat.face, _activities(seat, query, kinds, category))


@router.get(
    "/activities/{activity_type}",
    summary="Activities of one kind",
    openapi_extra={**gives(many=True), "parameters": _ACTIVITIES[1:]},
)
@hot
@permit(Permission.READ_OWN)
async def get_activities_of(request: Request) -> Response:
    """The same of one kind."""
    seat = await desk_of(request).seat(request)
    kinds = {word.strip().upper() for word in request.path_params["activity_type"].split(",")}
    return answer(seat.face, _activities(seat, Query(request.query_params), kinds, ""))


def _activities(seat: Seat, query: Query, kinds: set[str], category: str) -> list[dict[str, Any]]:
    hub = seat.face.hub
    descending = query.choice("direction", "desc", "asc", "desc") == "desc"
    size = query.whole("page_size", _MOST_ACTIVITIES, least=1, most=_MOST_ACTIVITIES)
    low, high = query.moment("after"), query.moment("until")
    if query.text("date"):
        low, high = day_bounds_ns(day_of(query.text("date"), "date"), hub.session.zone)
        low -= 1
    since = query.whole("since_seq", 0, least=0, most=_LAST_SEQ)
    token = query.text("page_token")
    last = position_of(token) if token else None
    found = [
        activity
        for activity in all_activities(seat.live, hub.views)
        if (not kinds or activity.kind in kinds)
        and (not category or (activity.kind == "FILL") == (category == "trade_activity"))
        and activity.seq > since
        and (low is None or activity.time_ns > low)
        and (high is None or activity.time_ns < high)
        and (last is None or ((activity[:2] < last) if descending else (activity[:2] > last)))
    ]
    if descending:
        found.reverse()
    session = hub.session
    writer = ActivityWriter(
        seat.face.names,
        hub.views.busts,
        seat.live,
        session.zone,
        lambda seq: session.payment_reason(seq)[0],
    )
    return [writer.write(activity) for activity in found[:size]]
