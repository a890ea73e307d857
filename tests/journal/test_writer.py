from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.faulty_disk import HASTY, FaultyDisk, broken, full
from tests.journal.tiny_journal import (
    ABOUT,
    let_go,
    only_segment,
    read_all,
    readable,
    reopen,
    some_commands,
    used_bytes,
    write_journal,
)
from workbench.domain.records import EVENT, Records
from workbench.errors import CommandError, JournalError
from workbench.journal.frames import FOOTER_BYTES, FRAME_BYTES
from workbench.journal.reader import about
from workbench.journal.verify import verify
from workbench.journal.writer import Journal


def test_what_is_appended_and_synced_is_read(tmp_path: Path) -> None:
    commands = some_commands(10)
    with Journal.create(tmp_path / "j", ABOUT) as journal:
        assert (journal.last_seq, journal.durable_seq, journal.epoch) == (0, 0, 1)
        assert journal.append(commands[:4]) == 4
        assert (journal.last_seq, journal.durable_seq) == (4, 0)
        assert journal.sync() == 4
        assert journal.append(commands[4:4]) == 4
        assert journal.append(commands[4:]) == 10
        assert read_all(tmp_path / "j") == commands[:4].tobytes()
        assert journal.sync() == journal.durable_seq == 10
    assert read_all(tmp_path / "j") == commands.tobytes()
    assert about(tmp_path / "j") == ABOUT


@given(
    st.lists(st.lists(st.integers(0, 40), max_size=5), max_size=3),
    st.sampled_from([1 << 10, 2_000, 1 << 13, 1 << 20]),
    st.integers(1, 90),
)
def test_any_batches_in_any_segments_come_back(
    tmp_path_factory: pytest.TempPathFactory, sessions: list[list[int]], segment_bytes: int, batch: int
) -> None:
    """Every session but the last ends as if it was killed; each frame and segment ends where it likes."""
    folder = tmp_path_factory.mktemp("any") / "journal"
    commands = some_commands(sum(map(sum, sessions)))
    let_go(Journal.create(folder, ABOUT, segment_bytes=segment_bytes, disk=HASTY))
    at = 0
    for number, session in enumerate(sessions):
        journal = reopen(folder, segment_bytes)
        assert journal.last_seq == at
        assert journal.recovery.cut is None
        for index, count in enumerate(session):
            journal.append(commands[at : at + count])
            at += count
            if index % 2 == 0 or index == len(session) - 1:
                journal.sync()
        if number % 2 or number == len(sessions) - 1:
            journal.close()
        else:
            let_go(journal)
    assert read_all(folder, batch=batch) == commands.tobytes()
    middle = at // 2
    size = commands.itemsize
    assert read_all(folder, batch=batch, after_seq=middle) == commands.tobytes()[middle * size :]
    assert read_all(folder, batch=batch, upto_seq=middle) == commands.tobytes()[: middle * size]
    verdict = verify(folder)
    assert verdict.ok
    assert (verdict.last_seq, verdict.warnings) == (at, [])
    shutil.rmtree(folder.parent)


def test_a_frame_longer_than_a_segment_gets_a_longer_one(tmp_path: Path) -> None:
    commands = write_journal(tmp_path / "j", [1, 200, 1, 300], segment_bytes=1 << 10)
    assert read_all(tmp_path / "j") == commands.tobytes()


def test_a_batch_too_large_for_one_frame_becomes_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workbench.journal.writer.LARGEST_FRAME", 7)
    commands = write_journal(tmp_path / "j", [20])
    assert read_all(tmp_path / "j") == commands.tobytes()
    assert verify(tmp_path / "j").segments[0].frames == 1 + 3 + 1


def test_opening_and_closing_leaves_no_empty_segments(tmp_path: Path) -> None:
    write_journal(tmp_path / "j")
    before = sorted(path.name for path in (tmp_path / "j").glob("*.wbj"))
    for epoch in range(2, 6):
        journal = Journal.open(tmp_path / "j")
        assert journal.epoch == epoch
        if epoch % 2:
            let_go(journal)
        else:
            journal.close()
    Journal.open(tmp_path / "j").close()
    assert sorted(path.name for path in (tmp_path / "j").glob("*.wbj")) == before


def test_a_closed_journal_takes_no_more_room_than_it_needs(tmp_path: Path) -> None:
    commands = write_journal(tmp_path / "j", [10])
    assert sum(path.stat().st_size for path in (tmp_path / "j").iterdir()) < commands.nbytes + 10_000


def test_records_of_another_kind_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    with Journal.create(tmp_path / "j", ABOUT) as journal:
        with pytest.raises(CommandError, match=r"Journal\.append: commands must be"):
            journal.append(np.zeros(3, dtype=EVENT))
        with pytest.raises(CommandError, match="not list"):
            journal.append([])  # type: ignore[arg-type]
        assert journal.append(some_commands(2)) == 2


def test_every_second_command_of_an_array_can_be_appended(tmp_path: Path) -> None:
    commands = some_commands(10)
    with Journal.create(tmp_path / "j", ABOUT) as journal:
        journal.append(commands[::2])
    assert read_all(tmp_path / "j") == commands[::2].tobytes()


# ------------------------------------------------------------------ places that are no good


def test_a_folder_with_a_journal_is_not_written_over(tmp_path: Path) -> None:
    write_journal(tmp_path / "j")
    with pytest.raises(JournalError, match=r"j: holds a journal already; open it"):
        Journal.create(tmp_path / "j", ABOUT)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda _: None, "No such file or directory; name a folder that exists"),
        (lambda folder: folder.mkdir(), "the folder is empty, expected a journal"),
        (lambda folder: folder.write_text("x"), "Not a directory; name a folder, not a file"),
        (
            lambda folder: (folder.mkdir(), (folder / "notes.txt").write_text("x")),
            "holds no journal: there is no file like 00000000000000000000.wbj, but 'notes.txt'",
        ),
        (
            lambda folder: (folder.mkdir(), (folder / f"{0:020d}.wbj").write_bytes(b"PAR1" * 100)),
            f"{0:020d}.wbj, offset 0: is no segment of a journal: it begins with b'PAR1PAR1'",
        ),
    ],
)
def test_what_is_no_journal_is_refused(tmp_path: Path, make: object, said: str) -> None:
    make(tmp_path / "j")  # type: ignore[operator]
    with pytest.raises(JournalError) as refused:
        Journal.open(tmp_path / "j")
    assert said in str(refused.value)
    assert str(tmp_path / "j") in str(refused.value)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EACCES, "Permission denied; run as the user that owns it"),
        (errno.EROFS, "Read-only file system; mount the disk for writing"),
        (errno.ENOSPC, "No space left on device; free space on this disk"),
    ],
)
@pytest.mark.parametrize("operation", ["lock", "allocate", "rename"])
def test_a_disk_that_does_not_let_us_is_told_in_one_sentence(
    tmp_path: Path, number: int, said: str, operation: str
) -> None:
    def fail(asked: str, _: int) -> None:
        if asked == operation:
            raise OSError(number, os.strerror(number))

    with pytest.raises(JournalError) as refused:
        Journal.create(tmp_path / "j", ABOUT, disk=FaultyDisk(fail))
    assert said in str(refused.value)
    assert str(tmp_path / "j") in str(refused.value)
    write_journal(tmp_path / "other")
    with pytest.raises(JournalError) as refused:
        Journal.open(tmp_path / "other", disk=FaultyDisk(fail))
    assert said in str(refused.value)
    Journal.open(tmp_path / "other").close()


def test_a_folder_of_another_user_is_refused(tmp_path: Path) -> None:
    write_journal(tmp_path / "j")
    try:
        os.chown(tmp_path / "j", 12_345, -1)
    except PermissionError:
        pytest.skip("only root can give a folder to another user")
    with pytest.raises(JournalError, match="belongs to user 12345, and this is 0; run as the user"):
        Journal.open(tmp_path / "j")


# ------------------------------------------------------------------ disks that fail while we write


def test_short_writes_are_gone_on_with(tmp_path: Path) -> None:
    commands = some_commands(30)
    with Journal.create(tmp_path / "j", ABOUT, disk=FaultyDisk(most=77)) as journal:
        journal.append(commands)
    assert read_all(tmp_path / "j") == commands.tobytes()


def append_until_refused(journal: Journal, commands: Records, count: int) -> tuple[int, str]:
    """Batches of some commands, each synced; how many commands were acknowledged, and what was said then."""
    for at in range(0, len(commands), count):
        try:
            journal.append(commands[at : at + count])
            assert journal.sync() == at + count
        except JournalError as error:
            return at, str(error)
    return len(commands), ""


def failed(journal: Journal, sentence: str) -> None:
    """The journal takes nothing more, and says why."""
    for refused in (lambda: journal.append(some_commands(1)), journal.sync):
        with pytest.raises(JournalError, match="takes nothing more since it failed"):
            refused()
    assert sentence in journal.failure
    journal.close()


def test_a_full_disk_is_told_before_anything_of_the_batch_is_written(tmp_path: Path) -> None:
    disk = FaultyDisk(full("allocate", after=1))
    commands = some_commands(100)
    journal = Journal.create(tmp_path / "j", ABOUT, segment_bytes=4096, disk=disk)
    at, said = append_until_refused(journal, commands, 9)
    assert re.search(r"\.wbj, offset \d+: .* No space left on device; free space", said)
    failed(journal, "No space left")
    # The segment that was there was used as far as it goes.
    used = used_bytes(only_segment(tmp_path / "j"))
    assert at == 27
    assert used + 9 * 104 + FRAME_BYTES + FOOTER_BYTES > 4096
    assert read_all(tmp_path / "j") == commands[:at].tobytes()
    journal = Journal.open(tmp_path / "j", segment_bytes=4096)
    assert (journal.last_seq, journal.recovery.cut) == (at, None)
    journal.append(commands[at:])
    journal.close()
    assert read_all(tmp_path / "j") == commands.tobytes()


def test_a_disk_that_is_getting_full_is_told_early(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    disk = FaultyDisk(full("allocate", after=1))
    journal = Journal.create(tmp_path / "j", ABOUT, segment_bytes=4096, disk=disk)
    for _ in range(4):
        journal.append(some_commands(7))
    assert journal.sync() == 28
    assert caplog.text.count("no room for the next segment of 4096 bytes") == 1
    journal.close()


@pytest.mark.parametrize("operation", ["write", "sync", "rename", "sync_folder", "allocate"])
def test_a_disk_that_fails_at_any_moment_loses_nothing_acknowledged(tmp_path: Path, operation: str) -> None:
    """Each operation fails once, at each place in turn, until a whole life passes without meeting it."""
    commands = some_commands(60)
    for moment in range(1, 500):
        folder = tmp_path / f"{operation}-{moment}"
        disk = FaultyDisk(broken(operation, moment), most=400)
        acknowledged, said = _live(folder, commands, disk)
        if not said:
            assert moment > 2
            break
        assert "Input/output error" in said
        if not list(folder.glob("*.wbj")):
            continue
        whole = commands.tobytes()
        got, said = readable(folder)
        assert said == ""
        assert whole.startswith(got)
        with reopen(folder, 1500) as again:
            assert again.last_seq >= acknowledged
            recovered = again.last_seq
            again.append(commands[recovered:])
        assert read_all(folder) == whole
    else:
        pytest.fail("the failure never stopped happening")


def _live(folder: Path, commands: Records, disk: FaultyDisk) -> tuple[int, str]:
    """A life with two frames in flight; the last acknowledged command, and what was said if it ended."""
    acknowledged, journal = 0, None
    try:
        journal = Journal.create(folder, ABOUT, segment_bytes=1500, disk=disk)
        for at in range(0, len(commands), 4):
            journal.append(commands[at : at + 2])
            journal.append(commands[at + 2 : at + 4])
            acknowledged = journal.sync()
        journal.close()
    except JournalError as error:
        if journal:
            failed(journal, "Input/output error")
        return acknowledged, str(error)
    return acknowledged, ""


def test_a_failed_sync_is_not_tried_again(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal.create(tmp_path / "j", ABOUT, disk=disk)
    journal.append(some_commands(3))
    journal.sync()
    journal.append(some_commands(2))
    disk.fail = broken("sync", disk.counts["sync"] + 1)
    with pytest.raises(JournalError, match="could not be made durable: Input/output error"):
        journal.sync()
    done = disk.counts["sync"]
    failed(journal, "could not be made durable")
    assert disk.counts["sync"] == done
    # What is in doubt was cut off: the system might show it although it never came to the disk.
    assert Journal.open(tmp_path / "j").last_seq == 3


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    mount = shutil.which("mount")
    if (
        not mount
        or subprocess.run(
            [mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mounting a file system needs root; the same is tested with a disk that says it is full")
    yield place
    subprocess.run(["umount", "--lazy", str(place)], check=True)


def test_a_full_file_system(small_disk: Path) -> None:
    commands = some_commands(9_000)
    journal = Journal.create(small_disk / "j", ABOUT, segment_bytes=1 << 18)
    at, said = append_until_refused(journal, commands, 50)
    assert "No space left on device; free space on this disk" in said
    journal.close()
    assert at > 5_000
    assert read_all(small_disk / "j") == commands[:at].tobytes()
    with pytest.raises(JournalError, match="cannot be opened for writing: No space left"):
        Journal.open(small_disk / "j", segment_bytes=1 << 19)
    with Journal.open(small_disk / "j", segment_bytes=1 << 14) as journal:
        assert journal.last_seq == at
    with pytest.raises(JournalError, match="No space left"):
        Journal.create(small_disk / "k", ABOUT, segment_bytes=1 << 20)
