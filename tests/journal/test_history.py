import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.journal.tiny_store import MORNING_NS, make
from workbench.domain.codes import CommandKind, Side
from workbench.domain.records import COMMAND
from workbench.errors import StoreError
from workbench.journal.catalog import connect


def write_dataset(root: Path, name: str, holds: str, tables: dict[str, pa.Table], **more: Any) -> Path:
    """A data set as imports write them."""
    folder = root / "history" / name
    folder.mkdir(parents=True)
    listed = []
    for file, table in tables.items():
        pq.write_table(table, folder / file)
        data = (folder / file).read_bytes()
        listed.append(
            {
                "name": file,
                "rows": table.num_rows,
                "bytes": len(data),
                "sha256": hashlib.sha256(data).hexdigest(),
            }
        )
    size = {"tick_size": {"decimal": "0.25"}, "lot_size": {"decimal": "0.001"}}
    about = {
        "name": name, "holds": holds, "kind": "ticks", "symbol": "ACME", "zone": "UTC", "source": "a.csv",
        "imported": "2024-01-01T00:00:00+00:00", "days": ["2024-01-01", "2024-01-02"], "tables": listed,
        "counts": {"commands": 3, "rows": 4} if holds == "history" else {"bars": 2},
        "instrument": size if holds == "history" else None, **more,
    }  # fmt: skip
    digest = hashlib.sha256(json.dumps(about, sort_keys=True).encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps({**about, "digest": digest}))
    return folder


def commands() -> pa.Table:
    rows = np.zeros(3, dtype=COMMAND)
    rows["time_ns"] = MORNING_NS + np.arange(3)
    rows["kind"] = CommandKind.NEW_ORDER
    rows["side"] = [Side.BUY, Side.SELL, 0]
    rows["price_ticks"] = [401, 402, 0]
    rows["quantity_lots"] = [5, 6, 0]
    rows["client_order_id"] = [7, 8, 0]
    columns = {name: np.ascontiguousarray(rows[name]) for name in COMMAND.names or ()}
    return pa.table({**columns, "row": np.arange(3), "origin": np.zeros(3, dtype=np.uint8)})


def bars() -> pa.Table:
    times = pa.array([MORNING_NS, MORNING_NS + 60_000_000_000]).cast(pa.timestamp("ns", "UTC"))
    return pa.table({"time": times, **{name: [1.0, 2.0] for name in ("open", "high", "low", "close")}})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_dataset(tmp_path, "flow", "history", {"commands.parquet": commands()})
    write_dataset(tmp_path, "minutes", "bars", {"bars.parquet": bars()})
    return tmp_path


def test_data_sets_are_listed(root: Path) -> None:
    with connect(root) as db:
        query = "SELECT dataset, holds, symbol, first_day, commands, bars, tick_size, lot_size FROM history"
        assert db.sql(f"{query} ORDER BY dataset").fetchall() == [
            ("flow", "history", "ACME", "2024-01-01", 3, None, 0.25, 0.001),
            ("minutes", "bars", "ACME", "2024-01-01", None, 2, None, None),
        ]


def test_commands_and_bars_are_read(root: Path) -> None:
    with connect(root, confined=True) as db:
        query = "SELECT dataset, epoch_ns(time), command, side, price, quantity, client_order_id "
        assert db.sql(f"{query} FROM history_commands ORDER BY row").fetchall() == [
            ("flow", MORNING_NS, "NEW_ORDER", "BUY", 100.25, 0.005, 7),
            ("flow", MORNING_NS + 1, "NEW_ORDER", "SELL", 100.5, 0.006, 8),
            ("flow", MORNING_NS + 2, "NEW_ORDER", None, None, None, None),
        ]
        query = (
            "SELECT dataset, symbol, epoch_ns(time) // 1000, open, volume, bid_open FROM bars ORDER BY time"
        )
        assert db.sql(query).fetchall() == [
            ("minutes", "ACME", MORNING_NS // 1000, 1.0, None, None),
            ("minutes", "ACME", MORNING_NS // 1000 + 60_000_000, 2.0, None, None),
        ]


def test_data_sets_that_come_later_are_seen(root: Path) -> None:
    make(root, "one", parts=1)
    with connect(root) as db:
        assert db.sql("SELECT count(*) FROM bars").fetchall() == [(2,)]
        write_dataset(root, "more", "bars", {"bars.parquet": bars()})
        assert db.sql("SELECT count(*), count(DISTINCT dataset) FROM bars").fetchall() == [(4, 2)]
        assert db.sql("SELECT count(*) FROM trades").fetchall() == [(10,)]


def test_a_damaged_data_set_is_named(root: Path) -> None:
    path = root / "history" / "minutes" / "bars.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:-1])
    with pytest.raises(
        StoreError, match=r"bars\.parquet: has another size than the manifest of data set 'minutes'"
    ):
        connect(root)
    path.unlink()
    with pytest.raises(StoreError, match=r"bars\.parquet: is missing, but .*import it again"):
        connect(root)
    path.write_bytes(data)
    manifest = path.with_name("manifest.json")
    text = manifest.read_text()
    for other, says in (
        (text.replace("ACME", "ACNE"), "was edited or damaged"),
        (text[:50], "is no manifest of data set 'minutes'"),
        ("[]", "is no manifest of data set 'minutes'"),
    ):
        manifest.write_text(other)
        with pytest.raises(StoreError, match=says):
            connect(root)
    manifest.unlink()
    with pytest.raises(StoreError, match="data set 'minutes' has no manifest that can be read"):
        connect(root)
