"""The preview of an order against what placing it does: in a market in which nothing happens meanwhile."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.served import PASSWORD, Person, Served, serving
from workbench.client import Client
from workbench.identity.roles import Role

SCENARIO = """
title = "Where orders are tried"
date = 2025-03-18
zone = "America/New_York"

[[instrument]]
symbol = "OAK"
price_min = 10
price_max = 90
reference_price = 50
price_increment = "0.05"
quantity_increment = 5
fees = { maker_per_lot = "-0.002", taker_per_lot = "0.003" }

[[instrument]]
symbol = "ELM"
price_min = 10
price_max = 90
reference_price = 20
fees = { maker_bps = "1", taker_bps = "10" }

[seats]
count = 80
cash = 100_000
%s

[live]
open = "09:30"
"""
CASH = "short_permitted = false"
MARGIN = "margin = true"
NAMES = ("cash", "margin")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    data = tmp_path_factory.mktemp("tried") / "data"
    with serving(data, session=False, scenario=None, name="") as running:
        with running.client(running.person(Role.INSTRUCTOR)) as teacher:
            for name, seats in zip(NAMES, (CASH, MARGIN), strict=True):
                made = teacher.post("/api/sessions", json={"name": name, "scenario": SCENARIO % seats})
                assert made.status_code == 201, made.text
                assert teacher.post(f"/api/sessions/{name}/start").status_code == 200
        yield running


DESKS: list[Desk] = []


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while DESKS:
        made = DESKS.pop()
        made.client.delete(f"{made.base}/orders")
        made.client.close()


class Desk:
    """Somebody in a session, who tries each order before it is placed; closed when the test ends."""

    def __init__(self, served: Served, session: str, person: Person | None = None) -> None:
        self.person = person or served.person()
        self.client: httpx.Client = served.client(self.person)
        self.base = f"/api/sessions/{session}"
        self.client.post(f"{self.base}/join")
        DESKS.append(self)

    def preview(self, **body: Any) -> dict[str, Any]:
        answer = self.client.post(f"{self.base}/orders/preview", json=body)
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def account(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"{self.base}/account").json()
        return found

    def position(self, symbol: str) -> float:
        rows = self.client.get(f"{self.base}/positions").json()["positions"]
        return float(next((row["quantity"] for row in rows if row["symbol"] == symbol), 0.0))

    def same(self, **body: Any) -> dict[str, Any]:
        """Try an order, place it, and hold one against the other; the preview is given back."""
        before = self.account()
        said = self.preview(**body)
        now = self.account()
        # Every second the exchange looks at who is watched: a price that others moved has reached the equity
        # already, and reaches the peak only then. Nothing else of the clock's may show.
        peaks = (
            before["peak_equity"],
            before["peak_equity"] and max(before["peak_equity"], before["equity"]),
        )
        assert now["peak_equity"] in peaks, "trying changed the peak"
        passing = {"time": "", "peak_equity": None}
        assert now | passing == before | passing, "trying changed the account"
        done = self.client.post(f"{self.base}/orders", json=body)
        row = done.json()
        if not said["accepted"]:
            assert done.status_code in (404, 422), f"{body}: {said} but {row}"
            row["details"].pop("order_number", None)
            if said["refusal"]["details"]["reason"] == "INVALID_EXPIRE_TIME":
                # Its sentence says what time it is, which goes on.
                assert row["details"]["reason"] == "INVALID_EXPIRE_TIME"
                return said
            assert {name: row[name] for name in ("code", "message", "details")} == said["refusal"]
            return said
        assert done.status_code == 201, f"{body}: {said} but {row}"
        after = self.account()
        got = said["state"], said["reason"], said["quantity"], said["leaves"], said["ahead"]
        leaves = row["leaves"] if row["state"] not in ("canceled", "expired") else 0.0
        ahead = row["ahead"] if said["leaves"] else said["ahead"]
        assert got == (row["state"], row["reason"], row["quantity"], leaves, ahead), body
        assert said["fill"]["quantity"] == row["executed"]
        assert said["fill"]["average_price"] == pytest.approx(row["average_price"], abs=1e-12)
        assert said["fees"] == pytest.approx(row["fees"], abs=1e-9)
        moved = said["after"]["position"] - said["before"]["position"]
        if abs(moved) == said["fill"]["quantity"]:
            # Otherwise it has set off others of one's own, whose cost is theirs.
            assert said["cost"] == pytest.approx(before["cash"] - after["cash"], abs=1e-6)
        for name in ("cash", "equity", "initial_margin", "maintenance_margin"):
            assert said["after"][name] == pytest.approx(after[name], abs=1e-6), name
        assert said["after"]["position"] == self.position(body["symbol"])
        again = self.preview(symbol=body["symbol"], side="buy", type="limit", quantity=5, limit_price=10)
        assert said["after"]["buying_power"] == pytest.approx(again["before"]["buying_power"], abs=1e-6)
        return said


@pytest.fixture
def desk(own: Served) -> Desk:
    return Desk(own, "cash")


@pytest.fixture
def book(own: Served) -> Desk:
    """Somebody else's orders: 20 ELM are asked at 20.00, 30 at 20.10; 20 bid at 19.90."""
    maker = Desk(own, "margin")
    for side, price, size in (("sell", "20.00", 20), ("sell", "20.10", 30), ("buy", "19.90", 20)):
        placed = maker.client.post(
            f"{maker.base}/orders",
            json={"symbol": "ELM", "side": side, "type": "limit", "quantity": size, "limit_price": price},
        )
        assert placed.status_code == 201, placed.text
    return maker


LATER = "2025-03-20T13:30:00Z"
TERMS: dict[str, dict[str, Any]] = {
    "market": {"quantity": 30},
    "all there is and more": {"quantity": 300},
    "limit that rests": {"type": "limit", "quantity": 10, "limit_price": "19.95"},
    "limit that trades": {"type": "limit", "quantity": 60, "limit_price": "20.05"},
    "joins a queue": {"type": "limit", "quantity": 10, "limit_price": "19.90"},
    "stop": {"type": "stop", "quantity": 10, "stop_price": "20.50"},
    "stop that is reached": {"type": "stop", "quantity": 10, "stop_price": "19.00"},
    "stop limit": {"type": "stop_limit", "quantity": 10, "stop_price": "20.5", "limit_price": "20.6"},
    "market if touched": {"type": "market_if_touched", "quantity": 10, "stop_price": "19.00"},
    "limit if touched": {
        "type": "limit_if_touched",
        "quantity": 10,
        "stop_price": "19.00",
        "limit_price": "19",
    },
    "trailing by amount": {"type": "trailing_stop", "quantity": 10, "trail_amount": "0.50"},
    "trailing by percent": {"type": "trailing_stop", "quantity": 10, "trail_percent": "2"},
    "iceberg": {"type": "limit", "quantity": 40, "limit_price": "19.95", "display_quantity": 10},
    "post-only": {"type": "limit", "quantity": 10, "limit_price": "19.95", "post_only": True},
    "notional": {"notional": "333.33"},
    "notional limit": {"type": "limit", "notional": "500", "limit_price": "19.95"},
    "gtc": {"type": "limit", "quantity": 10, "limit_price": "19.95", "time_in_force": "gtc"},
    "gtd": {
        "type": "limit",
        "quantity": 10,
        "limit_price": "19.95",
        "time_in_force": "gtd",
        "expires": LATER,
    },
    "ioc": {"type": "limit", "quantity": 60, "limit_price": "20.00", "time_in_force": "ioc"},
    "ioc market": {"quantity": 60, "time_in_force": "ioc"},
    "fok that fills": {"type": "limit", "quantity": 50, "limit_price": "20.10", "time_in_force": "fok"},
    "fok that does not": {"type": "limit", "quantity": 51, "limit_price": "20.10", "time_in_force": "fok"},
    "cls": {"type": "limit", "quantity": 10, "limit_price": "19.95", "time_in_force": "cls"},
    "bracket": {
        "quantity": 10,
        "order_class": "bracket",
        "take_profit_limit": "25",
        "stop_loss_stop": "15",
    },
    "bracket that rests": {
        "type": "limit",
        "quantity": 10,
        "limit_price": "19.95",
        "order_class": "bracket",
        "take_profit_limit": "25",
        "stop_loss_stop": "15",
        "stop_loss_limit": "14.5",
    },
    "oto": {"quantity": 10, "order_class": "oto", "take_profit_limit": "25"},
}
ENDED = {"all there is and more", "fok that does not"}


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("name", TERMS)
def test_every_kind_of_order_does_what_was_said(own: Served, name: str) -> None:
    desk = Desk(own, "margin")
    said = desk.same(symbol="ELM", side="buy", **TERMS[name])
    assert said["accepted"], said
    assert (said["state"] == "canceled") == (name in ENDED or "ioc" in name), said
    desk.client.delete(f"{desk.base}/orders")


@pytest.mark.usefixtures("book")
def test_a_sale_that_only_reduces_and_an_oco(own: Served) -> None:
    desk = Desk(own, "margin")
    desk.same(symbol="ELM", side="buy", quantity=10)
    exits = {"take_profit_limit": "25", "stop_loss_stop": "15", "order_class": "oco", "type": "limit"}
    assert desk.same(symbol="ELM", side="sell", quantity=10, **exits)["accepted"]
    desk.client.delete(f"{desk.base}/orders")
    said = desk.same(symbol="ELM", side="sell", quantity=10, reduce_only=True)
    assert (said["state"], said["after"]["position"], said["cost"] < 0) == ("filled", 0.0, True)


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "no such symbol": ("UNKNOWN_INSTRUMENT", {"symbol": "ASH", "quantity": 5}),
    "no side": ("INVALID_SIDE", {"side": "none", "quantity": 5}),
    "no limit price": ("INVALID_PRICE", {"type": "limit", "quantity": 5}),
    "price of a market order": ("INVALID_PRICE", {"quantity": 5, "limit_price": "20"}),
    "between ticks": ("PRICE_NOT_IN_INCREMENT", {"type": "limit", "quantity": 5, "limit_price": "20.001"}),
    "outside the band": ("PRICE_OUT_OF_BAND", {"type": "limit", "quantity": 5, "limit_price": "95"}),
    "no quantity": ("INVALID_QUANTITY", {}),
    "negative": ("INVALID_QUANTITY", {"quantity": -5}),
    "two quantities": ("INVALID_QUANTITY", {"quantity": 5, "notional": 5}),
    "odd quantity": ("QUANTITY_NOT_IN_INCREMENT", {"symbol": "OAK", "quantity": 7}),
    "no trigger": ("INVALID_TRIGGER_PRICE", {"type": "stop", "quantity": 5}),
    "two trails": (
        "INVALID_TRIGGER_PRICE",
        {"type": "trailing_stop", "quantity": 5, "trail_amount": 1, "trail_percent": 1},
    ),
    "shows too much": (
        "INVALID_DISPLAY_QUANTITY",
        {"type": "limit", "quantity": 5, "limit_price": 20, "display_quantity": 9},
    ),
    "post-only market": ("INVALID_FLAGS", {"quantity": 5, "post_only": True}),
    "expires by the day": ("INVALID_EXPIRE_TIME", {"quantity": 5, "expires": LATER}),
    "expired": (
        "INVALID_EXPIRE_TIME",
        {
            "type": "limit",
            "limit_price": 19,
            "quantity": 5,
            "time_in_force": "gtd",
            "expires": "2025-03-01T00:00:00Z",
        },
    ),
    "opening order in the day": ("INVALID_TIME_IN_FORCE", {"quantity": 5, "time_in_force": "opg"}),
    "group at once": (
        "INVALID_TIME_IN_FORCE",
        {"quantity": 5, "order_class": "oto", "take_profit_limit": 30, "time_in_force": "ioc"},
    ),
    "no such class": ("INVALID_GROUP", {"quantity": 5, "order_class": "trio"}),
    "half a bracket": ("INVALID_GROUP", {"quantity": 5, "order_class": "bracket", "take_profit_limit": 30}),
    "exits the wrong way": (
        "INVALID_PRICE",
        {"quantity": 5, "order_class": "bracket", "take_profit_limit": 15, "stop_loss_stop": 30},
    ),
    "a profit the entry has passed": (
        "INVALID_PRICE",
        {
            "type": "limit",
            "limit_price": "19",
            "quantity": 5,
            "order_class": "bracket",
            "take_profit_limit": "18.5",
            "stop_loss_stop": "18",
        },
    ),
    "an exit outside the band": (
        "PRICE_OUT_OF_BAND",
        {"quantity": 5, "order_class": "bracket", "take_profit_limit": 150, "stop_loss_stop": 15},
    ),
    "too dear": ("INSUFFICIENT_BUYING_POWER", {"type": "limit", "quantity": 9_000, "limit_price": "20"}),
    "short": ("SHORT_SALE_NOT_PERMITTED", {"side": "sell", "quantity": 5}),
    "opens": ("REDUCE_ONLY_WOULD_OPEN", {"quantity": 5, "reduce_only": True}),
    "too many to count": ("INVALID_QUANTITY", {"quantity": "1e29"}),
    "name of an open order": (
        "DUPLICATE_CLIENT_ORDER_ID",
        {"type": "limit", "quantity": 5, "limit_price": "12", "client_order_id": "mine"},
    ),
    "a name that cannot be printed": ("INVALID_CLIENT_ORDER_ID", {"quantity": 5, "client_order_id": "\n"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_every_refusal_is_said_before_it_comes(desk: Desk, name: str) -> None:
    reason, body = REFUSED[name]
    first = {"type": "limit", "quantity": 5, "limit_price": "12", "client_order_id": "mine"}
    assert desk.client.post(
        f"{desk.base}/orders", json={"symbol": "ELM", "side": "buy", **first}
    ).status_code in (201, 422)
    said = desk.same(**{"symbol": "ELM", "side": "buy", **body})
    assert not said["accepted"]
    assert said["refusal"]["details"]["reason"] == reason
    assert (said["state"], said["fill"]["quantity"], said["cost"]) == ("rejected", 0.0, 0.0)


@pytest.mark.usefixtures("book")
def test_post_only_that_would_trade(own: Served) -> None:
    desk = Desk(own, "margin")
    body = {"symbol": "ELM", "side": "buy", "type": "limit", "quantity": 5, "limit_price": "20.00"}
    said = desk.same(**body, post_only=True)
    assert said["refusal"]["details"]["reason"] == "POST_ONLY_WOULD_CROSS"


LIMITS: dict[str, tuple[str, dict[str, Any]]] = {
    "max_order_lots": ("QUANTITY_TOO_LARGE", {"value": "4"}),
    "max_order_notional": ("NOTIONAL_TOO_LARGE", {"value": "50"}),
    "position_limit_lots": ("POSITION_LIMIT", {"value": "4"}),
    "max_open_orders": ("TOO_MANY_OPEN_ORDERS", {"value": "1"}),
}
ACTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "suspend": ("ACCOUNT_SUSPENDED", "reinstate", {}),
    "halt": ("INSTRUMENT_HALTED", "lift", {"symbols": ["ELM"]}),
    "pause": ("INSTRUMENT_HALTED", "resume", {}),
}


@pytest.mark.parametrize("limit", LIMITS)
def test_limits_of_an_account(own: Served, limit: str) -> None:
    reason, value = LIMITS[limit]
    desk = Desk(own, "margin")
    with own.client(own.person(Role.INSTRUCTOR)) as teacher:
        body = {"symbol": "ELM", "side": "buy", "type": "limit", "quantity": 5, "limit_price": "12"}
        assert desk.same(**body)["accepted"]
        name = desk.account()["name"]
        done = teacher.post(f"{desk.base}/limits", json={"account": name, "limit": limit, **value})
        assert done.status_code == 200, done.text
        assert desk.same(**body)["refusal"]["details"]["reason"] == reason


@pytest.mark.parametrize("act", ACTS)
def test_a_market_that_takes_none(own: Served, act: str) -> None:
    reason, undo, body = ACTS[act]
    desk = Desk(own, "margin")
    with own.client(own.person(Role.INSTRUCTOR)) as teacher:
        if act == "suspend":
            body = {"account": desk.account()["name"]}
        done = teacher.post(f"{desk.base}/{act}", json=body)
        assert done.status_code == 200, done.text
        try:
            said = desk.same(symbol="ELM", side="buy", type="limit", quantity=5, limit_price="12")
            assert said["refusal"]["details"]["reason"] == reason
        finally:
            assert teacher.post(f"{desk.base}/{undo}", json=body).status_code == 200


def test_the_lobby_the_pre_open_and_the_end(own: Served) -> None:
    with own.client(own.person(Role.INSTRUCTOR)) as teacher:
        made = teacher.post("/api/sessions", json={"name": "short", "scenario": SCENARIO % MARGIN})
        assert made.status_code == 201, made.text
        desk = Desk(own, "short")
        body = {"symbol": "ELM", "side": "buy", "type": "limit", "quantity": 5, "limit_price": "20"}
        desk.same(**body)
        teacher.post("/api/sessions/short/start", json={"to": "pre_open"})
        assert desk.same(**body, time_in_force="opg")["state"] == "new"
        assert (
            desk.same(**body, time_in_force="fok")["refusal"]["details"]["reason"] == "INVALID_TIME_IN_FORCE"
        )
        teacher.post("/api/sessions/short/start")
        teacher.post("/api/sessions/short/close")
        assert desk.same(**body)["refusal"]["details"]["reason"] == "MARKET_CLOSED"
        teacher.post("/api/sessions/short/debrief")
        tried = desk.client.post("/api/sessions/short/orders/preview", json=body)
        placed = desk.client.post("/api/sessions/short/orders", json=body)
        assert (tried.status_code, tried.json()["message"]) == (409, placed.json()["message"])


def test_what_is_no_order_fails_as_placing_it(desk: Desk) -> None:
    for body in (b"{", b"[]", b'{"symbol": "ELM"}', b'{"symbol": "ELM", "side": "up"}', b'{"what": 1}'):
        tried = desk.client.post(f"{desk.base}/orders/preview", content=body)
        placed = desk.client.post(f"{desk.base}/orders", content=body)
        assert tried.status_code == placed.status_code >= 400
        assert tried.json()["message"] == placed.json()["message"]


def test_random_orders_do_what_was_said(own: Served) -> None:
    rng = random.Random(11)
    desks = [Desk(own, "margin") for _ in range(4)] + [Desk(own, "margin")]
    accepted = refused = traded = 0
    for number in range(500):
        desk = rng.choice(desks)
        body: dict[str, Any] = {
            "symbol": rng.choice(["OAK", "ELM"]),
            "side": rng.choice(["buy", "sell"]),
            "type": rng.choice(["market", "limit", "limit", "limit", "stop", "stop_limit", "trailing_stop"]),
            "quantity": rng.choice([5, 10, 20, 50, 50, 7, 3_000]),
            "time_in_force": rng.choice(["day", "day", "gtc", "ioc", "fok", "cls"]),
        }
        middle = {"OAK": 50, "ELM": 20}[body["symbol"]]
        if "limit" in body["type"]:
            body["limit_price"] = f"{middle + rng.randint(-6, 6) * 0.05:.2f}"
        if body["type"].startswith("stop"):
            body["stop_price"] = f"{middle + rng.randint(-9, 9) * 0.05:.2f}"
        if body["type"] == "trailing_stop":
            body["trail_amount"] = rng.choice(["0.1", "0.5", "1"])
        if rng.random() < 0.15:
            body["post_only"] = True
        if rng.random() < 0.15:
            body["reduce_only"] = True
        if rng.random() < 0.15:
            body["order_class"], body["time_in_force"] = rng.choice(["bracket", "oto"]), "day"
            wide = middle * (1.2 if body["side"] == "buy" else 0.8)
            body["take_profit_limit"] = f"{wide:.2f}"
            if body["order_class"] == "bracket":
                body["stop_loss_stop"] = f"{2 * middle - wide:.2f}"
        said = desk.same(**body)
        accepted += said["accepted"]
        refused += not said["accepted"]
        traded += said["fill"]["quantity"] > 0
        if number % 97 == 96:
            rng.choice(desks).client.delete(f"{desk.base}/orders")
    assert accepted > 150, accepted
    assert refused > 50, refused
    assert traded > 50, traded


@pytest.mark.usefixtures("book")
def test_the_client_tries_orders_too(own: Served) -> None:
    person = own.person()
    with Client(own.url) as client:
        client.login(person.name, PASSWORD)
        session = client.session("margin")
        session.join()
        found = session.preview("ELM", "buy", 30)
        assert (found.accepted, found.state, found.fill.quantity) == (True, "filled", 30.0)
        assert found.fill.average_price == pytest.approx(20 + 1 / 30)
        assert found.fill.worst_price == 20.1
        assert found.before is not None
        assert found.after is not None
        assert found.after.cash == pytest.approx(found.before.cash - found.cost)
        assert session.orders("all") == []
        refusal = session.preview("ELM", "buy", 10, limit="95").refusal
        assert refusal is not None
        assert refusal.details["reason"] == "PRICE_OUT_OF_BAND"
