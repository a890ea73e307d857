"""Two processes never write one journal, whatever becomes of the lock file."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.journal.faulty_disk import FaultyDisk
from tests.journal.tiny_journal import ABOUT, let_go, read_all, some_commands, write_journal
from tests.journal.writing import COUNT
from workbench.errors import JournalError
from workbench.journal.verify import verify
from workbench.journal.writer import Journal


class Unlocked(FaultyDisk):
    """A network disk on which locks do nothing."""

    def lock(self, path: Path) -> int:
        if path.is_dir():
            return self.open(path / "cursor") if (path / "cursor").exists() else self.open(path, write=False)
        return self.open(path, create=not path.exists())


def start(folder: Path, seed: int = 1) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.journal.writing", str(folder), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def next_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A journal without commands."""
    Journal.create(tmp_path / "j", ABOUT, segment_bytes=1 << 18).close()
    return tmp_path / "j"


@pytest.mark.parametrize("deleted", [False, True])
def test_a_second_process_is_refused(folder: Path, *, deleted: bool) -> None:
    """Also when somebody deletes the lock file of the first, which then stops."""
    first = start(folder)
    try:
        assert next_line(first) == "ready"
        first.send_signal(signal.SIGSTOP)
        if deleted:
            (folder / "lock").unlink()
        with pytest.raises(JournalError, match=r"process.* is writing this journal; end it first"):
            Journal.open(folder)
        with start(folder) as second:
            assert re.search(r"refused .* is writing this journal", next_line(second))
        first.send_signal(signal.SIGCONT)
        if deleted:
            assert "its lock file was deleted or replaced" in first.communicate()[0].splitlines()[-1]
    finally:
        first.kill()
        with first:
            pass
    with Journal.open(folder) as journal:
        whole = some_commands(COUNT)[: journal.last_seq].tobytes()
    assert read_all(folder) == whole


def test_a_killed_writer_loses_nothing_acknowledged(folder: Path) -> None:
    commands = some_commands(COUNT).tobytes()
    acknowledged, kills, torn = 0, 6, 0
    for kill in range(kills):
        process = start(folder, seed=kill)
        assert next_line(process) == "ready"
        while True:
            line = next_line(process)
            acknowledged = int(line)
            if acknowledged > (kill + 1) * 3_000:
                break
        time.sleep(0.003 * kill)
        process.kill()
        rest, _ = process.communicate()
        acknowledged = max([acknowledged, *map(int, rest.split("\n")[:-1])])
        assert verify(folder).ok
        journal = Journal.open(folder, segment_bytes=1 << 18)
        assert journal.last_seq >= acknowledged
        torn += journal.recovery.cut is not None
        last = journal.last_seq
        journal.close()
        assert read_all(folder) == commands[: last * 104]
    assert acknowledged > kills * 3_000


def test_where_locks_do_nothing_the_earlier_writer_stops_before_it_writes(tmp_path: Path) -> None:
    commands = some_commands(9)
    first = Journal.create(tmp_path / "j", ABOUT, disk=Unlocked())
    first.append(commands[:3])
    first.sync()
    second = Journal.open(tmp_path / "j", disk=Unlocked())
    assert second.epoch == first.epoch + 1
    with pytest.raises(JournalError, match=r"took this journal over with epoch 2 \(ours is 1\)"):
        first.append(some_commands(5, seed=2))
    with pytest.raises(JournalError, match="takes nothing more"):
        first.sync()
    first.close()
    second.append(commands[3:])
    second.close()
    assert read_all(tmp_path / "j") == commands.tobytes()


def test_a_sync_that_another_writer_overtook_is_not_acknowledged(tmp_path: Path) -> None:
    first = Journal.create(tmp_path / "j", ABOUT, disk=Unlocked())
    first.append(some_commands(3))
    second = Journal.open(tmp_path / "j", disk=Unlocked())
    with pytest.raises(JournalError, match="took this journal over"):
        first.sync()
    assert first.durable_seq == 0
    first.close()
    second.close()


def test_the_epoch_rises_although_the_lock_file_was_deleted(tmp_path: Path) -> None:
    write_journal(tmp_path / "j")
    for epoch in (2, 3):
        (tmp_path / "j" / "lock").unlink()
        journal = Journal.open(tmp_path / "j")
        assert journal.epoch == epoch
        let_go(journal)


def test_the_lock_is_given_back(tmp_path: Path) -> None:
    write_journal(tmp_path / "j")
    (tmp_path / "j" / f"{1:020d}.wbj").write_bytes(b"no segment")
    for _ in range(2):
        with pytest.raises(JournalError, match="offset 0"):
            Journal.open(tmp_path / "j")
    (tmp_path / "j" / f"{1:020d}.wbj").unlink()
    Journal.open(tmp_path / "j").close()
