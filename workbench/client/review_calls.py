"""The requests of a review, and its answers as Polars frames."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from workbench.client.calls import Call, as_plain, body_of, given
from workbench.errors import ClientError

if TYPE_CHECKING:
    import polars as pl

    from workbench.analytics.columns import Table
    from workbench.analytics.records import About, BookAt, WithoutAccount

# Polars and the tables' columns are imported when a review is read: a client that trades needs neither.


def about(base: str, account: str) -> Call[About]:
    """Whose day it is."""

    def read(body: bytes) -> About:
        from workbench.analytics.records import About  # noqa: PLC0415

        said = as_plain(body)
        return About(
            session=said["session"],
            title=said["title"],
            account=said["account"],
            user=said["user"],
            zone=said["zone"],
            currency=said["currency"],
            start_ns=_ns(said["starts"]),
            open_ns=_ns(said["opened"]),
            end_ns=_ns(said["ended"]),
            sealed=said["sealed"],
            seq=said["seq"],
        )

    return Call("GET", f"{base}/review", read, given(account=account))


def accounts(base: str) -> Call[list[tuple[str, str]]]:
    """Whose reviews there are."""

    def read(body: bytes) -> list[tuple[str, str]]:
        return [(each["account"], each["user"]) for each in as_plain(body)["accounts"]]

    return Call("GET", f"{base}/review/accounts", read)


def table(base: str, name: str, account: str, *, symbol: str = "", interval: str = "") -> Call[pl.DataFrame]:
    """A table, in Arrow, which keeps its types."""
    query = given(account=account, symbol=symbol, interval=interval, format="arrow")
    return Call("GET", f"{base}/review/{name}", _frame, query)


def download(base: str, name: str, account: str, kind: str, symbol: str, interval: str) -> Call[bytes]:
    """A table as a file."""
    query = given(account=account, symbol=symbol, interval=interval, format=kind)
    return Call("GET", f"{base}/review/{name}", bytes, query)


def book(base: str, symbol: str, at_ns: int, levels: int, account: str) -> Call[BookAt]:
    """The book at an instant."""

    def read(body: bytes) -> BookAt:
        from workbench.analytics.records import BookAt  # noqa: PLC0415
        from workbench.analytics.tables import LEVELS, WORKING  # noqa: PLC0415

        said = as_plain(body)
        return BookAt(
            symbol=said["symbol"],
            at_ns=at_ns,
            seq=said["seq"],
            time_ns=_ns(said["time"]),
            phase=said["phase"],
            last_price=said["last_price"],
            bids=_rows(said["bids"], LEVELS),
            asks=_rows(said["asks"], LEVELS),
            own=_rows(said["own"], WORKING),
            position=said["position"],
            equity=said["equity"],
        )

    query = {"at": at_ns, **given(symbol=symbol, levels=levels, account=account)}
    return Call("GET", f"{base}/review/book", read, query)


def tape(base: str, symbol: str, at_ns: int, rows: int, account: str) -> Call[pl.DataFrame]:
    """The last trades until an instant."""

    def read(body: bytes) -> pl.DataFrame:
        from workbench.analytics.tables import TRADES  # noqa: PLC0415

        return _rows(as_plain(body)["rows"], TRADES)

    query = {"at": at_ns, **given(symbol=symbol, rows=rows, account=account)}
    return Call("GET", f"{base}/review/tape", read, query)


def what_if(base: str, account: str) -> Call[WithoutAccount]:
    """The market without the account's orders."""

    def read(body: bytes) -> WithoutAccount:
        from workbench.analytics.records import WithoutAccount  # noqa: PLC0415
        from workbench.analytics.tables import WHAT_IF_TABLES  # noqa: PLC0415

        said = as_plain(body)
        frames = {name: _rows(said[name], table) for name, table in WHAT_IF_TABLES.items()}
        return WithoutAccount(**{**said, **frames})

    return Call("POST", f"{base}/review/what-if", read, body=body_of(given(account=account)))


def _frame(body: bytes) -> pl.DataFrame:
    import polars as pl  # noqa: PLC0415

    try:
        return pl.read_ipc_stream(io.BytesIO(body))
    except pl.exceptions.PolarsError as error:
        raise ClientError(
            f"the server's answer is no Arrow stream: {error}",
            remedy="use a client of the server's version",
        ) from error


def _rows(rows: list[dict[str, Any]], table: Table) -> pl.DataFrame:
    """Rows of JSON as a frame of their table; times become times."""
    import polars as pl  # noqa: PLC0415

    from workbench.analytics.columns import TIME  # noqa: PLC0415

    # JSON says 1 of 1.0, and a time is text.
    plain = {each.name: pl.String if each.type == TIME else each.type for each in table.columns}
    frame = pl.DataFrame(rows, schema=plain, strict=False)
    times = [each.name for each in table.columns if each.type == TIME]
    return frame.with_columns(
        pl.col(times).str.to_datetime("%Y-%m-%dT%H:%M:%S%.9fZ", time_unit="ns", time_zone="UTC")
    )


def _ns(moment: str | None) -> int:
    """Nanoseconds of a time of the API; 0 for none."""
    import polars as pl  # noqa: PLC0415

    if moment is None:
        return 0
    found = pl.Series([moment]).str.to_datetime("%Y-%m-%dT%H:%M:%S%.9fZ", time_unit="ns")
    return int(found.cast(pl.Int64)[0])
