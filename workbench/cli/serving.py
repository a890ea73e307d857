"""`workbench serve`: everything in one process, until somebody stops it."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
from collections.abc import Callable, Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import structlog
import typer
import uvloop

from workbench.api.logs import set_up_logs
from workbench.api.report_runs import MakeReporter
from workbench.api.running import Front, Running, Start
from workbench.api.settings import ServerSettings
from workbench.cli.serving_checks import check_files, check_log_format, proxies_of
from workbench.cli.serving_settings import settings_of
from workbench.errors import ConfigError
from workbench.identity.settings import IdentitySettings, SignUp
from workbench.journal.place import data_root

FASTEST = "max"
_PAGES_NEED = ("dashboards", "panel", "bokeh", "bokeh_fastapi", "param")
_REPORTS_NEED = ("dashboards", "pipelines", "papermill", "ipykernel", "bokeh")
_SCENARIOS = (Path("data/scenarios"), Path("scenarios"))


def start_of(
    *,
    scenario: Path | None,
    session: bool,
    name: str,
    lobby: bool,
    speed: str,
    seats: int | None,
    data: Path | None,
    host: str,
    port: int,
    sign_up: str,
    database: str,
    scenarios: Path | None,
    secure: bool,
    certificate: Path | None,
    private_key: Path | None,
    proxies: list[str],
    hosts: list[str],
    origins: list[str],
    limited: bool,
    docs: bool,
    pages: bool,
    log_requests: bool,
    log_format: str,
    more: list[str],
) -> None:
    """Make sense of the options of `workbench serve`, and serve."""
    if not session and (scenario is not None or name or lobby or speed or seats is not None):
        raise ConfigError(
            "goes with none of the options of a session", "--no-session", "leave one of them out"
        )
    check_log_format(log_format)
    check_files(certificate, private_key)
    of_server, of_users = settings_of(more)
    settings = ServerSettings(
        **of_server,
        data=data_root(data),
        scenarios=scenario_folder(scenarios),
        secure=secure or certificate is not None,
        origins=origins_of(origins),
        hosts=hosts_of(hosts),
        limited=limited,
        log_requests=log_requests,
        docs=docs,
    )
    start = Start(
        host=host,
        port=port,
        database=database,
        identity=IdentitySettings(sign_up=sign_up_of(sign_up, host), **of_users),
        session=session,
        name=name,
        scenario=scenario,
        overrides=overrides_of(speed, seats),
        lobby=lobby,
        certificate=certificate,
        key=private_key,
        proxies=proxies_of(proxies),
    )
    serve(settings, start, log_format=log_format, pages=pages)


def pages_front() -> Front | None:
    """What serves the pages; None, with a sentence, where what they need is not installed."""
    try:
        # Pages are made of the workbench, and never the other way round.
        front: Front = importlib.import_module("dashboards.serving").pages_in_front
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _PAGES_NEED:
            raise
        typer.echo(
            f"no pages, because {error.name} is not installed: "
            "pip install 'trading-workbench[app]' (--no-pages says nothing)",
            err=True,
        )
        return None
    return front


def reporter_maker(*, tell: bool = True) -> MakeReporter | None:
    """What makes reports; None, with a sentence unless told not to, where what they need is not installed."""
    for name in _REPORTS_NEED:
        if importlib.util.find_spec(name) is None:
            if tell:
                typer.echo(
                    f"no reports, because {name} is not installed: "
                    "pip install 'trading-workbench[app]' (--no-pages says nothing)",
                    err=True,
                )
            return None
    # Pipelines are made of the workbench, and never the other way round.
    maker: MakeReporter = importlib.import_module("pipelines.asked").AskedReports
    return maker


def serve(settings: ServerSettings, start: Start, *, log_format: str = "", pages: bool = False) -> None:
    """Run a server in this process until SIGINT or SIGTERM."""
    set_up_logs(log_format or ("text" if sys.stderr.isatty() else "json"))
    front = pages_front() if pages else None
    run_server(
        Running(settings, start, front=front, reporter=reporter_maker(tell=pages)), _greet, _tell_password
    )
    typer.echo("stopped; open sessions go on at the next start")


def run_server(
    running: Running,
    ready: Callable[[Running], None],
    admin_made: Callable[[str], None] = lambda _: None,
) -> None:
    """Run a server in this process until it is stopped."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(running.run(ready=ready, admin_made=admin_made))


def _greet(running: Running) -> None:
    """Say where the server answers, once, on stdout."""
    server = running.server
    assert server is not None
    typer.echo(f"workbench answers at {running.url}")
    for name, hub in sorted(server.hubs.items()):
        state = hub.session.state.name.lower()
        typer.echo(f"  session {name}: {hub.session.title} ({state}, {hub.session.status().seats} seats)")
    for name, why in sorted(server.sessions.failures.items()):
        typer.echo(f"  session {name} cannot go on: {why}", err=True)
    typer.echo("Ctrl-C stops it.")
    sys.stdout.flush()
    structlog.get_logger("workbench.serve").info("serving", url=running.url, sessions=sorted(server.hubs))


def _tell_password(password: str) -> None:
    """Say the first administrator's password, which nobody can be told again."""
    typer.echo("user admin was made; the password, which is shown only now, is")
    typer.echo(f"  {password}")
    sys.stdout.flush()


def sign_up_of(given: str, host: str) -> SignUp:
    """Who may sign up: everybody where only this machine can reach the server, unless told otherwise."""
    if given:
        if given not in set(SignUp):
            raise ConfigError(f"is {given!r}, expected {', '.join(SignUp)}", "--sign-up")
        return SignUp(given)
    return SignUp.OPEN if is_loopback(host) else SignUp.CODE


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def overrides_of(speed: str, seats: int | None) -> dict[str, Any]:
    """Settings of a scenario that options stand in for."""
    found: dict[str, Any] = {}
    if speed:
        try:
            found["live.speed"] = FASTEST if speed == FASTEST else float(speed)
        except ValueError:
            raise ConfigError(f"is {speed!r}, expected a number such as 2, or {FASTEST}", "--speed") from None
        # A clock that shows the wall's time runs at the wall's speed alone.
        found["live.epoch"] = "sim"
    if seats is not None:
        found["seats.count"] = seats
    return found


def scenario_folder(given: Path | None) -> Path | None:
    """The folder of scenario files: as given, which must then be there, else a usual one."""
    if given is not None:
        if not given.is_dir():
            raise ConfigError("is no folder", str(given), "give a folder of .toml files with --scenarios")
        return given
    return next((usual for usual in _SCENARIOS if usual.is_dir()), None)


def origins_of(given: Iterable[str]) -> tuple[str, ...]:
    """Origins as browsers send them."""
    origins = tuple(origin.rstrip("/") for origin in given)
    for origin in origins:
        scheme, _, host = origin.partition("://")
        if scheme not in ("http", "https") or not host or "/" in host:
            raise ConfigError(f"is {origin!r}, expected such as https://desk.example.org", "--origin")
    return origins


def hosts_of(given: Iterable[str]) -> tuple[str, ...]:
    """Host names to answer for, in small letters."""
    hosts = tuple(host.strip().lower() for host in given)
    for host in hosts:
        if not host or "/" in host or " " in host or "*" in host.removeprefix("*."):
            raise ConfigError(
                f"is {host!r}, expected a host name such as desk.example.org or *.example.org",
                "--allowed-host",
            )
    return hosts
