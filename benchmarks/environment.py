"""The peers' own environment, and running them in it: arrays go in as .npy, results come back as JSON."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parent
VENV = ROOT / ".venv-peers"
PINS = HERE / "peers.txt"
OUT = ROOT / "out" / "bench"
PYTHON = VENV / "bin" / "python"


class PeerMissingError(RuntimeError):
    """A peer cannot be measured; the message says why."""


@cache
def peers_python() -> Path:
    """The Python of the peers' environment, which is built when it is missing or its pins have changed."""
    stamp = VENV / ".stamp"
    digest = hashlib.blake2b(PINS.read_bytes() + sys.version.encode(), digest_size=16).hexdigest()
    if stamp.exists() and stamp.read_text() == digest:
        return PYTHON
    print(f"Installing the peers into {VENV.name}; the first time this takes a minute or two ...", flush=True)
    base = sys._base_executable if hasattr(sys, "_base_executable") else sys.executable  # noqa: SLF001 - the Python under our own environment
    if shutil.which("uv"):
        steps = [
            ["uv", "venv", "--quiet", "--clear", "--python", base, str(VENV)],
            ["uv", "pip", "install", "--quiet", "--python", str(PYTHON), "-r", str(PINS)],
        ]
    else:
        steps = [
            [base, "-m", "venv", "--clear", str(VENV)],
            [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(PINS)],
        ]
    for step in steps:
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode:
            last = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
            raise PeerMissingError(f"the peers' environment could not be built: {' '.join(last)}")
    stamp.write_text(digest)
    return PYTHON


def run_peer(script: str, folder: Path, *arguments: str) -> dict[str, Any]:
    """Run `benchmarks/peers/<script>.py` on the arrays in `folder`; returns the result it wrote there."""
    result = folder / f"{script}.json"
    result.unlink(missing_ok=True)
    done = subprocess.run(
        [str(peers_python()), str(HERE / "peers" / f"{script}.py"), str(folder), str(result), *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode or not result.exists():
        last = done.stderr.strip().splitlines()[-1:]
        raise PeerMissingError(f"{script} failed: {' '.join(last) or done.returncode}")
    content: dict[str, Any] = json.loads(result.read_text())
    return content
