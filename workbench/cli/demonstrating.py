"""`workbench demo`: a market with agents, and a student and an instructor to sign in as."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from starlette.types import ASGIApp

import workbench
from workbench.api.logs import set_up_logs
from workbench.api.running import Front, Running, Start
from workbench.api.settings import ServerSettings
from workbench.cli.serving import is_loopback, pages_front, reporter_maker, run_server
from workbench.domain.codes import SessionState
from workbench.errors import AuthError, ConfigError
from workbench.identity.principal import CONSOLE
from workbench.identity.roles import Role
from workbench.identity.settings import IdentitySettings, SignUp

if TYPE_CHECKING:
    from workbench.api.server import Server
    from workbench.session.live.session import LiveSession

SESSION = "demo"
PASSWORD = "open-outcry"  # noqa: S105 - printed for everybody to see
PEOPLE = {"student": Role.STUDENT, "instructor": Role.INSTRUCTOR}
"""Who can sign in at once, all with the same password."""

_BEFORE_NS = 45 * 60 * 10**9
"""What of the day is over when people come in, for a chart without a past says little."""
_LOOK_SECONDS = 0.005
_SCENARIO = "demo.toml"
_NEWS = (
    (
        0.0,
        "Welcome to the market",
        "Agents make it; you trade with them and with whoever signs in.",
        (),
    ),
    (60.0, "A fund is said to want Harbor", "It has bought in size before, at whatever price.", ("HARBOR",)),
    (210.0, "Zephyr is said to lose a customer", "Holders may want to be out first.", ("ZEPHYR",)),
    (390.0, "Harbor: the fund takes its profit", "Twice what it bought is on offer.", ("HARBOR",)),
    (630.0, "Quartz is said to be bid for", "Nothing is confirmed.", ("QUARTZ",)),
)
"""Seconds after people come in, headline, text and instruments; the fund acts half a minute later."""


def run_demo_server(*, host: str, port: int, data: Path | None, seconds: float, public: bool) -> None:
    """Serve the demonstration until Ctrl-C, SIGTERM, or the end of its seconds.

    Raises
    ------
    ConfigError
        When others than this machine could sign in with a password that everybody knows.
    """
    if not is_loopback(host) and not public:
        raise ConfigError(
            f"{host} can be reached by others, who know the password of the demonstration's users",
            "--host",
            "give --demo to do it all the same, or start `workbench serve`",
        )
    set_up_logs("text" if sys.stderr.isatty() else "json", logging.WARNING)
    with contextlib.ExitStack() as stack:
        root = data
        if root is None:
            root = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="workbench-demo-")))
        scenario = _scenario()
        start = Start(
            host=host,
            port=port,
            identity=IdentitySettings(sign_up=SignUp.OPEN if is_loopback(host) else SignUp.CLOSED),
            name=SESSION,
            scenario=scenario,
            overrides={"live.epoch": "sim"},
        )
        settings = ServerSettings(data=root, scenarios=scenario.parent if scenario is not None else None)
        running = Running(settings, start, front=_with_people(pages_front()), reporter=reporter_maker())

        def ready(running: Running) -> None:
            _greet(running, data)
            if seconds:
                asyncio.get_running_loop().call_later(seconds, running.stop)

        run_server(running, ready)


def _scenario() -> Path | None:
    """The demonstration's scenario beside the package; None for the market that the package brings."""
    file = Path(workbench.__file__).resolve().parents[1] / "data" / "scenarios" / _SCENARIO
    return file if file.is_file() else None


def _with_people(pages: Front | None) -> Front:
    """What serves the pages, with the demonstration's users made before the first request."""

    @asynccontextmanager
    async def front(api: ASGIApp, server: Server) -> AsyncIterator[ASGIApp]:
        for name, role in PEOPLE.items():
            try:
                await server.identity.create_user(CONSOLE, name, role=role, password=PASSWORD)
            except AuthError as error:
                # A data root that was given may have been used before.
                if error.kind != "taken":
                    raise
        await _run_on(server.hub(SESSION).session)
        news = asyncio.create_task(_announce(server))
        try:
            if pages is None:
                yield api
            else:
                async with pages(api, server) as whole:
                    yield whole
        finally:
            news.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await news

    return front


async def _run_on(session: LiveSession) -> None:
    """Run a session that has just been opened through the beginning of its day, as fast as it can."""
    status = session.status()
    people_come_ns = status.open_ns + _BEFORE_NS
    if status.state is not SessionState.OPEN or status.time_ns >= people_come_ns:
        return
    await session.set_speed(None)
    # Time tells nobody that it has passed.
    while (status := session.status()).time_ns < people_come_ns and not status.failed:  # noqa: ASYNC110
        await asyncio.sleep(_LOOK_SECONDS)
    await session.set_speed(1.0)


async def _announce(server: Server) -> None:
    """Publish the news at their times."""
    session = server.hub(SESSION).session
    known = {instrument.symbol for instrument in session.venue.instruments}
    passed = 0.0
    for after, headline, body, symbols in _NEWS[len(session.announcements) :]:
        await asyncio.sleep(after - passed)
        passed = after
        if known.issuperset(symbols):
            await session.announce(headline, body=body, symbols=symbols, author="the exchange")


def _greet(running: Running, data: Path | None) -> None:
    """Say where the pages are, who can sign in, and what becomes of it."""
    typer.echo(f"The market is open at {running.url}")
    for name, role in PEOPLE.items():
        page = "the control room" if role is Role.INSTRUCTOR else "the trading desk"
        typer.echo(f"  sign in as {name:<10}  password {PASSWORD}   for {page}")
    kept = "nothing of it is kept" if data is None else f"it is kept in {data} and goes on at the next start"
    typer.echo(f"Ctrl-C ends it; {kept}.")
    sys.stdout.flush()
