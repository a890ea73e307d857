"""Segments that are missing, in the wrong place, or not ours."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from crc32c import crc32c

from tests.journal.tiny_journal import read_all, readable, reopen, write_journal
from workbench.errors import JournalError
from workbench.journal.disk import REAL
from workbench.journal.frames import HEADER_BYTES
from workbench.journal.reader import read
from workbench.journal.segments import survey
from workbench.journal.verify import verify


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A journal of several segments."""
    write_journal(tmp_path / "j", [5] * 12, segment_bytes=1_500)
    assert len(segments(tmp_path / "j")) > 4
    return tmp_path / "j"


def segments(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.wbj"))


def with_header(path: Path, at: int, new: bytes) -> None:
    """Other bytes in the header, with a checksum that fits."""
    raw = bytearray(path.read_bytes())
    raw[at : at + len(new)] = new
    raw[HEADER_BYTES - 4 : HEADER_BYTES] = crc32c(bytes(raw[: HEADER_BYTES - 4])).to_bytes(4, "little")
    path.write_bytes(raw)


def first_is_missing(folder: Path) -> None:
    segments(folder)[0].unlink()


def one_is_missing(folder: Path) -> None:
    segments(folder)[2].unlink()


def last_is_missing(folder: Path) -> None:
    segments(folder)[-1].unlink()


def one_of_another_journal(folder: Path) -> None:
    write_journal(folder.parent / "k", [5] * 12, segment_bytes=1_500)
    shutil.copy(segments(folder.parent / "k")[2], segments(folder)[2])


def one_has_another_name(folder: Path) -> None:
    segments(folder)[2].rename(segments(folder)[2].with_name(f"{12:020d}.wbj"))


def one_from_the_future(folder: Path) -> None:
    with_header(segments(folder)[0], 8, b"\x03\x00")


def other_records(folder: Path) -> None:
    for path in segments(folder):
        with_header(path, 16, b"0123456789abcdef")


def header_cut(folder: Path) -> None:
    os.truncate(segments(folder)[1], 100)


def header_flipped(folder: Path) -> None:
    raw = bytearray(segments(folder)[1].read_bytes())
    raw[40] ^= 1
    segments(folder)[1].write_bytes(raw)


def end_cut_off(folder: Path) -> None:
    os.truncate(segments(folder)[1], segments(folder)[1].stat().st_size - 64)


def is_text(folder: Path) -> None:
    segments(folder)[1].write_text("an essay " * 100)


CASES: list[tuple[Callable[[Path], None], str, int]] = [
    (first_is_missing, "it is segment 2 of its journal, and the 1 before it are missing; bring back", 0),
    (one_is_missing, "it is segment 4 of its journal, and the one before it is 2: 1 missing; bring back", 20),
    (last_is_missing, "and the cursor knows that 60 were acknowledged", 50),
    (one_of_another_journal, "it is a segment of another journal", 20),
    (one_has_another_name, "its name says 12, and its header begins at 21", 20),
    (one_from_the_future, "of version 3 of the format, and versions 1 and 2 are known here; use the", 0),
    (other_records, "its commands are of layout 0123456789abcdef, and this version has", 0),
    (header_cut, "it ends after 100 of the 128 bytes of its header", 10),
    (header_flipped, "its header is damaged: the checksum does not fit", 10),
    (end_cut_off, "its frames end here, and the journal goes on", 20),
    (is_text, "is no segment of a journal: it begins with b'an essay'", 10),
]


@pytest.mark.parametrize(("damage", "said", "kept"), CASES, ids=lambda each: getattr(each, "__name__", ""))
def test_is_refused_with_file_offset_and_remedy(
    folder: Path, damage: Callable[[Path], None], said: str, kept: int
) -> None:
    whole = read_all(folder)
    damage(folder)
    with pytest.raises(JournalError) as refused:
        reopen(folder)
    text = str(refused.value)
    assert said in text
    assert ".wbj, offset " in text
    assert refused.value.remedy
    verdict = verify(folder)
    assert not verdict.ok
    assert any(said in problem for problem in verdict.problems)
    assert verdict.last_seq == kept
    got, error = readable(folder)
    assert whole.startswith(got)
    assert said in error


def test_a_reader_that_needs_none_of_what_is_damaged_reads_on(folder: Path) -> None:
    whole = read_all(folder)
    path = segments(folder)[1]
    raw = bytearray(path.read_bytes())
    raw[1000] ^= 8
    path.write_bytes(raw)
    assert b"".join(batch.tobytes() for _, batch in read(folder, after_seq=25)) == whole[25 * 104 :]
    with pytest.raises(JournalError, match="checksum does not fit"):
        list(read(folder, after_seq=15))
    assert not verify(folder).ok


def test_the_headers_tell_the_order(folder: Path) -> None:
    found = survey(REAL, folder)
    assert [segment.header.number for segment in found] == list(range(1, len(found) + 1))
    assert found[0].header.first_seq == 0
    assert found[1].header.allocated_bytes == 1_500
    assert {segment.header.epoch for segment in found} == {1}
