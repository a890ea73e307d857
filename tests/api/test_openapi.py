"""docs/openapi.json is what the server says, and every body and answer has an example."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.openapi import as_text, native_schema
from tests.api.served import Served
from tests.conftest import ROOT
from workbench.api.app import create_app

METHODS = ("get", "put", "post", "patch", "delete")


@pytest.fixture(scope="module")
def schema(served: Served) -> dict[str, Any]:
    server = served.server
    return native_schema(create_app(server.sessions, server.identity, server.settings))


def test_the_file_is_what_the_server_says(schema: dict[str, Any]) -> None:
    written = (ROOT / "docs" / "openapi.json").read_text()
    assert written == as_text(schema), "run: python -m tests.api.openapi > docs/openapi.json"


def operations(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def has_example(content: dict[str, Any], schema: dict[str, Any]) -> bool:
    """Whether a body's content has an example, itself or in its schema."""
    if "example" in content or "examples" in content:
        return True
    said = content.get("schema", {})
    for part in (said, *said.get("anyOf", ())):
        name = part.get("$ref", "").rsplit("/", 1)[-1]
        if "examples" in part or "examples" in schema["components"]["schemas"].get(name, {}):
            return True
    return False


def test_every_body_and_answer_has_an_example(schema: dict[str, Any]) -> None:
    without = []
    for name, operation in operations(schema):
        bodies = [("body", operation["requestBody"])] if "requestBody" in operation else []
        for where, part in [*bodies, *operation["responses"].items()]:
            for kind, content in part.get("content", {}).items():
                if not has_example(content, schema):
                    without.append(f"{name} {where} {kind}")
    assert without == []


def test_failures_are_ours(schema: dict[str, Any]) -> None:
    assert "HTTPValidationError" not in as_text(schema)
    assert has_example({"schema": {"$ref": "#/components/schemas/Failure"}}, schema)


def test_every_operation_is_described(schema: dict[str, Any]) -> None:
    assert [name for name, operation in operations(schema) if not operation.get("description")] == []
    assert [name for name, operation in operations(schema) if not operation.get("summary")] == []


def test_a_body_without_an_example_is_found(schema: dict[str, Any]) -> None:
    assert not has_example({"schema": {"type": "string"}}, schema)
    assert has_example({"schema": {"$ref": "#/components/schemas/OrderOut"}}, schema)


def test_every_placeholder_is_a_parameter(schema: dict[str, Any]) -> None:
    for name, operation in operations(schema):
        given = {each["name"] for each in operation.get("parameters", ()) if each["in"] == "path"}
        assert given == {piece.partition("}")[0] for piece in name.split("{")[1:]}, name
