# ruff: noqa: ASYNC240 - nothing else runs while a folder is made or a disk mounted
"""A full disk where tables go, while the journal's is well: the market goes on, and the tables catch up."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.faults.server.abuse import Finding, answers_of, answers_to, fill, readiness, times_of
from tests.faults.server.kills import seat
from tests.faults.server.market import MARKET, SESSION
from tests.faults.server.people import people
from tests.faults.server.process import ServerProcess
from tests.faults.server.traders import Crowd
from workbench.journal.catalog import connect
from workbench.journal.manifest import read_manifest
from workbench.journal.place import JOURNAL
from workbench.session.rerun import rerun

TABLES = "full disk where tables go"
DISK_MB = 24
CAUGHT_UP_S = 60.0
PEOPLES = "select count(*) from events where event = 'ORDER_CREATED' and account like 'seat-%'"


@contextmanager
def small_disk(place: Path, aside: Path) -> Iterator[None]:
    """Put a session's folder on a small disk of its own, all but its journal."""
    place.rename(aside)
    place.mkdir()
    mounted: list[Path] = []
    try:
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(place)], check=True)
        mounted.append(place)
        shutil.copytree(aside, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns(JOURNAL))
        (place / JOURNAL).mkdir()
        subprocess.run(["mount", "--bind", str(aside / JOURNAL), str(place / JOURNAL)], check=True)
        mounted.append(place / JOURNAL)
        yield
    finally:
        for each in reversed(mounted):
            subprocess.run(["umount", "-l", str(each)], check=False)


async def full_tables(folder: Path, seconds: float = 5.0, rate: float = 60.0) -> Finding:
    """Fill the disk of the tables while people trade, and let them catch up."""
    finding = Finding(TABLES)
    folder.mkdir(parents=True, exist_ok=True)
    scenario, data = folder / f"{SESSION}.toml", folder / "data"
    scenario.write_text(MARKET)
    who = await people(data, 4)
    server = ServerProcess(data, "--scenario", str(scenario))
    place = data / "sessions" / SESSION
    crowd = Crowd(who.traders, server.port, rate, 7)
    try:
        server.launch()
        await server.answers()
        await seat(server.url, who.traders)
        await server.stop()
        with small_disk(place, folder / "aside"):
            server.launch()
            await server.answers()
            crowd.start()
            await crowd.ready()
            since_s, memory = time.monotonic(), server.memory_mb()
            await asyncio.sleep(seconds)
            finding.before_ms = times_of(answers_of(crowd, since_s))
            fill(place / "ballast")
            stood, since_s = read_manifest(place).seq, time.monotonic()
            # Long enough for more than one try to write.
            await asyncio.sleep(max(seconds, 6.0))
            until_s = time.monotonic()
            took, missing = await answers_to(crowd, since_s, until_s)
            lasted_s = until_s - since_s
            if missing:
                finding.wrong.append(f"{missing} orders of that time were not answered")
            finding.during_ms, finding.answered = times_of(took), len(took)
            ready = await readiness(server.url)
            if ready.status_code != 200:
                finding.wrong.append(f"it is not ready: {ready.text[:200]}")
            if len(took) < rate * lasted_s * 0.8:
                finding.wrong.append(f"only {len(took)} orders were answered in {lasted_s:.0f} s")
            if read_manifest(place).seq > stood:
                finding.wrong.append("rows were published on a full disk, so nothing was tried")
            end = time.monotonic() + CAUGHT_UP_S
            while b"rows are not written yet" not in server.printed() and time.monotonic() < end:  # noqa: ASYNC110
                await asyncio.sleep(0.1)
            if b"rows are not written yet" not in server.printed():
                finding.wrong.append("the log does not say that rows wait")
            (place / "ballast").unlink()
            known = len(crowd.history.acks)
            began = time.monotonic()
            end = began + CAUGHT_UP_S
            while (found := await counted(data)) < known and time.monotonic() < end:  # noqa: ASYNC110 - files
                await asyncio.sleep(0.25)
            caught_up_s = time.monotonic() - began
            if found < known:
                finding.wrong.append(f"after {caught_up_s:.0f} s the tables have {found} of {known} orders")
            crowd.trading = False
            await crowd.settled()
            await crowd.stop()
            code = await server.stop()
            if code:
                finding.wrong.append(f"the server ended with exit code {code}")
            orders = await counted(data)
            if orders != len(crowd.history.acks):
                finding.wrong.append(f"{orders} orders in the tables, {len(crowd.history.acks)} acknowledged")
            if not rerun(SESSION, data=data).identical:
                finding.wrong.append("a rerun finds other events than were recorded")
            finding.memory_mb = (memory, memory)
            finding.became = (
                f"{len(took)} orders answered while nothing could be published; "
                f"{caught_up_s:.1f} s after there was room the tables had them"
            )
    finally:
        await crowd.stop()
        server.close()
    return finding


async def counted(data: Path) -> int:
    """Orders of people that SQL over the published tables knows of."""

    def ask() -> int:
        with connect(data, session=SESSION) as connection:
            found = connection.sql(
                "select count(*) from events where event = 'ORDER_CREATED' and account like 'seat-%'"
            )
            return int(found.fetchall()[0][0])

    return await asyncio.to_thread(ask)
