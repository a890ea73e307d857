"""docs/review-data.md as the tables have it; `python -m tests.analytics.page` writes that part anew."""

from __future__ import annotations

from collections.abc import Iterator

from tests.conftest import ROOT
from workbench.analytics.columns import Table
from workbench.analytics.session_statistics import STATISTICS
from workbench.analytics.tables import LEVELS, REVIEW_TABLES, WHAT_IF_TABLES, WORKING

PAGE = ROOT / "docs" / "review-data.md"
FIRST = "## instruments"
"""Where what is made of the tables begins; what stands before it is written by hand."""


def columns_of(table: Table) -> Iterator[str]:
    """What a frame is and what its columns are."""
    yield ""
    yield f"{table.about}."
    yield ""
    yield "| column | type | unit | meaning |"
    yield "|---|---|---|---|"
    for each in table.columns:
        kind = "time" if "Datetime" in str(each.type) else str(each.type).lower()
        yield f"| `{each.name}` | {kind} | {each.unit} | {each.about} |"


def page() -> Iterator[str]:
    """Its lines from `FIRST` on."""
    for name, table in REVIEW_TABLES.items():
        if name != "instruments":
            yield ""
        yield f"## {name}"
        yield from columns_of(table)
        if name == "summary":
            yield ""
            yield "| statistic | unit | convention |"
            yield "|---|---|---|"
            for each in STATISTICS:
                yield f"| `{each.name}` | {each.unit} | {each.about} |"
    yield ""
    yield "## The book at an instant"
    yield ""
    yield "`bids` and `asks`:"
    yield from columns_of(LEVELS)
    yield ""
    yield "`own`:"
    yield from columns_of(WORKING)
    yield ""
    yield "## What if"
    for name, table in WHAT_IF_TABLES.items():
        yield ""
        yield f"### what-if: {name}"
        yield from columns_of(table)


if __name__ == "__main__":
    by_hand = PAGE.read_text().partition(FIRST)[0]
    PAGE.write_text(by_hand + "\n".join(page()) + "\n")
