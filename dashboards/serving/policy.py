"""What a page of ours may load and run: files of this server, and the scripts that stand in the page."""

from __future__ import annotations

from html.parser import HTMLParser
from itertools import pairwise


class _Scripts(HTMLParser):
    """Where the scripts of a page begin; what only looks like one, within a script or a text, is none."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=False)
        self.found: list[int] = []
        starts = [0]
        for line in page.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        self._line_starts = starts
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        """Keep the place right behind the name of the tag."""
        if tag == "script":
            line, column = self.getpos()
            self.found.append(self._line_starts[line - 1] + column + len("<script"))


def with_nonce(page: str, nonce: str) -> str:
    """A page whose scripts carry the word that lets them run.

    >>> with_nonce('<script>a("<script>")</script><script src="b.js"></script>', "x")
    '<script nonce="x">a("<script>")</script><script nonce="x" src="b.js"></script>'
    """
    places = [0, *_Scripts(page).found, len(page)]
    return f' nonce="{nonce}"'.join(page[begin:end] for begin, end in pairwise(places))


def policy_of(nonce: str, host: str) -> str:
    """The Content-Security-Policy of a page.

    Scripts come from this server; Panel makes modules of blobs that the page itself has made. Styles are
    written into the page by Bokeh's components, each with its own.

    Parameters
    ----------
    nonce
        The word that the page's scripts carry, new for every answer.
    host
        The Host header of the request: some browsers do not take a WebSocket of the same host for `'self'`.
    """
    sockets = f" ws://{host} wss://{host}" if _is_host(host) else ""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' blob: 'nonce-{nonce}'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            f"connect-src 'self' blob:{sockets}",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'self'",
        )
    )


def _is_host(host: str) -> bool:
    return bool(host) and all(each.isalnum() or each in ".-:[]" for each in host)
