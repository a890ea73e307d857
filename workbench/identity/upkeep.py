"""What is done every few seconds: reading what other servers changed, writing down what waits."""

from __future__ import annotations

import asyncio

from sqlalchemy import Connection

from workbench.errors import IdentityError
from workbench.identity.auditor import Auditor
from workbench.identity.families import Families
from workbench.identity.keys import Keys
from workbench.identity.rereading import read_again
from workbench.identity.rolls import Rolls
from workbench.identity.standing import Standing
from workbench.identity.store import Store

_SECOND_NS = 1_000_000_000
_WRITE_USED_S = 60.0
_SWEEP_S = 3_600.0
_KEEP_DEAD_NS = 30 * 86_400 * _SECOND_NS


class Upkeep:
    """The task behind an identity.

    Parameters
    ----------
    store, standing, rolls, keys, families, auditor
        What it keeps up.
    every_s
        How often; 0: never.
    """

    def __init__(
        self,
        store: Store,
        standing: Standing,
        rolls: Rolls,
        keys: Keys,
        families: Families,
        auditor: Auditor,
        every_s: float,
    ) -> None:
        self._store = store
        self._standing = standing
        self._rolls = rolls
        self._keys = keys
        self._families = families
        self._auditor = auditor
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None
        self._timed_out_ns = store.now_ns()

    def start(self) -> None:
        """Begin, on the running loop; doing so twice is fine."""
        if self._every_s and self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())

    async def stop(self) -> None:
        """End, and write down what is only in memory."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._auditor.close()
        await self.write_used()

    async def reread(self) -> None:
        """Read now what other processes changed, and end what is over by its time."""
        now_ns = self._store.now_ns()

        def read(connection: Connection) -> list[tuple[str, str]]:
            read_again(connection, self._standing, self._rolls, self._keys, now_ns)
            return self._families.timed_out(connection, self._timed_out_ns, now_ns)

        # Nobody comes with a token of such a login any more, but sockets that it opened may be live.
        for user_id, family in await self._store.read(read):
            self._standing.end_family(user_id, family)
        self._timed_out_ns = max(self._timed_out_ns, now_ns)

    async def write_used(self) -> None:
        """Write down now when API keys were last used."""
        used = self._keys.used()
        if used:
            await self._store.write(lambda transaction: self._keys.write_used(transaction, used))

    async def sweep(self) -> int:
        """Remove logins that ended more than thirty days ago; returns how many."""
        return await self._store.write(
            lambda transaction: self._families.sweep(transaction, transaction.now_ns - _KEEP_DEAD_NS)
        )

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        written_s = swept_s = loop.time()
        while True:
            await asyncio.sleep(self._every_s)
            try:
                await self.reread()
                await self._auditor.write_owed()
                if loop.time() - written_s >= _WRITE_USED_S:
                    written_s = loop.time()
                    await self.write_used()
                if loop.time() - swept_s >= _SWEEP_S:
                    swept_s = loop.time()
                    await self.sweep()
            except IdentityError:
                # The store has said so. The database may come back; until then memory answers.
                continue
