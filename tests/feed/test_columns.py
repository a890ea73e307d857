"""Text tables: columns are found or mapped, cells are exact, and the row at fault is named."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import SourceError
from workbench.feed.columns import Column, Layout
from workbench.feed.table import Table, decimal_series, read_table
from workbench.feed.times import TimeFaultError, parse_times

KNOWN = [Column("time", ("timestamp",)), Column("price", ("px",)), Column("quantity", ("size",))]
NINE_THIRTY = 1_714_570_200_000_000_000  # 2024-05-01 09:30 in New York, 13:30 UTC


def table(text: str | bytes, order: tuple[str, ...] = (), **layout: object) -> Table:
    data = text if isinstance(text, bytes) else text.encode()
    return read_table(data, "a.csv", KNOWN, Layout(**layout), order)  # type: ignore[arg-type]


def refusal(text: str | bytes, column: str = "price", **layout: object) -> str:
    def read() -> None:
        found = table(text, **layout)
        found.times_ns()
        found.decimals(column)

    with pytest.raises(SourceError) as error:
        read()
    return str(error.value)


@pytest.mark.parametrize(
    ("header", "layout"),
    [
        ("time,price,quantity", {}),
        ("Timestamp,PX,Size", {}),
        (" time , price , quantity ", {}),
        ("when,what,much", {"columns": {"time": "when", "price": "what", "quantity": "much"}}),
        ("when,what,much", {"columns": {"time": 1, "price": 2, "quantity": 3}}),
        ("when,px,price", {"columns": {"time": "when", "price": "px", "quantity": "price"}}),
    ],
)
def test_columns_are_found_by_name_alias_mapping_or_position(header: str, layout: dict[str, object]) -> None:
    found = table(f"{header}\n2024-05-01T13:30:00Z,1.5,7\n", **layout)
    assert found.times_ns().tolist() == [NINE_THIRTY]
    assert (found.decimals("price").values.tolist(), found.decimals("price").places) == ([15], 1)
    assert found.decimals("quantity").values.tolist() == [7]


def test_a_file_without_header_is_mapped_by_position() -> None:
    found = table("7,1714570200,1.5\n", columns={"time": 2, "price": "3", "quantity": 1})
    assert found.decimals("quantity").values.tolist() == [7]
    ordered = table("1714570200,1.5,7\n", order=("time", "price", "quantity"))
    assert ordered.decimals("quantity").values.tolist() == [7]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(delimiter: str) -> None:
    text = "time,price,quantity\n1714570200,1.5,7\n".replace(",", delimiter)
    assert table(text).decimals("price").values.tolist() == [15]


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n"])
def test_line_ends_marks_and_blank_lines_do_not_matter(start: str, end: str) -> None:
    found = table(f"{start}time,price,quantity\n\n1714570200,1.5,7{end}")
    assert found.decimals("price").values.tolist() == [15]
    assert found.rows.tolist() == [3 + (start == "\n")]


@given(st.lists(st.decimals(min_value=-(10**8), max_value=10**8, places=9), min_size=1, max_size=30))
def test_decimals_are_exact(numbers: list[Decimal]) -> None:
    rows = "".join(f"1714570200,{number:f},1\n" for number in numbers)
    cells = table(f"time,price,quantity\n{rows}").decimals("price")
    assert [Fraction(int(v), 10**cells.places) for v in cells.values] == [Fraction(n) for n in numbers]
    assert decimal_series(cells.values, cells.places).to_list() == numbers


def test_scientific_notation_is_written_out() -> None:
    cells = table("time,price,quantity\n1714570200,1.5e-3,1\n1714570200,2E2,1\n").decimals("price")
    assert [Fraction(int(v), 10**cells.places) for v in cells.values] == [Fraction(15, 10_000), Fraction(200)]


def test_units_are_exact_or_say_so() -> None:
    cells = table("time,price,quantity\n1714570200,1.25,1\n1714570200,1.3,1\n").decimals("price")
    counts, wrong = cells.as_units(Decimal("0.25"))
    assert (counts.tolist()[0], wrong.tolist()) == (5, [False, True])
    assert cells.as_units(Decimal("1e-19"))[1].all()


@pytest.mark.parametrize(
    ("text", "layout", "sentence"),
    [
        ("", {}, "a.csv: the file is empty, expected a table; is this the right file?"),
        ("\n\n", {}, "a.csv: the file is empty, expected a table; is this the right file?"),
        (
            "time,price,quantity\n",
            {},
            "a.csv: there is a header but no row below it; is this the right file?",
        ),
        (b"time,price\n1,\xff\n", {}, "a.csv, row 2: this is no UTF-8 text; is this the right file?"),
        (
            "time,price,quantity\n1714570200,1,1\n1714570200,1\n",
            {},
            "a.csv, row 3: has 2 cells, expected 3 as in the first row",
        ),
        (
            "time,price,quantity\n1714570200,1,1,1\n",
            {},
            "a.csv, row 2: has 4 cells, expected 3 as in the first row",
        ),
        (
            "time,price,quantity\n1714570200,ten,1\n",
            {},
            "a.csv, row 2: price is 'ten', expected a decimal number",
        ),
        (
            "time,px,quantity\n1714570200,1.2.3,1\n",
            {},
            "a.csv, row 2: px is '1.2.3', expected a decimal number",
        ),
        (
            "time,price,quantity\n1714570200,nan,1\n",
            {},
            "a.csv, row 2: price is 'nan', expected a decimal number",
        ),
        (
            "time,price,quantity\n1714570200,1234567890123456789,1\n",
            {},
            (
                "a.csv, row 2: price is '1234567890123456789', expected at most 18 digits, "
                "with 0 decimals in every row"
            ),
        ),
        (
            "time,price,quantity\n1714570200,1,1\n",
            {"columns": {"price": "px"}},
            "a.csv, row 1: no column 'px' in the header; it has time, price, quantity",
        ),
        (
            "time,price,quantity\n1714570200,1,1\n",
            {"columns": {"prize": "price"}},
            "a.csv: no column is called 'prize' here; map one of time, price, quantity",
        ),
        (
            "time,price,px\n1714570200,1,1\n",
            {"columns": {"price": 7}},
            "a.csv, row 1: no column 7 in the header; it has time, price, px",
        ),
        (
            "time,px,PX\n1714570200,1,1\n",
            {},
            "a.csv, row 1: both 'px' and 'PX' could be the price; say which: price=px",
        ),
        (
            "1714570200,1,1\n",
            {},
            (
                "a.csv, row 1: there is no header, and nothing says what the columns are; "
                "map them by position: time=1, price=2"
            ),
        ),
        (
            "1714570200,1,1\n",
            {"columns": {"price": "px"}},
            "a.csv: no column 'px': the file has no header; give price= a position from 1 to 3",
        ),
        (
            "time,price,quantity\n1714570201,1,1\n1714570200,1,1\n",
            {},
            "a.csv, row 3: time is 1714570200, before 1714570201 in the row above; sort the file by time",
        ),
        ("time,price,quantity\n,1,1\n", {}, "a.csv, row 2: time is '', expected a time"),
        (
            "time,price,price\n1714570200,1,1\n",
            {},
            "a.csv, row 1: column 'price' occurs twice; rename one of them",
        ),
        (
            "time,price\n2024-05-01 09:30,1\n",
            {},
            (
                "a.csv: time: the times do not say in which time zone they are; "
                "give the zone, such as America/New_York or UTC"
            ),
        ),
        (
            "time,price\n1,1\n",
            {"time_unit": "h"},
            "a.csv: the time unit is 'h', expected one of iso, s, ms, us, ns",
        ),
        ("time,price\n1,1\n", {"delimiter": ",,"}, "a.csv: the delimiter is ',,', expected one character"),
    ],
)
def test_what_does_not_fit_is_one_sentence(
    text: str | bytes, layout: dict[str, object], sentence: str
) -> None:
    assert refusal(text, **layout) == sentence


@pytest.mark.parametrize(
    ("cell", "options", "time_ns"),
    [
        ("2024-05-01T13:30:00Z", {}, NINE_THIRTY),
        ("2024-05-01 13:30:00.000000001Z", {}, NINE_THIRTY + 1),
        ("2024-05-01T09:30:00-04:00", {}, NINE_THIRTY),
        ("2024-05-01T19:00+0530", {}, NINE_THIRTY),
        ("2024-05-01 09:30", {"zone": "America/New_York"}, NINE_THIRTY),
        ("20240501 09:30", {"zone": "America/New_York"}, NINE_THIRTY),
        ("2024-05-01", {}, NINE_THIRTY - 13 * 3_600_000_000_000 - 1_800_000_000_000),
        ("1714570200", {}, NINE_THIRTY),
        ("1714570200.000000001", {}, NINE_THIRTY + 1),
        ("1714570200000", {}, NINE_THIRTY),
        ("1714570200000.5", {}, NINE_THIRTY + 500_000),
        ("1714570200000000", {}, NINE_THIRTY),
        ("1714570200000000000", {}, NINE_THIRTY),
        ("0.5", {"unit": "s"}, 500_000_000),
        ("34200000", {"unit": "ms", "day": date(2024, 5, 1), "zone": "America/New_York"}, NINE_THIRTY),
        ("9:30", {"day": date(2024, 5, 1), "zone": "America/New_York"}, NINE_THIRTY),
        ("09:30:00.000000002", {"day": date(2024, 5, 1), "zone": "America/New_York"}, NINE_THIRTY + 2),
    ],
)
def test_times(cell: str, options: dict[str, object], time_ns: int) -> None:
    assert parse_times(pl.Series([cell]), **options).tolist() == [time_ns]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("cells", "options", "index", "part"),
    [
        (["10/07/2013"], {}, 0, "ISO 8601"),
        (["2024-13-01"], {}, 0, "exist"),
        (["2024-05-01T13:30Z", "1714570200"], {}, 1, "ISO 8601"),
        (["2024-05-01T13:30Z", "2024-05-01T13:30"], {}, 1, "in all rows or in none"),
        (["1714570200", "1714570200000"], {}, 1, "number of digits"),
        (["171457"], {}, 0, "what it counts"),
        (["1714570200.0000000001"], {"unit": "s"}, 0, "finer than a nanosecond"),
        (["2024-03-10 02:30"], {"zone": "America/New_York"}, 0, "twice or not at all"),
        (["2024-11-03 01:30"], {"zone": "America/New_York"}, 0, "twice or not at all"),
        (["2024-05-01"], {"zone": "Mars/Olympus"}, None, "no time zone"),
        (["34200000"], {"unit": "s", "day": date(2024, 5, 1), "zone": "UTC"}, 0, "more than a day"),
        (["34200000"], {"day": date(2024, 5, 1), "zone": "UTC"}, 0, "clock time"),
        (["25:00"], {"day": date(2024, 5, 1), "zone": "UTC"}, 0, "clock time that exists"),
        (["34200"], {"unit": "s", "day": date(2024, 5, 1)}, None, "in which time zone"),
        (["2024-05-01T13:30Z", "0001-01-01T00:00Z"], {}, 1, "exist, from 1970 to 2116"),
        (["9999-12-31T23:59:59Z"], {}, 0, "exist, from 1970 to 2116"),
        (["2116-12-31T23:59:59Z"], {}, 0, "exist, from 1970 to 2116"),
        (["1970-01-01T00:00:00+01:00"], {}, 0, "exist, from 1970 to 2116"),
        (["2024-05-01T13:30:60Z"], {}, 0, "exist, from 1970 to 2116"),
        (["2024-05-01T24:00:00Z"], {}, 0, "exist, from 1970 to 2116"),
        (["5000000000"], {}, 0, "exist, from 1970 to 2116"),
        (["9223372036854775807"], {"unit": "ns"}, 0, "exist, from 1970 to 2116"),
        (["09:30"], {"day": date(9999, 5, 1), "zone": "UTC"}, None, "none from 1970 to 2116"),
    ],
)
def test_times_are_never_guessed(
    cells: list[str], options: dict[str, object], index: int | None, part: str
) -> None:
    with pytest.raises(TimeFaultError, match=part) as error:
        parse_times(pl.Series(cells), **options)  # type: ignore[arg-type]
    assert error.value.index == index
