"""A server to be loaded, as `workbench serve` runs it, with an API key for each account: `... PLAN`.

It writes the keys and its address to the file that the plan names, and runs until it is told to stop.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import uvloop

from workbench.api.running import Running, Start
from workbench.api.settings import ServerSettings
from workbench.domain.codes import SessionState
from workbench.engine.importing import import_sources
from workbench.engine.stored import catalog_of
from workbench.identity.principal import CONSOLE
from workbench.identity.settings import IdentitySettings, SignUp


async def prepare(running: Running, plan: dict[str, Any]) -> None:
    """Make the users and their keys, seat them, open the market, and say where all that is."""
    server = running.server
    assert server is not None
    keys = []
    session = server.sessions.get(plan["session"])
    for number in range(plan["accounts"]):
        user, _ = await server.identity.create_user(
            CONSOLE, f"load-{number}", password=f"load password {number}"
        )
        key = await server.identity.create_key(user.user_id, session=plan["session"])
        await session.join(user.user_id, user.name)
        keys.append({"APCA-API-KEY-ID": key.key_id, "APCA-API-SECRET-KEY": key.secret})
    if session.state != SessionState.OPEN:
        await session.move(SessionState.OPEN)
    found = {"url": running.url, "keys": keys, "pid": os.getpid()}
    place = Path(plan["answer"])
    part = place.with_suffix(".part")
    part.write_text(json.dumps(found))
    part.rename(place)


def bring_in(plan: dict[str, Any]) -> None:
    """Import the history that the scenario replays, as `workbench import` does."""
    if not plan["history"]:
        return
    catalog = catalog_of(Path(plan["data"]))
    for outcome in import_sources(plan["history"], catalog, name=plan["dataset"]):
        if outcome.error is not None:
            raise outcome.error


def main() -> int:
    """Serve until a signal."""
    plan = json.loads(Path(sys.argv[1]).read_text())
    bring_in(plan)
    # Passwords are no part of what is measured.
    identity = IdentitySettings(sign_up=SignUp.CLOSED, argon2_memory_kib=64, argon2_passes=1)
    running = Running(
        ServerSettings(data=Path(plan["data"]), limited=False),
        Start(
            port=0,
            identity=identity,
            name=plan["session"],
            scenario=Path(plan["scenario"]),
            overrides=plan["overrides"],
            lobby=True,
        ),
    )
    tasks = []

    def ready(_: Running) -> None:
        tasks.append(asyncio.get_running_loop().create_task(prepare(running, plan)))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(running.run(ready=ready))
    return 0


if __name__ == "__main__":
    sys.exit(main())
