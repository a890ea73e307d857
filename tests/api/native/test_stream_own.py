"""The log of own events: what it keeps, what it forgets, and that long ones are told in pieces."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.sync.client import ClientConnection

from tests.api.native.streaming import rule_book
from tests.api.native.test_stream import frames_until, say, socket
from tests.api.served import Served
from workbench.api.native.stream_own import OwnLog, own_events
from workbench.domain.records import Records

ORDER = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": "1", "limit_price": "40"}


def parts_of(events: Records, sizes: list[int]) -> list[Records]:
    """The events in batches of these sizes, over and over."""
    found, at, turn = [], 0, 0
    while at < len(events):
        found.append(events[at : at + sizes[turn % len(sizes)]])
        at += len(found[-1])
        turn += 1
    return found


@given(st.lists(st.integers(1, 50), min_size=1, max_size=5), st.integers(1, 400), st.integers(0, 2_000))
def test_what_is_kept_is_what_happened_however_it_came(sizes: list[int], kept: int, seq: int) -> None:
    venue, _, events = rule_book()
    log = OwnLog(2 + len(venue.accounts), events_max=kept)
    for batch in parts_of(events, sizes):
        log.take(batch)
    own = own_events(events)
    assert log.seq == int(events["seq"][-1])
    for account in (None, 2, 3, 99):
        found = log.since(seq, account)
        if found is None:
            # Only what is older than the last so many may be forgotten.
            assert int((own["seq"] > seq).sum()) > kept
            continue
        wanted = own[own["seq"] > seq]
        if account is not None:
            wanted = wanted[wanted["account"] == account]
        assert np.array_equal(found, wanted)


def rows_of(opened: ClientConnection, topic: str, number: int) -> list[dict[str, object]]:
    """Rows of a topic up to the answer to a ping, each frame following on the one before it."""
    say(opened, id=number, ping=True)
    frames = frames_until(opened, "pong")
    deltas = [each for each in frames if each["type"] == "delta" and each["topic"] == topic]
    assert all(later["prev"] <= earlier["seq"] for earlier, later in pairwise(deltas))
    rows = [row for each in deltas for row in each["rows"]]
    assert deltas[-1]["n"] == len(rows)
    return rows


def test_more_than_may_wait_at_once_is_told_again_whole(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = served.person()
    with socket(served, person.headers) as opened:
        for number in range(200):
            say(opened, id=number + 1, place={**ORDER, "client_order_id": f"long-{number}"})
            say(opened, id=number + 1001, cancel={"order": f"client:long-{number}"})
        answers = 0
        while answers < 400:
            answers += sum(each["type"] in ("ack", "refused") for each in json.loads(opened.recv(60)))
    monkeypatch.setattr("workbench.api.native.stream_connection.OWN_BYTES", 60_000)
    monkeypatch.setattr("workbench.api.native.stream_topics.ROWS", 50)
    with socket(served, person.headers) as opened:
        say(opened, id=1, subscribe=["orders"], from_seq=1)
        rows = rows_of(opened, "orders", 2)
    seqs = [row["seq"] for row in rows]
    assert seqs == sorted(seqs)
    assert len({row["id"] for row in rows if row["event"] == "created"}) == 200
    assert len(json.dumps(rows)) > 60_000


def test_what_happens_while_a_long_one_is_told_is_told_after_it(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.api.native.stream_topics.ROWS", 3)
    person = served.person()
    with socket(served, person.headers) as trading, socket(served, person.headers) as opened:
        for number in range(60):
            say(trading, id=number + 1, place={**ORDER, "client_order_id": f"while-{number}"})
            if number == 30:
                say(opened, id=1, subscribe=["orders"], from_seq=1)
        answers = 0
        while answers < 60:
            answers += sum(each["type"] in ("ack", "refused") for each in json.loads(trading.recv(60)))
        rows = rows_of(opened, "orders", 2)
    created = [row["client_order_id"] for row in rows if row["event"] == "created"]
    assert created == [f"while-{number}" for number in range(60)]


def test_the_first_orders_of_a_stream_happen_in_the_order_in_which_they_were_sent(served: Served) -> None:
    # They wait for the seat that the first of them takes.
    for _ in range(5):
        person = served.person()
        with socket(served, person.headers) as trading:
            for number in range(20):
                say(trading, id=number + 1, place={**ORDER, "client_order_id": f"first-{number}"})
            answered: list[int] = []
            ids: dict[int, int] = {}
            while len(answered) < 20:
                for frame in json.loads(trading.recv(60)):
                    if frame["type"] in ("ack", "refused"):
                        answered.append(frame["id"])
                        ids[frame["id"]] = frame["orders"][0]["id"]
        assert [ids[number + 1] for number in range(20)] == sorted(ids.values())
