"""Addresses as people paste them: `//v2/account` and `/v2/account/` mean `/v2/account`, with no redirect."""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

_SEVERAL = re.compile(r"/{2,}")
_SEVERAL_RAW = re.compile(rb"/{2,}")


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
        if "//" in path or (path.endswith("/") and path != "/"):
            raw = _SEVERAL_RAW.sub(b"/", scope.get("raw_path") or path.encode()).rstrip(b"/")
            scope = {**scope, "path": _SEVERAL.sub("/", path).rstrip("/") or "/", "raw_path": raw or b"/"}
        await self.app(scope, receive, send)
