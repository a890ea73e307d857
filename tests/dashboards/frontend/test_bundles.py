"""The committed bundles are built of the committed sources, and tests written in TypeScript pass."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from dashboards.frontend import bundles
from tests.programs import program

REMEDY = "run `make frontend` and commit dashboards/assets"


def run(*command, cwd=bundles.FRONTEND):
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, f"{' '.join(map(str, command))}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.mark.parametrize("name", bundles.BUNDLES)
def test_a_bundle_is_of_the_sources_that_are_here(name):
    assert bundles.hash_in(bundles.ASSETS / name) == bundles.sources_hash(), REMEDY


def test_a_changed_source_changes_the_hash(tmp_path, monkeypatch):
    before = bundles.sources_hash()
    copy = tmp_path / "frontend"
    shutil.copytree(bundles.FRONTEND, copy, ignore=shutil.ignore_patterns("node_modules"))
    monkeypatch.setattr(bundles, "FRONTEND", copy)
    assert bundles.sources_hash() == before
    page = copy / "src" / "theme" / "theme.css"
    page.write_text(page.read_text("utf-8") + "\n", "utf-8")
    assert bundles.sources_hash() != before


def test_what_is_bundled_is_named_with_its_licence():
    text = (bundles.ASSETS / "LICENCES.txt").read_text("utf-8")
    for package in (
        "preact",
        "@preact/signals",
        "@preact/signals-core",
        "lightweight-charts",
        "fancy-canvas",
    ):
        part = text.partition(f"\n{package} ")[2].partition("\n-----")[0]
        assert "Copyright (c) 20" in part
    # The bundle has no comments, so the notice at the top of a packaged file stands there.
    assert "Lightweight Charts™ v" in text


@pytest.mark.slow
def test_building_again_gives_the_same_bytes(packages, tmp_path):
    run("node", "build.mjs", "--out", str(tmp_path), cwd=packages)
    for name in (*bundles.BUNDLES, "LICENCES.txt"):
        assert (tmp_path / name).read_bytes() == (bundles.ASSETS / name).read_bytes(), f"{name}: {REMEDY}"


@pytest.mark.slow
def test_the_types_fit(packages):
    run(program("npm"), "run", "--silent", "check", cwd=packages)


@pytest.mark.slow
def test_tests_in_typescript_pass(packages):
    assert "\n# fail 0\n" in run("node", "test.mjs", cwd=packages)
