"""Files that appear whole or not at all, and stay when the power goes."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import StoreError

PARTIAL = ".partial"
"""Ending of files in the making, which are hidden too, so that no `*.parquet` matches them."""


def partial_of(path: Path) -> Path:
    """Where a file is made before it takes its place."""
    return path.with_name(f".{path.name}{PARTIAL}")


@contextmanager
def writing(place: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the operating system says against writing at `place` into a sentence."""
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror or error}",
            os.fspath(error.filename or place),
            "make room or give the right to write, then go on: what was published before is whole",
        ) from error


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def settle(partial: Path, path: Path) -> None:
    """Let a file that is written take its place durably: its bytes first, then its name."""
    handle = os.open(partial, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
    partial.replace(path)
    sync_folder(path.parent)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that has all of `data` or does not appear; replaces an earlier one in one step."""
    partial = partial_of(path)
    try:
        partial.write_bytes(data)
        settle(partial, path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def make_folders(folder: Path) -> None:
    """Make a folder and those above it durably."""
    if folder.is_dir():
        return
    make_folders(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def digest(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
