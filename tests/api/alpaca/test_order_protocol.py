from __future__ import annotations

from typing import Any

import pytest

from workbench.api.alpaca.credentials import Credentials
from workbench.api.alpaca.order_protocol import OrderProtocol

KEYS = {"action": "authenticate", "data": {"key_id": "K", "secret_key": "S"}}
LISTEN = {"action": "listen", "data": {"streams": ["trade_updates"]}}


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (KEYS, Credentials("K", "S")),
        ({"action": "auth", "key": "K", "secret": "S"}, Credentials("K", "S")),
        ({"action": "authenticate", "data": {"oauth_token": "T"}}, Credentials(token="T")),
        ({"action": "auth", "key": "oauth", "secret": "T"}, Credentials(token="T")),
    ],
)
def test_every_form_of_credentials(message: dict[str, Any], expected: Credentials) -> None:
    said = OrderProtocol().receive(message)
    assert said.credentials == expected
    assert said.messages == []


def test_nothing_precedes_the_answer_and_a_failed_one_ends() -> None:
    protocol = OrderProtocol()
    said = protocol.authenticated(False)
    assert [message["data"]["status"] for message in said.messages] == ["unauthorized"]
    assert said.close
    assert OrderProtocol().receive({"action": "authenticate", "data": {"key_id": 1}}).close


def test_listening_replaces_the_list() -> None:
    protocol = OrderProtocol()
    assert protocol.receive(LISTEN).messages[0]["data"]["action"] == "listen"
    protocol.authenticated(True)
    said = protocol.receive(LISTEN)
    assert (said.messages, said.changed, protocol.listening) == (
        [{"stream": "listening", "data": {"streams": ["trade_updates"]}}],
        True,
        True,
    )
    said = protocol.receive({"action": "listen", "data": {"streams": []}})
    assert (said.messages[0]["data"], protocol.listening) == ({"streams": []}, False)
    assert protocol.receive(KEYS).messages[0]["data"]["status"] == "authorized"


@pytest.mark.parametrize(
    "message",
    [None, 1, [], {}, {"action": 5}, {"action": "listen"}, {"action": "listen", "data": {"streams": 3}}],
)
def test_nonsense_is_answered_and_loses_nothing(message: Any) -> None:
    protocol = OrderProtocol()
    protocol.authenticated(True)
    protocol.receive(LISTEN)
    said = protocol.receive(message)
    assert said.messages[0]["stream"] == "error"
    assert not said.close
    assert protocol.listening


def test_since_seq_is_taken_with_the_list_and_forgotten_with_it() -> None:
    protocol = OrderProtocol()
    protocol.authenticated(True)
    data = {"streams": ["trade_updates"], "since_seq": 7}
    said = protocol.receive({"action": "listen", "data": data})
    assert (said.messages[0]["data"], protocol.since_seq) == (data, 7)
    for wrong in (-1, "7", True, 1.5):
        said = protocol.receive({"action": "listen", "data": {**data, "since_seq": wrong}})
        assert "since_seq must be" in said.messages[0]["data"]["error"]
        assert not said.changed
    protocol.receive(LISTEN)
    assert protocol.since_seq is None
