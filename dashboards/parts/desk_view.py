"""The trading desk as Panel serves it."""

from __future__ import annotations

from panel.custom import JSComponent

from dashboards.parts.desk_model import DeskModel
from dashboards.parts.page_view import FETCH


class DeskView(JSComponent, DeskModel):
    """The component that fills the page at `/desk`."""

    _esm = FETCH
