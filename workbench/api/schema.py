"""The OpenAPI page of a server: FastAPI's, with who may call what and how failures really look."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.routing import Route

from workbench.api.auth import ACCESS_COOKIE
from workbench.api.native.model import Failure, failures

_SCHEMES: dict[str, Any] = {
    "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": ACCESS_COOKIE},
    "keyId": {"type": "apiKey", "in": "header", "name": "APCA-API-KEY-ID"},
    "keySecret": {"type": "apiKey", "in": "header", "name": "APCA-API-SECRET-KEY"},
    "basic": {"type": "http", "scheme": "basic"},
}
_LOGGED_IN: list[dict[str, list[str]]] = [
    {"bearer": []},
    {"cookie": []},
    {"keyId": [], "keySecret": []},
    {"basic": []},
]
_THEIRS, _OURS = "#/components/schemas/HTTPValidationError", "#/components/schemas/Failure"


def complete_schema(app: FastAPI) -> None:
    """Have the OpenAPI of an application say each route's permissions and our own failures."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        schema = plain()
        components = schema.setdefault("components", {})
        components["securitySchemes"] = _SCHEMES
        schemas = components.setdefault("schemas", {})
        schemas.setdefault("Failure", Failure.model_json_schema(ref_template="#/components/schemas/{model}"))
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for route in app.router.routes:
            if not isinstance(route, Route) or route.path not in schema["paths"]:
                continue
            permissions = getattr(route.endpoint, "permissions", None)
            for method in route.methods or ():
                operation = schema["paths"][route.path].get(method.lower())
                if operation is None:
                    continue
                operation["security"] = [] if permissions is None else _LOGGED_IN
                operation["x-permissions"] = sorted(str(permission) for permission in permissions or ())
                _replace_failures(operation)
                _add_path_parameters(operation, route.path)
                _add_example(operation, schemas)
                _add_failures(operation, guarded=permissions is not None)
        return schema

    app.openapi = openapi  # type: ignore[method-assign]


def _replace_failures(operation: dict[str, Any]) -> None:
    answer = operation.get("responses", {}).get("422", {})
    for content in answer.get("content", {}).values():
        if content.get("schema", {}).get("$ref") == _THEIRS:
            content["schema"]["$ref"] = _OURS
            answer["description"] = "What was sent makes no sense; the sentence says why"


def _add_path_parameters(operation: dict[str, Any], path: str) -> None:
    """Name the placeholders that a route which reads its request itself does not declare."""
    given = operation.setdefault("parameters", [])
    known = {parameter["name"] for parameter in given if parameter["in"] == "path"}
    for name in (piece.partition("}")[0] for piece in path.split("{")[1:]):
        if name not in known:
            given.append({"name": name, "in": "path", "required": True, "schema": {"type": "string"}})
    if not given:
        del operation["parameters"]


def _add_example(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Give a body that may be left out the example of what it is when it is there."""
    for content in operation.get("requestBody", {}).get("content", {}).values():
        for part in content.get("schema", {}).get("anyOf", ()):
            named = schemas.get(part.get("$ref", "").rsplit("/", 1)[-1], {})
            if "examples" in named:
                content.setdefault("example", named["examples"][0])


def _add_failures(operation: dict[str, Any], *, guarded: bool) -> None:
    """Say what any address may answer, in the shape of the failures that the route documents itself."""
    answers: dict[str, Any] = operation.setdefault("responses", {})
    shape: Any = {"application/json": {"schema": {"$ref": _OURS}}}
    for status in ("404", "401", "422"):
        shape = answers.get(status, {}).get("content", shape)
    statuses = [429]
    if guarded:
        statuses += [401, 403]
    if "requestBody" in operation:
        statuses += [400, 413, 422]
    for code, said in failures(*statuses).items():
        answers.setdefault(str(code), {"description": said["description"], "content": shape})
