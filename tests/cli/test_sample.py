"""`workbench sample`, `demo` and `version`."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import workbench
from tests.conftest import ROOT
from workbench.cli import app, sampling
from workbench.engine.exchange import Exchange
from workbench.feed.sample import SEED, SESSION, write_sample

MINUTES_NS = 60_000_000_000
WORKBENCH = Path(sys.executable).with_name("workbench")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def short_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples of ten minutes, which are made in a moment."""

    def short(folder: Path, seed: int, factory: type[Exchange]) -> list[Path]:
        return write_sample(folder, seed, factory, SESSION.open_ns + 10 * MINUTES_NS)

    monkeypatch.setattr(sampling, "write_sample", short)


@pytest.mark.usefixtures("short_samples")
def test_a_sample_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for folder, seed in (("a", SEED), ("b", SEED), ("c", SEED + 1)):
        result = run("sample", "--seed", str(seed), "--out", tmp_path / folder)
        assert result.exit_code == 0
        assert result.stdout.splitlines() == [
            str(tmp_path / folder / f"{symbol}-2025-03-18.parquet")
            for symbol in ("zephyr", "harbor", "quartz")
        ]
    made = {folder: (tmp_path / folder / "harbor-2025-03-18.parquet").read_bytes() for folder in "abc"}
    assert made["a"] == made["b"] != made["c"]


@pytest.mark.usefixtures("short_samples")
def test_wrong_places_and_seeds_are_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = run("sample", "--out", tmp_path / "file")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "cannot be written" in result.stderr
    assert run("sample", "--seed", "-1").exit_code == 2


@pytest.mark.usefixtures("short_samples")
def test_a_sample_day_is_replaced_with_force_only(tmp_path: Path) -> None:
    (tmp_path / "harbor-2025-03-18.parquet").write_text("precious")
    result = run("sample", "--out", tmp_path)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "holds a sample day already; name another, or give --force" in result.stderr
    assert (tmp_path / "harbor-2025-03-18.parquet").read_text() == "precious"
    assert run("sample", "--out", tmp_path, "--force").exit_code == 0


def test_ctrl_c_is_clean(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [WORKBENCH, "sample", "--seed", "5", "--out", tmp_path / "out"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    # The folder is there as soon as work begins, which takes half a minute; compiling may come first.
    for _ in range(6000):
        if (tmp_path / "out").exists():
            break
        time.sleep(0.05)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=120)
    assert (process.returncode, stdout, stderr) == (130, "", "workbench: interrupted\n")
    assert not list(tmp_path.iterdir())


def test_the_demo_shows_the_committed_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    picture = tmp_path / "demo.svg"
    result = run("demo", "--engine", "--svg", picture)
    assert (result.exit_code, result.stderr) == (0, "")
    for words in ("HARBOR", "QUARTZ", "ZEPHYR", "VWAP", "price of the last trade", "at noon", "09:30"):
        assert words in result.stdout
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "HARBOR" in picture.read_text()
    # Renderers other than browsers need both to keep the columns.
    assert "&#160;" not in picture.read_text()
    assert picture.read_text().count("<text ") == picture.read_text().count('<text xml:space="preserve"')
    # A page that shows the picture fetches nothing from elsewhere.
    assert "url(" not in picture.read_text().replace("url(#", "")


def test_without_a_sample_day_the_demo_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "sample_folder", lambda: tmp_path)
    result = run("demo", "--engine")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "make it with `workbench sample`" in result.stderr


def test_the_sample_day_is_beside_the_package() -> None:
    assert sampling.sample_folder() == ROOT / "data" / "samples"


def test_version() -> None:
    result = run("version")
    assert result.stdout.startswith(f"workbench {workbench.__version__} (Python ")
