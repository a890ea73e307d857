"""`workbench gateway`: streams of an exchange for many desks, until somebody stops it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import structlog
import typer
import uvloop

from workbench.api.logs import set_up_logs
from workbench.cli.serving_checks import check_files, check_log_format, proxies_of
from workbench.gateway.running import GatewayStart, RunningGateway


def gateway_of(
    *,
    upstream: str,
    host: str,
    port: int,
    certificate: Path | None,
    private_key: Path | None,
    proxies: list[str],
    log_format: str,
) -> None:
    """Make sense of the options of `workbench gateway`, and serve."""
    check_log_format(log_format)
    check_files(certificate, private_key)
    running = RunningGateway(
        GatewayStart(
            upstream=upstream,
            host=host,
            port=port,
            certificate=certificate,
            key=private_key,
            proxies=proxies_of(proxies),
        )
    )
    set_up_logs(log_format or ("text" if sys.stderr.isatty() else "json"))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(running.run(ready=_greet))
    typer.echo("stopped; desks come back to another gateway, or to this one when it is started again")


def _greet(running: RunningGateway) -> None:
    """Say where it answers, once, on stdout."""
    typer.echo(f"gateway to {running.start.upstream} answers at {running.url}")
    typer.echo("Ctrl-C stops it.")
    sys.stdout.flush()
    structlog.get_logger("workbench.gateway").info(
        "serving", url=running.url, upstream=running.start.upstream
    )
