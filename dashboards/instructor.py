"""The control room, for `panel serve dashboards/trading.py dashboards/instructor.py`."""

import panel as pn

from dashboards.parts.served import control

if pn.state.served:
    control().servable()
