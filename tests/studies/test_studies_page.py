"""Every line of code in docs/studies.md runs, as somebody reads it: one block after the other."""

from __future__ import annotations

import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import workbench as wb
from tests.api.served import serving
from tests.conftest import ROOT
from tests.studies.test_same_decisions import TEXT
from workbench.identity.roles import Role

PAGE = ROOT / "docs" / "studies.md"
PATIENCE_S = 240.0
SHORT = TEXT.replace('close = "16:00"', 'close = "09:33"').replace("speed = 120", "speed = 600")


def hurried(code: str) -> str:
    """The same for three minutes of a faster market."""
    for usual, here in (('"live.speed": 60', '"live.speed": 600'), ('until="10:00"', 'until="09:33"')):
        assert usual in code
        code = code.replace(usual, here)
    return code


@pytest.mark.slow
def test_the_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, compiled, recorded, client, own, sweeps, ahead = re.findall(
        r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL
    )
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("WORKBENCH_DATA", str(tmp_path / "var"))
    names: dict[str, Any] = {"__name__": "page"}

    exec(first, names)
    assert names["outcome"].summary["fills"] > 10

    exec(compiled, names)
    quoted = wb.backtest(names["Quoter"](), "data/samples/harbor-2025-03-18.parquet", until="09:40")
    assert quoted.summary["fills"] > 0

    with (
        serving(tmp_path / "server") as served,
        wb.Client(served.url, token=served.person(Role.INSTRUCTOR).access) as teacher,
    ):
        lesson = teacher.create_session("open_market", scenario=SHORT)

        def start() -> None:
            end = time.monotonic() + PATIENCE_S
            while not lesson.status().seats_taken:
                assert time.monotonic() < end, "nobody has taken a seat"
                time.sleep(0.05)
            lesson.start()

        with ThreadPoolExecutor(1) as threads:
            started = threads.submit(start)
            # It ends with its session, long before the quarter of an hour is over.
            exec(client.replace("http://127.0.0.1:8000", served.url), names)
            started.result()
        assert lesson.status().state == "closed"
        names["client"].close()
    assert names["followed"].terms.startswith("over the API")

    exec(hurried(own), names)
    assert names["followed"].terms.startswith("live, by the session")

    exec(recorded, names)
    assert names["outcome"].kind == "session"

    exec(sweeps, names)
    assert names["found"].frame.height == 18
    assert names["found"].frame["error"].null_count() == 18
    assert (tmp_path / "out" / "cross" / "results.jsonl").exists()

    exec(ahead, names)
