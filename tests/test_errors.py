"""The typed exceptions read as one sentence and survive the way between processes."""

import pickle
from pathlib import Path

import pytest

from workbench.errors import (
    CommandError,
    ConfigError,
    JournalError,
    ProjectionError,
    SnapshotError,
    SourceError,
    StoreError,
    WorkbenchError,
)

PLAIN_KINDS = [
    WorkbenchError,
    ConfigError,
    CommandError,
    SnapshotError,
    JournalError,
    StoreError,
    ProjectionError,
]


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ConfigError("no seed"), "no seed"),
        (ConfigError("no seed", "a.toml"), "a.toml: no seed"),
        (ConfigError("no seed", remedy="add one"), "no seed; add one"),
        (ConfigError("no seed", "a.toml", "add one"), "a.toml: no seed; add one"),
        (ConfigError("no seed:\n  line 3\n", "a.toml"), "a.toml: no seed: line 3"),
        (SourceError("a.csv", 7, "price is 'x'"), "a.csv, row 7: price is 'x'"),
        (SourceError("a.csv", 0, "no header"), "a.csv, row 0: no header"),
        (SourceError("a.csv", None, "empty", "export it again"), "a.csv: empty; export it again"),
    ],
)
def test_reads_as_one_sentence(error: WorkbenchError, sentence: str) -> None:
    assert str(error) == sentence


@pytest.mark.parametrize("kind", PLAIN_KINDS)
def test_parts_are_kept_apart(kind: type[WorkbenchError]) -> None:
    error = kind("no seed", "a.toml", "add one")
    assert (error.what, error.where, error.remedy) == ("no seed", "a.toml", "add one")


def test_source_error_names_file_row_and_reason() -> None:
    error = SourceError(Path("in") / "a.csv", 7, "price is 'x'", "export it again")
    assert (error.file, error.row, error.reason) == ("in/a.csv", 7, "price is 'x'")
    assert (error.what, error.where, error.remedy) == ("price is 'x'", "in/a.csv, row 7", "export it again")


@pytest.mark.parametrize("kind", [*PLAIN_KINDS, SourceError])
def test_one_except_clause_catches_all(kind: type[WorkbenchError]) -> None:
    assert issubclass(kind, WorkbenchError)


@pytest.mark.parametrize(
    "error", [*(kind("no seed", "a.toml", "add one") for kind in PLAIN_KINDS), SourceError("a.csv", 7, "bad")]
)
def test_survives_the_way_to_another_process(error: WorkbenchError) -> None:
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)
    assert vars(copy) == vars(error)
