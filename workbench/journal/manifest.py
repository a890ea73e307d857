"""The manifest of a session: which files are its tables, with their hashes; one file, replaced in one step.

Readers see exactly the files that the manifest names. So a publish or a compaction happens in one moment,
when the new manifest takes the place of the old one, whatever else is in the folder.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

import msgspec

from workbench.domain.config import Venue, venue_from_json
from workbench.errors import ConfigError, StoreError
from workbench.journal.place import MANIFEST
from workbench.journal.remedies import WITHOUT, rebuild
from workbench.journal.whole import write_whole

FORMAT = 1
OPEN, SEALED = "open", "sealed"

ENDED = "ended"
"""Key of a manifest's `more`: how a sealed session came to its end, CLOSED if not said."""

CLOSED, RECOVERED, REBUILT = "closed", "recovered", "rebuilt"

_HEAD_BYTES = 64


@dataclass(frozen=True, slots=True)
class Part:
    """One Parquet file of a session.

    Parameters
    ----------
    table
        Name of its table.
    interval
        Interval of its candles; empty for other tables.
    path
        Its place in the session's folder, with `/`.
    rows, bytes, sha256
        What it must hold.
    schema
        Hash of the table's columns (`workbench.journal.tables.Table.hash`).
    first_seq, last_seq
        Events that it covers.
    min_time_ns, max_time_ns
        Earliest and latest time of its rows; None without rows.
    """

    table: str
    interval: str
    path: str
    rows: int
    bytes: int
    sha256: str
    schema: str
    first_seq: int
    last_seq: int
    min_time_ns: int | None
    max_time_ns: int | None


@dataclass(frozen=True, slots=True)
class Retired:
    """A file that a compaction replaced, kept for those who still read it."""

    path: str
    bytes: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything there is to know about a session without opening its tables.

    Parameters
    ----------
    session
        Its name, and that of its folder.
    about
        What it was made of: `venue` (as `venue_to_json` has it), `zone`, `title`, `names` of orders, `kind`.
    generation
        Counts the manifests of a session.
    state
        `open` while it is being written, `sealed` at its end.
    seq
        Last event that the tables know of.
    commands, events
        How many there were.
    state_hash
        Hash of the exchange's state after event `seq`; empty when it was not taken.
    created_ns, written_ns
        Clock time of the first and of this manifest, nanoseconds since 1970 UTC.
    next_part
        Number of the next file.
    journal
        Identity of its journal, 32 hex digits; empty when it is not known.
    more
        Whatever else the writer wants to be kept.
    parts, retired
        The files that are the session, and those that no longer are.
    """

    session: str
    about: dict[str, Any]
    generation: int = 0
    state: str = OPEN
    seq: int = 0
    commands: int = 0
    events: int = 0
    state_hash: str = ""
    created_ns: int = 0
    written_ns: int = 0
    next_part: int = 1
    journal: str = ""
    more: dict[str, Any] = field(default_factory=dict)
    parts: tuple[Part, ...] = ()
    retired: tuple[Retired, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """Rows of each table that has any file; candles of all intervals together."""
        rows: Counter[str] = Counter()
        for part in self.parts:
            rows[part.table] += part.rows
        return dict(rows)

    @property
    def bytes(self) -> int:
        """Bytes of its tables' files."""
        return sum(part.bytes for part in self.parts)


def encode(manifest: Manifest) -> bytes:
    """A manifest as JSON: its generation first, a hash of all the rest last."""
    content = _content(manifest)
    whole = msgspec.json.encode({**content, "hash": _hash(content)})
    # A running session writes one every other second beside those who trade, so no loop of Python's own.
    return msgspec.json.format(whole, indent=1) + b"\n"


def _content(manifest: Manifest) -> dict[str, Any]:
    plain = _plain(manifest)
    plain["parts"] = [_plain(part) for part in manifest.parts]
    plain["retired"] = [_plain(part) for part in manifest.retired]
    return {
        "generation": plain.pop("generation"),
        "format": FORMAT,
        **{name: plain.pop(name) for name in ("session", "state")},
        "counts": manifest.counts,
        **plain,
    }


def _plain(record: Manifest | Part | Retired) -> dict[str, Any]:
    """The fields of a record; `asdict` would copy all that is in them."""
    return {each.name: getattr(record, each.name) for each in fields(record)}


def _hash(content: dict[str, Any]) -> str:
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Put the next generation of a manifest in the place of the present one; returns it."""
    newer = replace(manifest, generation=manifest.generation + 1)
    write_whole(folder / MANIFEST, encode(newer))
    return newer


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a session's folder, whole and unedited, or a `StoreError` that says why not."""
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise StoreError(
            f"session {folder.name!r} has no {MANIFEST}",
            str(folder),
            f"{rebuild(folder.name)}; or move the folder away, or {WITHOUT}",
        ) from None
    except OSError as error:
        raise StoreError(f"cannot be read: {error.strerror}", str(path)) from None
    return decode(data, path)


def decode(data: bytes, path: Path) -> Manifest:
    """The manifest that `encode` wrote; `path` is where it is from."""

    def refused(what: str) -> StoreError:
        return StoreError(
            what,
            str(path),
            f"restore the file, or {rebuild(path.parent.name)}, or {WITHOUT}",
        )

    try:
        content: dict[str, Any] = json.loads(data)
        told, version = content.pop("hash"), content["format"]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise refused("is no manifest of a session") from None
    if version != FORMAT:
        raise StoreError(
            f"is a manifest of format {version!r}, expected {FORMAT}",
            str(path),
            "read it with its own version",
        )
    if told != _hash(content):
        raise refused("was edited or damaged: its content does not have the hash that it states")
    try:
        known = {each.name for each in fields(Manifest)}
        manifest = Manifest(
            **{
                **{name: value for name, value in content.items() if name in known},
                "parts": tuple(Part(**part) for part in content["parts"]),
                "retired": tuple(Retired(**part) for part in content["retired"]),
            }
        )
    except (KeyError, TypeError):
        raise refused("lacks what a manifest must have") from None
    if any(".." in Path(part.path).parts or Path(part.path).is_absolute() for part in manifest.parts):
        raise refused("names a file outside its folder")
    if manifest.session != path.parent.name:
        raise StoreError(
            f"is the manifest of session {manifest.session!r}, but its folder is called {path.parent.name!r}",
            str(path),
            f"give the folder its name {manifest.session!r} again",
        )
    return manifest


def generation_of(folder: Path) -> int:
    """Generation of the manifest in a folder, from its first bytes alone; -1 when it cannot be told."""
    try:
        with (folder / MANIFEST).open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError:
        return -1
    word = head.partition(b'"generation":')[2].partition(b",")[0].strip()
    return int(word) if word.isdigit() else -1


def venue_of(manifest: Manifest) -> Venue:
    """The venue of a session."""
    try:
        return venue_from_json(manifest.about["venue"])
    except (ConfigError, KeyError) as error:
        raise StoreError(
            f"its venue is not one of this version: {error}",
            f"session {manifest.session!r}",
            f"read it with its own version, or {WITHOUT}",
        ) from None
