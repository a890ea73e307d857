"""Logs: one JSON object per line, from this package and from the libraries alike, and no secret in any."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import msgspec
import structlog

_SECRETS = (
    "password",
    "secret",
    "token",
    "access",
    "refresh",
    "authorization",
    "cookie",
    "ticket",
    "api_key",
)
_HIDDEN = "[hidden]"
_QUIET = (
    "uvicorn.access",
    "uvicorn.error",
    "websockets",
    "httpx",
    "alembic",
    "asyncio",
    "papermill",
    "traitlets",
)
"""Libraries whose chatter tells nothing: a WebSocket's line would even show its ticket."""

_encode = msgspec.json.Encoder(enc_hook=str).encode


def hide_secrets(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace values whose names say that they are secret."""
    for key in event:
        name = key.lower()
        if any(name == secret or name.endswith(f"_{secret}") for secret in _SECRETS) and event[key]:
            event[key] = _HIDDEN
    return event


def _as_json(event: Any, **_: Any) -> str:
    return _encode(event).decode()


def set_up_logs(form: str = "json", level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """Send all logs to one stream, stderr unless given.

    Parameters
    ----------
    form
        `json`: one object per line; `text`: for people.
    level
        What is less urgent than this is dropped.
    stream
        Where to.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    if form == "json":
        last: list[Any] = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_as_json),
        ]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=False)]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _QUIET:
        quiet = logging.getLogger(name)
        quiet.handlers[:] = []
        quiet.propagate = True
        quiet.setLevel(logging.WARNING)
