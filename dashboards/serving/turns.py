"""One page is made at a time, and whatever else waits for the event loop has its turn in between.

Making a page takes the loop some 15 ms. When a whole class opens its desks at one moment, all of their
requests are read in one turn of the loop, and would be answered in it: those who trade would hear nothing
for a second.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class Turns:
    """An application whose requests begin one after the other, each in a later turn of the loop.

    Parameters
    ----------
    app
        It. The next request begins when an answer does: who takes theirs slowly holds up nobody.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._lock = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._lock.acquire()
        passed = False

        def pass_on() -> None:
            # Later, or all that can run now would follow within this turn of the loop.
            nonlocal passed
            if not passed:
                passed = True
                asyncio.get_running_loop().call_soon(self._lock.release)

        async def answer(message: Message) -> None:
            pass_on()
            await send(message)

        try:
            await self._app(scope, receive, answer)
        finally:
            pass_on()
