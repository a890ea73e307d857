"""The review's components as Panel serves them: the frame with its places, and the replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

import panel as pn
from panel.custom import JSComponent
from panel.viewable import Child

from dashboards.parts.review_model import ReviewModel
from dashboards.parts.review_replay import ReplayModel
from dashboards.parts.theme_sheet import SHEET

PLACES = ("price", "equity", "drawdown", "replay", "lower")
"""Where charts and tables stand."""
_HERE = Path(__file__).parent
_LOOK = SHEET + (_HERE / "review.css").read_text()


def _module(*names: str) -> str:
    """Several files as the one module that Panel takes."""
    return "\n".join((_HERE / name).read_text() for name in names)


class ReviewShell(JSComponent, ReviewModel):
    """The component that fills the page at `/review`."""

    # Columns that stay while what is in them changes: a frame whose own children change is drawn anew.
    price = Child(doc="Chart of an instrument.")
    equity = Child(doc="Chart of the account's PnL.")
    drawdown = Child(doc="Chart of its drawdown.")
    replay = Child(doc="The day once more.")
    lower = Child(doc="What the chosen tab shows.")

    def __init__(self, **given: Any) -> None:
        places = {name: pn.Column(pn.Spacer(), sizing_mode="stretch_both", margin=0) for name in PLACES}
        super().__init__(**places, **given)

    def put(self, **shown: Any) -> None:
        """Show something in places, or nothing with None."""
        for name, what in shown.items():
            getattr(self, name).objects = [pn.Spacer() if what is None else what]

    _esm = _module(
        "review_minus.js", "review_grids.js", "review_models.js", "review_shell.js", "review_link.js"
    )
    _stylesheets: ClassVar[list[str]] = [_LOOK]


class ReplayView(JSComponent, ReplayModel):
    """Slider, book, own orders and tape."""

    _esm = _module("review_models.js", "review_replay.js")
    _stylesheets: ClassVar[list[str]] = [(_HERE / "review_replay.css").read_text()]
