"""Account, configuration, portfolio history and activities through alpaca-py."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.enums import AccountStatus
from alpaca.trading.models import NonTradeActivity, TradeActivity
from alpaca.trading.requests import GetPortfolioHistoryRequest

from tests.api.alpaca.conftest import Person, Served, TradingClient, code_of, until
from workbench.domain.commands import fine, transfer_cash
from workbench.identity.roles import Role


def account_of(served: Served, person: Person) -> int:
    seat = served.session.seat_of(person.user)
    assert seat is not None
    return seat.account


def test_account_has_exact_money(trader: Person, maker: Person) -> None:
    before = trader.trading.get_account()
    assert before.status == AccountStatus.ACTIVE
    assert (before.cash, before.equity, before.last_equity) == ("1000000",) * 3
    assert before.currency == "USD"
    maker.limit("AAPL", "sell", 10, 100)
    trader.market("AAPL", "buy", 10)
    after = trader.trading.get_account()
    # One basis point of 1,000 is a fee of 0.10.
    assert (after.cash, after.long_market_value, after.equity) == ("998999.9", "1000", "999999.9")
    assert after.short_market_value == "0"
    assert float(after.buying_power) > 0
    assert trader.trading.get("/account")["position_market_value"] == "1000"
    assert not after.trading_blocked


def test_configuration_is_kept_and_enforced(trader: Person) -> None:
    configuration = trader.trading.get_account_configurations()
    assert not configuration.suspend_trade
    configuration.suspend_trade = True
    assert trader.trading.set_account_configurations(configuration).suspend_trade
    with pytest.raises(APIError) as error:
        trader.limit("AAPL", "buy", 1, 90)
    assert code_of(error.value) == (403, 40310000)
    assert trader.trading.get_account().trade_suspended_by_user
    configuration.suspend_trade, configuration.no_shorting = False, True
    trader.trading.set_account_configurations(configuration)
    assert not trader.trading.get_account().shorting_enabled
    with pytest.raises(APIError) as error:
        trader.limit("AAPL", "sell", 1, 110)
    assert code_of(error.value) == (403, 40310000)
    trader.limit("AAPL", "buy", 1, 90)


@pytest.mark.parametrize(
    "body", ['{"pdt_check": "maybe"}', '{"max_margin_multiplier": 9}', '{"no_shorting": "perhaps"}', "{"]
)
def test_a_configuration_that_makes_no_sense_is_refused(served: Served, trader: Person, body: str) -> None:
    answer = httpx.patch(
        f"{served.url}/v2/account/configurations", content=body.encode(), headers=trader.headers
    )
    assert answer.status_code == 422
    assert set(answer.json()) >= {"code", "message"}


def test_instructor_locks_win(served: Served, trader: Person) -> None:
    instructor = served.person(Role.INSTRUCTOR)
    token = served.call(served.identity.login(instructor.name, "correct horse battery")).access
    url = f"{served.url}/v2/account/configurations/locks"
    headers = {"Authorization": f"Bearer {token}"}
    trader.trading.get_account()
    params = {"user": trader.user}
    assert (
        httpx.put(url, params=params, json={"no_shorting": True}, headers=trader.headers).status_code == 403
    )
    assert httpx.put(url, params=params, json={"no_shorting": True}, headers=headers).status_code == 200
    configuration = trader.trading.get_account_configurations()
    assert configuration.no_shorting
    configuration.no_shorting = False
    with pytest.raises(APIError) as error:
        trader.trading.set_account_configurations(configuration)
    assert code_of(error.value) == (403, 40310000)
    assert httpx.put(url, params=params, json={}, headers=headers).status_code == 200
    assert not trader.trading.set_account_configurations(configuration).no_shorting


def test_portfolio_history_follows_the_money(trader: Person, maker: Person) -> None:
    maker.limit("AAPL", "sell", 10, 100)
    trader.market("AAPL", "buy", 10)
    history = trader.trading.get_portfolio_history(
        GetPortfolioHistoryRequest(period="1D", timeframe="1Min", extended_hours=True)
    )
    assert len(history.timestamp) == len(history.equity) == len(history.profit_loss)
    assert history.timestamp == sorted(history.timestamp)
    assert history.equity[-1] == 999_999.9
    assert history.profit_loss[-1] == pytest.approx(-0.1)
    assert (history.base_value, history.timeframe) == (1_000_000, "1Min")
    for bad in ({"period": "1X"}, {"timeframe": "1Week"}, {"start": "yesterday"}):
        with pytest.raises(APIError) as error:
            trader.trading.get("/account/portfolio/history", bad)
        assert code_of(error.value)[0] == 422


def test_activities_page_through_fills_fees_and_grants(served: Served, trader: Person, maker: Person) -> None:
    maker.limit("AAPL", "sell", 4, 100)
    maker.limit("AAPL", "sell", 6, 101)
    order = trader.market("AAPL", "buy", 10)
    account = account_of(served, trader)
    served.call(served.session.send(transfer_cash(0, account, 50_000_000)))
    served.call(served.session.pay(fine(0, account, 1_000_000), reason="no quotes", author="teach"))
    get = trader.trading.get
    found = get("/account/activities", {"direction": "asc"})
    kinds = [item["activity_type"] for item in found]
    assert kinds == ["FILL", "FEE", "FILL", "FEE", "JNLC", "FEE"]
    fills = [TradeActivity(**item) for item in found if item["activity_type"] == "FILL"]
    assert [(fill.price, fill.qty, fill.cum_qty, fill.leaves_qty) for fill in fills] == [
        (100, 4, 4, 6),
        (101, 6, 10, 0),
    ]
    assert {fill.order_id for fill in fills} == {order.id}
    others = [NonTradeActivity(**item) for item in found if item["activity_type"] != "FILL"]
    assert [other.net_amount for other in others] == [-0.04, -0.0606, 50, -1]
    assert [other.description for other in others[2:]] == ["cash from the instructor", "fine: no quotes"]
    cash = float(trader.trading.get_account().cash)
    assert cash == pytest.approx(1_000_000 - 1_006 + sum(other.net_amount for other in others))

    paged: list[str] = []
    token = None
    while True:
        page = get("/account/activities", {"page_size": 2, **({"page_token": token} if token else {})})
        if not page:
            break
        paged += [item["id"] for item in page]
        token = page[-1]["id"]
    assert paged == [item["id"] for item in reversed(found)]
    assert [item["activity_type"] for item in get("/account/activities/FILL")] == ["FILL", "FILL"]
    assert len(get("/account/activities", {"activity_types": "JNLC,INT"})) == 1
    assert len(get("/account/activities", {"category": "non_trade_activity"})) == 4
    for count, item in enumerate(found):
        after = get("/account/activities", {"direction": "asc", "since_seq": item["seq"]})
        assert after == [each for each in found[count:] if each["seq"] > item["seq"]]
    with pytest.raises(APIError) as wrong:
        get("/account/activities", {"since_seq": "yesterday"})
    assert code_of(wrong.value) == (422, 40010001)


def test_a_bust_is_an_activity_that_takes_a_fill_back(served: Served, trader: Person, maker: Person) -> None:
    maker.limit("AAPL", "sell", 4, 100)
    maker.limit("AAPL", "sell", 6, 101)
    bought = trader.market("AAPL", "buy", 10)
    get = trader.trading.get
    (second, first) = get("/account/activities/FILL")
    assert "busted" not in first
    live = served.server.hubs["quiet"].views.accounts[account_of(served, trader)]
    answer = served.call(served.session.bust(live.fills[-1].trade_id, reason="by mistake"))
    found = until(lambda: (rows := get("/account/activities")) and len(rows) == 6 and rows)
    back, bust, *before = found
    assert [item["activity_type"] for item in before] == ["FEE", "FILL", "FEE", "FILL"]
    assert before[1] == {**second, "busted": True}
    assert before[3] == first
    assert {key: bust[key] for key in ("activity_type", "type", "price", "qty", "side", "order_id")} == {
        "activity_type": "FILL",
        "type": "trade_bust",
        "price": "101",
        "qty": "6",
        "side": "buy",
        "order_id": str(bought.id),
    }
    assert bust["previous_id"] == second["id"]
    assert bust["seq"] == back["seq"] == answer.events["seq"][0]
    returned = NonTradeActivity(**back)
    assert (returned.net_amount, returned.description) == (
        0.0606,
        f"returned commission of order {bought.id}",
    )
    assert get("/account/activities", {"since_seq": second["seq"]}) == [back, bust]
    assert get("/account/activities", {"page_token": back["id"], "page_size": 1}) == [bust]
    order = trader.trading.get_order_by_id(bought.id)
    assert (order.status, order.filled_qty, order.filled_avg_price) == ("filled", "4", "100")
    assert trader.trading.get_open_position("AAPL").qty == "4"
    assert float(trader.trading.get_account().cash) == 1_000_000 - 400 - 0.04


def test_the_walls_time_stands_beside_the_sessions(served: Served, trader: Person) -> None:
    answer = httpx.get(f"{served.url}/v2/account", headers=trader.headers)
    body = answer.json()
    assert body["sim_time"] == answer.headers["x-sim-time"]
    listed = httpx.get(f"{served.url}/v2/orders", headers=trader.headers)
    now = datetime.now(UTC)
    for text in (body["wall_timestamp"], answer.headers["x-wall-time"], listed.headers["x-wall-time"]):
        assert abs((datetime.fromisoformat(text) - now).total_seconds()) < 60


def test_who_may_ask(served: Served, trader: Person) -> None:
    wrong = TradingClient(trader.key, "wrong", url_override=served.url)
    with pytest.raises(APIError) as error:
        wrong.get_account()
    assert code_of(error.value) == (401, 40110000)
    token = served.call(served.identity.login(trader.name, "correct horse battery")).access
    by_token = TradingClient(oauth_token=token, url_override=served.url)
    assert by_token.get_account().id == trader.trading.get_account().id
    by_basic = TradingClient(trader.key, trader.secret, url_override=served.url)
    by_basic._use_basic_auth = True
    assert by_basic.get_account().id == trader.trading.get_account().id


def test_slashes_are_forgiven_and_never_redirected(served: Served, trader: Person) -> None:
    pasted = TradingClient(trader.key, trader.secret, url_override=served.url + "/")
    assert pasted.get_account().id == trader.trading.get_account().id
    for path in ("/v2/account/", "//v2//account", "/v2/orders/", "/v2/clock//"):
        answer = httpx.get(served.url + path, headers=trader.headers)
        assert answer.status_code == 200, path
        assert answer.headers["x-sim-time"].endswith("Z")
    missing = httpx.get(f"{served.url}/v2/nothing", headers=trader.headers)
    assert missing.status_code == 404
    assert set(missing.json()) >= {"code", "message"}
