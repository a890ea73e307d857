import pyarrow as pa
import pytest

from workbench.journal.columns import DELTA, DICTIONARY, PLAIN
from workbench.journal.tables import INTERVALS, NAME, TABLES, TIME, Table


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_each_table_makes_sense(table: Table) -> None:
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert {table.time, *table.sort} <= set(names)
    assert table.stored_schema.names == ["session", *names]
    for column in table.columns:
        assert column.about
        assert not column.about.endswith(".")
        assert column.encoding in (DELTA, PLAIN, DICTIONARY)
        assert (column.unit == "name") == (column.type == NAME)
        if column.encoding == DELTA:
            assert column.type in (pa.int64(), pa.int32(), TIME)


def test_a_hash_tells_names_and_types_apart() -> None:
    assert len({table.hash for table in TABLES.values()}) == len(TABLES)


def test_no_stored_time_has_a_zone() -> None:
    # DuckDB before 2.0 drops the nanoseconds of Parquet times that have one.
    times = [c for table in TABLES.values() for c in table.columns if pa.types.is_timestamp(c.type)]
    assert times
    assert all(column.type.tz is None and column.type.unit == "ns" for column in times)


def test_intervals_are_what_they_are_called() -> None:
    assert INTERVALS == {
        "1s": 10**9, "1min": 60 * 10**9, "5min": 300 * 10**9, "1h": 3600 * 10**9, "1d": 86400 * 10**9
    }  # fmt: skip
