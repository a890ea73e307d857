"""Reports as a whole: made, refused, broken off; never half."""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dashboards.reporting.common import RATIOS, ratios_of
from tests.reporting.test_catalog import notebook
from workbench.errors import ReportError, WorkbenchError
from workbench.reporting import Report, render
from workbench.reporting.catalog import read_kind
from workbench.reporting.forks import SERVER, forks_here
from workbench.reporting.loading import load
from workbench.reporting.rendering import render_kind
from workbench.reporting.selection import select

SUMMARY = "application/vnd.workbench.summary+json"
DONE = f'from IPython.display import display\ndisplay({{"{SUMMARY}": {{"n": n}}}}, raw=True)'


def made(root: Path, folder: Path, name: str, **given: str) -> Report:
    return render(name, {"data": str(root), **given}, folder, timeout_s=600)


def odd(tmp_path: Path, *cells: str, timeout_s: float = 600, given: dict[str, int] | None = None) -> Report:
    """A report of a notebook that has these cells."""
    kind = read_kind(notebook(tmp_path / "odd.ipynb", ["n: int = 1  # a number"], list(cells)))
    return render_kind(kind, given or {}, tmp_path / "out", timeout_s=timeout_s)


def left(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in tmp_path.iterdir() if path.name != "odd.ipynb")


@pytest.fixture(scope="module")
def tuesday(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Ann's Tuesday, made in a forked kernel where there is such a thing."""
    folder = tmp_path_factory.mktemp("tuesday") / "r"
    return made(root, folder, "daily_pnl", session="tuesday", account="ann")


def test_a_report_is_one_page_that_fetches_nothing(root: Path, tuesday: Report) -> None:
    report = tuesday
    assert sorted(path.name for path in report.folder.iterdir()) == [
        "report.html",
        "report.ipynb",
        "summary.json",
    ]
    html = report.html.read_text(encoding="utf-8")
    assert "ann made 259.33 USD, +0.26 % of the capital, in 1 trade that ended" in html
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)=", html)
    assert html.count("</script>") == 2
    # What stands at the foot identifies data and code.
    days = load(select("tuesday", "ann", "", "", "", root))
    for text in (report.run_id, days.sources[0].journal_hash, report.summary["code_version"]):
        assert text in html
    assert report.summary == json.loads((report.folder / "summary.json").read_text(encoding="utf-8"))
    assert report.summary["numbers"]["net_pnl"] == days.days[0].value("net_pnl") == pytest.approx(259.331)
    assert report.summary["sessions"][0]["journal_hash"] == days.sources[0].journal_hash
    assert left(report.folder.parent) == ["r"]


@pytest.mark.parametrize("name", ["daily_pnl", "drawdown", "execution_quality", "class_summary"])
def test_every_report_of_a_class_over_days(root: Path, tmp_path: Path, name: str) -> None:
    report = made(root, tmp_path / "r", name, class_id="all", first_day="2025-03-18", last_day="2025-03-19")
    html = report.html.read_text(encoding="utf-8")
    # Accounts at which nobody sat are each of their own session.
    assert "everybody (9 accounts)" in html
    assert "Tue 18 Mar 2025 to Wed 19 Mar 2025 (2 days)" in html
    sessions = ("both", "tuesday", "wednesday")
    names = [f"{name} ({session})" for name in ("ann", "bob", "mia") for session in sessions]
    assert report.summary["accounts"] == names
    assert not report.summary["empty"]
    assert html.count("<section>") >= 5


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"session": "tuesday", "account": "eve"}, "eve sent no order"),
        ({"account": "ann", "first_day": "2025-04-01"}, "No session that is over lies within these days"),
    ],
)
def test_without_data_it_says_so(root: Path, tmp_path: Path, given: dict[str, str], words: str) -> None:
    for name in ("daily_pnl", "drawdown", "execution_quality", "class_summary"):
        report = made(root, tmp_path / name, name, **given)
        assert report.summary["empty"]
        assert words in report.summary["headline"]
        assert words in report.html.read_text(encoding="utf-8")


def test_what_does_not_exist_is_refused_and_leaves_nothing(root: Path, tmp_path: Path) -> None:
    for given, kind in (
        ({"session": "monday", "account": "ann"}, "unknown"),
        ({"sesion": "x"}, "parameters"),
    ):
        with pytest.raises(ReportError) as refused:
            made(root, tmp_path / "r", "daily_pnl", **given)
        assert refused.value.kind == kind
    assert left(tmp_path) == []


def test_parameters_reach_the_notebook(tmp_path: Path) -> None:
    assert odd(tmp_path, DONE, given={"n": 7}).summary["n"] == 7


def test_a_notebook_that_raises_is_named_with_its_cell(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match=r"report 'odd', cell 4: raised ZeroDivisionError") as failed:
        odd(tmp_path, "1 / 0", DONE)
    assert failed.value.kind == "notebook"
    assert failed.value.lasting
    assert left(tmp_path) == []


def test_a_notebook_without_a_summary_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="gave 0 summaries, expected one"):
        odd(tmp_path, "n")
    with pytest.raises(ReportError, match="gave 2 summaries, expected one"):
        odd(tmp_path, DONE, DONE)
    assert left(tmp_path) == []


def test_a_kernel_that_dies_is_no_report(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="its kernel died") as failed:
        odd(tmp_path, "import os\nos._exit(3)", DONE)
    assert failed.value.kind == "kernel"
    assert not failed.value.lasting
    assert left(tmp_path) == []


def test_a_report_that_hangs_is_given_up(tmp_path: Path) -> None:
    """It ignores being interrupted: only a kill helps, long before it would have gone on by itself."""
    odd(tmp_path, DONE)
    hang = (
        "import signal, time\nfrom pathlib import Path\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
        f"time.sleep(600)\nPath({str(tmp_path / 'went on')!r}).touch()"
    )
    kind = read_kind(notebook(tmp_path / "odd.ipynb", ["n: int = 1  # a number"], [hang, DONE]))
    with pytest.raises(ReportError, match="took longer than 4 s") as failed:
        render_kind(kind, {}, tmp_path / "hangs", timeout_s=4)
    assert failed.value.kind == "timeout"
    assert left(tmp_path) == ["out"]


def test_a_place_that_is_taken_is_refused_or_replaced(tmp_path: Path) -> None:
    first = odd(tmp_path, DONE)
    with pytest.raises(WorkbenchError, match="holds a report already"):
        odd(tmp_path, DONE)
    kind = read_kind(tmp_path / "odd.ipynb")
    again = render_kind(kind, {"n": 2}, first.folder, replace=True)
    assert (
        json.loads((first.folder / "summary.json").read_text(encoding="utf-8"))["n"]
        == again.summary["n"]
        == 2
    )
    (first.folder / "thesis.txt").write_text("years of work")
    with pytest.raises(WorkbenchError, match=r"holds 'thesis.txt', which is no report's"):
        render_kind(kind, {}, first.folder, replace=True)
    assert left(tmp_path) == ["out"]


def test_kernels_are_apart_and_end_with_their_report(tmp_path: Path) -> None:
    pid = "import os\n" + DONE.replace('"n": n', '"pid": os.getpid()')
    one = odd(tmp_path, "import builtins\nbuiltins.left = 1", pid)
    kind = read_kind(tmp_path / "odd.ipynb")
    clean = read_kind(
        notebook(
            tmp_path / "odd.ipynb",
            ["n: int = 1  # a number"],
            ["import builtins\nassert not hasattr(builtins, 'left')", pid],
        )
    )
    two = render_kind(clean, {}, tmp_path / "two")
    assert kind.name == clean.name
    assert one.summary["pid"] != two.summary["pid"]
    for report in (one, two):
        assert _gone(int(report.summary["pid"]))


def _gone(pid: int) -> bool:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


@pytest.mark.skipif(not forks_here(), reason="kernels are forked on Linux")
def test_a_server_that_died_is_started_again(tmp_path: Path) -> None:
    odd(tmp_path, DONE)
    assert SERVER._process is not None
    SERVER._process.kill()
    SERVER._process.wait()
    assert render_kind(read_kind(tmp_path / "odd.ipynb"), {"n": 5}, tmp_path / "again").summary["n"] == 5


@pytest.mark.slow
def test_without_forks_a_fresh_kernel_makes_the_same(
    root: Path, tuesday: Report, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORKBENCH_FRESH_KERNELS", "1")
    fresh = made(root, tmp_path / "fresh", "daily_pnl", session="tuesday", account="ann")
    alike = {name: value for name, value in tuesday.summary.items() if name != "run_id"}
    assert alike == {name: value for name, value in fresh.summary.items() if name != "run_id"}


def test_what_a_killed_caller_left_is_swept_when_its_time_is_over(tmp_path: Path) -> None:
    """One that hangs is killed (kill -9) with its folder begun; it is gone once its timeout has passed."""
    cells = ["import time\ntime.sleep(3600)", DONE]
    hang = notebook(tmp_path / "odd.ipynb", ["n: int = 1  # a number"], cells)
    code = (
        "import sys; from pathlib import Path; from workbench.reporting.catalog import read_kind; "
        "from workbench.reporting.rendering import render_kind; "
        f"out = Path({str(tmp_path / 'killed')!r}); "
        f"render_kind(read_kind(Path({str(hang)!r})), {{}}, out, timeout_s=3000)"
    )
    # It needs no server for forks: what it leaves is the same without one.
    environment = {**os.environ, "WORKBENCH_FRESH_KERNELS": "1"}
    caller = subprocess.Popen([sys.executable, "-c", code], start_new_session=True, env=environment)
    until = time.monotonic() + 240
    while not left(tmp_path) and time.monotonic() < until:
        time.sleep(0.05)
    caller.kill()
    caller.wait()
    (hidden,) = left(tmp_path)
    odd(tmp_path, DONE)
    assert left(tmp_path) == [hidden, "out"]
    # As if a day had gone by.
    ends = hidden.removesuffix(".making").rpartition(".")[2]
    (tmp_path / hidden).rename(tmp_path / hidden.replace(ends, str(int(ends) - 86_400)))
    (tmp_path / ".keep").mkdir()
    render_kind(read_kind(tmp_path / "odd.ipynb"), {}, tmp_path / "out", replace=True)
    assert left(tmp_path) == [".keep", "out"]


def test_a_report_that_was_being_replaced_by_a_killed_caller_comes_back(tmp_path: Path) -> None:
    """Killed between two names, its caller left it under neither; beside a newer one it goes."""
    first = odd(tmp_path, DONE)
    kind = read_kind(tmp_path / "odd.ipynb")
    over, still = int(time.time()) - 10, int(time.time()) + 600
    first.folder.rename(tmp_path / f".out.0123abcd.{over}.making.old")
    (tmp_path / f".out.4567abcd.{still}.making.old").mkdir()
    with pytest.raises(WorkbenchError, match="holds a report already"):
        render_kind(kind, {}, first.folder)
    assert json.loads((first.folder / "summary.json").read_text(encoding="utf-8")) == first.summary
    (tmp_path / f".out.89ababcd.{over}.making.old").mkdir()
    with pytest.raises(WorkbenchError, match="holds a report already"):
        render_kind(kind, {}, first.folder)
    assert left(tmp_path) == [f".out.4567abcd.{still}.making.old", "out"]


def test_a_place_below_a_file_is_named(root: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(WorkbenchError, match=rf"cannot be written: {tmp_path / 'file'} is no folder"):
        made(root, tmp_path / "file" / "a" / "r", "daily_pnl", session="tuesday", account="ann")


def test_ratios_of_several_days_are_numbers_and_meanings_are_words(root: Path, tmp_path: Path) -> None:
    given = {"account": "ann", "first_day": "2025-03-18", "last_day": "2025-03-19"}
    report = made(root, tmp_path / "r", "daily_pnl", **given)
    days = load(select("", "ann", "", "2025-03-18", "2025-03-19", root))
    found = {row["statistic"]: row["value"] for row in ratios_of(days).values()}
    numbers = report.summary["numbers"]
    assert {"sharpe", "volatility", "calmar"} <= set(numbers)
    assert [numbers[name] for name in RATIOS] == [found[name] for name in RATIOS]
    assert "<th class=left>Meaning, or why there is none</th>" in report.html.read_text(encoding="utf-8")
    alone = made(root, tmp_path / "one", "daily_pnl", session="tuesday", account="ann")
    assert "sharpe" not in alone.summary["numbers"]
    for each in (report, alone):
        assert "Equity is seen once a minute and at own fills" in each.html.read_text(encoding="utf-8")
