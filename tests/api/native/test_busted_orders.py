"""Orders of which trades were busted: REST, streams and the client say what of them still counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.native.test_stream import frames_until, say, socket
from tests.api.native.test_stream_own import rows_of
from tests.api.served import SESSION, Person, Served, serving
from workbench.client import Client
from workbench.identity.roles import Role

BASE = f"/api/sessions/{SESSION}"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path / "data") as served:
        yield served


def order(client: httpx.Client, side: str, quantity: int, price: int = 40) -> dict[str, Any]:
    terms = {"symbol": "QUIET", "type": "limit", "side": side, "quantity": quantity, "limit_price": price}
    made = client.post(f"{BASE}/orders", json=terms)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


def standing(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["state"], row["quantity"], row["leaves"], row["executed"], row.get("busted", 0.0)


def test_what_was_busted_counts_no_more_and_is_told_so_by_all(own: Served) -> None:
    person, other = own.person(), own.person()
    with (
        own.client(person) as ann,
        own.client(other) as bob,
        own.client(own.person(Role.INSTRUCTOR)) as teach,
        socket(own, person.headers) as opened,
    ):
        ann.post(f"{BASE}/join")
        say(opened, id=1, subscribe=["orders"])
        frames_until(opened, "snapshot")
        first = order(ann, "buy", 100)
        order(bob, "sell", 40, 39)
        order(bob, "sell", 20, 39)
        second = ann.patch(f"{BASE}/orders/{first['id']}", json={"quantity": 120}).json()
        fills = ann.get(f"{BASE}/fills").json()["fills"][::-1]
        assert [fill["quantity"] for fill in fills] == [40.0, 20.0]
        busted = teach.post(f"{BASE}/trades/{fills[0]['trade']}/bust", json={"reason": "a typo"})
        assert busted.status_code == 200, busted.text
        # The replaced order and its successor both lose it; what is open stays as it was.
        wanted = {
            first["id"]: ("replaced", 100.0, 0.0, 20.0, 40.0),
            second["id"]: ("partially_filled", 120.0, 60.0, 20.0, 40.0),
        }
        check(own, person, wanted)
        order(bob, "sell", 10, 39)
        wanted[second["id"]] = ("partially_filled", 120.0, 50.0, 30.0, 40.0)
        check(own, person, wanted)
        third = ann.patch(f"{BASE}/orders/{second['id']}", json={"quantity": 130}).json()
        wanted[second["id"]] = ("replaced", 120.0, 0.0, 30.0, 40.0)
        wanted[third["id"]] = ("partially_filled", 130.0, 60.0, 30.0, 40.0)
        check(own, person, wanted)
        told = ann.get(f"{BASE}/orders/{third['id']}/explanation").json()
        assert (told["filled"], told["open"]) == (30.0, 60.0)
        assert "\nFilled: 30 of 130 at 40.00 on average, 30 as maker" in told["text"], told
        assert "; 40 that had traded busted.\n" in told["text"]
        rows = rows_of(opened, "orders", 2)
        undone = [
            (row["id"], row["executed"], row["busted"]) for row in rows if row["event"] == "trade_busted"
        ]
        assert undone == [(first["id"], 20.0, 40.0), (second["id"], 20.0, 40.0)]
    # Who was away hears the same; so does who only hears of the end.
    with socket(own, person.headers) as opened:
        say(opened, id=1, subscribe=["orders"], from_seq=1)
        assert rows_of(opened, "orders", 2) == rows


def check(served: Served, person: Person, wanted: dict[int, tuple[Any, ...]]) -> None:
    """That REST, a stream's snapshot and the client say the same of orders."""
    with served.client(person) as http:
        for number, stands in wanted.items():
            assert standing(http.get(f"{BASE}/orders/{number}").json()) == stands
    with socket(served, person.headers) as opened:
        say(opened, id=1, subscribe=["orders"])
        (snapshot,) = (each for each in frames_until(opened, "snapshot") if each["type"] == "snapshot")
        assert {row["id"]: standing(row) for row in snapshot["rows"]} == wanted
    with Client(served.url, token=person.access) as client:
        for number, stands in wanted.items():
            found = client.session(SESSION).order(number)
            assert (found.state, found.quantity, found.leaves, found.executed, found.busted) == stands
