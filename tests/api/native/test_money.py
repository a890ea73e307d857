"""Why money was moved: by REST, streams and the client, again later, after a restart and in reviews."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from tests.api.native.test_stream import frames_until, say, socket
from tests.api.native.test_stream_own import rows_of
from tests.api.served import SESSION, serving
from workbench.client import AsyncClient, Client
from workbench.identity.roles import Role

BASE = f"/api/sessions/{SESSION}"
ACTS = ("account.fine", "account.transfer")
QUOTES, TWICE = "quoted no market for ten minutes", "paid in twice"


def moved(teach: Any, seat: str) -> None:
    """A deposit without a word, a fine and a withdrawal with one, and a withdrawal that is refused."""
    for path, amount, reason in (
        ("transfer", "100", None),
        ("fine", "25", QUOTES),
        ("transfer", "-100", TWICE),
        ("transfer", "-9e9", "more than there is"),
    ):
        told = {"account": seat, "amount": amount, **({} if reason is None else {"reason": reason})}
        answer = teach.post(f"{BASE}/{path}", json=told)
        assert answer.status_code == (422 if reason == "more than there is" else 200), answer.text


TOLD = [("deposit", 100.0, ""), ("fine", -25.0, QUOTES), ("withdrawal", -100.0, TWICE)]


def test_reasons_of_money_are_told_wherever_the_money_is(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with serving(data) as served:
        teacher, student = served.person(Role.INSTRUCTOR), served.person()
        with (
            served.client(teacher) as teach,
            served.client(student) as learn,
            socket(served, student.headers) as opened,
        ):
            seat = learn.post(f"{BASE}/join").json()["name"]
            say(opened, id=1, subscribe=["account"])
            frames_until(opened, "snapshot")
            moved(teach, seat)
            # One after another, so that none is told together with another.
            rows = [row for row in rows_of(opened, "account", 2) if row["event"] == "cash_changed"]
            assert [(row["reason"], row["amount"], row["text"]) for row in rows] == TOLD
            assert changes(learn) == TOLD
            with served.client(served.person(Role.ADMIN)) as admin:
                acts = [each for each in audited(admin) if each["action"] in ACTS]
            assert [each["details"].get("reason", "") for each in acts] == [TWICE, QUOTES, ""]
        with socket(served, student.headers) as opened:
            say(opened, id=1, subscribe=["account"], from_seq=1)
            again = [row for row in rows_of(opened, "account", 2) if row["event"] == "cash_changed"]
            assert again == rows
        with Client(served.url, token=student.access) as client:
            frame = client.session(SESSION).cash()
            assert list(frame.select("reason", "amount", "text").iter_rows()) == TOLD

        async def asked() -> list[tuple[Any, ...]]:
            async with AsyncClient(served.url, token=teacher.access) as there:
                session = there.session(SESSION)
                await session.control("fine", account=seat, amount="1", reason="once more")
                frame = await session.cash(account=seat)
                return list(frame.select("reason", "amount", "text").iter_rows())

        told = [*TOLD, ("fine", -1.0, "once more")]
        assert asyncio.run(asked()) == told
        person = student.name
    with serving(data, session=False, scenario=None, name="") as served:
        teacher = served.person(Role.INSTRUCTOR)
        with served.client(teacher) as teach:
            assert changes(teach, account=seat) == told
            for act in ("close", "debrief"):
                answer = teach.post(f"{BASE}/{act}")
                assert answer.status_code == 200, answer.text
            assert changes(teach, account=seat) == told
            table = teach.get(f"{BASE}/review/cash_entries", params={"account": seat}).json()
            found = [(row["reason"].lower(), row["amount"], row["text"] or "") for row in table["rows"]]
            assert found == told
        with Client(served.url, token=teacher.access) as client:
            review = client.review(SESSION, person).cash_entries()
            assert review["text"].to_list() == [None, QUOTES, TWICE, "once more"]


def changes(client: Any, **query: str) -> list[tuple[str, float, str]]:
    """Kind, amount and reason of all money but trades'."""
    found = client.get(f"{BASE}/cash", params=query).json()["changes"]
    return [(each["reason"], each["amount"], each["text"]) for each in found]


def audited(client: Any) -> list[dict[str, Any]]:
    """The audit log, the newest first."""
    entries: list[dict[str, Any]] = client.get("/api/audit").json()["entries"]
    return entries
