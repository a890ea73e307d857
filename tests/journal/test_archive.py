from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.journal.tiny_journal import let_go, read_all, readable, some_commands, write_journal
from workbench.errors import JournalError
from workbench.journal.archive import archive
from workbench.journal.reader import about
from workbench.journal.verify import verify
from workbench.journal.writer import Journal


def test_archived_segments_read_like_others(tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [5] * 12, segment_bytes=1_500)
    done = archive(tmp_path / "j")
    assert list((tmp_path / "j").glob("*.wbj")) == []
    for each in done:
        assert hashlib.sha256(each.file.read_bytes()).hexdigest() == each.sha256
        assert each.bytes == each.file.stat().st_size
        assert f"{each.sha256}  {each.file.name}\n" in (tmp_path / "j" / "archive.sha256").read_text()
    whole = some_commands(60).tobytes()
    assert read_all(tmp_path / "j") == whole
    assert read_all(tmp_path / "j", after_seq=33) == whole[33 * 104 :]
    assert about(tmp_path / "j")["title"] == "tiny"
    assert verify(tmp_path / "j").ok
    assert archive(tmp_path / "j") == []
    with Journal.open(tmp_path / "j") as journal:
        assert journal.last_seq == 60
        journal.append(some_commands(3))
    assert len(read_all(tmp_path / "j")) == 63 * 104


def test_what_is_being_written_is_left(tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [5] * 12, segment_bytes=1_500)
    journal = Journal.open(tmp_path / "j", segment_bytes=1_500)
    journal.append(some_commands(4))
    journal.sync()
    archive(tmp_path / "j")
    assert [path.name for path in (tmp_path / "j").glob("*.wbj")] == [f"{61:020d}.wbj"]
    journal.append(some_commands(4))
    let_go(journal)
    Journal.open(tmp_path / "j").close()
    assert len(read_all(tmp_path / "j")) == 68 * 104


def test_only_up_to_a_command(tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [5] * 12, segment_bytes=1_500)
    done = archive(tmp_path / "j", upto_seq=30)
    assert [each.file.name[:20] for each in done] == [f"{seq:020d}" for seq in (0, 11, 21)]


def test_one_that_is_there_twice_is_read_once(tmp_path: Path) -> None:
    """The machine stopped between the archive and the removal of the segment."""
    write_journal(tmp_path / "j", [5] * 12, segment_bytes=1_500)
    path = tmp_path / "j" / f"{11:020d}.wbj"
    raw = path.read_bytes()
    archive(tmp_path / "j", upto_seq=20)
    path.write_bytes(raw)
    assert read_all(tmp_path / "j") == some_commands(60).tobytes()
    archive(tmp_path / "j", upto_seq=20)
    assert not path.exists()
    assert verify(tmp_path / "j").ok


def test_a_damaged_segment_is_not_archived(tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [5] * 12, segment_bytes=1_500)
    path = tmp_path / "j" / f"{11:020d}.wbj"
    raw = bytearray(path.read_bytes())
    raw[700] ^= 1
    path.write_bytes(raw)
    with pytest.raises(JournalError, match=rf"{path}, offset \d+: the frame's checksum"):
        archive(tmp_path / "j")
    assert path.read_bytes() == raw


def test_flipped_bits_of_an_archive_never_give_wrong_commands(tmp_path: Path) -> None:
    whole = write_journal(tmp_path / "j", [5] * 4, segment_bytes=1 << 20).tobytes()
    (done,) = archive(tmp_path / "j")
    good = done.file.read_bytes()
    for bit in range(0, len(good) * 8, 97):
        raw = bytearray(good)
        raw[bit // 8] ^= 1 << bit % 8
        done.file.write_bytes(raw)
        assert not verify(tmp_path / "j").ok
        got, said = readable(tmp_path / "j")
        assert got == whole or (whole.startswith(got) and said.startswith(str(done.file)))
