"""SQL over a data root and what its running sessions have not published yet: `Client.connect()`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from workbench.client.routes import arrow
from workbench.errors import ApiError
from workbench.journal.catalog import Catalog, Connection, connect
from workbench.journal.manifest import OPEN, Manifest
from workbench.journal.tables import NAME, SESSION, TABLES
from workbench.journal.views import INNER

if TYPE_CHECKING:
    from workbench.client.client import Client

TABLES_OF_TAIL = ("trades", "quotes", "events", "orders", "positions", "equity")
"""Tables with a tail; candles, round trips and closed lots are as old as the last publish."""


_EVERYBODYS = "events"
"""The table whose tail only who may read the class is given."""
_READ_CLASS = "read_class"
_TRIES = 5
"""How often the manifests may move on while the tails are asked for."""


class TailCatalog(Catalog):
    """A catalog whose views go on where the files end.

    Before each query every open session that the server runs is asked for its rows after the manifest's last
    event, all tables up to one event: the views show the session as it was then.

    Parameters
    ----------
    client
        Who asks.
    """

    def __init__(self, *arguments: Any, client: Client, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._client = client
        self._asked: tuple[str, ...] = ()
        self.seqs: dict[str, int] = {}

    def refresh(self) -> None:
        """Look at the manifests, then ask for what is behind them."""
        self._make_tables()
        for _ in range(_TRIES):
            super().refresh()
            before = {name: each.seq for name, each in self.manifests.items()}
            found = {name: self._fetch(each) for name, each in self.manifests.items() if each.state == OPEN}
            super().refresh()
            # What was published meanwhile would be in the files and in the tail.
            if before == {name: each.seq for name, each in self.manifests.items()}:
                break
        self._show({name: tail for name, tail in found.items() if tail is not None})

    def rows_of(self, table: str, files: Sequence[Path]) -> str:
        """The files' rows and the tail's."""
        stored = super().rows_of(table, files)
        if table not in TABLES_OF_TAIL:
            return stored
        return f"(FROM {stored} UNION ALL BY NAME FROM {INNER}.tail_{table})"

    def _make_tables(self) -> None:
        if self._asked:
            return
        # Asking for what is refused would be a warning in the server's log for every query.
        may_read = _READ_CLASS in self._client.me()["permissions"]
        self._asked = tuple(table for table in TABLES_OF_TAIL if may_read or table != _EVERYBODYS)
        with self._database.cursor() as cursor:
            for table in TABLES_OF_TAIL:
                self._put(cursor, table, [])

    def _fetch(self, manifest: Manifest) -> dict[str, pa.Table] | None:
        """A session's tail; None when the server does not run it, or not for whoever asks."""
        until, tail = 0, {}
        for table in self._asked:
            call = arrow(manifest.session, table, manifest.seq, until)
            try:
                rows, seq = self._client.read_arrow(call)
            except ApiError as error:
                if error.code in ("unknown_session", "not_in_class"):
                    return None
                if error.code in ("forbidden", "no_seat"):
                    continue
                raise
            until = until or seq
            tail[table] = rows.append_column(SESSION, pa.repeat(manifest.session, rows.num_rows))
        self.seqs[manifest.session] = until
        return tail

    def _show(self, tails: dict[str, dict[str, pa.Table]]) -> None:
        with self._database.cursor() as cursor:
            cursor.begin()
            try:
                for table in TABLES_OF_TAIL:
                    rows = [tail[table] for tail in tails.values() if table in tail]
                    self._put(cursor, table, [_plain(table, each) for each in rows])
                cursor.commit()
            except BaseException:
                cursor.rollback()
                raise

    @staticmethod
    def _put(cursor: Any, table: str, rows: Sequence[pa.Table]) -> None:
        cursor.execute(f"CREATE SCHEMA IF NOT EXISTS {INNER}")
        cursor.register("incoming", pa.concat_tables([_plain(table, None), *rows]))
        cursor.execute(f"CREATE OR REPLACE TABLE {INNER}.tail_{table} AS FROM incoming")
        cursor.unregister("incoming")


def _plain(table: str, rows: pa.Table | None) -> pa.Table:
    """Rows, or none, with names as text: a dictionary of names is each table's own."""
    stored = TABLES[table].stored_schema
    plain = pa.schema([(each.name, pa.string() if each.type == NAME else each.type) for each in stored])
    return plain.empty_table() if rows is None else rows.select(plain.names).cast(plain)


def connect_with_tail(
    client: Client, data: str | Path | None, session: str | Sequence[str] | None
) -> Connection:
    """SQL over a local data root, and the tail of its open sessions from the client's server."""
    made: Any = partial(TailCatalog, client=client)
    return connect(data, session=session, catalog=made)
