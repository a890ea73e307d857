"""Which sources the committed bundles were made of.

The build script writes a hash of all sources into the first line of each bundle; the same hash made here
tells, without Node, whether somebody changed a source and did not build.
"""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import Final

FRONTEND: Final = Path(__file__).parent
ASSETS: Final = FRONTEND.parent / "assets"
BUNDLES: Final = ("desk.js", "control.js", "login.js", "reports.js", "theme.css")

_FIRST_LINE = re.compile(r"/\* workbench sources ([0-9a-f]{64});")


def sources() -> list[Path]:
    """Return everything that a bundle is made of, in the order of the hash."""
    found = [
        path
        for path in (FRONTEND / "src").rglob("*")
        if path.is_file() and not path.name.endswith(".test.ts")
    ]
    return [
        *(FRONTEND / name for name in ("build.mjs", "package-lock.json", "tsconfig.json")),
        *sorted(found, key=_name),
    ]


def sources_hash() -> str:
    """Return the SHA-256 over names, lengths and contents of the sources; `build.mjs` makes the same."""
    total = sha256()
    for path in sources():
        content = path.read_bytes()
        total.update(f"{_name(path)}\n{len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def hash_in(bundle: Path) -> str:
    """Return the hash of the sources that a bundle says it was made of; empty when it says none."""
    with bundle.open(encoding="utf-8") as lines:
        found = _FIRST_LINE.match(lines.readline())
    return found[1] if found else ""


def _name(path: Path) -> str:
    return path.relative_to(FRONTEND).as_posix()
