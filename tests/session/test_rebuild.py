"""Sessions made anew from their journals: damaged, without a manifest, without tables."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import workbench as wb
from tests.session.markets import flow, two_stocks
from workbench.errors import JournalError, StoreError
from workbench.journal.archive import archive
from workbench.journal.audit import audit
from workbench.journal.manifest import encode, read_manifest
from workbench.journal.place import session_names
from workbench.journal.reader import read
from workbench.journal.replacing import REPLACED
from workbench.journal.seal import SessionStore
from workbench.journal.writer import Journal
from workbench.session import rebuild as rebuilding
from workbench.session.publisher import Rhythm
from workbench.session.rebuild import rebuild
from workbench.session.recorded import RecordedSession
from workbench.session.rerun import rerun

COMMANDS = flow(110)
TABLES = (
    "events",
    "trades",
    "quotes",
    "candles",
    "orders",
    "positions",
    "equity",
    "round_trips",
)


def record(root: Path, *, name: str = "monday", seed: int = 1, close: bool = True) -> Path:
    session = RecordedSession.create(
        root,
        name,
        two_stocks(),
        zone="America/New_York",
        title="A Monday",
        names={(2, 1): "a"},
        rhythm=Rhythm(publish_events=60, compact_parts=3),
    )
    commands = flow(110, seed=seed)
    for at in range(0, len(commands), 7):
        session.step(commands[at : at + 7])
    if close:
        session.close()
    else:
        session.publish()
        session.abandon()
    return session.folder


def answers(root: Path) -> dict[str, list[tuple[object, ...]]]:
    with wb.connect(root, session="monday") as db:
        made = {name: sorted(db.sql(f"SELECT * FROM {name}").fetchall(), key=repr) for name in TABLES}
        query = "SELECT title, zone, commands, events, state_hash, created FROM sessions"
        return {**made, "sessions": db.sql(query).fetchall()}


def parts(folder: Path) -> list[Path]:
    return [folder / part.path for part in read_manifest(folder).parts]


def flip(folder: Path) -> None:
    path = parts(folder)[0]
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def lose_all_tables(folder: Path) -> None:
    for path in parts(folder):
        path.unlink()


def lose_everything_but_the_journal(folder: Path) -> None:
    lose_all_tables(folder)
    (folder / "manifest.json").unlink()
    (folder / "store.lock").unlink()


def spoil_the_manifest(folder: Path) -> None:
    path = folder / "manifest.json"
    path.write_bytes(path.read_bytes()[:-40])


@pytest.mark.parametrize(
    "damage",
    [flip, lose_all_tables, lose_everything_but_the_journal, spoil_the_manifest, lambda _: None],
    ids=["flipped", "no tables", "journal alone", "manifest cut", "nothing wrong"],
)
@pytest.mark.parametrize("archived", [False, True])
def test_everything_is_as_it_was(tmp_path: Path, damage: Callable[[Path], None], archived: bool) -> None:
    folder = record(tmp_path)
    right, old = answers(tmp_path), {path: path.read_bytes() for path in parts(folder)}
    if archived:
        assert archive(folder / "journal")
    damage(folder)
    left = {path.relative_to(folder): path.read_bytes() for path in old if path.exists()}
    made = rebuild("monday", data=tmp_path)
    again = answers(tmp_path)
    # When it was begun only the manifest knows.
    if made.unreadable:
        right["sessions"] = [row[:-1] for row in right["sessions"]]
        again["sessions"] = [row[:-1] for row in again["sessions"]]
    assert again == right
    assert made.compared == (not made.unreadable)
    assert (made.commands, made.lost) == (len(COMMANDS), 0)
    assert audit(tmp_path, "monday") == []
    assert rerun("monday", data=tmp_path).identical
    # The old files are kept under another name.
    if left:
        assert made.aside == tmp_path / REPLACED / "monday-1"
        assert {path: (made.aside / path).read_bytes() for path in left} == left
    # No trace of the making, and once more is possible.
    assert session_names(tmp_path) == ["monday"]
    assert [path.name for path in folder.parent.iterdir()] == ["monday"]
    assert rebuild("monday", data=tmp_path).aside is not None
    with SessionStore.open(tmp_path, "monday") as store:
        store.compact(grace_seconds=0)
    assert answers(tmp_path)["trades"] == right["trades"]
    assert audit(tmp_path, "monday") == []


def test_an_open_session_is_sealed(tmp_path: Path) -> None:
    record(tmp_path / "whole")
    folder = record(tmp_path, close=False)
    spoil_the_manifest(folder)
    assert rebuild("monday", data=tmp_path).commands == len(COMMANDS)
    made, right = answers(tmp_path), answers(tmp_path / "whole")
    assert {name: made[name] for name in TABLES} == {name: right[name] for name in TABLES}


def test_readers_go_on(tmp_path: Path) -> None:
    record(tmp_path)
    with wb.connect(tmp_path) as db:
        count = db.sql("SELECT count(*) FROM events").fetchall()
        relation = db.sql("SELECT * FROM events")
        rebuild("monday", data=tmp_path)
        # The old files stay for those who still read them; a new question reads the new ones.
        assert len(relation.fetchall()) == count[0][0]
        assert db.sql("SELECT count(*) FROM events").fetchall() == count


@pytest.mark.parametrize("when", ["run", "swap"])
def test_what_ends_early_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str) -> None:
    folder = record(tmp_path)
    flip(folder)
    before = {path: path.read_bytes() for path in folder.rglob("*.parquet")}

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rebuilding, "_run" if when == "run" else "take_place", interrupt)
        with pytest.raises(KeyboardInterrupt):
            rebuild("monday", data=tmp_path)
    assert {path: path.read_bytes() for path in folder.rglob("*.parquet")} == before
    assert [path.name for path in folder.parent.iterdir()] == ["monday"]
    assert not (tmp_path / REPLACED).exists()
    rebuild("monday", data=tmp_path)
    assert audit(tmp_path, "monday") == []


def test_a_shorter_journal_is_told(tmp_path: Path) -> None:
    """What a repair of the journal leaves can be rebuilt, and what is missing is counted."""
    folder = record(tmp_path)
    identity = bytes.fromhex(read_manifest(folder).journal)
    commands = next(commands for _, commands in read(folder / "journal"))
    about = read_manifest(folder).about
    (folder / "journal").rename(folder / "journal.damaged-1")
    with Journal.create(folder / "journal", about, identity=identity) as journal:
        journal.append(commands[:60])
    [problem] = audit(tmp_path, "monday")
    assert "ends with command 60, but the tables were written after 111" in problem
    assert "`workbench recover monday --rebuild` makes it anew from its journal as far as it goes" in problem
    made = rebuild("monday", data=tmp_path)
    assert (made.commands, made.lost, made.compared) == (60, len(COMMANDS) - 60, False)
    # What a repair keeps is no stranger.
    assert audit(tmp_path, "monday") == []


def test_swapped_journals_are_noticed(tmp_path: Path) -> None:
    one, two = record(tmp_path), record(tmp_path, name="tuesday", seed=2)
    (one / "journal").rename(tmp_path / "x")
    (two / "journal").rename(one / "journal")
    (tmp_path / "x").rename(two / "journal")
    for name in ("monday", "tuesday"):
        [problem] = audit(tmp_path, name)
        assert "is the journal of another session" in problem
        for ask in (rerun, rebuild):
            with pytest.raises(JournalError, match="is the journal of another session"):
                ask(name, data=tmp_path)


def test_a_manifest_without_the_journals_identity_takes_it(tmp_path: Path) -> None:
    folder = record(tmp_path)
    (folder / "manifest.json").write_bytes(encode(replace(read_manifest(folder), journal="")))
    assert audit(tmp_path, "monday") == []
    assert rerun("monday", data=tmp_path).identical
    rebuild("monday", data=tmp_path)
    assert read_manifest(folder).journal != ""


def test_another_state_is_refused(tmp_path: Path) -> None:
    folder = record(tmp_path)
    (folder / "manifest.json").write_bytes(encode(replace(read_manifest(folder), state_hash="0" * 32)))
    with pytest.raises(JournalError, match=r"move manifest\.json away to rebuild all the same"):
        rebuild("monday", data=tmp_path)
    (folder / "manifest.json").rename(tmp_path / "manifest.json")
    assert not rebuild("monday", data=tmp_path).compared


def test_what_cannot_be_rebuilt(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no session 'monday'"):
        rebuild("monday", data=tmp_path)
    folder = record(tmp_path)
    with (
        SessionStore.open(tmp_path, "monday"),
        pytest.raises(StoreError, match="is being written by another process"),
    ):
        rebuild("monday", data=tmp_path)
    shutil.rmtree(folder / "journal")
    with pytest.raises(JournalError, match="the journal of session 'monday' is missing; restore it"):
        rebuild("monday", data=tmp_path)
    (folder / "manifest.json").unlink()
    with pytest.raises(JournalError, match="journal"):
        rebuild("monday", data=tmp_path)


def test_a_journal_that_tells_little(tmp_path: Path) -> None:
    """Older journals may lack what has a default; none lacks the venue."""
    folder = record(tmp_path)
    about = read_manifest(folder).about
    for given, says in (({"venue": about["venue"]}, ""), ({}, "does not say what market")):
        name = "little" if not says else "nothing"
        journal = tmp_path / "sessions" / name / "journal"
        with Journal.create(journal, given) as made:
            made.append(COMMANDS)
        if says:
            with pytest.raises(JournalError, match=says):
                rebuild(name, data=tmp_path)
        else:
            assert rebuild(name, data=tmp_path).state_hash == read_manifest(folder).state_hash
            assert read_manifest(journal.parent).about["zone"] == "UTC"
