"""How a notebook tells the page about itself: two kinds of data that its cells show."""

from __future__ import annotations

import os

SECTION = "application/vnd.workbench.section+json"
"""A part of the page: its head, a figure, or its foot."""

SUMMARY = "application/vnd.workbench.summary+json"
"""The report's numbers, for programs; shown once, by the last cell."""

RUN = "WORKBENCH_REPORT_RUN"
"""Environment variable with the run's id, in a kernel that makes a report."""


def in_report() -> bool:
    """Whether this process makes a report; else somebody reads its notebook in JupyterLab."""
    return bool(os.environ.get(RUN))
