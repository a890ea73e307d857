"""Another reader is another digest."""

import shutil
from pathlib import Path

import pytest

import workbench as wb
from workbench.feed import readers
from workbench.feed.readers import readers_digest, workbench_version


def test_an_edited_reader_is_another_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for source in Path(readers.__file__).parent.glob("*.py"):
        shutil.copy(source, tmp_path)
    monkeypatch.setattr(readers, "__file__", str(tmp_path / "readers.py"))
    digest = readers_digest.__wrapped__
    same = digest()
    assert same == readers_digest()
    with (tmp_path / "mbo.py").open("a") as file:
        file.write("\n")
    assert digest() != same


def test_the_version_is_the_packages() -> None:
    assert workbench_version() == wb.__version__
