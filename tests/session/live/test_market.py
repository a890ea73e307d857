"""A market that begins with a snapshot stands where one stands that lived through everything."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

from tests.session.live.markets import (
    AGENTS,
    PEOPLE,
    SECOND_NS,
    Wall,
    begin,
    buy,
    commands_of,
    finish,
    opened,
    pass_to,
    sell,
    until,
)
from workbench.domain.codes import Phase, SessionState
from workbench.domain.commands import set_phase
from workbench.journal.disk import REAL
from workbench.journal.manifest import read_manifest
from workbench.journal.place import JOURNAL
from workbench.journal.reader import about, latest_snapshot, stored_steps
from workbench.journal.snapshots import read_snapshot, snapshot_files, write_snapshot
from workbench.session.checkpoint import Checkpoint, pack, unpack
from workbench.session.live import market as market_module
from workbench.session.live.kept import LAYOUT
from workbench.session.live.market import Market, load
from workbench.session.live.opening import stored_opening
from workbench.session.live.session import LiveSession
from workbench.session.publisher import Rhythm

ROOT = Path(__file__).parents[3]
OFTEN = Rhythm(publish_events=500, publish_seconds=0.05, snapshot_commands=100)

MIXED = f"""
title = "Agents in and beside recorded history"

[history]
files = ["{ROOT}/data/samples/harbor-2025-03-18.parquet"]
mode = "responsive"
until = "09:30:40"

[[instrument]]
symbol = "ZEPHYR"
price_min = 6
price_max = 24

[seats]
count = 3
cash = 1_000_000

[agents]
seed = 11
open = "09:30"
close = "09:30:40"

[[agents.crew]]
symbol = "ZEPHYR"
start = 12.00
like = "ZEPHYR"

[[agents.crew]]
symbol = "HARBOR"
start = 46.00
like = "HARBOR"
"""

QUIET = PEOPLE + 'close = "09:31"\n'
SCENARIOS = {"agents": AGENTS, "mixed": MIXED, "people": QUIET}


class Lesson:
    """A session in which things are done at moments that a seed chooses, by a wall clock that a test moves.

    Parameters
    ----------
    folder
        Where.
    text
        The scenario.
    seed, speed
        What is done, and how fast time passes.
    before
        Called before each of the moments with the lesson, for what must make no difference.
    """

    def __init__(
        self, folder: Path, text: str, seed: int, speed: float, before: Callable[[Lesson], None]
    ) -> None:
        self.wall = Wall()
        self.before = before
        self.folder = folder
        self.session = begin(folder, text, wall=self.wall, rhythm=OFTEN, overrides={"live.speed": speed})
        self.session._sequencer.journal._snapshots_kept = 1 << 20
        choose = random.Random(seed)
        self.seats = [self.session.join_and_wait(f"u{n}", f"Name {n}").account for n in range(2)]
        self.names = 0
        self._do_before_the_open(choose)
        self.before(self)
        self.session.move_and_wait(SessionState.OPEN)
        self.now_ns = self.session.open_ns
        end_ns = self.session.close_ns
        while True:
            # Every speed that is used divides this, so that each clock can show the moment.
            self.now_ns += choose.randrange(1, 40) * 60_000_000
            if self.now_ns >= end_ns:
                break
            pass_to(self.session, self.wall, self.now_ns)
            self.before(self)
            self._act(choose.randrange(10), choose)
        self.before(self)
        pass_to_end(self.session, self.wall)

    def _do_before_the_open(self, choose: random.Random) -> None:
        if choose.random() < 0.5:
            return
        self.session.move_and_wait(SessionState.PRE_OPEN)
        start_ns = self.session.clock.now_ns()
        for number in range(1, 4):
            self.now_ns = start_ns + number * 1_200_000_000
            pass_to(self.session, self.wall, self.now_ns)
            self.before(self)
            self._order(choose)

    def _order(self, choose: random.Random) -> None:
        self.names += 1
        account, made = choose.choice(self.seats), choose.choice([buy, sell])
        commands = made(account, self.names, choose.randrange(1, 300), 4_600 + choose.randrange(-10, 11))
        self.session.send_and_wait(commands, names={(account, self.names): f"order {self.names}"})

    def _act(self, number: int, choose: random.Random) -> None:
        if number == 0:
            self.session.announce_and_wait(f"News {self.names}", body="of no use")
        elif number == 1:
            self.session.send_and_wait(set_phase(0, choose.choice([Phase.HALTED, Phase.CONTINUOUS]), 0))
        elif number == 2:
            self.session.move_and_wait(SessionState.PAUSED)
            self.before(self)
            self.session.move_and_wait(SessionState.OPEN)
            self.stand()
        elif number == 3 and len(self.seats) < 3:
            self.seats.append(self.session.join_and_wait("late", "Late").account)
        else:
            self._order(choose)

    def stand(self) -> None:
        """Have the clock show exactly what it showed."""
        self.session.clock.pause(self.now_ns)
        self.session.clock.resume(self.now_ns)

    def crash(self, root: Path) -> None:
        """Go on with a copy of what a crash at this moment would leave behind."""
        session, running = self.session, self.session.clock.running
        root.joinpath("sessions").mkdir(parents=True)
        with session._recorder._writing:
            copy(session.folder, root / "sessions")
        session.close_and_wait()
        self.session = LiveSession.resume(root, session.name, wall=self.wall, rhythm=OFTEN)
        self.session._sequencer.journal._snapshots_kept = 1 << 20
        if running:
            self.stand()


def copy(path: Path, to: Path) -> None:
    """Copy a folder; journals are mostly zeros yet to be written."""
    subprocess.run(["cp", "-r", "--sparse=always", str(path), str(to)], check=True)


def pass_to_end(session: LiveSession, wall: Wall) -> None:
    wall.now_ns += 3_600 * SECOND_NS
    session._sequencer.ring()
    finish(session)


def nothing(_: Lesson) -> None:
    """Leave it alone."""


# ------------------------------------------------------------------ from any snapshot to any command


class Recording(NamedTuple):
    """A finished session with many snapshots, and where the frames of its commands end."""

    folder: Path
    ends: list[tuple[int, int]]
    snapshots: list[int]

    def until(self, seq_end: tuple[int, int], to: Path, snapshots: list[int]) -> Path:
        """A journal that ends with one of its frames, with some of its snapshots."""
        to.mkdir(parents=True)
        (segment,) = self.folder.glob("*.wbj")
        with segment.open("rb") as file:
            (to / segment.name).write_bytes(file.read(seq_end[1]))
        for path in snapshot_files(REAL, self.folder):
            if int(path.name[:20]) in snapshots:
                (to / path.name).write_bytes(path.read_bytes())
        return to


@pytest.fixture(scope="module", params=SCENARIOS)
def recording(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Recording:
    folder = tmp_path_factory.mktemp("recorded")
    lesson = Lesson(folder, SCENARIOS[request.param], seed=len(request.param), speed=60.0, before=nothing)
    journal = lesson.session.folder / JOURNAL
    lesson.session._recorder.publish()
    ends = [
        (step.frame.first_seq + step.frame.commands - 1, step.offset + 48 + step.frame.payload_bytes)
        for step in stored_steps(journal)
    ]
    kept = folder / "kept"
    copy(journal, kept)
    lesson.session.close_and_wait()
    for spare in sorted(kept.glob("*.wbj"))[1:]:
        spare.unlink()
    (kept / "cursor").unlink()
    return Recording(kept, ends, [int(path.name[:20]) for path in snapshot_files(REAL, kept)])


def stands(market: Market) -> dict[str, Any]:
    """All that decides what a market does next, but its exchange."""
    kept = market.kept(int(market.exchange.counters()[0]["commands"]))
    return {
        "kept": kept[0],
        "names": dict(market.register.names()),
        "name_count": market.register.name_count,
        "seats_taken": market.register.seats_taken,
        "free": market.register.free_account(set()),
        "state": market.exchange.state_hash(),
        "time": market.time_ns,
        "phases": market.lifecycle.phases,
        "due": market.street.next_ns,
        "edge": market.street.next_edge_ns,
        "fed": market.street.fed,
    }


def loaded(folder: Path) -> Market:
    return load(stored_opening(about(folder), folder, None), folder, None, disk=REAL)


def test_from_any_snapshot_to_any_command_it_stands_where_it_stood(
    recording: Recording, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    assert len(recording.snapshots) > 3
    choose = random.Random(5)
    for number in range(24):
        end = choose.choice(recording.ends)
        before = [seq for seq in recording.snapshots if seq <= end[0]]
        if not before:
            continue
        chosen = choose.sample(before, min(2, len(before)))
        caplog.clear()
        quick = loaded(recording.until(end, tmp_path / f"{number}", chosen))
        assert "does not begin" not in caplog.text
        assert "does not lead" not in caplog.text
        slow = loaded(recording.until(end, tmp_path / f"{number} anew", []))
        assert stands(quick) == stands(slow), (end, chosen)


def test_only_what_came_after_the_snapshot_is_lived_through(
    recording: Recording, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[int] = []
    real = market_module.read

    def noted(folder: Path, **given: Any) -> Any:
        for first, commands in real(folder, **given):
            begun.append(first)
            yield first, commands

    monkeypatch.setattr(market_module, "read", noted)
    newest = max(recording.snapshots)
    loaded(recording.until(recording.ends[-1], tmp_path / "journal", recording.snapshots))
    assert begun[:1] in ([], [newest + 1])


# ------------------------------------------------------------------ snapshots that do not serve


def change(data: bytes, how: str) -> bytes:
    """The bytes of a snapshot, changed."""
    checkpoint = unpack(data)
    pieces = list(checkpoint.market)
    said: list[Any] = msgspec.msgpack.decode(pieces[0])
    if how == "older layout":
        said[0] = LAYOUT - 1
    elif how == "another moment":
        said[1] += 1
    elif how == "other street":
        said[2][6] = None if said[2][6] else 5
    elif how == "less":
        said.pop()
    elif how == "no names":
        pieces.append(b"\xc1")
    pieces[0] = msgspec.msgpack.encode(said)
    if how == "no market":
        pieces = []
    elif how == "cut":
        pieces[0] = pieces[0][:-1]
    return pack(Checkpoint(checkpoint.exchange, checkpoint.tables, pieces))


@pytest.mark.parametrize(
    "how",
    ["no market", "older layout", "another moment", "other street", "less", "cut", "no names", "damaged"],
)
def test_with_a_snapshot_that_does_not_serve_it_lives_through_everything(
    recording: Recording, tmp_path: Path, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    end, newest = recording.ends[-1], recording.snapshots[0]
    folder = recording.until(end, tmp_path / "journal", [newest])
    (path,) = snapshot_files(REAL, folder)
    if how == "damaged":
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    else:
        found = read_snapshot(REAL, path)
        write_snapshot(REAL, replace(found, data=change(found.data, how)))
    market = loaded(folder)
    assert "snapshot not used" in caplog.text if how == "damaged" else "does not begin there" in caplog.text
    assert stands(market) == stands(loaded(recording.until(end, tmp_path / "anew", [])))


def test_of_two_snapshots_the_older_serves_when_the_newer_does_not(
    recording: Recording, tmp_path: Path
) -> None:
    end, (newer, older) = recording.ends[-1], recording.snapshots[:2]
    folder = recording.until(end, tmp_path / "journal", [newer, older])
    found = latest_snapshot(folder)
    assert found is not None
    write_snapshot(REAL, replace(found, data=change(found.data, "older layout")))
    _, begun = market_module._begin(stored_opening(about(folder), folder, None), folder, REAL)
    assert begun is not None
    assert begun.seq == older


def test_a_state_that_leads_elsewhere_is_not_believed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lesson = Lesson(tmp_path, AGENTS, seed=1, speed=60.0, before=nothing)
    lesson.session.close_and_wait()
    folder = lesson.session.folder / JOURNAL
    right = stands(loaded(folder))
    snapshots = snapshot_files(REAL, folder)
    for path in snapshots[:-1]:
        path.unlink()
    found = read_snapshot(REAL, snapshots[-1])
    checkpoint = unpack(found.data)
    said: list[Any] = msgspec.msgpack.decode(checkpoint.market[0])
    said[2][1] += 1
    wrong = [msgspec.msgpack.encode(said), *checkpoint.market[1:]]
    write_snapshot(REAL, replace(found, data=pack(Checkpoint(checkpoint.exchange, checkpoint.tables, wrong))))
    assert stands(loaded(folder)) == right
    assert "does not lead to where the session stood" in caplog.text


# ------------------------------------------------------------------ whole sessions


@pytest.mark.parametrize("name", SCENARIOS)
@pytest.mark.parametrize("speed", [1.0, 60.0])
def test_a_session_that_crashes_again_and_again_has_the_commands_of_one_that_never_did(
    tmp_path: Path, name: str, speed: float
) -> None:
    text, seed = SCENARIOS[name], int(speed) + len(name)
    whole = Lesson(tmp_path / "whole", text, seed, speed, nothing)
    choose, crashes = random.Random(seed), []

    def perhaps(lesson: Lesson) -> None:
        if choose.random() < 0.4:
            crashes.append(lesson.session.state)
            lesson.crash(tmp_path / f"crash {len(crashes)}")

    parts = Lesson(tmp_path / "parts", text, seed, speed, perhaps)
    assert len(crashes) > 5
    assert commands_of(parts.session).tobytes() == commands_of(whole.session).tobytes()
    assert parts.session.announcements == whole.session.announcements
    assert parts.session.seats() == whole.session.seats()
    for number in range(1, whole.names + 1):
        for account in whole.seats:
            mine = parts.session.client_order_name(account, number)
            assert mine == whole.session.client_order_name(account, number)
    for lesson in (parts, whole):
        lesson.session.close_and_wait()


def test_a_session_without_commands_of_its_own_keeps_its_state_by_time(tmp_path: Path) -> None:
    rhythm = Rhythm(publish_seconds=0.05, snapshot_seconds=0.1)
    session = opened(tmp_path, QUIET, rhythm=rhythm)
    folder = session.folder / JOURNAL
    until(lambda: len(snapshot_files(REAL, folder)) > 1)
    assert session.counters().snapshot_ns.count > 1
    newest = snapshot_files(REAL, folder)[-1].name
    assert read_manifest(session.folder).commands >= int(newest[:20]), "else it is not used"
    session.close_and_wait()


def test_closing_keeps_the_state_and_the_next_start_lives_through_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = opened(tmp_path, AGENTS, overrides={"live.speed": 200})
    until(lambda: session.status().time_ns > session.open_ns + 20 * SECOND_NS)
    session.close_and_wait()
    commands = session.status().commands
    found = latest_snapshot(session.folder / JOURNAL)
    assert found is not None
    assert found.seq == commands
    steps: list[int] = []
    real = market_module._drive
    monkeypatch.setattr(
        market_module,
        "_drive",
        lambda street, exchange, remarks, stored: real(
            street, exchange, remarks, (steps.append(len(each[1])) or each for each in stored)
        ),
    )
    session = LiveSession.resume(tmp_path, "live")
    assert not steps
    session.close_and_wait()
