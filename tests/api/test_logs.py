"""Logs are one JSON object per line, also those of libraries, and hold no secret."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from workbench.api.logs import set_up_logs


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    try:
        set_up_logs("json", stream=stream)
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        structlog.reset_defaults()


def lines(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_ours_and_those_of_libraries_look_alike(written: io.StringIO) -> None:
    structlog.get_logger("workbench.http").warning("request", status=401, user="ann")
    logging.getLogger("workbench.session").error("session %s cannot go on", "monday")
    ours, theirs = lines(written)
    assert (ours["event"], ours["status"], ours["user"], ours["level"]) == ("request", 401, "ann", "warning")
    assert (theirs["event"], theirs["level"]) == ("session monday cannot go on", "error")
    assert ours["logger"] == "workbench.http"
    assert ours["timestamp"]


def test_an_exception_is_one_line(written: io.StringIO) -> None:
    try:
        int("two\nlines")
    except ValueError:
        structlog.get_logger("workbench.http").exception("request failed")
    (line,) = lines(written)
    assert "ValueError: invalid literal" in str(line["exception"])


@pytest.mark.parametrize(
    "name", ["password", "refresh_token", "secret", "Authorization", "ticket", "api_key"]
)
def test_what_is_called_a_secret_is_hidden(written: io.StringIO, name: str) -> None:
    structlog.get_logger("workbench.http").info("something", **{name: "hunter2", "kept": "seen"})
    assert "hunter2" not in written.getvalue()
    assert lines(written)[0]["kept"] == "seen"


def test_libraries_are_heard_when_it_matters_alone(written: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info('"WebSocket /stream?ticket=hunter2" [accepted]')
    logging.getLogger("uvicorn.error").warning("Invalid HTTP request received.")
    assert [line["event"] for line in lines(written)] == ["Invalid HTTP request received."]
