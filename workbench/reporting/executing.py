"""A notebook run by papermill, strictly: whatever goes wrong is named, and nothing is taken for done."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, papermill_engines
from papermill.exceptions import PapermillExecutionError
from papermill.execute import (
    prepare_notebook_metadata,
    raise_for_execution_errors,
    remove_error_markers,
)
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from workbench.errors import ReportError
from workbench.reporting.faults import MEND
from workbench.reporting.kernels import Kernel, kernel
from workbench.reporting.mime import SECTION, SUMMARY
from workbench.reporting.records import ReportKind, Value

_AGAIN_S = 0.1
_ENGINE = "workbench"
_KERNEL = "python3"


class _Engine(Engine):  # type: ignore[misc]
    """Runs a notebook in the kernel that it is given, and leaves no socket open."""

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, km: Kernel, startup_timeout: int, **_: Any
    ) -> Any:
        client = PapermillNotebookClient(
            nb_man,
            km=km,
            kernel_name=kernel_name,
            startup_timeout=startup_timeout,
            shutdown_kernel="immediate",
            raise_on_iopub_timeout=True,
        )
        return client.execute(cleanup_kc=True)


papermill_engines.register(_ENGINE, _Engine)


@dataclass(frozen=True, slots=True)
class Executed:
    """A notebook that ran to its end.

    Attributes
    ----------
    sections
        What its cells showed, in order.
    summary
        What its last cell said for programs.
    notebook
        It, with its outputs.
    """

    sections: list[dict[str, Any]]
    summary: dict[str, Any]
    notebook: str


def execute(
    kind: ReportKind, values: dict[str, Value], folder: Path, run_id: str, timeout_s: float, began: float
) -> Executed:
    """Run a notebook with these parameters, within so many seconds of when its report began (`perf_counter`).

    Raises
    ------
    ReportError
        When it raised, took too long, its kernel died, or it ended without saying what it found.
    """
    where = f"report {kind.name!r}"
    over, done = threading.Event(), threading.Event()
    left_s = max(timeout_s - (time.perf_counter() - began), 0.0)
    with kernel(folder, run_id) as manager:

        def watch() -> None:
            if done.wait(left_s):
                return
            over.set()
            # It may not have begun yet when time is up.
            while not done.wait(_AGAIN_S):
                manager.stop()

        threading.Thread(target=watch, name="report deadline", daemon=True).start()
        try:
            made = _run(kind.notebook, values, manager, int(left_s) + 1)
        except PapermillExecutionError as error:
            raise _raised(error, where) from None
        except (DeadKernelError, CellTimeoutError, RuntimeError, TimeoutError) as error:
            if over.is_set():
                raise ReportError(
                    "timeout", f"took longer than {timeout_s:g} s", where, "give it more time, or fewer days"
                ) from None
            reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
            raise ReportError("kernel", f"its kernel died: {reason}", where, "try again") from error
        finally:
            done.set()
    return _read(made, where)


def _run(notebook: Path, values: dict[str, Value], manager: Kernel, startup_timeout: int) -> Any:
    """`papermill.execute_notebook` in its own steps, without writing what nobody reads."""
    made = load_notebook_node(str(notebook))
    made = parameterize_notebook(made, values, kernel_name=_KERNEL, language="python", engine_name=_ENGINE)
    made = remove_error_markers(prepare_notebook_metadata(made, str(notebook), None))
    made = papermill_engines.execute_notebook_with_engine(
        _ENGINE, made, kernel_name=_KERNEL, progress_bar=False, km=manager, startup_timeout=startup_timeout
    )
    raise_for_execution_errors(made, None)
    return made


def _raised(error: PapermillExecutionError, where: str) -> ReportError:
    """What a notebook's exception says, with the cell."""
    cell = f"{where}, cell {error.cell_index + 1}"
    if error.ename == "ReportError":
        # What does not exist was refused before there was a kernel: what is left is data that cannot be read.
        return ReportError("data", str(error.evalue), where)
    return ReportError("notebook", f"raised {error.ename}: {error.evalue}", cell, MEND)


def _read(made: Any, where: str) -> Executed:
    """Sections and summary of an executed notebook."""
    sections: list[dict[str, Any]] = []
    summaries: list[dict[str, Any]] = []
    for cell in made.cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if SECTION in data:
                sections.append(data[SECTION])
            if SUMMARY in data:
                summaries.append(data[SUMMARY])
    if len(summaries) != 1:
        raise ReportError("notebook", f"gave {len(summaries)} summaries, expected one", where, MEND)
    return Executed(sections, dict(summaries[0]), json.dumps(made, ensure_ascii=False) + "\n")
