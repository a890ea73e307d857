"""States saved beside the segments, so that recovery starts from one and not from the first command."""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from crc32c import crc32c

from workbench.domain.views import STATE_SCHEMA
from workbench.errors import JournalError
from workbench.journal.disk import REAL, Disk, read_file, write_file
from workbench.journal.refusals import disk_errors
from workbench.journal.segments import Position, survey

log = logging.getLogger(__name__)

ENDING: Final = ".wbs"
_NAME = re.compile(r"(\d{20})\.wbs")
_MAGIC = b"WBSTATE\x01"
_HEADER = struct.Struct("<8s16sQQQqQQII16s64s")
_CHECKSUM = struct.Struct("<I")
HEADER_BYTES: Final = _HEADER.size + _CHECKSUM.size


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state, and where the journal stood.

    Parameters
    ----------
    path
        The file.
    journal
        Whose it is.
    epoch
        Of the writer that saved it.
    seq
        Last command that the state has in it.
    data
        The state's bytes, as they were given.
    state_hash
        The state's hash, as it was given.
    schema
        Hash of the layout of states.
    position
        Of the last frame that ends at `seq` or before it: the journal needs to be verified from there only.
    """

    path: Path
    journal: bytes
    epoch: int
    seq: int
    data: bytes
    state_hash: str
    schema: str
    position: Position


def snapshot_name(seq: int) -> str:
    """File name of the snapshot at a command."""
    return f"{seq:020d}{ENDING}"


def snapshot_files(disk: Disk, folder: Path) -> list[Path]:
    """The snapshots of a journal, the newest first."""
    return [folder / name for name in sorted(disk.list(folder), reverse=True) if _NAME.fullmatch(name)]


def write_snapshot(disk: Disk, snapshot: Snapshot) -> None:
    """Save a snapshot, whole or not at all."""
    header = _HEADER.pack(
        _MAGIC,
        snapshot.journal,
        snapshot.epoch,
        snapshot.seq,
        len(snapshot.data),
        snapshot.position.seq,
        snapshot.position.segment,
        snapshot.position.offset,
        snapshot.position.chain,
        crc32c(snapshot.data),
        snapshot.schema.encode(),
        snapshot.state_hash.encode(),
    )
    with disk_errors(snapshot.path, "the snapshot cannot be written"):
        write_file(disk, snapshot.path, header + _CHECKSUM.pack(crc32c(header)) + snapshot.data)


def read_snapshot(disk: Disk, path: Path) -> Snapshot:
    """A snapshot from its file.

    Raises
    ------
    JournalError
        When it is damaged.
    """
    with disk_errors(path, "the snapshot cannot be read"):
        raw = read_file(disk, path)
    header = raw[: _HEADER.size]
    if len(raw) < HEADER_BYTES or header[: len(_MAGIC)] != _MAGIC:
        raise JournalError("it is no snapshot of a journal", f"{path}, offset 0", _REMEDY)
    if crc32c(header) != _CHECKSUM.unpack_from(raw, _HEADER.size)[0]:
        raise JournalError("the snapshot's header is damaged", f"{path}, offset 0", _REMEDY)
    _, journal, epoch, seq, size, at_seq, segment, offset, chain, checksum, schema, state_hash = (
        _HEADER.unpack(header)
    )
    data = raw[HEADER_BYTES:]
    if len(data) != size or crc32c(data) != checksum:
        raise JournalError(
            f"the snapshot's {size:,} bytes are damaged or incomplete",
            f"{path}, offset {HEADER_BYTES}",
            _REMEDY,
        )
    if path.name != snapshot_name(seq):
        raise JournalError(f"its name is not that of command {seq}", f"{path}, offset 0", _REMEDY)
    return Snapshot(
        path,
        journal,
        epoch,
        seq,
        data,
        _text(state_hash),
        _text(schema),
        Position(at_seq, segment, offset, chain),
    )


_REMEDY = "remove the file: the one before it, or the whole journal, is used instead"


def _text(padded: bytes) -> str:
    return padded.rstrip(b"\0").decode("ascii", "replace")


def usable_snapshots(disk: Disk, folder: Path, journal: bytes, warnings: list[str]) -> Iterator[Snapshot]:
    """The snapshots that can be used, the newest first; of the others `warnings` says why not."""
    for path in snapshot_files(disk, folder):
        try:
            snapshot = read_snapshot(disk, path)
        except JournalError as error:
            warnings.append(f"snapshot not used: {error}")
            continue
        if snapshot.journal != journal:
            warnings.append(f"snapshot not used: {path}: it is of another journal")
        elif snapshot.schema != STATE_SCHEMA:
            warnings.append(
                f"snapshot not used: {path}: its state is of layout {snapshot.schema}, "
                f"and this version has {STATE_SCHEMA}"
            )
        else:
            yield snapshot


def latest_snapshot(folder: Path, upto_seq: int | None = None, *, disk: Disk = REAL) -> Snapshot | None:
    """The newest snapshot that is whole, or None; those that are not are logged.

    Parameters
    ----------
    folder
        The journal.
    upto_seq
        Of the commands up to this one.
    disk
        Where.
    """
    warnings: list[str] = []
    journal = survey(disk, folder)[0].header.journal
    try:
        for snapshot in usable_snapshots(disk, folder, journal, warnings):
            if upto_seq is None or snapshot.seq <= upto_seq:
                return snapshot
        return None
    finally:
        for warning in warnings:
            log.warning("%s", warning)


def remove_snapshots(disk: Disk, folder: Path, keep: int) -> None:
    """Remove all snapshots but the newest ones."""
    for path in snapshot_files(disk, folder)[keep:]:
        disk.remove(path)
