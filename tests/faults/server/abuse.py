# ruff: noqa: ASYNC221, ASYNC240 - nothing else runs while a folder is made or a disk mounted
"""Peers, machines and disks that behave badly, while others trade: their orders go on being answered.

`python -m tests.faults.server.abuse` prints what each abuse did to the answers of those who trade meanwhile,
to the server's memory, and what became of the abuser.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvloop

from tests.conftest import ROOT
from tests.faults.server.kills import quantile, seat, write
from tests.faults.server.market import MARKET, SESSION
from tests.faults.server.people import Headers, People, people
from tests.faults.server.process import ServerProcess
from tests.faults.server.traders import Crowd

CONNECTIONS = 1_000
STOPPED_S = 3.0
SETTLED_S = 45.0
"""A peer that answers no ping for 40 s is gone."""
SLOWER = 5
"""So many times the 99th percentile before it is too much, where that is above what is always allowed."""
LONGEST_MS = 200.0
"""What is always allowed: nobody who trades by hand or by bot takes it for a fault."""
ANSWERED_S = 60.0
"""Whoever waits longer than this has not been answered."""
NOTICED_S = 60.0
"""Within this the server has noticed who went."""
GROWTH_MB = 150.0
"""What all the slow readers of a run together may cost."""


@dataclass
class Finding:
    """What an abuse did.

    Attributes
    ----------
    name, became
        Which, and what became of the abuser.
    before_ms, during_ms
        99th percentile of the time to a durable answer of those who trade, and the largest.
    answered
        Orders answered meanwhile.
    memory_mb
        The server's before and after.
    wrong
        What must not be, in sentences.
    """

    name: str
    became: str = ""
    before_ms: tuple[float, float] = (0.0, 0.0)
    during_ms: tuple[float, float] = (0.0, 0.0)
    answered: int = 0
    memory_mb: tuple[float, float] = (0.0, 0.0)
    wrong: list[str] = field(default_factory=list)


@dataclass
class Site:
    """A server, those who trade on it, and how long an abuse lasts.

    Attributes
    ----------
    patient
        Whether to wait until silent peers are dropped, which takes most of a minute.
    """

    server: ServerProcess
    who: People
    crowd: Crowd
    folder: Path
    seconds: float
    patient: bool

    @asynccontextmanager
    async def abuser(self, kind: str, **plan: Any) -> AsyncIterator[asyncio.subprocess.Process]:
        """A process that behaves badly."""
        plan = {"port": self.server.port, "headers": self.who.traders[-1], "seconds": self.seconds} | plan
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.faults.server.abusers",
            kind,
            json.dumps(plan),
            cwd=ROOT,
            stdout=subprocess.PIPE,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    async def run(self, kind: str, **plan: Any) -> dict[str, Any]:
        """What an abuser says at its end."""
        async with self.abuser(kind, **plan) as process:
            out, _ = await process.communicate()
            if process.returncode:
                raise RuntimeError(f"the abuser {kind} failed with {process.returncode}")
            found: dict[str, Any] = json.loads(out)
            return found

    async def clients(self) -> int:
        """Live WebSockets, as the server counts them."""
        async with httpx.AsyncClient(base_url=self.server.url, trust_env=False, timeout=60) as client:
            text = (await client.get("/metrics")).text
        found = re.findall(r"^workbench_connected_clients\S* (\S+)$", text, re.MULTILINE)
        return int(sum(map(float, found)))

    async def settled_sockets(self) -> int:
        """Sockets that the server has open, once it has noticed which were closed."""
        await asyncio.sleep(0.5)
        return self.sockets()

    def sockets(self) -> int:
        """Sockets that the server has open."""
        links = Path(f"/proc/{self.server.pid}/fd").iterdir()
        return sum(_target(link).startswith("socket:") for link in links)

    def answers(self, since_s: float) -> list[float]:
        """How long answers took that came since then."""
        return answers_of(self.crowd, since_s)


def answers_of(crowd: Crowd, since_s: float) -> list[float]:
    """How long answers took that came since then."""
    found = [answer for trader in crowd.traders for answer in trader.answers_s]
    return [took_s for done_s, took_s in found if done_s >= since_s]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def shown(found: dict[str, Any]) -> str:
    """Counts as text."""
    return ", ".join(f"{count:,} {name}" for name, count in found.items())


async def slow_readers(site: Site, finding: Finding) -> None:
    """Connections on every stream and by HTTP that ask for all there is and never read."""
    before = site.sockets()
    count = 8
    found = await site.run("slow", count=count, seconds=site.seconds)
    finding.became = shown(found)
    end = time.monotonic() + NOTICED_S
    while (left := site.sockets() - before) > 0 and time.monotonic() < end:  # noqa: ASYNC110 - the server's
        await asyncio.sleep(0.1)
    if left > 0:
        finding.wrong.append(f"{left} sockets of slow readers are left after they went")


async def silent_peers(site: Site, finding: Finding) -> None:
    """A process with open streams that is stopped: its machine still takes what is sent, until it is full."""
    before, sockets = await site.clients(), await site.settled_sockets()
    async with site.abuser("silent", count=8) as process:
        assert process.stdout is not None
        told = json.loads(await process.stdout.readline())
        os.kill(told["pid"], signal.SIGSTOP)
        # What they are behind with no longer fits into any buffer between the two.
        await asyncio.sleep(SETTLED_S if site.patient else site.seconds)
        left, open_sockets = await site.clients() - before, await site.settled_sockets() - sockets
        finding.became = f"{told['connections']} stopped, {max(left, 0)} still counted"
        if site.patient and (left > 0 or open_sockets > 0):
            finding.wrong.append(f"{left} streams and {open_sockets} sockets of a stopped process are left")


async def told_again(site: Site, finding: Finding) -> None:
    """Streams that ask for everything from the first event on, twenty times a second each."""
    found = await site.run("again", count=8)
    finding.became = shown(found)
    if found["connections"] < 8:
        finding.wrong.append("streams were cut off that only asked too often")


async def garbage(site: Site, finding: Finding) -> None:
    """Bytes, requests and frames that make no sense."""
    found = await site.run("garbage")
    finding.became = shown(found)
    if found.get("answered with 5xx"):
        finding.wrong.append(f"{found['answered with 5xx']} answers to garbage blame the server")


async def many_connections(site: Site, finding: Finding) -> None:
    """A thousand connections at once."""
    found = await site.run("many", count=CONNECTIONS)
    finding.became = shown(found)
    if found.get("answered", 0) < CONNECTIONS // 2:
        finding.wrong.append(f"of {CONNECTIONS // 2} who asked, {found.get('answered', 0)} were answered")


async def readiness(url: str) -> httpx.Response:
    """What a server says of itself, once it says that it is ready or has had its time to be."""
    end = time.monotonic() + NOTICED_S
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
        while (ready := await client.get("/health/ready")).status_code != 200 and time.monotonic() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.1)
    return ready


async def stopped_server(site: Site, finding: Finding) -> None:
    """The server stands still for some seconds, as a machine does that sleeps."""
    os.kill(site.server.pid, signal.SIGSTOP)
    await asyncio.sleep(STOPPED_S)
    os.kill(site.server.pid, signal.SIGCONT)
    began = time.monotonic()
    async with asyncio.timeout(60):
        while not site.answers(began):  # noqa: ASYNC110 - the crowd goes on by itself
            await asyncio.sleep(0.01)
    first_s = time.monotonic() - began
    await asyncio.sleep(site.seconds)
    finding.became = f"stopped for {STOPPED_S:.0f} s, first answer {first_s * 1e3:.0f} ms later"
    ready = await readiness(site.server.url)
    if ready.status_code != 200:
        finding.wrong.append(f"it is not ready after that: {ready.text[:300]}")


ABUSES: dict[str, Callable[[Site, Finding], Awaitable[None]]] = {
    "slow readers": slow_readers,
    "stopped peers": silent_peers,
    "told again and again": told_again,
    "garbage": garbage,
    f"{CONNECTIONS:,} connections at once": many_connections,
    "server stopped and continued": stopped_server,
}
SPARED = "server stopped and continued"
"""Nobody can be answered while this lasts."""


async def campaign(
    folder: Path,
    *,
    seconds: float = 10.0,
    accounts: int = 10,
    rate: float = 100.0,
    patient: bool = True,
    names: tuple[str, ...] = tuple(ABUSES),
    longest_ms: float = LONGEST_MS,
) -> list[Finding]:
    """Do each abuse to one server while others trade on it.

    Parameters
    ----------
    folder
        Where the data root is made.
    seconds
        How long each lasts, and the time before it with which it is compared.
    accounts, rate
        Who trade, and their orders a second.
    patient
        Whether to wait until silent peers are dropped.
    names
        Which abuses.
    longest_ms
        The 99th percentile of answers must stay below this, or below `SLOWER` times what it was before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    scenario = folder / f"{SESSION}.toml"
    scenario.write_text(MARKET)
    who = await people(folder / "data", accounts + 1)
    server = ServerProcess(folder / "data", "--scenario", str(scenario))
    server.launch()
    crowd = Crowd(who.traders[:accounts], server.port, rate, 7)
    findings: list[Finding] = []
    try:
        await server.answers()
        await seat(server.url, who.traders)
        crowd.start()
        await crowd.ready()
        site = Site(server, who, crowd, folder, seconds, patient)
        await asyncio.sleep(1.0)
        findings += [await one_abuse(site, name, longest_ms) for name in names]
        lives = max(trader.life for trader in crowd.traders)
        if lives > 1:
            findings[-1].wrong.append("those who trade lost their connections")
        crowd.trading = False
        await crowd.settled()
        answered = len(crowd.history.acks) + len(crowd.history.refused)
        if answered != len(crowd.history.sent):
            findings[-1].wrong.append(f"{len(crowd.history.sent) - answered} orders were never answered")
        await crowd.stop()
        code = await server.stop()
        if code:
            findings[-1].wrong.append(f"the server ended with exit code {code}")
        if b"Traceback" in server.printed():
            findings[-1].wrong.append(f"the server's log has tracebacks: {server.log}")
    finally:
        await crowd.stop()
        server.close()
    return findings


async def one_abuse(site: Site, name: str, longest_ms: float) -> Finding:
    """Measure before an abuse and while it lasts."""
    finding = Finding(name)
    since_s, memory = time.monotonic(), site.server.memory_mb()
    await asyncio.sleep(site.seconds)
    finding.before_ms = times_of(site.answers(since_s))
    since_s = time.monotonic()
    await ABUSES[name](site, finding)
    until_s = time.monotonic()
    lasted_s = until_s - since_s
    # An order that is on its way as the abuse ends counts, and so does the time it takes.
    took, missing = await answers_to(site.crowd, since_s, until_s)
    finding.during_ms, finding.answered = times_of(took), len(took)
    if missing:
        finding.wrong.append(f"{missing} orders of that time were not answered {ANSWERED_S:.0f} s later")
    finding.memory_mb = (memory, site.server.memory_mb())
    if name != SPARED:
        # A machine that is busy with other things is slow before as well.
        bound_ms = max(longest_ms, SLOWER * finding.before_ms[0])
        if finding.during_ms[0] > bound_ms:
            finding.wrong.append(f"p99 of answers is {finding.during_ms[0]:.0f} ms, above {bound_ms:.0f}")
        if len(took) < site.crowd.rate * lasted_s * 0.8:
            finding.wrong.append(f"{len(took)} orders were answered in {lasted_s:.0f} s")
    if finding.memory_mb[1] - memory > GROWTH_MB:
        finding.wrong.append(f"memory grew from {memory:.0f} to {finding.memory_mb[1]:.0f} MB")
    return finding


async def answers_to(crowd: Crowd, since_s: float, until_s: float) -> tuple[list[float], int]:
    """How long answers took to orders due between two moments, and how many have none for too long.

    Those that had not been sent or answered yet at the later moment are waited for: a process that stood
    still just then sends and hears them after it.
    """
    history = crowd.history
    patience_s = time.monotonic() + ANSWERED_S
    while True:
        names = {name for name, due_s in crowd.due_s.items() if since_s <= due_s < until_s}
        took = {ack.name: ack.acked_s - history.sent[ack.name].sent_s for ack in history.acks}
        missing = names - took.keys() - set(history.refused)
        if (crowd.reached_s >= until_s and not missing) or time.monotonic() > patience_s:
            return [took[name] for name in names & took.keys()], len(missing)
        await asyncio.sleep(0.01)


def times_of(took: list[float]) -> tuple[float, float]:
    """p99 and the largest, in milliseconds."""
    return quantile(took, 0.99) * 1e3, max(took, default=0.0) * 1e3


# ---------------------------------------------------------------------- a full disk

SMALL = "small"
DISK = "full disk of one session"
DISK_MB = 160


def disk_refused() -> str:
    """Why no small disk can be mounted here; nothing when it can."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return "only root can mount a small disk"
    with tempfile.TemporaryDirectory() as place:
        done = subprocess.run(["mount", "-t", "tmpfs", "none", place], capture_output=True, check=False)
        if done.returncode:
            return f"no disk can be mounted: {done.stderr.decode().strip()}"
        subprocess.run(["umount", place], check=True)
    return ""


async def full_disk(folder: Path, seconds: float = 5.0) -> Finding:
    """Two sessions, one of them on a disk of its own that fills up: the other one does not notice.

    The one on the full disk goes on as long as its journal has room, is refused with a reason at the next
    start when it has none, and goes on with all that was answered once there is room again.
    """
    finding = Finding(DISK)
    folder.mkdir(parents=True, exist_ok=True)
    scenario = folder / f"{SESSION}.toml"
    scenario.write_text(MARKET)
    data = folder / "data"
    who = await people(data, 4)
    server = ServerProcess(data, "--scenario", str(scenario), "--no-rate-limits")
    place = data / "sessions" / SMALL
    crowd = Crowd(who.traders, server.port, 60.0, 7)
    mounted = False
    try:
        server.launch()
        await server.answers()
        await made(server.url, who.teacher)
        await server.stop()
        aside = folder / "aside"
        place.rename(aside)
        place.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m", "none", str(place)], check=True)
        mounted = True
        shutil.copytree(aside, place, dirs_exist_ok=True)
        server.launch()
        await server.answers()
        await seat(server.url, who.traders)
        crowd.start()
        await crowd.ready()
        since_s = time.monotonic()
        names = [await placed(server.url, who.traders[0], number) for number in range(10)]
        await asyncio.sleep(seconds)
        finding.before_ms = times_of(answers_of(crowd, since_s))
        memory, since_s = server.memory_mb(), time.monotonic()
        fill(place / "ballast")
        end = time.monotonic() + seconds
        answers = {}
        while time.monotonic() < end:
            name = await placed(server.url, who.traders[0], len(names) + len(answers))
            answers[name] = bool(name)
            await asyncio.sleep(0.1)
        names += [name for name in answers if name]
        took = answers_of(crowd, since_s)
        finding.during_ms, finding.answered = times_of(took), len(took)
        finding.memory_mb = (memory, server.memory_mb())
        if len(took) < crowd.rate * seconds * 0.8:
            finding.wrong.append(f"only {len(took)} orders of the other session were answered")
        await server.kill()
        server.launch()
        await server.answers()
        before = len(crowd.history.acks)
        refused = re.search(rf"session {SMALL} cannot go on: (.*)", server.printed().decode())
        await crowd.ready()
        await asyncio.sleep(1)
        if len(crowd.history.acks) == before:
            finding.wrong.append("the other session did not go on after a start with one full disk")
        (place / "ballast").unlink()
        await server.kill()
        server.launch()
        await server.answers()
        lost = [name for name in names if not await known(server.url, who.traders[0], name)]
        if lost:
            finding.wrong.append(f"{len(lost)} of {len(names)} orders of the session on it are lost")
        said = f"refused: {refused[1][:90]}" if refused else "went on"
        finding.became = f"{len(names)} of its orders answered, none lost; at a start while full: {said}"
    finally:
        await crowd.stop()
        server.close()
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=False)
    return finding


@contextmanager
def small_disk(place: Path, megabytes: int = 4) -> Iterator[Path]:
    """A real disk of a few megabytes for a test, which is skipped where none can be mounted."""
    if why := disk_refused():
        pytest.skip(why)
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def fill(ballast: Path) -> None:
    """Fill a disk to the last byte."""
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            return


async def made(url: str, teacher: Headers) -> None:
    """A second session, open."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60, headers=teacher) as client:
        new = {"name": SMALL, "scenario": MARKET}
        (await client.post("/api/sessions", json=new)).raise_for_status()
        (await client.post(f"/api/sessions/{SMALL}/start")).raise_for_status()


async def placed(url: str, trader: Headers, number: int) -> str:
    """Place an order in the second session; its name when it was acknowledged."""
    name = f"small-{number}"
    order = {"symbol": "QUIET", "side": "buy", "type": "limit", "quantity": 1, "limit_price": 20}
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30, headers=trader) as client:
        await client.post(f"/api/sessions/{SMALL}/join")
        path = f"/api/sessions/{SMALL}/orders"
        answer = await client.post(path, json={**order, "time_in_force": "gtc", "client_order_id": name})
    return name if answer.status_code == 201 else ""


async def known(url: str, trader: Headers, name: str) -> bool:
    """Whether the second session knows an order."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=30, headers=trader) as client:
        answer = await client.get(f"/api/sessions/{SMALL}/orders/client:{name}")
    return answer.status_code == 200


# ---------------------------------------------------------------------- printing


def table(findings: list[Finding]) -> str:
    """The findings, to read."""
    lines = [
        f"  {'abuse':30}{'p99 before / during, ms':>26}{'longest, ms':>13}{'answered':>10}{'memory, MB':>14}"
    ]
    for each in findings:
        times = f"{each.before_ms[0]:.1f} / {each.during_ms[0]:.1f}"
        memory = f"{each.memory_mb[0]:.0f} to {each.memory_mb[1]:.0f}"
        lines.append(f"  {each.name:30}{times:>26}{each.during_ms[1]:>13.1f}{each.answered:>10,}{memory:>14}")
        lines.append(f"      {each.became}")
        lines += [f"      WRONG {sentence}" for sentence in each.wrong]
    return "\n".join(["Abuse while others trade:", *lines, ""])


def main(arguments: list[str] | None = None) -> int:
    """Do all of it and print what was found; 1 when a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.server.abuse", description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="how long each abuse lasts")
    parser.add_argument("--folder", type=Path, help="where the data roots are made and kept")
    parser.add_argument(
        "--only", choices=[*ABUSES, DISK], action="append", help="one of them; may be repeated"
    )
    options = parser.parse_args(arguments)
    chosen = tuple(options.only or [*ABUSES, DISK])
    with (
        tempfile.TemporaryDirectory(prefix="workbench-abuse-") as temporary,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        findings = runner.run(tried(options.folder or Path(temporary), options.seconds, chosen))
    write(table(findings))
    return 1 if any(finding.wrong for finding in findings) else 0


async def tried(folder: Path, seconds: float, chosen: tuple[str, ...] = (*ABUSES, DISK)) -> list[Finding]:
    """What became of each of the chosen abuses."""
    findings = []
    if names := tuple(name for name in chosen if name in ABUSES):
        findings += await campaign(folder / "peers", seconds=seconds, names=names)
    if DISK in chosen:
        why = disk_refused()
        findings.append(
            Finding(DISK, f"not tried: {why}") if why else await full_disk(folder / "disk", seconds / 2)
        )
    return findings


if __name__ == "__main__":
    sys.exit(main())
