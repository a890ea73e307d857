"""The addresses of the pages: who is let in, who is sent to sign in, and what each of them answers."""

from __future__ import annotations

from secrets import token_urlsafe
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dashboards.serving import html
from dashboards.serving.addresses import (
    ASSETS,
    FAVICON,
    LOGIN,
    REPORTS,
    RESUME,
    STATIC,
    page_of,
    safe_next,
    with_next,
)
from dashboards.serving.documents import USER
from dashboards.serving.guard import SignedOutError, home_of, require, visiting, visitor
from dashboards.serving.policy import policy_of, with_nonce
from dashboards.serving.sockets import serve_socket
from workbench.api.auth import REFRESH_COOKIE, address_of, cookie_of
from workbench.api.errors import failure_of
from workbench.api.native.login import drop_cookies, drop_ended, set_cookies
from workbench.errors import ApiError, AuthError, IdentityError
from workbench.identity.endings import ending_of

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from dashboards.serving.documents import Documents
    from dashboards.serving.files import Files
    from workbench.api.server import Server
    from workbench.identity.principal import Principal

_SEE_OTHER = 303
_NOT_OURS = ("bokeh-session-id", "bokeh_session_id")
"""With one of these somebody could open another's document, or have another open theirs."""


class Site:
    """The pages as a plain ASGI application.

    Parameters
    ----------
    server
        Whose pages they are.
    documents
        What makes them.
    files
        What they are made of.
    """

    def __init__(self, server: Server, documents: Documents, files: Files) -> None:
        self.server = server
        self.documents = documents
        self.files = files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or open a page's socket."""
        path: str = scope["path"]
        if scope["type"] == "websocket":
            await serve_socket(self.server, self.documents, scope, receive, send)
        elif path.startswith((ASSETS, STATIC)):
            await self.files(scope, receive, send)
        elif path == FAVICON:
            await self.files({**scope, "path": f"{ASSETS}favicon.svg"}, receive, send)
        elif path != "/" and path.endswith("/"):
            # What a page loads is found from its address, which is without a slash at its end.
            query = f"?{text}" if (text := scope["query_string"].decode("latin-1")) else ""
            await _redirect(f"/{path.strip('/')}{query}")(scope, receive, send)
        elif page_of(path):
            await self._page(scope, receive, send)
        else:
            request = Request(scope, receive)
            if scope["method"] not in ("GET", "HEAD"):
                raise ApiError(405, "method", "this address is only read", headers={"Allow": "GET, HEAD"})
            if path == RESUME:
                answer = await self._resume(request)
            else:
                answer = self._sign_in(request) if path == LOGIN else self._home(request)
            answer.headers["Cache-Control"] = "no-store"
            await answer(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A page or something below it, for whom it is for."""
        path = scope["path"]
        page = page_of(path)
        request = Request(scope, receive)
        try:
            principal = visitor(self.server, scope, lasting=path == page)
            scope["workbench.principal"] = principal
            require(principal, page)
        except SignedOutError:
            if path != page:
                raise ApiError(401, "unauthorized", "nobody is signed in; open the page anew") from None
            answer = html.bounce() if _is_foreign(request) else self._to_resume(request)
            answer.headers["Cache-Control"] = "no-store"
            await answer(scope, receive, send)
            return
        except (ApiError, AuthError) as error:
            if path != page:
                raise
            answer = html.refusal(str(error))
            answer.headers["Cache-Control"] = "no-store"
            await answer(scope, receive, send)
            return
        if page == REPORTS:
            # Plain HTML with a program: there is nothing below it, and no document behind it.
            if path != page:
                raise ApiError(404, "not_found", "there is nothing at this address")
            if scope["method"] not in ("GET", "HEAD"):
                raise ApiError(405, "method", "this address is only read", headers={"Allow": "GET, HEAD"})
            answer = html.reports(self.files)
            answer.headers["Cache-Control"] = "no-store"
            await answer(scope, receive, send)
            return
        visiting.set((principal, address_of(request)))
        await self.documents(_for(scope, principal), receive, _secured(request, send))

    def _onward(self, request: Request) -> str:
        return safe_next(request.query_params.get("next", ""), self.server.settings.origins)

    def _to_resume(self, request: Request) -> Response:
        onward = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return _redirect(with_next(RESUME, safe_next(onward)))

    def _sign_in(self, request: Request) -> Response:
        """The page for signing in; who is signed in goes on at once."""
        onward = self._onward(request)
        try:
            principal = visitor(self.server, request.scope, lasting=True)
        except (SignedOutError, AuthError):
            # A code in the address, and never a text: no link can put words into this page.
            why = ending_of(request.query_params.get("why", ""))
            return html.sign_in(onward, self.server, self.files, why)
        return _redirect(onward or home_of(principal))

    def _home(self, request: Request) -> Response:
        """The page that somebody's work is done in."""
        try:
            return _redirect(home_of(visitor(self.server, request.scope, lasting=True)))
        except (SignedOutError, AuthError):
            return html.bounce() if _is_foreign(request) else _redirect(RESUME)

    async def _resume(self, request: Request) -> Response:
        """Go on with a log-in whose access token is over, or to the page for signing in."""
        onward = self._onward(request)
        token = cookie_of(request, REFRESH_COOKIE)
        if not token:
            return _redirect(with_next(LOGIN, onward))
        try:
            self.server.limits.spend_login(address_of(request))
            tokens = await self.server.identity.refresh(token)
        except AuthError as error:
            self.server.metrics.login_failed(str(error.kind))
            answer = _redirect(with_next(LOGIN, onward, error.ending))
            if error.ending:
                drop_ended(self.server, answer, token)
            else:
                drop_cookies(self.server, answer)
            return answer
        except (ApiError, IdentityError) as error:
            # Nothing has ended: the browser keeps what it has, and the person is told what to wait for.
            return self._not_now(request, failure_of(error), with_next(RESUME, onward))
        answer = _redirect(onward or home_of(tokens.principal))
        set_cookies(self.server, answer, tokens)
        return answer

    def _not_now(self, request: Request, failure: ApiError, again: str) -> Response:
        """Say why a log-in cannot be gone on with at the moment, and how to try again."""
        request.scope["workbench.failure"] = failure
        answer = html.refusal(
            str(failure), "You cannot be let in at the moment", failure.status, link=(again, "Try again")
        )
        answer.headers.update(failure.headers)
        return answer


def _redirect(address: str) -> Response:
    return RedirectResponse(address, _SEE_OTHER)


def _is_foreign(request: Request) -> bool:
    """Whether a link of another site leads here: browsers then leave the cookies of a log-in out."""
    return request.headers.get("sec-fetch-site") == "cross-site"


def _for(scope: Scope, principal: Principal) -> Scope:
    """A request as documents see it: for somebody, and without a document's name that somebody gave."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    kept = [(name, value) for name, value in query if name not in _NOT_OURS]
    name = USER.lower().encode()
    headers = [each for each in scope["headers"] if each[0] not in (name, b"bokeh-session-id")]
    return {
        **scope,
        "headers": [*headers, (name, principal.user_id.encode())],
        "query_string": urlencode(kept).encode(),
    }


def _secured(request: Request, send: Send) -> Send:
    """A `send` that gives a page its policy, and its scripts the word with which that lets them run."""
    began: Message | None = None
    parts: list[bytes] = []

    async def secured(message: Message) -> None:
        nonlocal began
        if message["type"] == "http.response.start":
            began = message
            return
        if message["type"] != "http.response.body" or began is None:
            await send(message)
            return
        parts.append(message.get("body", b""))
        if message.get("more_body"):
            return
        nonce = token_urlsafe(16)
        body = with_nonce(b"".join(parts).decode(), nonce).encode()
        policy = policy_of(nonce, request.headers.get("host", ""))
        headers = [each for each in began["headers"] if each[0] != b"content-length"]
        await send(
            {
                **began,
                "headers": [
                    *headers,
                    (b"content-length", str(len(body)).encode()),
                    (b"content-security-policy", policy.encode()),
                    (b"cache-control", b"no-store"),
                ],
            }
        )
        await send({"type": "http.response.body", "body": body})

    return secured
