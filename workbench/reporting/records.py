"""What reporting takes and gives: a kind of report with its parameters, and a report that was made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

Value = str | int | float | bool
"""What a parameter may be. Days are text, YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a kind of report.

    Attributes
    ----------
    name
        Its name.
    type
        `str`, `int`, `float` or `bool`.
    default
        What it is unless given.
    about
        What it means, in one sentence without its full stop.
    """

    name: str
    type: type[Value]
    default: Value
    about: str


@dataclass(frozen=True, slots=True)
class ReportKind:
    """A kind of report.

    Attributes
    ----------
    name
        What it is asked for by, such as `daily_pnl`.
    title, about
        What people call it, and what it answers.
    parameters
        What may be given, in the notebook's order.
    notebook
        The notebook.
    """

    name: str
    title: str
    about: str
    parameters: tuple[Parameter, ...]
    notebook: Path


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was made, complete.

    Attributes
    ----------
    name, title
        Which kind.
    run_id
        Number of the run; it stands at the report's foot.
    parameters
        Every parameter with its value, those that were not given too.
    folder
        Holds `report.html`, `report.ipynb` and `summary.json`.
    summary
        Its numbers, as `summary.json` has them: `title`, `subject`, `headline` (one sentence), `empty`
        (whether there was nothing to tell), `numbers` (by name, null where undefined), `days`, `sessions`
        (name, journal hash, last event), `code_version` and `run_id`.
    seconds
        How long it took.
    """

    name: str
    title: str
    run_id: str
    parameters: dict[str, Value]
    folder: Path
    summary: dict[str, Any]
    seconds: float

    @property
    def html(self) -> Path:
        """The page, one file that needs nothing else."""
        return self.folder / "report.html"

    @property
    def notebook(self) -> Path:
        """The notebook as it was executed."""
        return self.folder / "report.ipynb"
