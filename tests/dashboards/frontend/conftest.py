"""The front end with its packages, for tests that build something of it."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from dashboards.frontend import bundles

NPM = shutil.which("npm")


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    """A copy of the front end with its packages, as the lock names them."""
    if NPM is None:
        # CI has npm, so nothing stays untested there.
        assert not os.environ.get("CI"), "CI needs npm to rebuild the pages"
        pytest.skip("npm is not installed, so the pages cannot be rebuilt here (on Debian: apt install npm)")
    copy = tmp_path_factory.mktemp("dashboards") / "frontend"
    shutil.copytree(bundles.FRONTEND, copy, ignore=shutil.ignore_patterns("node_modules", "__pycache__"))
    command = [NPM, "ci", "--no-audit", "--no-fund", "--prefer-offline"]
    done = subprocess.run(command, cwd=copy, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return copy
