from __future__ import annotations

from pathlib import Path

import pytest

from tests.journal.tiny_journal import copy, read_all, reopen, some_commands, used_bytes, write_journal
from workbench.errors import JournalError
from workbench.journal.archive import archive
from workbench.journal.repair import repair
from workbench.journal.snapshots import latest_snapshot
from workbench.journal.verify import verify


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A journal of 60 commands in several segments, with a flipped bit behind command 25."""
    write_journal(tmp_path / "j", [5] * 12, segment_bytes=1_500, snapshot_at=10)
    flip(segments(tmp_path / "j")[2], 1_000)
    return tmp_path / "j"


def segments(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.wbj"), *folder.glob("*.wbj.zst")])


def flip(path: Path, offset: int) -> None:
    raw = bytearray(path.read_bytes())
    raw[offset] ^= 16
    path.write_bytes(raw)


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}


def test_without_yes_it_only_says_what_it_would_do(folder: Path) -> None:
    before = content(folder)
    plan = repair(folder)
    assert content(folder) == before
    assert sorted(path.name for path in folder.parent.iterdir()) == ["j"]
    assert (plan.kept_seq, plan.known_seq, plan.done) == (25, 60, False)
    text = str(plan)
    assert f"{folder}: would keep commands 1 to 25" in text
    assert "lost: commands 26 to 60, which had been acknowledged" in text
    assert f"not kept: {segments(folder)[2]}, offset" in text
    assert f"not kept: {segments(folder)[3]}, offset 0: 3 undamaged frames" in text
    assert f"the originals would go in {folder}.damaged-1" in text


def test_what_is_whole_is_kept_and_the_originals_too(folder: Path) -> None:
    before = content(folder)
    done = repair(folder, yes=True)
    assert done.done
    assert content(done.aside) == before
    assert done.aside == folder.with_name("j.damaged-1")
    whole = some_commands(60).tobytes()
    assert read_all(folder) == whole[: 25 * 104]
    verdict = verify(folder)
    assert (verdict.ok, verdict.last_seq, verdict.warnings) == (True, 25, [])
    snapshot = latest_snapshot(folder)
    assert snapshot is not None
    assert snapshot.seq == 10
    with reopen(folder) as journal:
        assert journal.last_seq == 25
        assert journal.epoch == 2
        journal.append(some_commands(60)[25:])
    assert read_all(folder) == whole


def test_damage_again_goes_to_another_place(folder: Path) -> None:
    repair(folder, yes=True)
    flip(segments(folder)[1], 500)
    done = repair(folder, yes=True)
    assert done.aside == folder.with_name("j.damaged-2")
    assert done.aside.is_dir()


def test_the_repaired_one_can_go_elsewhere(folder: Path, tmp_path: Path) -> None:
    before = content(folder)
    done = repair(folder, out=tmp_path / "new", yes=True)
    assert content(folder) == before
    assert done.aside == folder
    assert len(read_all(tmp_path / "new")) == 25 * 104
    with pytest.raises(JournalError, match="new: is there already"):
        repair(folder, out=tmp_path / "new", yes=True)


def test_snapshots_of_what_is_lost_are_not_kept(tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [5] * 12, segment_bytes=1_500, snapshot_at=40)
    flip(segments(tmp_path / "j")[2], 1_000)
    done = repair(tmp_path / "j", yes=True)
    assert any("a snapshot of command 40, which is not kept" in sentence for sentence in done.dropped)
    assert latest_snapshot(tmp_path / "j") is None
    reopen(tmp_path / "j").close()


def test_a_cut_tail_that_was_acknowledged_is_named(tmp_path: Path) -> None:
    write_journal(tmp_path / "j", [5, 5, 5], crashed=True)
    (path,) = segments(tmp_path / "j")
    with path.open("r+b") as file:
        file.truncate(used_bytes(path) - 10)
    done = repair(tmp_path / "j", yes=True)
    assert "lost: commands 11 to 15, which had been acknowledged" in str(done)
    assert len(read_all(tmp_path / "j")) == 10 * 104


def test_archived_segments_are_repaired_like_others(tmp_path: Path) -> None:
    write_journal(tmp_path / "k", [5] * 12, segment_bytes=1_500)
    archive(tmp_path / "k", upto_seq=20)
    flip(segments(tmp_path / "k")[-2], 1_000)
    repair(tmp_path / "k", yes=True)
    assert verify(tmp_path / "k").ok
    assert some_commands(60).tobytes().startswith(read_all(tmp_path / "k"))
    assert len(read_all(tmp_path / "k")) >= 45 * 104


def test_nothing_to_do_and_nothing_to_keep(tmp_path: Path) -> None:
    write_journal(tmp_path / "j")
    with pytest.raises(JournalError, match="nothing is damaged; open it as it is"):
        repair(tmp_path / "j", yes=True)
    flip(segments(tmp_path / "j")[0], 20)
    with pytest.raises(JournalError, match="nothing can be kept, for its beginning is damaged"):
        repair(tmp_path / "j", yes=True)


def test_a_journal_that_is_being_written_is_not_repaired(folder: Path, tmp_path: Path) -> None:
    whole = copy(folder, tmp_path / "whole")
    flip(segments(whole)[2], 1_000)
    journal = reopen(whole)
    flip(segments(whole)[2], 1_000)
    with pytest.raises(JournalError, match="is writing this journal"):
        repair(whole, yes=True)
    journal.close()
