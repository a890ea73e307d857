"""Reviews over HTTP: whose they are, what they say in each format, and that a restart changes nothing."""

from __future__ import annotations

import asyncio
import io
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from tests.api.served import Person, Served, serving
from workbench.analytics.tables import REVIEW_TABLES
from workbench.client import AsyncClient, Client
from workbench.client.review import ReviewClient
from workbench.errors import ApiError
from workbench.identity.roles import Role
from workbench.session.review import Review

REVIEW = "/api/sessions/market/review"


class Closed:
    """A server whose session two students traded in, and which is closed."""

    def __init__(self, served: Served, until: ExitStack) -> None:
        self.served = served
        self._until = until
        self._clients: dict[str, Client] = {}
        self.ann, self.bob, self.eve = (served.person() for _ in range(3))
        self.teacher = served.person(Role.INSTRUCTOR)
        ann, bob = self.client(self.ann).session("market"), self.client(self.bob).session("market")
        ann.join()
        bob.join()
        with served.client(self.ann) as http:
            self.before = http.get(REVIEW)
        ann.place("QUIET", "sell", 100, limit="50.00", client_order_id="=first")
        bob.place("QUIET", "buy", 40, limit="50.00")
        bob.place("QUIET", "buy", 60, limit="50.00")
        bob.place("QUIET", "sell", 30, limit="50.20")
        ann.place("QUIET", "buy", 100, limit="50.10")
        bob.place("QUIET", "sell", 100, limit="50.10")
        self.client(self.teacher).session("market").control("close")

    def client(self, person: Person) -> Client:
        if person.name not in self._clients:
            made = self._until.enter_context(Client(self.served.url, token=person.access))
            self._clients[person.name] = made
        return self._clients[person.name]

    def review(self, person: Person, account: str = "") -> ReviewClient:
        return self.client(person).review("market", account)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("reviewed") / "data"


@pytest.fixture(scope="module")
def closed(data: Path) -> Iterator[Closed]:
    with serving(data) as served, ExitStack() as until:
        yield Closed(served, until)


def refusal(ask: ReviewClient) -> tuple[int, str]:
    with pytest.raises(ApiError) as error:
        ask.about()
    return error.value.status, error.value.code


def test_until_the_market_has_closed_there_is_none(closed: Closed) -> None:
    assert closed.before.status_code == 409
    assert closed.before.json()["code"] == "session_open"
    assert "once its market has closed" in closed.before.json()["message"]


def test_ones_day(closed: Closed) -> None:
    review = closed.review(closed.ann)
    about = review.about()
    assert (about.account, about.user, about.sealed) == ("seat-1", closed.ann.name, False)
    assert about.start_ns < about.open_ns < about.end_ns
    fills, trip = review.fills(), review.round_trips().row(0, named=True)
    assert fills["quantity"].to_list() == [40.0, 60.0, 100.0]
    assert fills["liquidity"].to_list() == ["maker", "maker", "maker"]
    assert fills["order"].to_list()[:2] == ["=first", "=first"]
    assert (trip["side"], trip["entry_price"], trip["exit_price"]) == ("SELL", 50.0, 50.1)
    assert (trip["result"], trip["net"], trip["mae"]) == ("loss", pytest.approx(-10), pytest.approx(-10))
    at_ns = int(fills["time"].cast(pl.Int64)[0])
    book = review.book("QUIET", at_ns)
    assert book.asks.rows() == [(50.0, 60.0, 1, 60.0, 1)]
    assert (book.own["leaves"][0], book.own["orders_ahead"][0], book.position) == (60.0, 0, -40.0)
    # A nanosecond before it none of it had happened.
    assert review.book("QUIET", at_ns - 1).position == 0
    assert review.tape("QUIET", about.end_ns, 2)["own_side"].to_list() == ["BUY", "SELL"]
    without = review.what_if()
    assert set(without.accounts["account"]) == {"seat-1"}
    assert without.accounts.filter(pl.col("measure") == "fills")["recorded"][0] == 3
    assert without.prices["time"].dtype == pl.Datetime("ns", "UTC")


def test_whose_review_it_is(closed: Closed) -> None:
    for account in ("seat-1", "seat-nobody"):
        assert refusal(closed.review(closed.bob, account)) == (403, "forbidden")
    assert refusal(closed.review(closed.eve)) == (409, "no_seat")
    assert refusal(closed.review(closed.teacher)) == (409, "no_seat")
    assert refusal(closed.review(closed.teacher, "seat-nobody")) == (404, "unknown_account")
    assert refusal(closed.client(closed.ann).review("nothing")) == (404, "unknown_session")
    assert refusal(closed.client(closed.ann).review("../market")) == (422, "refused")
    assert closed.review(closed.ann).accounts() == [("seat-1", closed.ann.name)]
    assert closed.review(closed.eve).accounts() == []
    everybody = [("seat-1", closed.ann.name), ("seat-2", closed.bob.name)]
    assert closed.review(closed.teacher).accounts() == everybody
    # One's own account may be named.
    assert closed.review(closed.ann, "seat-1").about().account == "seat-1"
    seen = closed.review(closed.teacher, "seat-2")
    assert seen.about().user == closed.bob.name
    assert set(seen.what_if().accounts["account"]) > {"seat-1", "seat-2", "street"}
    admin = closed.served.person(Role.ADMIN)
    entries = closed.client(admin).get("/api/audit", action="account.read")["entries"]
    looks = [(each["actor"], each["details"]["account"]) for each in entries]
    assert looks == [(closed.teacher.name, "seat-2")]


def test_each_format_says_the_same(closed: Closed) -> None:
    review = closed.review(closed.ann)
    with closed.served.client(closed.ann) as http:
        for name, table in REVIEW_TABLES.items():
            asked = {"symbol": "QUIET"} if name in ("candles", "trades") else {}
            rows = http.get(f"{REVIEW}/{name}", params=asked).json()
            assert [each["name"] for each in rows["columns"]] == table.names
            frame = pl.read_ipc_stream(io.BytesIO(review.download(name, "arrow", **asked)))
            assert frame.schema == table.schema
            assert len(rows["rows"]) == frame.height
            assert_frame_equal(pl.read_parquet(review.download(name, "parquet", **asked)), frame)
            lines = review.download(name, "csv", **asked).decode().splitlines()
            assert lines[0] == ",".join(table.names)
            assert len(lines) == frame.height + 1
        first = http.get(f"{REVIEW}/fills").json()["rows"][0]
        assert first["time"].startswith("2025-03-18T13:30:0")
        # What a spreadsheet would take for a formula is text in a file for people, and as it was elsewhere.
        assert first["order"] == "=first"
        csv = http.get(f"{REVIEW}/orders", params={"format": "csv"})
        assert ",'=first," in csv.text
        assert csv.headers["content-disposition"] == 'attachment; filename="market-seat-1-orders.csv"'


def test_what_makes_no_sense_is_refused(closed: Closed) -> None:
    with closed.served.client(closed.ann) as http:

        def said(path: str, **query: str) -> tuple[int, str]:
            answer = http.get(f"{REVIEW}/{path}", params=query)
            return answer.status_code, answer.json()["code"]

        assert said("secrets") == (404, "unknown_table")
        assert said("candles", symbol="OTHER") == (404, "unknown_symbol")
        assert said("candles", interval="2min") == (422, "invalid")
        assert said("fills", format="xml") == (422, "invalid")
        assert said("book") == (422, "invalid")
        assert said("book", at="noon") == (422, "invalid")
        assert said("book", at="0", symbol="OTHER") == (404, "unknown_symbol")


def test_a_class_that_opens_its_reviews_at_once_folds_the_session_once(
    closed: Closed, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.api import reviews

    made = []

    def counted(recording: object) -> object:
        made.append(recording)
        return real(recording)  # type: ignore[arg-type]

    real = reviews.ReviewDay
    monkeypatch.setattr(reviews, "ReviewDay", counted)
    closed.served.call(closed.served.server.reviews._days.clear)
    asked = [closed.ann, closed.bob] * 8
    with ThreadPoolExecutor(16) as threads:
        said = list(threads.map(lambda person: closed.review(person).about().account, asked))
    assert said == ["seat-1", "seat-2"] * 8
    assert len(made) == 1


def test_the_awaited_client_and_the_servers_process_say_the_same(closed: Closed) -> None:
    async def awaited() -> tuple[pl.DataFrame, pl.DataFrame]:
        async with AsyncClient(closed.served.url, token=closed.ann.access) as client:
            review = client.review("market")
            return await review.fills(), await review.summary()

    async def inside() -> tuple[pl.DataFrame, pl.DataFrame]:
        server = closed.served.server
        principal = server.identity.principal_of_token(closed.ann.access)
        review: Review = await server.reviews.of(principal, "market")
        return await server.reviews.read(review.fills), await server.reviews.read(review.summary)

    for one, other in zip(asyncio.run(awaited()), closed.served.run(inside()), strict=True):
        assert_frame_equal(one, other)


def test_sealed_and_after_a_restart_it_is_the_same(closed: Closed, data: Path) -> None:
    wanted = closed.review(closed.ann).fills(), closed.review(closed.ann).summary()
    closed.client(closed.teacher).session("market").control("debrief")
    assert closed.review(closed.ann).about().sealed
    assert_frame_equal(closed.review(closed.ann).fills(), wanted[0])
    # The server goes on; another one reads a copy of its folder.
    copy = data.parent / "copy"
    copy_of(data, copy)
    with serving(copy, name="tuesday") as again, ExitStack() as until:
        assert list(again.server.hubs) == ["tuesday"]
        ann, eve, teacher = (
            until.enter_context(Client(again.url, token=person.access))
            for person in (closed.ann, closed.eve, closed.teacher)
        )
        assert ann.review("market").about().user == closed.ann.name
        # It is offered to who was there and to who reads the class; the one that goes on is no review yet.
        offered = [listed(again.url, person) for person in (closed.ann, closed.eve, closed.teacher)]
        assert [[(each["session"], each["account"]) for each in some] for some in offered] == [
            [("market", "seat-1")],
            [],
            [("market", "")],
        ]
        assert offered[0][0]["title"]
        assert_frame_equal(ann.review("market").fills(), wanted[0])
        assert_frame_equal(ann.review("market").summary(), wanted[1])
        assert ann.review("market").what_if().left_out == 2
        with pytest.raises(ApiError) as error:
            eve.review("market").about()
        assert error.value.code == "no_seat"
        named = teacher.review("market", "seat-2")
        assert named.about().user == closed.bob.name


def listed(url: str, person: Person) -> list[dict[str, str]]:
    """Sessions that somebody is offered to look back at."""
    bearer = {"Authorization": f"Bearer {person.access}"}
    answer = httpx.get(f"{url}/api/reviews", headers=bearer, trust_env=False, timeout=60)
    return list(answer.raise_for_status().json()["reviews"])


def copy_of(data: Path, copy: Path) -> None:
    shutil.copytree(data, copy, ignore=shutil.ignore_patterns("*.lock", "lock"))
