"""`workbench.AsyncClient`: the same as `Client`, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self, TypeVar

import httpx

from workbench.client import routes
from workbench.client.async_market import AsyncSessionClient
from workbench.client.async_review import AsyncReviewClient
from workbench.client.calls import Call, Plan, failure, once
from workbench.client.credentials import Credentials
from workbench.client.models import Key, Plain, Session
from workbench.client.sending import PAUSES_S, unanswered, url_of, wants_new_token
from workbench.errors import ApiError, ClientError

T = TypeVar("T")


class AsyncClient:
    """A server's sessions, users and keys.

    Parameters
    ----------
    url
        Where the server is, such as `http://127.0.0.1:8000`.
    token, refresh
        Tokens of an earlier log-in; or log in with `login`.
    key, secret
        An API key instead.
    timeout_s
        How long an answer may take.
    transport
        Another way to send requests, for tests.
    """

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        refresh: str = "",
        key: str = "",
        secret: str = "",
        timeout_s: float = 30.0,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.url = url_of(url)
        self.timeout_s = timeout_s
        self.credentials = Credentials(token, refresh, key, secret)
        self._http = httpx.AsyncClient(base_url=self.url, timeout=timeout_s, transport=transport)
        self._renewing = asyncio.Lock()

    # ------------------------------------------------------------------ users

    async def login(self, name: str, password: str) -> None:
        """Log in; the tokens are renewed by themselves from now on."""
        self.credentials.take(await self.run(once(routes.login(name, password))))

    async def logout(self) -> None:
        """End the log-in."""
        token = self.credentials.refresh
        if token:
            await self.run(once(routes.logout(token)))
        self.credentials.forget()

    async def sign_up(self, name: str, password: str, *, email: str = "", code: str = "") -> Any:
        """Make a user; a class may ask for its code."""
        return await self.run(once(routes.sign_up(name, password, email, code)))

    async def me(self) -> Plain:
        """Who one is, and what one may do."""
        return await self.run(once(routes.me()))

    async def create_key(self, label: str, *, session: str = "") -> Key:
        """Make an API key, for a bot; its secret is told this once."""
        return await self.run(once(routes.create_key(label, session)))

    # ------------------------------------------------------------------ sessions

    async def sessions(self) -> list[Session]:
        """The server's sessions."""
        return await self.run(once(routes.sessions()))

    def session(self, name: str) -> AsyncSessionClient:
        """One session; nothing is asked before it is used."""
        return AsyncSessionClient(self, name)

    def review(self, session: str, account: str = "") -> AsyncReviewClient:
        """What one did in a session that is over, or another's account for who may read the class."""
        return AsyncReviewClient(self, session, account)

    async def create_session(
        self,
        name: str,
        *,
        scenario: str = "",
        file: str = "",
        draft: str = "",
        overrides: Mapping[str, Any] | None = None,
        classes: Iterable[str] = (),
    ) -> AsyncSessionClient:
        """Make a session of a scenario's text, of a file in the server's scenario folder, or of a draft.

        `overrides` are settings in the place of the scenario's, by their path, as in `{"seats.count": 40}`;
        `classes` are ids of the classes that it is for, whose members alone see it.
        The session is in its lobby then; its `start` opens it.
        """
        fields = {
            "scenario": scenario,
            "file": file,
            "draft": draft,
            "overrides": dict(overrides or {}),
            "classes": list(classes),
        }
        await self.run(once(routes.create_session(name, fields)))
        return self.session(name)

    async def get(self, path: str, **query: Any) -> Any:
        """The answer of any other route, as plain JSON."""
        return await self.run(once(routes.anything("GET", path, query, None)))

    async def download(self, path: str, **query: Any) -> bytes:
        """The answer of a route that gives no JSON, such as a roster."""
        return await self.run(once(routes.download(path, query)))

    async def post(self, path: str, **fields: Any) -> Any:
        """Send JSON to any other route; the body's fields are the keyword arguments."""
        return await self.run(once(routes.anything("POST", path, {}, fields)))

    async def put(self, path: str, **fields: Any) -> Any:
        """`post` for routes that take PUT."""
        return await self.run(once(routes.anything("PUT", path, {}, fields)))

    async def patch(self, path: str, **fields: Any) -> Any:
        """`post` for routes that take PATCH."""
        return await self.run(once(routes.anything("PATCH", path, {}, fields)))

    async def delete(self, path: str, **query: Any) -> Any:
        """Delete what is at an address."""
        return await self.run(once(routes.anything("DELETE", path, query, None)))

    async def upload(self, path: str, content: bytes | str, *, content_type: str = "text/csv") -> Any:
        """Post a body that is no JSON, such as a roster."""
        return await self.run(once(routes.upload(path, content, content_type)))

    # ------------------------------------------------------------------ sending

    async def run(self, plan: Plan[T]) -> T:
        """Do a plan's requests, one after the other."""
        try:
            call = next(plan)
            while True:
                try:
                    answer = await self.send(call)
                except ClientError as error:
                    call = plan.throw(error)
                except ApiError as error:
                    call = plan.throw(error)
                else:
                    call = plan.send(answer)
        except StopIteration as stop:
            done: T = stop.value
            return done

    async def send(self, call: Call[T]) -> T:
        """Send one request, again where that cannot do harm."""
        for pause_s in (*PAUSES_S, None):
            try:
                return call.decode(await self.fetch(call))
            except ClientError as error:
                if pause_s is None or not (call.repeatable or getattr(error, "unsent", False)):
                    raise
                await asyncio.sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    async def fetch(self, call: Call[Any]) -> bytes:
        """The body of an answer."""
        return (await self.answer(call)).content

    async def answer(self, call: Call[Any]) -> httpx.Response:
        """An answer that is no failure; a token that has expired is renewed first."""
        if self.credentials.due and call.path not in routes.OPEN:
            await self.renew(self.credentials.turn)
        turn = self.credentials.turn
        response = await self._once(call)
        if wants_new_token(response.status_code, call, self.credentials):
            await self.renew(turn)
            response = await self._once(call)
        if response.status_code >= 400:  # noqa: PLR2004 - failures begin here
            raise failure(response.status_code, response.content, response.headers)
        return response

    async def renew(self, turn: int) -> None:
        """Renew the tokens, unless somebody has since `turn`."""
        async with self._renewing:
            if self.credentials.turn == turn:
                call = routes.refresh(self.credentials.refresh)
                response = await self._once(call)
                if response.status_code >= 400:  # noqa: PLR2004 - failures begin here
                    self.credentials.forget()
                    raise failure(response.status_code, response.content, response.headers)
                self.credentials.take(call.decode(response.content))

    async def _once(self, call: Call[Any]) -> httpx.Response:
        headers = self.credentials.headers() if call.path not in routes.OPEN else {}
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        try:
            return await self._http.request(
                call.method, call.path, params=dict(call.query), content=call.body, headers=headers
            )
        except httpx.HTTPError as error:
            raise unanswered(error, self.url) from error

    async def close(self) -> None:
        """Let go of all connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
