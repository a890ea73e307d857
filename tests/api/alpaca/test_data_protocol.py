from __future__ import annotations

from typing import Any

import pytest

from workbench.api.alpaca.data_protocol import (
    CRYPTO_CHANNELS,
    MOST_SYMBOLS,
    NEWS_CHANNELS,
    STOCK_CHANNELS,
    DataError,
    DataProtocol,
    error_message,
)


def authorized(channels: tuple[str, ...] = STOCK_CHANNELS) -> DataProtocol:
    protocol = DataProtocol(channels)
    assert protocol.authenticated(True).messages == [{"T": "success", "msg": "authenticated"}]
    return protocol


def test_acknowledgements_are_complete() -> None:
    protocol = authorized()
    said = protocol.receive({"action": "subscribe", "trades": ["AAPL"], "bars": ["*"]})
    assert said.messages == [
        {
            "T": "subscription",
            "trades": ["AAPL"],
            "quotes": [],
            "bars": ["*"],
            "updatedBars": [],
            "dailyBars": [],
            "statuses": [],
            "lulds": [],
            "corrections": ["AAPL"],
            "cancelErrors": ["AAPL"],
        }
    ]
    protocol.receive({"action": "subscribe", "trades": ["AAPL", "SPY"]})
    said = protocol.receive({"action": "unsubscribe", "trades": ["AAPL"], "bars": ["*"]})
    assert (said.messages[0]["trades"], said.messages[0]["bars"]) == (["SPY"], [])
    assert protocol.subscription == (frozenset({"SPY"}), *[frozenset()] * 6)


def test_equal_subscriptions_are_one_key() -> None:
    one, other = authorized(), authorized()
    one.receive({"action": "subscribe", "trades": ["AAPL", "SPY"]})
    other.receive({"action": "subscribe", "trades": ["SPY"]})
    other.receive({"action": "subscribe", "trades": ["AAPL"]})
    assert one.subscription == other.subscription


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (None, DataError.INVALID_SYNTAX),
        ({}, DataError.INVALID_SYNTAX),
        ({"action": "dance"}, DataError.INVALID_SYNTAX),
        ({"action": "subscribe", "trades": "AAPL"}, DataError.INVALID_SYNTAX),
        ({"action": "subscribe", "trades": [1]}, DataError.INVALID_SYNTAX),
        ({"action": "subscribe", "opinions": ["AAPL"]}, DataError.INVALID_SYNTAX),
        ({"action": "auth", "key": "K", "secret": "S"}, DataError.ALREADY_AUTHENTICATED),
        (
            {"action": "subscribe", "quotes": [str(n) for n in range(MOST_SYMBOLS + 1)]},
            DataError.SYMBOL_LIMIT_EXCEEDED,
        ),
    ],
)
def test_a_refused_message_changes_nothing(message: Any, error: DataError) -> None:
    protocol = authorized()
    protocol.receive({"action": "subscribe", "trades": ["AAPL"]})
    before = protocol.subscription
    said = protocol.receive(message)
    assert said.messages == [error_message(error)]
    assert protocol.subscription == before
    assert not said.changed


def test_who_is_not_known_may_try_again() -> None:
    protocol = DataProtocol(NEWS_CHANNELS)
    assert protocol.receive({"action": "subscribe", "news": ["*"]}).messages == [
        error_message(DataError.NOT_AUTHENTICATED)
    ]
    assert protocol.receive({"action": "auth"}).messages == [error_message(DataError.AUTH_FAILED)]
    assert protocol.authenticated(False).messages == [error_message(DataError.AUTH_FAILED)]
    said = protocol.receive({"action": "auth", "key": "K", "secret": "S"})
    assert said.credentials is not None


def test_each_stream_has_its_own_channels() -> None:
    said = authorized(NEWS_CHANNELS).receive({"action": "subscribe", "news": ["*"]})
    assert said.messages == [{"T": "subscription", "news": ["*"]}]
    said = authorized(CRYPTO_CHANNELS).receive({"action": "subscribe", "orderbooks": ["SIM/USD"]})
    assert "corrections" not in said.messages[0]
