"""What a journal gives back is the state that was acknowledged, and only what was in flight is ever cut."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest

from tests.journal.faulty_disk import HASTY, FaultyDisk
from tests.journal.tiny_journal import (
    ABOUT,
    let_go,
    only_segment,
    read_all,
    reopen,
    some_commands,
    used_bytes,
)
from tests.twins.streams import venues
from workbench.domain.codes import Side
from workbench.domain.commands import batch, new_order
from workbench.domain.config import Venue, venue_from_json, venue_to_json
from workbench.domain.records import Records
from workbench.engine.exchange import Exchange
from workbench.errors import JournalError
from workbench.journal.frames import FRAME_BYTES
from workbench.journal.reader import about, read
from workbench.journal.recovery import Known, judge, walk_through
from workbench.journal.segments import opened, survey
from workbench.journal.snapshots import latest_snapshot
from workbench.journal.writer import Journal


def orders(venue: Venue, count: int, seed: int) -> Records:
    """Limit orders of all accounts around one price."""
    draw = np.random.default_rng(seed)
    return batch(
        [
            new_order(
                1_000 * (at + 1),
                int(draw.integers(2, 2 + len(venue.accounts))),
                0,
                Side(int(draw.integers(1, 3))),
                int(draw.integers(1, 50)),
                int(draw.integers(95, 106)),
            )
            for at in range(count)
        ]
    )


@pytest.mark.parametrize("seed", range(4))
def test_the_state_after_recovery_is_the_state_before(tmp_path: Path, seed: int) -> None:
    venue = venues()["full"]
    commands = orders(venue, 300, seed)
    sizes = np.random.default_rng(seed)
    journal = Journal.create(tmp_path / "j", {"venue": venue_to_json(venue)}, segment_bytes=4_096)
    exchange = Exchange(venue)
    at, saved = 0, False
    while at < len(commands):
        count = int(sizes.integers(1, 30))
        journal.append(commands[at : at + count])
        journal.sync()
        exchange.step(commands[at : at + count])
        at = journal.durable_seq
        if at > 200 and not saved:
            journal.save_snapshot(exchange.snapshot(), at, exchange.state_hash())
            saved = True
    let_go(journal)

    with reopen(tmp_path / "j") as journal:
        assert journal.last_seq == len(commands)
    again = Exchange(venue_from_json(about(tmp_path / "j")["venue"]))
    snapshot = latest_snapshot(tmp_path / "j")
    assert snapshot is not None
    for first, part in read(tmp_path / "j", batch=17, upto_seq=snapshot.seq):
        assert first == again.counters()["commands"][0] + 1
        again.step(part)
    assert again.state_hash() == snapshot.state_hash
    again = Exchange.restore(snapshot.data)
    for _, part in read(tmp_path / "j", after_seq=snapshot.seq):
        again.step(part)
    assert again.state_hash() == exchange.state_hash()


def in_flight(folder: Path, synced: int, frames: int) -> tuple[list[int], bytes]:
    """Frames of two commands, the last ones not synced; their offsets, and all commands."""
    commands = some_commands(2 * (synced + frames))
    journal = Journal.create(folder, ABOUT, segment_bytes=1 << 14)
    offsets = []
    for at in range(synced + frames):
        offsets.append(used_bytes(only_segment(folder)))
        journal.append(commands[2 * at : 2 * at + 2])
        if at < synced:
            journal.sync()
    let_go(journal)
    return offsets, commands.tobytes()


def overwrite(folder: Path, offset: int, count: int) -> None:
    with only_segment(folder).open("r+b") as file:
        file.seek(offset)
        file.write(bytes(count))


@pytest.mark.parametrize("lost", [3, 4, 5])
def test_of_frames_in_flight_any_may_be_lost(
    tmp_path: Path, lost: int, caplog: pytest.LogCaptureFixture
) -> None:
    """The disk writes them in any order; a later one that came through does not make it damage."""
    offsets, whole = in_flight(tmp_path / "j", synced=3, frames=3)
    overwrite(tmp_path / "j", offsets[lost], FRAME_BYTES + 2 * 104)
    with caplog.at_level(logging.WARNING):
        journal = reopen(tmp_path / "j")
    assert journal.last_seq == 2 * lost
    journal.close()
    assert read_all(tmp_path / "j") == whole[: 2 * lost * 104]
    cut = journal.recovery.cut
    if lost == 5:
        # All of it is gone, so there is nothing to see.
        assert cut is None
    else:
        assert cut is not None
        assert cut.offset == offsets[lost]
        assert cut.reason == "zeros where a frame should begin"
        assert f"cut off: {cut}" in caplog.text


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_an_acknowledged_frame_that_is_lost_is_damage(tmp_path: Path, lost: int) -> None:
    offsets, _ = in_flight(tmp_path / "j", synced=3, frames=3)
    overwrite(tmp_path / "j", offsets[lost], 10)
    with pytest.raises(JournalError, match="the cursor knows that 6 were acknowledged; `workbench journal v"):
        reopen(tmp_path / "j")


def test_each_frame_knows_what_was_durable_before_it(tmp_path: Path) -> None:
    """So that a lost frame is known as acknowledged although the cursor on the disk is an old one."""
    journal = Journal.create(tmp_path / "j", ABOUT, segment_bytes=1 << 14)
    old_cursor = (tmp_path / "j" / "cursor").read_bytes()
    offsets = []
    for at in range(3):
        offsets.append(used_bytes(only_segment(tmp_path / "j")))
        journal.append(some_commands(2, seed=at))
        journal.sync()
    let_go(journal)
    (tmp_path / "j" / "cursor").write_bytes(old_cursor)
    overwrite(tmp_path / "j", offsets[0], 30)
    with pytest.raises(JournalError, match=f"an undamaged frame follows at offset {offsets[1]}"):
        reopen(tmp_path / "j")


def test_several_frames_in_one_sync_sync_the_cursor_too(tmp_path: Path) -> None:
    """Without it, of frames acknowledged together an earlier one could be lost unnoticed."""
    disk = FaultyDisk()
    journal = Journal.create(tmp_path / "j", ABOUT, disk=disk)
    for frames, syncs in ((1, 1), (2, 2), (5, 2)):
        before = disk.counts["sync"]
        for _ in range(frames):
            journal.append(some_commands(1))
        journal.sync()
        assert disk.counts["sync"] - before == syncs
    journal.close()


def test_a_torn_tail_is_cut_once(tmp_path: Path) -> None:
    offsets, whole = in_flight(tmp_path / "j", synced=2, frames=1)
    with only_segment(tmp_path / "j").open("r+b") as file:
        file.seek(offsets[2] + 100)
        file.write(b"torn")
    first = reopen(tmp_path / "j")
    assert first.recovery.cut is not None
    assert "the frame's checksum does not fit its bytes" in str(first.recovery.cut)
    let_go(first)
    second = reopen(tmp_path / "j")
    assert second.recovery.cut is None
    assert second.recovery.warnings == ()
    second.close()
    assert read_all(tmp_path / "j") == whole[: 4 * 104]


def test_a_frame_that_is_written_while_we_look_is_no_damage(tmp_path: Path) -> None:
    """The walk came to the end before the writer wrote, and the look behind the end came after."""
    commands = some_commands(4)
    journal = Journal.create(tmp_path / "j", ABOUT, segment_bytes=1 << 14, disk=HASTY)
    (segment,) = survey(HASTY, tmp_path / "j")
    with opened(HASTY, segment.path) as source:
        walk = walk_through(source, segment)
        journal.append(commands[:2])
        journal.sync()
        journal.append(commands[2:])
        journal.sync()
        assert judge(source, walk, segment, Known(0, "the cursor"), True, []) is None
    journal.close()
