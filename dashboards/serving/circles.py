"""What a document that has ended still holds in circles, opened by hand.

A component watches itself, its parameters know it, its models call it, and the values of a model know the
model: none of it is freed when nobody holds the document any more. The interpreter would find it only by
walking through everything that lives, other desks included, and the market would wait for that. Where a
page has no program in Python, its circles are known, and cost microseconds to open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bokeh.model import Model
from panel.io.browser import BrowserInfo
from panel.io.state import state

from dashboards.parts.control_view import ControlView
from dashboards.parts.desk_view import DeskView

if TYPE_CHECKING:
    from collections.abc import Callable

    from bokeh.document import Document

_KNOWN = (DeskView, ControlView)
"""Components that nothing but their document uses: no thread draws on them, no task goes on with them."""


def opening(document: Document) -> Callable[[], None] | None:
    """What opens the circles of a document.

    Parameters
    ----------
    document
        One that has not ended yet; afterwards it does not know any more what it was made of.

    Returns
    -------
    Callable or None
        Call it once the document has ended and everybody was told. Nothing when the page has a program in
        Python, or another one in it: then only the interpreter can tell what is still used.
    """
    views = [state._views.get(root.ref["id"], (None,))[0] for root in document.roots]  # noqa: SLF001
    pages = [view for view in views if view is not None and not isinstance(view, BrowserInfo)]
    if not pages or not all(isinstance(view, _KNOWN) for view in pages):
        return None
    held: list[Any] = [*pages, *document.models, document.config]
    # The one that a configuration comes with is no model of the document.
    values = document.config._unstable_default_values.values()  # noqa: SLF001
    held += [*(each for each in values if isinstance(each, Model)), document]
    browser = state._browsers.get(document)  # noqa: SLF001
    if browser is not None:
        held.append(browser)

    def opened() -> None:
        for each in held:
            vars(each).clear()
        held.clear()

    return opened
