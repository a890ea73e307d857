from tests.analytics.page import FIRST, PAGE, page
from workbench.analytics.session_statistics import STATISTICS
from workbench.analytics.tables import SUMMARY


def test_the_page_is_what_the_tables_say() -> None:
    _, first, rest = PAGE.read_text().partition(FIRST)
    assert first + rest == "\n".join(page()) + "\n", "run: python -m tests.analytics.page"


def test_every_statistic_has_a_name_of_its_own_and_a_unit_that_is_told() -> None:
    names = [each.name for each in STATISTICS]
    assert len(set(names)) == len(names)
    units = next(column.about for column in SUMMARY.columns if column.name == "unit")
    assert all(each.unit in units for each in STATISTICS)
