"""The conversation of the order stream, as a machine of frames in and messages out, without any socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from workbench.api.alpaca.credentials import Credentials

TRADE_UPDATES = "trade_updates"


@dataclass(slots=True)
class Said:
    """What follows from a client's frame.

    Attributes
    ----------
    messages
        To be sent, in this order.
    credentials
        To be checked; the protocol's `authenticated` is then told.
    close
        Whether the connection ends after the messages.
    changed
        Whether what the client listens to may have changed.
    """

    messages: list[Any] = field(default_factory=list)
    credentials: Credentials | None = None
    close: bool = False
    changed: bool = False


def _authorization(action: str, status: str) -> dict[str, Any]:
    return {"stream": "authorization", "data": {"action": action, "status": status}}


class OrderProtocol:
    """One connection of the order stream: the client speaks first, authenticates, then listens.

    Attributes
    ----------
    authorized, listening
        How far it has come.
    since_seq
        The last event that the client has seen, if it wants to be told of those after it.
    streams
        What it listens to.

    Examples
    --------
    >>> protocol = OrderProtocol()
    >>> said = protocol.receive({"action": "authenticate", "data": {"key_id": "K", "secret_key": "S"}})
    >>> said.credentials.key, protocol.authenticated(True).messages[0]["data"]["status"]
    ('K', 'authorized')
    >>> listen = {"action": "listen", "data": {"streams": ["trade_updates"]}}
    >>> protocol.receive(listen).messages[0]["stream"], protocol.listening
    ('listening', True)
    """

    __slots__ = ("authorized", "listening", "since_seq", "streams")

    def __init__(self) -> None:
        self.authorized = False
        self.listening = False
        self.since_seq: int | None = None
        self.streams: list[str] = []

    def receive(self, message: Any) -> Said:
        """What follows from a decoded frame of the client."""
        if not isinstance(message, Mapping):
            return self.malformed()
        action = message.get("action")
        if action in ("authenticate", "auth"):
            return self._authenticate(message)
        if action == "listen":
            return self._listen(message)
        return Said(
            [{"stream": "error", "data": {"error": "unknown action: expected authenticate or listen"}}]
        )

    def malformed(self) -> Said:
        """What follows from a frame that could not be decoded."""
        return Said([{"stream": "error", "data": {"error": "a message must be an object with an action"}}])

    def authenticated(self, known: bool) -> Said:
        """What follows from the check of the credentials."""
        self.authorized = known
        status = "authorized" if known else "unauthorized"
        return Said([_authorization("authenticate", status)], close=not known)

    def _authenticate(self, message: Mapping[str, Any]) -> Said:
        if self.authorized:
            return Said([_authorization("authenticate", "authorized")])
        credentials = Credentials.read(message)
        if credentials is None:
            return Said([_authorization("authenticate", "unauthorized")], close=True)
        return Said(credentials=credentials)

    def _listen(self, message: Mapping[str, Any]) -> Said:
        if not self.authorized:
            return Said([_authorization("listen", "unauthorized")])
        data = message.get("data")
        streams = data.get("streams") if isinstance(data, Mapping) else None
        if not isinstance(streams, list):
            return Said([{"stream": "error", "data": {"error": "listen needs data.streams, a list"}}])
        since = data.get("since_seq") if isinstance(data, Mapping) else None
        if since is not None and (not isinstance(since, int) or isinstance(since, bool) or since < 0):
            return Said(
                [
                    {
                        "stream": "error",
                        "data": {"error": "since_seq must be the seq of an event, or 0 for all"},
                    }
                ]
            )
        # Streams that are not offered are left out of the answer, which is how a client sees it.
        self.streams = [TRADE_UPDATES] if TRADE_UPDATES in streams else []
        self.listening = bool(self.streams)
        self.since_seq = since if self.listening else None
        told: dict[str, Any] = {"streams": self.streams}
        if self.since_seq is not None:
            told["since_seq"] = self.since_seq
        return Said([{"stream": "listening", "data": told}], changed=True)
