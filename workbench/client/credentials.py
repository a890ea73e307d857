"""Who a client is: a log-in whose tokens it renews by itself, a token that it was given, or an API key."""

from __future__ import annotations

import time

from workbench.client.models import Tokens
from workbench.errors import ClientError

EARLY_S = 20.0
"""How long before its end an access token is renewed."""


class Credentials:
    """What a request carries.

    Parameters
    ----------
    token, refresh
        Tokens of an earlier log-in.
    key, secret
        An API key.
    """

    def __init__(self, token: str = "", refresh: str = "", key: str = "", secret: str = "") -> None:
        if bool(key) != bool(secret) or (key and token):
            raise ClientError(
                "an API key needs both its id and its secret, and no token beside it",
                remedy="give key and secret, or a token, or log in",
            )
        self.access = token
        self.refresh = refresh
        self._key, self._secret = key, secret
        self._ends_s = float("inf")
        self.turn = 0

    def headers(self) -> dict[str, str]:
        """Headers that say who asks; none when nobody has logged in."""
        if self._key:
            return {"APCA-API-KEY-ID": self._key, "APCA-API-SECRET-KEY": self._secret}
        return {"Authorization": f"Bearer {self.access}"} if self.access else {}

    def take(self, tokens: Tokens) -> None:
        """Remember new tokens."""
        self.access, self.refresh = tokens.access, tokens.refresh
        self._ends_s = time.monotonic() + tokens.expires_in
        self.turn += 1

    def forget(self) -> None:
        """Know nobody any more."""
        self.access = self.refresh = ""
        self.turn += 1

    @property
    def renewable(self) -> bool:
        """Whether there is something to renew the access token with."""
        return bool(self.refresh)

    @property
    def due(self) -> bool:
        """Whether the access token ends soon."""
        return self.renewable and time.monotonic() > self._ends_s - EARLY_S
