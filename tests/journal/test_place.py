from pathlib import Path

import pytest

from workbench.errors import StoreError
from workbench.journal.place import check_name, data_root, session_folder, session_names


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


def test_sessions_are_the_folders_that_are_not_hidden(tmp_path: Path) -> None:
    assert session_names(tmp_path) == []
    for name in ("b", "a", ".making"):
        session_folder(tmp_path, "x").parent.joinpath(name).mkdir(parents=True)
    (tmp_path / "sessions" / "file").write_text("")
    assert session_names(tmp_path) == ["a", "b"]
