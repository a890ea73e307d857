"""A server to open desks on, as `workbench serve` runs it: `python -m benchmarks.desks_process PLAN`.

Beside serving it makes the users, writes what makes requests theirs to the file that the plan names, and
writes down when it made each delta, so that the time to its readers can be known. All processes of a
machine share the clock (`time.perf_counter`).
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import IO, Any

import uvloop

from benchmarks.desks_files import more_files
from dashboards.serving import pages_in_front
from workbench.api.auth import ACCESS_COOKIE
from workbench.api.native.stream_pieces import Piece
from workbench.api.native.stream_topics import MarketTopic
from workbench.api.running import Running, Start
from workbench.api.settings import ServerSettings
from workbench.domain.codes import SessionState
from workbench.identity.principal import CONSOLE
from workbench.identity.settings import IdentitySettings, SignUp

PASSWORD = "a desk of one's own"  # noqa: S105 - of users that last as long as this run
DAY_S = 86_400


def note_deltas(log: IO[str]) -> None:
    """Have each delta of the market written down with the moment before it is encoded."""
    made = MarketTopic.flush

    def flush(self: MarketTopic, seq: int) -> Piece | None:
        now = time.perf_counter()
        piece = made(self, seq)
        if piece is not None:
            log.write(f"{self.name} {seq} {now}\n")
        return piece

    MarketTopic.flush = flush  # type: ignore[method-assign]


async def prepare(running: Running, plan: dict[str, Any]) -> None:
    """Make the users, open the market, and say where all that is."""
    server = running.server
    assert server is not None
    session = server.sessions.get(plan["session"])
    names, cookies = [], []
    for number in range(plan["users"]):
        name = f"desk-{number}"
        user, _ = await server.identity.create_user(CONSOLE, name, password=PASSWORD)
        await session.join(user.user_id, user.name)
        names.append(name)
        # The last two make the market, and are never those whose logging in is measured.
        logs_in = plan["log_in"] or number >= plan["users"] - 2
        access = (await server.identity.login(name, PASSWORD)).access if logs_in else ""
        cookies.append(f"{ACCESS_COOKIE}={access}")
    if session.state != SessionState.OPEN:
        await session.move(SessionState.OPEN)
    found = {"url": running.url, "pid": os.getpid(), "names": names, "cookies": cookies, "password": PASSWORD}
    place = Path(plan["answer"])
    part = place.with_suffix(".part")
    part.write_text(json.dumps(found))
    part.rename(place)


def main() -> int:
    """Serve until a signal."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    more_files()
    # A class logs in with the costs that a server has; where log-ins are not measured they are cheap.
    cheap = {"argon2_memory_kib": 64, "argon2_passes": 1} if plan["log_in"] else {}
    identity = IdentitySettings(sign_up=SignUp.CLOSED, access_s=DAY_S, **cheap)
    running = Running(
        ServerSettings(
            data=Path(plan["data"]), limited=plan["limited"], origins=tuple(plan.get("origins", ()))
        ),
        Start(port=0, identity=identity, name=plan["session"], scenario=Path(plan["scenario"]), lobby=True),
        front=pages_in_front,
    )
    tasks = []

    def ready(_: Running) -> None:
        tasks.append(asyncio.get_running_loop().create_task(prepare(running, plan)))

    with Path(plan["deltas"]).open("w", buffering=1) as log:
        note_deltas(log)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(running.run(ready=ready))
    return 0


if __name__ == "__main__":
    sys.exit(main())
