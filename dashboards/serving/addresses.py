"""Which addresses are the pages', and where somebody may be sent after signing in."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlsplit

LOGIN = "/login"
DESK = "/desk"
CONTROL = "/control"
RESUME = "/api/auth/resume"
"""Below `/api/auth`, because browsers send the refresh token there alone."""
REVIEW = "/review"
ASSETS = "/assets/"
STATIC = "/static/"
FAVICON = "/favicon.ico"

BEGINNINGS = (DESK, CONTROL, REVIEW, LOGIN, ASSETS, STATIC, FAVICON, RESUME)
"""With one of these begins every address of the pages, beside `/`."""
_EXACT = frozenset({LOGIN, FAVICON, RESUME})
_PRINTABLE, _DELETE = 0x20, 0x7F


def page_of(path: str) -> str:
    """The page that an address belongs to: itself, its socket, or a file of it; else nothing.

    >>> page_of("/desk/ws"), page_of("/control"), page_of("/desktop")
    ('/desk', '/control', '')
    """
    for page in (DESK, CONTROL, REVIEW):
        if path == page or path.startswith(f"{page}/"):
            return page
    return ""


def is_ours(path: str) -> bool:
    """Whether an address that begins with one of `BEGINNINGS` is the pages'.

    >>> is_ours("/assets/desk.js"), is_ours("/login/"), is_ours("/desktop"), is_ours("/login/x")
    (True, True, False, False)
    """
    return path.rstrip("/") in _EXACT or path.startswith((ASSETS, STATIC)) or bool(page_of(path))


def safe_next(given: str, origins: Sequence[str] = ()) -> str:
    r"""An address to go on to, or nothing: a page of this server, or one of an origin that may call it.

    Browsers take a backslash for a slash and skip tabs and line ends, so `/\evil.example` would be another
    site's.

    >>> safe_next("/desk?session=monday"), safe_next("//evil.example"), safe_next("https://evil.example/desk")
    ('/desk?session=monday', '', '')
    >>> safe_next("http://localhost:5006/trading", ["http://localhost:5006"])
    'http://localhost:5006/trading'
    """
    if any(ord(each) <= _PRINTABLE or ord(each) == _DELETE for each in given) or "\\" in given:
        return ""
    if given.startswith(tuple(f"{origin}/" for origin in origins)):
        return given
    if not given.startswith("/") or given.startswith("//"):
        return ""
    try:
        parts = urlsplit(given)
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or not page_of(parts.path):
        return ""
    return given


def with_next(address: str, onward: str) -> str:
    """An address that knows where to go on to.

    >>> with_next("/login", "/desk?session=a b")
    '/login?next=/desk%3Fsession%3Da%20b'
    """
    return f"{address}?next={quote(onward, safe='/')}" if onward else address
