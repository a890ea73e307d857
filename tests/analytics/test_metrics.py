from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.analytics.metrics import FIRST, PAGE, page
from tests.conftest import ROOT
from workbench.analytics.registry import FAMILIES, Family, statistics_of
from workbench.analytics.returns import Returns, returns_of
from workbench.analytics.statistic import AccountDay, evaluated
from workbench.analytics.tables import REVIEW_TABLES, SUMMARY

EACH = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)


def test_the_page_is_what_the_registry_says() -> None:
    _, first, rest = PAGE.read_text().partition(FIRST)
    assert first + rest == "\n".join(page()) + "\n", "run: python -m tests.analytics.metrics"


def test_what_the_page_shows_runs() -> None:
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    exec(compile(code, str(PAGE), "exec"), {})


@EACH
def test_names_are_given_once_units_are_told_and_frames_exist(family: Family) -> None:
    names = [each.name for each in family.statistics]
    assert len(set(names)) == len(names)
    units = next(column.about for column in SUMMARY.columns if column.name == "unit")
    tables = {*REVIEW_TABLES, *(table.name for table in family.tables)}
    for each in family.statistics:
        assert each.unit in re.findall(r"\w+", units), each.name
        assert each.table in tables, each.name
        assert each.about, each.name
        assert not each.about.endswith("."), each.name


def test_a_name_has_one_unit_whatever_it_is_of() -> None:
    every = [each for family in FAMILIES for each in family.statistics]
    assert len({(each.name, each.unit) for each in every}) == len({each.name for each in every})


def test_every_statistic_of_returns_has_its_formula() -> None:
    assert all(each.formula for each in statistics_of(Returns))


def test_every_quotient_of_a_session_has_its_formula() -> None:
    quotients = [each for each in statistics_of(AccountDay) if each.unit in ("share", "ratio", "bp")]
    assert len(quotients) > 10
    assert [each.name for each in quotients if not each.formula] == []


def test_what_there_is_can_be_asked_without_loading_compiled_code() -> None:
    asked = "import sys, workbench.analytics.registry; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=False).returncode == 0


def test_infinity_never_stands_in_for_a_value() -> None:
    first = statistics_of(Returns)[0]
    for value in (float("inf"), float("nan")):
        wrong = replace(first, compute=lambda _, value=value: value)
        with pytest.raises(ArithmeticError, match="it must say why there is none"):
            evaluated([wrong], returns_of([0.1]))
