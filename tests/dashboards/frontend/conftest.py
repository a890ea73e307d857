"""The front end with its packages, for tests that build something of it."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from dashboards.frontend import bundles
from tests.programs import program


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """A copy of the front end with its packages, as the lock names them."""
    npm, _ = program("npm"), program("node")
    copy = tmp_path_factory.mktemp("dashboards") / "frontend"
    shutil.copytree(bundles.FRONTEND, copy, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    command = [npm, "ci", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr
    return copy
