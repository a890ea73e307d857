import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.journal.tiny_store import make
from workbench.errors import StoreError
from workbench.journal.manifest import read_manifest, write_manifest
from workbench.journal.place import session_folder, session_names
from workbench.journal.retention import Rules, finish_removals, folder_bytes, plan, remove
from workbench.journal.seal import SessionStore
from workbench.journal.tables import TABLES

DAY_NS = 86_400_000_000_000
NOW_NS = 1_000 * DAY_NS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Sessions `a` to `d`, a day apart, `d` begun today; `b` still runs."""
    for age, name in enumerate("dcba"):
        folder = make(tmp_path, name, parts=1, count=2, finish=name != "b")
        when = NOW_NS - age * DAY_NS
        write_manifest(folder, replace(read_manifest(folder), created_ns=when, written_ns=when))
        (folder / "journal").mkdir()
        (folder / "journal" / "1.wbj").write_bytes(b"x" * 1000)
    return tmp_path


def names(root: Path, rules: Rules) -> list[str]:
    return [removal.session for removal in plan(root, rules, NOW_NS).removals]


def test_rules_say_what_goes_and_open_sessions_never_do(root: Path) -> None:
    assert names(root, Rules(newest=2)) == ["a"]
    assert names(root, Rules(newest=0)) == ["a", "c", "d"]
    assert names(root, Rules(newest=9)) == []
    assert names(root, Rules(days=1)) == ["a"]
    assert names(root, Rules(days=0.5)) == ["a", "c"]
    sizes = {name: folder_bytes(session_folder(root, name)) for name in "abcd"}
    assert names(root, Rules(most_bytes=sum(sizes.values()))) == []
    assert names(root, Rules(most_bytes=sum(sizes.values()) - 1)) == ["a"]
    assert names(root, Rules(most_bytes=sizes["d"] + sizes["b"])) == ["a", "c"]
    assert names(root, Rules(newest=9, days=1)) == ["a"]
    (removal,) = plan(root, Rules(days=1), NOW_NS).removals
    assert (removal.reason, removal.bytes) == ("older than 1 days", sizes["a"])
    assert session_names(root) == ["a", "b", "c", "d"]


def test_rules_that_say_nothing(root: Path) -> None:
    with pytest.raises(StoreError, match="no rule says what to keep; give --newest, --days or --max-bytes"):
        Rules()
    with pytest.raises(StoreError, match="a limit is negative"):
        Rules(days=-1)
    assert session_names(root)


def test_a_removed_session_is_gone_and_the_others_stay(root: Path) -> None:
    remove(root, "a")
    assert [path.name for path in sorted((root / "sessions").iterdir())] == ["b", "c", "d"]


def test_what_runs_or_is_damaged_or_holds_more_is_not_removed(root: Path) -> None:
    with pytest.raises(StoreError, match="session 'b': still runs, and is never removed"):
        remove(root, "b")
    with SessionStore.open(root, "a"), pytest.raises(StoreError, match="is being written by another process"):
        remove(root, "a")
    (session_folder(root, "a") / "notes.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"notes\.txt: is no file of a session; move it away"):
        remove(root, "a")
    (session_folder(root, "c") / "manifest.json").write_text("{}")
    found = plan(root, Rules(newest=0), NOW_NS)
    assert [removal.session for removal in found.removals] == ["a", "d"]
    assert len(found.kept_in_doubt) == 1
    assert "is no manifest of a session" in found.kept_in_doubt[0]
    assert session_names(root) == ["a", "b", "c", "d"]


def test_the_journal_goes_last_and_a_removal_that_was_stopped_is_gone_on_with(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    gone: list[str] = []

    def rmtree(path: Path) -> None:
        gone.append(path.name)
        if path.name == "journal" and gone.count("journal") == 1:
            raise OSError(5, "Input/output error", str(path))
        real(path)

    real = shutil.rmtree
    monkeypatch.setattr(shutil, "rmtree", rmtree)
    with pytest.raises(StoreError, match="cannot be written: Input/output error"):
        remove(root, "a")
    assert gone == [*TABLES, "journal"]
    assert session_names(root) == ["b", "c", "d"]
    assert (root / "sessions" / ".a.removing" / "journal" / "1.wbj").is_file()
    assert finish_removals(root) == ["a"]
    assert finish_removals(root) == []
    assert sorted(path.name for path in (root / "sessions").iterdir()) == ["b", "c", "d"]


def test_ages_are_of_the_clock(root: Path) -> None:
    assert [each.session for each in plan(root, Rules(days=1), time.time_ns()).removals] == ["a", "c", "d"]


def test_a_link_is_not_followed(root: Path, tmp_path: Path) -> None:
    folder = session_folder(root, "a")
    place = tmp_path / "elsewhere"
    (folder / "trades").rename(place)
    (folder / "trades").symlink_to(place)
    with pytest.raises(StoreError, match="trades: leads to a place outside the session"):
        remove(root, "a")
    assert "a" in session_names(root)
    assert list(place.iterdir())


def test_what_a_repair_kept_goes_with_its_session(root: Path) -> None:
    folder = session_folder(root, "a")
    (folder / "journal.damaged-1").mkdir()
    (folder / "journal.damaged-1" / "1.wbj").write_bytes(b"x")
    remove(root, "a")
    assert not folder.exists()
    assert "a" not in session_names(root)
