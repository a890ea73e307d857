"""Reading beside a writer, and readers that ask for odd things."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.journal.test_fence import next_line, start
from tests.journal.tiny_journal import ABOUT, read_all, reopen, some_commands, write_journal
from tests.journal.writing import COUNT
from workbench.domain.records import COMMAND
from workbench.errors import JournalError
from workbench.journal.reader import about, read
from workbench.journal.verify import verify
from workbench.journal.writer import Journal


def test_a_reader_beside_a_writer_sees_what_was_acknowledged_and_nothing_else(tmp_path: Path) -> None:
    Journal.create(tmp_path / "j", ABOUT).close()
    commands = some_commands(COUNT).tobytes()
    with start(tmp_path / "j") as writer:
        assert next_line(writer) == "ready"
        before = 0
        for _ in range(15):
            acknowledged = int(next_line(writer))
            got = read_all(tmp_path / "j")
            assert commands.startswith(got)
            assert len(got) >= acknowledged * COMMAND.itemsize
            assert len(got) >= before
            before = len(got)
            assert verify(tmp_path / "j").ok
        writer.kill()
        writer.communicate()
    assert before > 0


def test_what_is_written_and_not_synced_is_not_read(tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [4])
    journal = reopen(tmp_path / "j")
    journal.append(some_commands(3))
    assert len(read_all(tmp_path / "j")) == 4 * COMMAND.itemsize
    journal.sync()
    assert len(read_all(tmp_path / "j")) == 7 * COMMAND.itemsize
    journal.close()


def test_arrays_are_numbered_and_everybody_has_their_own(tmp_path: Path) -> None:
    commands = write_journal(tmp_path / "j", [3, 8, 1, 5])
    parts = list(read(tmp_path / "j", batch=4))
    assert [(first, len(part)) for first, part in parts] == [(1, 4), (5, 4), (9, 4), (13, 4), (17, 1)]
    for _, part in parts:
        assert part.dtype == COMMAND
        part["flags"] = 1
    assert read_all(tmp_path / "j") == commands.tobytes()


@pytest.mark.parametrize(
    ("after", "upto", "expected"),
    [
        (0, 0, []),
        (17, None, []),
        (40, None, []),
        (5, 5, []),
        (5, 6, [6]),
        (0, 40, range(1, 18)),
        (16, 40, [17]),
    ],
)
def test_only_what_is_asked_for(tmp_path: Path, after: int, upto: int | None, expected: list[int]) -> None:
    write_journal(tmp_path / "j", [3, 8, 1, 5], segment_bytes=1_500)
    found = [
        first + at
        for first, part in read(tmp_path / "j", after_seq=after, upto_seq=upto)
        for at in range(len(part))
    ]
    assert found == list(expected)


def test_frames_longer_than_a_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.journal.segments._BLOCK_BYTES", 1_000)
    commands = write_journal(tmp_path / "j", [1, 30, 2, 9, 9, 1, 1, 1, 1, 1, 50])
    assert read_all(tmp_path / "j") == commands.tobytes()


@pytest.mark.parametrize("settings", [{"after_seq": -1}, {"batch": 0}])
def test_what_makes_no_sense_is_refused(tmp_path: Path, settings: dict[str, int]) -> None:
    write_journal(tmp_path / "j")
    with pytest.raises(JournalError, match="expected 0 and 1 or more"):
        list(read(tmp_path / "j", **settings))


def test_a_journal_may_be_about_anything_in_json(tmp_path: Path) -> None:
    told = {"zone": "Europe/Zürich", "names": [[1, 2, "ä"]], "nothing": None, "money": 1.5}
    Journal.create(tmp_path / "j", told).close()
    assert about(tmp_path / "j") == told
    assert reopen(tmp_path / "j").about == told


def test_no_commands_at_all(tmp_path: Path) -> None:
    Journal.create(tmp_path / "j", ABOUT).close()
    assert list(read(tmp_path / "j")) == []
    with reopen(tmp_path / "j") as journal:
        assert journal.last_seq == 0
        journal.append(np.zeros(2, dtype=COMMAND))
    assert read_all(tmp_path / "j") == bytes(2 * COMMAND.itemsize)
