"""`python -m tests.reporting.pictures`: pictures of each report, made of the committed sample day.

The day is run as the README says, each report is made by the command line, and a browser without a network
opens the file. What they show is made by seeds, so two runs differ in the origin at their foot alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from tests.conftest import ROOT
from tests.dashboards.browser.conftest import FLAGS, NAMES
from tests.dashboards.screenshots import FOLDER, keep
from workbench.reporting import reports

SESSION = "sample_day"
SIZE = (1100, 900)
SUBJECTS = dict.fromkeys(("class_summary", "execution_quality"), ("--class", "all"))
"""Whose report it is; ann's unless said here."""


def run(*words: str) -> None:
    """A command as it is typed."""
    subprocess.run(
        [sys.executable, "-c", "from workbench.cli import app; app()", *words], cwd=ROOT, check=True
    )


def picture(browser: Browser, page: Path, target: Path) -> None:
    """A whole report as somebody without a network sees it."""
    context = browser.new_context(viewport={"width": SIZE[0], "height": SIZE[1]}, offline=True)
    shown = context.new_page()
    complaints: list[str] = []
    shown.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    shown.on("pageerror", lambda error: complaints.append(str(error)))
    shown.goto(page.as_uri())
    shown.wait_for_load_state("networkidle")
    # Charts below the fold are drawn when they are first seen.
    shown.set_viewport_size({"width": SIZE[0], "height": shown.evaluate("document.body.scrollHeight")})
    shown.wait_for_timeout(500)
    if complaints:
        raise RuntimeError(f"{page} complains: {complaints}")
    keep(shown.screenshot(full_page=True), target)
    context.close()


def main(folder: Path) -> None:
    """Write all pictures of reports anew."""
    chromium = next(filter(None, map(shutil.which, NAMES)), None)
    if chromium is None:
        raise SystemExit("pictures of reports need Chromium: install it (make services does so on Debian)")
    with tempfile.TemporaryDirectory(prefix="pictures-") as made, sync_playwright() as playwright:
        root = Path(made)
        run("run", "data/scenarios/sample_day.toml", "--session", SESSION, "--data", made)
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for name in reports():
            whose = SUBJECTS.get(name, ("--account", "ann"))
            out = root / "pictures" / name
            run("report", name, "--session", SESSION, *whose, "--out", str(out), "--data", made)
            picture(browser, next(out.glob("*.html")), folder / f"report-{name.replace('_', '-')}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
