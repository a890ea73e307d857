"""Which addresses are the pages', and where somebody may be sent after signing in."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote, urlencode, urlsplit

LOGIN = "/login"
DESK = "/desk"
CONTROL = "/control"
RESUME = "/api/auth/resume"
"""Below `/api/auth`, because browsers send the refresh token there alone."""
REVIEW = "/review"
REPORTS = "/reports"
REPORT_PAGES = "/api/reports/"
"""Below it, what a list of reports opens; the API answers there."""
ASSETS = "/assets/"
STATIC = "/static/"
FAVICON = "/favicon.ico"

BEGINNINGS = (DESK, CONTROL, REVIEW, REPORTS, LOGIN, ASSETS, STATIC, FAVICON, RESUME, REPORT_PAGES)
"""With one of these begins every address of the pages and of reports, beside `/`."""
_EXACT = frozenset({LOGIN, FAVICON, RESUME})
_PRINTABLE, _DELETE = 0x20, 0x7F


def page_of(path: str) -> str:
    """The page that an address belongs to: itself, its socket, or a file of it; else nothing.

    >>> page_of("/desk/ws"), page_of("/control"), page_of("/desktop")
    ('/desk', '/control', '')
    """
    for page in (DESK, CONTROL, REVIEW, REPORTS):
        if path == page or path.startswith(f"{page}/"):
            return page
    return ""


def is_report(path: str) -> bool:
    """Whether an address is that of a report as people read it.

    >>> (
    ...     is_report("/api/reports/5f0c2a1b/html"),
    ...     is_report("/api/reports/history"),
    ...     is_report("/api/reports//html"),
    ... )
    (True, False, False)
    """
    run = path.removeprefix(REPORT_PAGES).removesuffix("/html")
    return path == f"{REPORT_PAGES}{run}/html" and run.isalnum()


def is_ours(path: str) -> bool:
    """Whether an address that begins with one of `BEGINNINGS` is the pages'.

    >>> is_ours("/assets/desk.js"), is_ours("/login/"), is_ours("/desktop"), is_ours("/login/x")
    (True, True, False, False)
    """
    return path.rstrip("/") in _EXACT or path.startswith((ASSETS, STATIC)) or bool(page_of(path))


def safe_next(given: str, origins: Sequence[str] = ()) -> str:
    r"""An address to go on to, or nothing: a page or report of this server, or an allowed origin's.

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
    if parts.scheme or parts.netloc or not (page_of(parts.path) or is_report(parts.path)):
        return ""
    return given


def with_next(address: str, onward: str, why: str = "") -> str:
    """An address that knows where to go on to, and by a code why somebody is sent there.

    >>> with_next("/login", "/desk?session=a b"), with_next("/login", "", "expired")
    ('/login?next=/desk%3Fsession%3Da%20b', '/login?why=expired')
    """
    said = {name: value for name, value in (("next", onward), ("why", why)) if value}
    return f"{address}?{urlencode(said, safe='/', quote_via=quote)}" if said else address
