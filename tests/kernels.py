"""Compiles the kernels that are not in the cache yet, as many rooms at a time as there are cores.

`python -m tests.kernels` compiles them as they run and with every index checked. Tests that start in several
processes would each compile all of them first, side by side and to the same end.
"""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "workbench"
MODES = ({}, {"NUMBA_BOUNDSCHECK": "1"})


def rooms() -> dict[str, list[str]]:
    """Modules that compile a kernel, by room; the engine, which takes longest, comes first."""
    found: dict[str, list[str]] = {}
    for source in sorted(PACKAGE.rglob("*.py")):
        if "\n@entry(" in source.read_text("utf-8"):
            name = ".".join((PACKAGE.name, *source.relative_to(PACKAGE).with_suffix("").parts))
            found.setdefault(source.relative_to(PACKAGE).parts[0], []).append(name)
    return dict(sorted(found.items(), key=lambda room: room[0] != "engine"))


def _compile(modules: list[str], mode: dict[str, str]) -> None:
    subprocess.run([sys.executable, "-c", f"import {', '.join(modules)}"], env=os.environ | mode, check=True)


def main() -> None:
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [pool.submit(_compile, modules, mode) for modules in rooms().values() for mode in MODES]
    for job in jobs:
        job.result()


if __name__ == "__main__":
    main()
