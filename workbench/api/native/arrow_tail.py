"""The rows of a live session that no manifest lists yet, as the tables of the data root have them."""

from __future__ import annotations

import threading
from collections import defaultdict
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from workbench.journal.tables import TABLES
from workbench.session.tables import Tables

if TYPE_CHECKING:
    from workbench.bus.memory import MemoryBus
    from workbench.bus.port import Batch
    from workbench.session.live.session import LiveSession

SEQ = {
    "trades": "seq",
    "quotes": "seq",
    "events": "seq",
    "positions": "seq",
    "equity": "seq",
    "orders": "ended_seq",
}
"""Tables of the tail, and the column that says by which event a row is there."""

OWN = frozenset({"orders", "positions", "equity"})
"""Those of which a student sees the own rows alone."""

_MOST_WAITING = 1 << 15


class Tail:
    """One session's rows behind its manifest, folded in a thread of their own.

    It begins with the session's first event, for positions and orders are what all events made of them; what
    the manifest lists is dropped as it grows.

    Parameters
    ----------
    session
        The session.
    bus
        Where its events come from.
    """

    def __init__(self, session: LiveSession, bus: MemoryBus) -> None:
        self._session = session
        self._bus = bus
        self._lock = threading.Lock()
        self._tables = Tables(session.venue, session.zone)
        self._chunks: dict[str, list[tuple[int, pa.Table]]] = defaultdict(list)
        self._subscription = bus.subscribe("arrow-tail", session.name, 1, self._take)

    def rows(self, table: str, after_seq: int, until_seq: int, timeout_s: float) -> pa.Table | None:
        """Rows of the events after one and up to another; None when these do not come in time. Blocks."""
        if not self._subscription.wait_for(until_seq, timeout_s):
            return None
        with self._lock:
            self._collect()
            found = [rows for last, rows in self._chunks[table] if last > after_seq]
        whole = pa.concat_tables([TABLES[table].schema.empty_table(), *found], promote_options="permissive")
        seq = whole.column(SEQ[table])
        return whole.filter(pc.and_(pc.greater(seq, after_seq), pc.less_equal(seq, until_seq)))

    def close(self) -> None:
        """Fold no more."""
        self._subscription.close()

    def _take(self, batch: Batch) -> None:
        with self._lock:
            events = batch.events[batch.events["seq"] > self._tables.seq]
            self._tables.take(events)
            if self._tables.waiting > _MOST_WAITING:
                self._collect()

    def _collect(self) -> None:
        """Make rows of what was folded, and drop those that the manifest lists."""
        if self._tables.waiting:
            for found in self._tables.rows():
                if found.table in SEQ and found.rows.num_rows:
                    self._chunks[found.table].append((found.last_seq, found.rows))
        published = self._session.status().published_seq
        for table, chunks in self._chunks.items():
            self._chunks[table] = [chunk for chunk in chunks if chunk[0] > published]


def seen_by(rows: pa.Table, table: str, account: str | None) -> pa.Table:
    """Rows as an account may see them: its own, and of the market's nobody else's name. None sees all."""
    if account is None:
        return rows
    if table in OWN:
        return rows.filter(pc.equal(pc.cast(rows.column("account"), pa.string()), account))
    if table == "trades":
        for name in ("taker", "maker"):
            column = rows.column(name)
            mine = pc.fill_null(pc.equal(pc.cast(column, pa.string()), account), fill_value=False)
            shown = pc.if_else(mine, pc.cast(column, pa.string()), None)
            rows = rows.set_column(
                rows.schema.get_field_index(name), rows.schema.field(name), shown.cast(column.type)
            )
            number = f"{name}_order_id"
            hidden = pc.if_else(mine, rows.column(number), 0)
            rows = rows.set_column(rows.schema.get_field_index(number), rows.schema.field(number), hidden)
    return rows
