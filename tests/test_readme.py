"""README.md and docs/python.md keep their word: code runs, links lead somewhere, columns are there."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from tests.api.served import SESSION, serving
from tests.conftest import ROOT
from workbench.engine.replay import Replay

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = [ROOT / "README.md", ROOT / "docs" / "python.md"]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.mark.parametrize("page", RUN, ids=lambda page: page.name)
def test_the_ten_lines_run(
    page: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    code = blocks(page, "python")[0]
    assert len(code.strip().splitlines()) <= 11
    names: dict[str, object] = {}
    exec(code, names)
    assert "FILLED 300" in capsys.readouterr().out
    market = names["market"]
    assert isinstance(market, Replay)
    assert market.finished


def test_the_lines_about_a_live_market_run(tmp_path: Path) -> None:
    _, code, _ = blocks(ROOT / "README.md", "python")
    names: dict[str, Any] = {}
    with serving(tmp_path / "data") as running:
        exec(code.replace("http://127.0.0.1:8000", running.url).replace("open_market", SESSION), names)
        try:
            (order,) = names["market"].orders("all")
            assert (order.symbol, order.side, order.quantity) == ("HARBOR", "buy", 100)
        finally:
            names["client"].close()


def test_the_strategy_of_the_readme_trades(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    *_, code = blocks(ROOT / "README.md", "python")
    exec(code, {"__name__": "readme"})
    printed = capsys.readouterr().out
    fills = re.search(r"([\d,]+) fills", printed)
    assert fills is not None, printed
    assert int(fills[1].replace(",", "")) > 10


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text())
    missing = [target for target in targets if "://" not in target and not (page.parent / target).exists()]
    # Written by others, and checked once they are there.
    assert set(missing) <= {"docs/benchmarks.md"}


def test_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", "\n".join(blocks(ROOT / "README.md", "sh")), re.MULTILINE):
        assert f"\n{target}:" in makefile


def test_the_commands_of_the_readme_exist() -> None:
    headings = (ROOT / "docs" / "cli.md").read_text()
    for command in re.findall(r"^workbench (\w+)", "\n".join(blocks(ROOT / "README.md", "sh")), re.MULTILINE):
        assert f"\n## {command}\n" in headings


def test_the_recorded_day_of_the_readme_runs(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(ROOT / "README.md", "sh") if "workbench rerun" in block]
    printed = []
    for line in block.strip().splitlines():
        words = shlex.split(line, comments=True)
        assert words[0] == "workbench"
        run = subprocess.run(
            [sys.executable, "-c", "from workbench.cli import app; app()", *words[1:]],
            cwd=ROOT,
            env={**os.environ, "WORKBENCH_DATA": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        printed.append(run.stdout)
    imported, _, asked, rerun, without = printed
    assert all(name in imported for name in ("HARBOR", "QUARTZ", "ZEPHYR"))
    assert "ann" in asked
    assert "identical" in rerun
    assert "ann" in without


def test_the_tables_of_the_python_page_have_those_columns() -> None:
    market = wb.replay(ROOT / "data/samples/harbor-2025-03-18.parquet").run_until("09:31")
    market.buy(1)
    rows = re.findall(
        r"^\| `(\w+)(\([^)]*\))?` \| [^|]+ \| ([a-z_0-9, ]+) \|$",
        (ROOT / "docs/python.md").read_text(),
        re.MULTILINE,
    )
    documented = {
        name: columns.replace("word_0 to word_8", ", ".join(f"word_{i}" for i in range(9)))
        for name, _, columns in rows
    }
    assert len(documented) == 10
    for name, columns in documented.items():
        table = getattr(market, name)
        frame = table() if callable(table) else table
        assert columns.split(", ") == frame.columns, name
