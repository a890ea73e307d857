"""The page says what the tables of the code say."""

from __future__ import annotations

import re

import pytest

from tests.conftest import ROOT
from workbench.identity import PERMISSIONS, Permission, Role

PAGE = (ROOT / "docs" / "identity.md").read_text()


def test_the_table_of_roles_is_that_of_the_code() -> None:
    head, _, *rows = re.search(r"## Roles\n\n((?:\|.*\n)+)", PAGE)[1].splitlines()  # type: ignore[index]
    roles = [Role(cell.strip()) for cell in head.strip("|").split("|")[1:]]
    told: dict[Role, set[Permission]] = {role: set() for role in Role}
    for row in rows:
        names, *cells = row.strip("|").split("|")
        for role, cell in zip(roles, cells, strict=True):
            if cell.strip() == "yes":
                told[role] |= {Permission(name) for name in re.findall(r"`(\w+)`", names)}
    assert told == PERMISSIONS


def test_every_kind_of_refusal_is_told_and_no_other() -> None:
    told = set(re.findall(r"^\| `(\w+)` \|", PAGE.split("## What is refused")[1], re.MULTILINE))
    sources = [*(ROOT / "workbench" / "identity").rglob("*.py")]
    raised = {kind for file in sources for kind in re.findall(r'AuthError\(\s*"(\w+)"', file.read_text())}
    assert told == raised


@pytest.mark.parametrize("permission", Permission)
def test_every_permission_has_its_meaning_beside_it(permission: Permission) -> None:
    source = (ROOT / "workbench" / "identity" / "roles.py").read_text()
    assert re.search(rf'{permission.name} = "{permission}".*\n    """.+"""', source)
