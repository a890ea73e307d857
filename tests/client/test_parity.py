"""The clients that wait and those that are awaited have the same methods, as do REST and the stream."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from workbench.client import AsyncClient, Client
from workbench.client.async_market import AsyncSessionClient
from workbench.client.async_review import AsyncReviewClient
from workbench.client.async_stream import AsyncStream
from workbench.client.market import SessionClient
from workbench.client.review import ReviewClient
from workbench.client.stream import Stream

PAIRS = [
    (Client, AsyncClient),
    (SessionClient, AsyncSessionClient),
    (Stream, AsyncStream),
    (ReviewClient, AsyncReviewClient),
]
NOT_AWAITED = {"connect", "read_arrow"}
"""SQL is not awaited: DuckDB answers in the thread that asks."""
PLAIN = {"session", "review", "stream", "rows", "state"}
"""What asks nobody is not awaited."""


def shapes(kind: type) -> dict[str, str]:
    """Public names of a class, each with its signature as it is written."""
    found: dict[str, str] = {"__init__": _signature(kind.__init__)}
    for name, member in inspect.getmembers(kind):
        if not name.startswith("_") and name not in NOT_AWAITED:
            found[name] = _signature(member) if callable(member) else "property"
    return found


def _signature(member: Any) -> str:
    said = str(inspect.signature(member))
    return (
        said.replace("Async", "")
        .replace("BaseTransport", "Transport")
        .replace("httpx.Transport", "Transport")
    )


@pytest.mark.parametrize(("waiting", "awaited"), PAIRS, ids=lambda kind: kind.__name__)
def test_both_have_the_same_methods(waiting: type, awaited: type) -> None:
    assert shapes(awaited) == shapes(waiting)


@pytest.mark.parametrize(("waiting", "awaited"), PAIRS, ids=lambda kind: kind.__name__)
def test_what_asks_the_server_is_awaited(waiting: type, awaited: type) -> None:
    methods = {name for name in shapes(waiting) if callable(getattr(waiting, name)) and name != "__init__"}
    for name in methods:
        member = getattr(awaited, name)
        assert inspect.iscoroutinefunction(member) == (name not in PLAIN), name
        assert inspect.getdoc(member) == inspect.getdoc(getattr(waiting, name)), name


def test_orders_are_placed_the_same_way_over_rest_and_over_a_stream() -> None:
    for name in ("place", "replace", "cancel", "cancel_all"):
        rest, stream = (inspect.signature(getattr(kind, name)) for kind in (SessionClient, Stream))
        assert rest.parameters == stream.parameters, name


def test_a_difference_is_found() -> None:
    class Other(SessionClient):
        def join(self, where: str = "") -> Any:  # type: ignore[override]
            raise NotImplementedError

    assert shapes(Other) != shapes(SessionClient)
