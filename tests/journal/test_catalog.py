import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

import workbench
from tests.conftest import ROOT
from tests.journal.busy_session import COUNTS, ENOUGH
from tests.journal.tiny_store import ABOUT, VENUE, add_all, make, rows
from workbench.domain.codes import EventKind
from workbench.domain.units import decimal
from workbench.errors import StoreError
from workbench.journal import manifest as manifests
from workbench.journal.catalog import VIEWS, Connection, connect
from workbench.journal.history import HISTORY_VIEWS
from workbench.journal.manifest import encode, read_manifest
from workbench.journal.place import session_folder
from workbench.journal.seal import SessionStore
from workbench.journal.tables import TABLES
from workbench.journal.views import STORED


def ask(connection: Connection, query: str) -> list[tuple[object, ...]]:
    return connection.sql(query).fetchall()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make(tmp_path, "one")
    return tmp_path


def test_every_view_has_the_columns_and_types_that_are_documented(root: Path) -> None:
    (root / "empty").mkdir()
    for place in (root, root / "empty"):
        with connect(place) as connection:
            for name, view in VIEWS.items():
                found = [row[:2] for row in ask(connection, f"DESCRIBE {name}")]
                assert found == [(column.name, column.type) for column in view.columns], name
                count = ask(connection, f"SELECT count(*) FROM {name}")[0][0]
                assert (count == 0) == (place != root or name in HISTORY_VIEWS), name


def test_the_public_name(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORKBENCH_DATA", str(root))
    with workbench.connect() as connection:
        assert ask(connection, "SELECT session FROM sessions") == [("one",)]
        assert isinstance(connection.duckdb, duckdb.DuckDBPyConnection)
        assert isinstance(connection.sql("SELECT 1 AS a").pl(), pl.DataFrame)
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert connection.table("trades").columns == [column.name for column in STORED["trades"].columns]
        assert connection.extract_statements("SELECT 1")


def test_prices_are_the_doubles_nearest_to_the_decimals(root: Path) -> None:
    ticks, lots = {}, {}
    for instrument in VENUE.instruments:
        ticks[instrument.symbol] = decimal(instrument.tick_size)
        lots[instrument.symbol] = decimal(instrument.lot_size)
    with connect(root) as connection:
        query = "SELECT symbol, price, price_ticks, quantity, quantity_lots, notional, notional_micros FROM "
        query += "trades"
        found = ask(connection, query)
        assert {row[0] for row in found} == set(ticks)
        for symbol, price, price_ticks, quantity, quantity_lots, notional, micros in found:
            assert price == float(price_ticks * ticks[symbol])
            assert quantity == float(quantity_lots * lots[symbol])
            assert notional == float(Decimal(micros) / 1_000_000)
        first = ask(connection, "SELECT epoch_ns(time) FROM trades WHERE seq = 1")
        assert first == [(1_700_000_000_000_000_123 + 1_000_000_007,)]


def test_values_that_are_left_out_are_shown(tmp_path: Path) -> None:
    given = rows("trades", 1, 4, price_ticks=[100, 101, 102, 103], quantity_lots=[5, 3, 5, 3])
    # Of BTC a tick is 2.1 micros a lot, rounded down; the last is another value, as an exchange may say.
    worth = [100 * 5 * 10_000, 101 * 3 * 21 // 10, 102 * 5 * 10_000, 7]
    given = rows("trades", 1, 4, price_ticks=[100, 101, 102, 103], quantity_lots=[5, 3, 5, 3],
                 symbol=["AAPL", "BTC", "AAPL", "BTC"], notional_micros=worth)  # fmt: skip
    with SessionStore.create(tmp_path, "one", ABOUT) as store:
        store.add("trades", given, first_seq=1, last_seq=4)
        store.publish(seq=4)
    file = pl.read_parquet(store.folder / store.manifest.parts[0].path).sort("seq")
    assert file["notional_micros"].to_list() == [None, None, None, 7]
    with connect(tmp_path) as connection:
        assert ask(connection, "SELECT notional_micros FROM trades ORDER BY seq") == [
            (value,) for value in worth
        ]


def test_what_there_is_none_of_is_null_and_codes_are_names(root: Path) -> None:
    with connect(root) as connection:
        kinds = [int(kind) for kind in EventKind]
        found = ask(connection, "SELECT seq, event, reason, side, symbol, account FROM events ORDER BY seq")
        assert [row[1] for row in found] == [EventKind(kinds[n % len(kinds)]).name for n in range(1, 31)]
        assert {row[3] for row in found} == {None, "BUY", "SELL"}
        assert found[0][4:] == ("BTC", "house")
        assert ask(connection, "SELECT count(*) FROM trades WHERE taker_order_id = 0") == [(0,)]


def test_catalog_views(root: Path) -> None:
    with connect(root) as connection:
        query = (
            "SELECT session, title, kind, state, zone, seq, commands, state_hash, rows, files FROM sessions"
        )
        assert ask(connection, query) == [
            ("one", "A tiny one", "scenario", "sealed", "America/New_York", 30, 30, "end", 300, 30)
        ]
        assert ask(connection, "SELECT * FROM accounts ORDER BY number") == [
            ("one", 0, "street", 0.0, 0),
            ("one", 1, "house", 0.0, 0),
            ("one", 2, "ann", 1000.0, 1_000_000_000),
            ("one", 3, "bob", 10.5, 10_500_000),
        ]
        query = "SELECT number, symbol, currency, tick_size, lot_size, multiplier FROM instruments ORDER BY 1"
        assert ask(connection, query) == [
            (0, "AAPL", "USD", 0.01, 1.0, 1.0),
            (1, "BTC", "USD", 0.0003, 0.001, 7.0),
        ]


def test_sessions_together_and_alone(root: Path) -> None:
    make(root, "two", parts=1)
    make(root, "three", parts=2)
    counts = "SELECT session, count(*) FROM trades GROUP BY ALL ORDER BY ALL"
    with connect(root) as connection:
        assert ask(connection, counts) == [("one", 30), ("three", 20), ("two", 10)]
    with connect(root, session="two") as connection:
        assert ask(connection, counts) == [("two", 10)]
        assert ask(connection, "SELECT DISTINCT session FROM instruments") == [("two",)]
    with connect(root, session=["one", "two"]) as connection:
        assert ask(connection, counts) == [("one", 30), ("two", 10)]
    with pytest.raises(StoreError, match="there is no session 'four'; known are one, three, two"):
        connect(root, session="four")


def test_a_running_session_is_seen_as_it_publishes(root: Path) -> None:
    count = "SELECT count(*), (SELECT max(seq) FROM sessions WHERE session = 'live') FROM events "
    count += "WHERE session = 'live'"
    with connect(root) as connection, SessionStore.create(root, "live", ABOUT) as store:
        assert ask(connection, count) == [(0, 0)]
        for first in (1, 11, 21):
            store.add("events", rows("events", first, 10), first_seq=first, last_seq=first + 9)
            assert ask(connection, count) == [(first - 1, first - 1)]
            store.publish(seq=first + 9)
            assert ask(connection, count) == [(first + 9, first + 9)]
            assert connection.execute(count).fetchall() == [(first + 9, first + 9)]
        store.compact(grace_seconds=0)
        assert ask(connection, count) == [(30, 30)]
        store.finish(commands=1, events=30, state_hash="")
        assert ask(connection, "SELECT state FROM sessions WHERE session = 'live'") == [("sealed",)]


def test_two_publishes_within_a_tick_of_the_clock(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest that looks like the one before by inode, size and time is told apart by its generation."""
    with SessionStore.create(root, "live", ABOUT) as store, connect(root) as connection:
        add_all(store, 1, 10)
        query = "SELECT count(*) FROM trades WHERE session = 'live'"
        assert ask(connection, query) == [(10,)]
        monkeypatch.setattr("workbench.journal.catalog._look_of", lambda _: (1, 2, 3))
        add_all(store, 11, 10)
        assert ask(connection, query) == [(20,)]
        add_all(store, 21, 10)
        assert ask(connection, query) == [(30,)]


def test_an_open_result_and_another_cursor_survive_a_publish(root: Path) -> None:
    with SessionStore.create(root, "live", ABOUT) as store, connect(root) as connection:
        add_all(store, 1, 10)
        cursor = connection.cursor()
        open_result = cursor.execute("SELECT seq FROM trades WHERE session = 'live' ORDER BY seq")
        assert open_result.fetchone() == (1,)
        add_all(store, 11, 10)
        assert ask(connection, "SELECT count(*) FROM trades WHERE session = 'live'") == [(20,)]
        assert len(open_result.fetchall()) == 9
        assert cursor.execute("SELECT count(*) FROM trades WHERE session = 'live'").fetchone() == (20,)


def test_sessions_that_come_and_go(root: Path) -> None:
    with connect(root) as connection:
        make(root, "two", parts=1)
        assert ask(connection, "SELECT count(*) FROM sessions") == [(2,)]
        session_folder(root, "two").rename(root / "elsewhere")
        assert ask(connection, "SELECT session FROM sessions") == [("one",)]


def damage_file(change: Callable[[bytes], bytes | None]) -> Callable[[Path], Path]:
    def damage(folder: Path) -> Path:
        path = folder / next(part.path for part in read_manifest(folder).parts if part.table == "quotes")
        data = change(path.read_bytes())
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        return path

    return damage


def damage_manifest(change: Callable[[bytes], bytes | None]) -> Callable[[Path], Path]:
    def damage(folder: Path) -> Path:
        path = folder / "manifest.json"
        data = change(path.read_bytes())
        path.unlink()
        if data is not None:
            path.write_bytes(data)
        return path

    return damage


def other_columns(folder: Path) -> Path:
    manifest = read_manifest(folder)
    parts = (replace(manifest.parts[0], schema="0" * 16), *manifest.parts[1:])
    (folder / "manifest.json").write_bytes(encode(replace(manifest, parts=parts)))
    return folder / parts[0].path


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (damage_file(lambda _: None), "is missing, but session 'two' has it in its manifest; restore it"),
        (damage_file(lambda data: data[:-1]), "bytes in the manifest of session 'two'|was edited or damaged"),
        (damage_manifest(lambda data: data.replace(b'"seq": 10', b'"seq": 11')), "was edited or damaged"),
        (damage_manifest(lambda data: data[:100]), "is no manifest of a session"),
        (damage_manifest(lambda _: None), "session 'two' has no manifest.json"),
        (other_columns, "has columns of another version of table 'trades'"),
    ],
)
def test_a_damaged_session_is_named_and_can_be_left_out(
    root: Path, damage: Callable[[Path], Path], says: str
) -> None:
    folder = make(root, "two", parts=1)
    with connect(root) as connection:
        assert ask(connection, "SELECT count(*) FROM trades") == [(40,)]
        place = damage(folder)
        with pytest.raises(StoreError, match=says) as caught:
            connect(root)
        assert str(place if place.name != "manifest.json" or place.exists() else folder) in str(caught.value)
        assert "session=" in str(caught.value)
    with connect(root, session="one") as connection:
        assert ask(connection, "SELECT count(*) FROM trades") == [(30,)]


def test_no_data_root(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="nowhere: is no folder; name the data root with --data"):
        connect(tmp_path / "nowhere")
    make(tmp_path / "here", "one", parts=1)
    with connect(tmp_path / "here") as connection:
        (tmp_path / "here").rename(tmp_path / "there")
        with pytest.raises(StoreError, match="here: is no folder"):
            connection.sql("SELECT count(*) FROM trades")


@pytest.mark.parametrize("name", ["it's", "a b", "[class]", "what*", "x?", "k=v", "ü"])
def test_folders_of_any_name(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / name).mkdir()
    make(tmp_path / name, "one", parts=2)
    with connect(tmp_path / name, confined=True) as connection:
        assert ask(connection, "SELECT count(*) FROM candles WHERE interval = '1min'") == [(20,)]
    monkeypatch.chdir(tmp_path)
    with connect(name) as connection:
        monkeypatch.chdir("/")
        assert ask(connection, "SELECT count(*) FROM trades") == [(20,)]


def test_confined_sql_reaches_no_other_file(root: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.txt").write_text("secret")
    with connect(root, confined=True) as connection:
        assert ask(connection, "SELECT count(*) FROM trades") == [(30,)]
        for query in (
            f"SELECT * FROM read_text('{outside}/secret.txt')",
            f"SELECT * FROM read_text('{root}/sessions/../../{outside.name}/secret.txt')",
            f"COPY (SELECT 1) TO '{outside}/made.csv'",
            f"ATTACH '{outside}/made.db'",
            "SET enable_external_access = true",
            "SET allowed_directories = ['/']",
            "INSTALL httpfs",
            "LOAD httpfs",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query)
        add = SessionStore.create(root, "two", ABOUT)
        add_all(add, 1, 10)
        add.close()
        assert ask(connection, "SELECT count(*) FROM trades") == [(40,)]
    assert [path.name for path in outside.iterdir()] == ["secret.txt"]


def test_nothing_is_downloaded(root: Path) -> None:
    with connect(root) as connection:
        query = (
            "SELECT name, value FROM duckdb_settings() WHERE name LIKE 'auto%_known_extensions' ORDER BY ALL"
        )
        assert ask(connection, query) == [
            ("autoinstall_known_extensions", "false"),
            ("autoload_known_extensions", "false"),
        ]


def test_other_processes_read_while_one_writes_and_compacts(tmp_path: Path) -> None:
    """Counts never fall, tables agree with each other and with the manifest, and no file is missed."""
    SessionStore.create(tmp_path, "busy", ABOUT).close()
    module = [sys.executable, "-m", "tests.journal.busy_session"]
    writer = subprocess.Popen(
        [*module, "write", str(tmp_path), "busy", "600"], cwd=ROOT, stdout=subprocess.PIPE
    )
    readers = [
        subprocess.Popen(
            [*module, "read", str(tmp_path), "7"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    told = [reader.communicate(timeout=300) for reader in readers]
    (tmp_path / ENOUGH).touch()
    writer.communicate(timeout=120)
    assert writer.returncode == 0
    for reader, (out, err) in zip(readers, told, strict=True):
        assert reader.returncode == 0, err.decode()
        seen = [[number or 0 for number in row] for row in json.loads(out)]
        for trades, quotes, trade_sum, quote_sum, seq, stored in seen:
            assert trades == quotes == seq
            assert trade_sum == quote_sum == seq * (seq + 1) // 2
            assert stored == 2 * seq
        counts = [row[0] for row in seen]
        assert counts == sorted(counts)
        assert len(set(counts)) >= COUNTS


def test_a_reader_that_is_overtaken_by_a_compaction_looks_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SessionStore.create(root, "live", ABOUT) as store:
        add_all(store, 1, 10)
        add_all(store, 11, 10)
        real, overtaken = manifests.read_manifest, []

        def slow(folder: Path) -> manifests.Manifest:
            manifest = real(folder)
            if folder.name == "live" and not overtaken:
                overtaken.append(manifest.generation)
                store.compact(grace_seconds=0)
            return manifest

        monkeypatch.setattr("workbench.journal.catalog.read_manifest", slow)
        with connect(root) as connection:
            assert ask(connection, "SELECT count(*) FROM trades WHERE session = 'live'") == [(20,)]
        assert overtaken


def test_little_is_left_in_the_temporary_folder(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    spill = tmp_path / "spill"
    spill.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(spill))
    with connect(root) as connection:
        connection.execute("SELECT * FROM trades ORDER BY price").fetchall()
    assert list(spill.iterdir()) == []
    assert len(TABLES) == len(STORED)
