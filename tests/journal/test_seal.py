import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import ROOT
from tests.journal.tiny_store import ABOUT, add_all, make, rows
from workbench.errors import StoreError
from workbench.journal.audit import audit
from workbench.journal.manifest import read_manifest
from workbench.journal.parts import ROW_GROUP, checked, ordered
from workbench.journal.place import session_folder
from workbench.journal.seal import SessionStore, is_being_written, part_files
from workbench.journal.tables import TABLES


def stored(folder: Path, table: str) -> list[dict[str, Any]]:
    """Rows of a table as its manifest lists them, in the order of events."""
    files = [folder / part.path for part in read_manifest(folder).parts if part.table == table]
    found = pa.concat_tables([pq.read_table(file) for file in files])
    return pl.DataFrame(found).sort("seq").rows(named=True)


def create(root: Path, session: str = "one") -> SessionStore:
    return SessionStore.create(root, session, ABOUT)


def test_rows_come_back_with_their_session(tmp_path: Path) -> None:
    folder = make(tmp_path, "one", parts=2, count=5)
    for table in ("quotes", "positions", "events"):
        given = pl.DataFrame(rows(table, 1, 10)).rows(named=True)
        assert stored(folder, table) == [{"session": "one", **row} for row in given]
    assert read_manifest(folder).counts == dict.fromkeys(TABLES, 10)
    assert audit(tmp_path, "one") == []


def test_readers_see_a_part_when_it_is_published(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        store.add("trades", rows("trades", 1, 5), first_seq=1, last_seq=5)
        assert read_manifest(store.folder).counts == {}
        store.add("quotes", rows("quotes", 1, 5), first_seq=1, last_seq=5)
        store.publish(seq=5, state="hash", commands=3, events=5, names=[[2, 9, "new"]], note="mine")
        manifest = read_manifest(store.folder)
        assert manifest.counts == {"trades": 5, "quotes": 5}
        assert (manifest.seq, manifest.state_hash, manifest.commands, manifest.events) == (5, "hash", 3, 5)
        assert (manifest.about["names"], manifest.more) == ([[2, 9, "new"]], {"note": "mine"})
        assert manifest.about["venue"] == ABOUT["venue"]
        assert (manifest.state, store.seq) == ("open", 5)


def test_a_file_is_sorted_small_and_checked_by_page(tmp_path: Path) -> None:
    count = 2 * ROW_GROUP + 10
    with create(tmp_path) as store:
        store.add("quotes", rows("quotes", 1, count), first_seq=1, last_seq=count)
        store.publish(seq=count)
        (part,) = store.manifest.parts
        file = pq.ParquetFile(store.folder / part.path, page_checksum_verification=True)
    groups = [file.metadata.row_group(number) for number in range(file.metadata.num_row_groups)]
    assert [group.num_rows for group in groups] == [ROW_GROUP, ROW_GROUP, 10]
    names = TABLES["quotes"].stored_schema.names
    assert [names[key.column_index] for key in groups[0].sorting_columns] == ["symbol", "time", "seq"]
    columns = {name: groups[0].column(place) for place, name in enumerate(names)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert all(column.has_column_index and column.has_offset_index for column in columns.values())
    assert "DELTA_BINARY_PACKED" in columns["time"].encodings
    assert "RLE_DICTIONARY" in columns["bid_lots"].encodings
    assert columns["symbol"].statistics.max == "AAPL"
    table = pl.DataFrame(file.read())
    assert table.equals(table.sort(pl.col("symbol").cast(pl.String), "time", "seq"))
    assert (part.rows, part.first_seq, part.last_seq) == (count, 1, count)
    assert part.min_time_ns == table["time"].to_physical().min()
    assert part.max_time_ns == table["time"].to_physical().max()


def test_rows_in_any_order_are_sorted() -> None:
    shuffled = rows("trades", 1, 1000).take(np.random.default_rng(1).permutation(1000))
    names = pa.array(["AAPL", None, "BTC", "AAPL"] * 250).dictionary_encode()
    shuffled = shuffled.set_column(2, "symbol", names)
    got = pl.DataFrame(ordered(TABLES["trades"], shuffled))
    by = [pl.col("symbol").cast(pl.String), "time", "seq"]
    assert got.equals(pl.DataFrame(shuffled).sort(by, nulls_last=True))


def test_values_of_trades_that_follow_are_left_out(tmp_path: Path) -> None:
    # A tick of AAPL for a lot is 10,000 micros, one of BTC 0.0003 x 0.001 x 7 = 2.1.
    given = rows("trades", 1, 4, price_ticks=[100, 101, 102, 103], quantity_lots=[5, 3, 5, 3])
    worth = [100 * 5 * 21 // 10, 101 * 3 * 10_000, 0, 103 * 3 * 10_000 + 1]
    place = given.schema.get_field_index("notional_micros")
    given = given.set_column(place, "notional_micros", pa.array(worth))
    with create(tmp_path) as store:
        store.add("trades", given, first_seq=1, last_seq=4)
        store.publish(seq=4)
    assert [row["notional_micros"] for row in stored(store.folder, "trades")] == [None, None, 0, worth[3]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.drop_columns(["seq"]), "its rows lack 'seq', expected the columns seq, time"),
        (lambda t: t.append_column("more", t["seq"]), "its rows have an unknown 'more'"),
        (lambda t: t.select(t.column_names[::-1]), "its rows are shuffled"),
        (lambda t: t.set_column(0, "seq", t["seq"].cast(pa.int32())), "'seq' is int32, expected int64"),
        (lambda t: t.set_column(2, "symbol", t["seq"]), "column 'symbol' is int64, expected dictionary"),
        (lambda _: "no table", "was given a str, expected a pyarrow Table"),
    ],
)  # fmt: skip
def test_rows_of_another_schema_are_refused(tmp_path: Path, change: Callable[[Any], Any], says: str) -> None:
    with create(tmp_path) as store, pytest.raises(StoreError, match=f"table 'trades': .*{says}"):
        store.add("trades", change(rows("trades", 1, 3)), first_seq=1, last_seq=3)
    assert part_files(store.folder) == []


def test_the_same_in_another_form_is_taken() -> None:
    table = TABLES["trades"]
    given = rows("trades", 1, 3)
    zoned = given.set_column(1, "time", given["time"].cast(pa.timestamp("ns", "UTC")))
    for names in (pa.string(), pa.large_string(), pa.dictionary(pa.int8(), pa.string())):
        other = zoned.set_column(2, "symbol", given["symbol"].cast(pa.string()).cast(names))
        assert checked(table, other).equals(given)


def test_rows_of_no_table_or_interval(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        with pytest.raises(StoreError, match="no table is called 'tredes'; known are trades, busts, quotes"):
            store.add("tredes", rows("trades", 1, 3), first_seq=1, last_seq=3)
        for table, interval in (("trades", "1min"), ("candles", ""), ("candles", "2min")):
            with pytest.raises(StoreError, match="does not fit; candles have one of 1s, 1min"):
                store.add(table, rows(table, 1, 3), first_seq=1, last_seq=3, interval=interval)


def test_no_event_is_stored_twice(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        store.add("trades", rows("trades", 1, 5), first_seq=1, last_seq=5)
        store.publish(seq=5)
        for first, last in ((1, 4), (1, 9), (5, 6), (9, 7)):
            with pytest.raises(StoreError, match="but events up to 5 are published; go on from event 6"):
                store.add("trades", rows("trades", 1, 5), first_seq=first, last_seq=last)
        with pytest.raises(StoreError, match="event 4 is to be published"):
            store.publish(seq=4)
        # What the end of a session makes final comes from events that are published.
        store.add("orders", rows("orders", 1, 5), first_seq=1, last_seq=5)
        store.finish(commands=1, events=5, state_hash="end")
    assert read_manifest(store.folder).counts == {"trades": 5, "orders": 5}


def test_a_sealed_session_never_changes(tmp_path: Path) -> None:
    folder = make(tmp_path, "one")
    manifest = read_manifest(folder)
    assert (manifest.state, manifest.state_hash, manifest.commands) == ("sealed", "end", 30)
    with SessionStore.open(tmp_path, "one") as store:
        for change in (
            lambda: store.publish(seq=99),
            lambda: store.add("trades", rows("trades", 31, 1), first_seq=31, last_seq=31),
            lambda: store.finish(commands=1, events=1, state_hash=""),
        ):
            with pytest.raises(StoreError, match="session 'one': is sealed, and never changes again"):
                change()
    with pytest.raises(StoreError, match="session 'one': is closed; open it again"):
        store.compact()
    assert read_manifest(folder) == manifest


def test_finish_publishes_compacts_and_lets_go(tmp_path: Path) -> None:
    store = create(tmp_path)
    add_all(store, 1, 10)
    add_all(store, 11, 10)
    store.add("trades", rows("trades", 21, 5), first_seq=21, last_seq=25)
    store.finish(commands=7, events=25, state_hash="end")
    manifest = read_manifest(store.folder)
    assert (manifest.seq, manifest.counts["trades"], manifest.state) == (25, 25, "sealed")
    assert len(manifest.parts) == len(TABLES)
    assert not is_being_written(store.folder)
    assert audit(tmp_path, "one") == []


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    store = create(tmp_path)
    assert is_being_written(store.folder)
    with pytest.raises(StoreError, match="session 'one': is being written by another process; wait"):
        SessionStore.open(tmp_path, "one")
    del store
    with SessionStore.open(tmp_path, "one"):
        pass


def test_a_name_is_taken_once(tmp_path: Path) -> None:
    create(tmp_path).close()
    with pytest.raises(StoreError, match="there is a session of that name already; choose another name"):
        create(tmp_path)
    with pytest.raises(StoreError, match="is about no venue"):
        SessionStore.create(tmp_path, "two", {})
    # The journal may have been begun first.
    (session_folder(tmp_path, "two") / "journal").mkdir(parents=True)
    with SessionStore.create(tmp_path, "two", ABOUT) as store:
        add_all(store, 1, 3)
    assert audit(tmp_path, "two") == []
    assert sorted(path.name for path in (tmp_path / "sessions").iterdir()) == ["one", "two"]


def test_what_was_never_published_is_gone_when_the_session_is_opened_again(tmp_path: Path) -> None:
    with create(tmp_path) as store:
        add_all(store, 1, 10)
        store.add("trades", rows("trades", 11, 5), first_seq=11, last_seq=15)
    (store.folder / "trades" / ".part-00000099.parquet.partial").write_text("cut")
    assert sum("was left by a writer that ended early" in problem for problem in audit(tmp_path, "one")) == 2
    with SessionStore.open(tmp_path, "one") as store:
        assert audit(tmp_path, "one") == []
        add_all(store, 11, 10)
    assert read_manifest(store.folder).counts == dict.fromkeys(TABLES, 20)
    assert audit(tmp_path, "one") == []


class Stop(Exception):  # noqa: N818 - it is no error
    """Raised in the middle of something."""


def steps(monkeypatch: pytest.MonkeyPatch, stop_at: int, error: type[Exception] | None = None) -> list[str]:
    """Let every touch of the disk by this thread count, and the one of number `stop_at` fail instead."""
    taken: list[str] = []
    # A server that other tests share may write in threads of its own.
    mine = threading.get_ident()

    def counted(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*given: Any, **named: Any) -> Any:
            if threading.get_ident() != mine:
                return real(*given, **named)
            taken.append(name)
            if len(taken) == stop_at:
                raise OSError(errno.ENOSPC, "No space left on device") if error is OSError else Stop
            return real(*given, **named)

        return step

    monkeypatch.setattr(os, "fsync", counted("fsync", os.fsync))
    monkeypatch.setattr(Path, "replace", counted("replace", Path.replace))
    monkeypatch.setattr(Path, "unlink", counted("unlink", Path.unlink))
    monkeypatch.setattr(Path, "mkdir", counted("mkdir", Path.mkdir))
    monkeypatch.setattr(pq.ParquetWriter, "write_table", counted("write", pq.ParquetWriter.write_table))
    return taken


def publish_more(store: SessionStore) -> None:
    store.add("trades", rows("trades", 21, 5), first_seq=21, last_seq=25)
    store.add("quotes", rows("quotes", 21, 5), first_seq=21, last_seq=25)
    store.publish(seq=25)


@pytest.mark.parametrize("failure", [Stop, OSError])
@pytest.mark.parametrize("work", [publish_more, lambda store: store.compact(grace_seconds=0)])
def test_a_stop_at_any_step_leaves_the_state_before_or_after(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[SessionStore], None],
    failure: type[Exception],
) -> None:
    def begun(name: str) -> SessionStore:
        store = create(tmp_path, name)
        for first, last in ((1, 10), (11, 20)):
            for table in ("trades", "quotes"):
                store.add(table, rows(table, first, 10), first_seq=first, last_seq=last)
            store.publish(seq=last)
        return store

    with begun("whole") as store:
        before = stored(store.folder, "trades"), stored(store.folder, "quotes")
        with monkeypatch.context() as patch:
            taken = steps(patch, 0)
            work(store)
        after = stored(store.folder, "trades"), stored(store.folder, "quotes")
    unnamed = [({**row, "session": ""}) for table in (*before, *after) for row in table]
    assert len(taken) > 8
    assert unnamed
    seen = set()
    for number in range(1, len(taken) + 1):
        name = f"stopped-{number}"
        with begun(name) as store:
            with monkeypatch.context() as patch:
                steps(patch, number, failure)
                with pytest.raises(StoreError if failure is OSError else Stop) as caught:
                    work(store)
            if failure is OSError:
                assert "cannot be written: No space left on device; make room" in str(caught.value)
        with SessionStore.open(tmp_path, name) as store:
            found = tuple(
                [{**row, "session": "whole"} for row in stored(store.folder, table)]
                for table in ("trades", "quotes")
            )
            assert found in (before, after)
            seen.add(found == before)
            assert audit(tmp_path, name) == []
            if found == before:
                work(store)
            assert len(stored(store.folder, "trades")) == len(after[0])
    if work is publish_more:
        assert seen == {True, False}


def test_a_writer_killed_at_any_moment_leaves_a_whole_session(tmp_path: Path) -> None:
    create(tmp_path).close()
    random = np.random.default_rng(5)
    most = 0
    for turn in range(12):
        command = [sys.executable, "-m", "tests.journal.busy_session", "write", str(tmp_path), "one", "99"]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        folder = session_folder(tmp_path, "one")
        until = time.monotonic() + 60
        while turn % 4 == 3 and read_manifest(folder).seq <= most and time.monotonic() < until:
            # On a busy machine it may be killed each time before it has published anything.
            time.sleep(0.01)
        try:
            process.wait(float(random.uniform(0.01, 0.25)))
        except subprocess.TimeoutExpired:
            process.kill()
        process.wait()
        process.stdout.close()
        manifest = read_manifest(folder)
        trades, quotes = (stored(folder, name) if manifest.parts else [] for name in ("trades", "quotes"))
        assert (
            [row["seq"] for row in trades]
            == [row["seq"] for row in quotes]
            == list(range(1, manifest.seq + 1))
        )
        assert manifest.seq >= most
        most = manifest.seq
        with SessionStore.open(tmp_path, "one"):
            assert audit(tmp_path, "one") == []
    assert most > 0


def test_a_manifest_that_disagrees_with_its_files(tmp_path: Path) -> None:
    folder = make(tmp_path, "one")
    with SessionStore.open(tmp_path, "one") as store:
        wrong = [replace(part, rows=part.rows + 1) for part in store.manifest.parts[:1]]
        store._replace(parts=(*wrong, *store.manifest.parts[1:]))
    assert audit(tmp_path, "one") == [
        (
            f"{folder / wrong[0].path}: has 10 rows, expected 11; restore it from a copy, or "
            "`workbench recover one --rebuild` makes it anew from its journal"
        )
    ]


def test_a_running_session_is_as_its_manifest_says_at_any_moment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A part that appears while the folder is read is the writer's."""
    rglob = Path.rglob
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        add_all(store, 1, 5)

        def and_write(self: Path, pattern: str) -> object:
            if pattern == "*":
                store.add("trades", rows("trades", 6, 5), first_seq=6, last_seq=10)
            return rglob(self, pattern)

        monkeypatch.setattr(Path, "rglob", and_write)
        assert audit(tmp_path, "one") == []
