"""Headers that protect browsers, origins that may call, and host names that are answered."""

from __future__ import annotations

from starlette.types import Scope

from workbench.api.settings import ServerSettings

Headers = list[tuple[bytes, bytes]]

_ALWAYS: Headers = [
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"SAMEORIGIN"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
]
_METHODS = b"GET, POST, PUT, PATCH, DELETE"
_REQUEST_HEADERS = b"authorization, content-type, x-session, apca-api-key-id, apca-api-secret-key"
_SHOWN = b"x-request-id, x-sim-time, retry-after"


def security_headers(settings: ServerSettings) -> Headers:
    """What every answer carries."""
    if settings.secure:
        return [*_ALWAYS, (b"strict-transport-security", b"max-age=31536000")]
    return list(_ALWAYS)


def cross_origin(scope: Scope, origins: tuple[str, ...]) -> Headers:
    """What lets a page of an allowed origin read the answer; nothing for other origins."""
    for name, value in scope["headers"]:
        if name == b"origin":
            if value.decode("latin-1") not in origins:
                return [(b"vary", b"origin")]
            return [
                (b"access-control-allow-origin", value),
                (b"access-control-allow-credentials", b"true"),
                (b"access-control-allow-methods", _METHODS),
                (b"access-control-allow-headers", _REQUEST_HEADERS),
                (b"access-control-expose-headers", _SHOWN),
                (b"access-control-max-age", b"600"),
                (b"vary", b"origin"),
            ]
    return []


def host_allowed(scope: Scope, hosts: tuple[str, ...]) -> bool:
    """Whether the Host header names a host that is served: exactly, or as one below `*.domain`."""
    for name, value in scope["headers"]:
        if name == b"host":
            host = value.decode("latin-1").lower()
            host = host.rsplit("]", 1)[0] + "]" if host.startswith("[") else host.rsplit(":", 1)[0]
            return any(
                host == allowed or (allowed.startswith("*.") and host.endswith(allowed[1:]))
                for allowed in hosts
            )
    return False
