"""The trading desk, for `panel serve dashboards/trading.py dashboards/instructor.py`."""

import panel as pn

from dashboards.parts.served import desk

if pn.state.served:
    desk().servable()
