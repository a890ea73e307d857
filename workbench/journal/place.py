"""Where sessions are kept: the data root, and a folder for each session under it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from workbench.errors import StoreError

DATA = "WORKBENCH_DATA"
"""Environment variable that names the data root."""

SESSIONS = "sessions"
HISTORY = "history"
JOURNAL = "journal"
MANIFEST = "manifest.json"

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
    """Names of all sessions under a root, in order; hidden folders are sessions in the making."""
    folder = Path(root) / SESSIONS
    if not folder.is_dir():
        return []
    return sorted(each.name for each in os.scandir(folder) if each.is_dir() and not each.name.startswith("."))
