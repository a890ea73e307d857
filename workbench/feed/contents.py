"""What a source is, whatever it is called: the hash of its bytes, and what its reader takes from its name."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from workbench.errors import SourceError
from workbench.feed.files import check_regular
from workbench.feed.lean import is_lean, named_market
from workbench.feed.lobster_book import LobsterName

Progress = Callable[[int], None]
"""Called with the number of bytes that have been read since it was called before."""

_PIECE = 1 << 22
_SETTLED_NS = 2_000_000_000
"""A file changed so shortly before it was hashed may change again without its time showing it."""


@dataclass(frozen=True, slots=True)
class Content:
    """A file as it was when it was hashed.

    Attributes
    ----------
    path
        Where it was, absolute.
    size
        Bytes, as they stand on the disk (compressed, if the file is).
    modified_ns, changed_ns
        Times of the last change of its content, and of anything about it.
    hashed_ns
        When it was hashed.
    sha256
        Hex digest of these bytes.
    """

    path: str
    size: int
    modified_ns: int
    changed_ns: int
    hashed_ns: int
    sha256: str

    @classmethod
    def of(cls, path: str | os.PathLike[str], now_ns: int, progress: Progress | None = None) -> Content:
        """Read and hash a file."""
        check_regular(path)
        digest = hashlib.sha256()
        try:
            with Path(path).open("rb") as file:
                before = os.fstat(file.fileno())
                # A file that somebody appends to may never end.
                while file.tell() <= before.st_size and (piece := file.read(_PIECE)):
                    digest.update(piece)
                    if progress is not None:
                        progress(len(piece))
                after = os.fstat(file.fileno())
        except FileNotFoundError:
            raise SourceError(path, None, "there is no such file") from None
        except OSError as error:
            raise SourceError(path, None, f"cannot be read: {error.strerror}") from None
        if _stamp(before) != _stamp(after):
            raise SourceError(path, None, "changed while it was read", "wait until it is written whole")
        return cls(str(Path(path).absolute()), *_stamp(after), now_ns, digest.hexdigest())

    def is_at(self, path: str | os.PathLike[str]) -> bool:
        """Whether `path` is this very file and has not been touched since it was hashed."""
        if str(Path(path).absolute()) != self.path or self.hashed_ns - self.changed_ns < _SETTLED_NS:
            return False
        try:
            return _stamp(Path(path).stat()) == (self.size, self.modified_ns, self.changed_ns)
        except OSError:
            return False

    def check_unchanged(self) -> None:
        """Refuse a file that was touched since it was hashed, so that nothing is read that was not hashed."""
        try:
            same = _stamp(Path(self.path).stat()) == (self.size, self.modified_ns, self.changed_ns)
        except OSError:
            same = False
        if not same:
            raise SourceError(self.path, None, "changed while it was read", "wait until it is written whole")

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Content:
        """What `to_json` gave."""
        return cls(**{field.name: data[field.name] for field in fields(cls)})


def _stamp(stat: os.stat_result) -> tuple[int, int, int]:
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def said_by_name(kind: str, path: str | os.PathLike[str]) -> str:
    """What readers of a kind take from a file's path besides its content.

    LOBSTER's ticker and day, for instance: the same bytes under another such name are another history.

    >>> said_by_name("databento-mbo", "here/a.csv") == said_by_name("databento-mbo", "there/b.csv")
    True
    """
    name = Path(path).name
    if kind in ("databento-mbo", "sample"):
        return ""
    if kind == "lobster":
        said = LobsterName.parse(path)
        return name if said is None else re.split(r"\.csv", name)[0]
    if kind == "itch":
        return name
    if is_lean(os.fspath(path)):
        return named_market(os.fspath(path))
    # Endings tell how a file is packed, which the bytes tell as well.
    return "" if kind == "bars" else name.split(".", 1)[0]


def identity(
    kind: str,
    files: Sequence[tuple[str | os.PathLike[str], str]],
    options: Mapping[str, Any],
) -> str:
    """Digest of what decides what a reader makes of files: the kind, their bytes and names, and the options.

    Parameters
    ----------
    kind
        Name of the format.
    files
        Path and sha256 of each file, in the order in which the reader takes them.
    options
        What the reader was given besides; those that are not given make no difference.
    """
    plain = plain_options(options)
    # Of a table's name nothing is taken but the symbol, where none is given.
    symbol = kind == "ticks" and plain.get("rules", {}).get("symbol")
    asked = {
        "kind": kind,
        "files": [[digest, "" if symbol else said_by_name(kind, path)] for path, digest in files],
        "options": plain,
    }
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def plain_options(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options as plain JSON values, without those that are not given.

    >>> plain_options({"symbol": "ABC", "date": None})
    {'symbol': 'ABC'}
    """
    made = {name: _plain(value) for name, value in options.items()}
    return {name: value for name, value in sorted(made.items()) if value not in (None, "", {}, [])}


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        default = type(value)() if not _needed(value) else None
        return {
            field.name: _plain(getattr(value, field.name))
            for field in fields(value)
            if default is None or getattr(value, field.name) != getattr(default, field.name)
        }
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in sorted(value.items())}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    return str(value)


def _needed(value: Any) -> bool:
    """Whether a dataclass cannot be made from nothing, so that it has no defaults to compare with."""
    try:
        type(value)()
    except TypeError:
        return True
    return False
