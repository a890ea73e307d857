"""The pages as `panel serve` gives them: for whom they are, and from which exchange."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote

import panel as pn
import param
from panel.io.resources import get_dist_path

from dashboards.parts.exchange import Exchange, Visitor, exchange, seen_from
from dashboards.serving.addresses import ASSETS as ASSETS_ADDRESS
from dashboards.serving.addresses import CONTROL, DESK, RESUME, REVIEW
from dashboards.serving.files import ASSETS, Files
from dashboards.serving.guard import NEEDED
from dashboards.serving.pages import Pages
from workbench.api.auth import ACCESS_COOKIE

PAGES: Mapping[str, str] = {"/trading": DESK, "/instructor": CONTROL, "/review": REVIEW}
"""By address under `panel serve`, which page of ours it is."""

guarded = False
"""Whether the auth module asks who somebody is before a page is made, and takes their cookie away."""

_files = Files({ASSETS_ADDRESS: ASSETS})


class _Leave(pn.custom.JSComponent):
    """Sends the browser on: nothing is shown meanwhile."""

    address = param.String("")

    _esm = "export const render = ({ model }) => { location.replace(model.address); };"


def desk() -> Any:
    """The trading desk."""
    return _page(DESK, "Trading desk", lambda pages: pages.desk())


def control() -> Any:
    """The control room."""
    return _page(CONTROL, "Control room", lambda pages: pages.control())


def review() -> Any:
    """The review of a day."""
    return _page(REVIEW, "Review", lambda pages: pages.review())


def _page(page: str, title: str, make: Callable[[Pages], Any]) -> Any:
    """A page, for whom it is for; without the auth module it is asked here."""
    document = pn.state.curdoc
    assert document is not None
    document.title = title
    # A document that is made when its socket comes, as where another process made the page, is never written
    # into a page, where Panel would set this: until then styles are of Panel's own site.
    document.template_variables["dist_url"] = get_dist_path(cdn=False)
    request: Any = document.session_context.request  # type: ignore[union-attr]
    host = request.host
    here = exchange()
    api = seen_from(here.url, host)
    if guarded:
        visitor, token = request.workbench_visitor
    else:
        token = pn.state.cookies.get(ACCESS_COOKIE, "")
        visitor = visitor_of(here, token)
    if visitor is None:
        here_again = f"{request.protocol}://{host}{request.uri}"
        return _Leave(address=f"{api}{RESUME}?next={quote(here_again, safe='')}")
    if NEEDED[page] not in visitor.permissions:
        return pn.pane.Str(f"This page is not for the role {visitor.role}.")
    return make(Pages(_files, api, lambda: here.reviews(visitor, token)))


def visitor_of(here: Exchange, token: str) -> Visitor | None:
    """Who an access token is of; nobody without one."""
    return here.visitor(token) if token else None


def token_of(header: str) -> str:
    """The access token in a Cookie header; nothing when it has none."""
    morsel = SimpleCookie(header).get(ACCESS_COOKIE)
    return morsel.value if morsel is not None else ""
