"""What both clients know about sending: addresses, and what a failure of the network means."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import httpx

from workbench.client import routes
from workbench.client.calls import Call
from workbench.client.credentials import Credentials
from workbench.errors import ClientError, UnansweredError

PAUSES_S = (0.1, 0.5, 2.0)
"""Pauses before a request is sent again."""

_UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


def url_of(url: str) -> str:
    """`url` without its last slash.

    Raises
    ------
    ClientError
        When it is no address of a server.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ClientError(
            f"{url!r} is no address of a server", remedy="give one such as http://127.0.0.1:8000"
        )
    return url.rstrip("/")


def socket_url(url: str, path: str) -> str:
    """The address of a WebSocket of the server at `url`.

    >>> socket_url("https://exchange.example", "/api/sessions/monday/stream")
    'wss://exchange.example/api/sessions/monday/stream'
    """
    return f"ws{url.removeprefix('http')}{path}"


def unanswered(error: httpx.HTTPError, url: str) -> ClientError:
    """What a failure of the network means: the request was not sent, or nobody knows what became of it."""
    what = str(error) or type(error).__name__
    if isinstance(error, _UNSENT):
        found = ClientError(f"the server could not be reached: {what}", url, "look whether it runs")
        found.unsent = True
        return found
    return UnansweredError(f"the server did not answer: {what}", url)


def wants_new_token(status: int, call: Call[Any], credentials: Credentials) -> bool:
    """Whether an answer says that the access token is no longer good, and another can be had."""
    return status == 401 and credentials.renewable and call.path not in routes.OPEN  # noqa: PLR2004 - Unauthorized
