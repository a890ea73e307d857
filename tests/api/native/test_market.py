"""Market, accounts, control and leaderboard over REST; every answer is held against its own model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.api.served import Served
from workbench.api.native import account_models, market_models, order_models, session_models
from workbench.api.native.model import Model
from workbench.domain.units import LARGEST, MICROS
from workbench.identity.roles import Role

BASE = "/api/sessions/market"


def read(client: httpx.Client, path: str, model: type[Model], **params: Any) -> dict[str, Any]:
    """An answer, which must be exactly what its model says."""
    answer = client.get(f"{BASE}{path}", params=params)
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()
    assert model.model_validate(row).model_dump(mode="json") == row
    return row


@contextmanager
def trade(
    served: Served, symbol: str, price: float, quantity: int
) -> Iterator[tuple[httpx.Client, httpx.Client]]:
    """Clients of a buyer and a seller who have traded with each other."""
    with served.client(served.person()) as buyer, served.client(served.person()) as seller:
        _trade(buyer, seller, symbol, price, quantity)
        yield buyer, seller


def _trade(buyer: httpx.Client, seller: httpx.Client, symbol: str, price: float, quantity: int) -> None:
    for client, side in ((seller, "sell"), (buyer, "buy")):
        order = {
            "symbol": symbol,
            "side": side,
            "type": "limit",
            "quantity": quantity,
            "limit_price": price,
        }
        placed = client.post(f"{BASE}/orders", json=order)
        assert placed.status_code == 201, placed.text
        order_models.OrderOut.model_validate(placed.json())


def test_a_trade_is_seen_everywhere(served: Served) -> None:
    with trade(served, "CALM", 20.5, 7) as (buyer, _):
        fill = read(buyer, "/fills", account_models.FillsOut)["fills"][0]
        assert (fill["price"], fill["quantity"], fill["side"], fill["position"]) == (20.5, 7.0, "buy", 7.0)
        position = read(buyer, "/positions", account_models.PositionsOut)["positions"][0]
        assert (position["quantity"], position["average_price"], position["value"]) == (7.0, 20.5, 143.5)
        mine = read(buyer, "/account", account_models.AccountOut)
        assert mine["cash"] == 1_000_000 - 143.5 - mine["fees"]
        assert mine["equity"] == mine["cash"] + mine["long_value"]
        curve = read(buyer, "/equity", account_models.EquityOut)
        assert len(curve["time"]) == len(curve["equity"]) == len(curve["cash"])
        tape = read(buyer, "/instruments/CALM/trades", market_models.TapeOut)
        assert (tape["price"][-1], tape["quantity"][-1], tape["side"][-1]) == (20.5, 7.0, "buy")
        candles = read(buyer, "/instruments/CALM/candles", market_models.CandlesOut, timeframe="1m")
        assert candles["close"][-1] == 20.5
        assert (
            sum(candles["volume"]) == read(buyer, "/instruments/CALM", market_models.InstrumentOut)["volume"]
        )
        quotes = read(buyer, "/instruments/CALM/quotes", market_models.QuotesOut)
        assert len(quotes["bid"]) == len(quotes["seq"])
        everything = read(buyer, "/instruments", market_models.InstrumentsOut)
        assert [each["symbol"] for each in everything["instruments"]] == ["QUIET", "CALM", "HARBOR"]
        assert read(buyer, "/cash", account_models.CashListOut) == {"changes": []}
        closed = buyer.post(f"{BASE}/positions/CALM/close", json={"percentage": "100"})
        assert closed.status_code == 201, closed.text
        assert closed.json()["reduce_only"]
        assert buyer.post(f"{BASE}/positions/QUIET/close").status_code == 404


def test_money_from_outside_is_no_gain_of_the_day(served: Served) -> None:
    with served.client(served.person()) as learn, served.client(served.person(Role.INSTRUCTOR)) as teach:
        order = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 4, "limit_price": 10.5}
        assert learn.post(f"{BASE}/orders", json=order).status_code == 201
        account = read(learn, "/account", account_models.AccountOut)
        seat, cash = account["name"], account["cash"]
        assert (account["buying_power"], account["peak_equity"]) == (cash - 42, None)

        assert teach.post(f"{BASE}/transfer", json={"account": seat, "amount": "250.5"}).status_code == 200
        fined = teach.post(f"{BASE}/fine", json={"account": seat, "amount": "50"}).json()
        assert (fined["equity"], fined["day_equity"]) == (cash + 200.5, cash + 250.5)

        # From the limit on it is watched: a deposit moves the peak, a fine does not.
        watch = {"account": seat, "limit": "max_drawdown", "value": "5000"}
        assert teach.post(f"{BASE}/limits", json=watch).status_code == 200
        assert teach.post(f"{BASE}/transfer", json={"account": seat, "amount": "10"}).status_code == 200
        assert teach.post(f"{BASE}/fine", json={"account": seat, "amount": "1"}).status_code == 200
        watched = read(learn, "/account", account_models.AccountOut)
        assert (watched["peak_equity"], watched["equity"]) == (cash + 210.5, cash + 209.5)
        assert learn.delete(f"{BASE}/orders").status_code == 200


def test_instruments_say_what_marks_them(served: Served) -> None:
    with served.client(served.person()) as client:
        for each in read(client, "/instruments", market_models.InstrumentsOut)["instruments"]:
            assert each["marked_at"] == "last"
            assert each["mark"] == each["last"] or each["last"] is None


def test_the_book_is_what_was_put_in(served: Served) -> None:
    with served.client(served.person()) as client:
        for price in (30.1, 30.2):
            order = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 5, "limit_price": price}
            assert client.post(f"{BASE}/orders", json=order).status_code == 201
        book = read(client, "/instruments/QUIET/depth", market_models.DepthOut, levels=1000)
        prices = [level["price"] for level in book["bids"]]
        assert {30.1, 30.2} <= set(prices)
        assert prices == sorted(prices, reverse=True)
        gone = client.delete(f"{BASE}/orders", params={"symbol": "QUIET"}).json()["orders"]
        assert [each["reason"] for each in gone] == [None, None]
        assert client.delete(f"{BASE}/orders").json() == {"orders": []}


def test_pages_of_orders_and_trades_join_without_a_gap(served: Served) -> None:
    with served.client(served.person()) as client:
        for number in range(7):
            order = {
                "symbol": "QUIET",
                "side": "buy",
                "type": "limit",
                "quantity": 1,
                "limit_price": 11 + number,
            }
            assert client.post(f"{BASE}/orders", json=order).status_code == 201
        seen: list[int] = []
        following: int | None = 0
        while following is not None:
            page = read(client, "/orders", order_models.OrdersOut, limit=3, before=following, state="open")
            seen += [each["id"] for each in page["orders"]]
            following = page["next"]
        assert len(seen) == len(set(seen)) == 7
        assert seen == sorted(seen, reverse=True)
        whole = read(client, "/instruments/HARBOR/quotes", market_models.QuotesOut, limit=50, start="0")
        parts: list[int] = []
        after: int | None = 0
        while after is not None and len(parts) < 50:
            page = read(
                client,
                "/instruments/HARBOR/quotes",
                market_models.QuotesOut,
                limit=9,
                after_seq=after,
                start="0",
            )
            parts += page["seq"]
            after = page["next"]
        assert parts[: len(whole["seq"])][:20] == whole["seq"][:20]
        client.delete(f"{BASE}/orders")


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("/instruments/QUIET/candles", {"timeframe": "7x"}),
        ("/instruments/QUIET/candles", {"timeframe": "5000m"}),
        ("/instruments/QUIET/candles", {"start": "yesterday"}),
        ("/instruments/QUIET/candles", {"start": "2025-03-18T09:30:00"}),
        ("/instruments/QUIET/depth", {"levels": 0}),
        ("/orders", {"state": "half"}),
        ("/fills", {"limit": 0}),
    ],
)
def test_reads_that_make_no_sense_are_refused(served: Served, path: str, params: dict[str, Any]) -> None:
    with served.client(served.person()) as client:
        answer = client.get(BASE + path, params=params)
        assert answer.status_code == 422, answer.text
        assert answer.json()["message"]


def test_others_accounts_are_for_those_who_teach(served: Served) -> None:
    student = served.person()
    with served.client(student) as own, served.client(served.person()) as other:
        seat = own.post(f"{BASE}/join").json()["name"]
        assert own.get(f"{BASE}/account", params={"account": seat}).status_code == 200
        refused = [other.get(f"{BASE}/account", params={"account": each}) for each in (seat, "nobody")]
        # Whether there is such a seat is not theirs to know either.
        assert [each.status_code for each in refused] == [403, 403]
        assert refused[0].json()["message"] == refused[1].json()["message"]
        with served.client(served.person(Role.ASSISTANT)) as teacher:
            assert teacher.get(f"{BASE}/account", params={"account": seat}).json()["user"] == student.name
            assert teacher.get(f"{BASE}/orders", params={"account": seat}).json()["orders"] == []
            assert teacher.get(f"{BASE}/orders", params={"account": "nobody"}).status_code == 404
            rows = teacher.get(f"{BASE}/participants").json()["participants"]
            assert session_models.ParticipantsOut.model_validate({"participants": rows})
            assert seat in {row["name"] for row in rows}


def test_teachers_halt_limit_suspend_fine_and_announce(served: Served) -> None:
    student, teacher = served.person(), served.person(Role.INSTRUCTOR)
    order = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 5, "limit_price": 12}
    with served.client(student) as learn, served.client(teacher) as teach:
        seat = learn.post(f"{BASE}/join").json()["name"]
        halted = teach.post(f"{BASE}/halt", json={"symbols": ["QUIET"]}).json()["instruments"][0]
        assert (halted["halted"], halted["phase"]) == (True, "halted")
        refused = learn.post(f"{BASE}/orders", json=order)
        assert (refused.status_code, refused.json()["details"]["reason"]) == (422, "INSTRUMENT_HALTED")
        assert teach.post(f"{BASE}/lift", json={"symbols": ["QUIET"]}).status_code == 200
        assert teach.post(f"{BASE}/lift", json={"symbols": ["QUIET"]}).status_code == 409
        assert learn.post(f"{BASE}/orders", json=order).status_code == 201

        limit = {"account": seat, "limit": "max_order_lots", "value": 3}
        assert teach.post(f"{BASE}/limits", json=limit).status_code == 200
        assert learn.get(f"{BASE}/account").json()["limits"]["max_order_lots"] == 3
        refused = learn.post(f"{BASE}/orders", json=order)
        assert refused.json()["details"]["reason"] == "QUANTITY_TOO_LARGE"
        most = "4,611,686,018,427,387,903"
        for path, wrong, why in (
            ("limits", {"limit": "none"}, "limit is 'none', expected one of max_order_lots, "),
            ("limits", {"value": "1.5"}, "the largest order is 1.5, expected a whole number of lots"),
            ("limits", {"value": "many"}, "the largest order is 'many', expected a decimal number"),
            ("limits", {"value": "-1"}, f"the largest order is -1, expected 0 to {most} lots"),
            ("limits", {"value": "9e99"}, f"the largest order is 9e99, expected 0 to {most} lots"),
            (
                "limits",
                {"limit": "order_burst", "value": "0"},
                "the limit of orders at once is 0, expected 1 to ",
            ),
            (
                "limits",
                {"limit": "max_drawdown", "value": "0.0000001"},
                "the drawdown limit is 0.0000001, expected a multiple of 0.000001 in currency",
            ),
            (
                "fees",
                {"fee": "taker_bps", "value": "-99999"},
                "the taker fee is -99999, expected -10,000 to 10,000 basis points",
            ),
            (
                "fees",
                {"fee": "cap_bps", "value": "-1"},
                "the most per order is -1, expected 0 to 10,000 basis points",
            ),
            (
                "fees",
                {"fee": "taker_per_lot", "value": "-9999900"},
                "the taker fee per lot is -9999900, expected -",
            ),
        ):
            told = limit if path == "limits" else {"account": seat, "value": "1"}
            refused = teach.post(f"{BASE}/{path}", json={**told, **wrong})
            assert (refused.status_code, refused.json()["message"][: len(why)]) == (422, why)

        def fee(kind: str, value: str) -> httpx.Response:
            return teach.post(f"{BASE}/fees", json={"account": seat, "fee": kind, "value": value})

        # Each alone is within its bounds; both together cost more than can be counted.
        assert fee("per_order", str(Decimal(LARGEST) / MICROS)).status_code == 200
        refused = fee("taker_per_lot", "0.000001")
        why = "the exchange refused it: the fee is out of bounds, or makes the largest order cost more"
        assert (refused.status_code, refused.json()["message"][: len(why)]) == (422, why)
        assert fee("per_order", "0").status_code == 200

        cash = learn.get(f"{BASE}/account").json()["cash"]
        assert teach.post(f"{BASE}/transfer", json={"account": seat, "amount": "250.5"}).status_code == 200
        told = {"account": seat, "amount": "50", "reason": "no quotes"}
        fined = teach.post(f"{BASE}/fine", json=told).json()
        assert fined["cash"] == cash + 200.5
        too_long = teach.post(f"{BASE}/fine", json={**told, "reason": "x" * 501})
        assert (too_long.status_code, "reason" in too_long.text) == (422, True)
        most = "72,057,594,037.927936 in currency"
        for path, amount, expected in (
            ("fine", "-50", f"0.000001 to {most}"),
            ("fine", "1e12", f"0.000001 to {most}"),
            ("fine", "1e30", f"0.000001 to {most}"),
            ("transfer", "-1e30", f"-72,057,594,037.927936 to {most}"),
            ("transfer", "0.0000001", "a multiple of 0.000001 in currency"),
        ):
            refused = teach.post(f"{BASE}/{path}", json={"account": seat, "amount": amount})
            assert refused.status_code == 422
            assert refused.json()["message"] == f"the amount is {amount}, expected {expected}"
        changes = learn.get(f"{BASE}/cash").json()["changes"]
        assert [(each["reason"], each["text"]) for each in changes] == [
            ("deposit", ""),
            ("fine", "no quotes"),
        ]

        gone = teach.post(f"{BASE}/suspend", json={"account": seat, "cancel": True}).json()
        assert (gone["state"], gone["open_orders"]) == ("suspended", 0)
        refused = learn.post(f"{BASE}/orders", json={**order, "quantity": 1})
        assert refused.json()["details"]["reason"] == "ACCOUNT_SUSPENDED"
        assert teach.post(f"{BASE}/reinstate", json={"account": seat}).json()["state"] == "active"
        assert learn.post(f"{BASE}/orders", json={**order, "quantity": 1}).status_code == 201
        assert teach.post(f"{BASE}/kill", json={"account": seat}).status_code == 200
        assert learn.get(f"{BASE}/orders", params={"state": "open"}).json()["orders"] == []

        posted = teach.post(f"{BASE}/news", json={"headline": "Rain", "symbols": ["QUIET"]})
        assert posted.status_code == 201, posted.text
        newest = read(learn, "/news", market_models.NewsListOut)["news"][0]
        assert newest == posted.json()
        assert newest["author"] == teacher.name
        assert teach.post(f"{BASE}/news", json={"headline": "x", "symbols": ["NO"]}).status_code == 404

        with served.client(served.person(Role.ADMIN)) as admin:
            entries = admin.get("/api/audit", params={"actor": teacher.user_id}).json()["entries"]
        acts = [entry["action"] for entry in entries if entry["action"] != "login"][::-1]
        assert acts == [
            "market.halt",
            "market.lift",
            "limit.set",
            "fee.set",
            "fee.set",
            "account.transfer",
            "account.fine",
            "account.suspend",
            "account.reinstate",
            "orders.cancel",
            "news",
        ]


def test_the_leaderboard_is_seen_unless_it_is_hidden(served: Served) -> None:
    teacher = served.client(served.person(Role.INSTRUCTOR))
    with trade(served, "CALM", 21.5, 3) as (buyer, _), teacher as teach:
        board = read(buyer, "/leaderboard", market_models.LeaderboardOut)
        ranks = [row["rank"] for row in board["standings"]]
        assert ranks == sorted(ranks)
        assert {row["fills"] for row in board["standings"]} == {None}
        assert teach.put(f"{BASE}/leaderboard", json={"hidden": True}).status_code == 200
        assert buyer.get(f"{BASE}/leaderboard").json()["code"] == "hidden"
        shown = read(teach, "/leaderboard", market_models.LeaderboardOut)
        assert shown["hidden"]
        assert max(row["fills"] for row in shown["standings"]) >= 1
        assert teach.put(f"{BASE}/leaderboard", json={"hidden": False}).status_code == 200
        assert buyer.get(f"{BASE}/leaderboard").status_code == 200
