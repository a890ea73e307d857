"""Addresses as people paste them: `//v2/account` and `/v2/account/` mean `/v2/account`, with no redirect.

A slash that was sent as `%2F` is part of a name (an order called `a/b`, the symbol `BTC/USD`) and parts no
segments.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, unquote_to_bytes

from starlette.types import ASGIApp, Receive, Scope, Send

_SEVERAL = re.compile(rb"/{2,}")
_ENCODED = re.compile(rb"%2f", re.IGNORECASE)
_WITHIN = "\x1f"
"""Stands for a slash within a segment until a route has been found: no name of anything has it."""


class Slashes:
    """A plain ASGI layer; clients that follow no redirects get their answer at once.

    Parameters
    ----------
    app
        What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as if the address had been written well."""
        path: str = scope.get("path", "")
        raw: bytes = scope.get("raw_path") or quote(path).encode()
        if b"//" in raw or (raw.endswith(b"/") and raw != b"/") or b"%2" in raw:
            raw = _SEVERAL.sub(b"/", raw).rstrip(b"/") or b"/"
            decoded = unquote_to_bytes(_ENCODED.sub(_WITHIN.encode(), raw))
            scope = {**scope, "path": decoded.decode(errors="replace"), "raw_path": raw}
        await self.app(scope, receive, send)


def with_slashes(parameters: dict[str, Any]) -> dict[str, Any]:
    r"""A route's parameters as they were meant.

    >>> with_slashes({"name": "monday", "order": "client:a\x1fb"})
    {'name': 'monday', 'order': 'client:a/b'}
    """
    return {
        name: value.replace(_WITHIN, "/") if isinstance(value, str) else value
        for name, value in parameters.items()
    }
