"""How somebody says who they are inside a WebSocket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

OAUTH_KEY = "oauth"
"""Given as a key, it says that the secret is an access token."""


class Credentials(NamedTuple):
    """A key with its secret, or an access token."""

    key: str = ""
    secret: str = ""
    token: str = ""

    @classmethod
    def read(cls, message: Mapping[str, Any]) -> Credentials | None:
        """The credentials in a client's message in any of its forms; None when there are none.

        >>> Credentials.read({"action": "auth", "key": "K", "secret": "S"})
        Credentials(key='K', secret='S', token='')
        >>> Credentials.read({"data": {"oauth_token": "T"}})
        Credentials(key='', secret='', token='T')
        """
        data = message.get("data")
        given = {**message, **data} if isinstance(data, Mapping) else message
        token = given.get("oauth_token")
        if isinstance(token, str) and token:
            return cls(token=token)
        key = given.get("key_id", given.get("key"))
        secret = given.get("secret_key", given.get("secret"))
        if not (isinstance(key, str) and isinstance(secret, str) and key and secret):
            return None
        return cls(token=secret) if key == OAUTH_KEY else cls(key, secret)
