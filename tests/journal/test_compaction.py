import time
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pytest

from tests.journal.tiny_store import ABOUT, VENUE, add_all, rows
from workbench.errors import StoreError
from workbench.journal.audit import audit
from workbench.journal.compaction import merged
from workbench.journal.manifest import read_manifest
from workbench.journal.parts import ordered
from workbench.journal.seal import SessionStore, part_files
from workbench.journal.tables import TABLES


def random_parts(table: str, seed: int) -> list[pa.Table]:
    """Parts of any sizes whose rows are in the order of events, all of them and in each part."""
    random = np.random.default_rng(seed)
    sizes = random.integers(1, 40, random.integers(2, 7))
    names = [*(f"S{number}" for number in range(int(random.integers(1, 9)))), None]
    parts, first = [], 1
    for size in sizes:
        part = rows(table, first, int(size))
        if "symbol" in part.column_names:
            place = part.schema.get_field_index("symbol")
            chosen = [names[n] for n in random.integers(0, len(names), size)]
            part = part.set_column(
                place, part.schema.field(place), pa.array(chosen, pa.string()).dictionary_encode()
            )
        parts.append(part)
        first += int(size)
    return parts


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("table", ["quotes", "orders", "equity", "events"])
def test_parts_together_are_all_their_rows_sorted(tmp_path: Path, table: str, seed: int) -> None:
    parts = random_parts(table, seed)
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        first = 1
        for part in parts:
            store.add(table, part, first_seq=first, last_seq=first + part.num_rows - 1)
            first += part.num_rows
        store.publish(seq=first - 1)
        pieces = list(merged(store.folder, TABLES[table], store.manifest.parts, most_rows=25))
        store.compact()
        (whole,) = store.manifest.parts
        assert (whole.first_seq, whole.last_seq, whole.rows) == (1, first - 1, first - 1)
    wanted = pl.DataFrame(ordered(TABLES[table], pa.concat_tables(parts)))
    assert pl.DataFrame(pa.concat_tables(pieces)).equals(wanted)
    assert pl.read_parquet(store.folder / whole.path).drop("session").equals(wanted)
    assert all(
        piece.num_rows <= 25 or len(set(piece[TABLES[table].sort[0]].to_pylist())) == 1 for piece in pieces
    ) or (TABLES[table].sort[0] == "seq")


def test_events_in_overlapping_parts_are_sorted_too(tmp_path: Path) -> None:
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        for _ in range(2):
            store.add("events", rows("events", 1, 9), first_seq=1, last_seq=9)
        store.publish(seq=9)
        (piece,) = merged(store.folder, TABLES["events"], store.manifest.parts)
    assert piece["seq"].to_pylist() == sorted([*range(1, 10)] * 2)


def test_each_interval_of_candles_is_put_together_by_itself(tmp_path: Path) -> None:
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        for first in (1, 11):
            for interval in ("1s", "1d"):
                store.add(
                    "candles",
                    rows("candles", first, 10),
                    first_seq=first,
                    last_seq=first + 9,
                    interval=interval,
                )
            store.publish(seq=first + 9)
        store.compact()
    places = sorted((part.interval, Path(part.path).parent.name, part.rows) for part in store.manifest.parts)
    assert places == [("1d", "interval=1d", 20), ("1s", "interval=1s", 20)]


def test_small_parts_alone(tmp_path: Path) -> None:
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        first = 1
        for count in (50, 5, 60, 5, 5):
            store.add("trades", rows("trades", first, count), first_seq=first, last_seq=first + count - 1)
            first += count
            store.publish(seq=first - 1)
        store.compact(below_rows=50)
        assert sorted(part.rows for part in store.manifest.parts) == [15, 50, 60]
        generation = store.manifest.generation
        store.compact(below_rows=50)
        assert store.manifest.generation == generation
        store.compact()
        assert [part.rows for part in store.manifest.parts] == [125]


def test_what_was_replaced_stays_for_its_readers_and_then_goes(tmp_path: Path) -> None:
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        add_all(store, 1, 5)
        add_all(store, 6, 5)
        old = [part.path for part in store.manifest.parts]
        store.compact()
        assert sorted(retired.path for retired in store.manifest.retired) == sorted(old)
        assert all((store.folder / path).is_file() for path in old)
        assert audit(tmp_path, "one") == []
        store.compact(grace_seconds=60)
        assert len(store.manifest.retired) == len(old)
        store.compact(grace_seconds=0)
        assert store.manifest.retired == ()
    assert not any((store.folder / path).exists() for path in old)
    assert len(part_files(store.folder)) == len(TABLES) == len(read_manifest(store.folder).parts)


def test_grace_is_counted_from_the_compaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time_ns()
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        add_all(store, 1, 5)
        add_all(store, 6, 5)
        monkeypatch.setattr(time, "time_ns", lambda: now)
        store.compact(grace_seconds=10)
        monkeypatch.setattr(time, "time_ns", lambda: now + 9_999_999_999)
        store.sweep(10)
        assert store.manifest.retired
        monkeypatch.setattr(time, "time_ns", lambda: now + 10_000_000_000)
        store.sweep(10)
        assert not store.manifest.retired


def test_a_damaged_part_stops_a_compaction_and_nothing_is_lost(tmp_path: Path) -> None:
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        add_all(store, 1, 5)
        add_all(store, 6, 5)
        before = store.manifest
        part = store.folder / next(part.path for part in before.parts if part.table == "trades")
        data = bytearray(part.read_bytes())
        data[40] ^= 1
        part.write_bytes(data)
        with pytest.raises(StoreError, match=f"{part.name}: was edited or damaged"):
            store.compact()
        assert store.manifest == before == read_manifest(store.folder)
        part.unlink()
        with pytest.raises(StoreError, match=f"{part.name}: is missing; restore it from a copy"):
            store.compact()
        assert read_manifest(store.folder) == before


def test_accounts_and_symbols_keep_their_names(tmp_path: Path) -> None:
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        for first in (1, 4):
            store.add("trades", rows("trades", first, 3), first_seq=first, last_seq=first + 2)
            store.publish(seq=first + 2)
        store.compact()
        (part,) = store.manifest.parts
    found = pl.read_parquet(store.folder / part.path).sort("seq")
    assert found["taker"].cast(pl.String).to_list() == ["ann", "bob", "street"] * 2
    assert set(found["symbol"].cast(pl.String)) == {each.symbol for each in VENUE.instruments}
