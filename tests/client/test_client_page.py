"""Every example of docs/client.md, run in its order against a server."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.openapi import native_schema
from tests.api.served import MARKET, PASSWORD, Served, serving
from tests.conftest import ROOT
from workbench.api.app import create_app
from workbench.client import Client
from workbench.identity.roles import Role

PAGE = (ROOT / "docs" / "client.md").read_text()
EXAMPLES = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    with serving(tmp_path / "var") as own:
        own.person(name="ann")
        own.person(Role.INSTRUCTOR, name="lee")
        with Client(own.url) as lee:
            lee.login("lee", PASSWORD)
            lee.create_session("monday", scenario=MARKET).start()
        known: dict[str, Any] = {}
        assert len(EXAMPLES) >= 5
        for example in EXAMPLES:
            exec(compile(example.replace("http://127.0.0.1:8000", own.url), "client.md", "exec"), known)
        for each in ("client", "teacher"):
            known[each].close()
    assert (tmp_path / "lesson.zip").read_bytes().startswith(b"PK")


def test_every_route_can_be_called_by_its_address(served: Served) -> None:
    """A route that took its body otherwise, or a query beside a body, would need a method of its own."""
    server = served.server
    schema = native_schema(create_app(server.sessions, server.identity, server.settings))
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            name = f"{method.upper()} {path}"
            query = [each for each in operation.get("parameters", ()) if each["in"] == "query"]
            body = set(operation.get("requestBody", {}).get("content", {}))
            assert method in ("get", "delete", "post", "put", "patch"), name
            if method in ("get", "delete"):
                assert not body, name
            else:
                assert not query, name
            assert body <= {"application/json"} or method == "post", name
