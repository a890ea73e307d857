"""The adapters to the workbench: its reports, its sessions."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile

from pipelines.house import House
from pipelines.jobs import Does, Pipelines, Whose
from pipelines.ledger import Ledger
from pipelines.rendering import Made, Value
from pipelines.toml_table import near
from workbench.errors import ConfigError, ReportError


@contextmanager
def _loop_closed() -> Iterator[None]:
    """Close the event loop that Jupyter's client makes for a worker's thread and leaves open."""
    try:
        yield
    finally:
        if threading.current_thread() is not threading.main_thread():
            from jupyter_core.utils import ensure_event_loop  # noqa: PLC0415

            ensure_event_loop().close()
            asyncio.set_event_loop(None)


class Rendering:
    """The workbench's reports (`workbench.reporting.render`).

    Parameters
    ----------
    data
        The data root.
    """

    def __init__(self, data: Path) -> None:
        self._data = data

    def __call__(
        self, name: str, parameters: Mapping[str, Value], folder: Path, *, timeout_s: float, run_id: str
    ) -> Made:
        """Make one."""
        # Papermill and Jupyter come with it, and a list of runs needs none of them.
        from workbench.reporting import render  # noqa: PLC0415

        given = {**parameters, "data": str(self._data)}
        with _loop_closed():
            report = render(name, given, folder, timeout_s=timeout_s, run_id=run_id)
        summary = report.summary
        return Made(report.title, str(summary["headline"]), bool(summary.get("empty", False)), summary)


_ITS_OWN = {
    "data": "data",
    "session": "sessions",
    "account": "for",
    "class_id": "for",
    "first_day": "every",
    "last_day": "every",
}
"""Parameters that a job gives its reports by itself, with the setting that says which."""


def check_reports(pipelines: Pipelines, where: str) -> None:
    """Refuse jobs for reports that there are not, or that have not such parameters, before anything is due.

    Raises
    ------
    ConfigError
        When a job has one.
    """
    from workbench.reporting import reports  # noqa: PLC0415
    from workbench.reporting.parameters import checked  # noqa: PLC0415

    known = reports()
    for job in pipelines.jobs.values():
        if job.does is not Does.REPORT or job.schedule is None:
            continue
        place = f"{where}, [job.{job.name}]"
        if job.report not in known:
            raise ConfigError(
                f"there is no report {job.report!r}", f"{place}, report", near(job.report, known)
            )
        kind = known[job.report]
        needed = "account" if job.whose is Whose.ACCOUNT else "class_id"
        if needed not in {each.name for each in kind.parameters}:
            raise ConfigError(f"report {job.report!r} has no parameter {needed!r}", f"{place}, for")
        for name in job.parameters:
            if name in _ITS_OWN:
                raise ConfigError(
                    f"{name!r} is what the job says by itself",
                    f"{place}, parameters",
                    f"take it out, and see {_ITS_OWN[name]!r}",
                )
        try:
            checked(kind, job.parameters)
        except ReportError as error:
            raise ConfigError(f"{error.where} {error.what}", f"{place}, parameters", error.remedy) from error


def check_places(pipelines: Pipelines, where: str) -> None:
    """Make the folders that jobs write to, and refuse those that cannot be written.

    Raises
    ------
    ConfigError
        When one cannot be, or the data root is a file.
    """
    if pipelines.data.exists() and not pipelines.data.is_dir():
        raise ConfigError(f"{str(pipelines.data)!r} is a file, expected a folder", f"{where}, data")
    for setting, folder in (("reports", pipelines.reports), ("[folder], path", pipelines.folder)):
        if folder is None:
            continue
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{str(folder)!r} is a file, expected a folder", f"{where}, {setting}")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with TemporaryFile(dir=folder):
                pass
        except OSError as error:
            raise ConfigError(
                f"{str(folder)!r} cannot be written: {error.strerror}", f"{where}, {setting}", "name another"
            ) from error


def open_house(pipelines: Pipelines) -> House:
    """A ledger with the workbench's own sessions and reports."""
    # The exchange comes with it, and a list of runs needs none of it.
    from pipelines.data_root import DataRoot  # noqa: PLC0415

    return House(pipelines, Ledger(pipelines.ledger), DataRoot(pipelines.data), Rendering(pipelines.data))
