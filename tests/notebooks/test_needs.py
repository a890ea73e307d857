"""Notebooks that need what is not there say in a sentence what to start or to name, and stop."""

from __future__ import annotations

from pathlib import Path

import pytest

from dashboards.exploring.stopping import MissingInputError, needed_server, needed_sessions
from tests.faults.server.process import free_port
from tests.notebooks.executed import execute
from workbench.journal.place import MANIFEST

_END = "The cells below did not run."


def test_a_session_that_is_not_there_is_asked_for(tmp_path: Path) -> None:
    found = execute("running_session", tmp_path / "ran.ipynb", fails=True, data=str(tmp_path / "var"))
    assert found.failed == (
        f"This notebook needs a recorded session, and there is none in the data root '{tmp_path / 'var'}'; "
        "name another one as `data` in the parameters above, or record a session there: "
        f"`workbench run data/scenarios/sample_day.toml --session sample_day`. {_END}"
    )


def test_a_session_of_another_name_is_none(tmp_path: Path) -> None:
    folder = tmp_path / "sessions" / "monday"
    folder.mkdir(parents=True)
    with pytest.raises(MissingInputError, match="needs a recorded session, and there is none"):
        needed_sessions(tmp_path)
    (folder / MANIFEST).write_text("{}")
    assert needed_sessions(tmp_path) == needed_sessions(tmp_path, "monday") == tmp_path
    with pytest.raises(MissingInputError, match="needs the session 'tuesday', and there is none"):
        needed_sessions(tmp_path, "tuesday")


def test_a_server_that_does_not_run_is_asked_for(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    found = execute("starter_bot", tmp_path / "ran.ipynb", fails=True, url=f"{url}/")
    assert found.failed.startswith(f"This notebook needs a server that runs, and none answers at {url} (")
    assert found.failed.endswith(
        "; start one with `workbench serve`, or name its address as `url` in the parameters above. " + _END
    )
    with pytest.raises(MissingInputError, match="none answers at no address"):
        needed_server("no address")
