"""The summary of a subject: every statistic that the registry lists for it."""

from __future__ import annotations

from typing import Any

import polars as pl

from workbench.analytics.registry import statistics_of
from workbench.analytics.returns import returns_of_days
from workbench.analytics.statistic import evaluated


def summary(subject: Any) -> pl.DataFrame:
    """`workbench.analytics.tables.SUMMARY` of an account's session, or whatever else there are statistics of.

    Parameters
    ----------
    subject
        Of a class that `workbench.analytics.registry.FAMILIES` has, or a frame of
        `workbench.analytics.returns.SESSION_DAYS`, which then is `Returns` without rates and trials.

    Raises
    ------
    LookupError
        When it is of another.
    AnalyticsError
        When the frame is no such one.
    """
    if isinstance(subject, pl.DataFrame):
        subject = returns_of_days(subject)
    return evaluated(statistics_of(type(subject)), subject)
