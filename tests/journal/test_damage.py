"""Whatever is done to a small journal, nothing wrong is read, and nothing acknowledged is lost unnoticed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journal.tiny_journal import (
    ABOUT,
    copy,
    only_segment,
    read_all,
    readable,
    reopen,
    some_commands,
    used_bytes,
    write_journal,
)
from workbench.domain.records import COMMAND
from workbench.errors import JournalError
from workbench.journal.frames import FRAME_BYTES, HEADER_BYTES
from workbench.journal.verify import verify
from workbench.journal.writer import Journal

BATCHES = (2, 1, 3)


@pytest.fixture
def original(tmp_path: Path) -> tuple[Path, bytes]:
    """A journal whose writer was killed, in a segment of a page, and what was acknowledged."""
    commands = write_journal(tmp_path / "original", BATCHES, segment_bytes=4096, crashed=True)
    return tmp_path / "original", commands.tobytes()


def test_cut_at_every_byte_with_the_cursor_it_refuses_or_everything_is_there(
    original: tuple[Path, bytes], tmp_path: Path
) -> None:
    folder, whole = original
    used = used_bytes(only_segment(folder))
    for size in range(used + 3):
        cut = copy(folder, tmp_path / "cut")
        with only_segment(cut).open("r+b") as file:
            file.truncate(size)
        got, _ = readable(cut)
        assert whole.startswith(got)
        verdict = verify(cut)
        assert verdict.ok == (size >= used)
        if size < used:
            with pytest.raises(JournalError, match=f"{only_segment(cut)}, offset "):
                reopen(cut)
        else:
            reopen(cut).close()
            assert read_all(cut) == whole


def test_cut_at_every_byte_without_the_cursor_it_is_a_prefix_and_says_so(
    original: tuple[Path, bytes], tmp_path: Path
) -> None:
    folder, whole = original
    used = used_bytes(only_segment(folder))
    about_end = used - len(whole) - len(BATCHES) * FRAME_BYTES
    for size in range(used):
        cut = copy(folder, tmp_path / "cut")
        (cut / "cursor").unlink()
        with only_segment(cut).open("r+b") as file:
            file.truncate(size)
        if size < about_end:
            with pytest.raises(JournalError, match=f"{only_segment(cut)}, offset "):
                reopen(cut)
            continue
        journal = reopen(cut)
        assert "cursor" in journal.recovery.warnings[0]
        assert journal.recovery.cut or "its end is missing" in journal.recovery.warnings[1]
        last = journal.last_seq
        journal.close()
        got = read_all(cut)
        assert whole.startswith(got)
        assert len(got) == last * COMMAND.itemsize


def flips(used: int, count: int) -> list[int]:
    """Bits spread evenly over the used bytes, every kind of field among them."""
    step = max(1, used * 8 // count) | 1
    return sorted({*range(0, used * 8, step), *range(0, 128 * 8, 7)})


def test_flipped_bits_never_give_wrong_commands(original: tuple[Path, bytes], tmp_path: Path) -> None:
    folder, whole = original
    segment = only_segment(folder)
    good = segment.read_bytes()
    used = used_bytes(segment)
    bits = flips(used, 1_000)
    assert len(bits) >= 1_000
    damaged = copy(folder, tmp_path / "flipped")
    for bit in bits:
        raw = bytearray(good)
        raw[bit // 8] ^= 1 << bit % 8
        only_segment(damaged).write_bytes(raw)
        got, said = readable(damaged)
        assert whole.startswith(got)
        assert "offset" in said
        assert not verify(damaged).ok
        with pytest.raises(JournalError, match="offset"):
            reopen(damaged)


@pytest.mark.parametrize("name", ["cursor", "snapshot", "lock"])
def test_flipped_bits_beside_the_segments_lose_nothing(name: str, tmp_path: Path) -> None:
    commands = write_journal(tmp_path / "original", BATCHES, segment_bytes=4096, crashed=True, snapshot_at=3)
    whole = commands.tobytes()
    (path,) = (tmp_path / "original").glob("*.wbs" if name == "snapshot" else name)
    used = len(path.read_bytes().rstrip(b"\0"))
    for bit in range(0, used * 8, 41 if name == "cursor" else 5):
        flipped = copy(tmp_path / "original", tmp_path / "flipped")
        raw = bytearray(path.read_bytes())
        raw[bit // 8] ^= 1 << bit % 8
        (flipped / path.name).write_bytes(raw)
        assert readable(flipped) == (whole, "")
        assert verify(flipped).ok
        with reopen(flipped) as journal:
            assert journal.last_seq == 6
        assert read_all(flipped) == whole


def test_zeros_in_the_middle_are_damage(original: tuple[Path, bytes]) -> None:
    folder, whole = original
    segment = only_segment(folder)
    raw = bytearray(segment.read_bytes())
    start = used_bytes(segment) - 500
    raw[start : start + 100] = bytes(100)
    segment.write_bytes(raw)
    with pytest.raises(JournalError, match="offset"):
        reopen(folder)
    assert whole.startswith(readable(folder)[0])
    (folder / "cursor").unlink()
    with pytest.raises(JournalError, match="an undamaged frame follows at offset"):
        reopen(folder)


def test_what_is_being_written_is_not_torn(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, ABOUT, segment_bytes=1 << 20)
    journal.append(some_commands(3))
    journal.sync()
    [segment] = tmp_path.glob("*.wbj")
    with segment.open("r+b") as file:
        file.seek(journal._end.offset)
        file.write(b"half a frame")
    assert verify(tmp_path).torn_tail is None
    assert verify(tmp_path).ok
    journal._release()
    assert verify(tmp_path).torn_tail is not None


def test_damage_before_the_first_command_is_told_in_words(tmp_path: Path) -> None:
    write_journal(tmp_path)
    [segment] = tmp_path.glob("*.wbj")
    data = bytearray(segment.read_bytes())
    data[HEADER_BYTES + FRAME_BYTES + 3] ^= 1
    segment.write_bytes(data)
    [problem] = verify(tmp_path).problems
    assert "in the frame that tells about the journal" in problem
    assert "-1" not in problem.replace(str(tmp_path), "")
