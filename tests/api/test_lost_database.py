"""The users' database goes away while the server runs, and comes back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from websockets.sync.client import connect

from tests.api.served import CHEAP, PASSWORD, BotKey, Person, Served, serving
from tests.conftest import IN_CI
from tests.faults.server.abuse import fill, small_disk
from tests.identity.postgres import MISSING, Postgres, postgres_programs, postgres_server
from workbench.identity.roles import Role

LIMIT = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 20}
ALPACA = {"symbol": "QUIET", "qty": "1", "side": "buy", "type": "limit", "limit_price": "20"}
REREADING = replace(CHEAP, reread_s=0.2)
SENTENCE = "the users' database does not answer"
NO_ROOM = "the disk of the users' database is full"


@pytest.fixture
def postgres_of_its_own() -> Iterator[Postgres]:
    """A server that nobody else uses."""
    programs = postgres_programs()
    if programs is None:
        if IN_CI:
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    with postgres_server(programs) as server:
        yield server


class Known:
    """People who are logged in before the database goes, and what must go on for them."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.student = served.person()
        self.teacher = served.person(Role.INSTRUCTOR)
        self.bot: BotKey = served.key(served.person())
        self.unused: BotKey = served.key(self.student)
        for each in (self.student, self.bot):
            self._ask(each, "post", "/join")
        self.trade()

    def _ask(self, who: Person | BotKey, verb: str, path: str, **how: Any) -> httpx.Response:
        with self.served.client(who) as client:
            return client.request(verb, f"/api/sessions/{self.served.session}{path}", **how)

    def trade(self) -> None:
        """Orders of both faces, reads, a stream, and what an instructor does."""
        placed = self._ask(self.student, "post", "/orders", json=LIMIT)
        assert placed.status_code == 201, placed.text
        assert self._ask(self.bot, "get", "/account").status_code == 200
        with self.served.client(self.bot) as client:
            order = client.post("/v2/orders", json={**ALPACA, "time_in_force": "day"})
            assert order.status_code == 200, order.text
        url = f"ws{self.served.url.removeprefix('http')}/api/sessions/{self.served.session}/stream"
        with connect(url, additional_headers=self.student.headers, proxy=None) as stream:
            assert "hello" in str(stream.recv(60))
        for act in ("halt", "lift"):
            acted = self._ask(self.teacher, "post", f"/{act}", json={"symbols": ["CALM"]})
            assert acted.status_code == 200, acted.text

    def login(self, password: str = PASSWORD) -> httpx.Response:
        with self.served.client() as client:
            return client.post("/api/auth/login", json={"name": self.student.name, "password": password})

    def nothing_new_is_let_in(self) -> None:
        """Whatever needs the database says so, sooner than clients give up, and not where it is."""
        with self.served.client() as client:
            refused = [
                self.login(),
                client.post("/api/auth/sign-up", json={"name": "new", "password": PASSWORD}),
                client.get("/v2/account", headers=self.unused.headers),
            ]
        for answer in refused:
            assert answer.status_code == 503, answer.text
            assert SENTENCE in answer.json()["message"]
            assert "try again" in answer.json()["message"]
            assert answer.headers["retry-after"]

    def back(self) -> None:
        """All of it works again, without anybody doing anything to the server."""
        deadline = time.monotonic() + 60
        while self.login().status_code != 200:
            assert time.monotonic() < deadline, self.login().text
            time.sleep(0.1)
        with self.served.client(self.unused) as client:
            assert client.get("/v2/account").status_code == 200
        # That key is in memory from now on; another one is not.
        self.unused = self.served.key(self.student)
        self.trade()

    def halts(self) -> int:
        """How many halts the audit log has."""
        identity = self.served.server.identity
        return len(self.served.run(identity.audit_log(action="market.halt")))


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_lost_postgresql_stops_log_ins_alone_and_comes_back(
    tmp_path: Path, postgres_of_its_own: Postgres
) -> None:
    database = postgres_of_its_own.url
    with serving(tmp_path / "data", database=database, identity=REREADING) as served:
        known = Known(served)

        def ready() -> bool:
            with served.client() as client:
                return client.get("/health/ready").status_code == 200

        for round_ in range(1, 3):
            postgres_of_its_own.stop_at_once()
            known.trade()
            for _ in range(5):
                known.nothing_new_is_let_in()
            known.trade()
            until(ready)
            postgres_of_its_own.start()
            known.back()
            # What was done meanwhile is in the audit log, with the times of then.
            until(lambda count=1 + 3 * round_: known.halts() == count)


def test_attempts_that_could_not_be_looked_at_lock_nobody_out(
    tmp_path: Path, postgres_of_its_own: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than a slow machine needs for an attempt.
    monkeypatch.setattr("workbench.identity.throttle._FIRST_LOCK_S", 60.0)
    strict = replace(REREADING, user_failures=2)
    with serving(tmp_path / "data", database=postgres_of_its_own.url, identity=strict) as served:
        known = Known(served)
        postgres_of_its_own.stop_at_once()
        for _ in range(6):
            assert known.login().status_code == 503
        postgres_of_its_own.start()
        known.back()
        for _ in range(3):
            assert known.login("wrong, all of it").status_code == 401
        assert known.login().status_code == 429


@pytest.mark.slow
def test_a_locked_file_stops_log_ins_alone_and_comes_back(tmp_path: Path) -> None:
    with serving(tmp_path / "data", identity=REREADING) as served:
        known = Known(served)
        with sqlite3.connect(served.data / "identity.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            known.trade()
            answer = known.login()
            assert (answer.status_code, SENTENCE in answer.text) == (503, True)
            known.trade()
            other.execute("ROLLBACK")
        other.close()
        known.back()
        until(lambda: known.halts() == 4)


def test_many_who_wait_for_a_locked_file_are_all_told_soon(tmp_path: Path) -> None:
    with serving(tmp_path / "data", identity=REREADING) as served:
        known = Known(served)
        with sqlite3.connect(served.data / "identity.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            asked = time.monotonic()
            logins = [served.server.identity.login(known.student.name, PASSWORD) for _ in range(60)]
            told = served.run(gathered(logins))
            assert time.monotonic() - asked < 20
            assert {type(each).__name__ for each in told} == {"IdentityError"}
            other.execute("ROLLBACK")
        other.close()
        known.back()


async def gathered(work: list[Any]) -> list[Any]:
    import asyncio

    return await asyncio.gather(*work, return_exceptions=True)


def test_a_full_disk_stops_log_ins_alone_and_comes_back(tmp_path: Path) -> None:
    with serving(tmp_path / "data", identity=REREADING) as served:
        known = Known(served)
        engine = served.server.identity._store.engine
        limit = [1]

        # SQLite's own "database or disk is full": the file may not grow beyond the pages that it has.
        def hold(connection: sa.Connection) -> None:
            connection.exec_driver_sql(f"PRAGMA max_page_count={limit[0]}")

        sa.event.listen(engine, "begin", hold, insert=True)
        for _ in range(1_000):
            answer = known.login()
            if answer.status_code != 200:
                break
        assert (answer.status_code, NO_ROOM in answer.text) == (503, True)
        assert known.login().status_code == 503
        known.trade()
        limit[0] = 1 << 30
        known.back()
        until(lambda: known.halts() == 3)


def test_on_a_disk_without_a_free_byte_log_ins_are_refused_with_the_reason_and_what_to_do(
    tmp_path: Path,
) -> None:
    with small_disk(tmp_path / "disk") as disk:
        database = f"sqlite:///{disk}/identity.db"
        with serving(tmp_path / "data", database=database, identity=REREADING) as served:
            known = Known(served)
            who = {"name": known.student.name, "password": PASSWORD}
            with served.client() as client:
                refresh = client.post("/api/auth/login", json=who).json()["refresh"]
            identity = served.server.identity
            before = served.run(identity.devices(known.student.user_id))
            fill(disk / "ballast")
            with served.client() as client:
                refused = [
                    known.login(),
                    client.post("/api/auth/refresh", json={"refresh": refresh}),
                    client.post("/api/auth/sign-up", json={"name": "new", "password": PASSWORD}),
                ]
            for answer in refused:
                assert answer.status_code == 503, answer.text
                assert answer.json()["code"] == "full"
                assert NO_ROOM in answer.json()["message"]
                assert "free room on its disk" in answer.json()["message"]
                # Where the file is, is nobody's business.
                assert str(disk) not in answer.text
                assert answer.headers["retry-after"]
            # Who does not know the password learns nothing of the disk.
            assert known.login("wrong, all of it").status_code == 401
            known.trade()
            # What was refused is not there, not even for memory.
            assert served.run(identity.devices(known.student.user_id)) == before
            (disk / "ballast").unlink()
            known.back()
            with served.client() as client:
                again = client.post("/api/auth/refresh", json={"refresh": refresh})
            assert again.status_code == 200, again.text
