"""What a page is told by whoever serves it; everything else it asks the API for."""

from __future__ import annotations

import param


class PageModel(param.Parameterized):
    """The parameters of a page.

    Nothing private is among them: they stand in the page's document, and the API says who may read what.
    """

    api = param.String("", doc="Address of the API; the page's own server when empty.")
    script = param.String("", doc="Address of the page's own program.")
    session = param.String("", doc="Session that is shown; the page chooses when empty.")
