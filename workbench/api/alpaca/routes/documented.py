"""Documentation of routes that read and write their bytes themselves."""

from __future__ import annotations

from typing import Any

import msgspec

_TYPES = {"int": "integer", "bool": "boolean", "text": "string"}
_REF = "#/components/schemas/{name}"


def parameters(**given: str) -> list[dict[str, Any]]:
    """Query parameters, each with `kind: what it is`.

    >>> parameters(limit="int: at most so many")[0]["schema"]
    {'type': 'integer'}
    """
    found = []
    for name, said in given.items():
        kind, _, description = said.partition(": ")
        found.append(
            {
                "name": name,
                "in": "query",
                "required": False,
                "description": description,
                "schema": {"type": _TYPES[kind]},
            }
        )
    return found


def body_schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The schema of a struct with the structs inside it put in their places."""
    schema, components = msgspec.json.schema_components([struct], ref_template=_REF)

    def resolved(value: Any) -> Any:
        if isinstance(value, dict):
            if "$ref" in value:
                return resolved(components[value["$ref"].rpartition("/")[2]])
            return {key: resolved(item) for key, item in value.items()}
        return [resolved(item) for item in value] if isinstance(value, list) else value

    made: dict[str, Any] = resolved(schema[0])
    return made


def takes(struct: type[msgspec.Struct], example: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    """The documentation of a route's body."""
    content = {"application/json": {"schema": body_schema(struct), "example": example}}
    return {"requestBody": {"required": required, "content": content}}


def gives(*structs: type[msgspec.Struct], status: int = 200, many: bool = False) -> dict[str, Any]:
    """The documentation of a route's answer; without a struct it is any object (or list)."""
    schema: dict[str, Any] = body_schema(structs[0]) if structs else {"type": "object"}
    if many:
        schema = {"type": "array", "items": schema}
    return {
        "responses": {
            str(status): {"description": "As asked", "content": {"application/json": {"schema": schema}}}
        }
    }


def failing(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, all of one shape."""
    schema = {
        "type": "object",
        "properties": {"code": {"type": "integer"}, "message": {"type": "string"}},
        "required": ["code", "message"],
    }
    return {
        status: {"description": "Refused", "content": {"application/json": {"schema": schema}}}
        for status in statuses
    }
