"""Remarks: bytes beside the commands, as durable and as well guarded as they are."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from crc32c import crc32c
from hypothesis import given
from hypothesis import strategies as st

from tests.journal.faulty_disk import HASTY, FaultyDisk, full
from tests.journal.tiny_journal import (
    ABOUT,
    copy,
    let_go,
    only_segment,
    read_all,
    readable,
    reopen,
    some_commands,
    used_bytes,
)
from workbench.domain.records import COMMAND
from workbench.errors import CommandError, JournalError
from workbench.journal import writer
from workbench.journal.archive import archive
from workbench.journal.frames import FRAME_BYTES, HEADER_BYTES, SCHEMA, VERSION
from workbench.journal.reader import Remark, read, read_remarks
from workbench.journal.repair import repair
from workbench.journal.snapshots import latest_snapshot
from workbench.journal.verify import verify
from workbench.journal.writer import LARGEST_REMARK, Journal

SIZE = COMMAND.itemsize
NONE = np.zeros(0, dtype=COMMAND)


def made(folder: Path, segment_bytes: int = 1 << 14) -> Journal:
    return Journal.create(folder, ABOUT, segment_bytes=segment_bytes, disk=HASTY)


def remarks(folder: Path, after_seq: int = 0) -> list[tuple[int, bytes]]:
    return [(remark.seq, remark.data) for remark in read_remarks(folder, after_seq)]


def test_a_remark_names_the_command_behind_it(tmp_path: Path) -> None:
    commands = some_commands(9)
    with made(tmp_path) as journal:
        assert journal.append(commands[:3], b"with the first") == 3
        assert journal.append(NONE, b"alone") == 3
        journal.append(commands[3:5])
        journal.append(NONE, b"alone again")
        journal.append(commands[5:], b"with the sixth")
    expected = [(1, b"with the first"), (4, b"alone"), (6, b"alone again"), (6, b"with the sixth")]
    assert remarks(tmp_path) == expected
    assert remarks(tmp_path, 3) == expected[1:]
    assert remarks(tmp_path, 5) == expected[2:]
    assert remarks(tmp_path, 6) == []
    assert next(read_remarks(tmp_path)) == Remark(1, b"with the first")
    assert read_all(tmp_path) == commands.tobytes()
    assert read_all(tmp_path, after_seq=3, upto_seq=5) == commands[3:5].tobytes()
    assert read_all(tmp_path, upto_seq=6) == commands[:6].tobytes()
    with pytest.raises(JournalError, match="after_seq is -1, expected 0 or more"):
        remarks(tmp_path, -1)


def test_a_remark_alone_is_synced_and_no_command_becomes_durable_by_it(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal.create(tmp_path, ABOUT, disk=disk)
    journal.append(some_commands(2))
    assert journal.sync() == 2
    before = disk.counts["sync"]
    assert journal.append(NONE, b"alone") == 2
    assert remarks(tmp_path) == []
    assert journal.sync() == journal.durable_seq == journal.last_seq == 2
    assert disk.counts["sync"] == before + 1
    assert remarks(tmp_path) == [(3, b"alone")]
    # Nothing is in flight now.
    assert journal.sync() == 2
    assert disk.counts["sync"] == before + 1
    journal.close()


def test_commands_and_their_remark_are_one_write_and_one_sync(tmp_path: Path) -> None:
    disk = FaultyDisk()
    with Journal.create(tmp_path, ABOUT, disk=disk) as journal:
        before = dict(disk.counts)
        journal.append(some_commands(20), b"x" * 500)
        assert disk.counts["write"] - before["write"] == 1
        journal.sync()
        assert disk.counts["sync"] - before["sync"] == 1


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 25), st.sampled_from((0, 0, 1, 16, 300, 2_000))), max_size=6),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from([1 << 10, 3_000, 1 << 14]),
    st.sampled_from(["kill", "close", "both"]),
    st.booleans(),
)
def test_any_remarks_in_any_segments_come_back(
    tmp_path_factory: pytest.TempPathFactory,
    lives: list[list[tuple[int, int]]],
    segment_bytes: int,
    ends: str,
    archived: bool,
) -> None:
    folder = tmp_path_factory.mktemp("any") / "journal"
    commands = some_commands(sum(count for life in lives for count, _ in life))
    let_go(made(folder, segment_bytes))
    at, expected = 0, list[tuple[int, bytes]]()
    for number, life in enumerate(lives):
        journal = reopen(folder, segment_bytes)
        assert (journal.last_seq, journal.recovery.cut, journal.recovery.warnings) == (at, None, ())
        for count, size in life:
            remark = bytes([len(expected) % 251]) * size
            if remark:
                expected.append((at + 1, remark))
            journal.append(commands[at : at + count], remark)
            at += count
            if size % 3:
                journal.sync()
        journal.sync()
        if ends == "close" or (ends == "both" and number % 2):
            journal.close()
            if archived:
                archive(folder)
        else:
            let_go(journal)
        assert remarks(folder) == expected
        assert read_all(folder) == commands[:at].tobytes()
    verdict = verify(folder)
    assert (verdict.problems, verdict.warnings, verdict.last_seq) == ([], [], at)
    assert sum(report.remarks for report in verdict.segments) == len(expected)
    middle = at // 2
    assert remarks(folder, middle) == [each for each in expected if each[0] > middle]
    shutil.rmtree(folder.parent)


@pytest.mark.parametrize("copied", [1 << 16, 100])
def test_torn_at_every_byte_commands_and_remark_come_back_together_or_not_at_all(
    tmp_path: Path, copied: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is in flight when the power fails may be on the disk in any part."""
    monkeypatch.setattr("workbench.journal.growing._COPIED_BYTES", copied)
    journal = made(tmp_path / "j", 4_096)
    journal.append(some_commands(2), b"kept")
    journal.sync()
    start = journal._end.offset
    journal.append(some_commands(3), b"bound to three commands")
    end = journal._end.offset
    let_go(journal)
    whole = only_segment(tmp_path / "j").read_bytes()
    for at in range(start, end + 1):
        for raw in (
            whole[:at] + bytes(len(whole) - at),
            whole[:start] + bytes(at - start) + whole[at:],
        ):
            torn = copy(tmp_path / "j", tmp_path / "torn")
            only_segment(torn).write_bytes(raw)
            journal = reopen(torn)
            kept = raw == whole
            assert journal.last_seq == (5 if kept else 2)
            assert journal.recovery.cut is None or not kept
            journal.append(some_commands(1))
            journal.close()
            assert remarks(torn) == [(1, b"kept")] + [(3, b"bound to three commands")] * kept
            assert verify(torn).ok


def test_a_remark_whose_commands_are_torn_is_a_torn_tail_and_told(tmp_path: Path) -> None:
    journal = made(tmp_path)
    start = journal._end.offset
    journal.append(some_commands(1), b"remark")
    let_go(journal)
    with only_segment(tmp_path).open("r+b") as file:
        file.truncate(start + FRAME_BYTES + len(b"remark") + 20)
    cut = verify(tmp_path).torn_tail
    assert cut is not None
    assert cut.offset == start
    assert cut.reason == "the commands that were written with a remark are missing behind it"
    with reopen(tmp_path) as journal:
        assert journal.recovery.cut == cut
    assert remarks(tmp_path) == []


def test_a_remark_alone_that_is_whole_is_kept_although_nobody_acknowledged_it(tmp_path: Path) -> None:
    """As commands are: whoever wrote it may not know, and must look."""
    journal = made(tmp_path)
    journal.append(NONE, b"in doubt")
    let_go(journal)
    assert remarks(tmp_path) == []
    reopen(tmp_path).close()
    assert remarks(tmp_path) == [(1, b"in doubt")]


@pytest.mark.parametrize("damage", ["cut", "zeros", "flip", "file"])
def test_an_acknowledged_remark_that_is_lost_is_damage(tmp_path: Path, damage: str) -> None:
    journal = made(tmp_path)
    journal.append(some_commands(2))
    journal.sync()
    if damage == "file":
        let_go(journal)
        journal = reopen(tmp_path)
    path, start = journal._open.path, journal._end.offset  # type: ignore[union-attr]
    journal.append(NONE, b"acknowledged")
    journal.sync()
    let_go(journal)
    raw = bytearray(path.read_bytes())
    if damage == "file":
        path.unlink()
    elif damage == "cut":
        path.write_bytes(raw[:start])
    else:
        raw[start + 50] ^= 4
        path.write_bytes(raw if damage == "flip" else raw[:start] + bytes(1_000))
    assert readable(tmp_path)[0] == some_commands(2).tobytes()
    for refused in (lambda: remarks(tmp_path), lambda: read_all(tmp_path), lambda: reopen(tmp_path)):
        with pytest.raises(JournalError, match="the cursor knows that what was acknowledged ends at offset"):
            refused()
    assert not verify(tmp_path).ok
    done = repair(tmp_path, yes=True)
    assert done.kept_seq == 2
    with reopen(tmp_path) as journal:
        assert journal.last_seq == 2
    assert remarks(tmp_path) == []


def test_a_remark_that_is_lost_with_the_end_of_its_closed_segment_is_damage(tmp_path: Path) -> None:
    """The cursor knows the segment behind it, which had no frame and is gone."""
    journal = made(tmp_path)
    journal.append(some_commands(2))
    at = journal._end.offset
    journal.append(NONE, b"acknowledged")
    journal.close()
    reopen(tmp_path).close()
    raw = only_segment(tmp_path).read_bytes()
    only_segment(tmp_path).write_bytes(raw[:at] + bytes(len(raw) - at))
    for refused in (lambda: remarks(tmp_path), lambda: reopen(tmp_path)):
        with pytest.raises(JournalError, match=f"ends at offset {HEADER_BYTES} of {3:020d}.wbj"):
            refused()


def test_a_damaged_remark_before_what_was_acknowledged_later_is_damage_with_an_old_cursor_too(
    tmp_path: Path,
) -> None:
    """Each frame says how much before it was durable, and no sequence tells that of a remark."""
    journal = made(tmp_path)
    old_cursor = (tmp_path / "cursor").read_bytes()
    start = journal._end.offset
    journal.append(NONE, b"acknowledged")
    journal.sync()
    journal.append(some_commands(2))
    journal.sync()
    let_go(journal)
    (tmp_path / "cursor").write_bytes(old_cursor)
    raw = bytearray(only_segment(tmp_path).read_bytes())
    raw[start + 50] ^= 4
    only_segment(tmp_path).write_bytes(raw)
    with pytest.raises(JournalError, match="an undamaged frame follows at offset"):
        reopen(tmp_path)


def test_a_segment_of_remarks_alone_goes_on_with_the_next_writer(tmp_path: Path) -> None:
    """Two segments cannot begin with the same command."""
    with made(tmp_path, 1 << 10) as journal:
        journal.append(some_commands(2))
    expected = []
    for number in range(12):
        journal = reopen(tmp_path, 1 << 10)
        assert journal.recovery.warnings == ()
        # More than a segment takes.
        journal.append(NONE, bytes([number]) * 300)
        expected.append((3, bytes([number]) * 300))
        if number % 3 == 0:
            journal.close()
        else:
            journal.sync()
            let_go(journal)
        assert remarks(tmp_path) == expected
        assert len(list(tmp_path.glob("*.wbj"))) == 2
        verdict = verify(tmp_path)
        assert (verdict.problems, verdict.warnings) == ([], [])
    assert [each.file.name for each in archive(tmp_path)] == [f"{0:020d}.wbj.zst"]
    with reopen(tmp_path, 1 << 10) as journal:
        journal.append(some_commands(3))
    assert remarks(tmp_path) == expected
    assert read_all(tmp_path) == some_commands(2).tobytes() + some_commands(3).tobytes()


def test_a_writer_that_was_overtaken_cannot_write_among_the_remarks_of_the_next(tmp_path: Path) -> None:
    made(tmp_path).close()
    first = reopen(tmp_path)
    first.append(NONE, b"first")
    first.sync()
    handle = first._open.handle  # type: ignore[union-attr]
    at = first._end.offset
    first._fence.release()
    with reopen(tmp_path) as second:
        # What the first one had on its way to the disk comes late.
        HASTY.write(handle, b"\xff" * 64, at)
        second.append(NONE, b"second")
        second.sync()
        with pytest.raises(JournalError, match="took this journal over"):
            first.append(NONE, b"too late")
    assert remarks(tmp_path) == [(1, b"first"), (1, b"second")]
    first.close()


def test_a_snapshot_never_hangs_on_a_remark_in_flight(tmp_path: Path) -> None:
    journal = made(tmp_path)
    journal.append(some_commands(2))
    journal.sync()
    durable = journal._end
    journal.append(NONE, b"in flight")
    journal.save_snapshot(b"state", 2, "hash")
    found = latest_snapshot(tmp_path)
    assert found is not None
    assert found.position == durable
    journal.close()
    with reopen(tmp_path) as journal:
        assert journal.recovery.verified_from == 3
    assert remarks(tmp_path) == [(3, b"in flight")]


def test_the_remark_of_a_batch_of_several_frames_is_with_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "LARGEST_FRAME", 4)
    with made(tmp_path) as journal:
        journal.append(some_commands(10), b"ten")
    assert remarks(tmp_path) == [(1, b"ten")]
    assert verify(tmp_path).segments[0].frames == 1 + 1 + 3 + 1


def test_what_is_too_long_or_no_bytes_is_refused_in_a_sentence_and_nothing_is_written(tmp_path: Path) -> None:
    with made(tmp_path) as journal:
        with pytest.raises(
            CommandError, match=r"append: a remark has 1,048,577 bytes, and at most 1,048,576 are kept; keep"
        ):
            journal.append(some_commands(1), b"x" * (LARGEST_REMARK + 1))
        with pytest.raises(CommandError, match="a remark must be bytes, not str; encode it"):
            journal.append(NONE, "text")  # type: ignore[arg-type]
        assert (journal.last_seq, journal.failure) == (0, "")
        journal.append(some_commands(1), b"x" * LARGEST_REMARK)
    assert remarks(tmp_path) == [(1, b"x" * LARGEST_REMARK)]


def test_a_disk_that_is_full_takes_neither(tmp_path: Path) -> None:
    disk = FaultyDisk()
    journal = Journal.create(tmp_path, ABOUT, segment_bytes=1 << 12, disk=disk)
    journal.append(some_commands(1), b"first")
    journal.sync()
    disk.counts.clear()
    disk.fail = full("allocate", "write")
    with pytest.raises(JournalError, match="No space left on device"):
        journal.append(some_commands(1), b"second")
    disk.fail = None
    journal.close()
    assert remarks(tmp_path) == [(1, b"first")]
    assert read_all(tmp_path) == some_commands(1).tobytes()


# ------------------------------------------------------------------ the format, byte by byte


def header(version: int, *, allocated: int) -> bytes:
    """A segment's header, written down once more."""
    body = struct.pack(
        "<8sHHI16s16sIIQQQ", b"WBJOURNL", version, SIZE, 0, SCHEMA.encode(), b"j" * 16, 1, 0, 1, 0, allocated
    ).ljust(124, b"\0")
    return body + struct.pack("<I", crc32c(body))


def frame(
    payload: bytes, chain: int, seq: int, count: int, codec: int, flags: int = 0, in_flight: int = 0
) -> tuple[bytes, int]:
    rest = struct.pack("<IIQQIIHHI", chain, len(payload), seq, 0, count, 1, codec, flags, in_flight) + payload
    return b"WBF\x01" + struct.pack("<I", crc32c(rest)) + rest, crc32c(rest)


def stored(folder: Path, version: int, frames: list[tuple[bytes, int, int, int]]) -> Path:
    """A journal of one segment as a program of some version leaves it, without a cursor."""
    raw = header(version, allocated=4_096)
    chain = crc32c(raw[:124])
    seq = 0
    for payload, count, codec, flags in [(b'{"made":"long ago"}     ', 1, 1, 0), *frames]:
        new, chain = frame(payload, chain, seq, count, codec, flags, 0xFFFFFFFF if version > 1 else 0)
        seq += count
        raw += new
    folder.mkdir()
    (folder / f"{0:020d}.wbj").write_bytes(raw.ljust(4_096, b"\0"))
    return folder


def test_a_journal_of_the_first_version_reads_and_goes_on(tmp_path: Path) -> None:
    commands = some_commands(5)
    folder = stored(tmp_path / "j", 1, [(commands[:3].tobytes(), 3, 0, 0), (commands[3:].tobytes(), 2, 0, 0)])
    assert read_all(folder) == commands.tobytes()
    assert remarks(folder) == []
    assert verify(folder).ok
    with reopen(folder) as journal:
        assert journal.last_seq == 5
        journal.append(some_commands(1), b"new")
    assert read_all(folder) == commands.tobytes() + some_commands(1).tobytes()
    assert remarks(folder) == [(6, b"new")]
    versions = [path.read_bytes()[8] for path in sorted(folder.glob("*.wbj"))]
    assert versions == [1, 2]
    # Closed as that version does it: no byte that it did not know.
    closing = only_first(folder)[-FRAME_BYTES - 16 :]
    assert closing[40:48] == b"\x02" + bytes(7)


def only_first(folder: Path) -> bytes:
    return min(folder.glob("*.wbj")).read_bytes()


@pytest.mark.parametrize("flags", [0, 1])
def test_a_program_that_knows_no_remarks_refuses_them(tmp_path: Path, flags: int) -> None:
    """Where the version says that there are none, one is damage: it is neither skipped nor cut off."""
    frames = [(b"remark", 0, 3, flags), (some_commands(2).tobytes(), 2, 0, 0)]
    folder = stored(tmp_path / "j", 1, frames)
    before = only_first(folder)
    for refused in (lambda: read_all(folder), lambda: remarks(folder), lambda: reopen(folder)):
        with pytest.raises(JournalError, match=r"the frame is of a kind \(3\) that is not known here"):
            refused()
    assert not verify(folder).ok
    assert only_first(folder) == before


def test_the_version_says_that_there_may_be_remarks(tmp_path: Path) -> None:
    """An older program then says so and does not read on."""
    frames = [(b"remark", 0, 3, 1), (some_commands(2).tobytes(), 2, 0, 0), (b"alone", 0, 3, 0)]
    folder = stored(tmp_path / "j", 2, frames)
    assert remarks(folder) == [(1, b"remark"), (3, b"alone")]
    assert read_all(folder) == some_commands(2).tobytes()
    assert VERSION == 2
    unknown = stored(tmp_path / "k", 3, [])
    with pytest.raises(
        JournalError, match="of version 3 of the format, and versions 1 and 2 are known here; use"
    ):
        list(read(unknown))


def test_the_bytes_are_those_of_the_documentation(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, {}, segment_bytes=4_096, identity=b"j" * 16, disk=HASTY)
    at = journal._end.offset
    commands = some_commands(2)
    journal.append(commands, b"remark")
    journal.append(NONE, b"alone")
    raw = only_segment(tmp_path).read_bytes()
    assert raw[:HEADER_BYTES] == header(2, allocated=4_096)
    chain = struct.unpack("<I", raw[HEADER_BYTES + 4 : HEADER_BYTES + 8])[0]
    first, chain = frame(b"remark", chain, 1, 0, 3, 1, 0)
    second, chain = frame(commands.tobytes(), chain, 1, 2, 0, 0, len(first))
    third, _ = frame(b"alone", chain, 3, 0, 3, 0, len(first) + len(second))
    assert raw[at : used_bytes(only_segment(tmp_path))] == first + second + third
    let_go(journal)
