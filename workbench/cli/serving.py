"""`workbench serve`: everything in one process, until somebody stops it."""

from __future__ import annotations

import asyncio
import importlib
import ssl
import sys
from collections.abc import Callable, Iterable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import structlog
import typer
import uvloop

from workbench.api.logs import set_up_logs
from workbench.api.running import Front, Running, Start
from workbench.api.settings import ServerSettings
from workbench.cli.serving_settings import settings_of
from workbench.errors import ConfigError
from workbench.identity.settings import IdentitySettings, SignUp
from workbench.journal.place import data_root

FASTEST = "max"
_PAGES_NEED = ("dashboards", "panel", "bokeh", "bokeh_fastapi", "param")
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
    if log_format not in ("", "json", "text"):
        raise ConfigError(f"is {log_format!r}, expected json or text", "--log-format")
    for given, option in ((certificate, "--certificate"), (private_key, "--private-key")):
        if given is not None and not given.is_file():
            raise ConfigError(f"there is no file {given}", option)
    if (certificate is None) != (private_key is None):
        raise ConfigError("a certificate and its key go together", "--certificate", "give --private-key too")
    if certificate is not None and private_key is not None:
        check_certificate(certificate, private_key)
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


def serve(settings: ServerSettings, start: Start, *, log_format: str = "", pages: bool = False) -> None:
    """Run a server in this process until SIGINT or SIGTERM."""
    set_up_logs(log_format or ("text" if sys.stderr.isatty() else "json"))
    run_server(Running(settings, start, front=pages_front() if pages else None), _greet, _tell_password)
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


def proxies_of(given: Iterable[str]) -> tuple[str, ...]:
    """Addresses of proxies, or networks of them."""
    proxies = tuple(proxy.strip() for proxy in given)
    for proxy in proxies:
        try:
            ip_network(proxy, strict=False)
        except ValueError:
            if proxy != "*":
                raise ConfigError(
                    f"is {proxy!r}, expected an address such as 10.0.0.2 or a network such as 10.0.0.0/8",
                    "--proxy",
                ) from None
    return proxies


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


def check_certificate(certificate: Path, key: Path) -> None:
    """Refuse a certificate and a key that TLS cannot be served with.

    Raises
    ------
    ConfigError
        Which of the two files is wrong, and what is expected in it.
    """
    expected = (
        (certificate, "--certificate", b"-----BEGIN CERTIFICATE-----", "a certificate in PEM"),
        (key, "--private-key", b"PRIVATE KEY-----", "a private key in PEM"),
    )
    for file, option, mark, what in expected:
        try:
            if mark not in file.read_bytes():
                raise ConfigError(f"{file} holds no {what.removeprefix('a ')}", option, f"give {what}")
        except OSError as error:
            raise ConfigError(f"{file} cannot be read: {error.strerror or error}", option) from None
    try:
        # A key that needs a password must not ask for it on the terminal of a server.
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=lambda: b"")
    except (ssl.SSLError, ValueError) as error:
        if getattr(error, "reason", None) == "KEY_VALUES_MISMATCH":
            raise ConfigError(f"{key} is not the key of {certificate}", "--private-key") from None
        raise ConfigError(
            f"{certificate} and {key} cannot be used for TLS",
            "--certificate",
            "give a whole certificate in PEM, and its key without a password",
        ) from None
