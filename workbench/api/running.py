"""A whole server in this process: users, sessions, application and sockets, started and stopped in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import structlog
import uvicorn
from starlette.types import ASGIApp

from workbench.api.app import create_app
from workbench.api.listening import Uvicorn, listen_on, uvicorn_config
from workbench.api.place import database_url, secret_file, server_folder, take_lock
from workbench.api.report_runs import MakeReporter
from workbench.api.server import Server
from workbench.api.settings import ServerSettings
from workbench.domain.codes import SessionState
from workbench.errors import AuthError, ConfigError
from workbench.identity.identity import Identity
from workbench.identity.passwords import one_time_password
from workbench.identity.principal import CONSOLE
from workbench.identity.secret import server_secret
from workbench.identity.settings import IdentitySettings
from workbench.journal.manifest import read_manifest
from workbench.journal.place import check_name, session_folder, session_names
from workbench.session.live.opening import is_made_of
from workbench.session.live.packaged import OPEN_MARKET, open_market
from workbench.session.live.pauses import shorten_pauses
from workbench.session.live.sessions import Sessions

Front = Callable[[ASGIApp, Server], AbstractAsyncContextManager[ASGIApp]]
"""What may stand before the API on its port, such as pages: makes one application of the API's."""

_STARTED = (SessionState.PRE_OPEN, SessionState.OPEN, SessionState.PAUSED)


@dataclass(frozen=True, slots=True)
class Start:
    """What a server does when it starts, beside its settings.

    Attributes
    ----------
    host, port
        Where it listens; port 0 takes a free one.
    database
        URL of the users' database; SQLite in the data root unless given.
    identity
        How strict it is with users.
    session
        Whether a session is opened when none is there to go on with.
    name, scenario
        What that session is called, and its file; the built-in market unless given.
    overrides
        Settings in the place of the scenario's.
    lobby
        Leave it in its lobby, for somebody to start it.
    certificate, key
        Files for TLS.
    proxies
        Addresses of proxies whose X-Forwarded headers are believed; none unless given.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    database: str = ""
    identity: IdentitySettings = field(default_factory=IdentitySettings)
    session: bool = True
    name: str = ""
    scenario: Path | None = None
    overrides: dict[str, Any] = field(default_factory=dict)
    lobby: bool = False
    certificate: Path | None = None
    key: Path | None = None
    proxies: tuple[str, ...] = ()


class Running:
    """One server from its first step to its last.

    Attributes
    ----------
    front
        What stands before the API, as pages do; nothing unless given.
    reporter
        Makes what keeps and makes reports; none are made unless given.
    url
        Where it answers, once it listens.
    server
        Its parts, once it has started.
    first_password
        Of the user `admin`, when this start made them; it is kept nowhere else.
    """

    def __init__(
        self,
        settings: ServerSettings,
        start: Start,
        front: Front | None = None,
        reporter: MakeReporter | None = None,
    ) -> None:
        self.settings = settings
        self.start = start
        self.front = front
        self.reporter = reporter
        self.url = ""
        self.first_password = ""
        self.server: Server | None = None
        self._uvicorn: Uvicorn | None = None
        self._signals = 0

    async def run(
        self,
        *,
        ready: Callable[[Running], None],
        admin_made: Callable[[str], None] = lambda _: None,
        signals: bool = True,
    ) -> None:
        """Serve until told to stop.

        Parameters
        ----------
        ready
            Called once the server answers.
        admin_made
            Called with the password of the user `admin` the moment this start has made them.
        signals
            Whether the process is its own: SIGINT and SIGTERM end it, the interpreter is tuned for it.

        Raises
        ------
        ConfigError
            When it cannot start: the port is taken, the data root is not its own, a file makes no sense.
        """
        folder = server_folder(self.settings.data)
        lock = take_lock(folder)
        file, text = _scenario(self.start.scenario)
        async with contextlib.AsyncExitStack() as stack:
            stack.callback(_let_go, lock)
            listening = self._bind()
            stack.callback(listening.close)
            identity = await Identity.open(
                database_url(self.settings.data, self.start.database),
                secret=server_secret(secret_file(folder)),
                settings=self.start.identity,
            )
            stack.push_async_callback(identity.close)
            sessions = Sessions(self.settings.data)
            stack.push_async_callback(sessions.drain)
            await sessions.resume()
            if self.start.session:
                await self._open_session(sessions, file, text)
            app = create_app(sessions, identity, self.settings)
            self.server = app.state.server
            self.server.start()
            stack.callback(self.server.stop)
            if self.reporter is not None:
                self.server.reports.use(await asyncio.to_thread(self.reporter, self.settings.data))
            await self.server.caught_up()
            whole: ASGIApp = app
            if self.front is not None:
                whole = await stack.enter_async_context(self.front(app, self.server))
            config = self._config(whole)
            config.load()
            self._uvicorn = Uvicorn(config, lambda: ready(self))
            self._uvicorn.stopping = self.server.begin_stop
            loop = asyncio.get_running_loop()
            if signals:
                shorten_pauses()
                for number in (signal.SIGINT, signal.SIGTERM):
                    loop.add_signal_handler(number, self.stop)
            # After all that can fail, and told before anything else: this password is kept nowhere.
            self.first_password = await _first_admin(identity)
            if self.first_password:
                admin_made(self.first_password)
            try:
                await self._uvicorn.serve(sockets=[listening])
            finally:
                # What is left are journals that close within a moment; a second signal does not wait for it.
                structlog.get_logger("workbench.serve").info("draining")

    def stop(self) -> None:
        """Stop accepting, close sessions and return from `run`; a second call ends the process at once."""
        self._signals += 1
        if self._signals > 1:
            _end_at_once()
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True

    def _bind(self) -> socket.socket:
        """The listening socket, before anything that takes long."""
        listening, self.url = listen_on(
            self.start.host, self.start.port, tls=self.start.certificate is not None
        )
        return listening

    def _config(self, app: Any) -> uvicorn.Config:
        start = self.start
        return uvicorn_config(
            app,
            header_seconds_max=self.settings.header_seconds_max,
            proxies=start.proxies,
            certificate=start.certificate,
            key=start.key,
        )

    async def _open_session(self, sessions: Sessions, file: str, text: str) -> None:
        """Open the session that was asked for, or the built-in one, when none is there to go on with.

        What goes on is told by what it was made of, whatever it is called. One that is there and cannot go on
        keeps its place: it goes on at a start when its disk is well, and would then be a second one.
        """
        start = self.start
        there = [*sessions.names(), *sessions.failures]
        if start.scenario is None and not start.name and there:
            return
        if start.name in there:
            return
        if not start.name and any(self._is_made_of(each, file, text) for each in there):
            return
        name = start.name or Path(file).stem
        name = _free_name(self.settings.data, check_name(name), fixed=bool(start.name))
        session = await sessions.create(name, text, overrides=start.overrides or None, file=file)
        if not start.lobby and session.state not in _STARTED:
            await session.move(SessionState.OPEN)

    def _is_made_of(self, session: str, file: str, text: str) -> bool:
        """Whether a session of this server was made of a scenario."""
        return is_made_of(read_manifest(session_folder(self.settings.data, session)).about, file, text)


async def _first_admin(identity: Identity) -> str:
    """Make the user `admin` when there is no admin; their password, or nothing when there is one."""
    password = one_time_password()
    try:
        await identity.create_first_admin(CONSOLE, "admin", password)
    except AuthError as error:
        if error.kind != "forbidden":
            raise
        return ""
    return password


def _scenario(given: Path | None) -> tuple[str, str]:
    if given is None:
        return OPEN_MARKET, open_market()
    try:
        return given.name, given.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror or error}", str(given)) from None
    except UnicodeDecodeError:
        raise ConfigError("is no text", str(given), "save it as UTF-8") from None


def _free_name(data: Path, name: str, *, fixed: bool) -> str:
    """`name`, or with a number behind it when an older session has it."""
    if not os.path.lexists(session_folder(data, name)):
        return name
    if fixed and name not in session_names(data):
        raise ConfigError(
            f"there is something else in the place of a session {name!r}: {session_folder(data, name)}",
            "--session",
            "move it away, or choose another name",
        )
    if fixed:
        raise ConfigError(f"there is a session {name!r} that has ended", "--session", "choose another name")
    numbered = (f"{name}-{number}" for number in range(2, 1_000_000))
    return next(each for each in numbered if not os.path.lexists(session_folder(data, each)))


def _let_go(lock: int) -> None:
    os.close(lock)


def _end_at_once() -> None:
    os._exit(130)
