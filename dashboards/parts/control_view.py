"""The control room as Panel serves it."""

from __future__ import annotations

from panel.custom import JSComponent

from dashboards.parts.control_model import ControlModel
from dashboards.parts.page_view import FETCH


class ControlView(JSComponent, ControlModel):
    """The component that fills the page at `/control`."""

    _esm = FETCH
