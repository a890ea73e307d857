"""A strategy over the API while its server ends its day, is killed, or ends its log-in."""

from __future__ import annotations

import asyncio
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import workbench as wb
from tests.api.served import CHEAP, PASSWORD, serving
from tests.faults.server.process import ServerProcess
from tests.studies.test_same_decisions import TEXT
from workbench.errors import ApiError, StreamError
from workbench.identity.roles import Role
from workbench.studies.client_run import run_client

pytestmark = pytest.mark.slow


class Turns(wb.Strategy):
    """Buys and sells on bars in turns, with a limit that rests beside."""

    bars = "10s"

    def __init__(self, noted: int = 0, most: int = 1_000) -> None:
        self.noted, self.most = noted, most
        self.ready, self.reached = threading.Event(), threading.Event()

    def on_start(self, desk):
        self.closes, self.ended = [], []
        self.ready.set()

    def on_bar(self, desk, bar):
        self.closes.append(bar)
        if len(self.closes) <= self.most:
            (desk.buy if len(self.closes) % 2 else desk.sell)(10)
        if len(self.closes) == 2:
            desk.buy(1, bar.close_ticks - 60)
        if len(self.closes) == self.noted:
            self.reached.set()

    def on_end(self, desk, order):
        self.ended.append((order, desk.time_ns))


def begun(strategy, client, name, **given):
    """The result of a run, which goes on in a thread of its own."""
    threads = ThreadPoolExecutor(1)
    running = threads.submit(run_client, strategy, client, name, "HARBOR", **given)
    threads.shutdown(wait=False)
    assert strategy.ready.wait(240) or running.done()
    return running


def test_a_session_that_closes_by_itself_ends_the_run(tmp_path: Path):
    text = TEXT.replace('close = "16:00"', 'close = "09:34"').replace("speed = 120", "speed = 20")
    # Nothing is sent near the close: what comes there may be refused, or end unfilled, on a busy machine.
    strategy = Turns(most=6)
    with (
        serving(tmp_path / "data") as served,
        wb.Client(served.url, token=served.person(Role.INSTRUCTOR).access) as teacher,
        wb.Client(served.url, token=served.person().access) as client,
    ):
        lesson = teacher.create_session("lesson", scenario=text)
        running = begun(strategy, client, "lesson")
        lesson.start()
        followed = running.result(240)
        assert client.session("lesson").status().state == "closed"
    assert len(strategy.closes) >= 8
    assert followed.decisions.height == 6 + 1
    # The limit that nobody met ended with the day, and that was told.
    limit = followed.decisions.filter(followed.decisions["price_ticks"] > 0)["order"][0]
    assert [order for order, _ in strategy.ended] == [limit]
    assert not followed.refused
    assert sum(fill.quantity_lots for fill in followed.fills) == 10 * 6


def test_a_server_that_is_killed_is_waited_for_and_no_order_is_sent_twice(tmp_path: Path):
    scenario = tmp_path / "day.toml"
    scenario.write_text(TEXT.replace("speed = 120", "speed = 30"))
    server = ServerProcess(tmp_path / "data", "--scenario", str(scenario), "--lobby", "--no-pages")
    strategy = Turns(noted=4)
    try:
        server.launch()
        asyncio.run(server.answers())
        admin = re.search(rb"\n  (\S+-\S+)\n", server.printed())
        assert admin is not None
        with wb.Client(server.url) as teacher, wb.Client(server.url) as client:
            teacher.login("admin", admin[1].decode())
            client.sign_up("ann", PASSWORD)
            client.login("ann", PASSWORD)
            running = begun(strategy, client, "day", until="09:32")
            teacher.session("day").start()
            assert strategy.reached.wait(240)
            asyncio.run(server.kill())
            time.sleep(1.0)
            server.launch()
            asyncio.run(server.answers())
            followed = running.result(240)
            market = client.session("day")
            orders = market.orders(limit=1_000)
            fills = market.fills(limit=1_000).reverse()
    finally:
        server.close()
    assert server.starts == 2
    asked = followed.decisions.filter(followed.decisions["action"] != "cancel")
    assert len(strategy.closes) >= 9
    # Each order exists once, and each fill was told once.
    assert not followed.refused
    assert len(orders) == asked.height == len(strategy.closes) + 1
    assert len({order.client_order_id for order in orders}) == len(orders)
    told = [(fill.price_ticks / 100, float(fill.quantity_lots)) for fill in followed.fills]
    assert told == list(zip(fills["price"], fills["quantity"], strict=True))
    assert not [order for order in orders if order.is_open]


def test_a_log_in_is_renewed_while_it_runs(tmp_path: Path):
    strategy = Turns()
    # What was refused for a token that is over is asked once more with the next, while that is good.
    with serving(tmp_path / "data", identity=replace(CHEAP, access_s=3)) as served:
        teacher = served.person(Role.INSTRUCTOR)
        person = served.person()
        with wb.Client(served.url) as leader, wb.Client(served.url) as client:
            leader.login(teacher.name, PASSWORD)
            client.login(person.name, PASSWORD)
            lesson = leader.create_session("lesson", scenario=TEXT.replace("speed = 120", "speed = 30"))
            running = begun(strategy, client, "lesson", until="09:36")
            lesson.start()
            followed = running.result(240)
            assert client.credentials.turn > 2
    assert followed.decisions.height == len(strategy.closes) + 1 >= 12


def test_a_log_in_that_cannot_be_renewed_is_said(tmp_path: Path):
    strategy = Turns(noted=3)
    with serving(tmp_path / "data") as served:
        teacher, person = served.person(Role.INSTRUCTOR), served.person()
        with wb.Client(served.url, token=teacher.access) as leader, wb.Client(served.url) as client:
            client.login(person.name, PASSWORD)
            token = client.credentials.access
            with wb.Client(served.url, token=token) as robot:
                lesson = leader.create_session("lesson", scenario=TEXT)
                running = begun(strategy, robot, "lesson", until="09:36")
                lesson.start()
                assert strategy.reached.wait(240)
                client.logout()
                error = running.exception(240)
    assert isinstance(error, ApiError | StreamError)
    assert "log in again" in str(error)
    assert re.search(r"Turns was ended at .*; its \d open orders could not be cancelled", error.__notes__[0])
