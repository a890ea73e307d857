"""The parameters of the trading desk."""

from __future__ import annotations

import param

from dashboards.parts.page_model import PageModel


class DeskModel(PageModel):
    """What the trading desk is told."""

    symbol = param.String("", doc="Instrument that is chosen first; the session's first one when empty.")
