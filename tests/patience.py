"""How long tests wait for what must happen: longer than any machine needs, so that a slow one fails none."""

from __future__ import annotations

import websockets.asyncio.client
import websockets.sync.client
from httpx._config import DEFAULT_TIMEOUT_CONFIG

PATIENCE_S = 60.0
"""For answers, messages, connections, and threads and processes that end."""


def be_patient() -> None:
    """Make httpx and websockets wait that long wherever a test does not say how long.

    Their own 5 and 10 seconds are what a machine that does other things may need for one answer. Who waits
    for what has come waits no longer than before.
    """
    for name in ("connect", "read", "write", "pool"):
        setattr(DEFAULT_TIMEOUT_CONFIG, name, PATIENCE_S)
    for function in (websockets.sync.client.connect, websockets.asyncio.client.connect.__init__):
        defaults = function.__kwdefaults__
        defaults["open_timeout"] = defaults["ping_timeout"] = PATIENCE_S
