"""SQL that sees what happened a moment ago."""

from __future__ import annotations

import pytest

from tests.api.served import Served
from workbench.client import Client
from workbench.client.routes import arrow
from workbench.errors import ApiError
from workbench.identity.roles import Role


def test_a_query_sees_the_trade_of_a_moment_ago(served: Served) -> None:
    ann, bob, teacher = served.person(), served.person(), served.person(Role.INSTRUCTOR)
    with (
        Client(served.url, token=teacher.access) as watching,
        Client(served.url, token=ann.access) as buying,
        Client(served.url, token=bob.access) as selling,
        watching.connect(served.data) as sql,
    ):
        asked = "select count(*) from trades where symbol = 'QUIET'"
        before = sql.sql(asked).fetchall()[0]
        for round_ in range(1, 6):
            buying.session(served.session).place("QUIET", "buy", 1, limit=20)
            selling.session(served.session).place("QUIET", "sell", 1, limit=20)
            now = sql.sql(asked).fetchall()[0]
            assert now[0] == before[0] + round_
        told = sql.sql("select count(*), count(distinct seq) from trades").fetchall()[0]
        assert told[0] == told[1]
        events = sql.sql("select count(*), max(seq), count(distinct seq) from events").fetchall()[0]
        assert events[0] == events[1] == events[2] == sql.catalog.seqs[served.session]
        price = sql.sql(
            "select price from trades where symbol = 'QUIET' order by seq desc limit 1"
        ).fetchall()[0]
        assert price[0] == buying.session(served.session).trades("QUIET")["price"][-1]


def test_a_student_sees_the_own_rows_alone(served: Served) -> None:
    carl, dora = served.person(), served.person()
    with Client(served.url, token=carl.access) as one, Client(served.url, token=dora.access) as other:
        one.session(served.session).place("QUIET", "buy", 2, limit=21)
        other.session(served.session).place("QUIET", "sell", 2, limit=21)
        name = one.session(served.session).account().name
        for table in ("orders", "positions", "equity"):
            rows, _ = one.read_arrow(arrow(served.session, table, 0, 0))
            assert set(rows.column("account").to_pylist()) <= {name}
        trades, _ = one.read_arrow(arrow(served.session, "trades", 0, 0))
        assert {*trades.column("taker").to_pylist(), *trades.column("maker").to_pylist()} <= {name, None}
        with pytest.raises(ApiError, match="read_class"):
            one.read_arrow(arrow(served.session, "events", 0, 0))
        with pytest.raises(ApiError, match="no table"):
            one.read_arrow(arrow(served.session, "secrets", 0, 0))
        with pytest.raises(ApiError, match="until_seq"):
            one.read_arrow(arrow(served.session, "trades", 0, 1 << 40))


def test_a_students_queries_ask_for_nothing_that_is_refused(served: Served) -> None:
    eve = served.person()
    answers: list[tuple[str, int]] = []
    with Client(served.url, token=eve.access) as client:
        client.session(served.session).place("QUIET", "buy", 2, limit=19)
        client._http.event_hooks["response"] = [
            lambda answer: answers.append((answer.url.path.rsplit("/", 1)[-1], answer.status_code))
        ]
        with client.connect(served.data) as sql:
            for _ in range(2):
                sql.sql("select count(*) from trades").fetchall()
            assert sql.sql("select count(*) from events").fetchall()
    assert {status for _, status in answers} == {200}
    assert {"trades", "orders", "equity"} <= {path for path, _ in answers}
    assert "events" not in {path for path, _ in answers}
