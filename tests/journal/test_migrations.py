"""A journal of another layout is refused, or rewritten by a migration that has a name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.journal.tiny_journal import ABOUT, read_all, some_commands
from workbench.domain.records import COMMAND, Records, schema_hash
from workbench.errors import JournalError
from workbench.journal import frames, growing, reader, recovery, segments, writer
from workbench.journal.migrations import MIGRATIONS, Migration, migrate, register
from workbench.journal.reader import about, read_remarks
from workbench.journal.verify import verify

OLDEST = np.dtype([(name, COMMAND[name]) for name in (COMMAND.names or ())[:8]])
OLD = np.dtype([(name, COMMAND[name]) for name in (COMMAND.names or ()) if name != "amount_micros"])


def widened(records: Records, to: np.dtype[np.void]) -> Records:
    out = np.zeros(len(records), dtype=to)
    for name in records.dtype.names or ():
        out[name] = records[name]
    return out


@pytest.fixture
def old_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Records]:
    """A journal as a version wrote it whose commands were shorter."""
    records = np.frombuffer(np.random.default_rng(5).bytes(20 * OLDEST.itemsize), dtype=OLDEST)
    with monkeypatch.context() as then:
        for module in (frames, segments, recovery, reader, writer, growing):
            if hasattr(module, "SCHEMA"):
                then.setattr(module, "SCHEMA", schema_hash(OLDEST))
            if hasattr(module, "COMMAND"):
                then.setattr(module, "COMMAND", OLDEST)
        then.setattr(segments.survey, "__kwdefaults__", {"schema": schema_hash(OLDEST)})
        with writer.Journal.create(tmp_path / "old", ABOUT) as journal:
            for at in range(0, 20, 4):
                journal.append(records[at : at + 4], b"before %d" % (at + 1) if at % 8 else b"")
            journal.append(records[:0], b"at the end")
    return tmp_path / "old", records


@pytest.fixture
def migrations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two steps from the oldest layout to the present one."""
    monkeypatch.setattr("workbench.journal.migrations.MIGRATIONS", dict(MIGRATIONS))
    register(Migration("triggers and groups", OLDEST, lambda records: widened(records, OLD)))
    register(Migration("amounts", OLD, lambda records: widened(records, COMMAND)))


def test_is_refused_and_never_misread(old_journal: tuple[Path, Records]) -> None:
    folder, _ = old_journal
    said = (
        f"its commands are of layout {schema_hash(OLDEST)}, and this version has {schema_hash(COMMAND)}; "
        "rewrite it with `workbench journal migrate`"
    )
    with pytest.raises(JournalError, match=said):
        writer.Journal.open(folder)
    with pytest.raises(JournalError, match=said):
        read_all(folder)
    assert said in verify(folder).problems[0]


def test_without_a_migration_it_stays_as_it_is(old_journal: tuple[Path, Records], tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"no migration is known from layout .* use the version"):
        migrate(old_journal[0], tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.usefixtures("migrations")
def test_is_rewritten_beside_by_all_steps(old_journal: tuple[Path, Records], tmp_path: Path) -> None:
    folder, records = old_journal
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = migrate(folder, tmp_path / "new")
    assert (done.last_seq, done.names) == (20, ("triggers and groups", "amounts"))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert read_all(tmp_path / "new") == widened(records, COMMAND).tobytes()
    assert about(tmp_path / "new") == ABOUT
    remarks = [(remark.seq, remark.data) for remark in read_remarks(tmp_path / "new")]
    assert remarks == [(5, b"before 5"), (13, b"before 13"), (21, b"at the end")]
    assert verify(tmp_path / "new").ok


def test_one_that_loses_commands_is_refused(old_journal: tuple[Path, Records], tmp_path: Path) -> None:
    MIGRATIONS[schema_hash(OLDEST)] = Migration("bad", OLDEST, lambda records: widened(records, COMMAND)[:-1])
    try:
        with pytest.raises(JournalError, match="the migration 'bad' made 3 commands of 4"):
            migrate(old_journal[0], tmp_path / "new")
    finally:
        del MIGRATIONS[schema_hash(OLDEST)]


def test_one_of_the_present_layout_needs_none(tmp_path: Path) -> None:
    with writer.Journal.create(tmp_path / "j", ABOUT) as journal:
        journal.append(some_commands(2))
    with pytest.raises(JournalError, match="has the present layout already; open it as it is"):
        migrate(tmp_path / "j", tmp_path / "new")
