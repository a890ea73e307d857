"""Pages that stand still: the same for everybody, with a token of their own, and no document that stays."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from bokeh.util.token import generate_jwt_token, generate_session_id, get_session_id, get_token_payload
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection

from dashboards.serving import documents, still
from dashboards.serving.documents import USER
from dashboards.serving.still import StillPages
from tests.dashboards.served import TOKEN, Browser, ServedPages, serving_pages
from tests.dashboards.serving.test_documents import PULL, READY, until
from workbench.identity.roles import Role

_NONCE = re.compile(r'nonce="[^"]+"')


def without_token(page: str) -> str:
    """What of a page is the same for everybody."""
    token = TOKEN.search(page)
    assert token is not None
    return _NONCE.sub("", page.replace(token[1], ""))


def message(socket: ClientConnection) -> tuple[dict[str, object], dict[str, object]]:
    """A message's header and content."""
    header, _, content = (str(socket.recv(timeout=30)) for _ in range(3))
    return json.loads(header), json.loads(content)


def pulled(socket: ClientConnection) -> dict[str, object]:
    """The document that a browser is given."""
    assert message(socket)[0]["msgtype"] == "ACK"
    for part in PULL:
        socket.send(part)
    header, content = message(socket)
    assert (header["msgtype"], header["reqid"]) == ("PULL-DOC-REPLY", "1")
    return content


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize(("path", "role"), [("/desk", Role.STUDENT), ("/control", Role.INSTRUCTOR)])
def test_two_get_the_same_but_for_the_token_and_no_document_stays(
    pages: ServedPages, stack: ExitStack, path: str, role: Role
) -> None:
    made = pages.documents
    count = pages.served.call(lambda: made.count)
    ann, bob = (stack.enter_context(pages.browser(role)) for _ in range(2))
    shown = [each.http.get(f"{path}?session=market").text for each in (ann, bob)]
    assert without_token(shown[0]) == without_token(shown[1])
    tokens = [TOKEN.findall(page)[0] for page in shown]
    payloads = [get_token_payload(token) for token in tokens]
    names = [get_session_id(token) for token in tokens]
    assert names[0] != names[1]
    assert payloads[0]["headers"][USER] != payloads[1]["headers"][USER]
    for page, payload in zip(shown, payloads, strict=True):
        assert payload["headers"][USER] not in page
    sockets = [
        stack.enter_context(browser.socket(token, path))
        for browser, token in zip((ann, bob), tokens, strict=True)
    ]
    connected = pages.served.call(lambda: made.connected)
    given = [pulled(socket) for socket in sockets]
    assert given[0] == given[1]
    assert '"market"' in json.dumps(given[0])
    # The page names the roots that the document has.
    roots = [root["id"] for root in given[0]["doc"]["roots"]]  # type: ignore[index]
    assert roots
    assert all(root in shown[0] for root in roots)
    assert pages.served.call(lambda: made.count) == count
    stack.close()
    until(lambda: pages.served.call(lambda: made.connected) == connected - 2)


def test_memory_is_given_back_when_browsers_have_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "COLLECT_FROM", 2)
    trimmed: list[int] = []
    monkeypatch.setattr(documents, "trim", lambda: trimmed.append(1))
    with serving_pages(tmp_path / "data") as pages, ExitStack() as stack:
        for _ in range(3):
            browser = stack.enter_context(pages.browser())
            pulled(stack.enter_context(browser.socket(browser.token())))
        # The one document that was made has ended.
        assert pages.served.call(lambda: pages.documents._untrimmed) == 1
        stack.close()
        until(lambda: pages.served.call(lambda: pages.documents._untrimmed) == 0)
        assert trimmed


def test_what_a_browser_says_is_answered(pages: ServedPages, stack: ExitStack) -> None:
    browser = stack.enter_context(pages.browser())
    socket = stack.enter_context(browser.socket(browser.token()))
    pulled(socket)
    for part in READY:
        socket.send(part)
    header, _ = message(socket)
    assert (header["msgtype"], header["reqid"]) == ("OK", "2")
    # Buffers belong to their message.
    socket.send('{"msgid": "3", "msgtype": "PATCH-DOC", "num_buffers": 1}')
    for part in ("{}", "{}", '{"id": "b"}'):
        socket.send(part)
    socket.send(b"\0" * 8)
    assert message(socket)[0]["reqid"] == "3"


@pytest.mark.parametrize(
    "nonsense",
    [
        "[]",
        "no JSON",
        b"\0",
        '{"num_buffers": "x"}',
        '{"num_buffers": -1}',
        '{"num_buffers": 1e999}',
        json.dumps({"a": "x" * 2000}),
    ],
)
def test_nonsense_ends_the_socket(pages: ServedPages, nonsense: str | bytes) -> None:
    with pages.browser() as browser, browser.socket(browser.token()) as socket:
        assert message(socket)[0]["msgtype"] == "ACK"
        socket.send(nonsense)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1002


def test_another_query_or_program_is_another_page(
    pages: ServedPages, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = stack.enter_context(pages.browser())

    def document(query: str) -> str:
        token = TOKEN.findall(browser.http.get(f"/desk?{query}").text)[0]
        with browser.socket(token) as socket:
            return json.dumps(pulled(socket))

    one = document("symbol=ONE")
    assert '"ONE"' in one
    assert '"ONE"' not in document("symbol=TWO")
    assert document("symbol=ONE") == one
    # A bundle that was built anew has another address.
    monkeypatch.setitem(pages.documents._depends, "/desk", lambda: "built anew")
    assert document("symbol=ONE") != one


def test_a_page_with_a_long_query_is_not_kept(pages: ServedPages, stack: ExitStack) -> None:
    browser = stack.enter_context(pages.browser())
    kept = pages.served.call(lambda: len(pages.documents._still._pages))
    count = pages.served.call(lambda: pages.documents.count)
    browser.token("/desk?symbol=" + "x" * still.QUERY_BYTES_MAX)
    assert pages.served.call(lambda: len(pages.documents._still._pages)) == kept
    assert pages.served.call(lambda: pages.documents.count) == count + 1


def test_whoever_finds_no_room_has_a_document_of_their_own(
    pages: ServedPages, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(still, "STILL_MAX", 0)
    count = pages.served.call(lambda: pages.documents.count)
    browser = stack.enter_context(pages.browser())
    token = TOKEN.findall(browser.http.get("/desk?symbol=ROOM").text)[0]
    assert pages.served.call(lambda: pages.documents.count) == count + 1
    with browser.socket(token) as socket:
        assert '"ROOM"' in json.dumps(pulled(socket))


def test_pages_that_nobody_can_come_back_to_make_room(
    pages: ServedPages, stack: ExitStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = stack.enter_context(pages.browser())
    browser.token("/desk?symbol=OLD")
    kept = pages.documents._still

    def size() -> int:
        return len(kept._pages)

    before = pages.served.call(size)
    monkeypatch.setattr(still, "STILL_MAX", before)
    assert not pages.served.call(kept.has_room)
    monkeypatch.setattr(still, "TOKEN_S", -1)
    assert pages.served.call(kept.has_room)
    assert pages.served.call(size) == 0
    assert not pages.served.call(lambda: len(kept._named))


def refused(browser: Browser, token: str) -> int:
    with pytest.raises(InvalidStatus) as refusal, browser.socket(token):
        pass
    return refusal.value.response.status_code


def test_a_token_that_is_over_opens_nothing(pages: ServedPages, monkeypatch: pytest.MonkeyPatch) -> None:
    with pages.browser() as browser:
        monkeypatch.setattr(still, "TOKEN_S", -1)
        over = browser.token()
        monkeypatch.undo()
        assert refused(browser, over) == 403
        with browser.socket(browser.token()) as socket:
            assert message(socket)[0]["msgtype"] == "ACK"


def test_a_token_of_somebody_elses_making_names_no_page() -> None:
    pages = StillPages(b"a key")
    pages._named["1"] = still.Still("1", "", "", "{}", {})

    def token(key: bytes, **more: object) -> str:
        name = generate_session_id(secret_key=key, signed=True)
        return generate_jwt_token(name, secret_key=key, signed=True, extra_payload=more)

    assert pages.of(token(b"a key", still="1")) is pages._named["1"]
    assert pages.of(token(b"another key", still="1")) is None
    assert pages.of(token(b"a key", still="2")) is None
    assert pages.of(token(b"a key")) is None


def test_a_browser_that_goes_while_it_is_answered_is_not_counted() -> None:
    pages = StillPages(b"a key")
    page = still.Still("1", "", "", "{}", {})

    async def receive() -> dict[str, object]:
        return {"type": "websocket.connect"}

    async def send(_: object) -> None:
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        asyncio.run(pages.serve(page, receive, send))
    assert pages.connected == 0
