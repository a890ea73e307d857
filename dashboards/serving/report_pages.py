"""Reports as people open them: what refuses one is a page with the sentence, or the way to log in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.requests import Request
from starlette.responses import RedirectResponse

from dashboards.serving import html
from dashboards.serving.addresses import RESUME, safe_next, with_next

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_REFUSED, _SIGNED_OUT, _SEE_OTHER = 400, 401, 303
_OF_BODY = (b"content-type", b"content-length", b"cache-control")


async def serve_report(api: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Let the API answer a browser, and make a page of what it refuses."""
    refused: Message | None = None
    parts: list[bytes] = []

    async def as_page(message: Message) -> None:
        nonlocal refused
        if message["type"] == "http.response.start" and message["status"] >= _REFUSED:
            refused = message
        if refused is None:
            await send(message)
            return
        parts.append(message.get("body", b""))
        if message["type"] != "http.response.body" or message.get("more_body"):
            return
        answer = _page(Request(scope), refused["status"], b"".join(parts))
        answer.headers["Cache-Control"] = "no-store"
        kept = [each for each in refused["headers"] if each[0].lower() not in _OF_BODY]
        answer.raw_headers.extend(kept)
        await answer(scope, receive, send)

    await api(scope, receive, as_page)


def _page(request: Request, status: int, body: bytes) -> Response:
    if status == _SIGNED_OUT:
        if request.headers.get("sec-fetch-site") == "cross-site":
            return html.bounce()
        query = f"?{request.url.query}" if request.url.query else ""
        onward = safe_next(f"{request.url.path}{query}")
        return RedirectResponse(with_next(RESUME, onward), _SEE_OTHER)
    try:
        sentence = str(msgspec.json.decode(body)["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        sentence = "the server did not say why"
    return html.refusal(sentence, "This report cannot be shown", status)
