"""Compiled kernels are found again, and never those of other sources."""

from __future__ import annotations

import ast
import os
import pkgutil
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import workbench
from tests.conftest import ROOT
from workbench import jit
from workbench.jit import array_of, entry, hash31, highest_bit, leaf, lowest_bit

PACKAGE = ROOT / "workbench"
MARK = jit._KERNEL_MARK.decode()

TINY = """
from workbench.jit import array_of, entry
from workbench.matching.tiny_helper import helper

@entry(array_of("i8"))
def kernel(numbers):
    numbers[0] = helper(numbers[0])
"""

HELPER = """
from workbench.jit import leaf
from workbench.domain.tiny_constant import STEP

@leaf
def helper(number):
    return number + STEP
"""

RUN = """
import json, numpy as np
import workbench.jit as jit
from workbench.matching.tiny import kernel
numbers = np.array([1])
kernel(numbers)
stats = kernel.stats
print(json.dumps([int(numbers[0]), sum(stats.cache_hits.values()), sum(stats.cache_misses.values())]))
"""


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the package's sources."""
    copy = tmp_path / "copy" / "workbench"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def folder_of(package: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of the cache folder that a package's `jit` would choose."""
    monkeypatch.setattr(jit, "__file__", str(package / "jit.py"))
    return jit.cache_folder.__wrapped__().name


class TestCacheFolder:
    def test_is_the_same_for_the_same_sources(self, copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        assert folder_of(copied, monkeypatch) == folder_of(PACKAGE, monkeypatch)

    @pytest.mark.parametrize(
        "source",
        [
            "jit.py",
            "matching/ladder.py",
            "matching/table.py",
            "ledger/lots.py",
            "risk/checks.py",
            "engine/step.py",
            "engine/snapshot.py",
            "domain/memory.py",
            "domain/records.py",
            "domain/numbers.py",
            "domain/codes.py",
        ],
    )
    def test_changes_with_a_kernel_or_the_vocabulary(
        self, source: str, copied: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = folder_of(copied, monkeypatch)
        with (copied / source).open("a") as file:
            file.write("\n")
        assert folder_of(copied, monkeypatch) != before

    def test_changes_when_a_kernel_moves(self, copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = folder_of(copied, monkeypatch)
        (copied / "risk" / "checks.py").rename(copied / "risk" / "limits.py")
        assert folder_of(copied, monkeypatch) != before

    def test_of_a_room_changes_with_the_rooms_it_may_call_alone(
        self, copied: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rooms = ("engine", "feed", "projections", "analytics")

        def folders() -> list[str]:
            monkeypatch.setattr(jit, "__file__", str(copied / "jit.py"))
            return [jit.cache_folder.__wrapped__(room).name for room in rooms]

        (copied / "projections").mkdir(exist_ok=True)
        changes = {
            "engine/tiny.py": [True, False, False, False],
            "feed/tiny.py": [True, True, True, False],
            "projections/tiny.py": [False, False, True, False],
            "analytics/tiny.py": [False, False, False, True],
            "ledger/tiny.py": [True, False, True, False],
            "domain/tiny.py": [True, True, True, True],
        }
        for source, expected in changes.items():
            before = folders()
            (copied / source).write_text("from workbench.jit import leaf\n")
            changed = [new != old for new, old in zip(folders(), before, strict=True)]
            assert changed == expected, source

    @pytest.mark.parametrize("source", ["errors.py", "feed/lobster.py", "engine/exchange.py", "cli/chart.py"])
    def test_stays_when_another_file_changes(
        self, source: str, copied: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = folder_of(copied, monkeypatch)
        with (copied / source).open("a") as file:
            file.write("\nNOTHING = 1\n")
        (copied / "notes.txt").write_text("from workbench.jit import leaf")
        assert folder_of(copied, monkeypatch) == before

    def test_changes_with_bounds_checking(self, monkeypatch: pytest.MonkeyPatch) -> None:
        before = jit.cache_folder.__wrapped__()
        monkeypatch.setattr(jit.config, "BOUNDSCHECK", 0 if jit.config.BOUNDSCHECK else 1)
        assert jit.cache_folder.__wrapped__() != before

    def test_is_where_the_settings_say(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        home, caches, chosen = (tmp_path / name for name in ("home", "caches", "chosen"))
        for name in ("WORKBENCH_CACHE_DIR", "XDG_CACHE_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(home))
        found = jit.cache_folder.__wrapped__
        assert found().parent == home / ".cache" / "workbench"
        monkeypatch.setenv("XDG_CACHE_HOME", str(caches))
        assert found().parent == caches / "workbench"
        monkeypatch.setenv("WORKBENCH_CACHE_DIR", str(chosen))
        assert found().parent == chosen
        # Set to nothing is not set.
        monkeypatch.setenv("WORKBENCH_CACHE_DIR", "")
        assert found().parent == caches / "workbench"
        assert not any(folder.exists() for folder in (home, caches, chosen))


def run_tiny(package: Path, cache: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    """The tiny kernel in a process of its own."""
    environment = {
        **os.environ,
        "PYTHONPATH": str(package.parent),
        "PYTHONDONTWRITEBYTECODE": "1",
        **settings,
    }
    environment["WORKBENCH_CACHE_DIR"] = str(cache)
    for name in ("NUMBA_DISABLE_JIT", "NUMBA_BOUNDSCHECK", "NUMBA_CACHE_DIR"):
        if name not in settings:
            environment.pop(name, None)
    return subprocess.run(
        [sys.executable, "-c", RUN],
        cwd=package.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def write_tiny(package: Path, step: int = 1) -> None:
    (package / "domain" / "tiny_constant.py").write_text(f"STEP = {step}\n")
    (package / "matching" / "tiny_helper.py").write_text(HELPER)
    (package / "matching" / "tiny.py").write_text(TINY)


def result(done: subprocess.CompletedProcess[str]) -> list[int]:
    """Result, loads from the cache, compilations."""
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return [int(number) for number in done.stdout.strip("[]\n").split(",")]


class TestFreshProcess:
    # Whole processes: what must hold is that one finds what another left.

    def test_loads_what_another_compiled_and_sees_every_edit(self, copied: Path, tmp_path: Path) -> None:
        cache = tmp_path / "cache"
        write_tiny(copied)
        assert result(run_tiny(copied, cache)) == [2, 0, 1]
        assert result(run_tiny(copied, cache)) == [2, 1, 0]
        # An edit in the vocabulary, two files away from the kernel.
        write_tiny(copied, step=5)
        assert result(run_tiny(copied, cache)) == [6, 0, 1]
        assert len(list(cache.iterdir())) == 2
        # Bounds-checked machine code is other code.
        assert result(run_tiny(copied, cache, NUMBA_BOUNDSCHECK="1")) == [6, 0, 1]
        assert len(list(cache.iterdir())) == 3
        # Nothing is left beside the sources.
        assert not list(copied.rglob("*.nb?"))

    def test_works_where_nothing_can_be_kept_and_says_so_once(self, copied: Path, tmp_path: Path) -> None:
        write_tiny(copied)
        file = tmp_path / "file"
        file.write_text("not a folder")
        done = run_tiny(copied, file / "cache")
        assert done.stdout == "[2, 0, 1]\n"
        assert done.stderr.count("kernels are compiled anew at each start, for ") == 1
        assert (
            "cannot be written (Not a directory); set WORKBENCH_CACHE_DIR to a folder that can be"
            in done.stderr
        )
        assert "Traceback" not in done.stderr
        assert not list(copied.rglob("*.nb?"))


def sources_of_kernels() -> dict[str, Path]:
    """Modules whose text is part of the folder's name."""
    found = {}
    for source in PACKAGE.rglob("*.py"):
        name = ".".join(("workbench", *source.relative_to(PACKAGE).with_suffix("").parts))
        if MARK in source.read_text() or source.parent.name == "domain" or name == "workbench.jit":
            found[name] = source
    return found


def imported_names(source: Path) -> dict[str, str]:
    """Where each name comes from that a module imports from this package."""
    return {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(ast.parse(source.read_text()))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("workbench")
        for alias in node.names
    }


def code_of(value: Any) -> Any:
    """Code of a kernel or helper, compiled or not."""
    return getattr(getattr(value, "py_func", value), "__code__", None)


@pytest.mark.kernel
def test_kernels_take_nothing_from_a_source_outside_the_key() -> None:
    sources, helpers, outside = sources_of_kernels(), 0, []
    for name, source in sources.items():
        if ".domain." in name or name == "workbench.jit" or not jit.COMPILED:
            continue
        imports, module = imported_names(source), import_module(name)
        for value in vars(module).values():
            if hasattr(value, "py_func") and value.py_func.__module__ == name:
                helpers += 1
                used = {imports[n] for n in code_of(value).co_names if n in imports}
                outside += [(name, value.py_func.__name__, each) for each in used if each not in sources]
    assert outside == []
    assert helpers > 100 or not jit.COMPILED


def test_every_module_can_be_found() -> None:
    # What the test above looks at is what there is.
    names = {module.name for module in pkgutil.walk_packages(workbench.__path__, "workbench.")}
    assert {name for name in sources_of_kernels() if not name.endswith("__init__")} <= names


# The bit tricks, compiled and as plain Python.

WORDS, INTS = array_of("u8"), array_of("i8")


@entry(WORDS, INTS)
def find_bits(words: Any, found: Any) -> None:
    """Lowest and highest set bit of the first word."""
    found[0] = lowest_bit(words[0])
    found[1] = highest_bit(words[0])


@entry(INTS, INTS)
def hash_one(numbers: Any, found: Any) -> None:
    """Hash of a key with a salt."""
    found[0] = hash31(numbers[0], numbers[1])


@pytest.mark.kernel
class TestBits:
    @given(word=st.one_of(st.integers(1, 2**64 - 1), st.integers(0, 63).map(lambda bit: 1 << bit)))
    def test_lowest_and_highest(self, word: int) -> None:
        found = np.zeros(2, dtype=np.int64)
        find_bits(np.array([word], dtype=np.uint64), found)
        assert found.tolist() == [(word & -word).bit_length() - 1, word.bit_length() - 1]

    @given(key=st.integers(-(2**63), 2**63 - 1), salt=st.integers(-(2**63), 2**63 - 1))
    @example(key=-1, salt=-1)
    @example(key=-(2**63), salt=2**63 - 1)
    def test_hash_is_the_one_that_is_written_down(self, key: int, salt: int) -> None:
        found = np.zeros(1, dtype=np.int64)
        hash_one(np.array([key, salt], dtype=np.int64), found)
        mask = 2**64 - 1
        mixed = (key + salt * jit._MURMUR) * jit._GOLDEN & mask
        mixed = (mixed ^ mixed >> 32) * jit._MURMUR & mask
        assert found[0] == mixed >> 33
        assert 0 <= found[0] < 2**31


@pytest.mark.kernel
def test_leaves_are_plain_functions_when_nothing_is_compiled() -> None:
    def plain(number: int) -> int:
        return number + 1

    if jit.COMPILED:
        assert leaf(plain) is not plain
    else:
        assert leaf(plain) is plain
        assert entry(INTS)(plain) is plain
