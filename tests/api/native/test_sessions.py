"""Sessions over REST: made, joined, run and closed; who may do what to them is tests/api/test_matrix.py."""

from __future__ import annotations

import csv
import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest

from tests.api.served import MARKET, Served, serving
from workbench.identity.roles import Role


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server of its own, whose sessions can be closed."""
    folder: Path = tmp_path_factory.mktemp("own")
    scenarios = folder / "scenarios"
    scenarios.mkdir()
    (scenarios / "small.toml").write_text(MARKET)
    (scenarios / "broken.toml").write_text("title = ")
    (folder / "outside.toml").write_text(MARKET)
    with serving(
        folder / "data", settings={"scenarios": scenarios}, session=False, scenario=None, name=""
    ) as s:
        yield s


def made(client: httpx.Client, name: str, **more: object) -> dict[str, object]:
    answer = client.post("/api/sessions", json={"name": name, "file": "small.toml", **more})
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_session_goes_from_its_lobby_to_its_debrief(own: Served) -> None:
    teacher, student = own.person(Role.INSTRUCTOR), own.person()
    with own.client(teacher) as teach, own.client(student) as learn:
        new = made(teach, "monday", overrides={"seats.count": 7})
        assert (new["state"], new["seats"], new["seat"]) == ("lobby", 7, None)
        seat = learn.post("/api/sessions/monday/join").json()
        assert (seat["name"], seat["user"]) == ("seat-1", student.name)
        assert learn.post("/api/sessions/monday/join").json() == seat
        states = []
        for act, body in (
            ("start", {"to": "pre_open"}),
            ("start", None),
            ("pause", None),
            ("resume", {"by_auction": False}),
            ("speed", {"speed": 10.0}),
            ("close", None),
        ):
            answer = teach.post(f"/api/sessions/monday/{act}", json=body)
            assert answer.status_code == 200, answer.text
            states.append(answer.json()["state"])
        assert states == ["pre_open", "open", "paused", "open", "open", "closed"]
        assert teach.post("/api/sessions/monday/speed", json={"speed": True}).status_code == 422
        refused = teach.post("/api/sessions/monday/pause")
        assert (refused.status_code, refused.json()["code"]) == (409, "session")
        late = learn.post(
            "/api/sessions/monday/orders",
            json={"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 40},
        )
        assert (late.status_code, late.json()["details"]["reason"]) == (422, "MARKET_CLOSED")
        assert teach.post("/api/sessions/monday/debrief").json()["state"] == "debrief"
        zipped = teach.get("/api/sessions/monday/export")
        with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
            names = archive.namelist()
            assert archive.testzip() is None
        assert "monday/manifest.json" in names
        assert any(name.endswith(".parquet") for name in names)
        assert learn.get("/api/sessions/monday").json()["state"] == "debrief"


def test_a_running_session_can_be_exported(own: Served) -> None:
    with own.client(own.person(Role.ASSISTANT)) as client:
        made(client, "running")
        assert client.post("/api/sessions/running/start").status_code == 200
        zipped = client.get("/api/sessions/running/export")
        assert zipped.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(zipped.content)) as archive:
            assert archive.testzip() is None
        client.post("/api/sessions/running/close")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"name": "a", "file": "../outside.toml"}, 404),
        ({"name": "a", "file": "/etc/passwd"}, 404),
        ({"name": "a", "file": "none.toml"}, 404),
        ({"name": "../a", "file": "small.toml"}, 422),
        ({"name": "a"}, 422),
        ({"name": "a", "file": "small.toml", "scenario": MARKET}, 422),
        ({"name": "a", "scenario": "title = 5"}, 422),
        ({"name": "a", "file": "broken.toml"}, 422),
        ({"name": "a", "file": "small.toml", "overrides": {"seats.count": "many"}}, 422),
        ({"name": "a", "draft": "none"}, 404),
        ({"name": "a", "file": "small.toml", "unknown": 1}, 422),
    ],
)
def test_what_makes_no_session_is_refused_and_leaves_nothing(
    own: Served, body: dict[str, object], status: int
) -> None:
    with own.client(own.person(Role.INSTRUCTOR)) as client:
        answer = client.post("/api/sessions", json=body)
        assert answer.status_code == status, answer.text
        assert client.get("/api/sessions/a").status_code == 404


def test_a_name_is_taken_once(own: Served) -> None:
    with own.client(own.person(Role.INSTRUCTOR)) as client:
        made(client, "twice")
        again = client.post("/api/sessions", json={"name": "twice", "file": "small.toml"})
        assert again.status_code == 409
        listed = client.get("/api/sessions").json()["sessions"]
        assert [each["name"] for each in listed].count("twice") == 1


def test_drafts_are_kept_read_used_and_thrown_away(own: Served) -> None:
    with own.client(own.person(Role.INSTRUCTOR)) as client:
        assert client.put("/api/drafts/week-2", json={"scenario": MARKET}).status_code == 200
        assert client.get("/api/drafts").json() == {"drafts": ["week-2"]}
        assert client.get("/api/drafts/week-2").json()["scenario"] == MARKET
        answer = client.post("/api/sessions", json={"name": "of-a-draft", "draft": "week-2"})
        assert answer.status_code == 201, answer.text
        assert client.delete("/api/drafts/week-2").status_code == 200
        assert client.get("/api/drafts/week-2").status_code == 404
        assert client.put("/api/drafts/..%2Fsecret", json={"scenario": ""}).status_code in (404, 422)


def test_scenario_files_are_listed_with_what_is_wrong_with_them(own: Served) -> None:
    with own.client(own.person(Role.INSTRUCTOR)) as client:
        rows = {row["file"]: row for row in client.get("/api/scenarios").json()["scenarios"]}
    assert set(rows) == {"small.toml", "broken.toml"}
    assert rows["small.toml"]["title"] == "A small market"
    assert rows["broken.toml"]["problem"]


def test_a_full_session_takes_nobody_more(own: Served) -> None:
    with own.client(own.person(Role.INSTRUCTOR)) as client:
        made(client, "tiny", overrides={"seats.count": 1})
    first, second = own.person(), own.person()
    with own.client(first) as client:
        assert client.post("/api/sessions/tiny/join").status_code == 200
    with own.client(second) as client:
        assert client.post("/api/sessions/tiny/join").status_code == 409


def test_a_key_that_is_bound_to_a_session_trades_there_alone(own: Served) -> None:
    with own.client(own.person(Role.INSTRUCTOR)) as client:
        made(client, "bound")
        made(client, "other")
    key = own.key(own.person(), session="bound")
    with own.client(key) as client:
        assert client.get("/api/sessions/bound/account").status_code == 409
        assert client.post("/api/sessions/bound/join").status_code == 200
        assert client.get("/api/sessions/bound/account").status_code == 200
        assert client.get("/api/sessions/other/account").status_code == 403
        assert [each["name"] for each in client.get("/api/sessions").json()["sessions"]] == ["bound"]


@pytest.mark.parametrize("role", [Role.STUDENT, Role.ASSISTANT, Role.INSTRUCTOR, Role.ADMIN])
def test_who_reads_takes_no_seat(own: Served, role: Role) -> None:
    name = f"reading-{role.value}"
    order = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 40}
    with own.client(own.person(Role.INSTRUCTOR)) as teach, own.client(own.person(role)) as client:
        made(teach, name)
        assert teach.post(f"/api/sessions/{name}/start").status_code == 200
        base = f"/api/sessions/{name}"
        for read in ("account", "positions", "orders", "orders/1", "fills", "cash", "equity"):
            answer = client.get(f"{base}/{read}")
            assert (answer.status_code, answer.json()["code"]) == (409, "no_seat"), answer.text
            assert f"POST {base}/join" in answer.json()["message"]
        assert client.get(base).json()["seats_taken"] == 0
        placed = client.post(f"{base}/orders", json=order)
        if role == Role.STUDENT:
            # A student's bot may simply begin.
            assert placed.status_code == 201
        else:
            assert (placed.status_code, placed.json()["code"]) == (409, "no_seat")
            face = client.get("/v2/account", headers={"X-Session": name})
            assert face.status_code == 403, face.text
            assert client.get(base).json()["seats_taken"] == 0
            assert client.get(f"{base}/account", params={"account": "seat-1"}).status_code == 200
            assert client.post(f"{base}/join").status_code == 200
            assert client.post(f"{base}/orders", json=order).status_code == 201
        assert client.get(f"{base}/account").status_code == 200
        assert client.get(base).json()["seats_taken"] == 1


def test_an_explanation_names_others_to_those_who_may_read_the_class(own: Served) -> None:
    ann, bob, staff = (own.client(own.person(role)) for role in (Role.STUDENT, Role.STUDENT, Role.ASSISTANT))
    with ann, bob, staff, own.client(own.person(Role.INSTRUCTOR)) as teach:
        made(teach, "explained")
        assert teach.post("/api/sessions/explained/start").status_code == 200
        path = "/api/sessions/explained/orders"
        order = {"symbol": "QUIET", "type": "limit", "quantity": 1, "limit_price": 40}
        mine = ann.post(path, json={**order, "side": "buy"}).json()["id"]
        theirs = bob.post(path, json={**order, "side": "sell"}).json()["id"]
        told = ann.get(f"{path}/{mine}/explanation").json()
        assert told["filled"] == 1
        assert "seat-2" not in told["text"]
        assert f"order {theirs}" not in told["text"]
        known = staff.get(f"{path}/{mine}/explanation", params={"account": "seat-1"}).json()
        assert f"against seat-2's order {theirs}" in known["text"]


def test_a_halt_that_is_lifted_by_an_auction_ends_by_itself(own: Served) -> None:
    with own.client(own.person(Role.INSTRUCTOR)) as client:
        made(client, "halted", overrides={"live.auction": "60s"})
        assert client.post("/api/sessions/halted/start").status_code == 200
        assert client.post("/api/sessions/halted/halt").status_code == 200
        lifted = client.post("/api/sessions/halted/lift", json={"by_auction": True})
        assert lifted.status_code == 200, lifted.text
        for row in lifted.json()["instruments"]:
            assert (row["phase"], row["next_phase"]) == ("reopening_auction", "continuous")
            length = np.datetime64(row["next_phase_time"][:-1]) - np.datetime64(row["phase_since"][:-1])
            assert abs(length - np.timedelta64(1, "m")) < np.timedelta64(1, "s")
        # Not before it was looked at, however slow that is.
        assert client.post("/api/sessions/halted/speed", json={"speed": 60}).status_code == 200
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            phases = client.get("/api/sessions/halted").json()["phases"]
            if set(phases.values()) == {"continuous"}:
                break
            time.sleep(0.05)
        assert set(phases.values()) == {"continuous"}
        assert client.post("/api/sessions/halted/lift").json()["code"] == "not_halted"


def test_a_scenario_is_checked_setting_by_setting(own: Served) -> None:
    with own.client(own.person(Role.ASSISTANT)) as client:

        def check(**asked: object) -> dict[str, Any]:
            answer = client.post("/api/scenarios/check", json=asked)
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()
            return found

        plain = check(file="small.toml")
        assert (plain["title"], plain["problem"], plain["problems"]) == ("A small market", "", {})
        assert plain["seats"] == plain["settings"]["seats.count"]
        assert "QUIET" in plain["symbols"]
        wrong = check(
            file="small.toml",
            overrides={"seats.count": 0, "live.speed": 4, "seats.cash": "much", "seats.cah": 1},
        )
        assert set(wrong["problems"]) == {"seats.count", "seats.cash", "seats.cah"}
        assert "expected a number of seats from 1 to" in wrong["problems"]["seats.count"]
        assert wrong["settings"]["live.speed"] == 4
        assert wrong["seats"] == plain["seats"]
        assert check(file="small.toml", overrides={"seats.count": 9})["seats"] == 9
        broken = check(file="broken.toml", overrides={"seats.count": 9})
        assert "is no TOML" in broken["problem"]
        assert check(scenario='title = "x"\n')["problem"]
        assert client.post("/api/scenarios/check", json={}).status_code == 422
        assert client.get("/api/sessions/small").status_code == 404


def test_looks_at_others_accounts_are_in_the_audit_log_once(own: Served) -> None:
    teacher, student = own.person(Role.INSTRUCTOR), own.person()
    with own.client(teacher) as teach, own.client(student) as learn:
        made(teach, "watched")
        seat = learn.post("/api/sessions/watched/join").json()["name"]
        mine = teach.post("/api/sessions/watched/join").json()["name"]
        for _ in range(3):
            for what in ("account", "orders", "positions"):
                answer = teach.get(f"/api/sessions/watched/{what}", params={"account": seat})
                assert answer.status_code == 200, answer.text
        assert teach.get("/api/sessions/watched/account", params={"account": mine}).status_code == 200
        assert learn.get("/api/sessions/watched/account", params={"account": seat}).status_code == 200
        assert learn.get("/api/sessions/watched/account", params={"account": mine}).status_code == 403
        assert learn.get("/api/sessions/watched/participants").status_code == 403
        (row, _) = teach.get("/api/sessions/watched/participants").json()["participants"]
        assert (row["name"], row["connected"], row["bot"]) == (seat, False, False)
    with own.client(own.person(Role.ADMIN)) as admin:
        entries = admin.get(
            "/api/audit", params={"action": "account.read", "target": "session:watched"}
        ).json()["entries"]
    looks = [(entry["actor_id"], entry["target"], entry["details"]) for entry in entries]
    assert looks == [(teacher.user_id, "session:watched", {"account": seat, "user_id": student.user_id})]


def test_news_are_text_that_can_be_printed(served: Served) -> None:
    with served.client(served.person(Role.INSTRUCTOR)) as client:
        for news in ({"headline": "a\nb"}, {"headline": " "}, {"headline": "fine", "body": "a\0b"}):
            refused = client.post("/api/sessions/market/news", json=news)
            assert refused.status_code == 422, refused.text
            assert "can be printed" in refused.json()["message"]
        told = client.post("/api/sessions/market/news", json={"headline": "fine", "body": "two\n\tlines"})
        assert told.status_code in {200, 201}, told.text


def test_a_bust_and_other_fees_are_seen_by_all_who_may(own: Served) -> None:
    ann, bob = (own.client(own.person(Role.STUDENT)) for _ in range(2))
    with ann, bob, own.client(own.person(Role.INSTRUCTOR)) as teach:
        made(teach, "acts")
        assert teach.post("/api/sessions/acts/start").status_code == 200
        path = "/api/sessions/acts"
        order = {"symbol": "QUIET", "type": "limit", "quantity": 1, "limit_price": 40}
        ann.post(f"{path}/orders", json={**order, "side": "buy"})
        bob.post(f"{path}/orders", json={**order, "side": "sell"})
        (trade,) = teach.get(f"{path}/trades", params={"symbol": "QUIET"}).json()["trades"]
        assert (trade["price"], trade["busted"], trade["aggressor"]) == (40.0, False, "sell")
        assert ann.post(f"{path}/trades/{trade['trade']}/bust").status_code == 403
        busted = teach.post(f"{path}/trades/{trade['trade']}/bust", json={"reason": "by mistake"})
        assert busted.status_code == 200, busted.text
        assert (busted.json()["busted"], busted.json()["reason"]) == (True, "by mistake")
        again = teach.post(f"{path}/trades/{trade['trade']}/bust")
        assert again.status_code == 409
        unknown = teach.post(f"{path}/trades/999999999/bust", json={"reason": "of none"})
        assert (unknown.status_code, unknown.json()["details"]["reason"]) == (422, "UNKNOWN_TRADE")
        live = own.server.sessions.get("acts")
        assert (live.bust_reason(trade["trade"])[0], live.bust_reason(999_999_999)) == (
            "by mistake",
            ("", ""),
        )
        assert ann.get(f"{path}/positions").json()["positions"][0]["quantity"] == 0
        (undone,) = ann.get(f"{path}/fills").json()["fills"]
        assert (undone["busted"], undone["busted_reason"]) == (True, "by mistake")
        order_now = ann.get(f"{path}/orders/{undone['order']}").json()
        assert [order_now[name] for name in ("state", "quantity", "leaves", "executed", "busted")] == [
            "filled",
            1.0,
            0.0,
            0.0,
            1.0,
        ]
        assert (order_now["average_price"], order_now["fees"]) == (None, 0.0)
        explained = ann.get(f"{path}/orders/{undone['order']}/explanation").json()
        assert (explained["filled"], explained["open"]) == (0.0, 0.0)
        told = explained["text"]
        assert "\nFilled: nothing of 1; 1 that had traded busted.\n" in told, told
        number = trade["trade"]
        assert told.endswith(f"Busted: 1 in trade {number}, which count no more: by mistake"), told
        assert ann.get(f"{path}/account").json()["cash"] == ann.get(f"{path}/account").json()["start_cash"]
        assert teach.get(f"{path}/instruments/QUIET/trades").json()["busted"] == [True]
        (alert,) = teach.get(f"{path}/alerts", params={"kind": "busted"}).json()["alerts"]
        assert (alert["text"], alert["symbol"]) == ("by mistake", "QUIET")
        fee = {"symbol": "QUIET", "fee": "taker_bps", "value": "10"}
        assert teach.post(f"{path}/fees", json=fee).status_code == 200
        schedules = ann.get(f"{path}/account").json()["fee_schedules"]
        assert [each["taker_bps"] for each in schedules if each["symbol"] == "QUIET"] == [10.0]
        late = {"mode": "delayed", "delay_seconds": 60}
        assert teach.put(f"{path}/leaderboard", json=late).status_code == 200
        shown = ann.get(f"{path}/leaderboard").json()
        assert (shown["mode"], shown["delay_seconds"]) == ("delayed", 60.0)
        assert shown["as_of"] < shown["time"]
        # What was found out after the close is still undone; a sealed session never changes.
        for side in ("buy", "sell", "buy", "sell"):
            (ann if side == "buy" else bob).post(f"{path}/orders", json={**order, "side": side})
        assert teach.post(f"{path}/close").status_code == 200

        def table(name: str, **params: str) -> list[dict[str, str]]:
            asked = {"format": "csv", **params}
            return list(csv.DictReader(ann.get(f"{path}/review/{name}", params=asked).text.splitlines()))

        fill = table("fills")[0]
        assert (fill["busted"], fill["position"], fill["round_trip"]) == ("true", "", "")
        assert [each["busted"] for each in table("trades", symbol="QUIET")] == ["true", "false", "false"]
        found = teach.get(f"{path}/trades", params={"symbol": "QUIET"}).json()["trades"]
        assert teach.post(f"{path}/trades/{found[0]['trade']}/bust").json()["busted"]
        assert ann.get(f"{path}/positions").json()["positions"][0]["quantity"] == 1
        assert teach.post(f"{path}/debrief").status_code == 200
        sealed = teach.post(f"{path}/trades/{found[1]['trade']}/bust")
        assert (sealed.status_code, "sealed" in sealed.json()["message"]) == (409, True), sealed.text
