"""Small made-up sessions for tests of the store."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from workbench.domain.config import Account, Venue, venue_to_json
from workbench.domain.instruments import Instrument
from workbench.journal.seal import SessionStore
from workbench.journal.tables import NAME, TABLES, TIME

MORNING_NS = 1_700_000_000_000_000_123
VENUE = Venue(
    [
        Instrument("AAPL", "100", "200"),
        Instrument("BTC", "0.3", "6", tick_size="0.0003", lot_size="0.001", multiplier="7"),
    ],
    [Account("ann", 1000), Account("bob", "10.5")],
)
ABOUT: dict[str, Any] = {
    "venue": venue_to_json(VENUE),
    "zone": "America/New_York",
    "title": "A tiny one",
    "names": [[2, 1, "ann-1"]],
    "kind": "scenario",
}


def rows(table: str, first: int, count: int, **given: Any) -> pa.Table:
    """Rows `first`, `first + 1`, ... of a table, every number from its row; columns as given otherwise."""
    number = np.arange(first, first + count)
    columns = {}
    for column in TABLES[table].columns:
        if column.name in given:
            columns[column.name] = pa.array(given[column.name]).cast(column.type)
        elif column.type == TIME:
            columns[column.name] = pa.array(MORNING_NS + number * 1_000_000_007).view(TIME)
        elif column.type == NAME:
            names = ["AAPL", "BTC"] if column.name == "symbol" else ["street", "ann", "bob"]
            columns[column.name] = pa.array([names[n % len(names)] for n in number]).dictionary_encode()
        elif column.codes is not None:
            codes = [int(code) for code in column.codes]
            columns[column.name] = pa.array([codes[n % len(codes)] for n in number], column.type)
        elif column.name.endswith("_ns"):
            columns[column.name] = pa.array(MORNING_NS + number * 1_000_000_007)
        elif column.name == "instrument":
            columns[column.name] = pa.array((number % 2).astype(np.int32))
        elif column.name == "account":
            columns[column.name] = pa.array((number % 4).astype(np.int32))
        elif column.unit == "yes/no":
            columns[column.name] = pa.array(number % 2 == 0).cast(column.type)
        else:
            columns[column.name] = pa.array(number % 250).cast(column.type)
        if column.name == "seq":
            columns[column.name] = pa.array(number)
        elif table == "busts" and column.name == "trade_id":
            # Of no trade that is here: candles with a busted one in them are shown otherwise.
            columns[column.name] = pa.array(number + 1_000_000)
    return pa.table(columns, schema=TABLES[table].schema)


def add_all(store: SessionStore, first: int, count: int) -> None:
    """Add rows to every table, and let readers see them."""
    last = first + count - 1
    for name in TABLES:
        interval = "1min" if name == "candles" else ""
        store.add(name, rows(name, first, count), first_seq=first, last_seq=last, interval=interval)
    store.publish(seq=last, state=f"state-{last}", commands=last, events=last)


def make(root: Path, session: str, parts: int = 3, count: int = 10, *, finish: bool = True) -> Path:
    """A session with rows in every table, in some parts; its folder."""
    with SessionStore.create(root, session, ABOUT) as store:
        for part in range(parts):
            add_all(store, part * count + 1, count)
        if finish:
            store.finish(commands=parts * count, events=parts * count, state_hash="end", compact=False)
        return store.folder
