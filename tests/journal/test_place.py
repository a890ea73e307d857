import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.errors import StoreError
from workbench.journal.place import (
    LOCK,
    MANIFEST,
    check_name,
    data_root,
    session_folder,
    session_names,
    strays,
)


def test_the_data_root_is_as_given_or_the_environment_s_or_var(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKBENCH_DATA", raising=False)
    assert data_root() == Path("var")
    monkeypatch.setenv("WORKBENCH_DATA", "/data")
    assert data_root() == Path("/data")
    assert data_root("here") == data_root(Path("here")) == Path("here")


@pytest.mark.parametrize("name", ["a", "2024-03-01_class.2", "_x", "A" * 100])
def test_names(name: str) -> None:
    assert check_name(name) == name
    assert session_folder("root", name) == Path("root/sessions") / name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".a", "-a", "a/b", "../a", "a\n", "a b", "ä", "A" * 101, "a\0"]
)
def test_names_that_no_folder_may_have(name: str) -> None:
    with pytest.raises(
        StoreError, match=r"is no name: expected letters, digits and '-_.'.*choose another name"
    ):
        check_name(name)


def sessions_folder(root: Path) -> Path:
    folder = root / "sessions"
    for name in ("b", "a", ".making"):
        (folder / name).mkdir(parents=True)
        (folder / name / MANIFEST).write_text("{}")
    return folder


def test_sessions_are_the_folders_that_are_not_hidden(tmp_path: Path) -> None:
    assert session_names(tmp_path) == []
    assert strays(tmp_path, hidden=True) == []
    sessions_folder(tmp_path)
    assert session_names(tmp_path) == ["a", "b"]
    assert strays(tmp_path, hidden=True) == []


@pytest.mark.parametrize("left", [LOCK, "journal", "journal.damaged-1"])
def test_a_session_without_its_manifest_is_a_session(tmp_path: Path, left: str) -> None:
    (tmp_path / "sessions" / "a" / left).mkdir(parents=True)
    assert session_names(tmp_path) == ["a"]
    assert strays(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("classroom (copy)", "none can have such a name"),
        ("🦊 x", "none can have such a name"),
        (os.fsdecode(b"x\xff"), "none can have such a name"),
        ("notes", "has neither manifest.json nor a journal"),
    ],
)
def test_folders_that_are_no_session_are_passed_over_and_named(tmp_path: Path, name: str, why: str) -> None:
    (sessions_folder(tmp_path) / name).mkdir()
    assert session_names(tmp_path) == ["a", "b"]
    (stray,) = strays(tmp_path)
    assert why in str(stray)
    path = os.fsencode(tmp_path / "sessions" / name).decode(errors="backslashreplace")
    assert str(stray).startswith(f"{path}: ")
    str(stray).encode()


def test_files_and_links_that_lead_nowhere_are_passed_over_and_named(tmp_path: Path) -> None:
    folder = sessions_folder(tmp_path)
    (folder / "plain").write_text("")
    (folder / ".DS_Store").write_text("")
    (folder / "dangling").symlink_to("nowhere")
    (folder / "loop").symlink_to("loop")
    assert session_names(tmp_path) == ["a", "b"]
    assert [Path(each.where).name for each in strays(tmp_path)] == ["dangling", "loop", "plain"]
    hidden = [Path(each.where).name for each in strays(tmp_path, hidden=True)]
    assert hidden == [".DS_Store", "dangling", "loop", "plain"]


LOOK = """
import sys
from workbench.journal.place import session_names, strays
print(session_names(sys.argv[1]))
print(*strays(sys.argv[1]), sep="\\n")
"""


def test_a_folder_that_cannot_be_looked_into_is_passed_over_and_named(tmp_path: Path) -> None:
    locked = sessions_folder(tmp_path) / "locked"
    locked.mkdir(mode=0)
    # Nothing is locked for root, who therefore looks without the capabilities that make it so.
    able = os.access(locked, os.R_OK)
    drop = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if able else []
    try:
        told = subprocess.run(
            [*drop, sys.executable, "-c", LOOK, str(tmp_path)],
            check=False,
            capture_output=True,
            text=True,
            timeout=120,
        )
    finally:
        locked.chmod(0o700)
    assert told.stderr == ""
    assert told.stdout.splitlines() == [
        "['a', 'b']",
        f"{locked}: cannot be looked into: Permission denied; move it out of the sessions' folder",
    ]
