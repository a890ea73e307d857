"""What comes over a stream counts against the limits of who sends it."""

from __future__ import annotations

import json
from pathlib import Path

from tests.api.native.test_stream import one, say, socket
from tests.api.served import serving
from workbench.api.settings import Rate

ORDER = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": "1", "limit_price": "40"}


def test_orders_and_replays_on_a_stream_count_as_requests(tmp_path: Path) -> None:
    settings = {"limited": True, "user_rate": Rate(0.001, 25.0)}
    with serving(tmp_path / "data", settings=settings) as served:
        person = served.person()
        with socket(served, person.headers) as opened:
            say(opened, id=1, place=ORDER)
            assert one(opened, "ack")["id"] == 1
            say(opened, id=2, subscribe=["orders", "account"], from_seq=1)
            assert one(opened, "ack")["id"] == 2
            say(opened, id=3, subscribe=["orders"], from_seq=1)
            assert one(opened, "refused")["code"] == "rate_limited"
            for number in range(4, 10):
                say(opened, id=number, place=ORDER)
            assert one(opened, "refused")["code"] == "rate_limited"
            # A life-sign is free: who was refused need not be cut off as well.
            say(opened, id=10, ping=True)
            assert one(opened, "pong")["id"] == 10


def test_an_order_on_a_stream_counts_as_one_request(tmp_path: Path) -> None:
    settings = {"limited": True, "user_rate": Rate(0.001, 8.0)}
    with serving(tmp_path / "data", settings=settings) as served:
        person = served.person()
        with socket(served, person.headers) as opened:
            for number in range(10):
                say(opened, id=number + 1, place=ORDER)
            say(opened, id=99, ping=True)
            kinds: list[str] = []
            while len(kinds) < 10:
                kinds += [
                    each["type"] for each in json.loads(opened.recv(60)) if each["type"] in ("ack", "refused")
                ]
    # The handshake was one as well.
    assert sorted(kinds) == ["ack"] * 7 + ["refused"] * 3
