"""The base of what REST takes and gives: unknown fields are refused, and every model has an example."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from workbench.errors import ApiError

Answers = dict[int | str, dict[str, Any]]

MAX_SEQ = 1 << 62
"""No event, order or entry has a larger number; what is above it fits no column."""


def _as_text(given: object) -> object:
    """A number as the shortest text that means it; everything else as it is.

    >>> _as_text(2.5), _as_text(1), _as_text("0.10"), _as_text(True)
    ('2.5', '1', '0.10', True)
    """
    return str(given) if isinstance(given, int | float) and not isinstance(given, bool) else given


_AMOUNT_CHARACTERS_MAX = 40
Amount = Annotated[
    str,
    BeforeValidator(_as_text),
    Field(max_length=_AMOUNT_CHARACTERS_MAX),
    WithJsonSchema({"anyOf": [{"type": "string", "maxLength": _AMOUNT_CHARACTERS_MAX}, {"type": "number"}]}),
]
"""A decimal number as a client gives it: as text, or as a number."""


class Model(BaseModel):
    """A body or an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Failure(Model):
    """What every failure says."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "code": "forbidden",
                    "message": "this needs the permission run_session, which a student has not",
                    "details": {"missing": ["RUN_SESSION"]},
                    "request_id": "5f0c2a1b-1f",
                }
            ]
        }
    )
    code: str
    message: str
    details: dict[str, Any]
    request_id: str


class Done(Model):
    """The answer where there is nothing else to say."""

    model_config: ClassVar[ConfigDict] = ConfigDict(json_schema_extra={"examples": [{"done": True}]})
    done: bool = True


_MEANINGS = {
    400: "No JSON, or something that HTTP itself does not allow",
    401: "Nobody is logged in, or the credentials are wrong or have expired",
    403: "This user or key may not do this",
    404: "There is no such thing",
    409: "It cannot be done now; the sentence says why",
    413: "The body is too large",
    422: "What was sent makes no sense, or the exchange refuses it; the sentence says why",
    429: "Too many requests; `Retry-After` says when to come back",
    503: "The session takes nothing at the moment",
}


def failures(*statuses: int) -> Answers:
    """The failures of a route, for its documentation."""
    return {status: {"model": Failure, "description": _MEANINGS[status]} for status in (*statuses, 429)}


def example(**fields: Any) -> ConfigDict:
    """The configuration of a model with one example."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [fields]})


def unknown(what: str) -> ApiError:
    """The failure of a name that means nothing."""
    return ApiError(404, "not_found", what)
