"""All live sessions of one server."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.bus.memory import MemoryBus
from workbench.domain.codes import SessionState
from workbench.errors import SessionError, StoreError, WorkbenchError
from workbench.journal.manifest import OPEN, read_manifest
from workbench.journal.place import check_name, session_folder, session_names, strays
from workbench.session.live.drafts import Drafts
from workbench.session.live.opening import KIND
from workbench.session.live.session import LiveSession
from workbench.session.place import meant
from workbench.session.publisher import USUAL, Rhythm
from workbench.session.recovery import recover

log = logging.getLogger(__name__)


class Sessions:
    """Live sessions that share a data root and a bus, and nothing else.

    Parameters
    ----------
    data
        The data root.
    bus
        Who carries their events; one is made unless given.
    rhythm
        How often they write tables and snapshots.

    Attributes
    ----------
    data, bus
        As given.
    failures
        Why sessions could not be resumed, by name.
    """

    def __init__(self, data: Path, bus: MemoryBus | None = None, *, rhythm: Rhythm = USUAL) -> None:
        self.data = Path(data)
        self.bus = MemoryBus() if bus is None else bus
        self.failures: dict[str, str] = {}
        self._rhythm = rhythm
        self._drafts = Drafts(self.data)
        self._sessions: dict[str, LiveSession] = {}
        self._making: set[str] = set()
        self._lock = threading.Lock()
        self._draining = False

    # ------------------------------------------------------------------ making and finding

    async def create(
        self,
        name: str,
        scenario_text: str,
        *,
        overrides: Mapping[str, Any] | None = None,
        classes: Sequence[str] | Mapping[str, str] = (),
        file: str = "",
    ) -> LiveSession:
        """Begin a session, which is in its lobby then (see `LiveSession.create`)."""
        return await asyncio.to_thread(
            self.create_and_wait, name, scenario_text, overrides=overrides, classes=classes, file=file
        )

    def create_and_wait(
        self,
        name: str,
        scenario_text: str,
        *,
        overrides: Mapping[str, Any] | None = None,
        classes: Sequence[str] | Mapping[str, str] = (),
        file: str = "",
    ) -> LiveSession:
        """`create` for threads without an event loop."""
        check_name(name)
        with self._lock:
            if self._draining:
                raise SessionError("is being stopped and begins no session", "the server")
            if name in self._sessions or name in self._making:
                raise SessionError("there is a session of that name", name, "choose another name")
            self._making.add(name)
        try:
            session = LiveSession.create(
                self.data,
                name,
                scenario_text,
                file=file,
                overrides=overrides,
                classes=classes,
                bus=self.bus,
                rhythm=self._rhythm,
            )
            self._keep(session)
        finally:
            self._making.discard(name)
        return session

    def _keep(self, session: LiveSession) -> None:
        with self._lock:
            self._sessions[session.name] = session

    def get(self, name: str) -> LiveSession:
        """The session of that name.

        Raises
        ------
        SessionError
            When none of that name is live.
        """
        session = self._sessions.get(name)
        if session is None:
            raise SessionError(
                "no live session has this name", f"session {name!r}", meant(name, self.names())
            )
        return session

    def names(self) -> list[str]:
        """Names of all of them, in the order in which they came."""
        return list(self._sessions)

    # ------------------------------------------------------------------ starting and stopping the server

    async def resume(self) -> list[LiveSession]:
        """Go on with every live session that was left open; what cannot go on is in `failures`."""
        return await asyncio.to_thread(self.resume_and_wait)

    def resume_and_wait(self) -> list[LiveSession]:
        """`resume` for threads without an event loop."""
        resumed = []
        for stray in strays(self.data):
            log.warning("%s", stray)
        for name in session_names(self.data):
            if name in self._sessions or not self._was_live(name):
                continue
            log.info("session %s: running through what has happened in it, to go on", name)
            try:
                session = LiveSession.resume(self.data, name, bus=self.bus, rhythm=self._rhythm)
                if session.state == SessionState.DEBRIEF:
                    # It was over, and only its sealing is missing.
                    session.close_and_wait()
                    recover(name, data=self.data)
                    continue
            except WorkbenchError as error:
                self.failures[name] = str(error)
                log.error("session %s cannot go on: %s", name, error)  # noqa: TRY400 - it says all there is
                continue
            self._keep(session)
            resumed.append(session)
        return resumed

    def _was_live(self, name: str) -> bool:
        try:
            manifest = read_manifest(session_folder(self.data, name))
        except StoreError as error:
            log.warning("session %s: %s", name, error)
            return False
        return manifest.state == OPEN and manifest.about.get("kind") == KIND

    async def drain(self) -> None:
        """Let all sessions finish what waits and go, in the state that each has."""
        self._draining = True
        await asyncio.gather(*(session.close() for session in list(self._sessions.values())))

    def drain_and_wait(self) -> None:
        """`drain` for threads without an event loop."""
        self._draining = True
        for session in list(self._sessions.values()):
            session.close_and_wait()

    # ------------------------------------------------------------------ drafts

    def save_draft(self, name: str, scenario_text: str) -> None:
        """Keep a scenario that is being written."""
        self._drafts.save(name, scenario_text)

    def drafts(self) -> dict[str, str]:
        """All drafts, text by name."""
        return {name: self._drafts.read(name) for name in self._drafts.names()}

    def delete_draft(self, name: str) -> None:
        """Throw a draft away."""
        self._drafts.delete(name)
