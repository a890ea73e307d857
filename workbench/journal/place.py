"""Where sessions are kept: the data root, and a folder for each session under it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import StoreError

DATA = "WORKBENCH_DATA"
"""Environment variable that names the data root."""

SESSIONS = "sessions"
HISTORY = "history"
JOURNAL = "journal"
MANIFEST = "manifest.json"
LOCK = "store.lock"
"""File whose lock the one writer of a session holds."""

_LONGEST = 100
_NAME = re.compile(rf"[A-Za-z0-9_][A-Za-z0-9_.-]{{0,{_LONGEST - 1}}}")


def data_root(given: str | Path | None = None) -> Path:
    """The folder that holds everything: as given, else $WORKBENCH_DATA, else `var` in the current folder.

    >>> data_root("somewhere").name
    'somewhere'
    """
    return Path(given or os.environ.get(DATA) or "var")


def check_name(name: str) -> str:
    """`name` if it can be that of a session or a data set, which is a folder's name too.

    >>> check_name("2024-03-01_class.2")
    '2024-03-01_class.2'
    >>> check_name("../secret")
    Traceback (most recent call last):
        ...
    workbench.errors.StoreError: '../secret' is no name: expected letters, digits and '-_.', up to 100 and \
none of '-.' first; choose another name
    """
    given: object = name  # from Python, or out of a file
    if not isinstance(given, str) or _NAME.fullmatch(given) is None:
        raise StoreError(
            f"{name!r} is no name: expected letters, digits and '-_.', "
            f"up to {_LONGEST} and none of '-.' first",
            remedy="choose another name",
        )
    return name


def session_folder(root: str | Path, name: str) -> Path:
    """Folder of the session called `name`, which need not exist.

    >>> session_folder("var", "monday").as_posix()
    'var/sessions/monday'
    """
    return Path(root) / SESSIONS / check_name(name)


def session_names(root: str | Path) -> list[str]:
    """Names of all sessions under a root, in order; hidden folders are sessions in the making.

    Whatever else lies among them is passed over: `strays` tells of it.

    Raises
    ------
    StoreError
        When the sessions' folder cannot be read.
    """
    return [entry.name for entry in _entries(root) if not entry.name.startswith(".") and not _why_none(entry)]


def strays(root: str | Path, *, hidden: bool = False) -> list[StoreError]:
    """A sentence about everything among the sessions under a root that is none, in order of the names.

    Parameters
    ----------
    root
        The data root.
    hidden
        Whether hidden files are told of too. Hidden folders never are: they are sessions in the making, or
        what is left of one.

    Raises
    ------
    StoreError
        When the sessions' folder cannot be read.
    """
    return list(_strays(root, hidden=hidden))


def _strays(root: str | Path, *, hidden: bool) -> Iterator[StoreError]:
    for entry in _entries(root):
        if entry.name.startswith(".") and (not hidden or _is_folder(entry)):
            continue
        why = _why_none(entry)
        if why:
            # A name need not be text; a sentence is printed on any terminal.
            path = os.fsencode(entry.path).decode(errors="backslashreplace")
            yield StoreError(why, path, "move it out of the sessions' folder")


def _entries(root: str | Path) -> list[os.DirEntry[str]]:
    folder = Path(root) / SESSIONS
    if not folder.is_dir():
        return []
    try:
        return sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise StoreError(f"cannot be read: {error.strerror or error}", str(folder)) from None


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _why_none(entry: os.DirEntry[str]) -> str:
    """Why something is no session; "" for a session, a damaged one too, and for what is gone meanwhile."""
    if not _is_folder(entry):
        return "is no session, for it is no folder"
    if _NAME.fullmatch(entry.name) is None:
        return "is no session, for none can have such a name (letters, digits and '-_.')"
    folder = Path(entry.path)
    try:
        if (folder / MANIFEST).exists():
            return ""
        inside = os.listdir(folder)  # noqa: PTH208 - names are wanted, not paths
    except FileNotFoundError:
        return ""
    except OSError as error:
        return f"cannot be looked into: {error.strerror or error}"
    # Either comes before the manifest when a session begins, and is left when the manifest is lost.
    if LOCK in inside or any(name.startswith(JOURNAL) for name in inside):
        return ""
    return f"is no session, for it has neither {MANIFEST} nor a journal"
