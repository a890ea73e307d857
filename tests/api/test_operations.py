"""Health and metrics of a running server."""

from __future__ import annotations

import re
import time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.api.served import Served
from tests.conftest import ROOT
from tests.patience import PATIENCE_S


def samples(served: Served) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    with served.client() as client:
        answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(served: Served, name: str, **labels: str) -> float:
    return samples(served).get((name, frozenset(labels.items())), 0.0)


def test_a_server_that_works_is_alive_and_ready(served: Served) -> None:
    with served.client() as client:
        assert client.get("/health/live").json() == {"status": "alive"}
        # A machine that does other things may let it wait for longer than a server that is well does.
        end = time.monotonic() + PATIENCE_S
        while (ready := client.get("/health/ready")).status_code != 200 and time.monotonic() < end:
            time.sleep(0.1)
    assert ready.status_code == 200
    assert ready.json()["status"] == "ready"
    assert ready.json()["sessions"]["market"] == "ready"


def test_a_session_whose_journal_fails_is_not_ready(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    session = served.hub().session
    status = session.status()
    monkeypatch.setattr(type(session), "status", lambda _: status._replace(failed="no space is left"))
    with served.client() as client:
        answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "no space is left" in answer.json()["sessions"]["market"]


def test_a_session_that_does_not_step_is_not_ready(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(type(served.hub().session), "ask", never)
    with served.client() as client:
        answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert "has not stepped" in answer.json()["sessions"]["market"]


def test_orders_requests_and_refusals_are_counted(served: Served) -> None:
    route = "/api/sessions/{name}/orders"
    order = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 13}
    created = value(served, "workbench_order_results_total", session="market", result="created")
    placed = value(served, "workbench_http_requests_total", route=route, method="POST", status="201")
    acks = value(served, "workbench_ack_seconds_count", session="market")
    refused = value(served, "workbench_auth_failures_total", reason="unauthorized")
    failed = value(served, "workbench_login_failures_total", reason="bad_credentials")
    with served.client(served.person()) as client:
        assert client.post("/api/sessions/market/orders", json=order).status_code == 201
        client.delete("/api/sessions/market/orders")
    with served.client() as client:
        client.get("/api/auth/me")
        client.post("/api/auth/login", json={"name": "nobody", "password": "nothing"})
    assert value(served, "workbench_order_results_total", session="market", result="created") >= created + 1
    now = value(served, "workbench_http_requests_total", route=route, method="POST", status="201")
    assert now == placed + 1
    assert value(served, "workbench_ack_seconds_count", session="market") > acks
    assert value(served, "workbench_auth_failures_total", reason="unauthorized") == refused + 1
    assert value(served, "workbench_login_failures_total", reason="bad_credentials") == failed + 1
    assert value(served, "workbench_sessions", state="open") >= 1


def test_a_histogram_counts_every_answer_once(served: Served) -> None:
    found = samples(served)
    buckets = sorted(
        (float(dict(labels)["le"]), count)
        for (name, labels), count in found.items()
        if name == "workbench_ack_seconds_bucket" and ("session", "market") in labels
    )
    counts = [count for _, count in buckets]
    assert counts == sorted(counts)
    total = found["workbench_ack_seconds_count", frozenset({("session", "market")})]
    assert counts[-1] == total
    assert buckets[-1][0] == float("inf")


def test_every_metric_has_a_line_in_the_page(served: Served) -> None:
    with served.client() as client:
        client.get("/api/auth/me")
        names = set(re.findall(r"^# TYPE (workbench_\w+) ", client.get("/metrics").text, re.MULTILINE))
    page = (ROOT / "docs" / "server.md").read_text()
    assert {name for name in names if f"`{name}`" not in page} == set()
