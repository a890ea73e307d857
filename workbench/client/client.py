"""`workbench.Client`: a server's sessions from a program, without asyncio."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from workbench.client import routes
from workbench.client.calls import Call, Plan, failure, once
from workbench.client.credentials import Credentials
from workbench.client.market import SessionClient
from workbench.client.models import Key, Plain, Session
from workbench.client.review import ReviewClient
from workbench.client.sending import PAUSES_S, unanswered, url_of, wants_new_token
from workbench.errors import ApiError, ClientError

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.journal.catalog import Connection

T = TypeVar("T")


class Client:
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

    Examples
    --------
    >>> client = Client("http://127.0.0.1:8000")  # doctest: +SKIP
    >>> client.login("ann", "correct horse")  # doctest: +SKIP
    >>> order = client.session("monday").place("HARBOR", "buy", 100, limit="20.05")  # doctest: +SKIP
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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self.url = url_of(url)
        self.timeout_s = timeout_s
        self.credentials = Credentials(token, refresh, key, secret)
        self._http = httpx.Client(base_url=self.url, timeout=timeout_s, transport=transport)
        self._renewing = threading.Lock()

    # ------------------------------------------------------------------ users

    def login(self, name: str, password: str) -> None:
        """Log in; the tokens are renewed by themselves from now on."""
        self.credentials.take(self.run(once(routes.login(name, password))))

    def logout(self) -> None:
        """End the log-in."""
        token = self.credentials.refresh
        if token:
            self.run(once(routes.logout(token)))
        self.credentials.forget()

    def sign_up(self, name: str, password: str, *, email: str = "", code: str = "") -> Any:
        """Make a user; a class may ask for its code."""
        return self.run(once(routes.sign_up(name, password, email, code)))

    def me(self) -> Plain:
        """Who one is, and what one may do."""
        return self.run(once(routes.me()))

    def create_key(self, label: str, *, session: str = "") -> Key:
        """Make an API key, for a bot; its secret is told this once."""
        return self.run(once(routes.create_key(label, session)))

    # ------------------------------------------------------------------ sessions

    def sessions(self) -> list[Session]:
        """The server's sessions."""
        return self.run(once(routes.sessions()))

    def session(self, name: str) -> SessionClient:
        """One session; nothing is asked before it is used."""
        return SessionClient(self, name)

    def review(self, session: str, account: str = "") -> ReviewClient:
        """What one did in a session that is over, or another's account for who may read the class."""
        return ReviewClient(self, session, account)

    def create_session(
        self,
        name: str,
        *,
        scenario: str = "",
        file: str = "",
        draft: str = "",
        overrides: Mapping[str, Any] | None = None,
        classes: Iterable[str] = (),
    ) -> SessionClient:
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
        self.run(once(routes.create_session(name, fields)))
        return self.session(name)

    def get(self, path: str, **query: Any) -> Any:
        """The answer of any other route, as plain JSON."""
        return self.run(once(routes.anything("GET", path, query, None)))

    def download(self, path: str, **query: Any) -> bytes:
        """The answer of a route that gives no JSON, such as a roster."""
        return self.run(once(routes.download(path, query)))

    def post(self, path: str, **fields: Any) -> Any:
        """Send JSON to any other route; the body's fields are the keyword arguments."""
        return self.run(once(routes.anything("POST", path, {}, fields)))

    def put(self, path: str, **fields: Any) -> Any:
        """`post` for routes that take PUT."""
        return self.run(once(routes.anything("PUT", path, {}, fields)))

    def patch(self, path: str, **fields: Any) -> Any:
        """`post` for routes that take PATCH."""
        return self.run(once(routes.anything("PATCH", path, {}, fields)))

    def delete(self, path: str, **query: Any) -> Any:
        """Delete what is at an address."""
        return self.run(once(routes.anything("DELETE", path, query, None)))

    def upload(self, path: str, content: bytes | str, *, content_type: str = "text/csv") -> Any:
        """Post a body that is no JSON, such as a roster."""
        return self.run(once(routes.upload(path, content, content_type)))

    def connect(
        self, data: str | Path | None = None, *, session: str | Sequence[str] | None = None
    ) -> Connection:
        """SQL as `workbench.connect` gives it, up to what happened a moment ago.

        Parameters
        ----------
        data
            The server's data root, on this machine; $WORKBENCH_DATA or `var` unless given.
        session
            Name or names of the only sessions to show.
        """
        from workbench.client.tail import connect_with_tail  # noqa: PLC0415 - needs DuckDB and pyarrow

        return connect_with_tail(self, data, session)

    def read_arrow(self, call: Call[bytes]) -> tuple[pa.Table, int]:
        """An Arrow stream's rows, and the event up to which they are."""
        import pyarrow as pa  # noqa: PLC0415 - a client that asks no SQL needs no pyarrow

        response = self.answer(call)
        with pa.ipc.open_stream(response.content) as reader:
            return reader.read_all(), int(response.headers["X-Seq"])

    # ------------------------------------------------------------------ sending

    def run(self, plan: Plan[T]) -> T:
        """Do a plan's requests, one after the other."""
        try:
            call = next(plan)
            while True:
                try:
                    answer = self.send(call)
                except ClientError as error:
                    call = plan.throw(error)
                except ApiError as error:
                    call = plan.throw(error)
                else:
                    call = plan.send(answer)
        except StopIteration as stop:
            done: T = stop.value
            return done

    def send(self, call: Call[T]) -> T:
        """Send one request, again where that cannot do harm."""
        for pause_s in (*PAUSES_S, None):
            try:
                return call.decode(self.fetch(call))
            except ClientError as error:
                if pause_s is None or not (call.repeatable or getattr(error, "unsent", False)):
                    raise
                time.sleep(pause_s)
        raise AssertionError("the last try returns or raises")

    def fetch(self, call: Call[Any]) -> bytes:
        """The body of an answer."""
        return self.answer(call).content

    def answer(self, call: Call[Any]) -> httpx.Response:
        """An answer that is no failure; a token that has expired is renewed first."""
        if self.credentials.due and call.path not in routes.OPEN:
            self.renew(self.credentials.turn)
        turn = self.credentials.turn
        response = self._once(call)
        if wants_new_token(response.status_code, call, self.credentials):
            self.renew(turn)
            response = self._once(call)
        if response.status_code >= 400:  # noqa: PLR2004 - failures begin here
            raise failure(response.status_code, response.content, response.headers)
        return response

    def renew(self, turn: int) -> None:
        """Renew the tokens, unless somebody has since `turn`."""
        with self._renewing:
            if self.credentials.turn == turn:
                call = routes.refresh(self.credentials.refresh)
                response = self._once(call)
                if response.status_code >= 400:  # noqa: PLR2004 - failures begin here
                    self.credentials.forget()
                    raise failure(response.status_code, response.content, response.headers)
                self.credentials.take(call.decode(response.content))

    def _once(self, call: Call[Any]) -> httpx.Response:
        headers = self.credentials.headers() if call.path not in routes.OPEN else {}
        if call.body is not None:
            headers["Content-Type"] = call.content_type
        try:
            return self._http.request(
                call.method, call.path, params=dict(call.query), content=call.body, headers=headers
            )
        except httpx.HTTPError as error:
            raise unanswered(error, self.url) from error

    def close(self) -> None:
        """Let go of all connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
