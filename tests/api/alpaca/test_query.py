from __future__ import annotations

import pytest

from workbench.api.alpaca.errors import AlpacaError
from workbench.api.alpaca.query import Query


@pytest.mark.parametrize(
    ("text", "expected"),
    [("True", True), ("true", True), ("1", True), ("False", False), ("0", False), ("", True)],
)
def test_flags_in_any_case(text: str, expected: bool) -> None:
    assert Query({"nested": text}).flag("nested", default=True) is expected


def test_what_is_no_value_of_its_kind_is_refused() -> None:
    query = Query(
        {"nested": "perhaps", "limit": "ten", "sort": "up", "size": "0", "huge": "9" * 40, "sup": "²"}
    )
    for read in (
        lambda: query.flag("nested"),
        lambda: query.whole("limit", 1, least=1, most=9),
        lambda: query.whole("size", 1, least=1, most=9),
        lambda: query.whole("huge", 1, least=1, most=9),
        lambda: query.whole("sup", 1, least=1, most=9),
        lambda: query.choice("sort", "asc", "asc", "desc"),
    ):
        with pytest.raises(AlpacaError) as error:
            read()
        assert error.value.status == 422


def test_lists_numbers_and_choices() -> None:
    query = Query({"symbols": "AAPL, SPY,,AAPL", "limit": "5000", "sort": "DESC"})
    assert query.words("symbols") == ["AAPL", "SPY"]
    assert query.whole("limit", 50, least=1, most=500) == 500
    assert query.choice("sort", "asc", "asc", "desc") == "desc"
    assert query.moment("start") is None
