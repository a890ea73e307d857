from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.journal.tiny_journal import ABOUT, let_go, read_all, reopen, some_commands, write_journal
from workbench.errors import JournalError
from workbench.journal.snapshots import latest_snapshot
from workbench.journal.writer import Journal


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A journal with four snapshots, of which two are kept, by a writer that was killed."""
    commands = some_commands(50)
    journal = Journal.create(tmp_path / "j", ABOUT, segment_bytes=1_500)
    for at in range(0, 50, 5):
        journal.append(commands[at : at + 5])
        journal.sync()
        if at in (5, 15, 25, 35):
            # One of them in the middle of a frame.
            journal.save_snapshot(b"state %d" % at, at + (3 if at == 35 else 5), f"{at:032x}")
    let_go(journal)
    return tmp_path / "j"


def snapshots(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.wbs"))


def test_the_newest_ones_are_kept(folder: Path) -> None:
    assert [int(path.stem) for path in snapshots(folder)] == [30, 38]
    snapshot = latest_snapshot(folder)
    assert snapshot is not None
    assert (snapshot.seq, snapshot.data, snapshot.state_hash) == (38, b"state 35", f"{35:032x}")
    assert snapshot.position.seq == 35
    earlier = latest_snapshot(folder, 37)
    assert earlier is not None
    assert (earlier.seq, earlier.position.seq) == (30, 30)
    assert latest_snapshot(folder, 29) is None


def test_recovery_verifies_from_the_newest_snapshot_on(folder: Path) -> None:
    first = folder / f"{0:020d}.wbj"
    raw = bytearray(first.read_bytes())
    raw[500] ^= 1
    first.write_bytes(raw)
    with reopen(folder) as journal:
        assert journal.last_seq == 50
        assert journal.recovery.verified_from == 36
        assert journal.recovery.warnings == ()


@pytest.mark.parametrize("damage", ["flipped", "cut", "empty", "renamed", "of another journal"])
def test_a_damaged_one_is_not_used(
    folder: Path, damage: str, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    newest = snapshots(folder)[-1]
    raw = bytearray(newest.read_bytes())
    if damage == "flipped":
        raw[-3] ^= 4
        newest.write_bytes(raw)
    elif damage == "cut":
        newest.write_bytes(raw[:-1])
    elif damage == "empty":
        newest.write_bytes(b"")
    elif damage == "renamed":
        newest = newest.rename(newest.with_name(f"{45:020d}.wbs"))
    else:
        write_journal(tmp_path / "k", [38], snapshot_at=38)
        newest.write_bytes(snapshots(tmp_path / "k")[0].read_bytes())
    with caplog.at_level(logging.WARNING):
        found = latest_snapshot(folder)
    assert found is not None
    assert found.seq == 30
    assert f"snapshot not used: {newest}" in caplog.text
    with reopen(folder) as journal:
        assert journal.recovery.verified_from == 31
        assert str(newest) in journal.recovery.warnings[0]


def test_a_snapshot_knows_what_the_segments_lost(folder: Path) -> None:
    """Segments that end before the snapshot are not all there, whatever the cursor says."""
    for path in sorted(folder.glob("*.wbj"))[3:]:
        path.unlink()
    (folder / "cursor").unlink()
    with pytest.raises(
        JournalError, match=r"after command 30, and the snapshot 0{18}38\.wbs knows that 38 were"
    ):
        reopen(folder)


def test_only_durable_states_are_saved(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j", ABOUT) as journal:
        journal.append(some_commands(3))
        with pytest.raises(
            JournalError, match="a snapshot of command 3 was given, and 0 is the last durable"
        ):
            journal.save_snapshot(b"state", 3, "hash")
        journal.sync()
        journal.save_snapshot(b"state", 3, "hash")


def test_a_snapshot_of_a_command_of_an_earlier_writer(folder: Path) -> None:
    whole = read_all(folder)
    journal = reopen(folder)
    for path in snapshots(folder):
        path.unlink()
    journal.save_snapshot(b"old", 17, "hash")
    let_go(journal)
    with reopen(folder) as journal:
        assert journal.recovery.verified_from == 11
    assert read_all(folder) == whole


def test_as_many_are_kept_as_asked(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j", ABOUT, snapshots_kept=3) as journal:
        for seq in range(1, 6):
            journal.append(some_commands(1))
            journal.sync()
            journal.save_snapshot(b"state", seq, "hash")
    assert [int(path.stem) for path in snapshots(tmp_path / "j")] == [3, 4, 5]
