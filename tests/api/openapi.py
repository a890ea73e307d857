"""The native face as OpenAPI; `python -m tests.api.openapi > docs/openapi.json` writes it anew."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from tests.api.served import serving
from workbench.api.app import create_app
from workbench.api.logs import set_up_logs


def native_schema(app: FastAPI) -> dict[str, Any]:
    """The schema without the other faces, which have pages and papers of their own."""
    schema = app.openapi()
    paths = {
        path: item
        for path, item in sorted(schema["paths"].items())
        if path.startswith(("/api", "/health", "/metrics"))
    }
    text = json.dumps(paths)
    kept: dict[str, Any] = {}
    waiting = _named(text)
    schemas = schema["components"]["schemas"]
    while waiting:
        name = waiting.pop()
        if name not in kept:
            kept[name] = schemas[name]
            waiting |= _named(json.dumps(schemas[name]))
    components = {**schema["components"], "schemas": dict(sorted(kept.items()))}
    return {**schema, "paths": paths, "components": components}


def _named(text: str) -> set[str]:
    prefix = '"#/components/schemas/'
    return {piece.split('"', 1)[0] for piece in text.split(prefix)[1:]}


def as_text(schema: dict[str, Any]) -> str:
    """As docs/openapi.json has it."""
    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    set_up_logs()
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "data") as served:
        server = served.server
        sys.stdout.write(
            as_text(native_schema(create_app(server.sessions, server.identity, server.settings)))
        )
