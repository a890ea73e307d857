"""axe-core, the accessibility checker, in the version that the front end's lock names."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dashboards.frontend.bundles import FRONTEND
from tests.programs import missing

if TYPE_CHECKING:
    from playwright.sync_api import Page

GRAVE = ("serious", "critical")
_NAME = "axe-core"
_PROGRAM = "axe.min.js"


def program(folder: Path) -> str:
    """Its text: the front end's own package if it is there, else fetched into a folder; skips without npm."""
    lock = json.loads((FRONTEND / "package-lock.json").read_text("utf-8"))
    version = lock["packages"][f"node_modules/{_NAME}"]["version"]
    installed = FRONTEND / "node_modules" / _NAME
    if not _is(installed, version):
        npm = shutil.which("npm") or missing("npm")
        command = [npm, "install", "--no-save", "--no-package-lock", "--ignore-scripts", "--prefer-offline"]
        quiet = ["--no-audit", "--no-fund", "--silent"]
        # Within the folder, not by --prefix, which would have npm forget the machine's own settings.
        (folder / "package.json").write_text("{}", "utf-8")
        whole = [*command, *quiet, f"{_NAME}@{version}"]
        done = subprocess.run(whole, cwd=folder, capture_output=True, text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stderr + done.stdout
        installed = folder / "node_modules" / _NAME
        assert _is(installed, version)
    return (installed / _PROGRAM).read_text("utf-8")


def _is(folder: Path, version: str) -> bool:
    about = folder / "package.json"
    return about.is_file() and json.loads(about.read_text("utf-8"))["version"] == version


def findings(page: Page, program: str, *rules: str) -> list[str]:
    """What is serious or critical on a page as it is now, each with the first elements it is about.

    Parameters
    ----------
    page
        The page.
    program
        Text of axe-core. It is evaluated, for the page's own policy lets no other script in.
    rules
        Those to look for; all unless given.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(program)
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rules:
        options["runOnly"] = {"type": "rule", "values": list(rules)}
    found = page.evaluate("options => axe.run(document, options).then(({violations}) => violations)", options)
    return [_said(each) for each in found if each["impact"] in GRAVE]


def _said(violation: dict[str, Any]) -> str:
    places = "; ".join(str(node["html"])[:140] for node in violation["nodes"][:3])
    return (
        f"{violation['impact']} {violation['id']}: {violation['help']} ({len(violation['nodes'])}): {places}"
    )
