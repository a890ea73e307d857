"""The parameters of the control room."""

from __future__ import annotations

from dashboards.parts.page_model import PageModel


class ControlModel(PageModel):
    """What the control room is told."""
