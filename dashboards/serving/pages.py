"""The components of the pages, made anew for every browser that opens one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import panel as pn

from dashboards.parts.control_view import ControlView
from dashboards.parts.desk_view import DeskView

if TYPE_CHECKING:
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
    """

    def __init__(self, files: Files, api: str = "") -> None:
        self._files = files
        self._api = api

    def desk(self) -> DeskView:
        """The trading desk."""
        return DeskView(
            api=self._api,
            script=self._script("desk.js"),
            session=argument("session"),
            symbol=argument("symbol"),
            sizing_mode="stretch_both",
        )

    def control(self) -> ControlView:
        """The control room."""
        return ControlView(
            api=self._api,
            script=self._script("control.js"),
            session=argument("session"),
            sizing_mode="stretch_both",
        )

    def _script(self, name: str) -> str:
        """The address of a program with its version; a program that was built anew has a new one."""
        return self._api + self._files.address_of(f"/assets/{name}")


def argument(name: str) -> str:
    """What the page's address says after the question mark; nothing when it does not."""
    given: bytes = pn.state.session_args.get(name, [b""])[0]
    return given.decode(errors="replace")[:_TEXT_MAX]
