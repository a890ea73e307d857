"""Requests without their sending: the same ones for the client that waits and for the one that is awaited."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar
from urllib.parse import quote

import msgspec

from workbench.errors import ApiError, ClientError

if TYPE_CHECKING:
    import polars as pl

T = TypeVar("T")
M = TypeVar("M", bound=msgspec.Struct)


class Call(NamedTuple, Generic[T]):
    """One request.

    Attributes
    ----------
    method, path, query, body
        What is sent.
    decode
        Makes what the caller wants of the answer's body.
    repeatable
        Whether sending it twice does no more than sending it once.
    content_type
        What the body is.
    """

    method: str
    path: str
    decode: Callable[[bytes], T]
    query: Mapping[str, Any] = {}
    body: bytes | None = None
    repeatable: bool = True
    content_type: str = "application/json"


Plan = Generator["Call[Any]", Any, T]
"""Requests one after the other, each chosen by the answer to the one before; the last answer is returned."""


def once(call: Call[T]) -> Plan[T]:
    """The plan of one request."""
    answer: T = yield call
    return answer


def as_struct(kind: type[M]) -> Callable[[bytes], M]:
    """Reads an object."""
    decoder = msgspec.json.Decoder(kind)
    return lambda body: _read(decoder.decode, body)


def as_list(kind: type[M], field: str) -> Callable[[bytes], list[M]]:
    """Reads the list in one field of an object, or the answer itself where it is a list."""

    def read(body: bytes) -> list[M]:
        found = _read(msgspec.json.decode, body)
        rows = found.get(field, []) if isinstance(found, dict) else found
        return msgspec.convert(rows, list[kind])  # type: ignore[valid-type]

    return lambda body: _read(read, body)


def as_frame(field: str = "") -> Callable[[bytes], pl.DataFrame]:
    """Reads columns, or the rows in one field, as a Polars frame; times become times."""

    def read(body: bytes) -> pl.DataFrame:
        import polars as pl  # noqa: PLC0415 - a client that wants no frames needs no Polars

        found = msgspec.json.decode(body)
        if field:
            frame = pl.from_dicts(found[field], infer_schema_length=None) if found[field] else pl.DataFrame()
        else:
            frame = pl.DataFrame({name: value for name, value in found.items() if isinstance(value, list)})
        timed = [name for name in ("time", "created", "updated") if name in frame.columns]
        return frame.with_columns(
            pl.col(name).cast(pl.String).str.to_datetime("%Y-%m-%dT%H:%M:%S%.9fZ", time_unit="ns")
            for name in timed
        )

    return lambda body: _read(read, body)


def as_plain(body: bytes) -> Any:
    """Reads whatever JSON there is."""
    return _read(msgspec.json.decode, body) if body else None


def _read(decode: Callable[[bytes], Any], body: bytes) -> Any:
    try:
        return decode(body)
    except (msgspec.MsgspecError, KeyError, TypeError) as error:
        raise ClientError(
            f"the server's answer is not what this version of the client knows: {error}",
            remedy="use a client of the server's version",
        ) from error


def failure(status: int, body: bytes, headers: Mapping[str, str]) -> ApiError:
    """What an answer with another status than success says."""
    try:
        said = msgspec.json.decode(body)
    except msgspec.MsgspecError:
        said = None
    if not isinstance(said, dict):
        said = {"message": f"the server answered with status {status}"}
    details = said.get("details")
    return ApiError(
        status,
        str(said.get("code", "failed")),
        str(said.get("message", "")),
        details=details if isinstance(details, dict) else {},
        headers={name: value for name, value in headers.items() if name.lower() == "retry-after"},
    )


def segment(text: object) -> str:
    """A piece of a path."""
    return quote(str(text), safe=":")


def given(**query: Any) -> dict[str, Any]:
    """A query without what was not given."""
    return {name: value for name, value in query.items() if value not in (None, "", 0)}


def body_of(fields: Mapping[str, Any]) -> bytes:
    """A JSON body without what was not given; decimals as text, so that nothing is rounded."""
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})
