"""Which code made a report."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from pathlib import Path

from workbench import __version__

_ROOT = Path(__file__).resolve().parents[2]


def code_version(notebook: Path) -> str:
    """The package's version, and a hash of its sources, the pages' and the notebook's.

    It does not depend on where they lie: a checkout and a wheel of the same sources say the same.
    """
    digest = blake2b(sources(), digest_size=6)
    digest.update(notebook.read_bytes())
    return f"{__version__}+{digest.hexdigest()}"


@cache
def sources() -> bytes:
    """A hash of the package's and the pages' sources."""
    digest = blake2b(digest_size=16)
    for package in ("dashboards", "workbench"):
        for path in sorted((_ROOT / package).rglob("*.py")):
            name = path.relative_to(_ROOT).as_posix()
            # The build of the browser's side stays with the sources, and no report needs it.
            if name.startswith("dashboards/frontend/"):
                continue
            digest.update(name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.digest()
