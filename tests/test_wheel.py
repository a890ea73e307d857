"""The wheel: the pages and what they are built to are in it, and what they are built of is not."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
        timeout=600,
    )
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    with ZipFile(wheel) as files:
        files.extractall(site)
    return site


def _elsewhere() -> list[str]:
    """What else is on the path of modules, without the sources."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return [each for each in given if each and Path(each).resolve() != ROOT]


def test_it_has_the_pages_and_not_their_sources(unpacked: Path) -> None:
    names = {file.relative_to(unpacked).as_posix() for file in unpacked.rglob("*") if file.is_file()}
    committed = subprocess.run(
        ["git", "ls-files", "dashboards", "pipelines", "workbench"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split()
    expected = {name for name in committed if not name.startswith("dashboards/frontend/")}
    assert {"dashboards/auth.py", "dashboards/assets/desk.js", "dashboards/assets/LICENCES.txt"} <= expected
    assert not expected - names
    assert "workbench/reporting/notebooks/daily_pnl.ipynb" in names
    assert not [name for name in names if "node_modules" in name or name.endswith((".ts", ".tsx"))]
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {
        "workbench",
        "dashboards",
        "pipelines",
    }


def test_the_pages_are_found_where_it_is_installed(unpacked: Path, tmp_path: Path) -> None:
    code = (
        "import dashboards.serving.files as f, dashboards.serving, workbench; "
        "print(f.Files({'/assets/': f.ASSETS}).address_of('/assets/desk.js'), workbench.__file__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        # Kernels of another place would all be compiled anew, and none runs here.
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(unpacked), *_elsewhere()]),
            "NUMBA_DISABLE_JIT": "1",
        },
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    address, file = done.stdout.split()
    assert address.startswith("/assets/desk.js?v=")
    assert Path(file).is_relative_to(unpacked)
