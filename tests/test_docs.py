"""The pages name every code, quirk and file there is."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from workbench.domain.codes import (
    AccountFlag,
    CommandKind,
    EventKind,
    ExposureMode,
    FeeKind,
    LimitKind,
    Mark,
    OrderFlag,
    OrderType,
    Phase,
    Reason,
    SelfTradePrevention,
    SessionState,
    SplitFlag,
    TimeInForce,
    TriggerReference,
)
from workbench.domain.config import Account, Venue
from workbench.domain.costs import FeeSchedule
from workbench.domain.exposure import ExposureGroup
from workbench.domain.instruments import Instrument
from workbench.domain.limits import Limits
from workbench.domain.margin import MarginRates
from workbench.domain.states import OrderState
from workbench.feed.history import QUIRKS
from workbench.feed.ticks import TICK_QUIRKS

RULES = (ROOT / "docs" / "rules.md").read_text()
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md")), ROOT / "data" / "README.md"]

CODES = [
    code
    for enum in (
        CommandKind,
        EventKind,
        Reason,
        OrderFlag,
        OrderType,
        TimeInForce,
        Phase,
        TriggerReference,
        AccountFlag,
        SelfTradePrevention,
        OrderState,
        SplitFlag,
        Mark,
        ExposureMode,
        FeeKind,
        LimitKind,
        SessionState,
    )
    for code in enum
    if code.name != "NONE"
]

SETTINGS = [Venue, Account, Instrument, Limits, FeeSchedule, MarginRates, ExposureGroup]


def missing_links(page: Path, text: str) -> list[str]:
    """Relative links of a page that lead nowhere, and anchors of pages that have no such heading."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    missing = []
    for target in re.findall(r"\]\(([^)\s]+)[^)]*\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = page.parent / path if path else page
        if not file.exists() or (anchor and anchor not in anchors(file.read_text())):
            missing.append(target)
    return missing


def anchors(text: str) -> set[str]:
    """Names that the headings of a page can be linked by."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("code", CODES, ids=lambda code: f"{type(code).__name__}.{code.name}")
def test_every_code_is_in_the_rules(code: Reason) -> None:
    assert re.search(rf"\b{code.name}\b", RULES)


def test_the_rules_name_no_code_that_does_not_exist() -> None:
    known = {code.name for code in CODES}
    endings = "REJECTED|CANCELED|CHANGED|SUSPENDED|REINSTATED|BACKWARDS|INCREMENT|ORDER|ORDERS|LIMIT|OWNER"
    named = set(re.findall(rf"\b[A-Z]+(?:_[A-Z]+)*_(?:{endings})\b", RULES))
    assert named - known == set()


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda settings: settings.__name__)
def test_every_setting_is_described_where_it_is_defined(settings: Any) -> None:
    names = {field.name for field in fields(settings)}
    assert {name for name in names if not re.search(rf"\b{name}\b", settings.__doc__)} == set()


@pytest.mark.parametrize("quirk", sorted(QUIRKS))
def test_every_quirk_has_an_entry(quirk: str) -> None:
    page = "csv.md" if quirk in TICK_QUIRKS and not in_page("feeds.md", quirk) else "feeds.md"
    assert in_page(page, quirk)


def in_page(page: str, quirk: str) -> bool:
    return f"`{quirk}`" in (ROOT / "docs" / page).read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_every_link_between_pages_leads_somewhere(page: Path) -> None:
    assert missing_links(page, page.read_text()) == []


def test_a_link_that_leads_nowhere_is_found() -> None:
    text = (
        "[a](docs/rules.md) [b](docs/none.md) [c](docs/rules.md#matching) [d](#nowhere) [e](https://x.org/y)"
    )
    assert missing_links(ROOT / "README.md", text) == ["docs/none.md", "#nowhere"]


def test_every_page_is_linked_from_the_first() -> None:
    readme = (ROOT / "README.md").read_text()
    for page in sorted((ROOT / "docs").glob("*.md")):
        assert f"(docs/{page.name})" in readme


def test_make_targets_that_pages_name_exist_and_are_listed() -> None:
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    for page in PAGES:
        named = re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), re.MULTILINE)
        assert set(named) <= targets, page.name
    phony = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]
    assert phony == targets
