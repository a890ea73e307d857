"""News, the screener, and calls that answer with nothing so that generic clients go on."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from workbench.api.alpaca.desk import answer, desk_of
from workbench.api.alpaca.errors import not_found
from workbench.api.alpaca.moments import moment_text
from workbench.api.alpaca.news import news_page
from workbench.api.alpaca.query import Query
from workbench.api.alpaca.routes.documented import failing, gives, parameters
from workbench.api.alpaca.screener import most_actives, movers
from workbench.api.auth import hot, permit
from workbench.identity.roles import Permission

router = APIRouter(tags=["alpaca: news and others"], responses=failing(401, 403, 404, 422))
_TOP: Final = 10
_MOST_TOP: Final = 100


@router.get(
    "/v1beta1/news",
    summary="News",
    openapi_extra={
        **gives(),
        "parameters": parameters(
            symbols="text: symbols, joined by commas",
            start="text: RFC 3339 or a day",
            end="text: RFC 3339 or a day",
            limit="int: at most 50",
            sort="text: asc or desc",
            include_content="bool: with the whole text",
            exclude_contentless="bool: only those with a text",
            page_token="text: next_page_token of the page before",  # noqa: S106 - the name of a parameter
        ),
    },
)
@hot
@permit(Permission.READ_MARKET)
async def list_news(request: Request) -> Response:
    """The session's announcements, newest first."""
    face = desk_of(request).face(request)
    return answer(face, news_page(face.hub.session.announcements, Query(request.query_params)))


@router.get(
    "/v1beta1/screener/stocks/most-actives",
    summary="Most active",
    openapi_extra={
        **gives(),
        "parameters": parameters(by="text: volume or trades", top="int: how many, at most 100"),
    },
)
@hot
@permit(Permission.READ_MARKET)
async def list_most_actives(request: Request) -> Response:
    """Instruments by what they traded today."""
    face = desk_of(request).face(request)
    query = Query(request.query_params)
    by = query.choice("by", "volume", "volume", "trades")
    top = query.whole("top", _TOP, least=1, most=_MOST_TOP)
    body = most_actives(face.names, face.hub.views.markets, by, top)
    return answer(face, {"most_actives": body, "last_updated": moment_text(face.hub.views.time_ns)})


@router.get(
    "/v1beta1/screener/{market_type}/movers",
    summary="Movers",
    openapi_extra={**gives(), "parameters": parameters(top="int: how many of each, at most 100")},
)
@hot
@permit(Permission.READ_MARKET)
async def list_movers(request: Request) -> Response:
    """Instruments by how far they moved since the day before, or since their reference price."""
    face = desk_of(request).face(request)
    market_type: str = request.path_params["market_type"]
    if market_type not in ("stocks", "crypto"):
        raise not_found(f"market type {market_type[:40]!r} is unknown: expected stocks or crypto")
    top = Query(request.query_params).whole("top", _TOP, least=1, most=_MOST_TOP)
    body: dict[str, Any] = movers(face.names, face.hub.views.markets, market_type, top)
    body["last_updated"] = moment_text(face.hub.views.time_ns)
    return answer(face, body)


@router.get("/v2/options/contracts", summary="Option contracts: none", openapi_extra=gives())
@hot
@permit(Permission.READ_MARKET)
async def list_option_contracts(request: Request) -> Response:
    """There are no options here."""
    return answer(desk_of(request).face(request), {"option_contracts": [], "next_page_token": None})


@router.get("/v2/options/contracts/{symbol}", summary="An option contract: none")
@hot
@permit(Permission.READ_MARKET)
async def get_option_contract(request: Request) -> Response:
    """There are no options here, so this is a 404."""
    raise not_found(
        f"option contract {request.path_params['symbol'][:40]!r} not found: there are no options here"
    )


@router.get(
    "/v2/corporate_actions/announcements", summary="Corporate actions: none", openapi_extra=gives(many=True)
)
@hot
@permit(Permission.READ_MARKET)
async def list_corporate_announcements(request: Request) -> Response:
    """Dividends and splits are instructor actions; they are activities of the accounts."""
    return answer(desk_of(request).face(request), [])


@router.get("/v2/corporate_actions/announcements/{announcement_id}", summary="A corporate action: none")
@hot
@permit(Permission.READ_MARKET)
async def get_corporate_announcement(request: Request) -> Response:
    """There are none, so this is a 404."""
    raise not_found(f"corporate action {request.path_params['announcement_id'][:40]!r} not found")


@router.get("/v1/corporate-actions", summary="Corporate actions: none", openapi_extra=gives())
@hot
@permit(Permission.READ_MARKET)
async def list_corporate_actions(request: Request) -> Response:
    """The same in the market-data form."""
    return answer(desk_of(request).face(request), {"corporate_actions": {}, "next_page_token": None})
