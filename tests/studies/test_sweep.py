import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from subprocess import PIPE

import distributed
import numpy as np
import polars as pl
import pytest

from tests.conftest import ROOT
from tests.studies.examples import Broken, CompiledCross, Cross, random_bars
from workbench.errors import ConfigError, SweepError
from workbench.studies.backtest import backtest
from workbench.studies.strategy import Strategy
from workbench.studies.sweep import COLUMNS, sweep

GRID = {"fast": [2, 3, 5], "slow": [8, 13]}


@pytest.fixture(scope="module")
def sources():
    return {"first": random_bars(400, 1), "second": random_bars(300, 2)}


def result(found):
    return found.frame.drop("seconds")


def test_each_row_is_the_backtest_of_its_setting(sources):
    found = sweep(CompiledCross, GRID, sources, workers=1, latency="90s")
    assert found.frame.height == 12
    assert found.frame["session"].to_list() == ["first"] * 6 + ["second"] * 6
    for row in found.frame.to_dicts():
        outcome = backtest(Cross(row["fast"], row["slow"]), sources[row["session"]], latency="90s")
        assert {name: row[name] for name in outcome.summary} == outcome.summary
    assert found.outcome(7).summary["pnl"] == found.frame["pnl"][7]
    best = found.best("pnl", 6)
    assert best["pnl"].is_sorted(descending=True)
    assert set(best["sessions"]) == {2}


@pytest.mark.slow
def test_where_it_runs_does_not_show(sources):
    alone = sweep(CompiledCross, GRID, sources, workers=1)
    assert result(sweep(CompiledCross, GRID, sources, workers=2)).equals(result(alone))
    with distributed.Client(n_workers=2, processes=False, dashboard_address=None) as client:
        assert result(sweep(CompiledCross, GRID, sources, on=client)).equals(result(alone))


def test_a_sweep_goes_on_where_it_was_broken_off(sources, tmp_path):
    said = []

    def stop(done, total):
        said.append((done, total))
        if done >= 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as broken:
        sweep(Cross, GRID, sources, workers=1, folder=tmp_path, progress=stop)
    known = said[-1][0]
    assert said[:2] == [(0, 12), (1, 12)]
    assert known < 12
    assert broken.value.__notes__ == [
        f"{known} of 12 runs were done, and are kept in {tmp_path}; the same sweep goes on there"
    ]
    # A line that was being written when the power went.
    with (tmp_path / "results.jsonl").open("ab") as file:
        file.write(b'{"key": "ab')
    said.clear()
    found = sweep(Cross, GRID, sources, workers=1, folder=tmp_path, progress=lambda *done: said.append(done))
    assert (found.resumed, said[0], said[-1]) == (known, (known, 12), (12, 12))
    assert result(found).equals(result(sweep(Cross, GRID, sources, workers=1)))
    again = sweep(Cross, GRID, sources, workers=1, folder=tmp_path)
    assert again.resumed == 12
    # Other terms, other data and another strategy are other results.
    assert sweep(Cross, GRID, sources, workers=1, folder=tmp_path, latency="1s").resumed == 0
    assert sweep(Cross, GRID, random_bars(400, 3), workers=1, folder=tmp_path).resumed == 0
    assert sweep(CompiledCross, GRID, sources, workers=1, folder=tmp_path).resumed == 0


def test_a_damaged_result_is_named(sources, tmp_path):
    sweep(Cross, {"fast": [2]}, sources, workers=1, folder=tmp_path)
    file = tmp_path / "results.jsonl"
    file.write_bytes(b"{}\n" + file.read_bytes())
    with pytest.raises(SweepError, match="line 1 is no result; remove the line"):
        sweep(Cross, {"fast": [2]}, sources, workers=1, folder=tmp_path)


def test_a_setting_that_fails_gives_its_error_and_hinders_no_other(sources):
    found = sweep(Broken, {"fails": [True, False]}, sources["first"], workers=1).frame
    assert found["error"].to_list() == ["ValueError: three", None]
    assert found["pnl"].to_list() == [None, 0.0]


class Dies(Strategy):
    def on_start(self, desk):
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.slow
def test_a_worker_that_dies_is_said(sources):
    with pytest.raises(SweepError, match="a worker died; start the sweep again"):
        sweep(Dies, [{}, {}], sources, workers=2)


PROGRAM = """
import os, sys, time
from pathlib import Path
import workbench as wb
from tests.conftest import ROOT
from tests.studies.examples import random_bars

class Slow(wb.Strategy):
    def __init__(self, number=0):
        self.number = number

    def on_bar(self, desk, bar):
        if bar.close_ticks % 7 == self.number % 7:
            desk.buy(1)

    def on_start(self, desk):
        Path(sys.argv[1], f"pid-{os.getpid()}").touch()
        time.sleep(0.25)

found = wb.sweep(
    Slow, {"number": range(60)}, random_bars(30), workers=2, folder=sys.argv[1],
    progress=lambda done, total: print(done, flush=True),
)
print("resumed", found.resumed, round(sum(found.frame["pnl"]), 6), flush=True)
"""


@pytest.mark.slow
def test_what_is_killed_goes_on_and_leaves_nobody_behind(tmp_path):
    # It has no `if __name__ == "__main__"`, which workers would otherwise need.
    (tmp_path / "program.py").write_text(PROGRAM)
    folder = tmp_path / "kept"
    folder.mkdir()

    def run():
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        command = [sys.executable, str(tmp_path / "program.py"), str(folder)]
        return subprocess.Popen(
            command, env=environment, stdout=PIPE, stderr=PIPE, text=True, start_new_session=True
        )

    def until(process, count):
        for line in process.stdout:
            if int(line) >= count:
                return int(line)
        raise AssertionError(process.stderr.read())

    def workers():
        pids = {int(each.name.removeprefix("pid-")) for each in folder.glob("pid-*")}
        return [pid for pid in pids if Path(f"/proc/{pid}").exists()]

    with run() as first:
        known = until(first, 6)
        assert workers()
        first.kill()
    end = time.monotonic() + 60
    while workers() and time.monotonic() < end:
        time.sleep(0.05)
    assert not workers()
    with run() as second:
        resumed = until(second, 0)
        assert known <= resumed < 60
        with pytest.raises(
            SweepError, match="another sweep writes there; wait for it, or take another folder"
        ):
            sweep(Cross, GRID, random_bars(30), workers=1, folder=folder)
        known = until(second, resumed + 4)
        # Ctrl-C of a terminal goes to all processes.
        os.killpg(second.pid, signal.SIGINT)
        rest, errors = second.communicate(timeout=120)
    known = max([known, *map(int, rest.split())])
    assert errors.rstrip().splitlines()[-2:] == [
        "KeyboardInterrupt",
        f"{known} of 60 runs were done, and are kept in {folder}; the same sweep goes on there",
    ]
    assert errors.count("Traceback") == 1
    assert not workers()
    with run() as third:
        rest, errors = third.communicate(timeout=240)
    last = rest.splitlines()[-1].split()
    assert last[:2] == ["resumed", str(known)], errors
    assert len((folder / "results.jsonl").read_text().splitlines()) == 60


class Hides(Strategy):
    def __init__(self, pnl: int = 0) -> None:
        self.pnl = pnl


class Takes(Strategy):
    def __init__(self, value=None):
        self.value = value

    def on_bar(self, desk, bar):
        pass


@pytest.mark.parametrize(
    ("values", "column"),
    [
        (np.arange(2), [0, 1]),
        (pl.Series([True, False]), [True, False]),
        ([1, 2.5, None], [1.0, 2.5, None]),
        ([1, "all", None, [2], {"a": 3}], ["1", "all", None, "[2]", '{"a": 3}']),
        ([[1, 2], [3]], [[1, 2], [3]]),
        ((each for each in "ab"), ["a", "b"]),
    ],
    ids=["array", "series", "numbers", "mixed", "lists", "generator"],
)
def test_values_of_a_grid_are_seen_as_they_were_given(sources, values, column):
    found = sweep(Takes, {"value": values}, sources["second"], workers=1)
    assert found.frame["value"].to_list() == column


def test_the_columns_that_parameters_may_not_hide_are_those_there_are(sources):
    found = sweep(Takes, {"value": [1]}, sources["second"], workers=1)
    assert frozenset(found.frame.columns) - {"value"} == COLUMNS


@pytest.mark.parametrize(
    ("metrics", "error"),
    [
        (lambda _: 5, "TypeError"),
        (lambda _: {"x": object()}, "TypeError: Object of type object is not JSON serializable"),
        (lambda _: 1 / 0, "ZeroDivisionError: division by zero"),
    ],
)
def test_metrics_that_fail_are_errors_of_their_rows(sources, tmp_path, metrics, error):
    found = sweep(Takes, {"value": [1]}, sources["second"], workers=1, metrics=metrics, folder=tmp_path)
    assert found.frame["error"][0].startswith(error)


def test_metrics_are_columns(sources):
    found = sweep(Cross, GRID, sources, workers=1, metrics=lambda outcome: {"bars": outcome.equity.height})
    assert found.frame["bars"].to_list() == [400] * 6 + [300] * 6


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"grid": {"quick": [1]}}, "Cross has no parameter 'quick'; known are fast, slow, lots"),
        ({"grid": []}, "there are no settings"),
        ({"grid": None}, "NoneType is no grid; give"),
        ({"grid": [1, 2]}, "list is no grid; give"),
        ({"grid": {"fast": b"35"}}, "fast is b'35', expected its values"),
        ({"grid": {"fast": {2: 3}}}, "fast is {2: 3}, expected its values"),
        ({"grid": {"fast": [float("nan")]}}, "neither number, text, list nor None"),
        ({"grid": {"fast": 3}}, "fast is 3, expected its values"),
        ({"grid": {"fast": "35"}}, "fast is '35', expected its values"),
        ({"grid": {"fast": [object()]}}, "neither number, text, list nor None"),
        ({"strategy": Cross()}, "is no class of strategies"),
        ({"workers": 0}, "0 is no number of workers"),
        ({"workers": 1.5}, "1.5 is no number of workers"),
        ({"progress": 3}, "3 cannot be called; give a function"),
        ({"folder": __file__}, "test_sweep.py is no folder; give one"),
        ({"strategy": Hides, "grid": {"pnl": [1]}}, "'pnl' would hide that column of the result"),
        ({"on": "moon", "workers": 2}, "'moon' is nowhere to run"),
        ({"sessions": []}, "there is nothing to run over"),
        ({"fill": "frozen"}, "'frozen' is no fill mode of bars"),
    ],
)
def test_what_makes_no_sense_is_refused(sources, change, sentence):
    given = {"strategy": Cross, "grid": {"fast": [2]}, "sessions": sources, "workers": 1} | change
    if "fill" in change:
        found = sweep(**given).frame
        assert sentence in found["error"][0]
        return
    with pytest.raises(ConfigError, match=sentence):
        sweep(**given)


def test_a_folder_that_cannot_be_made_is_a_sentence() -> None:
    with pytest.raises(SweepError, match=r"/proc/no/such: cannot be written: .*; name a folder"):
        sweep(Cross, {"fast": [2]}, random_bars(30), workers=1, folder="/proc/no/such")
