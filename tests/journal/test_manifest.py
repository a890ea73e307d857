import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.journal.tiny_store import ABOUT, VENUE, make
from workbench.domain.config import venue_to_json
from workbench.errors import StoreError
from workbench.journal.manifest import (
    Manifest,
    Part,
    Retired,
    encode,
    generation_of,
    read_manifest,
    venue_of,
    write_manifest,
)
from workbench.journal.place import MANIFEST

PART = Part("trades", "", "trades/part-00000001.parquet", 10, 100, "ab", "cd", 1, 10, 5, 50)
SMALL = Manifest("one", {"venue": {}}, seq=10, parts=(PART,), retired=(Retired("x", 1, 2),), more={"a": [1]})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "one"
    path.mkdir()
    return path


def test_what_is_written_is_read_and_counted(folder: Path) -> None:
    assert generation_of(folder) == -1
    written = write_manifest(folder, SMALL)
    assert read_manifest(folder) == written == replace(SMALL, generation=1)
    assert read_manifest(folder).counts == {"trades": 10}
    assert write_manifest(folder, written).generation == generation_of(folder) == 2
    assert [path.name for path in folder.iterdir()] == [MANIFEST]


def test_the_venue_of_a_session(tmp_path: Path) -> None:
    manifest = read_manifest(make(tmp_path, "one"))
    assert venue_to_json(venue_of(manifest)) == venue_to_json(VENUE)
    for venue in ({}, {"instruments": []}, None):
        with pytest.raises(StoreError, match="its venue is not one of this version"):
            venue_of(replace(manifest, about={**ABOUT, "venue": venue}))


def test_no_edit_of_a_byte_goes_unseen(folder: Path) -> None:
    written = write_manifest(folder, SMALL)
    path = folder / MANIFEST
    whole = path.read_bytes()
    refused = 0
    for place in range(len(whole)):
        for bit in (0, 3, 5):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            try:
                # White space between the words of JSON says nothing.
                assert read_manifest(folder) == written
            except StoreError:
                refused += 1
    assert refused > 2 * len(whole)


def test_no_cut_goes_unseen(folder: Path) -> None:
    write_manifest(folder, SMALL)
    path = folder / MANIFEST
    whole = path.read_bytes()
    for length in range(len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(
            StoreError, match=r"is no manifest of a session; .*`workbench recover one --rebuild`"
        ):
            read_manifest(folder)


def test_a_manifest_whose_hash_was_edited_too_must_still_make_sense(folder: Path) -> None:
    path = folder / MANIFEST
    outside = replace(SMALL, parts=(replace(PART, path="../../secret.parquet"),))
    path.write_bytes(encode(outside))
    with pytest.raises(StoreError, match="names a file outside its folder"):
        read_manifest(folder)


def test_other_formats_other_folders_and_none(folder: Path) -> None:
    with pytest.raises(StoreError, match=r"session 'one' has no manifest\.json; .*session="):
        read_manifest(folder)
    content = json.loads(encode(SMALL))
    (folder / MANIFEST).write_text(json.dumps({**content, "format": 99}))
    with pytest.raises(StoreError, match="is a manifest of format 99, expected 1"):
        read_manifest(folder)
    (folder / MANIFEST).write_bytes(encode(replace(SMALL, session="two")))
    with pytest.raises(StoreError, match="is the manifest of session 'two', but its folder is called 'one'"):
        read_manifest(folder)
