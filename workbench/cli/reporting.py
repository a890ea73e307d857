"""`workbench report`: a report of a recorded session, or which there are."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.table import Table

from workbench.cli.tables import console
from workbench.reporting import render, reports


def run_report(
    name: str, given: dict[str, str], out: Path | None, *, timeout_s: float, force: bool, as_json: bool
) -> None:
    """Make a report and say where it is."""
    subject = given.get("account") or given.get("class_id") or "report"
    days = f"{given.get('first_day', '')}_{given.get('last_day', '')}".strip("_")
    named = "-".join(part for part in (given.get("session"), days, subject) if part)
    named = named.replace(":", "-").replace("/", "-")
    folder = Path("reports") / name / named if out is None else out
    if given.get("class_id"):
        # It brings the exchange with it, which a list of reports needs not.
        from workbench.reporting.selection import class_meant  # noqa: PLC0415

        meant = class_meant(given["class_id"], given.get("session", ""), given.get("data", ""))
        given = {**given, "class_id": meant}
    made = render(name, given, folder, timeout_s=timeout_s, replace=force)
    if as_json:
        console().print_json(json.dumps({**made.summary, "html": str(made.html), "seconds": made.seconds}))
        return
    console().print(made.summary["headline"], highlight=False)
    console().print(f"{made.html}", highlight=False, soft_wrap=True)


def list_reports(*, as_json: bool) -> None:
    """Which reports there are."""
    if as_json:
        kinds = [
            {
                "name": each.name,
                "title": each.title,
                "about": each.about,
                "parameters": [{**asdict(one), "type": one.type.__name__} for one in each.parameters],
            }
            for each in reports().values()
        ]
        console().print_json(json.dumps(kinds))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("report", "what it tells"):
        table.add_column(heading)
    for each in reports().values():
        table.add_row(each.name, each.about)
    console().print(table)
