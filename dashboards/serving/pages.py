"""The components of the pages, made anew for every browser that opens one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn

from dashboards.parts.control_view import ControlView
from dashboards.parts.desk_view import DeskView
from dashboards.parts.review_page import ReviewPage
from dashboards.parts.review_start import start_of
from dashboards.parts.review_view import ReviewShell

if TYPE_CHECKING:
    from collections.abc import Callable

    from dashboards.parts.review_source import ReviewSource
    from dashboards.serving.files import Files

_TEXT_MAX = 100


class Pages:
    """Makes the components of the pages.

    Parameters
    ----------
    files
        What serves their programs.
    api
        Where the API is; the page's own server when empty.
    reviews
        What whoever opens a page may read for a review; called while the page is made.
    """

    def __init__(
        self, files: Files, api: str = "", reviews: Callable[[], ReviewSource] | None = None
    ) -> None:
        self._files = files
        self._api = api
        self._reviews = reviews

    def desk(self) -> DeskView:
        """The trading desk."""
        pn.extension()
        return DeskView(
            api=self._api,
            script=self._script("desk.js"),
            session=argument("session"),
            symbol=argument("symbol"),
            sizing_mode="stretch_both",
        )

    def control(self) -> ControlView:
        """The control room."""
        pn.extension()
        return ControlView(
            api=self._api,
            script=self._script("control.js"),
            session=argument("session"),
            sizing_mode="stretch_both",
        )

    def review(self) -> ReviewShell:
        """The review of a day."""
        # Named page by page: what one of them needs, the others must not load.
        pn.extension("tabulator")
        assert self._reviews is not None
        document = pn.state.curdoc
        page = ReviewPage(
            self._reviews(),
            argument("session"),
            argument("account"),
            start=start_of(argument),
            api=self._api,
            font=self._script("inter.woff2"),
            document=document,
        )
        return page.shell

    def _script(self, name: str) -> str:
        """The address of a file with its version; one that was built anew has a new one."""
        return self._api + self._files.address_of(f"/assets/{name}")


def argument(name: str) -> str:
    """What the page's address says after the question mark; nothing when it does not."""
    given: bytes = pn.state.session_args.get(name, [b""])[0]
    return given.decode(errors="replace")[:_TEXT_MAX]
