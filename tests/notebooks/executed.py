"""A notebook executed from top to bottom, as a person would who changes its parameters."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any

from tests.conftest import ROOT

EXPLORATION = ROOT / "notebooks" / "exploration"
_ADDRESS = re.compile(r"""<(?:script|link|img|iframe)[^>]*?(?:src|href)=["']?(?:https?:)?//""")


@dataclass(frozen=True)
class Executed:
    """What a notebook printed, and its figures' sentences by their questions."""

    printed: str
    figures: dict[str, str]
    failed: str


def execute(name: str, out: Path, *, fails: bool = False, **parameters: Any) -> Executed:
    """Run a notebook with papermill in a kernel of its own, in the notebook's folder."""
    given = [word for key, value in parameters.items() for word in ("-p", key, str(value))]
    slow = ["--no-progress-bar", "--start-timeout", "300"]
    words = ["-m", "papermill", *slow, "--cwd", str(EXPLORATION), *given]
    done = subprocess.run(
        [sys.executable, *words, str(EXPLORATION / f"{name}.ipynb"), str(out)],
        cwd=ROOT,
        # The notebook's folder is not the project's: the kernel finds this workbench wherever it stands.
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert (done.returncode != 0) == fails, done.stderr[-4_000:]
    printed, figures, failed = [], {}, ""
    for cell in json.loads(out.read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            printed += output.get("text", [])
            failed = "\n".join(output.get("traceback", [])) or failed
            page = "".join(output.get("data", {}).get("text/html", ""))
            found = re.match(r"<h3>(.*?)</h3><p>(.*?)</p>", page)
            if found:
                figures[unescape(found[1])] = unescape(found[2])
                assert not _ADDRESS.search(unescape(page)), f"{found[1]} asks for something from a network"
                assert "<iframe srcdoc=" in page, f"{found[1]} has no chart"
    return Executed("".join(printed), figures, failed)
