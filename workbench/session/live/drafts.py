"""Drafts of sessions: scenarios that are being written, kept until somebody begins a session with them."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import StoreError
from workbench.journal.place import check_name
from workbench.journal.whole import make_folders, sync_folder, write_whole, writing

DRAFTS = "drafts"
_ENDING = ".toml"


class Drafts:
    """The drafts under a data root, one file each.

    Parameters
    ----------
    data
        The data root.
    """

    def __init__(self, data: Path) -> None:
        self._folder = data / DRAFTS

    def names(self) -> list[str]:
        """Names of all of them, in order."""
        if not self._folder.is_dir():
            return []
        return sorted(path.stem for path in self._folder.glob(f"*{_ENDING}") if not path.name.startswith("."))

    def read(self, name: str) -> str:
        """The text of one.

        Raises
        ------
        StoreError
            When there is none of that name, or it cannot be read.
        """
        path = self._path(name)
        try:
            return path.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise StoreError("there is no draft of this name", f"draft {name!r}") from None
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"cannot be read: {error}", str(path)) from None

    def save(self, name: str, text: str) -> None:
        """Keep a text; it need not make sense yet.

        Raises
        ------
        StoreError
            When the name is none, or the place cannot be written.
        """
        path = self._path(name)
        with writing(path):
            make_folders(self._folder)
            write_whole(path, text.encode())

    def delete(self, name: str) -> None:
        """Throw one away.

        Raises
        ------
        StoreError
            When there is none of that name.
        """
        path = self._path(name)
        if not path.exists():
            raise StoreError("there is no draft of this name", f"draft {name!r}")
        with writing(path):
            path.unlink()
            sync_folder(self._folder)

    def _path(self, name: str) -> Path:
        return self._folder / f"{check_name(name)}{_ENDING}"
