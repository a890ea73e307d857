"""Reports: notebooks with typed parameters, made into one page that opens without a network."""

from workbench.reporting.catalog import reports
from workbench.reporting.records import Parameter, Report, ReportKind
from workbench.reporting.rendering import render

__all__ = ["Parameter", "Report", "ReportKind", "render", "reports"]
