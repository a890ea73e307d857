"""The review of a day, for `panel serve dashboards/*.py` beside the other pages."""

import panel as pn

from dashboards.parts.served import review

if pn.state.served:
    review().servable()
