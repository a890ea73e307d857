"""Datasets appear whole or not at all, are found by name and content, and are never overwritten."""

import errno
import fcntl
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.feed.same_history import assert_same
from tests.tiny_market import write_mbo
from workbench.errors import SourceError, WorkbenchError
from workbench.feed import catalog as catalogs
from workbench.feed import dataset as datasets
from workbench.feed import manifest as manifests
from workbench.feed.catalog import Catalog, check_name, listed, name_for
from workbench.feed.contents import Content
from workbench.feed.dataset import Dataset, Draft, history_draft
from workbench.feed.dataset_tables import COMMANDS
from workbench.feed.manifest import MANIFEST
from workbench.feed.open import open_history

TINY = "TINY-2025-07-17"


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    return Catalog(tmp_path / "data")


def draft(folder: Path, question: str = "one", symbol: str = "TINY") -> Draft:
    path = write_mbo(folder, f"{symbol}.csv", symbol)
    content = Content.of(path, path.stat().st_ctime_ns + 10**10)
    return history_draft(open_history(path), [content], {}, [question])


def hidden(catalog: Catalog) -> list[str]:
    return sorted(
        path.name for path in catalog.folder.iterdir() if path.name.startswith(".") and path.is_dir()
    )


def test_what_is_added_is_found(tmp_path: Path, catalog: Catalog) -> None:
    assert catalog.names() == []
    assert catalog.manifests() == []
    made = draft(tmp_path)
    added = catalog.add(made)
    assert (added.outcome, added.dataset.name, catalog.names()) == ("new", TINY, [TINY])
    assert_same(catalog.dataset(TINY).history(), open_history(tmp_path / "TINY.csv"))
    assert TINY in catalog
    assert catalog.answering("one") == made.manifest.called(TINY)
    assert catalog.answering("two") is None
    assert catalog.usable(["two", "one"]) == added.dataset
    assert sorted(path.name for path in added.dataset.folder.iterdir()) == [
        COMMANDS,
        MANIFEST,
        "rows.parquet",
    ]
    assert hidden(catalog) == []


def test_the_same_again_is_recognised(tmp_path: Path, catalog: Catalog) -> None:
    made = draft(tmp_path)
    catalog.add(made)
    stamp = (catalog.folder / TINY / MANIFEST).stat().st_mtime_ns
    again = catalog.add(made, "another-name")
    assert (again.outcome, again.dataset.name, catalog.names()) == ("already", TINY, [TINY])
    assert (catalog.folder / TINY / MANIFEST).stat().st_mtime_ns == stamp


def test_other_content_never_overwrites(tmp_path: Path, catalog: Catalog) -> None:
    catalog.add(draft(tmp_path, "one"))
    before = (catalog.folder / TINY / MANIFEST).read_bytes()
    assert catalog.add(draft(tmp_path, "two")).dataset.name == f"{TINY}-2"
    assert catalog.add(draft(tmp_path, "three")).dataset.name == f"{TINY}-3"
    assert (catalog.folder / TINY / MANIFEST).read_bytes() == before
    with pytest.raises(WorkbenchError, match=r"a dataset of this name exists in .* choose another --name"):
        catalog.add(draft(tmp_path, "four"), TINY)
    assert hidden(catalog) == []
    assert len(catalog.names()) == 3


def test_a_name_can_be_given(tmp_path: Path, catalog: Catalog) -> None:
    assert catalog.add(draft(tmp_path), "mine").dataset.name == "mine"
    assert catalog.dataset("mine").manifest.name == "mine"
    for name in ("", "a/b", "..", ".hidden", "a b", "é", "x" * 200):
        with pytest.raises(WorkbenchError, match="is no name for a dataset"):
            check_name(name)


def test_names_tell_instrument_and_days(tmp_path: Path) -> None:
    manifest = draft(tmp_path).manifest
    assert name_for(manifest) == TINY
    assert name_for(replace(manifest, symbol="BRK/B", days=("2024-01-01", "2024-02-01"))) == (
        "BRK_B-2024-01-01-to-2024-02-01"
    )
    assert (
        name_for(replace(manifest, symbol="ABC", holds="bars", kind="quote-bars"))
        == "ABC-quote-bars-2025-07-17"
    )
    assert name_for(replace(manifest, symbol="…", days=())) == "dataset"


def test_an_unknown_name_is_told_the_nearest(tmp_path: Path, catalog: Catalog) -> None:
    with pytest.raises(SourceError, match=r"^nothing: there is no dataset of this name in .*history$"):
        catalog.dataset("nothing")
    catalog.add(draft(tmp_path))
    with pytest.raises(SourceError, match=f"; did you mean {TINY}\\?"):
        catalog.dataset("tiny-2025-07-18")
    with pytest.raises(SourceError, match=f"; it has {TINY}$"):
        catalog.remove("zzz")
    assert "../data" not in catalog


def test_a_folder_of_another_name_is_refused(tmp_path: Path, catalog: Catalog) -> None:
    catalog.add(draft(tmp_path))
    (catalog.folder / TINY).rename(catalog.folder / "other")
    with pytest.raises(SourceError, match=f"is the dataset '{TINY}' in a folder of another name"):
        catalog.dataset("other")
    assert catalog.manifests() == []


def test_a_removed_dataset_is_gone(tmp_path: Path, catalog: Catalog) -> None:
    catalog.add(draft(tmp_path))
    catalog.remove(TINY)
    assert (catalog.names(), catalog.answering("one"), hidden(catalog)) == ([], None, [])
    assert catalog.add(draft(tmp_path)).outcome == "new"


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"PAR1")])
def test_a_damaged_dataset_is_made_anew(
    tmp_path: Path, catalog: Catalog, harm: Callable[[Path], object]
) -> None:
    made = draft(tmp_path)
    catalog.add(made)
    harm(catalog.folder / TINY / COMMANDS)
    assert catalog.usable(["one"]) is None
    again = catalog.add(made)
    assert (again.outcome, again.dataset.name, catalog.names()) == ("replaced", TINY, [TINY])
    assert "is missing" in again.reason or "bytes, expected" in again.reason
    catalog.dataset(TINY).check()
    assert hidden(catalog) == []


def test_a_dataset_of_another_version_is_made_anew(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.add(replace_version(draft(tmp_path)))
    assert catalog.usable(["one"]) is None
    again = catalog.add(draft(tmp_path))
    assert (again.outcome, again.reason) == ("replaced", "another version of the workbench made it")
    with monkeypatch.context() as newer:
        newer.setattr(manifests, "schema_hash", lambda _dtype: "0123456789abcdef")
        assert "another layout" in catalog.add(draft(tmp_path)).reason


def replace_version(made: Draft) -> Draft:
    return Draft(replace(made.manifest, readers="0123456789abcdef"), made.tables)


def test_damaged_datasets_are_listed_with_their_trouble(tmp_path: Path, catalog: Catalog) -> None:
    catalog.add(draft(tmp_path))
    catalog.add(draft(tmp_path, "two"))
    (catalog.folder / TINY / MANIFEST).unlink()
    rows = dict(listed(Catalog(catalog.folder.parent)))
    assert "is no dataset" in str(rows[TINY])
    assert isinstance(rows[f"{TINY}-2"], manifests.Manifest)
    with pytest.raises(SourceError, match="there is no dataset of this name"):
        listed(catalog, ["nothing"])


def fails(number: int) -> Callable[..., None]:
    def fail(*_arguments: Any, **_named: Any) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    ("number", "sentence"),
    [
        (
            errno.ENOSPC,
            "cannot be written: No space left on device; free some space and run the import again",
        ),
        (errno.EROFS, "cannot be written: Read-only file system; name another data root with --data"),
        (errno.EIO, "cannot be written: Input/output error$"),
    ],
)
def test_what_cannot_be_written_leaves_nothing(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch, number: int, sentence: str
) -> None:
    made = draft(tmp_path)
    catalog.check_writable()
    for owner, name in ((datasets, "write_durably"), (catalogs, "sync_folder"), (Path, "mkdir")):
        with monkeypatch.context() as broken:
            broken.setattr(owner, name, fails(number))
            with pytest.raises(WorkbenchError, match=sentence):
                catalog.add(made)
        assert (catalog.names(), hidden(catalog)) == ([], [])
    assert catalog.add(made).outcome == "new"


def test_a_root_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    broken = Catalog(tmp_path / "file")
    with pytest.raises(WorkbenchError, match="history: cannot be written: Not a directory"):
        broken.check_writable()


def test_what_a_killed_import_left_is_cleaned_and_what_a_living_one_writes_is_not(
    tmp_path: Path, catalog: Catalog
) -> None:
    catalog.check_writable()
    for name, living in ((".partial-dead", False), (".partial-living", True), (".partial-unlocked", None)):
        (catalog.folder / name).mkdir()
        (catalog.folder / name / COMMANDS).write_bytes(b"half")
        if living is not None:
            (catalog.folder / name / ".owner").touch()
    (catalog.folder / ".gone-1").mkdir()
    owner = os.open(catalog.folder / ".partial-living" / ".owner", os.O_RDWR)
    try:
        fcntl.flock(owner, fcntl.LOCK_EX)
        assert catalog.names() == []
        catalog.add(draft(tmp_path))
        assert hidden(catalog) == [".partial-living"]
    finally:
        os.close(owner)
    catalog.check_writable()
    assert hidden(catalog) == []


def test_a_predecessor_whose_successor_never_came_is_put_back(tmp_path: Path, catalog: Catalog) -> None:
    catalog.add(draft(tmp_path))
    (catalog.folder / TINY).rename(catalog.folder / f".old-{TINY}")
    catalog.check_writable()
    assert (catalog.names(), hidden(catalog)) == ([TINY], [])
    (catalog.folder / f".old-{TINY}").mkdir()
    catalog.check_writable()
    assert (catalog.names(), hidden(catalog)) == ([TINY], [])


def test_another_import_may_be_first(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = draft(tmp_path)
    write = Draft.write

    def overtaken(self: Draft, folder: Path) -> None:
        write(self, folder)
        monkeypatch.setattr(Draft, "write", write)
        assert Catalog(catalog.folder.parent).add(made).outcome == "new"

    monkeypatch.setattr(Draft, "write", overtaken)
    assert catalog.add(made).outcome == "already"
    assert (catalog.names(), hidden(catalog)) == ([TINY], [])


def test_a_name_may_be_taken_meanwhile(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, other = draft(tmp_path, "one"), draft(tmp_path, "two")
    write = Draft.write

    def overtaken(self: Draft, folder: Path) -> None:
        write(self, folder)
        monkeypatch.setattr(Draft, "write", write)
        Catalog(catalog.folder.parent).add(other)

    monkeypatch.setattr(Draft, "write", overtaken)
    assert catalog.add(made).dataset.name == f"{TINY}-2"
    assert catalog.answering("two") == other.manifest.called(TINY)


def test_content_is_known_without_reading_a_file_that_was_not_touched(
    tmp_path: Path, catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog.add(draft(tmp_path))
    path = tmp_path / "TINY.csv"
    copy = tmp_path / "copy.csv"
    copy.write_bytes(path.read_bytes())
    other = tmp_path / "other.csv"
    other.write_bytes(path.read_bytes().replace(b"10.00", b"10.01"))
    digest = catalog.manifests()[0].sources[0].sha256
    assert catalog.known_content(copy, 0).sha256 == digest  # type: ignore[union-attr]
    assert catalog.known_content(other, 0) is None
    monkeypatch.setattr(Content, "of", fails(errno.EIO))
    assert catalog.known_content(path, 0).sha256 == digest  # type: ignore[union-attr]
    other.write_text("of another length")
    assert catalog.known_content(other, 0) is None
    assert catalog.known_content(tmp_path / "nothing", 0) is None


def test_datasets_of_other_processes_are_noticed(tmp_path: Path, catalog: Catalog) -> None:
    assert catalog.manifests() == []
    made = Catalog(catalog.folder.parent)
    made.add(draft(tmp_path))
    assert [manifest.name for manifest in catalog.manifests()] == [TINY]
    made.remove(TINY)
    assert catalog.manifests() == []
    made.add(draft(tmp_path, "two"), TINY)
    assert catalog.answering("one") is None
    assert Dataset.open(catalog.folder / TINY).manifest == catalog.answering("two")
