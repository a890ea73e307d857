"""Parts are held against their hashes once in a process, and again when they may have changed."""

from pathlib import Path

import pytest

from tests.journal.tiny_store import make
from workbench.errors import StoreError
from workbench.journal import proof
from workbench.journal.catalog import connect
from workbench.journal.manifest import read_manifest
from workbench.journal.proof import prove
from workbench.journal.seal import SessionStore


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that are read."""
    found: list[Path] = []
    digest = proof.digest

    def noted(path: Path) -> str:
        found.append(path)
        return digest(path)

    monkeypatch.setattr(proof, "digest", noted)
    return found


def test_each_file_is_read_once(tmp_path: Path, read: list[Path]) -> None:
    folder = make(tmp_path, "one", parts=2)
    manifest = read_manifest(folder)
    files = sorted(folder / part.path for part in manifest.parts)
    with connect(tmp_path) as connection:
        assert sorted(read) == files
        connection.sql("SELECT count(*) FROM trades").fetchall()
    connect(tmp_path).close()
    assert sorted(read) == files
    # What is new is read, and the rest is not.
    with SessionStore.open(tmp_path, "one") as store:
        store.compact()
    read.clear()
    connect(tmp_path).close()
    assert sorted(read) == sorted(folder / part.path for part in read_manifest(folder).parts)


@pytest.mark.parametrize("place", [0.0, 0.2, 0.5, 0.9, 0.999])
def test_a_flipped_byte_is_refused(tmp_path: Path, place: float) -> None:
    folder = make(tmp_path, "one", parts=1)
    with connect(tmp_path) as connection:
        assert connection.sql("SELECT count(*) FROM trades").fetchall() == [(10,)]
    path = folder / read_manifest(folder).parts[-1].path
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 4
    path.write_bytes(data)
    with pytest.raises(StoreError, match=rf"{path.name}: was edited or damaged.*recover one --rebuild"):
        connect(tmp_path)
    connect(tmp_path, session=[], verify=False).close()


def test_a_refresh_looks_at_what_is_new(tmp_path: Path) -> None:
    make(tmp_path, "one", parts=1)
    with connect(tmp_path) as connection:
        folder = make(tmp_path, "two", parts=1)
        path = folder / read_manifest(folder).parts[0].path
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
        with pytest.raises(StoreError, match="was edited or damaged"):
            connection.sql("SELECT count(*) FROM trades")


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    folder = make(tmp_path, "one", parts=1)
    part = read_manifest(folder).parts[0]
    (folder / part.path).unlink()
    with pytest.raises(StoreError, match="cannot be read, but session 'one' has it in its manifest"):
        prove(folder, "one", [part])
