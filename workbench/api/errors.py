"""What an exception becomes on the wire: status, code and sentence, in the face's own shape."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from math import ceil
from typing import Any

import msgspec
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response

from workbench.api.sentences import finding, misshapen, place_of
from workbench.errors import (
    ApiError,
    AuthError,
    BusyError,
    CommandError,
    ConfigError,
    FailedError,
    IdentityError,
    NoRoomError,
    OrderRefused,
    RosterError,
    SessionError,
    WorkbenchError,
)

Shape = Callable[[ApiError, str], Response]
"""Makes the answer of a failure, in a face's own words; the text is the request's id."""

CODES = {
    400: "invalid",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "conflict",
    413: "too_large",
    415: "unsupported",
    422: "invalid",
    429: "rate_limited",
    500: "failed",
    503: "busy",
}
"""The code of a status, where nothing more exact is known."""

_SENTENCES = {
    404: "there is nothing at this address",
    405: "this address does not take this method",
    413: "the request is larger than this server takes",
    415: "this content type is not taken here; send application/json",
}

_AUTH_STATUS = {
    "forbidden": 403,
    "disabled": 403,
    "closed": 403,
    "locked": 429,
    "unknown": 404,
    "taken": 409,
    "invalid": 422,
    "busy": 503,
}
"""Everything else that identity says is about who somebody is: 401."""
_NO_DATABASE = (
    "the users' database does not answer, so nobody can log in or be changed at the moment; "
    "sessions go on for those who are logged in; try again in a moment"
)
_NO_ROOM = (
    "the disk of the users' database is full, so nobody can log in or be changed at the moment; "
    "sessions go on for those who are logged in; tell whoever runs the server to free room on its disk, "
    "and then try again"
)
_REFUSALS = {"unknown": 404, "invalid": 422, "refused": 422}
_CHALLENGE = {"WWW-Authenticate": 'Bearer realm="workbench"'}


def failure_of(error: Exception) -> ApiError:
    """The status, code and sentence of an exception that a route raised."""
    if isinstance(error, ApiError):
        return error
    if isinstance(error, AuthError):
        return _of_auth(error)
    if isinstance(error, OrderRefused):
        return _of_order(error)
    if isinstance(error, BusyError):
        return ApiError(503, "busy", str(error), headers={"Retry-After": "1"})
    if isinstance(error, FailedError):
        return ApiError(503, "failed", str(error))
    if isinstance(error, SessionError):
        return ApiError(409, "session", str(error))
    if isinstance(error, ConfigError | CommandError):
        return ApiError(422, "invalid", str(error))
    if isinstance(error, NoRoomError):
        return ApiError(503, "full", _NO_ROOM, headers={"Retry-After": "30"})
    if isinstance(error, IdentityError):
        # Its own sentence names places of the server, which its log has.
        return ApiError(503, "busy", _NO_DATABASE, headers={"Retry-After": "3"})
    if isinstance(error, RosterError):
        lines = [{"line": line, "what": what} for line, what in error.problems]
        return ApiError(422, "invalid", str(error), details={"problems": lines})
    if isinstance(error, WorkbenchError):
        return ApiError(422, "refused", str(error))
    if isinstance(error, RequestValidationError):
        return _of_validation(error)
    if isinstance(error, msgspec.ValidationError):
        return ApiError(422, "invalid", misshapen(str(error)))
    if isinstance(error, msgspec.DecodeError):
        return ApiError(400, "invalid", f"the body is no JSON: {error}")
    if isinstance(error, HTTPException):
        if isinstance(error.__cause__, ApiError):
            # FastAPI says of any failure while it reads a body that the body could not be parsed.
            return error.__cause__
        status = error.status_code
        code = CODES.get(status, "failed" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "invalid")
        sentence = _SENTENCES.get(status) or str(error.detail)
        return ApiError(status, code, sentence, headers=dict(error.headers or {}))
    return ApiError(500, "failed", "the server failed at this; its log names the request")


def _of_auth(error: AuthError) -> ApiError:
    kind = str(error.kind)
    status = _AUTH_STATUS.get(kind, 401)
    headers = dict(_CHALLENGE) if status == HTTPStatus.UNAUTHORIZED else {}
    if status in (429, 503):
        headers["Retry-After"] = str(max(1, ceil(error.retry_after_s)))
    details: dict[str, object] = {"ended": error.ending} if error.ending else {}
    return ApiError(status, kind, str(error), details=details, headers=headers)


def _of_order(error: OrderRefused) -> ApiError:
    details: dict[str, Any] = dict(error.details)
    if error.reason:
        details["reason"] = error.reason.name
    if error.order is not None:
        details["order_number"] = error.order.order_id
    return ApiError(_REFUSALS.get(error.status, 422), f"order_{error.status}", str(error), details=details)


def _of_validation(error: RequestValidationError) -> ApiError:
    """The first of pydantic's findings as a sentence; all of them are details."""
    items = error.errors()
    for item in items:
        if item["type"] == "json_invalid":
            return ApiError(400, "invalid", f"the body is no JSON: {item['ctx']['error']}")
    found = [{"where": place_of(item), "what": finding(item)} for item in items]
    first = found[0]["what"] if found else "the body is not as expected"
    return ApiError(422, "invalid", first, details={"errors": found})


def native_shape(failure: ApiError, request_id: str) -> Response:
    """The native answer: `{"code", "message", "details", "request_id"}`."""
    body = {
        "code": failure.code,
        "message": str(failure),
        "details": failure.details,
        "request_id": request_id,
    }
    return Response(
        msgspec.json.encode(body), failure.status, headers=failure.headers, media_type="application/json"
    )


async def answer_failure(connection: HTTPConnection, error: Exception) -> Response:
    """The answer to a request whose route raised `error`, in the shape of its face."""
    failure = failure_of(error)
    scope = connection.scope
    scope["workbench.failure"] = failure
    shape: Shape = connection.app.state.server.shape_of(scope["path"])
    return shape(failure, scope.get("workbench.request_id", ""))
