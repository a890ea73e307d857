"""What the journal says when something is wrong: one sentence with file, offset and remedy."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import JournalError

VERIFY = "`workbench journal verify` tells what is affected, `workbench journal repair` keeps what is whole"

_REMEDIES = {
    errno.ENOSPC: "free space on this disk, then open the journal again: what was acknowledged is in it",
    errno.EDQUOT: "free some of your quota, then open the journal again: what was acknowledged is in it",
    errno.EROFS: "mount the disk for writing, or name a folder elsewhere",
    errno.EACCES: "run as the user that owns it, or change its owner or its permissions",
    errno.EPERM: "run as the user that owns it, or change its owner or its permissions",
    errno.ENOENT: "name a folder that exists",
    errno.ENOTDIR: "name a folder, not a file",
    errno.EIO: "the disk may be failing: copy the folder to another disk before anything else",
}


def damaged(path: Path, offset: int, what: str) -> JournalError:
    """A file whose bytes are not what was written."""
    return JournalError(what, f"{path}, offset {offset}", VERIFY)


@contextmanager
def disk_errors(path: Path, what: str, offset: int | None = None) -> Iterator[None]:
    """Turn what the disk says against a file into a sentence."""
    try:
        yield
    except OSError as error:
        raise said_by_disk(path, what, error, offset) from error


def said_by_disk(path: Path, what: str, error: OSError, offset: int | None = None) -> JournalError:
    """The sentence for an error of the disk."""
    reason = error.strerror or (os.strerror(error.errno) if error.errno else str(error))
    where = str(path) if offset is None else f"{path}, offset {offset}"
    return JournalError(f"{what}: {reason}", where, _REMEDIES.get(error.errno or 0, ""))
