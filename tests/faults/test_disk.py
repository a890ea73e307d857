"""The simulated disk keeps what a real one keeps, and loses what a real one may lose."""

import errno
from pathlib import Path

import pytest

from tests.faults.disk import SECTOR, Down, SimDisk

ROOT = Path("/sim")
FILE = ROOT / "file"
OLD, NEW = b"o" * 3 * SECTOR, b"n" * 3 * SECTOR


def made(seed: int = 0) -> tuple[SimDisk, int]:
    """A disk with a durable file."""
    disk = SimDisk(seed)
    handle = disk.open(FILE, create=True)
    disk.write(handle, OLD, 0)
    disk.sync(handle)
    disk.sync_folder(ROOT)
    return disk, handle


def after_power_loss(disk: SimDisk) -> bytes:
    disk.restart(power=True)
    return disk.data(FILE)


def test_what_is_synced_stays() -> None:
    for seed in range(50):
        disk, handle = made(seed)
        disk.write(handle, NEW, 0)
        disk.sync(handle)
        assert after_power_loss(disk) == NEW


def test_what_is_not_synced_is_kept_lost_or_torn_by_sectors() -> None:
    found = set()
    for seed in range(200):
        disk, handle = made(seed)
        disk.write(handle, NEW, 0)
        data = after_power_loss(disk)
        found.add(tuple(data[at : at + SECTOR] for at in range(0, len(data), SECTOR)))
    old, new = b"o" * SECTOR, b"n" * SECTOR
    assert {(old,) * 3, (new,) * 3, (new, old, old), (old, new, old)} <= found
    assert all(sector in (old, new) for sectors in found for sector in sectors)


def test_a_longer_file_may_come_back_shorter_or_with_zeros() -> None:
    found = set()
    for seed in range(200):
        disk, handle = made(seed)
        disk.write(handle, NEW, len(OLD))
        data = after_power_loss(disk)
        assert data.startswith(OLD)
        found.add(data[len(OLD) :])
    assert {b"", NEW, bytes(len(NEW)), NEW[:SECTOR], NEW[:SECTOR].ljust(len(NEW), b"\0")} <= found


def test_names_need_their_folder_synced() -> None:
    found = set()
    for seed in range(100):
        disk, handle = made(seed)
        other = disk.open(ROOT / "other", create=True)
        disk.write(other, NEW, 0)
        disk.sync(other)
        disk.rename(ROOT / "other", FILE)
        disk.close(handle)
        found.add(after_power_loss(disk))
        assert len(disk.data(FILE)) == 3 * SECTOR
    assert found == {OLD, NEW}
    disk, _ = made()
    disk.rename(FILE, ROOT / "new")
    disk.sync_folder(ROOT)
    disk.restart(power=True)
    assert disk.files() == [ROOT / "new"]


def test_a_folder_is_renamed_with_all_that_is_in_it() -> None:
    found = set()
    for seed in range(50):
        disk = SimDisk(seed)
        disk.make_folder(ROOT / "a" / "b")
        disk.close(disk.open(ROOT / "a" / "b" / "file", create=True))
        for folder in (ROOT / "a" / "b", ROOT / "a", ROOT):
            disk.sync_folder(folder)
        disk.rename(ROOT / "a", ROOT / "c")
        assert disk.list(ROOT / "c" / "b") == ["file"]
        assert not disk.exists(ROOT / "a")
        disk.restart(power=True)
        found.add(tuple(map(str, disk.files())))
        assert all(disk.list(path.parent) == ["file"] for path in disk.files())
    assert found == {("/sim/a/b/file",), ("/sim/c/b/file",)}


def test_what_is_in_an_unsynced_folder_is_gone_with_it() -> None:
    found = set()
    for seed in range(50):
        disk = SimDisk(seed)
        folder = ROOT / "a" / "b"
        disk.make_folder(folder)
        handle = disk.open(folder / "file", create=True)
        disk.sync(handle)
        disk.sync_folder(folder)
        disk.restart(power=True)
        found.add(tuple(map(str, disk.files())))
    assert found == {(), ("/sim/a/b/file",)}


def test_a_killed_process_loses_its_handles_and_locks_alone() -> None:
    disk, handle = made()
    disk.write(handle, NEW, 0)
    lock = disk.lock(ROOT / "lock")
    with pytest.raises(BlockingIOError):
        disk.lock(ROOT / "lock")
    disk.restart(power=False)
    assert disk.data(FILE) == NEW
    for gone in (handle, lock):
        with pytest.raises(OSError, match="Bad file descriptor"):
            disk.size(gone)
        disk.close(gone)
    disk.close(disk.lock(ROOT / "lock"))
    disk.lock(ROOT / "lock")


def test_a_failed_sync_marks_pages_clean_and_loses_them_later() -> None:
    lost = 0
    for seed in range(50):
        disk, handle = made(seed)
        disk.write(handle, NEW, 0)
        disk.rates = {"sync": 1.0}
        with pytest.raises(OSError, match="Input/output error"):
            disk.sync(handle)
        disk.calm()
        # The page cache still shows it, and the second sync is content.
        assert disk.data(FILE) == NEW
        disk.sync(handle)
        lost += after_power_loss(disk) != NEW
    assert lost > 30


def test_writes_may_be_short_or_find_no_room() -> None:
    disk, handle = made()
    disk.rates = {"short": 1.0}
    assert 0 < disk.write(handle, NEW, 0) < len(NEW)
    disk.rates = {"full": 1.0}
    with pytest.raises(OSError, match="No space left") as full:
        disk.write(handle, NEW, 0)
    assert full.value.errno == errno.ENOSPC
    disk.rates = {"no room": 1.0}
    with pytest.raises(OSError, match="No space left"):
        disk.allocate(handle, 10_000)
    disk.calm()
    disk.allocate(handle, 10_000)
    assert disk.size(handle) == 10_000
    assert disk.read(handle, 100_000, 9_000) == bytes(1_000)


def test_is_gone_after_so_many_operations_and_stays_gone() -> None:
    disk, handle = made()
    disk.crash_after = 1
    disk.size(handle)
    with pytest.raises(Down):
        disk.size(handle)
    with pytest.raises(Down):
        disk.read(handle, 1, 0)
    disk.restart(power=False)
    assert disk.data(FILE) == OLD


def test_a_crash_in_a_write_may_leave_a_part_of_it() -> None:
    found = set()
    for seed in range(100):
        disk, handle = made(seed)
        disk.crash_after = 0
        with pytest.raises(Down):
            disk.write(handle, NEW, 0)
        disk.restart(power=False)
        found.add(disk.data(FILE).count(b"n"))
    assert len(found) > 20


def test_the_same_seed_gives_the_same_disk() -> None:
    def story(seed: int) -> bytes:
        disk, handle = made(seed)
        disk.rates = {"short": 0.5, "writeback": 0.5}
        for at in range(0, 5_000, 100):
            disk.write(handle, NEW[:300], at)
        return after_power_loss(disk)

    assert story(7) == story(7)
    assert len({story(seed) for seed in range(10)}) > 5


def test_damage_at_rest() -> None:
    disk, _ = made()
    disk.flip(FILE, 8)
    assert disk.data(FILE) == b"on" + OLD[2:]
    disk.wipe(FILE, 0, 2)
    assert disk.data(FILE)[:3] == b"\0\0o"
    copy = disk.fork()
    copy.cut(FILE, 1)
    assert len(copy.data(FILE)) == 1
    assert len(disk.data(FILE)) == len(OLD)
    disk.lose_file(FILE)
    disk.restart(power=True)
    assert disk.files() == []
