"""docs/metrics.md as the registry has it; `python -m tests.analytics.metrics` writes it anew."""

from __future__ import annotations

from collections.abc import Iterator

from tests.analytics.page import columns_of
from tests.conftest import ROOT
from workbench.analytics.registry import FAMILIES, Family

PAGE = ROOT / "docs" / "metrics.md"
FIRST = "## Statistics of "
"""Where what is made of the registry begins; what stands before it is written by hand."""


def _family(family: Family) -> Iterator[str]:
    yield f"{FIRST}{family.name}"
    yield ""
    yield f"{family.about}: `summary({family.subject.__name__})`."
    for group in dict.fromkeys(each.group for each in family.statistics):
        yield ""
        yield f"### {family.name}: {group}"
        for each in family.statistics:
            if each.group != group:
                continue
            yield ""
            yield f"#### {each.name}"
            yield ""
            yield f"**{each.label}** ({each.unit}, of `{each.table}`). {each.about}."
            if each.formula:
                yield f"Formula: {each.formula}."
            if each.convention:
                yield f"Convention: {each.convention}."
            if each.source:
                yield f"Source: {each.source}."
    for table in family.tables:
        yield ""
        yield f"### {family.name}: frame {table.name}"
        yield from columns_of(table)


def page() -> Iterator[str]:
    """Its lines from `FIRST` on."""
    for at, family in enumerate(FAMILIES):
        if at:
            yield ""
        yield from _family(family)


if __name__ == "__main__":
    by_hand = PAGE.read_text().partition(FIRST)[0]
    PAGE.write_text(by_hand + "\n".join(page()) + "\n")
