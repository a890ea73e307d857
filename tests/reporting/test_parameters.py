"""Parameters that papermill would take with a warning are refused."""

from pathlib import Path

import pytest

from tests.reporting.test_catalog import notebook
from workbench.errors import ReportError
from workbench.reporting.catalog import kind_of, read_kind
from workbench.reporting.parameters import checked


def test_what_is_not_given_has_its_default() -> None:
    kind = kind_of("drawdown")
    assert checked(kind, {"account": "ann"}) == {
        "session": "",
        "account": "ann",
        "class_id": "",
        "first_day": "",
        "last_day": "",
        "data": "",
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"acount": "ann"}, "has no parameter 'acount'; did you mean account"),
        ({"account": 7}, "account is 7, expected text"),
        ({"account": None}, "account is None, expected text"),
        ({"first_day": "18.3.2025"}, "first_day is '18.3.2025', expected a day as YYYY-MM-DD"),
        ({"first_day": "20250318"}, "expected a day as YYYY-MM-DD"),
        ({"last_day": "2025-02-30"}, "expected a day as YYYY-MM-DD"),
    ],
)
def test_unknown_and_mistyped_ones_are_refused(given: dict[str, object], words: str) -> None:
    with pytest.raises(ReportError, match=words) as refused:
        checked(kind_of("drawdown"), given)
    assert refused.value.kind == "parameters"


def test_types_are_exact_but_for_whole_numbers_in_place_of_others(tmp_path: Path) -> None:
    lines = ["rows: int = 3  # rows", "level: float = 0.5  # level", "flat: bool = False  # flat"]
    kind = read_kind(notebook(tmp_path / "odd.ipynb", lines, []))
    found = checked(kind, {"level": 1, "flat": True})
    assert found == {"rows": 3, "level": 1.0, "flat": True}
    assert type(found["level"]) is float
    for given in ({"rows": True}, {"rows": 2.0}, {"flat": 1}, {"level": "1"}, {"level": float("nan")}):
        with pytest.raises(ReportError):
            checked(kind, given)
