"""The conversation of the market-data and news streams, as a machine without any socket."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import IntEnum
from typing import Any, Final

from workbench.api.alpaca.credentials import Credentials
from workbench.api.alpaca.order_protocol import Said

STOCK_CHANNELS: Final = ("trades", "quotes", "bars", "updatedBars", "dailyBars", "statuses", "lulds")
CRYPTO_CHANNELS: Final = ("trades", "quotes", "orderbooks", "bars", "updatedBars", "dailyBars")
NEWS_CHANNELS: Final = ("news",)
_WITH_TRADES: Final = ("corrections", "cancelErrors")
MOST_SYMBOLS = 1_000


class DataError(IntEnum):
    """Numbers of the stream's errors."""

    INVALID_SYNTAX = 400
    NOT_AUTHENTICATED = 401
    AUTH_FAILED = 402
    ALREADY_AUTHENTICATED = 403
    AUTH_TIMEOUT = 404
    SYMBOL_LIMIT_EXCEEDED = 405
    CONNECTION_LIMIT_EXCEEDED = 406
    SLOW_CLIENT = 407
    NOT_ENABLED = 408
    INSUFFICIENT_SUBSCRIPTION = 409
    INTERNAL_ERROR = 500


def error_message(error: DataError) -> dict[str, Any]:
    """An error as the stream sends it.

    >>> error_message(DataError.AUTH_FAILED)
    {'T': 'error', 'code': 402, 'msg': 'auth failed'}
    """
    return {"T": "error", "code": int(error), "msg": error.name.lower().replace("_", " ")}


CONNECTED: Final = {"T": "success", "msg": "connected"}
AUTHENTICATED: Final = {"T": "success", "msg": "authenticated"}

Subscription = tuple[frozenset[str], ...]
"""Symbols of each channel, in the order of the protocol's channels; `*` is all of them."""


class DataProtocol:
    """One connection of a data stream: the server speaks first, the client authenticates, then subscribes.

    Parameters
    ----------
    channels
        What can be subscribed to.

    Examples
    --------
    >>> protocol = DataProtocol(NEWS_CHANNELS)
    >>> protocol.receive({"action": "subscribe", "news": ["*"]}).messages[0]["code"]
    401
    >>> _ = protocol.authenticated(True)
    >>> protocol.receive({"action": "subscribe", "news": ["*"]}).messages
    [{'T': 'subscription', 'news': ['*']}]
    """

    __slots__ = ("authorized", "channels", "symbols")

    def __init__(self, channels: tuple[str, ...]) -> None:
        self.channels = channels
        self.authorized = False
        # Dictionaries keep the order in which symbols were asked for.
        self.symbols: dict[str, dict[str, None]] = {channel: {} for channel in channels}

    @property
    def subscription(self) -> Subscription:
        """What it is subscribed to, as a key that equal subscriptions share."""
        return tuple(frozenset(self.symbols[channel]) for channel in self.channels)

    def receive(self, message: Any) -> Said:
        """What follows from a decoded frame of the client."""
        if not isinstance(message, Mapping):
            return self.malformed()
        action = message.get("action")
        if action in ("auth", "authenticate"):
            return self._authenticate(message)
        if not self.authorized:
            return Said([error_message(DataError.NOT_AUTHENTICATED)])
        if action == "subscribe":
            return self._change(message, add=True)
        if action == "unsubscribe":
            return self._change(message, add=False)
        return self.malformed()

    def malformed(self) -> Said:
        """What follows from a frame that could not be decoded, or says nothing known."""
        return Said([error_message(DataError.INVALID_SYNTAX)])

    def authenticated(self, known: bool) -> Said:
        """What follows from the check of the credentials; after a failed one the client may try again."""
        self.authorized = known
        return Said([AUTHENTICATED if known else error_message(DataError.AUTH_FAILED)])

    def acknowledgement(self) -> dict[str, Any]:
        """The complete set of what is subscribed to."""
        complete: dict[str, Any] = {"T": "subscription"}
        complete.update({channel: list(symbols) for channel, symbols in self.symbols.items()})
        if "statuses" in self.symbols:
            complete.update({channel: list(self.symbols["trades"]) for channel in _WITH_TRADES})
        return complete

    def _authenticate(self, message: Mapping[str, Any]) -> Said:
        if self.authorized:
            return Said([error_message(DataError.ALREADY_AUTHENTICATED)])
        credentials = Credentials.read(message)
        if credentials is None:
            return Said([error_message(DataError.AUTH_FAILED)])
        return Said(credentials=credentials)

    def _change(self, message: Mapping[str, Any], *, add: bool) -> Said:
        named = [channel for channel in message if channel not in ("action", *_WITH_TRADES)]
        if any(not _is_list_of_texts(message[channel]) for channel in named):
            return self.malformed()
        if any(channel not in self.symbols for channel in named):
            # A client that offers several markets names channels that this one has not.
            if any(message[channel] for channel in named if channel not in self.symbols):
                return self.malformed()
            named = [channel for channel in named if channel in self.symbols]
        wanted = {channel: dict(symbols) for channel, symbols in self.symbols.items()}
        for channel in named:
            _change(wanted[channel], message[channel], add=add)
        if any(len(symbols) > MOST_SYMBOLS for symbols in wanted.values()):
            return Said([error_message(DataError.SYMBOL_LIMIT_EXCEEDED)])
        self.symbols = wanted
        return Said([self.acknowledgement()], changed=True)


def _is_list_of_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _change(symbols: dict[str, None], named: Iterable[str], *, add: bool) -> None:
    for symbol in named:
        if add:
            symbols[symbol] = None
        else:
            symbols.pop(symbol, None)
